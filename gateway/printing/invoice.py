"""An invoice or credit note as PDF: A4, for people who read and pay it. The data is the document's; nothing is added up
here."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from gateway.printing.columns import address_column, facts_column
from gateway.printing.pdf import BOLD, PLAIN, by_words, fitted, wrapped
from gateway.printing.words import address_lines, shown, unit_names
from schemas.documents.common import Party
from schemas.documents.invoice import Invoice, InvoiceCharge, InvoiceLine, TaxCategory, TaxSubtotal
from schemas.values import shortest

_LEFT, _RIGHT, _BOTTOM = 16 * mm, A4[0] - 14 * mm, 20 * mm
_TOP = A4[1] - 16 * mm
_SIZE, _LEADING = 8.0, 10.0
_TITLES = {"invoice": "Invoice", "credit_note": "Credit note"}
_COLUMNS = (
    ("No.", 10 * mm, False),
    ("Item", 27 * mm, False),
    ("Description", 55 * mm, False),
    ("Quantity", 21 * mm, True),
    ("Price", 30 * mm, True),
    ("VAT", 14 * mm, True),
    ("Amount", 23 * mm, True),
)
"""Title, width, and whether it stands at the right."""
_CATEGORIES = {
    "Z": "0 %",
    "E": "exempt",
    "AE": "reverse",
    "K": "intra-EU",
    "G": "export",
    "O": "none",
}
_CELL_LINES = 40
"""Lines of one cell on one page; what is beyond goes on in the next row."""
_SUMS, _SUM = 80 * mm, 28 * mm
"""How wide the sums are, at the right, with their titles and without."""


@dataclass(slots=True)
class _Page:
    """Where the next row goes."""

    canvas: Canvas
    title: str
    at: float = 0
    number: int = 0

    def turn(self) -> None:
        """A new page with its title and number at the foot."""
        if self.number:
            self.canvas.showPage()
        self.number += 1
        self.canvas.setFont(PLAIN, 7)
        self.canvas.drawString(_LEFT, 10 * mm, fitted(self.title, PLAIN, 7, _RIGHT - _LEFT - 30 * mm))
        self.canvas.drawRightString(_RIGHT, 10 * mm, f"Page {self.number}")
        self.at = _TOP

    def room(self, height: float) -> bool:
        """Whether so much is left."""
        return self.at - height >= _BOTTOM


def invoice_pdf(invoice: Invoice) -> bytes:
    """The invoice or credit note, on as many pages as it takes. The same invoice is the same bytes."""
    written = io.BytesIO()
    canvas = Canvas(written, A4, invariant=1, pageCompression=1)
    title = shown(f"{_TITLES[invoice.type]} {invoice.number}")
    canvas.setTitle(title)
    page = _Page(canvas, title)
    page.turn()
    _head(page, invoice)
    _columns(page, invoice)
    for line in invoice.lines:
        _rows(page, invoice, _cells(line))
        for charge in line.charges:
            _rows(page, invoice, _charge_cells(charge))
    _sums(page, invoice)
    _closing(page, invoice)
    canvas.save()
    return written.getvalue()


# --- head -----------------------------------------------------------------------------------------------------------
def _head(page: _Page, invoice: Invoice) -> None:
    canvas = page.canvas
    for line in wrapped(page.title, BOLD, 16, _RIGHT - _LEFT):
        canvas.setFont(BOLD, 16)
        canvas.drawString(_LEFT, page.at - 10, line)
        page.at -= 18
    page.at -= 6
    if invoice.test:
        canvas.setFont(BOLD, 10)
        canvas.drawString(_LEFT, page.at, "Test: nothing was delivered, and nothing is to be paid.")
        page.at -= 14
    page.at -= 6
    top, column = page.at, (_RIGHT - _LEFT) / 3
    ends = [
        address_column(canvas, _LEFT, top, column, "From", _party(invoice.seller)),
        address_column(canvas, _LEFT + column, top, column, "To", _party(invoice.buyer)),
        facts_column(canvas, _LEFT + 2 * column, top, column, _facts(invoice)),
    ]
    page.at = min(ends) - 3
    if invoice.ship_to is not None:
        place = ", ".join(address_lines(invoice.ship_to))
        page.at = address_column(canvas, _LEFT, page.at, 3 * column, "Delivered to", [place]) - 3
    page.at -= 6
    _text(page, invoice.note)
    if len(invoice.credits) > 1:  # a rebate's are a whole period's, which no column has room for
        _text(page, f"Credits {_credited(invoice)}")


def _credited(invoice: Invoice) -> str | None:
    return ", ".join(one.number for one in invoice.credits) or None


def _party(party: Party) -> list[str]:
    """The envelope's lines by the registered name, and the VAT number."""
    named = party.model_copy(update={"name": party.legal_name or party.name})
    return [*address_lines(named), *([f"VAT number {party.vat_id}"] if party.vat_id else [])]


def _facts(invoice: Invoice) -> Iterator[tuple[str, str | None]]:
    dates = (invoice.issue_date, invoice.due_date, invoice.tax_point, invoice.delivered_on)
    issued, due, tax_point, delivered = (None if day is None else day.isoformat() for day in dates)
    yield "Date", issued
    yield "Due", due if invoice.type == "invoice" else None  # nobody pays a credit note by a day
    yield "Tax point", tax_point if tax_point != issued else None
    yield "Delivered", delivered
    yield "Order", invoice.order_number
    yield "Despatch advice", invoice.despatch_number
    yield "Contract", invoice.contract
    yield "Your reference", invoice.buyer_reference
    yield "Credits", _credited(invoice) if len(invoice.credits) == 1 else None


# --- rows -----------------------------------------------------------------------------------------------------------
def _columns(page: _Page, invoice: Invoice) -> None:
    page.canvas.setFont(BOLD, 7.5)
    left = _LEFT
    for title, width, is_number in _COLUMNS:
        said = f"{title} {invoice.currency}" if title == "Amount" else title
        if is_number:
            page.canvas.drawRightString(left + width - 2, page.at - 8, said)
        else:
            page.canvas.drawString(left, page.at - 8, said)
        left += width
    page.canvas.line(_LEFT, page.at - 11, _RIGHT, page.at - 11)
    page.at -= 15


def _rows(page: _Page, invoice: Invoice, said: Sequence[str]) -> None:
    cells = [
        (by_words(text, PLAIN, _SIZE, width - 4) or [""]) if is_number else _in_lines(text, width - 4)
        for text, (_, width, is_number) in zip(said, _COLUMNS, strict=True)
    ]
    for start in range(0, max(map(len, cells)), _CELL_LINES):
        _row(page, invoice, [cell[start : start + _CELL_LINES] for cell in cells])


def _in_lines(text: str, width: float) -> list[str]:
    """Each of the text's lines in lines of this width; empty ones are left out."""
    parts = filter(str.strip, text.split("\n"))
    return [line for part in parts for line in wrapped(part, PLAIN, _SIZE, width)] or [""]


def _row(page: _Page, invoice: Invoice, cells: Sequence[Sequence[str]]) -> None:
    height = max(map(len, cells)) * _LEADING + 3
    if not page.room(height):
        page.turn()
        _columns(page, invoice)
    left = _LEFT
    for cell, (_, width, is_number) in zip(cells, _COLUMNS, strict=True):
        for index, text in enumerate(cell):
            at = page.at - 8 - index * _LEADING
            if is_number:
                _number(page.canvas, left + width - 2, at, text, PLAIN, _SIZE, width - 4)
            else:
                page.canvas.setFont(PLAIN, _SIZE)
                page.canvas.drawString(left, at, text)
        left += width
    page.at -= height


def _number(canvas: Canvas, right: float, at: float, text: str, font: str, size: float, width: float) -> None:
    """A number at the right of its column, whole: in smaller figures where it would leave it."""
    canvas.setFont(font, size * min(1.0, width / max(stringWidth(text, font, size), 1.0)))
    canvas.drawRightString(right, at, text)


def _cells(line: InvoiceLine) -> tuple[str, ...]:
    ours = f" ({line.seller_item})" if line.buyer_item and line.seller_item else ""
    item = f"{line.buyer_item or line.seller_item or line.gtin or ''}{ours}"
    order = f"Order {line.order_number or ''} line {line.order_line_number}" if line.order_line_number else None
    described = "\n".join(filter(None, (line.description, order, line.note)))
    quantity = f"{line.quantity:f} {line.unit or line.unit_code or ''}".strip()
    price = _money(line.price.amount)
    if line.price.base_quantity != 1:
        price += f" / {line.price.base_quantity:f} {line.price.unit or line.unit or ''}".rstrip()
    return (line.line_number, item, described, quantity, price, _rate(line.tax), _money(line.net_amount))


def _charge_cells(charge: InvoiceCharge) -> tuple[str, ...]:
    """A discount or charge that the line's amount has in it already."""
    return ("", "", f"{_named(charge)}: {_signed(charge)}", "", "", "", "")


def _named(charge: InvoiceCharge) -> str:
    name = charge.reason or ("Charge" if charge.is_charge else "Discount")
    if charge.percent is None:
        return name
    of = "" if charge.base_amount is None else f" of {_money(charge.base_amount)}"
    return f"{name} {shortest(charge.percent):f} %{of}"


def _signed(charge: InvoiceCharge) -> str:
    amount = charge.amount if charge.is_charge else charge.amount.copy_negate()
    return _money(amount)


def _money(amount: Decimal) -> str:
    """With two decimals, or as many more as it has: a price may be a tenth of a cent."""
    decimals = -int(amount.as_tuple().exponent)
    return f"{amount:.2f}" if decimals < 2 else f"{amount:f}"


def _rate(tax: TaxCategory | TaxSubtotal) -> str:
    known = _CATEGORIES.get(tax.category)
    return known if known is not None else f"{shortest(tax.percent or Decimal(0)):f} %"


# --- sums -----------------------------------------------------------------------------------------------------------
def _sums(page: _Page, invoice: Invoice) -> None:
    """The lines' sum, the document's discounts and charges, each tax, and what is to be paid."""
    page.canvas.line(_LEFT, page.at, _RIGHT, page.at)
    page.at -= 4
    for title, value, is_bold in _told_sums(invoice):
        lines = wrapped(title, PLAIN, _SIZE, _SUMS - _SUM - 2 * mm)
        if not page.room(len(lines) * _LEADING + 3):
            page.turn()
        font, size = (BOLD, _SIZE + 1) if is_bold else (PLAIN, _SIZE)
        _number(page.canvas, _RIGHT - 2, page.at - 8, value, font, size, _SUM)
        page.canvas.setFont(font, size)
        for line in lines:
            page.canvas.drawString(_RIGHT - _SUMS, page.at - 8, line)
            page.at -= _LEADING
        page.at -= 2
    page.at -= 6


def _told_sums(invoice: Invoice) -> Iterator[tuple[str, str, bool]]:
    sums = invoice.totals
    yield "Sum of the lines", _money(sums.lines), False
    for charge in invoice.charges:
        rate = f" (VAT {_rate(charge.tax)})" if charge.tax is not None else ""
        yield f"{_named(charge)}{rate}", _signed(charge), False
    yield "Without VAT", _money(sums.without_tax), False
    for tax in invoice.taxes:
        yield f"VAT {_rate(tax)} on {_money(tax.taxable_amount)}", _money(tax.tax_amount), False
    yield "With VAT", _money(sums.with_tax), False
    if sums.prepaid:
        yield "Paid before", _money(sums.prepaid.copy_negate()), False
    if sums.rounding:
        yield "Rounding", _money(sums.rounding), False
    to_pay = "To your credit" if invoice.type == "credit_note" else "To pay"
    yield to_pay, f"{_money(sums.payable)} {invoice.currency}", True


def _closing(page: _Page, invoice: Invoice) -> None:
    """What the units are, why no tax is due, and how it is paid."""
    _text(page, unit_names((line.unit, line.unit_code) for line in invoice.lines))
    for tax in invoice.taxes:
        if tax.exemption_reason or tax.exemption_code:
            code = f"({tax.exemption_code})" if tax.exemption_code else None
            why = " ".join(filter(None, (tax.exemption_reason, code)))
            _text(page, f"VAT {_rate(tax)}: {why}")
    payment = invoice.payment
    if payment is None:
        return
    _text(page, payment.note)
    account = [
        ("To", payment.account_name),
        ("Account", payment.iban),
        ("Bank", payment.bic),
        ("Reference", payment.reference),
    ]
    _text(page, " · ".join(f"{title} {value}" for title, value in account if value is not None) or None)


def _text(page: _Page, text: str | None) -> None:
    """A text over the whole width, as many lines as it takes."""
    if text is None:
        return
    for line in _in_lines(text, _RIGHT - _LEFT):
        if not page.room(_LEADING):
            page.turn()
        page.canvas.setFont(PLAIN, _SIZE)
        page.canvas.drawString(_LEFT, page.at - 8, line)
        page.at -= _LEADING
    page.at -= 4
