"""cXML 1.2 as one of the gateway's formats: bytes in, orders out, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from pydantic import ValidationError

from schemas.documents.common import AnyDocument, Party
from schemas.documents.order import Order
from schemas.documents.order_response import OrderResponse, judged_response
from schemas.documents.partly_read import rejection
from schemas.documents.validation import duplicate_lines, faults_of, trusting_validator
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats import Format, ReadOrder, read_only_part
from schemas.formats.cxml_1_2.doctypes import DOCTYPES
from schemas.formats.cxml_1_2.envelope import envelope_of, refuse
from schemas.formats.cxml_1_2.keeping import document_and_files, is_entity, without_secrets
from schemas.formats.cxml_1_2.limits import MAX_FAULTS
from schemas.formats.cxml_1_2.multipart import with_files
from schemas.formats.cxml_1_2.order import read_order, render_order
from schemas.formats.cxml_1_2.order_lines import is_gtin
from schemas.formats.cxml_1_2.order_response import read_order_response, render_order_response
from schemas.formats.cxml_1_2.parties import GLN, is_gln
from schemas.formats.cxml_1_2.places import Places
from schemas.formats.cxml_1_2.reading import Found, Reading
from schemas.formats.xml import Element, head, parse

_ROOT = re.compile(r"<cXML[\s/>]")
_TAKEN = "a cXML OrderRequest"
_order_model = trusting_validator(Order)


def sniff(body: bytes) -> bool:
    """Whether this claims to be cXML, or parts of which the first is."""
    return is_entity(body) or _ROOT.search(head(body)) is not None


def check(body: bytes) -> int:
    """Can the bytes be safely read, and are they an order request? One order. Raises DocumentRejected."""
    _order_request(parse(document_and_files(body).document, DOCTYPES))
    return 1


def parse_orders(body: bytes) -> tuple[ReadOrder, ...]:
    """The order in the body. Raises DocumentRejected with every fault, and DocumentHeld (`unsupported_document`) for
    one that a person must look at: with a line that is returned or blocked."""
    parts = document_and_files(body)
    root = parse(parts.document, DOCTYPES)
    read = _read(_order_request(root), (root.get("payloadID") or "").strip() or None)
    return (with_files(read, parts.files) if parts.files else read,)


def parse_order(body: bytes) -> Order:
    """The order in the body. Raises as `parse_orders`."""
    return parse_orders(body)[0].order


def parse_order_response(body: bytes) -> OrderResponse:
    """The order response in the body, a ConfirmationRequest. Raises DocumentRejected with every fault."""
    root = _requested(parse(body, DOCTYPES), "ConfirmationRequest", "a cXML ConfirmationRequest")
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


def locate(body: bytes, pointers: Sequence[str], part: int = 1) -> list[str]:
    """Where values of the canonical order stand in the body, in words. Raises as `check`."""
    places = Places(_order_request(parse(document_and_files(body).document, DOCTYPES)), read_order)
    return [places.of(pointer) for pointer in pointers]


def _order_request(root: Element) -> Element:
    """The OrderRequest. Raises DocumentRejected (`wrong_document`), naming what it is instead."""
    return _requested(root, "OrderRequest", _TAKEN)


def _requested(root: Element, name: str, expected: str) -> Element:
    if root.tag == "cXML":
        for request in root.iterchildren("Request"):
            for asked in request.iterchildren(name):
                return asked
    there = envelope_of(root).request
    return refuse(root, f"a cXML {there}" if there else "a cXML document without a request", expected)


def _read(root: Element, envelope_id: str | None) -> ReadOrder:
    reading = Reading()
    found = read_order(reading, root)
    duplicates = _duplicate_lines(found["lines"])
    try:
        order = _validated(found)
    except ValidationError as error:
        _reject(root, reading, found, faults_of(error) + duplicates)
    if duplicates or reading.misused:
        _reject(root, reading, found, duplicates)
    if reading.held:
        raise DocumentHeld(Places(root, read_order).of_remarks(reading.held))
    return ReadOrder(order, warnings=_warnings(root, reading, order), envelope_id=envelope_id)


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


def _reject(root: Element, reading: Reading, found: Found, faults: tuple[Fault, ...]) -> NoReturn:
    """Every fault with its place."""
    places = Places(root, read_order)
    number = found.get("order_number")
    answer_to = number if isinstance(number, str) and found.get("response_requested", True) is True else None
    wrong = places.of_misused(reading.misused) + places.with_locations(faults[:MAX_FAULTS])
    remarks = places.of_remarks(reading.remarks)
    if len(faults) > MAX_FAULTS:
        limit = f"{MAX_FAULTS:,} faults"
        more = Fault("xml_limit", f"more than {limit}; these are the first", expected=f"at most {limit}")
        raise DocumentRejected((*wrong, more, *remarks), answer_to) from None
    raise rejection(found, wrong, wrong + remarks, answer_to) from None


def _warnings(root: Element, reading: Reading, order: Order) -> tuple[Fault, ...]:
    if not reading.wrong_check_digits and not reading.remarks:
        return ()
    places = Places(root, read_order)
    return places.of_remarks(reading.remarks) + places.with_locations(_check_digits(order))


def _check_digits(order: Order) -> list[Fault]:
    faults: list[Fault] = []
    for name in ("buyer", "seller", "bill_to", "ship_to"):
        faults += _party_check_digits(getattr(order, name), f"/{name}")
    for index, line in enumerate(order.lines):
        if line.gtin is not None and not is_gtin(line.gtin):
            faults.append(_check_digit("GTIN", line.gtin, f"/lines/{index}/gtin"))
        faults += _party_check_digits(line.ship_to, f"/lines/{index}/ship_to")
    return faults


def _party_check_digits(party: Party | None, path: str) -> list[Fault]:
    if party is None:
        return []
    faults = []
    if party.id is not None and party.scheme == GLN and not is_gln(party.id):
        faults.append(_check_digit("GLN", party.id, f"{path}/id"))
    for index, one in enumerate(party.identifiers):
        if one.scheme == GLN and not is_gln(one.id):
            faults.append(_check_digit("GLN", one.id, f"{path}/identifiers/{index}/id"))
    return faults


def _check_digit(kind: str, number: str, path: str) -> Fault:
    detail = f"the {kind}'s check digit is wrong"
    return Fault("check_digit", detail, path, "", number, f"a {kind} with its check digit")


_PARSERS: dict[str, Callable[[bytes], AnyDocument]] = {"order": parse_order, "order_response": parse_order_response}

CXML_1_2 = Format(
    name="cxml-1.2",
    media_type="text/xml",
    suffix=".xml",
    sniff=sniff,
    check=check,
    parse_orders=parse_orders,
    read_parts=read_only_part(parse_orders),
    locate=locate,
    parsers=_PARSERS,
    renderers={"order": render_order, "order_response": render_order_response},
    without_secrets=without_secrets,
)
