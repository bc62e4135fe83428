"""The lines of an invoice or credit note, read and written."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.documents.common import Price
from schemas.documents.invoice import Invoice, InvoiceLine
from schemas.formats.ubl_2_1.amounts import price
from schemas.formats.ubl_2_1.invoice_amounts import TAX_CATEGORY, category_text, charge_text, invoice_charge
from schemas.formats.ubl_2_1.names import cac, cbc
from schemas.formats.ubl_2_1.order_lines import ITEM, item_text
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import amount, first, number, part, quantity, texts, through
from schemas.formats.ubl_2_1.text import element, group, measured, money
from schemas.formats.xml import Element
from schemas.units import rec_20
from schemas.values import EXACT

NOT_KNOWN = "NA"
"""What Peppol writes for a number that UBL demands and nobody has (BIS Billing 3, 7.3)."""


_AGREED_UNIT = "ZZ"
"""Rec 20: a unit as two parties agreed on it."""


def numbered(field: str) -> Table:
    """A reference's ID; one that only says that there is none is none."""

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        value = reading.text(element)
        if field in found:
            reading.again(element, path)
        elif value is None or value == NOT_KNOWN:
            reading.blank(element)
        else:
            found[field] = value

    return {cbc("ID"): step, cbc("LineID"): step}


_TAX_OF_LINE: Table = {
    cac("TaxSubtotal"): first(
        "cac:TaxSubtotal",
        {
            cbc("Percent"): number("percent"),
            cac("TaxCategory"): through("cac:TaxCategory", TAX_CATEGORY),
        },
    )
}


def _tax_total(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Older documents say a line's tax in its TaxTotal alone; its category counts where the item has none."""
    tax = reading.group(element, _TAX_OF_LINE, f"{path}cac:TaxTotal/")
    if tax and "tax_total" not in found:
        found["tax_total"] = tax


_ITEM: Table = {
    **{tag: step for tag, step in ITEM.items() if tag != cbc("PackSizeNumeric")},
    cac("ClassifiedTaxCategory"): part("tax", "cac:ClassifiedTaxCategory", TAX_CATEGORY),
}
_ORDER_LINE = {
    **numbered("order_line_number"),
    cac("OrderReference"): through("cac:OrderReference", numbered("order_number")),
}
_DESPATCH_LINE = {
    **numbered("despatch_line_number"),
    cac("DocumentReference"): through("cac:DocumentReference", numbered("despatch_number")),
}
_LINE: Table = {
    cbc("ID"): "line_number",
    cbc("Note"): texts("note"),
    cbc("InvoicedQuantity"): quantity("quantity", "unit"),
    cbc("CreditedQuantity"): quantity("quantity", "unit"),
    cbc("LineExtensionAmount"): amount("net_amount"),
    cac("OrderLineReference"): first("cac:OrderLineReference", _ORDER_LINE),
    cac("DespatchLineReference"): first("cac:DespatchLineReference", _DESPATCH_LINE),
    cac("AllowanceCharge"): invoice_charge,
    cac("TaxTotal"): _tax_total,
    cac("Item"): through("cac:Item", _ITEM),
    cac("Price"): price,
}


def invoice_line(reading: Reading, element: Element, found: Found, path: str) -> None:
    """An InvoiceLine or CreditNoteLine. What it says beyond the canonical line is not kept."""
    of_invoice, reading.kept = reading.kept, []
    line = reading.group(element, _LINE, "")
    reading.kept = of_invoice
    described = line.pop("item_texts", None)
    if described:
        line.setdefault("description", described[0])
    tax = line.pop("tax_total", None)
    if tax is not None:
        line.setdefault("tax", tax)
    found.setdefault("lines", []).append(line)


def settle_references(found: Found) -> None:
    """What the head refers to, each line does that refers to nothing else."""
    for name in ("order_number", "despatch_number"):
        if name in found:
            for line in found.get("lines", ()):
                line.setdefault(name, found[name])


# --- writing ----------------------------------------------------------------------------------------------------
def line_text(line: InvoiceLine, invoice: Invoice, names: Mapping[str, str], *, peppol: bool) -> str:
    """A line in the schema's order; `names` are the elements that invoice and credit note call differently."""
    currency = invoice.currency
    charges = "".join(charge_text(one, currency, peppol=peppol) for one in line.charges)
    return group(
        names["line"],
        element("ID", line.line_number)
        + element("Note", _peppol_note(line, invoice) if peppol else line.note)
        + measured(names["quantity"], line.quantity, coded_unit(line.unit_code, line.unit, peppol=peppol))
        + money("LineExtensionAmount", line.net_amount, currency)
        + (_peppol_order(line) if peppol else _references(line, invoice))
        + charges
        + _item_text(line)
        + _price_text(line.price, currency, peppol=peppol),
    )


def coded_unit(code: str | None, unit: str | None, *, peppol: bool) -> str | None:
    """EN 16931 wants the Rec 20 code (BR-CL-23). Where there is none, plain UBL has the account's own word, and Peppol
    that it is one that the two agreed on."""
    written = code or unit
    return written if written is None or not peppol or code or rec_20(written) else _AGREED_UNIT


def _references(line: InvoiceLine, invoice: Invoice) -> str:
    order = line.order_number if line.order_number != invoice.order_number else None
    despatch = line.despatch_number if line.despatch_number != invoice.despatch_number else None
    return _reference("OrderLineReference", line.order_line_number, "OrderReference", order) + _reference(
        "DespatchLineReference", line.despatch_line_number, "DocumentReference", despatch
    )


def _reference(name: str, number: str | None, document: str, document_number: str | None) -> str:
    if number is None and document_number is None:
        return ""
    return group(name, element("LineID", number or NOT_KNOWN) + group(document, element("ID", document_number)))


def _peppol_order(line: InvoiceLine) -> str:
    return group("OrderLineReference", element("LineID", line.order_line_number))


def _peppol_note(line: InvoiceLine, invoice: Invoice) -> str | None:
    """Peppol has no order or despatch advice by line: those that the head doesn't name stand in the note."""
    said = [line.note] if line.note is not None else []
    if line.order_number is not None and line.order_number != invoice.order_number:
        said.append(f"Order {line.order_number}")
    if line.despatch_number is not None and line.despatch_number != invoice.despatch_number:
        said.append(f"Despatch advice {line.despatch_number}")
    return "\n".join(said) or None


def _item_text(line: InvoiceLine) -> str:
    """An item needs a name (BR-25): one without is called by its number."""
    name = line.description or line.buyer_item or line.seller_item or line.gtin or NOT_KNOWN
    numbers = item_text(line.buyer_item, line.seller_item, line.gtin)
    return group("Item", element("Name", name) + numbers + category_text("ClassifiedTaxCategory", line.tax))


def _price_text(price: Price, currency: str, *, peppol: bool) -> str:
    base = ""
    if price.base_quantity != 1 or price.unit is not None or price.unit_code is not None:
        base = measured("BaseQuantity", price.base_quantity, coded_unit(price.unit_code, price.unit, peppol=peppol))
    gross = ""
    if price.gross is not None:
        gross = group(
            "AllowanceCharge",
            "<cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
            + money("Amount", EXACT.subtract(price.gross, price.amount), currency)
            + money("BaseAmount", price.gross, currency),
        )
    return group("Price", money("PriceAmount", price.amount, currency) + base + gross)
