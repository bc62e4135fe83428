"""A UBL Invoice or CreditNote, read and written: as EN 16931's plain binding has it, and as Peppol BIS Billing 3 does.

What a document says beyond the canonical invoice is not kept: an invoice is our own. What could be taken for something
else than it is (another tax than VAT, two tax totals in one currency) is a fault.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time

from schemas.documents.invoice import Invoice, InvoiceReference, PaymentTerms, judged_invoice
from schemas.documents.known_parties import PartyTexts
from schemas.faults import DocumentRejected, Fault
from schemas.formats.ubl_2_1.deliveries import DELIVERY, place_of, place_texts
from schemas.formats.ubl_2_1.invoice_amounts import (
    TOTALS,
    charge_text,
    invoice_charge,
    settle_totals,
    tax_text,
    tax_total,
    totals_text,
)
from schemas.formats.ubl_2_1.invoice_lines import NOT_KNOWN, invoice_line, line_text, numbered, settle_references
from schemas.formats.ubl_2_1.invoice_parties import (
    listed,
    named_party_text,
    one_line,
    peppol_address_text,
    peppol_buyer_text,
    peppol_seller_text,
)
from schemas.formats.ubl_2_1.names import CREDIT_NOTE, ENVELOPE, ENVELOPE_HEADER, INVOICE, cac, cbc, qualified
from schemas.formats.ubl_2_1.parties import party_holder
from schemas.formats.ubl_2_1.places import Places
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import day, first, lost, part, texts, through
from schemas.formats.ubl_2_1.text import document, element, group, identified
from schemas.formats.xml import Element, parse
from schemas.formats.xml_order.judging import own_document

CORE_INVOICE = "urn:cen.eu:en16931:2017"
PEPPOL_BILLING = f"{CORE_INVOICE}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PEPPOL_BILLING_PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

_TYPE_CODES = {"invoice": "380", "credit_note": "381"}
"""UNCL 1001: commercial invoice, credit note."""
_CREDIT_TRANSFER = "30"
_NO_MEANS = "1"
"""UNCL 4461: credit transfer, and means that are not defined."""


def _currency(reading: Reading, element: Element, found: Found, path: str) -> None:
    reading.plain("currency", element, found, path)
    reading.currency = found.get("currency", reading.currency)


def _delivery(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Where the goods went, and on which day they were there. Only the first Delivery is read."""
    if "delivered" in found:
        reading.keep(element, path)
        return
    below = f"{path}cac:Delivery/"
    delivery = found["delivered"] = reading.group(element, _DELIVERY, below)
    if place := place_of(reading, element, delivery, below):
        found["ship_to"] = place
    if "delivered_on" in delivery:
        found["delivered_on"] = delivery["delivered_on"]


def _billing_reference(reading: Reading, element: Element, found: Found, path: str) -> None:
    """An invoice that came before; references to other documents are kept aside."""
    reference = reading.group(element, _BILLING, f"{path}cac:BillingReference/")
    if "invoice" in reference:
        reading.add("credits", reference["invoice"], element, found)


def _despatch_reference(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Of several despatch advices none is the whole invoice's."""
    reading.add("despatches", reading.group(element, numbered("number"), ""), element, found)


_DELIVERY: Table = {**DELIVERY, cbc("ActualDeliveryDate"): day("delivered_on")}
_BILLING: Table = {
    cac("InvoiceDocumentReference"): part(
        "invoice", "cac:InvoiceDocumentReference", {cbc("ID"): "number", cbc("IssueDate"): day("issue_date")}
    )
}
_ACCOUNT: Table = {
    cbc("ID"): "iban",
    cbc("Name"): "account_name",
    cac("FinancialInstitutionBranch"): through("cac:FinancialInstitutionBranch", {cbc("ID"): "bic"}),
}
_MEANS: Table = {
    cbc("PaymentMeansCode"): lost,
    cbc("PaymentDueDate"): day("means_due"),
    cbc("PaymentID"): "reference",
    cac("PayeeFinancialAccount"): through("cac:PayeeFinancialAccount", _ACCOUNT),
}
_HEAD: Table = {
    cbc("UBLVersionID"): lost,
    cbc("CustomizationID"): lost,
    cbc("ProfileID"): lost,
    cbc("ID"): "number",
    cbc("IssueDate"): day("issue_date"),
    cbc("IssueTime"): "issue_time",
    cbc("DueDate"): day("due_date"),
    cbc("InvoiceTypeCode"): "type_code",
    cbc("CreditNoteTypeCode"): "type_code",
    cbc("Note"): texts("note"),
    cbc("TaxPointDate"): day("tax_point"),
    cbc("DocumentCurrencyCode"): _currency,
    cbc("BuyerReference"): "buyer_reference",
    cac("OrderReference"): through("cac:OrderReference", numbered("order_number")),
    cac("BillingReference"): _billing_reference,
    cac("DespatchDocumentReference"): _despatch_reference,
    cac("ContractDocumentReference"): first("cac:ContractDocumentReference", numbered("contract")),
    **party_holder("seller", cac("AccountingSupplierParty")),
    **party_holder("buyer", cac("AccountingCustomerParty")),
    cac("Delivery"): _delivery,
    cac("PaymentMeans"): first("cac:PaymentMeans", _MEANS),
    cac("PaymentTerms"): through("cac:PaymentTerms", {cbc("Note"): texts("payment_note")}),
    cac("AllowanceCharge"): invoice_charge,
    cac("TaxTotal"): tax_total,
    cac("LegalMonetaryTotal"): part("totals", "cac:LegalMonetaryTotal", TOTALS),
    cac("InvoiceLine"): invoice_line,
    cac("CreditNoteLine"): invoice_line,
}


def parse_invoice(body: bytes) -> Invoice:
    """The invoice in the body. Raises DocumentRejected with every fault."""
    return _parse(body, INVOICE, "a UBL Invoice")


def parse_credit_note(body: bytes) -> Invoice:
    """The credit note in the body. Raises DocumentRejected with every fault."""
    return _parse(body, CREDIT_NOTE, "a UBL CreditNote")


def _parse(body: bytes, tag: str, expected: str) -> Invoice:
    root = parse(body)
    if root.tag == ENVELOPE:
        root = next((child for child in root if child.tag != ENVELOPE_HEADER), root)
    if root.tag != tag:
        name = qualified(root.tag)
        location, detail = f"line {root.sourceline}: {name}", f"the document is {name}, not {expected}"
        raise DocumentRejected([Fault("wrong_document", detail, "", location, name[:200], expected)])
    reading = Reading()
    found = read_invoice(reading, root)
    return own_document(found, judged_invoice, reading, lambda: InvoicePlaces(root, read_invoice))


def read_invoice(reading: Reading, root: Element) -> Found:
    """The invoice's fields as they are validated."""
    found = reading.group(root, _HEAD, "")
    found["type"] = kind = "credit_note" if root.tag == CREDIT_NOTE else "invoice"
    if found.get("type_code") == _TYPE_CODES[kind]:
        del found["type_code"]
    _settle_despatches(found)
    _settle_payment(reading, root, found)
    _settle_time(reading, found)
    found.pop("delivered", None)
    if reading.currency is not None:
        found.setdefault("currency", reading.currency)
    settle_totals(found)
    settle_references(found)
    return found


def _settle_despatches(found: Found) -> None:
    despatches = found.pop("despatches", ())
    if len(despatches) == 1 and "number" in despatches[0]:
        found["despatch_number"] = despatches[0]["number"]


def _settle_payment(reading: Reading, root: Element, found: Found) -> None:
    """A credit note, and many an invoice, says when it is due where it says how it is paid."""
    due = found.pop("means_due", None)
    if due is not None:
        found.setdefault("due_date", due)
    payment = reading.open(root)
    if "payment_note" in found:
        payment["note"] = found.pop("payment_note")
    payment.update({name: found.pop(name) for name in ("iban", "bic", "account_name", "reference") if name in found})
    if payment:
        found["payment"] = payment


def _settle_time(reading: Reading, found: Found) -> None:
    written, issued = found.pop("issue_time", None), found.get("issue_date")
    clock = reading.clock(written) if written is not None else None
    if isinstance(clock, time) and clock.tzinfo is not None and isinstance(issued, date):
        found["issued_at"] = datetime.combine(issued, clock)


_MISSING = {
    "number": "cbc:ID",
    "issue_date": "cbc:IssueDate",
    "currency": "cbc:DocumentCurrencyCode",
    "seller": "cac:AccountingSupplierParty",
    "buyer": "cac:AccountingCustomerParty",
    "taxes": "cac:TaxTotal/cac:TaxSubtotal",
    "totals": "cac:LegalMonetaryTotal",
    "line_number": "cbc:ID",
    "net_amount": "cbc:LineExtensionAmount",
    "price": "cac:Price",
    "category": "cbc:ID",
    "is_charge": "cbc:ChargeIndicator",
    "taxable_amount": "cbc:TaxableAmount",
    "tax_amount": "cbc:TaxAmount",
    "without_tax": "cbc:TaxExclusiveAmount",
    "with_tax": "cbc:TaxInclusiveAmount",
    "payable": "cbc:PayableAmount",
}
_MISSING_IN = {
    ("tax", "InvoiceLine"): "cac:Item/cac:ClassifiedTaxCategory",
    ("tax", "CreditNoteLine"): "cac:Item/cac:ClassifiedTaxCategory",
    ("tax", "Invoice"): "cac:TaxTotal/cbc:TaxAmount",
    ("tax", "CreditNote"): "cac:TaxTotal/cbc:TaxAmount",
    ("lines", "Invoice"): "cac:InvoiceLine",
    ("lines", "CreditNote"): "cac:CreditNoteLine",
    ("lines", "LegalMonetaryTotal"): "cbc:LineExtensionAmount",
    ("quantity", "InvoiceLine"): "cbc:InvoicedQuantity",
    ("quantity", "CreditNoteLine"): "cbc:CreditedQuantity",
    ("category", "TaxSubtotal"): "cac:TaxCategory/cbc:ID",
    ("amount", "AllowanceCharge"): "cbc:Amount",
    ("amount", "Price"): "cbc:PriceAmount",
}


class InvoicePlaces(Places):
    """The places of one invoice's values in its document."""

    missing = _MISSING

    def of(self, pointer: str) -> str:
        """The total of the tax stands with its subtotals, outside of the other totals."""
        is_absent = pointer == "/totals/tax" and "tax" not in self.found.get("totals", ())
        return super().of("/tax" if is_absent else pointer)

    def missing_at(self, step: str, element: Element) -> str:
        """Some names mean different elements in different groups."""
        name = str(element.tag).rpartition("}")[2]
        return _MISSING_IN.get((step, name)) or super().missing_at(step, element)


# --- writing ----------------------------------------------------------------------------------------------------
_INVOICE_NAMES = {"line": "InvoiceLine", "quantity": "InvoicedQuantity"}
_CREDIT_NAMES = {"line": "CreditNoteLine", "quantity": "CreditedQuantity"}


def render_invoice(invoice: Invoice) -> bytes:
    """The invoice or credit note as plain UBL 2.1, in EN 16931's core."""
    moment = invoice.issued_at
    clock = moment.isoformat()[11:] if moment is not None and moment.date() == invoice.issue_date else None
    identity = element("CustomizationID", CORE_INVOICE)
    return _invoice_text(invoice, identity, element("IssueTime", clock), _PLAIN_SELLERS, _PLAIN_BUYERS, peppol=False)


def render_peppol_invoice(invoice: Invoice) -> bytes:
    """The invoice or credit note as Peppol BIS Billing 3 has it."""
    identity = element("CustomizationID", PEPPOL_BILLING) + element("ProfileID", PEPPOL_BILLING_PROFILE)
    return _invoice_text(invoice, identity, "", _PEPPOL_SELLERS, _PEPPOL_BUYERS, peppol=True)


def _invoice_text(
    invoice: Invoice, identity: str, clock: str, sellers: PartyTexts, buyers: PartyTexts, *, peppol: bool
) -> bytes:
    credit = invoice.type == "credit_note"
    currency, names = invoice.currency, _CREDIT_NAMES if credit else _INVOICE_NAMES
    return document(
        "CreditNote" if credit else "Invoice",
        identity
        + element("ID", invoice.number)
        + element("IssueDate", invoice.issue_date.isoformat())
        + clock
        + _type_and_dates(invoice)
        + element("DocumentCurrencyCode", currency)
        + element("BuyerReference", invoice.buyer_reference)
        + _references_text(invoice, peppol=peppol)
        + f"<cac:AccountingSupplierParty>{sellers.of(invoice.seller)}</cac:AccountingSupplierParty>"
        + f"<cac:AccountingCustomerParty>{buyers.of(invoice.buyer)}</cac:AccountingCustomerParty>"
        + (_peppol_delivery_text if peppol else _delivery_text)(invoice)
        + _means_text(invoice)
        + group("PaymentTerms", element("Note", invoice.payment.note if invoice.payment else None))
        + "".join(charge_text(one, currency, peppol=peppol) for one in invoice.charges)
        + tax_text(invoice)
        + totals_text(invoice)
        + "".join(line_text(line, invoice, names, peppol=peppol) for line in invoice.lines),
    )


def _type_and_dates(invoice: Invoice) -> str:
    """The schemas of the two documents have these in different orders; a credit note has no due date here."""
    code = invoice.type_code or _TYPE_CODES[invoice.type]
    tax_point = element("TaxPointDate", _day(invoice.tax_point))
    note = element("Note", invoice.note)
    if invoice.type == "credit_note":
        return tax_point + element("CreditNoteTypeCode", code) + note
    return element("DueDate", _day(invoice.due_date)) + element("InvoiceTypeCode", code) + note + tax_point


def _references_text(invoice: Invoice, *, peppol: bool) -> str:
    """Peppol demands the buyer's reference or an order (R003)."""
    order = invoice.order_number
    if peppol and order is None and invoice.buyer_reference is None:
        order = NOT_KNOWN
    return (
        group("OrderReference", element("ID", order))
        + "".join(map(_billing_text, invoice.credits))
        + group("DespatchDocumentReference", element("ID", invoice.despatch_number))
        + group("ContractDocumentReference", element("ID", invoice.contract))
    )


def _billing_text(reference: InvoiceReference) -> str:
    inner = element("ID", reference.number) + element("IssueDate", _day(reference.issue_date))
    return group("BillingReference", group("InvoiceDocumentReference", inner))


def _delivery_text(invoice: Invoice) -> str:
    place = invoice.ship_to
    if place is not None:
        place = place.model_copy(update={"address": one_line(place.address)})
    location, party = place_texts(place)
    return group("Delivery", element("ActualDeliveryDate", _day(invoice.delivered_on)) + location + party)


def _peppol_delivery_text(invoice: Invoice) -> str:
    """BG-13: the place's number and address, and who is there."""
    place = invoice.ship_to
    if place is None:
        return group("Delivery", element("ActualDeliveryDate", _day(invoice.delivered_on)))
    location = identified("ID", place.id, listed(place.scheme)) + group("Address", peppol_address_text(place.address))
    return group(
        "Delivery",
        element("ActualDeliveryDate", _day(invoice.delivered_on))
        + group("DeliveryLocation", location)
        + group("DeliveryParty", group("PartyName", element("Name", place.name))),
    )


def _means_text(invoice: Invoice) -> str:
    """How it is paid: by credit transfer where there is an account. A credit note is due where it says this (BT-9)."""
    payment = invoice.payment or PaymentTerms()
    due = _day(invoice.due_date) if invoice.type == "credit_note" else None
    account = group(
        "PayeeFinancialAccount",
        element("ID", payment.iban)
        + element("Name", payment.account_name)
        + group("FinancialInstitutionBranch", element("ID", payment.bic)),
    )
    if not account and due is None and payment.reference is None:
        return ""
    return group(
        "PaymentMeans",
        element("PaymentMeansCode", _CREDIT_TRANSFER if account else _NO_MEANS)
        + element("PaymentDueDate", due)
        + element("PaymentID", payment.reference)
        + account,
    )


def _day(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None


def _in_party(write: Callable[..., str]) -> PartyTexts:
    return PartyTexts(lambda party: group("Party", write(party)))


_PLAIN_SELLERS, _PLAIN_BUYERS = _in_party(named_party_text), _in_party(named_party_text)
_PEPPOL_SELLERS, _PEPPOL_BUYERS = _in_party(peppol_seller_text), _in_party(peppol_buyer_text)
