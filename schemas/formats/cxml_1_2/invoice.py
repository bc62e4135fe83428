"""An invoice or credit note as a cXML InvoiceDetailRequest, written.

A credit note is a `lineLevelCreditMemo`: its quantities and amounts are negative there, and positive in the canonical
document. What cXML has no element for stands in Extrinsics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from schemas.documents.common import Party
from schemas.documents.invoice import Invoice, InvoiceCharge, InvoiceLine, TaxCategory, TaxSubtotal
from schemas.formats.cxml_1_2.envelope import Envelope, request_text
from schemas.formats.cxml_1_2.order_lines import item_id_text
from schemas.formats.cxml_1_2.parties import domain_of, phone_text, postal_text
from schemas.formats.cxml_1_2.steps import comments_text
from schemas.formats.cxml_1_2.text import LANGUAGE, attribute, element, escaped, group, instant, money, noon
from schemas.values import EXACT, half_up

NOT_KNOWN = "NA"
"""What stands for an order's number that isn't known: cXML wants one for each group of lines."""
_PURPOSES = {"invoice": "standard", "credit_note": "lineLevelCreditMemo"}
_EXEMPT = {"Z": "zeroRated", "E": "exempt"}
VAT_DOMAIN = "vatID"
CATEGORY, PERCENT, BUYER_REFERENCE, TYPE_CODE, IBAN, BIC, ACCOUNT_NAME, REFERENCE, TERMS, TAX_POINT = (
    *("taxCategoryCode", "percent", "buyerReference", "invoiceTypeCode", "ibanID", "bankCode", "accountName"),
    *("paymentReference", "paymentTerms", "taxPointDate"),
)
"""Names of Extrinsics."""


def render_invoice(invoice: Invoice, envelope: Envelope | None = None) -> bytes:
    """The invoice or credit note as an InvoiceDetailRequest, its lines together by order. Without an envelope it names
    itself by its number."""
    issued = _issued(invoice)
    known = envelope or Envelope.of(invoice.seller, invoice.buyer, invoice.number, invoice.test, issued)
    if invoice.test and not known.test:
        known = replace(known, test=True)
    writing = _Writing(invoice)
    inner = _header_text(invoice, issued) + "".join(writing.orders()) + writing.summary()
    return request_text("InvoiceDetail", known, group("InvoiceDetailRequest", inner))


def _issued(invoice: Invoice) -> str:
    """The moment, where it is one of the invoice's day; else that day."""
    when = invoice.issued_at
    is_moment = when is not None and when.tzinfo is not None and when.date() == invoice.issue_date
    return instant(when) if when is not None and is_moment else noon(invoice.issue_date)


# --- head -------------------------------------------------------------------------------------------------------
def _header_text(invoice: Invoice, issued: str) -> str:
    named = attribute("invoiceID", invoice.number) + attribute("purpose", _PURPOSES[invoice.type])
    named += ' operation="new"' + attribute("invoiceDate", issued)
    credited = "".join(
        f"<InvoiceIDInfo{attribute('invoiceID', one.number)}"
        f"{attribute('invoiceDate', noon(one.issue_date) if one.issue_date else None)}/>"
        for one in invoice.credits[:1]
    )
    notice = f"<ShipNoticeIDInfo{attribute('shipNoticeID', invoice.despatch_number)}/>"
    return (
        f"<InvoiceDetailRequestHeader{named}><InvoiceDetailHeaderIndicator/>"
        '<InvoiceDetailLineIndicator isTaxInLine="yes"/>'
        + _partner_text("from", invoice.seller)
        + _partner_text("remitTo", invoice.seller)
        + _partner_text("billTo", invoice.buyer)
        + credited
        + _shipping_text(invoice)
        + (notice if invoice.despatch_number is not None else "")
        + _term_text(invoice)
        + comments_text(invoice.note)
        + "".join(_extrinsics(invoice))
        + "</InvoiceDetailRequestHeader>"
    )


def _partner_text(role: str, party: Party) -> str:
    vat = _reference(VAT_DOMAIN, party.vat_id)
    return f"<InvoicePartner>{_contact_text(role, party)}{vat}</InvoicePartner>"


def _contact_text(role: str, party: Party) -> str:
    named = attribute("role", role) + attribute("addressID", party.id)
    if party.id is not None and party.scheme is not None:
        named += attribute("addressIDDomain", domain_of(party.scheme))
    name = party.legal_name or party.name or ""
    contact = party.contact
    reached = element("Email", contact.email) + phone_text(contact.telephone) if contact is not None else ""
    named_text = f'<Name xml:lang="{LANGUAGE}">{escaped(name)}</Name>'
    return f"<Contact{named}>{named_text}{postal_text(party.address)}{reached}</Contact>"


def _reference(domain: str, identifier: str | None) -> str:
    if identifier is None:
        return ""
    return f"<IdReference{attribute('identifier', identifier)}{attribute('domain', domain)}/>"


def _shipping_text(invoice: Invoice) -> str:
    """From us, to the place, on the day that the goods were there."""
    if invoice.ship_to is None:
        return ""
    day = invoice.delivered_on
    named = attribute("shippingDate", noon(day) if day is not None else None)
    contacts = _contact_text("shipFrom", invoice.seller) + _contact_text("shipTo", invoice.ship_to)
    return f"<InvoiceDetailShipping{named}>{contacts}</InvoiceDetailShipping>"


def _term_text(invoice: Invoice) -> str:
    """The days until it is due; one that was due before it was written has none."""
    if invoice.due_date is None or invoice.due_date < invoice.issue_date or invoice.type == "credit_note":
        return ""
    return f'<PaymentTerm payInNumberOfDays="{(invoice.due_date - invoice.issue_date).days}"/>'


def _extrinsics(invoice: Invoice) -> Iterator[str]:
    payment = invoice.payment
    yield _extrinsic(BUYER_REFERENCE, invoice.buyer_reference)
    yield _extrinsic(TYPE_CODE, invoice.type_code)
    yield _extrinsic(TAX_POINT, invoice.tax_point.isoformat() if invoice.tax_point is not None else None)
    if payment is not None:
        yield _extrinsic(TERMS, payment.note)
        yield _extrinsic(IBAN, payment.iban)
        yield _extrinsic(BIC, payment.bic)
        yield _extrinsic(ACCOUNT_NAME, payment.account_name)
        yield _extrinsic(REFERENCE, payment.reference)


def _extrinsic(name: str, value: str | None) -> str:
    return "" if value is None else f'<Extrinsic name="{name}">{escaped(value)}</Extrinsic>'


def _gross_amount(line: InvoiceLine) -> Decimal:
    """What the quantity costs before allowances and charges; without a base quantity, what the line says."""
    price = line.price
    if not price.base_quantity:
        return line.net_amount
    return half_up(Fraction(line.quantity) * Fraction(price.amount) / Fraction(price.base_quantity))


# --- lines and sums ---------------------------------------------------------------------------------------------
class _Writing:
    """One invoice's amounts, which are negative where it is a credit note."""

    def __init__(self, invoice: Invoice) -> None:
        self._invoice = invoice
        self._is_credit = invoice.type == "credit_note"

    def _signed(self, value: Decimal) -> Decimal:
        return value.copy_negate() if self._is_credit and value else value

    def _money(self, name: str, value: Decimal) -> str:
        return f"<{name}>{money(self._signed(value), self._invoice.currency)}</{name}>"

    def orders(self) -> Iterator[str]:
        """The lines, together by the order that they are of, in their order."""
        for number, lines in groupby(self._invoice.lines, lambda line: line.order_number):
            yield group("InvoiceDetailOrder", self._order_info(number) + "".join(map(self._item, lines)))

    def _order_info(self, number: str | None) -> str:
        contract = self._invoice.contract
        agreement = f"<MasterAgreementIDInfo{attribute('agreementID', contract)}/>" if contract is not None else ""
        order = f"<OrderIDInfo{attribute('orderID', number or self._invoice.order_number or NOT_KNOWN)}/>"
        return group("InvoiceDetailOrderInfo", agreement + order)

    def _item(self, line: InvoiceLine) -> str:
        named = attribute("invoiceLineNumber", line.line_number)
        named += attribute("quantity", f"{self._signed(line.quantity):f}")
        named += ' reason="return"' if self._is_credit else ""
        price = line.price
        unit = price.unit_code or price.unit or line.unit_code or line.unit or ""
        basis = ""
        if price.base_quantity != 1:
            basis = (
                f'<PriceBasisQuantity quantity="{price.base_quantity:f}" conversionFactor="1">'
                f"{element('UnitOfMeasure', unit)}</PriceBasisQuantity>"
            )
        gross = _gross_amount(line)
        notice = f"<ShipNoticeIDInfo{attribute('shipNoticeID', line.despatch_number)}/>" if line.despatch_number else ""
        return (
            f"<InvoiceDetailItem{named}>"
            + element("UnitOfMeasure", line.unit_code or line.unit or "")
            + f"<UnitPrice>{money(price.amount, self._invoice.currency)}</UnitPrice>{basis}"
            + self._item_reference(line)
            + self._money("SubtotalAmount", gross)
            + self._tax(line.net_amount, line.tax)
            + notice
            + self._modifications("InvoiceItemModifications", line.charges)
            + self._sums_of(line.charges)
            + self._money("NetAmount", line.net_amount)
            + comments_text(line.note)
            + "</InvoiceDetailItem>"
        )

    def _item_reference(self, line: InvoiceLine) -> str:
        number = attribute("lineNumber", line.order_line_number or line.line_number)
        item = item_id_text(line.seller_item, line.buyer_item, line.gtin)
        described = f'<Description xml:lang="{LANGUAGE}">{escaped(line.description or "")}</Description>'
        return f"<InvoiceDetailItemReference{number}>{item}{described}</InvoiceDetailItemReference>"

    def _tax(self, taxable: Decimal, tax: TaxCategory) -> str:
        """The tax of one amount: of a line it is told for information, and that of the summary counts."""
        amount = half_up(Fraction(taxable) * Fraction(tax.percent or 0) / 100)
        subtotal = TaxSubtotal(category=tax.category, percent=tax.percent, taxable_amount=taxable, tax_amount=amount)
        return self._taxes((subtotal,), amount)

    def _taxes(self, subtotals: tuple[TaxSubtotal, ...], whole: Decimal) -> str:
        description = f'<Description xml:lang="{LANGUAGE}">VAT</Description>'
        details = "".join(map(self._tax_detail, subtotals))
        return f"<Tax>{money(self._signed(whole), self._invoice.currency)}{description}{details}</Tax>"

    def _tax_detail(self, tax: TaxSubtotal) -> str:
        percent = None if tax.percent is None else f"{tax.percent:f}"
        day = self._invoice.tax_point
        named = ' purpose="tax" category="vat"' + attribute("percentageRate", percent)
        named += attribute("taxPointDate", noon(day) if day is not None else None)
        named += attribute("exemptDetail", _EXEMPT.get(tax.category))
        why = ""
        if tax.exemption_code is not None or tax.exemption_reason is not None:
            reason = f'<ExemptReason xml:lang="{LANGUAGE}">{escaped(tax.exemption_reason or "")}</ExemptReason>'
            why = f"<TaxExemption{attribute('exemptCode', tax.exemption_code or '')}>{reason}</TaxExemption>"
        return (
            f"<TaxDetail{named}>{self._money('TaxableAmount', tax.taxable_amount)}"
            f"{self._money('TaxAmount', tax.tax_amount)}{why}{_extrinsic(CATEGORY, tax.category)}</TaxDetail>"
        )

    def _modifications(self, name: str, charges: tuple[InvoiceCharge, ...]) -> str:
        return group(name, "".join(map(self._modification, charges)))

    def _modification(self, charge: InvoiceCharge) -> str:
        amount = money(self._signed(charge.amount), self._invoice.currency)
        deduction = f"<AdditionalDeduction><DeductionAmount>{amount}</DeductionAmount></AdditionalDeduction>"
        base = self._money("OriginalPrice", charge.base_amount) if charge.base_amount is not None else ""
        named = attribute("name", "Charge" if charge.is_charge else "Allowance") + attribute("code", charge.reason_code)
        described = ""
        if charge.reason is not None:
            described = f'<Description xml:lang="{LANGUAGE}">{escaped(charge.reason)}</Description>'
        percent = _extrinsic(PERCENT, None if charge.percent is None else f"{charge.percent:f}")
        return group(
            "Modification",
            base
            + (f"<AdditionalCost>{amount}</AdditionalCost>" if charge.is_charge else deduction)
            + (self._tax(charge.amount, charge.tax) if charge.tax is not None else "")
            + f"<ModificationDetail{named}>{described}{percent}</ModificationDetail>",
        )

    def _sums_of(self, charges: tuple[InvoiceCharge, ...]) -> str:
        text = ""
        for name, is_charge in (("TotalCharges", True), ("TotalAllowances", False)):
            found = [one.amount for one in charges if one.is_charge is is_charge]
            if found:
                whole = Decimal("0.00")
                for amount in found:
                    whole = EXACT.add(whole, amount)
                text += self._money(name, whole)
        return text

    def summary(self) -> str:
        """The sums: NetAmount is what is owed in all, DepositAmount what was paid of it, DueAmount the rest."""
        sums, charges = self._invoice.totals, self._invoice.charges
        return group(
            "InvoiceDetailSummary",
            self._money("SubtotalAmount", sums.lines)
            + self._taxes(self._invoice.taxes, sums.tax)
            + self._money("GrossAmount", sums.with_tax)
            + self._modifications("InvoiceHeaderModifications", charges)
            + self._sums_of(charges)
            + self._money("TotalAmountWithoutTax", sums.without_tax)
            + self._money("NetAmount", sums.with_tax)
            + (self._money("DepositAmount", sums.prepaid) if sums.prepaid else "")
            + self._money("DueAmount", sums.payable),
        )
