"""The packing list as PDF: A4, what is in which package, for whoever unpacks it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from gateway.printing.columns import address_column, facts_column
from gateway.printing.pdf import BOLD, PLAIN, fitted, wrapped
from gateway.printing.words import Words, address_lines, package_kind, shown, unit_names
from schemas.documents.common import Period
from schemas.documents.despatch_advice import DespatchAdvice, DespatchLine, Nesting, Package

_LEFT, _RIGHT, _BOTTOM = 16 * mm, A4[0] - 14 * mm, 18 * mm
_TOP = A4[1] - 16 * mm
_SIZE, _LEADING = 8.0, 10.0
_COLUMNS = (
    ("Order", 28 * mm),
    ("Line", 11 * mm),
    ("Item", 30 * mm),
    ("Description", 51 * mm),
    ("Quantity", 22 * mm),
    ("Lot, expiry, serial numbers", 38 * mm),
)
_INDENT, _DEEPEST = 4 * mm, 6
_MOST_ORDERS = 12
_CELL_LINES = 40
"""Lines of one cell on one page; what is beyond goes on in the next row."""


@dataclass(slots=True)
class _Page:
    """Where the next row goes."""

    canvas: Canvas
    title: str
    at: float = 0
    number: int = 0
    around: list[str] = field(default_factory=list)
    """The packages that the next row is in, told again on a new page."""

    def turn(self) -> None:
        """A new page with its title and the columns' names."""
        if self.number:
            self.canvas.showPage()
        self.number += 1
        self.canvas.setFont(PLAIN, 7)
        self.canvas.drawString(_LEFT, 10 * mm, self.title)
        self.canvas.drawRightString(_RIGHT, 10 * mm, f"Page {self.number}")
        self.at = _TOP

    def room(self, height: float) -> bool:
        """Whether so much is left."""
        return self.at - height >= _BOTTOM


def packing_list_pdf(advice: DespatchAdvice) -> bytes:
    """What is in which package, the outermost first, and what is in none. The same advice is the same bytes."""
    written = io.BytesIO()
    canvas = Canvas(written, A4, invariant=1, pageCompression=1)
    title = shown(f"Packing list {advice.number}")
    canvas.setTitle(title)
    page = _Page(canvas, title)
    page.turn()
    _head(page, advice)
    _columns(page)
    lines = _lines_of(advice)
    for depth, package in _in_turn(advice.packages):
        _package(page, package, depth)
        _rows(page, lines.pop(package.id, ()))
    for name, rest in lines.items():
        _unpacked(page, name, has_packages=bool(advice.packages))
        _rows(page, rest)
    _closing(page, advice)
    canvas.save()
    return written.getvalue()


def _lines_of(advice: DespatchAdvice) -> dict[str | None, list[DespatchLine]]:
    found: dict[str | None, list[DespatchLine]] = {}
    for line in advice.lines:
        found.setdefault(line.package, []).append(line)
    return found


def _in_turn(packages: Sequence[Package]) -> Iterator[tuple[int, Package]]:
    """Each package once with how deep it is in others, those inside behind what they are in."""
    nesting = Nesting(packages)
    inside: dict[str | None, list[Package]] = {}
    for one in nesting.packages.values():
        around = nesting.around(one.id)
        inside.setdefault(around[1].id if len(around) > 1 else None, []).append(one)
    told: set[str] = set()
    waiting = [(0, one) for one in [*inside.get(None, ()), *nesting.packages.values()][::-1]]
    while waiting:
        depth, one = waiting.pop()
        if one.id in told:
            continue
        told.add(one.id)
        yield depth, one
        waiting += [(depth + 1, other) for other in inside.get(one.id, [])[::-1]]


# --- head -----------------------------------------------------------------------------------------------------------
def _head(page: _Page, advice: DespatchAdvice) -> None:
    canvas = page.canvas
    canvas.setFont(BOLD, 16)
    canvas.drawString(_LEFT, page.at - 10, fitted(page.title, BOLD, 16, _RIGHT - _LEFT))
    page.at -= 30
    top, column = page.at, (_RIGHT - _LEFT) / 3
    ends = [
        address_column(canvas, _LEFT, top, column, Words.FROM, address_lines(advice.ship_from or advice.seller)),
        address_column(canvas, _LEFT + column, top, column, Words.TO, address_lines(advice.ship_to or advice.buyer)),
        facts_column(canvas, _LEFT + 2 * column, top, column, _facts(advice)),
    ]
    page.at = min(ends) - 6
    if advice.note is not None:
        for line in wrapped(advice.note, PLAIN, _SIZE, _RIGHT - _LEFT)[:8]:
            canvas.setFont(PLAIN, _SIZE)
            canvas.drawString(_LEFT, page.at, line)
            page.at -= _LEADING
        page.at -= 4


def _facts(advice: DespatchAdvice) -> Iterator[tuple[str, str | None]]:
    carrier = advice.carrier
    yield Words.SHIPMENT, advice.shipment_number
    yield "Date", advice.issue_date.isoformat()
    yield "Despatched", None if advice.despatched_at is None else f"{advice.despatched_at:%Y-%m-%d %H:%M %z}".strip()
    yield "Arrives", _period(advice.estimated_delivery)
    yield Words.CARRIER, None if carrier is None else carrier.name or carrier.code
    yield Words.TRACKING, advice.tracking
    yield Words.ORDERS, _orders(advice)
    yield "Packages", str(len(advice.packages)) if advice.packages else None


def _period(period: Period | None) -> str | None:
    days = [] if period is None else [day.isoformat() for day in (period.start, period.end) if day is not None]
    return " to ".join(dict.fromkeys(days)) or None


def _orders(advice: DespatchAdvice) -> str:
    numbers = [one.order_number for one in advice.orders]
    more = [f"and {len(numbers) - _MOST_ORDERS} more"] if len(numbers) > _MOST_ORDERS else []
    return ", ".join([*numbers[:_MOST_ORDERS], *more])


def _closing(page: _Page, advice: DespatchAdvice) -> None:
    """What the units are."""
    units = [(line.unit, line.unit_code) for line in advice.lines]
    named = unit_names([*units, *((line.base_unit, line.base_unit) for line in advice.lines)])
    for part in wrapped(named or "", PLAIN, _SIZE, _RIGHT - _LEFT):
        if not page.room(_LEADING + 4):
            page.turn()
        page.canvas.setFont(PLAIN, _SIZE)
        page.canvas.drawString(_LEFT, page.at - 12, part)
        page.at -= _LEADING


# --- rows -----------------------------------------------------------------------------------------------------------
def _columns(page: _Page) -> None:
    page.canvas.setFont(BOLD, 7.5)
    left = _LEFT
    for title, width in _COLUMNS:
        page.canvas.drawString(left, page.at - 8, title)
        left += width
    page.canvas.line(_LEFT, page.at - 11, _RIGHT, page.at - 11)
    page.at -= 14


def _turn(page: _Page) -> None:
    page.turn()
    _columns(page)


def _package(page: _Page, package: Package, depth: int) -> None:
    """A package's heading, and on a new page again those that it is in."""
    said = [package_kind(package.type_code) + f" {package.id}" * (package.id != package.sscc)]
    if package.sscc is not None:
        said.append(f"{Words.SSCC} {package.sscc}")
    if package.gross_weight_kg is not None:
        said.append(f"{package.gross_weight_kg:f} kg")
    del page.around[depth:]
    page.around.append(" · ".join(said))
    if not page.room(2 * _LEADING + 8):
        _turn(page)
        _headings(page, page.around[:-1])
    _heading(page, page.around[-1], depth)


def _unpacked(page: _Page, name: str | None, *, has_packages: bool) -> None:
    """The heading of lines that are in no package, or in one of which nothing more is known."""
    page.around.clear()
    if name is not None:
        _package(page, Package(id=name), 0)
    elif has_packages:
        if not page.room(2 * _LEADING + 8):
            _turn(page)
        _heading(page, "In no package", 0)


def _headings(page: _Page, around: Sequence[str]) -> None:
    for depth, said in enumerate(around):
        _heading(page, f"{said} (continued)", depth)


def _heading(page: _Page, said: str, depth: int) -> None:
    left = _LEFT + min(depth, _DEEPEST) * _INDENT
    page.canvas.setFillGray(0.92)
    page.canvas.rect(left, page.at - 12, _RIGHT - left, 12, stroke=0, fill=1)
    page.canvas.setFillGray(0)
    page.canvas.setFont(BOLD, _SIZE)
    page.canvas.drawString(left + 2, page.at - 9, fitted(said, BOLD, _SIZE, _RIGHT - left - 4))
    page.at -= 15


def _rows(page: _Page, lines: Sequence[DespatchLine]) -> None:
    for line in lines:
        said = zip(_cells(line), _COLUMNS, strict=True)
        cells = [wrapped(text, PLAIN, _SIZE, width - 4) for text, (_, width) in said]
        for start in range(0, max(map(len, cells)), _CELL_LINES):
            _row(page, [cell[start : start + _CELL_LINES] for cell in cells])


def _row(page: _Page, cells: Sequence[Sequence[str]]) -> None:
    height = max(map(len, cells)) * _LEADING + 3
    if not page.room(height):
        _turn(page)
        _headings(page, page.around)
    page.canvas.setFont(PLAIN, _SIZE)
    left = _LEFT
    for cell, (_, width) in zip(cells, _COLUMNS, strict=True):
        for index, text in enumerate(cell):
            page.canvas.drawString(left, page.at - 8 - index * _LEADING, text)
        left += width
    page.at -= height


def _cells(line: DespatchLine) -> tuple[str, ...]:
    ours = f" ({line.seller_item})" if line.buyer_item and line.seller_item else ""
    item = f"{line.buyer_item or line.seller_item or line.gtin or ''}{ours}"
    quantity = f"{line.quantity:f} {line.unit or line.unit_code or ''}".strip()
    if line.base_unit not in (line.unit, line.unit_code):
        quantity += f" ({line.base_quantity:f} {line.base_unit})"
    expiry = None if line.expiry is None else line.expiry.isoformat()
    lot = ", ".join(filter(None, (line.lot, expiry, *line.serials)))
    described = ", ".join(filter(None, (line.description, _to_follow(line))))
    return (line.order_number, line.order_line_number, item, described, quantity, lot)


def _to_follow(line: DespatchLine) -> str | None:
    """What is still to come of the order's line, so that nobody looks for it among these packages."""
    if not line.outstanding:
        return None
    return " ".join(filter(None, (f"{line.outstanding:f}", line.unit or line.unit_code, "to follow")))
