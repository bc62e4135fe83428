"""Logistic labels as PDF: 100 x 150 mm, a page each."""

from __future__ import annotations

import io
from collections.abc import Iterator

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from gateway.printing.labels import Label, labels_of
from gateway.printing.words import Words, shown
from schemas.documents.despatch_advice import DespatchAdvice

WIDTH, HEIGHT = 100 * mm, 150 * mm
MODULE = 0.5 * mm
"""The narrowest bar, within the 0.495 to 0.94 mm of goods in transit (GS1 General Specifications 5.12.3)."""
BAR_HEIGHT = 32 * mm
FNC1 = "\xf1"
"""What the barcode's encoder takes for FNC1; right behind the start it makes a Code 128 a GS1-128."""
PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
_MARGIN = 4 * mm
_NARROWEST = 0.19
"""How wide the narrowest letter is, of the font's size."""


def label_pdf(advice: DespatchAdvice) -> bytes:
    """A label for each package that has an SSCC; a page that says so where none has.

    The same advice is the same bytes.
    """
    written = io.BytesIO()
    canvas = Canvas(written, (WIDTH, HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle(shown(f"{Words.SHIPMENT} {advice.shipment_number}"))
    for label in labels_of(advice):
        _page(canvas, label)
    if canvas.getPageNumber() == 1:  # a PDF has a page at least
        canvas.setFont(PLAIN, 10)
        canvas.drawString(_MARGIN, HEIGHT - 10 * mm, "No package of this shipment has an SSCC.")
    canvas.save()
    return written.getvalue()


def _page(canvas: Canvas, label: Label) -> None:
    middle = WIDTH * 0.45
    top = HEIGHT - 6 * mm
    _block(canvas, _MARGIN, top, middle - 2 * _MARGIN, Words.FROM, label.ship_from, 8)
    _block(canvas, middle, top, WIDTH - middle - _MARGIN, Words.TO, label.ship_to, 10.5)
    canvas.line(middle - 2 * mm, HEIGHT - 3 * mm, middle - 2 * mm, HEIGHT - 36 * mm)
    _rule(canvas, HEIGHT - 37 * mm)
    _facts(canvas, label, HEIGHT - 42 * mm)
    bottom = 11 * mm
    _rule(canvas, bottom + BAR_HEIGHT + 8 * mm)
    canvas.setFont(BOLD, 10)
    canvas.drawString(_MARGIN, bottom + BAR_HEIGHT + 3.5 * mm, f"{Words.SSCC}  {label.sscc}")
    canvas.drawRightString(WIDTH - _MARGIN, bottom + BAR_HEIGHT + 3.5 * mm, label.place)
    barcode = Code128(f"{FNC1}00{label.sscc}", barWidth=MODULE, barHeight=BAR_HEIGHT, quiet=False)
    barcode.drawOn(canvas, (WIDTH - barcode.width) / 2, bottom)
    canvas.setFont(BOLD, 14)
    canvas.drawCentredString(WIDTH / 2, 4.5 * mm, label.readable)
    canvas.showPage()


def _block(
    canvas: Canvas, left: float, top: float, width: float, title: str, lines: tuple[str, ...], size: float
) -> None:
    canvas.setFont(PLAIN, 7)
    canvas.drawString(left, top, title)
    for index, line in enumerate(lines[:6]):
        canvas.setFont(BOLD if index == 0 else PLAIN, size)
        canvas.drawString(left, top - (index + 1) * (size + 2.5) - 1, fitted(line, BOLD, size, width))


def _facts(canvas: Canvas, label: Label, top: float) -> None:
    left = _MARGIN + 22 * mm
    for index, (title, value) in enumerate(label.facts):
        at = top - index * 5.2 * mm
        canvas.setFont(PLAIN, 7)
        canvas.drawString(_MARGIN, at, title)
        canvas.setFont(BOLD, 9.5)
        canvas.drawString(left, at, fitted(value, BOLD, 9.5, WIDTH - left - _MARGIN))


def _rule(canvas: Canvas, at: float) -> None:
    canvas.line(_MARGIN, at, WIDTH - _MARGIN, at)


def fitted(text: str, font: str, size: float, width: float) -> str:
    """The text as far as it fits, with an ellipsis where it doesn't."""
    text = shown(text)
    if stringWidth(text, font, size) <= width:
        return text
    text = text[: max(int(width / (size * _NARROWEST)), 0)]
    while text and stringWidth(f"{text}…", font, size) > width:
        text = text[:-1]
    return f"{text}…"


def by_words(text: str, font: str, size: float, width: float) -> list[str]:
    """The text in lines of this width as far as its words allow."""
    lines: list[str] = simpleSplit(shown(text), font, size, width)
    return lines


def wrapped(text: str, font: str, size: float, width: float) -> list[str]:
    """The text in lines of this width, all of it; a word that is longer than one goes on in the next."""
    lines = by_words(text, font, size, width)
    return [part for line in lines for part in _broken(line, font, size, width)] or [""]


def _broken(line: str, font: str, size: float, width: float) -> Iterator[str]:
    """The line in parts that fit, a letter each at least."""
    if stringWidth(line, font, size) <= width:
        yield line
        return
    start, used = 0, 0.0
    for index, letter in enumerate(line):
        letter_width = stringWidth(letter, font, size)
        if used + letter_width > width and index > start:
            yield line[start:index]
            start, used = index, 0.0
        used += letter_width
    yield line[start:]
