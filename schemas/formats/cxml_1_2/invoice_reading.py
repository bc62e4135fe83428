"""A cXML InvoiceDetailRequest, read: of our own writing, and of others' as far as an invoice is one.

What it says beyond the canonical invoice is not kept. Amounts of a credit memo are negative in cXML and positive in the
canonical document.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from schemas.documents.validation import Unreadable
from schemas.formats.cxml_1_2.amounts import amount
from schemas.formats.cxml_1_2.invoice import (
    ACCOUNT_NAME,
    BIC,
    BUYER_REFERENCE,
    CATEGORY,
    IBAN,
    NOT_KNOWN,
    PERCENT,
    REFERENCE,
    TAX_POINT,
    TERMS,
    TYPE_CODE,
    VAT_DOMAIN,
)
from schemas.formats.cxml_1_2.order_lines import ITEM_ID, description
from schemas.formats.cxml_1_2.parties import ADDRESS, credentials, header_parts, settled_party
from schemas.formats.cxml_1_2.places import Places
from schemas.formats.cxml_1_2.reading import Found, Moment, Number, Part, Reading, Step, Table, Through, lost
from schemas.formats.cxml_1_2.steps import comments
from schemas.formats.cxml_1_2.text import noon
from schemas.formats.xml import Element
from schemas.units import KNOWN as REC_20
from schemas.values import EXACT, from_fraction, is_carried

_PURPOSES = {"standard": "invoice", "creditMemo": "credit_note", "lineLevelCreditMemo": "credit_note"}
_EXEMPT = {"zeroRated": "Z", "exempt": "E"}
_ROLES = {"from": "seller", "billTo": "buyer"}
_PAYMENT = {TERMS: "note", IBAN: "iban", BIC: "bic", ACCOUNT_NAME: "account_name", REFERENCE: "reference"}
_COSTS = (("shipping", "FC", "Shipping"), ("handling", "HD", "Special handling"))
"""UNCL 7161 of what the summary has by itself: freight, handling."""
_ZERO = Decimal("0.00")
_LONGEST_TERM = 10_000
"""Days until an invoice is due; nobody means more."""
_RATE = frozenset(("category", "percent"))
_TOTALS = frozenset(
    ("lines", "allowances", "charges", "without_tax", "tax", "with_tax", "prepaid", "rounding", "payable")
)


# --- steps ------------------------------------------------------------------------------------------------------
def _purpose(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    wrong = Unreadable(value, "bad_value", ", ".join(_PURPOSES))
    found["type"] = reading.as_read(_PURPOSES.get(value, wrong), value)


def _operation(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """Only a new invoice is one: a deletion takes one back."""
    if value != "new":
        reading.misuse(element, "bad_value", f"operation is {value[:200]}, not new", "new")


def _invoice_date(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """Noon of a day in UTC is how a day without a time is written."""
    when = reading.moment(value)
    if not isinstance(when, Moment):
        found["issue_date"] = reading.as_read(when, value)
        return
    found["issue_date"] = reading.as_read(when.day, value)
    if when.at is not None and value != noon(when.day):
        found["issued_at"] = reading.as_read(when.at, value)


def _day(field: str) -> Callable[[Reading, str, Element, Found, str], None]:
    def step(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
        found[field] = reading.day(value)

    return step


def _days(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    if "days" not in found:
        found["days"] = reading.number(value)


def _vat_number(reading: Reading, element: Element, found: Found, path: str) -> None:
    if (element.get("domain") or "").strip() == VAT_DOMAIN and (value := (element.get("identifier") or "").strip()):
        found["vat_id"] = reading.located(value, element, "identifier")


def _contact(reading: Reading, element: Element, found: Found, path: str) -> None:
    found["role"] = (element.get("role") or "").strip()
    found["party"] = settled_party(reading.group(element, _CONTACT, f"{path}Contact/"))


def _partner(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Who it is from, and whom it is for; other partners have no field."""
    partner = reading.group(element, _PARTNER, f"{path}InvoicePartner/")
    field, party = _ROLES.get(partner.get("role", "")), partner.get("party")
    if field is None or field in found or party is None:
        return
    if "vat_id" in partner:
        party["vat_id"] = partner["vat_id"]
    found[field] = party


def _shipping(reading: Reading, element: Element, found: Found, path: str) -> None:
    reading.into(found, element, _SHIPPING, f"{path}InvoiceDetailShipping/")


def _ship_to(reading: Reading, element: Element, found: Found, path: str) -> None:
    if (element.get("role") or "").strip() == "shipTo" and "ship_to" not in found:
        place = settled_party(reading.group(element, _CONTACT, f"{path}Contact/"))
        if place:
            found["ship_to"] = place


def _head_extrinsic(reading: Reading, element: Element, found: Found, path: str) -> None:
    name, value = (element.get("name") or "").strip(), reading.text(element)
    if value is None:
        return
    if name in _PAYMENT:
        found.setdefault("payment", reading.open(element)).setdefault(_PAYMENT[name], value)
    elif name == BUYER_REFERENCE:
        found.setdefault("buyer_reference", value)
    elif name == TYPE_CODE:
        found.setdefault("type_code", value)
    elif name == TAX_POINT:
        found.setdefault("tax_point", reading.day(value))


def _named_extrinsic(name: str, field: str, convert: Callable[[Reading, str], Any]) -> Step:
    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        value = reading.text(element)
        if (element.get("name") or "").strip() == name and value is not None:
            found.setdefault(field, convert(reading, value))

    return step


def _unit(reading: Reading, element: Element, found: Found, path: str) -> None:
    reading.plain("unit", element, found, path)
    if (code := found.get("unit")) in REC_20:
        found["unit_code"] = code


def _vat(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """TaxDetail/@category: another tax (sales, GST) would be written as VAT again, and is none."""
    if value.lower() != "vat":
        reading.misuse(element, "bad_value", f"the tax is of the category {value[:200]}; only VAT is read", "vat")


def _tax_detail(reading: Reading, element: Element, found: Found, path: str) -> None:
    detail = reading.group(element, _TAX_DETAIL, f"{path}TaxDetail/")
    hint, percent = detail.pop("exempt", None), detail.get("percent")
    if "category" not in detail and hint in _EXEMPT:
        detail["category"] = _EXEMPT[hint]
    elif "category" not in detail and isinstance(percent, Decimal) and percent > 0:
        detail["category"] = "S"
    reading.add("details", detail, element, found)


def _modification(reading: Reading, element: Element, found: Found, path: str) -> None:
    charge = reading.group(element, _MODIFICATION, f"{path}Modification/")
    cost, deduction = charge.pop("cost", None), charge.pop("deduction", None)
    charge["is_charge"] = cost is not None
    if (value := cost if cost is not None else deduction) is not None:
        charge["amount"] = value
    if (tax := _tax_in(charge)) is not None:
        charge["tax"] = tax
    reading.add("charges", charge, element, found)


def _tax_in(found: Found) -> Found | None:
    """The category and rate of the first TaxDetail, and no more of it."""
    details = found.pop("tax_total", {}).get("details", ())
    if not details:
        return None
    tax: Found = details[0]
    for name in [name for name in tax if name not in _RATE]:
        del tax[name]
    return tax


def _basis(reading: Reading, element: Element, found: Found, path: str) -> None:
    """What the price is for: PriceBasisQuantity/@quantity of the price's unit, of which one of the line's unit is
    @conversionFactor."""
    basis = reading.group(element, _BASIS, f"{path}PriceBasisQuantity/")
    factor = basis.pop("factor", None)
    found["basis"] = basis
    amount_of = basis.get("base_quantity")
    if isinstance(factor, Decimal) and isinstance(amount_of, Decimal) and factor != 1:
        base = from_fraction(Fraction(amount_of) / Fraction(factor)) if factor else None
        wrong = Unreadable(f"{amount_of:f} / {factor:f}", "not_a_number", "a quantity in the line's unit")
        basis["base_quantity"] = base if base is not None and is_carried(base) else reading.as_read(wrong, str(factor))


def _item(reading: Reading, element: Element, found: Found, path: str) -> None:
    of_invoice, reading.kept = reading.kept, []
    line = reading.group(element, _ITEM, "")
    reading.kept = of_invoice
    basis = line.pop("basis", {})
    if "price" in line:
        line["price"].update(basis)
    line.setdefault("net_amount", line.pop("subtotal", None))
    line.pop("subtotal", None)
    if line["net_amount"] is None:
        del line["net_amount"]
    if (tax := _tax_in(line)) is not None:
        line["tax"] = tax
    found.setdefault("lines", []).append(line)


def _order(reading: Reading, element: Element, found: Found, path: str) -> None:
    order = reading.group(element, _ORDER, f"{path}InvoiceDetailOrder/")
    number_of = order.get("order_number")
    for line in order.get("lines", ()):
        if number_of is not None and number_of != NOT_KNOWN:
            line["order_number"] = number_of
        if "notice" in order:
            line.setdefault("despatch_number", order["notice"])
        found.setdefault("lines", []).append(line)
    if "contract" in order:
        found.setdefault("contracts", []).append(order["contract"])


# --- tables -----------------------------------------------------------------------------------------------------
def _money(field: str) -> Through:
    return Through(Table({"Money": amount(field)}))


def _ignored(reading: Reading, element: Element, found: Found, path: str) -> None:
    """What says nothing that a field has."""


_CONTACT = Table(ADDRESS.children, {**ADDRESS.attributes, "role": lost})
_PARTNER = Table({"Contact": _contact, "IdReference": _vat_number})
_SHIPPING = Table({"Contact": _ship_to}, {"shippingDate": _day("delivered_on")})
_HEADER = Table(
    {
        "InvoiceDetailHeaderIndicator": _ignored,
        "InvoiceDetailLineIndicator": _ignored,
        "InvoicePartner": _partner,
        "InvoiceIDInfo": Part("credited", Table({}, {"invoiceID": "number", "invoiceDate": _day("issue_date")})),
        "InvoiceDetailShipping": _shipping,
        "ShipNoticeIDInfo": Through(Table({}, {"shipNoticeID": "despatch_number"})),
        "PaymentTerm": Through(Table({}, {"payInNumberOfDays": _days})),
        "Comments": comments,
        "Extrinsic": _head_extrinsic,
    },
    {"invoiceID": "number", "purpose": _purpose, "operation": _operation, "invoiceDate": _invoice_date},
)
_TAX_DETAIL = Table(
    {
        "TaxableAmount": _money("taxable_amount"),
        "TaxAmount": _money("tax_amount"),
        "TaxExemption": Through(Table({"ExemptReason": "exemption_reason"}, {"exemptCode": "exemption_code"})),
        "Extrinsic": _named_extrinsic(CATEGORY, "category", lambda reading, value: value),
    },
    {"percentageRate": Number("percent"), "exemptDetail": "exempt", "category": _vat, "purpose": lost},
)
_TAX = Part("tax_total", Table({"Money": amount("tax"), "TaxDetail": _tax_detail}))
_MODIFICATION = Table(
    {
        "OriginalPrice": _money("base_amount"),
        "AdditionalCost": _money("cost"),
        "AdditionalDeduction": Through(Table({"DeductionAmount": _money("deduction")})),
        "Tax": _TAX,
        "ModificationDetail": Through(
            Table(
                {
                    "Description": "reason",
                    "Extrinsic": _named_extrinsic(PERCENT, "percent", lambda reading, value: reading.number(value)),
                },
                {"name": lost, "code": "reason_code"},
            )
        ),
    },
)
_MODIFICATIONS = Through(Table({"Modification": _modification}))
_BASIS = Table({"UnitOfMeasure": _unit}, {"quantity": Number("base_quantity"), "conversionFactor": Number("factor")})
_ITEM = Table(
    {
        "UnitOfMeasure": _unit,
        "UnitPrice": Part("price", Table({"Money": amount("amount")})),
        "PriceBasisQuantity": _basis,
        "InvoiceDetailItemReference": Through(
            Table({"ItemID": Through(ITEM_ID), "Description": description}, {"lineNumber": "order_line_number"})
        ),
        "SubtotalAmount": _money("subtotal"),
        "Tax": _TAX,
        "ShipNoticeIDInfo": Through(Table({}, {"shipNoticeID": "despatch_number"})),
        "InvoiceItemModifications": _MODIFICATIONS,
        "NetAmount": _money("net_amount"),
        "Comments": comments,
    },
    {"invoiceLineNumber": "line_number", "quantity": Number("quantity"), "reason": lost},
)
_NOTICE = Through(Table({}, {"shipNoticeID": "notice"}))
_ORDER = Table(
    {
        "InvoiceDetailOrderInfo": Through(
            Table(
                {
                    "OrderIDInfo": Through(Table({}, {"orderID": "order_number"})),
                    "OrderReference": Through(Table({}, {"orderID": "order_number"})),
                    "MasterAgreementIDInfo": Through(Table({}, {"agreementID": "contract"})),
                    "MasterAgreementReference": Through(Table({}, {"agreementID": "contract"})),
                }
            )
        ),
        "InvoiceDetailShipNoticeInfo": Through(Table({"ShipNoticeReference": _NOTICE, "ShipNoticeIDInfo": _NOTICE})),
        "InvoiceDetailItem": _item,
    },
)
_SUMMARY = Table(
    {
        "SubtotalAmount": _money("lines"),
        "Tax": _TAX,
        "SpecialHandlingAmount": _money("handling"),
        "ShippingAmount": _money("shipping"),
        "InvoiceDetailDiscount": _money("discount"),
        "InvoiceHeaderModifications": _MODIFICATIONS,
        "TotalCharges": _money("charges_sum"),
        "TotalAllowances": _money("allowances_sum"),
        "TotalAmountWithoutTax": _money("without_tax"),
        "NetAmount": _money("with_tax"),
        "DepositAmount": _money("prepaid"),
        "DueAmount": _money("payable"),
    }
)
_REQUEST = Table(
    {
        "InvoiceDetailRequestHeader": Through(_HEADER),
        "InvoiceDetailOrder": _order,
        "InvoiceDetailSummary": Part("summary", _SUMMARY),
    }
)


# --- the whole --------------------------------------------------------------------------------------------------
def read_invoice(reading: Reading, root: Element) -> Found:
    """The invoice's fields as they are validated; `root` is an InvoiceDetailRequest."""
    found = reading.group(root, _REQUEST, "")
    parts = header_parts(root)
    for field, name in (("seller", "From"), ("buyer", "To")):
        if name in parts and (party := credentials(reading, parts[name])):
            _join(found.setdefault(field, reading.open(parts[name])), party)
    request = root.getparent()
    if request is not None and (request.get("deploymentMode") or "").strip().lower() == "test":
        found["test"] = True
    if reading.currency is not None:
        found["currency"] = reading.currency
    _settle_head(found)
    _settle_sums(reading, found)
    if found.get("type") == "credit_note" and not reading.locates:
        _make_positive(found)
    return found


def _join(party: Found, credentials_of: Found) -> None:
    """The numbers that From and To name are the party's, after its own."""
    own = party.get("id")
    if own is None:
        party.update(credentials_of)
    elif own == credentials_of.get("id") and "identifiers" in credentials_of:
        party["identifiers"] = credentials_of["identifiers"]


def _settle_head(found: Found) -> None:
    found.setdefault("type", "invoice")
    if "credited" in found:
        found["credits"] = [found.pop("credited")]
    due = _due_date(found.pop("days", None), found.get("issue_date"))
    if due is not None:
        found["due_date"] = due
    lines = found.get("lines", ())
    numbers = {line.get("order_number") for line in lines}
    if len(numbers) == 1 and (number_of := numbers.pop()) is not None:
        found["order_number"] = number_of
    contracts = set(found.pop("contracts", ()))
    if len(contracts) == 1:
        found["contract"] = contracts.pop()
    for line in lines:
        if "despatch_number" in found:
            line.setdefault("despatch_number", found["despatch_number"])


def _due_date(days: object, issued: object) -> date | None:
    if not isinstance(days, Decimal) or not isinstance(issued, date):
        return None
    if not 0 <= days <= _LONGEST_TERM or days != int(days) or issued > date.max - timedelta(days=int(days)):
        return None
    return issued + timedelta(days=int(days))


def _settle_sums(reading: Reading, found: Found) -> None:
    """The summary's parts: subtotals, charges and totals. What the summary has by itself (shipping, handling, a
    discount) is a charge or allowance as well."""
    summary = found.pop("summary", None)
    if summary is None:
        return
    tax = summary.pop("tax_total", {})
    if "details" in tax:
        found["taxes"] = tax["details"]
        _inherit_tax(found)
    charges = summary.pop("charges", [])
    for field, code, reason in _COSTS:
        if summary.get(field):
            charges.append({"is_charge": True, "amount": summary[field], "reason_code": code, "reason": reason})
    if summary.get("discount"):
        charges.append({"is_charge": False, "amount": summary["discount"], "reason_code": "95", "reason": "Discount"})
    if charges:
        found["charges"] = charges
    found["totals"] = _totals(reading, summary, tax.get("tax"), charges)


def _inherit_tax(found: Found) -> None:
    """Where there is one tax in all, it is that of each line that says none."""
    if len(found["taxes"]) == 1:
        only = {name: value for name, value in found["taxes"][0].items() if name in ("category", "percent")}
        for line in found.get("lines", ()):
            line.setdefault("tax", dict(only))


def _totals(reading: Reading, sums: Found, tax: Any, charges: list[Found]) -> Found:
    """The summary with what it doesn't say itself, and without what is no total."""
    if tax is not None:
        sums["tax"] = tax
    amounts = {True: _ZERO, False: _ZERO}
    for charge in charges:
        if isinstance(charge.get("amount"), Decimal):
            amounts[charge["is_charge"]] = EXACT.add(amounts[charge["is_charge"]], charge["amount"])
    sums["charges"], sums["allowances"], sums["rounding"] = amounts[True], amounts[False], _ZERO
    prepaid, with_tax = sums.setdefault("prepaid", _ZERO), sums.get("with_tax")
    if isinstance(with_tax, Decimal) and isinstance(tax, Decimal):
        sums.setdefault("without_tax", EXACT.subtract(with_tax, tax))
    if isinstance(with_tax, Decimal) and isinstance(prepaid, Decimal):
        due = EXACT.subtract(with_tax, prepaid)
        payable = sums.setdefault("payable", due)
        if isinstance(payable, Decimal):
            sums["rounding"] = EXACT.subtract(payable, due)
    for name in [name for name in sums if name not in _TOTALS]:
        del sums[name]
    return sums


def _make_positive(found: Found) -> None:
    """A credit memo's quantities and amounts with the other sign, where they are below zero in all."""
    sums = found.get("totals", {})
    payable = sums.get("payable")
    if not isinstance(payable, Decimal) or payable >= 0:
        return
    _negate(sums, *sums)
    for one in found.get("taxes", ()):
        _negate(one, "taxable_amount", "tax_amount")
    for line in found.get("lines", ()):
        _negate(line, "quantity", "net_amount")
        for charge in line.get("charges", ()):
            _negate(charge, "amount", "base_amount")
    for charge in found.get("charges", ()):
        _negate(charge, "amount", "base_amount")


def _negate(group: Found, *fields: str) -> None:
    for field in fields:
        value = group.get(field)
        if isinstance(value, Decimal) and value:
            group[field] = value.copy_negate()


_MISSING = {
    "number": "InvoiceDetailRequestHeader/@invoiceID",
    "issue_date": "InvoiceDetailRequestHeader/@invoiceDate",
    "currency": "Money/@currency",
    "seller": "InvoiceDetailRequestHeader/InvoicePartner",
    "buyer": "InvoiceDetailRequestHeader/InvoicePartner",
    "totals": "InvoiceDetailSummary",
    "taxes": "InvoiceDetailSummary/Tax/TaxDetail",
    "lines": "InvoiceDetailOrder/InvoiceDetailItem",
    "line_number": "@invoiceLineNumber",
    "quantity": "@quantity",
    "price": "UnitPrice",
    "amount": "Money",
    "net_amount": "NetAmount/Money",
    "with_tax": "NetAmount/Money",
    "payable": "NetAmount/Money",
    "tax": "Tax",
    "without_tax": "TotalAmountWithoutTax/Money",
    "category": f"Extrinsic[{CATEGORY}]",
    "taxable_amount": "TaxableAmount/Money",
    "tax_amount": "TaxAmount/Money",
}


class InvoicePlaces(Places):
    """The places of one invoice's values in its document."""

    missing = _MISSING
