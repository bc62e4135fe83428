"""What was read of a document, judged: the order or response, or every fault with its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import ValidationError

from schemas.documents.check_digits import wrong_check_digits
from schemas.documents.common import OwnDocument
from schemas.documents.order import Order, OrderLine
from schemas.documents.order_response import OrderResponse, judged_response
from schemas.documents.partly_read import rejection, unread
from schemas.documents.validation import duplicate_lines, faults_of, trusting_validator
from schemas.faults import DocumentRejected, Fault
from schemas.formats.xml_order.limits import MAX_FAULTS
from schemas.formats.xml_order.places import OrderPlaces
from schemas.formats.xml_order.reading import Found, OrderReading

D = TypeVar("D", bound=OwnDocument)

order_model = trusting_validator(Order)


def validated(found: Found) -> Order:
    """The order. Raises the ValidationError of the model itself."""
    try:
        order: Order = order_model(found)
    except ValidationError:
        return Order.model_validate(found)
    return order


def line_faults(lines: Sequence[Found | OrderLine]) -> tuple[Fault, ...]:
    """Line numbers that stand twice."""
    numbers = [line.get("line_number") if isinstance(line, dict) else line.line_number for line in lines]
    return duplicate_lines(numbers) if len(set(numbers)) < len(numbers) else ()


def warnings(order: Order, reading: OrderReading, places: Callable[[], OrderPlaces]) -> tuple[Fault, ...]:
    """What is wrong but doesn't stop the order: remarks, and check digits."""
    if not reading.wrong_check_digits and not reading.remarks:
        return ()
    known = places()
    return known.of_remarks(reading.remarks) + known.with_locations(wrong_check_digits(order))


def rejected(
    places: OrderPlaces, reading: OrderReading, found: Found, faults: Sequence[Fault], answer_to: str | None
) -> DocumentRejected:
    """The refusal of an order with every fault in its place, and what was remarked on: a misspelt name is often the
    reason."""
    wrong = places.of_misused(reading.misused) + places.with_locations(faults[:MAX_FAULTS])
    remarks = places.of_remarks(reading.remarks)
    if len(faults) > MAX_FAULTS:
        limit = f"{MAX_FAULTS:,} faults"
        more = Fault("xml_limit", f"more than {limit}; these are the first", expected=f"at most {limit}")
        return unread(found, (*wrong, more, *remarks), answer_to)
    return rejection(found, wrong, wrong + remarks, answer_to)


def answered(found: Found, reading: OrderReading, places: Callable[[], OrderPlaces]) -> OrderResponse:
    """The order response. Raises DocumentRejected with every fault."""
    return own_document(found, judged_response, reading, places)


def own_document(
    found: Found, judge: Callable[[Found], D], reading: OrderReading, places: Callable[[], OrderPlaces]
) -> D:
    """A document of our own, as `judge` makes it of what was found. Raises DocumentRejected with every fault."""
    faults: tuple[Fault, ...] = ()
    document: D | None = None
    try:
        document = judge(found)
    except ValidationError as error:
        faults = faults_of(error)[:MAX_FAULTS]
    if document is None or reading.misused:
        known = places()
        raise DocumentRejected(known.of_misused(reading.misused) + known.with_locations(faults))
    return document
