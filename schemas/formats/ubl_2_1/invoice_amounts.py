"""An invoice's allowances and charges, taxes and totals, read and written."""

from __future__ import annotations

from decimal import Decimal

from schemas.documents.invoice import Invoice, InvoiceCharge, TaxCategory, TaxSubtotal
from schemas.formats.ubl_2_1.names import cac, cbc
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import amount, flag, number, other_currency, part, texts, through
from schemas.formats.ubl_2_1.text import element, flagged, group, money
from schemas.formats.xml import Element

_TAX_AMOUNT = cbc("TaxAmount")
_OPTIONAL_TOTALS = ("allowances", "charges", "prepaid", "rounding")
"""What LegalMonetaryTotal leaves out where it is nothing."""


_RATED = {"AA": "S", "H": "S"}


def _vat(reading: Reading, element: Element, found: Found, path: str) -> None:
    """TaxScheme/ID: VAT. Another tax (GST, a sales tax) would be written as VAT again, and is none."""
    scheme = reading.text(element)
    if not reading.is_second(element) and scheme is not None and scheme.upper() != "VAT":
        reading.misuse(element, "bad_value", f"the tax scheme is {scheme[:200]}; only VAT is read", "VAT")


def _category(reading: Reading, element: Element, found: Found, path: str) -> None:
    """TaxCategory/ID: UNCL 5305's lower and higher rates are EN 16931's S, which has any rate above zero."""
    code = reading.text(element)
    if not reading.is_second(element) and code is not None:
        found["category"] = reading.meaning(_RATED.get(code, code), element)


_TAX_SCHEME = through("cac:TaxScheme", {cbc("ID"): _vat})
TAX_CATEGORY: Table = {
    cbc("ID"): _category,
    cbc("Percent"): number("percent"),
    cac("TaxScheme"): _TAX_SCHEME,
}
_INVOICE_CHARGE: Table = {
    cbc("ChargeIndicator"): flag("is_charge"),
    cbc("AllowanceChargeReasonCode"): "reason_code",
    cbc("AllowanceChargeReason"): "reason",
    cbc("MultiplierFactorNumeric"): number("percent"),
    cbc("Amount"): amount("amount"),
    cbc("BaseAmount"): amount("base_amount"),
    cac("TaxCategory"): part("tax", "cac:TaxCategory", TAX_CATEGORY),
}
_EXEMPT_CATEGORY: Table = {
    **TAX_CATEGORY,
    cbc("TaxExemptionReasonCode"): "exemption_code",
    cbc("TaxExemptionReason"): texts("exemption_reason"),
}
_SUBTOTAL: Table = {
    cbc("TaxableAmount"): amount("taxable_amount"),
    cbc("TaxAmount"): amount("tax_amount"),
    cbc("Percent"): number("percent"),
    cac("TaxCategory"): through("cac:TaxCategory", _EXEMPT_CATEGORY),
}


def invoice_charge(reading: Reading, element: Element, found: Found, path: str) -> None:
    """An allowance or charge of the invoice, or of a line."""
    reading.add("charges", reading.group(element, _INVOICE_CHARGE, f"{path}cac:AllowanceCharge/"), element, found)


def _subtotal(reading: Reading, element: Element, found: Found, path: str) -> None:
    reading.add("taxes", reading.group(element, _SUBTOTAL, f"{path}cac:TaxSubtotal/"), element, found)


_TAX_TOTAL: Table = {_TAX_AMOUNT: amount("tax"), cac("TaxSubtotal"): _subtotal}


def tax_total(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The TaxTotal in the document's currency; that in the currency in which the tax is accounted for is kept aside."""
    stated = next(element.iterchildren(_TAX_AMOUNT), None)
    if stated is not None and other_currency(reading, stated):
        reading.keep(element, path)
    elif "tax_total" in found:
        reading.second(element)
    else:
        found["tax_total"] = reading.group(element, _TAX_TOTAL, f"{path}cac:TaxTotal/")


TOTALS: Table = {
    cbc("LineExtensionAmount"): amount("lines"),
    cbc("TaxExclusiveAmount"): amount("without_tax"),
    cbc("TaxInclusiveAmount"): amount("with_tax"),
    cbc("AllowanceTotalAmount"): amount("allowances"),
    cbc("ChargeTotalAmount"): amount("charges"),
    cbc("PrepaidAmount"): amount("prepaid"),
    cbc("PayableRoundingAmount"): amount("rounding"),
    cbc("PayableAmount"): amount("payable"),
}


def settle_totals(found: Found) -> None:
    """The tax joins the totals, its subtotals the invoice, and what is left out is nothing."""
    tax = found.pop("tax_total", {})
    if "taxes" in tax:
        found["taxes"] = tax["taxes"]
    if "totals" not in found:
        return
    sums = found["totals"]
    if "tax" in tax:
        sums["tax"] = tax["tax"]
    for name in _OPTIONAL_TOTALS:
        sums.setdefault(name, Decimal("0.00"))


# --- writing ----------------------------------------------------------------------------------------------------
def charge_text(charge: InvoiceCharge, currency: str, *, peppol: bool) -> str:
    """An AllowanceCharge in the schema's order. Peppol has a percentage only with what it is of (R041, R042)."""
    percent, base = charge.percent, charge.base_amount
    if peppol and (percent is None or base is None):
        percent = base = None
    return group(
        "AllowanceCharge",
        flagged("ChargeIndicator", charge.is_charge)
        + element("AllowanceChargeReasonCode", charge.reason_code)
        + element("AllowanceChargeReason", charge.reason)
        + _decimal("MultiplierFactorNumeric", percent)
        + money("Amount", charge.amount, currency)
        + money("BaseAmount", base, currency)
        + (category_text("TaxCategory", charge.tax) if charge.tax is not None else ""),
    )


def category_text(name: str, tax: TaxCategory | TaxSubtotal) -> str:
    """A TaxCategory or ClassifiedTaxCategory; only a subtotal's says why there is no tax."""
    exemption = ""
    if isinstance(tax, TaxSubtotal):
        exemption = element("TaxExemptionReasonCode", tax.exemption_code)
        exemption += element("TaxExemptionReason", tax.exemption_reason)
    return (
        f"<cac:{name}><cbc:ID>{tax.category}</cbc:ID>{_decimal('Percent', tax.percent)}{exemption}"
        f"<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:{name}>"
    )


def tax_text(invoice: Invoice) -> str:
    """The TaxTotal with its subtotals."""
    currency = invoice.currency
    return group(
        "TaxTotal",
        money("TaxAmount", invoice.totals.tax, currency)
        + "".join(
            group(
                "TaxSubtotal",
                money("TaxableAmount", one.taxable_amount, currency)
                + money("TaxAmount", one.tax_amount, currency)
                + category_text("TaxCategory", one),
            )
            for one in invoice.taxes
        ),
    )


def totals_text(invoice: Invoice) -> str:
    """The LegalMonetaryTotal; what is nothing and may be left out is left out. The sums of allowances and charges stand
    where there are any (BR-CO-11, BR-CO-12)."""
    sums, currency = invoice.totals, invoice.currency
    allowed = sums.allowances or any(not one.is_charge for one in invoice.charges)
    charged = sums.charges or any(one.is_charge for one in invoice.charges)
    return group(
        "LegalMonetaryTotal",
        money("LineExtensionAmount", sums.lines, currency)
        + money("TaxExclusiveAmount", sums.without_tax, currency)
        + money("TaxInclusiveAmount", sums.with_tax, currency)
        + money("AllowanceTotalAmount", sums.allowances if allowed else None, currency)
        + money("ChargeTotalAmount", sums.charges if charged else None, currency)
        + money("PrepaidAmount", sums.prepaid or None, currency)
        + money("PayableRoundingAmount", sums.rounding or None, currency)
        + money("PayableAmount", sums.payable, currency),
    )


def _decimal(name: str, value: Decimal | None) -> str:
    return "" if value is None else f"<cbc:{name}>{value:f}</cbc:{name}>"
