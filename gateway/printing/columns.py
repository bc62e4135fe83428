"""What stands in columns at the head of a paper: addresses, and facts with their titles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from gateway.printing.pdf import BOLD, PLAIN, wrapped

_LEADING = 11
_TITLE_WIDTH = 22 * mm
_ADDRESS_LINES = 16
"""Of all of an address; below it the rows begin."""
_FACT_LINES = 5


def address_column(canvas: Canvas, left: float, top: float, width: float, title: str, lines: Sequence[str]) -> float:
    """An address under its title, the first line in bold, each in as many lines as it takes. Returns where it ends."""
    canvas.setFont(PLAIN, 7)
    canvas.drawString(left, top, title)
    broken = [(index, part) for index, line in enumerate(lines) for part in wrapped(line, BOLD, 9, width - 6)]
    if len(broken) > _ADDRESS_LINES:
        broken[_ADDRESS_LINES - 1 :] = [(1, "…")]
    for index, part in broken:
        top -= _LEADING
        canvas.setFont(BOLD if index == 0 else PLAIN, 9)
        canvas.drawString(left, top, part)
    return top - _LEADING


def facts_column(
    canvas: Canvas, left: float, top: float, width: float, facts: Iterable[tuple[str, str | None]]
) -> float:
    """Each fact that is known beside its title. Returns where they end."""
    for title, value in facts:
        if value is None:
            continue
        canvas.setFont(PLAIN, 7)
        canvas.drawString(left, top, title)
        lines = wrapped(value, PLAIN, 9, width - _TITLE_WIDTH - 2 * mm)
        if len(lines) > _FACT_LINES:
            lines[_FACT_LINES - 1 :] = ["…"]
        for line in lines:
            canvas.setFont(PLAIN, 9)
            canvas.drawString(left + _TITLE_WIDTH, top, line)
            top -= _LEADING
    return top
