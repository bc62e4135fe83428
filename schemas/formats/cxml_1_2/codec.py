"""cXML 1.2 as one of the gateway's formats: bytes in, orders out, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from pydantic import ValidationError

from schemas.documents.common import AnyDocument
from schemas.documents.despatch_advice import DespatchAdvice, judged_despatch_advice
from schemas.documents.invoice import Invoice, judged_invoice
from schemas.documents.order import Order
from schemas.documents.order_response import OrderResponse
from schemas.documents.validation import faults_of
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats import Format, ReadOrder, read_only_part
from schemas.formats.cxml_1_2.doctypes import DOCTYPES
from schemas.formats.cxml_1_2.envelope import envelope_faults, envelope_of, refuse
from schemas.formats.cxml_1_2.invoice import render_invoice
from schemas.formats.cxml_1_2.invoice_reading import InvoicePlaces, read_invoice
from schemas.formats.cxml_1_2.keeping import document_and_files, is_entity, without_secrets
from schemas.formats.cxml_1_2.multipart import Parts, with_files
from schemas.formats.cxml_1_2.order import read_order, render_order
from schemas.formats.cxml_1_2.order_response import read_order_response, render_order_response
from schemas.formats.cxml_1_2.places import Places
from schemas.formats.cxml_1_2.reading import Reading
from schemas.formats.cxml_1_2.ship_notice import read_ship_notice, render_ship_notice
from schemas.formats.cxml_1_2.status_update import ANSWERS
from schemas.formats.xml import Element, head, parse
from schemas.formats.xml_order.judging import answered, line_faults, own_document, rejected, validated, warnings
from schemas.formats.xml_order.reading import Found

_ROOT = re.compile(r"<(?:[\w.-]+:)?cXML[\s/>]")
"""With a prefix it is none, which is told with its place."""
_TAKEN = "a cXML OrderRequest"


def sniff(body: bytes) -> bool:
    """Whether this claims to be cXML, or parts of which the first is."""
    return is_entity(body) or _ROOT.search(head(body)) is not None


def check(body: bytes) -> int:
    """Can the bytes be safely read, and are they an order request? One order. Raises DocumentRejected."""
    parts = document_and_files(body)
    _order_request(parse(parts.document, DOCTYPES))
    _refuse_further_orders(parts)
    return 1


def parse_orders(body: bytes) -> tuple[ReadOrder, ...]:
    """The order in the body. Raises DocumentRejected with every fault, and DocumentHeld (`unsupported_document`) for
    one that a person must look at: with a line that is returned or blocked."""
    parts = document_and_files(body)
    root = parse(parts.document, DOCTYPES)
    _refuse_further_orders(parts)
    read = _read(_order_request(root), (root.get("payloadID") or "").strip() or None)
    return (with_files(read, parts.files) if parts.files else read,)


def parse_order(body: bytes) -> Order:
    """The order in the body. Raises as `parse_orders`."""
    return parse_orders(body)[0].order


def parse_order_response(body: bytes) -> OrderResponse:
    """The order response in the body, a ConfirmationRequest. Raises DocumentRejected with every fault."""
    root = _requested(parse(body, DOCTYPES), "ConfirmationRequest", "a cXML ConfirmationRequest")
    reading = Reading()
    return answered(read_order_response(reading, root), reading, lambda: Places(root, read_order_response))


def parse_despatch_advice(body: bytes) -> DespatchAdvice:
    """The despatch advice in the body, a ShipNoticeRequest. Raises DocumentRejected with every fault."""
    root = _requested(parse(body, DOCTYPES), "ShipNoticeRequest", "a cXML ShipNoticeRequest")
    reading = Reading()
    found = read_ship_notice(reading, root)
    return own_document(found, judged_despatch_advice, reading, lambda: Places(root, read_ship_notice))


def parse_invoice(body: bytes) -> Invoice:
    """The invoice or credit note in the body, an InvoiceDetailRequest. Raises DocumentRejected with every fault."""
    root = _requested(parse(body, DOCTYPES), "InvoiceDetailRequest", "a cXML InvoiceDetailRequest")
    reading = Reading()
    found = read_invoice(reading, root)
    return own_document(found, judged_invoice, reading, lambda: InvoicePlaces(root, read_invoice))


def locate(body: bytes, pointers: Sequence[str], part: int = 1) -> list[str]:
    """Where values of the canonical order stand in the body, in words. Raises as `check`."""
    places = Places(_order_request(parse(document_and_files(body).document, DOCTYPES)), read_order)
    return [places.of(pointer) for pointer in pointers]


def _refuse_further_orders(parts: Parts) -> None:
    """Raises DocumentRejected where another part is an order: as an attachment it would be lost."""
    for name, file in parts.files.items():
        if sniff(file.content) and _may_be_an_order(file.content):
            detail = "one more cXML OrderRequest stands in this part, and a request is one"
            fault = Fault("repeated_element", detail, location=f"the part {name[:200]}", expected="one OrderRequest")
            raise DocumentRejected([fault])


def _may_be_an_order(content: bytes) -> bool:
    """One that can't be read may be one where it has the word."""
    try:
        return parse(content, DOCTYPES).find("Request/OrderRequest") is not None
    except DocumentRejected:
        return b"OrderRequest" in content.replace(b"\0", b"")


def _order_request(root: Element) -> Element:
    """The OrderRequest. Raises DocumentRejected (`wrong_document`), naming what it is instead."""
    return _requested(root, "OrderRequest", _TAKEN)


def _requested(root: Element, name: str, expected: str) -> Element:
    if root.tag == "cXML":
        requests = (request for request in root[:] if request.tag == "Request")
        asked = next((one for request in requests for one in request[:] if one.tag == name), None)
        if asked is not None:
            if faults := list(envelope_faults(root)):
                raise DocumentRejected(faults)
            return asked
    there = envelope_of(root).request
    return refuse(root, f"a cXML {there}" if there else "a cXML document without a request", expected)


def _read(root: Element, envelope_id: str | None) -> ReadOrder:
    reading = Reading()
    found = read_order(reading, root)
    duplicates = line_faults(found["lines"])
    try:
        order = validated(found)
    except ValidationError as error:
        _reject(root, reading, found, faults_of(error) + duplicates)
    if duplicates or reading.misused:
        _reject(root, reading, found, duplicates)
    if reading.held:
        raise DocumentHeld(Places(root, read_order).of_remarks(reading.held))
    return ReadOrder(
        order, warnings=warnings(order, reading, lambda: Places(root, read_order)), envelope_id=envelope_id
    )


def _reject(root: Element, reading: Reading, found: Found, faults: tuple[Fault, ...]) -> NoReturn:
    """Every fault with its place."""
    number = found.get("order_number")
    answer_to = number if isinstance(number, str) and found.get("response_requested", True) is True else None
    raise rejected(Places(root, read_order), reading, found, faults, answer_to) from None


_PARSERS: dict[str, Callable[[bytes], AnyDocument]] = {
    "order": parse_order,
    "order_response": parse_order_response,
    "despatch_advice": parse_despatch_advice,
    "invoice": parse_invoice,
    "credit_note": parse_invoice,
}

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
    renderers={
        "order": render_order,
        "order_response": render_order_response,
        "despatch_advice": render_ship_notice,
        "invoice": render_invoice,
        "credit_note": render_invoice,
    },
    without_secrets=without_secrets,
    answers=ANSWERS,
)
