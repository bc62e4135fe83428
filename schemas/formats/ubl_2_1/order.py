"""A UBL Order, read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time

from schemas.documents.order import Order
from schemas.formats.large_xml import Arriving
from schemas.formats.ubl_2_1.amounts import charge, charge_text, total
from schemas.formats.ubl_2_1.attachments import additional_document, attachment_text
from schemas.formats.ubl_2_1.deliveries import delivery_text, header_delivery, settle_order_place
from schemas.formats.ubl_2_1.names import cac, cbc
from schemas.formats.ubl_2_1.order_lines import order_line, order_line_text
from schemas.formats.ubl_2_1.parties import holder_text, party_holder
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import NO_CURRENCY, day, lost, texts, through, within
from schemas.formats.ubl_2_1.text import document, element, group, money
from schemas.formats.xml import Element

PEPPOL_CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:order:3"
PEPPOL_ORDERING = "urn:fdc:peppol.eu:poacc:bis:ordering:3"
PEPPOL_ORDER_ONLY = "urn:fdc:peppol.eu:poacc:bis:order_only:3"
PEPPOL_ADVANCED = "urn:fdc:peppol.eu:poacc:bis:advanced_ordering:3"
"""The profile that changes and cancellations belong to."""

_ORDER_ONLY = re.compile(r"bis:order_only:|profile:bii0?3:|nesubl\.eu:profiles:profile3:", re.IGNORECASE)
"""Peppol BIS 3 order only, and its forerunners CEN BII 3 and NES 3: the seller answers outside the exchange."""

_TYPES: Mapping[str, tuple[str, bool]] = {
    "105": ("stand_alone", False),
    "220": ("stand_alone", False),
    "221": ("blanket", False),
    "224": ("stand_alone", True),
    "226": ("release", False),
    "227": ("consignment", False),
}
"""UNCL 1001: purchase order, order, blanket order, rush order, call-off order, consignment order; and whether rush."""
MUTUALLY_DEFINED = "ZZZ"
_TYPE_CODES = {"stand_alone": "220", "blanket": "221", "release": "226", "consignment": "227"}


def _order_type(reading: Reading, element: Element, found: Found, path: str) -> None:
    """OrderTypeCode: one that isn't handled is `other`, with the code itself kept aside."""
    code = reading.text(element)
    if "order_type" in found:
        reading.again(element, path)
        return
    if code is None:
        reading.blank(element)
        return
    order_type, rush = _TYPES.get(code, ("other", False))
    found["order_type"] = reading.meaning(order_type, element)
    if rush:
        found["rush"] = True
    if code not in _TYPES:
        reading.keep(element, path)


def _currency(reading: Reading, element: Element, found: Found, path: str) -> None:
    reading.plain("currency", element, found, path)
    reading.currency = found.get("currency", reading.currency)


def _profile(reading: Reading, element: Element, found: Found, path: str) -> None:
    reading.plain("profile", element, found, path)
    profile = found.get("profile", "")
    if profile != PEPPOL_ORDERING and _ORDER_ONLY.search(profile):
        found["response_requested"] = False


def _copy(reading: Reading, element: Element, found: Found, path: str) -> None:
    """CopyIndicator: a copy of an order is none; where the order itself didn't come, a person finds out why."""
    if reading.is_second(element):
        return
    reading.keep(element, path)
    value = reading.text(element)
    if value is not None and reading.flag(value) is not False:
        reading.hold("unsupported_document", "the document says that it is a copy of an order, not the order", element)


ORDER: Table = {
    cbc("UBLVersionID"): lost,
    cbc("CustomizationID"): "customization",
    cbc("ProfileID"): _profile,
    cbc("ID"): "order_number",
    cbc("CopyIndicator"): _copy,
    cbc("IssueDate"): day("issue_date"),
    cbc("IssueTime"): "issue_time",
    cbc("OrderTypeCode"): _order_type,
    cbc("Note"): texts("note"),
    cbc("DocumentCurrencyCode"): _currency,
    cac("ValidityPeriod"): through("cac:ValidityPeriod", {cbc("EndDate"): day("respond_by")}),
    cac("AdditionalDocumentReference"): additional_document,
    cac("Contract"): within("cac:Contract", cbc("ID"), "contract"),
    **party_holder("buyer", cac("BuyerCustomerParty")),
    **party_holder("seller", cac("SellerSupplierParty")),
    **party_holder("final_recipient", cac("OriginatorCustomerParty")),
    **party_holder("bill_to", cac("AccountingCustomerParty")),
    cac("Delivery"): header_delivery,
    cac("AllowanceCharge"): charge,
    cac("AnticipatedMonetaryTotal"): through("cac:AnticipatedMonetaryTotal", {cbc("PayableAmount"): total}),
    cac("OrderLine"): order_line,
}


def read_order(reading: Reading, root: Element | Arriving) -> Found:
    """The order's fields as they are validated: canonical names, exact values, `Unreadable` where one isn't."""
    return settled(reading, reading.group(root, ORDER, ""))


def settled(reading: Reading, found: Found) -> Found:
    """The fields with what is only known at the document's end."""
    _settle_time(reading, found)
    settle_order_place(found)
    reading.settle(found)
    return found


def _settle_time(reading: Reading, found: Found) -> None:
    """Date and time with an offset are a moment; a local time without one is kept aside."""
    written = found.pop("issue_time", None)
    if written is None:
        return
    clock, day = reading.clock(written), found.get("issue_date")
    if not isinstance(clock, time):
        found["issued_at"] = clock
    elif clock.tzinfo is not None and isinstance(day, date):
        found["issued_at"] = datetime.combine(day, clock)
    else:
        reading.keep_value("cbc:IssueTime", written)


# --- writing ----------------------------------------------------------------------------------------------------
def render_order(order: Order, files: Mapping[str, bytes] | None = None) -> bytes:
    """The order as a UBL 2.1 Order. `files` are the attachments' bytes by SHA-256, embedded where they are given."""
    return _order_text(order, order.customization, order.profile, files or {})


def render_peppol_order(order: Order, files: Mapping[str, bytes] | None = None) -> bytes:
    """The order as a Peppol BIS 3 order (T01), for ordering or, where no response is wanted, for order only."""
    profile = PEPPOL_ORDERING if order.response_requested else PEPPOL_ORDER_ONLY
    return _order_text(order, PEPPOL_CUSTOMIZATION, profile, files or {})


def _order_text(order: Order, customization: str | None, profile: str | None, files: Mapping[str, bytes]) -> bytes:
    currency = order.currency or NO_CURRENCY
    return document(
        "Order",
        element("CustomizationID", customization)
        + element("ProfileID", profile)
        + element("ID", order.order_number)
        + issued_text(order)
        + element("OrderTypeCode", _type_code(order))
        + element("Note", order.note)
        + element("DocumentCurrencyCode", order.currency)
        + validity_text(order)
        + "".join(attachment_text(index, one, files) for index, one in enumerate(order.attachments, 1))
        + group("Contract", element("ID", order.contract))
        + holders_text(order)
        + terms_text(order, currency)
        + "".join(order_line_text(line, currency) for line in order.lines),
    )


def validity_text(order: Order) -> str:
    """By when it is to be answered."""
    return group("ValidityPeriod", element("EndDate", order.respond_by.isoformat() if order.respond_by else None))


def holders_text(order: Order) -> str:
    """Buyer, seller and whom it is for, as every kind of order names them."""
    recipient = holder_text("OriginatorCustomerParty", order.final_recipient) if order.final_recipient else ""
    return holder_text("BuyerCustomerParty", order.buyer) + holder_text("SellerSupplierParty", order.seller) + recipient


def terms_text(order: Order, currency: str) -> str:
    """What stands between the parties and the lines: who pays, where to and when, charges and the total."""
    return (
        (holder_text("AccountingCustomerParty", order.bill_to) if order.bill_to else "")
        + delivery_text(order.ship_to, order.requested_delivery)
        + "".join(charge_text(one, currency) for one in order.charges)
        + group("AnticipatedMonetaryTotal", money("PayableAmount", order.total, currency))
    )


def issued_text(order: Order) -> str:
    """IssueDate, and IssueTime where the order says the moment."""
    moment = order.issued_at
    day = order.issue_date or (moment.date() if moment is not None else None)
    if day is None:
        return ""
    clock = element("IssueTime", moment.timetz().isoformat()) if moment is not None and moment.date() == day else ""
    return f"<cbc:IssueDate>{day.isoformat()}</cbc:IssueDate>{clock}"


def _type_code(order: Order) -> str | None:
    """The UNCL 1001 code; of an order of another kind the one it came with."""
    if order.order_type == "other":
        kept = (one.value for one in order.extensions if one.name == "cbc:OrderTypeCode" and one.value)
        return next(kept, MUTUALLY_DEFINED)
    if order.order_type == "stand_alone" and order.rush:
        return "224"
    return _TYPE_CODES[order.order_type]
