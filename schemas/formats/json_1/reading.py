"""json-1 → canonical documents, with every fault of the document at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from schemas.documents.billing import CreditNoteRequest, Delivery, InvoiceRequest
from schemas.documents.check_digits import wrong_check_digits
from schemas.documents.common import AnyDocument
from schemas.documents.despatch_advice import DespatchAdvice
from schemas.documents.inventory_report import InventoryReport
from schemas.documents.invoice import Invoice
from schemas.documents.order import Order
from schemas.documents.order_response import OrderResponse
from schemas.documents.partly_read import rejection, unread
from schemas.documents.shipment import Shipment
from schemas.documents.validation import pointer, shown
from schemas.faults import DocumentRejected, Fault
from schemas.formats import ReadOrder, ReadPart
from schemas.formats.json_1.judging import MAX_FAULTS, document_of, is_strange, order_of
from schemas.formats.xml import head
from schemas.safe_json.places import line_of
from schemas.safe_json.reader import read_json
from schemas.safe_json.text import looks_like_json

MAX_PLACED_BODY = 200_000
"""Bytes of a body in which lines are counted for a fault's location; in larger ones the pointer alone is the place."""
MAX_PLACED_FAULTS = 100
MAX_PATH = 500
MAX_NUMBER = 200
_D = TypeVar("_D", bound=AnyDocument)


def sniff(body: bytes) -> bool:
    """Whether this begins as a JSON object or array does."""
    return looks_like_json(body)


def check(body: bytes) -> int:
    """How many orders are in it. Raises DocumentRejected where the bytes can't be safely read as JSON, or hold no
    object and no list of objects."""
    value = _orders_in(body)
    return len(value) if isinstance(value, list) else 1


def parse_orders(body: bytes) -> tuple[ReadOrder, ...]:
    """The order in these bytes, or the orders of a JSON array, in their order.

    Raises DocumentRejected with every fault; where there are several orders the pointers begin with the order's index,
    `/1/lines/0/unit`.
    """
    value = _orders_in(body)
    several = isinstance(value, list) and len(value) > 1
    read: list[ReadOrder] = []
    faults: list[Fault] = []
    for index, one in enumerate(value if isinstance(value, list) else [value]):
        try:
            read.append(_read(body, one, f"/{index}" if isinstance(value, list) else ""))
        except DocumentRejected as rejected:
            if not several:
                raise
            faults += (replace(fault, path=_short(f"/{index}{fault.path}")) for fault in rejected.faults)
        if len(faults) >= MAX_FAULTS:
            break
    if faults:
        raise DocumentRejected(faults[:MAX_FAULTS])
    return tuple(read)


def read_parts(body: bytes, parts: Iterable[int]) -> dict[int, ReadPart]:
    """The orders of these numbers of a JSON array; of a single order, number 1. Pointers are those in the order itself.
    Raises as `check`."""
    value = _orders_in(body)
    orders = value if isinstance(value, list) else [value]
    found: dict[int, ReadPart] = {}
    for part in parts:
        if 0 < part <= len(orders):
            try:
                found[part] = _read(body, orders[part - 1], f"/{part - 1}" if isinstance(value, list) else "")
            except DocumentRejected as rejected:
                found[part] = rejected
    return found


def _read(body: bytes, value: Any, at: str) -> ReadOrder:
    """The order that stands at this pointer of the body. Raises DocumentRejected with every fault."""
    try:
        order = order_of(value)
    except DocumentRejected as rejected:
        raise _rejection(body, value, at, rejected.faults) from None
    return ReadOrder(order, warnings=tuple(_remarks(body, order, at)))


def _remarks(body: bytes, order: Order, at: str) -> Iterator[Fault]:
    """What is wrong and doesn't stop the order, with its place in the body."""
    for index, fault in enumerate(wrong_check_digits(order)):
        pointer = at + fault.path
        yield replace(fault, location=_place(body, pointer) if index < MAX_PLACED_FAULTS else pointer)


def _rejection(body: bytes, value: Any, at: str, faults: Sequence[Fault]) -> DocumentRejected:
    """Of an order that was judged to its end, with the rest of it."""
    placed, answer_to = _placed(body, faults, at), _answer_to(value)
    if len(faults) < MAX_FAULTS and not is_strange(Order, value):
        return rejection(value, faults, placed, answer_to)
    return unread(value, placed, answer_to)


def _answer_to(value: dict[str, Any]) -> str | None:
    """The number of an order, unless it wants no response."""
    if value.get("response_requested") is False:
        return None
    number = value.get("order_number")
    number = number.strip() if isinstance(number, str) else ""
    return number if 0 < len(number) <= MAX_NUMBER else None


def parse_order(body: bytes) -> Order:
    """The one order in these bytes. Raises DocumentRejected, also where there are several."""
    orders = parse_orders(body)
    if len(orders) != 1:
        raise DocumentRejected([_wrong_document(f"a list of {len(orders)} orders", "one order")])
    return orders[0].order


def parse_order_response(body: bytes) -> OrderResponse:
    """The order response in these bytes. Raises DocumentRejected with every fault."""
    return document_in(OrderResponse, "order response", body)


def parse_despatch_advice(body: bytes) -> DespatchAdvice:
    """The despatch advice in these bytes. Raises DocumentRejected with every fault."""
    return document_in(DespatchAdvice, "despatch advice", body)


def parse_inventory_report(body: bytes) -> InventoryReport:
    """The inventory report in these bytes. Raises DocumentRejected with every fault."""
    return document_in(InventoryReport, "inventory report", body)


def parse_invoice(body: bytes) -> Invoice:
    """The invoice or credit note in these bytes. Raises DocumentRejected with every fault."""
    return document_in(Invoice, "invoice or credit note", body)


def parse_shipment(body: bytes) -> Shipment:
    """The warehouse's shipment in these bytes. Raises DocumentRejected with every fault."""
    return document_in(Shipment, "shipment", body)


def parse_invoice_request(body: bytes) -> InvoiceRequest:
    """What the ERP wants billed. Raises DocumentRejected with every fault."""
    return document_in(InvoiceRequest, "request", body)


def parse_credit_note_request(body: bytes) -> CreditNoteRequest:
    """What the ERP wants credited. Raises DocumentRejected with every fault."""
    return document_in(CreditNoteRequest, "request", body)


def parse_delivery(body: bytes) -> Delivery:
    """When a shipment was there. Raises DocumentRejected with every fault."""
    return document_in(Delivery, "delivery", body)


def document_in(model: type[_D], name: str, body: bytes) -> _D:
    """The one document of this model in these bytes; `name` is what it is called. Raises DocumentRejected with every
    fault."""
    value = read_json(body, nulls=False)
    if not isinstance(value, dict):
        raise DocumentRejected([_wrong_document("no JSON object", f"an object: one {name}")])
    try:
        return document_of(model, value)
    except DocumentRejected as rejected:
        raise DocumentRejected(_placed(body, rejected.faults)) from None


def locate(body: bytes, pointers: Sequence[str], part: int = 1) -> list[str]:
    """Where values of an order stand in the body: the pointer, and of the first ones the line where that is cheap to
    count."""
    at = f"/{part - 1}" if head(body, 64).lstrip("\ufeff \t\r\n").startswith("[") else ""
    return [
        _place(body, at + pointer) if index < MAX_PLACED_FAULTS else at + pointer
        for index, pointer in enumerate(pointers)
    ]


def _place(body: bytes, pointer: str) -> str:
    if len(body) > MAX_PLACED_BODY:
        return pointer
    line = line_of(body, _steps(pointer))
    return pointer if line is None else f"{pointer or '/'} (line {line})"


def _orders_in(body: bytes) -> Any:
    value = read_json(body, nulls=False)
    if isinstance(value, dict):
        return value
    if not isinstance(value, list):
        raise DocumentRejected([_wrong_document("no JSON object", "an order as an object, or a list of such objects")])
    if not value:
        raise DocumentRejected([_wrong_document("the list is empty: there is no order in it", "at least one order")])
    if strangers := list(islice(_no_orders(value), MAX_FAULTS)):
        raise DocumentRejected(_placed(body, strangers))
    return value


def _no_orders(members: Iterable[Any]) -> Iterator[Fault]:
    """A fault for each member of the list that can't be an order."""
    for index, member in enumerate(members):
        if not isinstance(member, dict):
            detail = "a member of the list is no JSON object"
            yield Fault(
                "wrong_document", detail, pointer([index]), value=shown(member), expected="an order as an object"
            )


def _wrong_document(detail: str, expected: str) -> Fault:
    return Fault("wrong_document", detail, expected=expected)


def _placed(body: bytes, faults: Iterable[Fault], at: str = "") -> list[Fault]:
    return [_with_place(body, fault, at, index) for index, fault in enumerate(faults)]


def _with_place(body: bytes, fault: Fault, at: str, index: int) -> Fault:
    place = _place(body, at + fault.path) if index < MAX_PLACED_FAULTS else at + fault.path
    return replace(fault, path=_short(fault.path), location=_short(place))


def _short(path: str) -> str:
    """An unknown member's name may be as long as the body; its beginning names it well enough."""
    return path if len(path) <= MAX_PATH else path[: MAX_PATH - 1] + "…"


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
