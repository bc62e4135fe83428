"""An order response as a cXML ConfirmationRequest, written and read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from schemas.documents.validation import Unreadable
from schemas.formats.cxml_1_2.amounts import amount
from schemas.formats.cxml_1_2.envelope import Envelope, request_text
from schemas.formats.cxml_1_2.parties import credentials, header_parts
from schemas.formats.cxml_1_2.reading import Found, Number, Part, Reading, Table, Through
from schemas.formats.cxml_1_2.steps import comments, comments_text
from schemas.formats.cxml_1_2.text import attribute, element, escaped, instant, money, noon
from schemas.formats.xml import Element
from schemas.units import KNOWN as REC_20
from schemas.values import EXACT

_STATUSES = {
    "accepted": "accept",
    "changed": "detail",
    "backordered": "backordered",
    "rejected": "reject",
    "cancelled": "reject",
}
_READ_STATUSES = {
    "accept": "accepted",
    "detail": "changed",
    "allDetail": "changed",
    "backordered": "backordered",
    "reject": "rejected",
}
_OUTCOMES = {
    "accept": "accepted",
    "allDetail": "changed",
    "detail": "changed",
    "except": "changed",
    "backordered": "changed",
    "reject": "rejected",
}
BASIS_QUANTITY, BASIS_UNIT = "priceBasisQuantity", "priceBasisUnit"
"""Extrinsics of a ConfirmationStatus: what its UnitPrice is for, where that isn't one of the ordered unit."""


# --- reading ----------------------------------------------------------------------------------------------------
def _outcome(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    wrong = Unreadable(value, "bad_value", ", ".join(_OUTCOMES))
    found["outcome"] = reading.as_read(_OUTCOMES.get(value, wrong), value)
    found["type"] = str(value)


def _notice_date(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    when = reading.moment(value)
    if isinstance(when, Unreadable):
        found["issue_date"] = reading.as_read(when, value)
        return
    found["issue_date"] = reading.as_read(when.day, value)
    if when.at is not None:
        found["issued_at"] = reading.as_read(when.at, value)


def _order_date(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    found["order_issue_date"] = reading.day(value)


def _status(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    wrong = Unreadable(value, "bad_value", ", ".join(_READ_STATUSES))
    found["status"] = reading.as_read(_READ_STATUSES.get(value, wrong), value)


def _promised(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    found["promised_delivery"] = reading.day(value)


def _unit(reading: Reading, element: Element, found: Found, path: str) -> None:
    reading.plain("unit", element, found, path)
    if (code := found.get("unit")) in REC_20:
        found["unit_code"] = code


def _basis(reading: Reading, element: Element, found: Found, path: str) -> None:
    name, value, price = element.get("name"), reading.text(element), found.get("price")
    if value is None or price is None:
        return
    if name == BASIS_QUANTITY:
        price["base_quantity"] = reading.number(value)
    elif name == BASIS_UNIT:
        price["unit"] = value
        if value in REC_20:
            price["unit_code"] = value


def _comments(reading: Reading, element: Element, found: Found, path: str) -> None:
    comments(reading, element, found, path)
    if "note" in found:
        found["reason"] = found.pop("note")


_CONFIRMATION_STATUS = Table(
    {
        "UnitOfMeasure": _unit,
        "UnitPrice": Part("price", Table({"Money": amount("amount")})),
        "Comments": _comments,
        "Extrinsic": _basis,
    },
    {"quantity": Number("quantity"), "type": _status, "deliveryDate": _promised},
)


def _confirmation_status(reading: Reading, element: Element, found: Found, path: str) -> None:
    outcome = reading.group(element, _CONFIRMATION_STATUS, f"{path}ConfirmationStatus/")
    reading.add("outcomes", outcome, element, found)


_CONFIRMATION_ITEM = Table({"ConfirmationStatus": _confirmation_status}, {"lineNumber": "line_number"})


def _confirmation_item(reading: Reading, element: Element, found: Found, path: str) -> None:
    line = reading.group(element, _CONFIRMATION_ITEM, f"{path}ConfirmationItem/")
    line.setdefault("outcomes", [])
    found.setdefault("lines", []).append(line)


_HEADER = Through(
    Table({"Comments": comments}, {"confirmID": "number", "type": _outcome, "noticeDate": _notice_date}),
)
_REFERENCE = Through(Table({}, {"orderID": "order_number", "orderDate": _order_date}))
_CONFIRMATION_REQUEST = Table(
    {"ConfirmationHeader": _HEADER, "OrderReference": _REFERENCE, "ConfirmationItem": _confirmation_item}
)


def read_order_response(reading: Reading, root: Element) -> Found:
    """The response's fields as they are validated. What it says beyond them is not kept: a response is our own. `root`
    is a ConfirmationRequest."""
    found = reading.group(root, _CONFIRMATION_REQUEST, "")
    found.setdefault("lines", [])
    if found.pop("type", None) in ("detail", "allDetail") and not found["lines"]:
        found["outcome"] = "received"
    request = root.getparent()
    parts = header_parts(root)
    for field, name in (("seller", "From"), ("buyer", "To")):
        if name in parts and (party := credentials(reading, parts[name])):
            found[field] = party
    if request is not None and (request.get("deploymentMode") or "").strip().lower() == "test":
        found["test"] = True
    if reading.currency is not None:
        found["currency"] = reading.currency
    return found


# --- writing ----------------------------------------------------------------------------------------------------
def render_order_response(response: OrderResponse, envelope: Envelope | None = None) -> bytes:
    """The response as a ConfirmationRequest: `accept`, `except` with only the lines that differ, `backordered`,
    `reject` with the reasons in its Comments, or `detail` where not every line is answered yet.

    Without an envelope it names itself and the order by their numbers.
    """
    known = envelope or _of_itself(response)
    if response.test and not known.test:
        known = replace(known, test=True)
    kind = _kind(response, known.complete)
    items = "".join(_item_text(line, response.currency) for line in _listed(response, kind))
    note = _note_with_reasons(response) if kind == "reject" else response.note
    inner = _header_text(response, known, kind, note) + _reference_text(response, known) + items
    return request_text("Fulfill", known, f"<ConfirmationRequest>{inner}</ConfirmationRequest>")


def _of_itself(response: OrderResponse) -> Envelope:
    return Envelope.of(response.seller, response.buyer, response.number, response.test, _notice_date_text(response))


def _kind(response: OrderResponse, complete: bool) -> str:
    """ConfirmationHeader/@type. cXML has no word for an order that was received and nothing else: the HTTP answer says
    that, and `detail` without lines changes nothing."""
    if response.outcome == "rejected":
        return "reject"
    if response.outcome == "received" or not complete:
        return "detail"
    statuses = {outcome.status for line in response.lines for outcome in line.outcomes}
    if statuses and statuses <= {"cancelled", "rejected"}:  # a cancellation that is done: `accept` would be the order's
        return "except"
    answered = [line for line in response.lines if line.outcomes]
    if response.outcome == "accepted" or (answered and all(_is_as_ordered(line) for line in answered)):
        return "accept"
    return "backordered" if statuses == {"backordered"} else "except"


def _listed(response: OrderResponse, kind: str) -> Iterator[ResponseLine]:
    """The lines that a confirmation of this type names: `accept` only such that are accepted, `except` those that
    differ."""
    if kind == "reject" or response.outcome == "received":
        return
    for line in response.lines:
        if line.outcomes and (kind not in ("accept", "except") or _is_as_ordered(line) == (kind == "accept")):
            yield line


def _is_as_ordered(line: ResponseLine) -> bool:
    """Whether the whole line is accepted in one delivery."""
    return len(line.outcomes) == 1 and line.outcomes[0].status == "accepted"


def _header_text(response: OrderResponse, envelope: Envelope, kind: str, note: str | None) -> str:
    named = attribute("confirmID", envelope.confirm_id or response.number)
    named += attribute("operation", "new" if envelope.replaces is None else "update")
    named += attribute("type", kind) + attribute("noticeDate", _notice_date_text(response))
    replaced = _document_reference(envelope.replaces) if envelope.replaces is not None else ""
    return f"<ConfirmationHeader{named}>{replaced}{comments_text(note)}</ConfirmationHeader>"


def _document_reference(payload_id: str) -> str:
    return f"<DocumentReference{attribute('payloadID', payload_id)}/>"


def _notice_date_text(response: OrderResponse) -> str:
    moment = response.issued_at
    return instant(moment) if moment is not None and moment.tzinfo is not None else noon(response.issue_date)


def _reference_text(response: OrderResponse, envelope: Envelope) -> str:
    day = response.order_issue_date
    order_date = envelope.order_date or (day.isoformat() if day is not None else None)
    named = attribute("orderID", response.order_number) + attribute("orderDate", order_date)
    payload_id = envelope.order_payload_id or response.order_number
    return f"<OrderReference{named}>{_document_reference(payload_id)}</OrderReference>"


def _note_with_reasons(response: OrderResponse) -> str | None:
    """The note, and the lines' reasons that it doesn't give already: `reject` names no lines."""
    said = response.note or ""
    reasons = [
        f"Line {line.line_number}: {outcome.reason}"
        for line in response.lines
        for outcome in line.outcomes
        if outcome.reason is not None and outcome.reason not in said
    ]
    return "\n".join([*([said] if said else []), *reasons]) or None


def _item_text(line: ResponseLine, currency: str | None) -> str:
    """A ConfirmationItem; its quantity is what was ordered, the sum of what becomes of it."""
    ordered = Decimal(0)
    for outcome in line.outcomes:
        ordered = EXACT.add(ordered, outcome.quantity)
    named = attribute("quantity", f"{ordered:f}") + attribute("lineNumber", line.line_number)
    unit = _unit_text(line.outcomes[0].unit)
    statuses = "".join([_status_text(outcome, currency) for outcome in line.outcomes])
    return f"<ConfirmationItem{named}>{unit}{statuses}</ConfirmationItem>"


def _status_text(outcome: LineOutcome, currency: str | None) -> str:
    named = attribute("quantity", f"{outcome.quantity:f}") + attribute("type", _STATUSES[outcome.status])
    if outcome.promised_delivery is not None:
        named += attribute("deliveryDate", noon(outcome.promised_delivery))
    price, basis = "", ""
    if outcome.price is not None and outcome.status == "changed":
        price = f"<UnitPrice>{money(outcome.price.amount, currency)}</UnitPrice>"
        if outcome.price.base_quantity != 1 or outcome.price.unit is not None:
            basis = _extrinsic(BASIS_QUANTITY, f"{outcome.price.base_quantity:f}")
            basis += _extrinsic(BASIS_UNIT, outcome.price.unit)
    inner = _unit_text(outcome.unit) + price + comments_text(outcome.reason) + basis
    return f"<ConfirmationStatus{named}>{inner}</ConfirmationStatus>"


def _extrinsic(name: str, value: str | None) -> str:
    return "" if value is None else f'<Extrinsic name="{name}">{escaped(value)}</Extrinsic>'


def _unit_text(unit: str | None) -> str:
    """cXML demands a unit: one that isn't known is empty."""
    return element("UnitOfMeasure", unit or "")
