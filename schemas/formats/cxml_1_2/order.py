"""A cXML OrderRequest, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from schemas.documents.common import Extension
from schemas.documents.order import MAX_VERSION, Order, says_no_version
from schemas.documents.validation import Unreadable
from schemas.formats.cxml_1_2.amounts import MODIFICATIONS, amount, modifications_text, shipping
from schemas.formats.cxml_1_2.envelope import Envelope, request_text
from schemas.formats.cxml_1_2.order_lines import item_out, item_out_text, settle_agreements, settle_groups
from schemas.formats.cxml_1_2.parties import contact_text, credentials, header_contact, header_parts, place, place_text
from schemas.formats.cxml_1_2.reading import Found, Reading, Table, Through, lost
from schemas.formats.cxml_1_2.steps import comments, comments_text, extrinsic, extrinsics_text, requested_day
from schemas.formats.cxml_1_2.text import NO_CURRENCY, attribute, clocked, instant, money
from schemas.formats.xml import Element

_FUNCTIONS = {"new": "original", "update": "change", "delete": "cancel"}
_TYPES = {function: written for written, function in _FUNCTIONS.items()}
_ORDER_TYPES = {"regular": "stand_alone", "release": "release", "blanket": "blanket"}
_WRITTEN_ORDER_TYPES = {**{ours: theirs for theirs, ours in _ORDER_TYPES.items()}, "consignment": "regular"}
_OTHER_TYPES = ("stockTransport", "stockTransportRelease")
_KEPT_TYPE = "@orderType"
_VERSION = f"a whole number from 0 to {MAX_VERSION:,}"


def _function(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    function = _FUNCTIONS.get(value.lower())
    wrong = Unreadable(value, "bad_value", "new, update or delete")
    found["function"] = reading.as_read(wrong if function is None else function, value)


def _order_type(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@orderType: one that isn't handled is `other`, with the word itself kept aside."""
    known = _ORDER_TYPES.get(value.lower())
    found["order_type"] = reading.as_read(known or "other", value)
    if known is None:
        reading.keep_value(_KEPT_TYPE, value)


def _version(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    wrong = Unreadable(value, "not_a_number", _VERSION)
    is_whole = value.isascii() and value.isdigit() and len(value) <= len(_VERSION)
    found["version"] = reading.as_read(int(value) if is_whole else wrong, value)


def _order_date(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@orderDate: with an offset it is a moment; a local time without one is kept aside as written."""
    when = reading.moment(value)
    if isinstance(when, Unreadable):
        found["issue_date"] = reading.as_read(when, value)
        return
    found["issue_date"] = reading.as_read(when.day, value)
    if when.at is not None:
        found["issued_at"] = reading.as_read(when.at, value)
    elif when.clock is not None:
        reading.keep_value("@orderDate", value)


def _ship_complete(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    if value.lower() == "yes":
        found["partial_allowed"] = reading.as_read(False, value)
    else:
        reading.keep_value("@shipComplete", value)


def _confirmation_wanted(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """OCInstruction/@value: whether an order confirmation is taken at all."""
    if value == "notAllowed":
        found["response_requested"] = reading.as_read(False, value)
    elif value != "allowed":
        reading.keep_value(f"{path}@value", value)


def _delivery_period(reading: Reading, element: Element, found: Found, path: str) -> None:
    """DeliveryPeriod/Period: the window, with the times that aren't midnight."""
    period = next((child for child in element[:] if child.tag == "Period"), None)
    if "delivery_period" in found:
        reading.again(element, path)
        return
    if period is None:
        reading.keep(element, path)
        return
    window = reading.open(period)
    for name, field in (("startDate", "start"), ("endDate", "end")):
        if value := (period.get(name) or "").strip():
            _bound(reading, reading.located(value, period, name), field, window)
    if window:
        found["delivery_period"] = window


def _card(reading: Reading, element: Element, found: Found, path: str) -> None:
    """A purchasing card, less its number and expiry: those don't belong in an order's record."""
    reading.attributes_into(found, element, element.items(), {"number": lost, "expiration": lost}, f"{path}PCard/")
    for child in element:
        reading.keep(child, f"{path}PCard/")


def _bound(reading: Reading, value: str, field: str, window: Found) -> None:
    when = reading.moment(value)
    if isinstance(when, Unreadable):
        window[field] = reading.as_read(when, value)
        return
    window[field] = reading.as_read(when.day, value)
    if when.says_time:
        window[f"{field}_time"] = reading.as_read(when.clock, value)


_TOTAL = Through(Table({"Money": amount("total"), "Modifications": MODIFICATIONS}))
_OC_INSTRUCTION = Through(Table({}, {"value": _confirmation_wanted}))
HEADER = Table(
    {
        "Total": _TOTAL,
        "ShipTo": place("ship_to"),
        "BillTo": place("bill_to"),
        "Shipping": shipping,
        "Contact": header_contact,
        "Comments": comments,
        "ControlKeys": Through(Table({"OCInstruction": _OC_INSTRUCTION})),
        "DeliveryPeriod": _delivery_period,
        "Payment": Through(Table({"PCard": _card})),
        "Extrinsic": extrinsic,
    },
    {
        "orderID": "order_number",
        "orderDate": _order_date,
        "orderType": _order_type,
        "type": _function,
        "orderVersion": _version,
        "agreementID": "contract",
        "shipComplete": _ship_complete,
        "requestedDeliveryDate": requested_day,
    },
)


def _header(reading: Reading, element: Element, found: Found, path: str) -> None:
    if "header" in found:
        reading.again(element, path)
        return
    found["header"] = True
    reading.into(found, element, HEADER, "")


_ORDER_REQUEST = Table({"OrderRequestHeader": _header, "ItemOut": item_out})


def read_order(reading: Reading, root: Element) -> Found:
    """The order's fields as they are validated: canonical names, exact values, `Unreadable` where one isn't. `root` is
    an OrderRequest; the parties and whether it is a test stand around it."""
    found = reading.group(root, _ORDER_REQUEST, "")
    found.pop("header", None)
    if reading.parts_of or reading.headings:
        found.setdefault("lines", [])
        settle_groups(reading, found)
    settle_agreements(reading, root, found)
    _settle_window(reading, found)
    if says_no_version(found):
        found["version"] = 0
    _settle_parties(reading, root, found)
    _settle_respond_by(reading, found)
    request = root.getparent()
    if request is not None and (request.get("deploymentMode") or "").strip().lower() == "test":
        found["test"] = True
    reading.settle(found)
    return found


def _settle_window(reading: Reading, found: Found) -> None:
    """A DeliveryPeriod says more than the one day, which is then kept aside."""
    window = found.pop("delivery_period", None)
    if window is None:
        return
    if "requested_delivery" in found:
        day = found["requested_delivery"]["end"]
        if day not in (window.get("start"), window.get("end")):
            reading.keep_value("@requestedDeliveryDate", day.isoformat() if isinstance(day, date) else str(day))
    found["requested_delivery"] = window


def _settle_parties(reading: Reading, root: Element, found: Found) -> None:
    """From is the buyer, To the seller."""
    contact, parts = found.pop("buyer_contact", None), header_parts(root)
    for field, name in (("buyer", "From"), ("seller", "To")):
        party = credentials(reading, parts[name]) if name in parts else {}
        if field == "buyer" and contact is not None:
            party["contact"] = contact
        if party:
            found[field] = party


def _settle_respond_by(reading: Reading, found: Found) -> None:
    """The earliest @confirmationDueDate is the order's; a line's other one is kept aside with the line."""
    if not reading.says_dues:
        return
    dues = [(line, line.pop("due")) for line in found.get("lines", ()) if "due" in line]
    if not dues:
        return
    days = [due for _, due in dues if isinstance(due, date)]
    earliest: Any = min(days) if len(days) == len(dues) else next(due for _, due in dues if not isinstance(due, date))
    found["respond_by"] = earliest
    for line, due in dues:
        if due != earliest and isinstance(due, date):
            line.setdefault("extensions", []).append({"name": "@confirmationDueDate", "value": due.isoformat()})


# --- writing ----------------------------------------------------------------------------------------------------
def render_order(order: Order, files: Mapping[str, bytes] | None = None, envelope: Envelope | None = None) -> bytes:
    """The order as an OrderRequest. Attachments go out as links: their bytes are parts beside the document."""
    respond_by = order.respond_by.isoformat() if order.respond_by is not None else None
    lines = "".join(item_out_text(line, order.currency, respond_by) for line in order.lines)
    inner = f"<OrderRequest><OrderRequestHeader{_attributes_text(order)}>{_header_text(order)}</OrderRequestHeader>"
    known = envelope or Envelope.of(order.buyer, order.seller, order.order_number, order.test, _order_date_text(order))
    return request_text("cXML", known, f"{inner}{lines}</OrderRequest>")


def _attributes_text(order: Order) -> str:
    unsaid = 1 if order.function == "original" else 0
    return (
        attribute("orderID", order.order_number)
        + attribute("orderDate", _order_date_text(order))
        + attribute("orderType", _order_type_text(order))
        + attribute("type", _TYPES[order.function])
        + attribute("orderVersion", str(order.version) if order.version != unsaid else None)
        + attribute("agreementID", order.contract)
        + attribute("shipComplete", "yes" if order.partial_allowed is False else None)
    )


def _order_date_text(order: Order) -> str:
    """The moment where it is one of the issue date, else the date alone."""
    moment = order.issued_at
    if moment is not None and moment.tzinfo is not None and order.issue_date in (None, moment.date()):
        return instant(moment)
    day = order.issue_date or (moment.date() if moment is not None else None)
    return day.isoformat() if day is not None else ""


def _order_type_text(order: Order) -> str:
    """The word for the order's type; of an order of another kind the one that it came with, if the DTD has it."""
    if order.order_type != "other":
        return _WRITTEN_ORDER_TYPES[order.order_type]
    kept = (one.value for one in order.extensions if one.name == _KEPT_TYPE and one.value in _OTHER_TYPES)
    return next(kept, _OTHER_TYPES[0])


def _extensions(order: Order) -> tuple[Extension, ...]:
    """What goes out as Extrinsics: not the type, which has its attribute."""
    if order.order_type != "other":
        return order.extensions
    return tuple(one for one in order.extensions if one.name != _KEPT_TYPE)


def _header_text(order: Order) -> str:
    total = money(order.total, order.currency) if order.total is not None else _no_money(order.currency)
    contact = order.buyer.contact if order.buyer is not None else None
    control = "" if order.response_requested else '<ControlKeys><OCInstruction value="notAllowed"/></ControlKeys>'
    bill_to = place_text("BillTo", order.bill_to) or _NO_PLACE
    return (
        f"<Total>{total}{modifications_text(order.charges, order.currency)}</Total>"
        + place_text("ShipTo", order.ship_to)
        + bill_to
        + contact_text(contact)
        + comments_text(order.note, order.attachments)
        + control
        + _period_text(order)
        + extrinsics_text(_extensions(order))
    )


_NO_PLACE = '<BillTo><Address><Name xml:lang="en"></Name></Address></BillTo>'


def _no_money(currency: str | None) -> str:
    """cXML demands a total: one that isn't known has a currency and no amount."""
    return f'<Money currency="{currency or NO_CURRENCY}"></Money>'


def _period_text(order: Order) -> str:
    """The window; where only one end of it is known, both are that day."""
    period = order.requested_delivery
    if period is None or (period.start is None and period.end is None):
        return ""
    start, end = period.start or period.end, period.end or period.start
    bounds = _bound_text("startDate", start, period.start_time) + _bound_text("endDate", end, period.end_time)
    return f"<DeliveryPeriod><Period{bounds}/></DeliveryPeriod>"


def _bound_text(name: str, day: date | None, clock: time | None) -> str:
    return attribute(name, clocked(day, clock) if day is not None else None)
