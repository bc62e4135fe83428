"""Logistic labels in ZPL II, for label printers of 203 dpi (8 dots a millimetre): 100 x 150 mm each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.printing.labels import Label, labels_of
from gateway.printing.words import Words
from schemas.documents.despatch_advice import DespatchAdvice

DOTS = 8
"""A millimetre."""
WIDTH, HEIGHT = 100 * DOTS, 150 * DOTS
MODULE = 4
"""Dots of the narrowest bar: 0.5 mm, within the 0.495 to 0.94 mm of goods in transit (GS1 General Specifications
5.12.3)."""
BAR_HEIGHT = 32 * DOTS
_MODULES = 11 * 13 + 13
"""Start, FNC1, ten pairs of digits and the check character of eleven modules each, and the stop of thirteen."""
_SPECIAL = re.compile(r"[\^~_\\]|[\x00-\x1f\x7f]")
_MARGIN = 4 * DOTS
_WIDEST = 0.48
"""How wide a character of the printer's font 0, which is condensed, is on the average, of its height."""


def label_zpl(advice: DespatchAdvice) -> bytes:
    """A label for each package that has an SSCC, one format (^XA to ^XZ) after the other, in UTF-8."""
    return "".join(map(_label, labels_of(advice))).encode()


def _label(label: Label) -> str:
    return "".join(("^XA", "^CI28", f"^PW{WIDTH}", f"^LL{HEIGHT}", "^LH0,0", *_fields(label), "^XZ\n"))


def _fields(label: Label) -> Iterator[str]:
    middle = WIDTH * 45 // 100
    yield from _block(_MARGIN, 24, middle - 2 * _MARGIN, Words.FROM, label.ship_from, 24)
    yield from _block(middle, 24, WIDTH - middle - _MARGIN, Words.TO, label.ship_to, 30)
    yield _rule(300)
    yield from _facts(label)
    barcode_top = HEIGHT - BAR_HEIGHT - 13 * DOTS
    yield _rule(barcode_top - 62)
    yield _text(_MARGIN, barcode_top - 48, 30, f"{Words.SSCC}  {label.sscc}")
    yield _text(WIDTH - 200, barcode_top - 48, 30, label.place)
    yield _barcode(barcode_top, label.sscc)
    yield f"^FO0,{barcode_top + BAR_HEIGHT + 16}^A0N,44,44^FB{WIDTH},1,0,C^FH^FD{_escaped(label.readable)}^FS"


def _facts(label: Label) -> Iterator[str]:
    left = _MARGIN + 190
    for index, (title, value) in enumerate(label.facts):
        top = 316 + index * 42
        yield _text(_MARGIN, top + 4, 22, title)
        yield _text(left, top, 30, value, WIDTH - left - _MARGIN)


def _block(left: int, top: int, width: int, title: str, lines: tuple[str, ...], size: int) -> Iterator[str]:
    yield _text(left, top, 22, title)
    for index, line in enumerate(lines[:6]):
        yield _text(left, top + 34 + index * (size + 6), size, line, width)


def _barcode(top: int, sscc: str) -> str:
    """Code 128 in subset C, with FNC1 behind the start: that makes it GS1-128. The text stands below by itself."""
    left = (WIDTH - _MODULES * MODULE) // 2
    return f"^FO{left},{top}^BY{MODULE}^BCN,{BAR_HEIGHT},N,N,N^FD>;>800{sscc}^FS"


def _text(left: int, top: int, size: int, text: str, width: int = WIDTH) -> str:
    """One line, cut where it would leave its room: a printer would go on beyond the label's edge."""
    most = int(width / (size * _WIDEST))
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return f"^FO{left},{top}^A0N,{size},{size - 2}^FH^FD{_escaped(cut)}^FS"


def _rule(top: int) -> str:
    return f"^FO{_MARGIN},{top}^GB{WIDTH - 2 * _MARGIN},2,2^FS"


def _escaped(text: str) -> str:
    """A text as a field's data behind ^FH: what ZPL takes for a command goes as its code."""
    return _SPECIAL.sub(lambda match: f"_{ord(match[0]):02X}", text)
