"""UBL 2.0 to 2.3 as the gateway's formats: bytes in, orders out, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from pydantic import BaseModel, ValidationError

from schemas.documents.common import AnyDocument, Document
from schemas.documents.despatch_advice import DespatchAdvice, judged_despatch_advice
from schemas.documents.inventory_report import InventoryReport, judged_inventory_report
from schemas.documents.order import MAX_LINES, Order, OrderLine
from schemas.documents.order_response import OrderResponse
from schemas.documents.validation import faults_of, trusting_validator
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats import Format, Locator, ReadOrder, ReadPart
from schemas.formats.large_xml import Arriving, judged_root, root_of
from schemas.formats.ubl_2_1.application_response import ANSWERS
from schemas.formats.ubl_2_1.despatch_advice import (
    read_despatch_advice,
    render_despatch_advice,
    render_peppol_despatch_advice,
)
from schemas.formats.ubl_2_1.invoice import (
    PEPPOL_BILLING,
    parse_credit_note,
    parse_invoice,
    render_invoice,
    render_peppol_invoice,
)
from schemas.formats.ubl_2_1.names import (
    DESPATCH_ADVICE,
    DOCUMENTS,
    ENVELOPE,
    ENVELOPE_HEADER,
    ORDER,
    ORDER_CANCELLATION,
    ORDER_CHANGE,
    ORDER_RESPONSE,
    SBDH,
    cac,
    cbc,
    qualified,
)
from schemas.formats.ubl_2_1.order import (
    PEPPOL_ADVANCED,
    PEPPOL_CUSTOMIZATION,
    read_order,
    render_order,
    render_peppol_order,
)
from schemas.formats.ubl_2_1.order_cancellation import (
    FOR_ALL,
    OTHERS,
    also_cancelled,
    read_order_cancellation,
    render_order_cancellation,
    render_peppol_order_cancellation,
)
from schemas.formats.ubl_2_1.order_change import (
    read_order_change,
    render_order_change,
    render_peppol_order_change,
)
from schemas.formats.ubl_2_1.order_response import (
    read_order_response,
    render_advanced_order_response,
    render_order_response,
    render_peppol_order_response,
)
from schemas.formats.ubl_2_1.places import Places
from schemas.formats.ubl_2_1.reading import Reading
from schemas.formats.ubl_2_1.receivers import receivers_of
from schemas.formats.ubl_2_1.stock_availability import (
    STOCK_AVAILABILITY_REPORT,
    read_stock_availability,
    render_stock_availability,
    stream_stock_availability,
)
from schemas.formats.xml import Element, head, parse
from schemas.formats.xml_order.judging import (
    answered,
    line_faults,
    order_model,
    own_document,
    rejected,
    validated,
    warnings,
)
from schemas.formats.xml_order.limits import MAX_FAULTS, MAX_TOGETHER
from schemas.formats.xml_order.reading import Found, TooMuch

_SAYING_WHETHER = (cbc("ID"), cbc("ProfileID"))
"""What an answer depends on: the number that it names, and the profile that may have none."""
_TAKEN = "a UBL Order, OrderChange or OrderCancellation"
_ORDER_LINE = cac("OrderLine")
_ORDER_REFERENCE = cac("OrderReference")
_line_model = trusting_validator(OrderLine)
_note_fields = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_EXTENSION = {"name", "value"}
_INSTANCE = f"{{{SBDH}}}DocumentIdentification/{{{SBDH}}}InstanceIdentifier"


LARGE_BODY = 1_000_000
"""Bytes from which on an order is read while it is parsed, so that it is never in memory whole; a smaller one is read
faster the other way."""


def sniff(body: bytes) -> bool:
    """Whether this claims to be UBL, alone or in an SBDH envelope."""
    return DOCUMENTS in head(body)


def sniff_peppol(body: bytes) -> bool:
    """Whether this claims to be a Peppol BIS 3 order or invoice."""
    start = head(body)
    return DOCUMENTS in start and (PEPPOL_CUSTOMIZATION in start or PEPPOL_BILLING in start)


def sniff_advanced(body: bytes) -> bool:
    """Whether this claims to belong to Peppol's advanced ordering."""
    start = head(body)
    return DOCUMENTS in start and PEPPOL_ADVANCED in start


def check(body: bytes) -> int:
    """Can the bytes be safely read, are they a document that is taken here, and how many orders are in it? Raises
    DocumentRejected."""
    root = judged_root(body) if len(body) >= LARGE_BODY else parse(body)
    _, roots = _orders(root if root.tag not in (ENVELOPE, ORDER_CANCELLATION) or len(root) else parse(body))
    return sum(map(_orders_of, roots))


def parse_orders(body: bytes) -> tuple[ReadOrder, ...]:
    """The orders in the body, one unless an envelope carries several.

    A cancellation of several orders is one of each. Raises DocumentRejected with every fault of the first document
    that has any, and DocumentHeld where it would be read as another order than was meant.
    """
    is_large = len(body) >= LARGE_BODY
    large = read_large(body) if is_large else None
    if large is not None:
        return (large,)
    envelope_id, roots = _orders(parse(body))
    read = _read_patiently if is_large else _read
    return tuple(order for root in roots for order in read(root, envelope_id))


def read_parts(body: bytes, parts: Iterable[int]) -> dict[int, ReadPart]:
    """The orders of these numbers of an envelope, or of a cancellation of several orders. Raises as `check`."""
    wanted = frozenset(parts)
    is_large = len(body) >= LARGE_BODY
    large = read_large(body) if is_large else None
    if large is not None:
        return {part: large for part in wanted if part == 1}
    envelope_id, roots = _orders(parse(body))
    found: dict[int, ReadPart] = {}
    last = 0
    for root in roots:
        first, last = last + 1, last + _orders_of(root)
        if wanted.isdisjoint(range(first, last + 1)):
            continue
        read = _read_or_failed(root, envelope_id, is_large=is_large)
        of_root: Sequence[ReadPart] = read if isinstance(read, tuple) else [read] * (last + 1 - first)
        found.update((part, one) for part, one in enumerate(of_root, first) if part in wanted)
    return found


def _read_or_failed(
    root: Element, envelope_id: str | None, *, is_large: bool
) -> tuple[ReadOrder, ...] | DocumentRejected | DocumentHeld:
    try:
        return (_read_patiently if is_large else _read)(root, envelope_id)
    except (DocumentRejected, DocumentHeld) as failure:
        return failure


def _orders_of(root: Element) -> int:
    """How many orders a document is about."""
    if root.tag != ORDER_CANCELLATION:
        return 1
    return max(1, sum(1 for _ in root.iterchildren(_ORDER_REFERENCE)))


def parse_order(body: bytes) -> Order:
    """The (first) order in the body. Raises as `parse_orders`."""
    return parse_orders(body)[0].order


def render(order: Order, files: Mapping[str, bytes] | None = None) -> bytes:
    """The order as the UBL document of its function. `files` are its attachments' bytes by SHA-256."""
    if order.function == "change":
        return render_order_change(order)
    if order.function == "cancel":
        return render_order_cancellation(order)
    return render_order(order, files)


def render_peppol(order: Order, files: Mapping[str, bytes] | None = None) -> bytes:
    """The order as Peppol's document of its function: T01, or advanced ordering's T114 and T115."""
    if order.function == "change":
        return render_peppol_order_change(order)
    if order.function == "cancel":
        return render_peppol_order_cancellation(order)
    return render_peppol_order(order, files)


def parse_order_response(body: bytes) -> OrderResponse:
    """The order response in the body. Raises DocumentRejected with every fault."""
    root = parse(body)
    if root.tag != ORDER_RESPONSE:
        _refuse(root, "a UBL OrderResponse")
    reading = Reading()
    found = read_order_response(reading, root)
    return answered(found, reading, lambda: Places(root, read_order_response))


def parse_despatch_advice(body: bytes) -> DespatchAdvice:
    """The despatch advice in the body. Raises DocumentRejected with every fault."""
    root = parse(body)
    if root.tag != DESPATCH_ADVICE:
        _refuse(root, "a UBL DespatchAdvice")
    reading = Reading()
    found = read_despatch_advice(reading, root)
    return own_document(found, judged_despatch_advice, reading, lambda: Places(root, read_despatch_advice))


def parse_inventory_report(body: bytes) -> InventoryReport:
    """The stock availability report in the body. Raises DocumentRejected with every fault."""
    root = parse(body)
    if root.tag != STOCK_AVAILABILITY_REPORT:
        _refuse(root, "a UBL StockAvailabilityReport")
    reading = Reading()
    found = read_stock_availability(reading, root)
    return own_document(found, judged_inventory_report, reading, lambda: Places(root, read_stock_availability))


def locate(body: bytes, pointers: Sequence[str], part: int = 1) -> list[str]:
    """Where values of the canonical order of this number stand in the body, in words. Raises as `check`."""
    return locator(body)(pointers, part)


def locator(body: bytes) -> Locator:
    """`locate` for any order of the body, which is parsed here and kept. Raises as `check`."""
    _, roots = _orders(parse(body))
    of_each = [(root, nth) for root in roots for nth in range(_orders_of(root))]

    def places_of(pointers: Sequence[str], part: int) -> list[str]:
        root, nth = of_each[part - 1]
        places = _places(root)
        return [places.of(f"/{OTHERS}/{nth - 1}{one}" if nth and one == "/order_number" else one) for one in pointers]

    return places_of


def _places(root: Element) -> Places:
    return Places(root, _READERS[root.tag])


def _read(root: Element, envelope_id: str | None) -> tuple[ReadOrder, ...]:
    reading = Reading()
    found = _READERS[root.tag](reading, root)
    others, for_all = found.pop(OTHERS, ()), found.pop(FOR_ALL, 0)
    duplicates = line_faults(found["lines"])
    try:
        order = validated(found)
    except ValidationError as error:
        _reject(root, reading, found, faults_of(error) + duplicates)
    also, faults = also_cancelled(order, for_all, others) if others else ((), ())
    if duplicates or faults or reading.misused:
        _reject(root, reading, found, (*duplicates, *faults))
    _hold_what_a_person_decides(root, reading)
    warnings = _warnings(root, reading, order)
    receivers = receivers_of(root)
    return tuple(ReadOrder(one, reading.files, warnings, envelope_id, receivers) for one in (order, *also))


class LineByLine(Reading):
    """The reading of a large order: each line becomes its model at once, and takes a fraction of its values' memory.
    The first line that is wrong ends it, with pydantic's ValidationError."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = 0
        self._alike: dict[tuple[str, ...], set[str]] = {}
        self._words: dict[str, str] = {}

    def whole_line(self, line: Found, element: Element) -> Any:
        """The line's model."""
        self.lines += 1
        if self.lines > MAX_LINES:
            raise _too_many_lines(element)
        extensions = line.get("extensions", ())
        for one in extensions:
            one["name"] = self._words.setdefault(one["name"], one["name"])
        model: OrderLine = _line_model(line)
        self._share_names(model, line)
        if model.price is not None:
            self._share_names(model.price, line["price"])
        for extension in model.extensions:
            _note_fields(extension, _EXTENSION)
        return model

    def _share_names(self, model: Document, found: Found) -> None:
        """Which fields a model was given is a set of a kilobyte; models that were given the same share it."""
        names = tuple(found)
        _note_fields(model, self._alike.get(names) or self._alike.setdefault(names, model.model_fields_set))


class _Patient(LineByLine):
    """The same of one that is known to be wrong somewhere: the faults of its lines are collected as they are met, as
    long as there are not more than anybody would read."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Fault] = []

    def whole_line(self, line: Found, element: Element) -> Any:
        """The line's model, or its values where they make none."""
        try:
            return super().whole_line(line, element)
        except ValidationError:
            pass
        try:
            return OrderLine.model_validate(line)
        except ValidationError as error:
            if len(self.faults) <= MAX_FAULTS:
                self.faults += faults_of(error, prefix=f"/lines/{self.lines - 1}")
        return line


def read_large(body: bytes) -> ReadOrder | None:
    """An order of thousands of lines, read while it is parsed. None where there is anything to be said about it, or
    where it is no order by itself: for that it is read as a whole. Raises DocumentRejected beyond a limit."""
    root = root_of(body)
    if root is None or root.tag not in (ORDER, ORDER_CHANGE):
        return None
    reading = LineByLine()
    try:
        arriving = Arriving(body, root.tag, _ORDER_LINE, MAX_TOGETHER, reading.too_many_together)
        order: Order = order_model(_READERS[root.tag](reading, arriving))
    except TooMuch:
        raise
    except (DocumentRejected, ValidationError):
        return None
    if reading.misused or reading.remarks or reading.held or reading.wrong_check_digits:
        return None
    if len({line.line_number for line in order.lines}) < len(order.lines):
        return None
    return ReadOrder(order, reading.files)


def _read_patiently(root: Element, envelope_id: str | None) -> tuple[ReadOrder, ...]:
    """A large order about which there is something to say. As `_read`, but for faults beyond MAX_FAULTS."""
    if root.tag == ORDER_CANCELLATION:  # it has no lines
        return _read(root, envelope_id)
    reading = _Patient()
    found = _READERS[root.tag](reading, root)
    duplicates = line_faults(found["lines"])
    taken = [line for line in found["lines"] if isinstance(line, OrderLine)]
    faults, order = reading.faults, None
    try:
        order = validated({**found, "lines": taken})
    except ValidationError as error:
        faults = [one for one in faults_of(error) if taken or not faults or one.path != "/lines"] + faults
    if order is None or faults or duplicates or reading.misused:
        _reject(root, reading, found, (*faults, *duplicates))
    _hold_what_a_person_decides(root, reading)
    return (ReadOrder(order, reading.files, _warnings(root, reading, order), envelope_id, receivers_of(root)),)


def _answer_to(reading: Reading, root: Element, found: Mapping[str, Any]) -> str | None:
    """The order number, unless the order's profile has no response, or either is in doubt. A refusal names an order
    and nothing else, so that of a change would read as its order's: there is none."""
    if root.tag != ORDER:
        return None
    if any(element.getparent() is root and element.tag in _SAYING_WHETHER for element in reading.misused):
        return None
    number = found.get("order_number")
    return number if isinstance(number, str) and found.get("response_requested", True) is True else None


def _reject(root: Element, reading: Reading, found: Found, faults: tuple[Fault, ...]) -> NoReturn:
    """Every fault with its place; those of a cancellation's other orders with their paths in them."""
    refused = rejected(_places(root), reading, found, faults, _answer_to(reading, root, found))
    refused.faults = tuple(map(_in_its_own_order, refused.faults))
    raise refused from None


def _hold_what_a_person_decides(root: Element, reading: Reading) -> None:
    if reading.held:
        raise DocumentHeld(_places(root).of_remarks(reading.held))


def _in_its_own_order(fault: Fault) -> Fault:
    """A fault of one of a cancellation's other orders: its path is that in this order."""
    _, _, below = fault.path.partition(f"/{OTHERS}/")
    return replace(fault, path="/" + below.partition("/")[2]) if below else fault


def _too_many_lines(element: Element) -> DocumentRejected:
    location, limit = f"line {element.sourceline}: {qualified(element.tag)}", f"at most {MAX_LINES} lines"
    return TooMuch([Fault("too_many_lines", f"lines must be {limit}", "/lines", location, None, limit)])


def _warnings(root: Element, reading: Reading, order: Order) -> tuple[Fault, ...]:
    return warnings(order, reading, lambda: _places(root))


def _orders(root: Element) -> tuple[str | None, list[Element]]:
    """The envelope's id where there is an envelope, and the documents. Raises DocumentRejected (`wrong_document`)."""
    envelope_id, roots = None, [root]
    if root.tag == ENVELOPE:
        envelope_id = next((found.text for found in root.iterfind(f"{ENVELOPE_HEADER}/{_INSTANCE}")), None)
        roots = [child for child in root if child.tag != ENVELOPE_HEADER]
        if not roots:
            _refuse(root, f"{_TAKEN} in the envelope")
    for one in roots:
        if one.tag not in (ORDER, ORDER_CHANGE, ORDER_CANCELLATION):
            _refuse(one, _TAKEN)
    return (envelope_id.strip() or None if envelope_id else None), roots


def _refuse(root: Element, expected: str) -> NoReturn:
    name = qualified(root.tag)
    location = f"line {root.sourceline}: {name}"
    detail = f"the document is {name}, not {expected}"
    raise DocumentRejected([Fault("wrong_document", detail, location=location, value=name[:200], expected=expected)])


_READERS: Mapping[Any, Callable[[Reading, Element | Arriving], Found]] = {
    ORDER: read_order,
    ORDER_CHANGE: read_order_change,
    ORDER_CANCELLATION: read_order_cancellation,
}
_PARSERS: dict[str, Callable[[bytes], AnyDocument]] = {
    "order": parse_order,
    "order_response": parse_order_response,
    "despatch_advice": parse_despatch_advice,
    "inventory_report": parse_inventory_report,
    "invoice": parse_invoice,
    "credit_note": parse_credit_note,
}
_STREAMS = {"inventory_report": stream_stock_availability}
"""Peppol has no report of stock, so its formats have UBL's own."""

UBL_2_1 = Format(
    name="ubl-2.1",
    media_type="application/xml",
    suffix=".xml",
    sniff=sniff,
    check=check,
    parse_orders=parse_orders,
    read_parts=read_parts,
    locate=locate,
    locator=locator,
    parsers=_PARSERS,
    renderers={
        "order": render,
        "order_response": render_order_response,
        "despatch_advice": render_despatch_advice,
        "inventory_report": render_stock_availability,
        "invoice": render_invoice,
        "credit_note": render_invoice,
    },
    streams=_STREAMS,
    answers=ANSWERS,
)
PEPPOL_BIS_3 = Format(
    name="peppol-bis-3",
    media_type="application/xml",
    suffix=".xml",
    sniff=sniff_peppol,
    check=check,
    parse_orders=parse_orders,
    read_parts=read_parts,
    locate=locate,
    locator=locator,
    parsers=_PARSERS,
    renderers={
        "order": render_peppol,
        "order_response": render_peppol_order_response,
        "despatch_advice": render_peppol_despatch_advice,
        "inventory_report": render_stock_availability,
        "invoice": render_peppol_invoice,
        "credit_note": render_peppol_invoice,
    },
    streams=_STREAMS,
    answers=ANSWERS,
)
PEPPOL_ADVANCED_3 = Format(
    name="peppol-advanced-3",
    media_type="application/xml",
    suffix=".xml",
    sniff=sniff_advanced,
    check=check,
    parse_orders=parse_orders,
    read_parts=read_parts,
    locate=locate,
    locator=locator,
    parsers=_PARSERS,
    renderers={
        "order": render_peppol,
        "order_response": render_advanced_order_response,
        "despatch_advice": render_peppol_despatch_advice,
        "inventory_report": render_stock_availability,
    },
    streams=_STREAMS,
    answers=ANSWERS,
)
