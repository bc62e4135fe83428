"""UBL 2.0 to 2.3 as the gateway's formats: bytes in, orders out, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from pydantic import ValidationError

from schemas.documents.common import AnyDocument, Party
from schemas.documents.order import Order, OrderLine
from schemas.documents.order_response import OrderResponse, judged_response
from schemas.documents.validation import duplicate_lines, faults_of, trusting_validator
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats import Format, ReadOrder
from schemas.formats.ubl_2_1.names import (
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
from schemas.formats.ubl_2_1.order import PEPPOL_CUSTOMIZATION, read_order, render_order, render_peppol_order
from schemas.formats.ubl_2_1.order_lines import is_gtin
from schemas.formats.ubl_2_1.order_response import (
    read_order_response,
    render_order_response,
    render_peppol_order_response,
)
from schemas.formats.ubl_2_1.parties import GLN, is_gln
from schemas.formats.ubl_2_1.places import Places
from schemas.formats.ubl_2_1.reading import Found, Reading
from schemas.formats.xml import Arriving, Element, head, parse

_SAYING_WHETHER = (cbc("ID"), cbc("ProfileID"))
"""What an answer depends on: the number that it names, and the profile that may have none."""
_TAKEN = "a UBL Order, OrderChange or OrderCancellation"
_ORDER_LINE = cac("OrderLine")
_order_model = trusting_validator(Order)
_line_model = trusting_validator(OrderLine)
_INSTANCE = f"{{{SBDH}}}DocumentIdentification/{{{SBDH}}}InstanceIdentifier"


LARGE_BODY = 1_000_000
"""Bytes from which on an order is read while it is parsed, so that it is never in memory whole; a smaller one is read
faster the other way."""


def sniff(body: bytes) -> bool:
    """Whether this claims to be UBL, alone or in an SBDH envelope."""
    return DOCUMENTS in head(body)


def sniff_peppol(body: bytes) -> bool:
    """Whether this claims to be a Peppol BIS 3 order."""
    start = head(body)
    return DOCUMENTS in start and PEPPOL_CUSTOMIZATION in start


def check(body: bytes) -> None:
    """Can the bytes be safely read, and are they a document that is taken here? Raises DocumentRejected."""
    if len(body) < LARGE_BODY or not _is_large_order(body):
        _orders(parse(body))


def parse_orders(body: bytes) -> tuple[ReadOrder, ...]:
    """The orders in the body, one unless an envelope carries several.

    Raises DocumentRejected with every fault of every order, and DocumentHeld (`unsupported_document`) for an
    OrderChange or OrderCancellation.
    """
    large = read_large(body) if len(body) >= LARGE_BODY else None
    if large is not None:
        return (large,)
    envelope_id, roots = _orders(parse(body))
    for root in roots:
        if root.tag != ORDER:
            _hold(root)
    return tuple(_read(root, envelope_id) for root in roots)


def parse_order(body: bytes) -> Order:
    """The one order in the body. Raises as `parse_orders`."""
    return parse_orders(body)[0].order


def parse_order_response(body: bytes) -> OrderResponse:
    """The order response in the body. Raises DocumentRejected with every fault."""
    root = parse(body)
    if root.tag != ORDER_RESPONSE:
        _refuse(root, "a UBL OrderResponse")
    reading = Reading()
    found = read_order_response(reading, root)
    faults: tuple[Fault, ...] = ()
    try:
        response = judged_response(found)
    except ValidationError as error:
        faults = faults_of(error)
    if faults or reading.misused:
        places = Places(root, read_order_response)
        raise DocumentRejected(places.of_misused(reading.misused) + places.with_locations(faults))
    return response


def locate(body: bytes, pointer: str) -> str:
    """Where a value of the (first) canonical order stands in the body, in words. Raises as `check`."""
    root = _orders(parse(body))[1][0]
    return Places(root, read_order).of(pointer)


def _read(root: Element, envelope_id: str | None) -> ReadOrder:
    reading = Reading()
    found = read_order(reading, root)
    duplicates = _duplicate_lines(found["lines"])
    try:
        order = _validated(found)
    except ValidationError as error:
        _reject(root, reading, faults_of(error) + duplicates, _answer_to(reading, root, found))
    if duplicates or reading.misused:
        _reject(root, reading, duplicates, _answer_to(reading, root, found))
    return ReadOrder(order, reading.files, _warnings(root, reading, order), envelope_id)


class _LineByLine(Reading):
    """The reading of a large order: each line becomes its model at once, and takes a fraction of its values' memory."""

    def whole_line(self, line: Found) -> Any:
        return _line_model(line)


def read_large(body: bytes) -> ReadOrder | None:
    """An order of thousands of lines, read while it is parsed. None where there is anything to be said about it, or
    where it is no order by itself: for that it is read as a whole."""
    reading = _LineByLine()
    try:
        root = Arriving(body, _ORDER_LINE)
        order: Order | None = _order_model(read_order(reading, root)) if root.tag == ORDER else None
    except (DocumentRejected, ValidationError):
        return None
    if order is None or reading.misused or reading.remarks or reading.wrong_check_digits:
        return None
    if len({line.line_number for line in order.lines}) < len(order.lines):
        return None
    return ReadOrder(order, reading.files)


def _is_large_order(body: bytes) -> bool:
    """Whether the bytes are an order by itself, as far as `check` judges it."""
    try:
        root = Arriving(body, _ORDER_LINE)
        return root.tag == ORDER and all(True for _ in root[:])
    except DocumentRejected:
        return False


def _validated(found: Found) -> Order:
    """The order. Raises the ValidationError of the model itself."""
    try:
        order: Order = _order_model(found)
    except ValidationError:
        return Order.model_validate(found)
    return order


def _duplicate_lines(lines: Sequence[Mapping[str, Any]]) -> tuple[Fault, ...]:
    numbers = [line.get("line_number") for line in lines]
    return duplicate_lines(numbers) if len(set(numbers)) < len(numbers) else ()


def _answer_to(reading: Reading, root: Element, found: Mapping[str, Any]) -> str | None:
    """The order number, unless the order's profile has no response, or either is in doubt."""
    if any(element.getparent() is root and element.tag in _SAYING_WHETHER for element in reading.misused):
        return None
    number = found.get("order_number")
    return number if isinstance(number, str) and found.get("response_requested", True) is True else None


def _reject(root: Element, reading: Reading, faults: tuple[Fault, ...], answer_to: str | None) -> NoReturn:
    """Every fault with its place, and the elements nobody knows: a misspelt name is often the reason."""
    places = Places(root, read_order)
    every = places.of_misused(reading.misused) + places.with_locations(faults) + places.of_remarks(reading.remarks)
    raise DocumentRejected(every, answer_to) from None


def _warnings(root: Element, reading: Reading, order: Order) -> tuple[Fault, ...]:
    if not reading.wrong_check_digits and not reading.remarks:
        return ()
    places = Places(root, read_order)
    return places.of_remarks(reading.remarks) + places.with_locations(_check_digits(order))


def _check_digits(order: Order) -> list[Fault]:
    faults: list[Fault] = []
    for name in ("buyer", "seller", "bill_to", "final_recipient", "ship_to"):
        party = getattr(order, name)
        if party is not None:
            faults += _party_check_digits(party, f"/{name}")
    for index, line in enumerate(order.lines):
        if line.gtin is not None and not is_gtin(line.gtin):
            faults.append(_check_digit("GTIN", line.gtin, f"/lines/{index}/gtin"))
        if line.ship_to is not None:
            faults += _party_check_digits(line.ship_to, f"/lines/{index}/ship_to")
    return faults


def _party_check_digits(party: Party, path: str) -> list[Fault]:
    faults = []
    if party.id is not None and party.scheme == GLN and not is_gln(party.id):
        faults.append(_check_digit("GLN", party.id, f"{path}/id"))
    for index, one in enumerate(party.identifiers):
        if one.scheme == GLN and not is_gln(one.id):
            faults.append(_check_digit("GLN", one.id, f"{path}/identifiers/{index}/id"))
    endpoint = party.endpoint
    if endpoint is not None and endpoint.scheme == GLN and not is_gln(endpoint.id):
        faults.append(_check_digit("GLN", endpoint.id, f"{path}/endpoint/id"))
    return faults


def _check_digit(kind: str, number: str, path: str) -> Fault:
    return Fault(
        "check_digit", f"the {kind}'s check digit is wrong", path, "", number, f"a {kind} with its check digit"
    )


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


def _hold(root: Element) -> NoReturn:
    name = qualified(root.tag)
    detail = f"{name} isn't handled automatically yet"
    raise DocumentHeld([Fault("unsupported_document", detail, location=f"line {root.sourceline}: {name}", value=name)])


_PARSERS: dict[str, Callable[[bytes], AnyDocument]] = {"order": parse_order, "order_response": parse_order_response}

UBL_2_1 = Format(
    name="ubl-2.1",
    media_type="application/xml",
    suffix=".xml",
    sniff=sniff,
    check=check,
    parse_orders=parse_orders,
    locate=locate,
    parsers=_PARSERS,
    renderers={"order": render_order, "order_response": render_order_response},
)
PEPPOL_BIS_3 = Format(
    name="peppol-bis-3",
    media_type="application/xml",
    suffix=".xml",
    sniff=sniff_peppol,
    check=check,
    parse_orders=parse_orders,
    locate=locate,
    parsers=_PARSERS,
    renderers={"order": render_peppol_order, "order_response": render_peppol_order_response},
)
