"""A cXML StatusUpdateRequest, read: what the buyer's system, or the network between, says of a document of ours.

cXML 1.2 (cXML.dtd, StatusUpdateRequest): a DocumentReference by payloadID, a Status as in any Response, and at most one
of InvoiceStatus, DocumentStatus and IntegrationStatus, which says more than the Status does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.documents.application_response import ApplicationResponse, DocumentAnswer, Word, told_reasons
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats import AnswerReader
from schemas.formats.cxml_1_2.doctypes import DOCTYPES
from schemas.formats.cxml_1_2.envelope import envelope_faults, envelope_of
from schemas.formats.cxml_1_2.keeping import document_and_files
from schemas.formats.xml import UTF_16_STARTS, Element, parse

NAME = "StatusUpdateRequest"

_INVOICE: Mapping[str, Word] = {
    "processing": "in_process",
    "reconciled": "accepted",
    "paying": "accepted",
    "paid": "paid",
    "rejected": "rejected",
    "canceled": "rejected",
}
_INTEGRATION: Mapping[str, Word] = {
    "deliverysuccessful": "received",
    "deliveryready": "received",
    "deliverydelayed": "in_process",
    "deliveryfailed": "rejected",
    "customerreceived": "received",
    "customerconfirmed": "accepted",
    "customerfailed": "rejected",
}
_DOCUMENT: Mapping[str, Word] = {
    "accepted": "accepted",
    "approved": "accepted",
    "rejected": "rejected",
    "failed": "rejected",
    "declined": "rejected",
    "processing": "in_process",
}
"""DocumentStatus/@type is each network's own; these are what they mean in all. Of another the Status counts."""
_TYPES: Mapping[str, str] = {
    "invoicedetailrequest": "invoice",
    "invoice": "invoice",
    "creditmemo": "credit_note",
    "confirmationrequest": "order_response",
    "shipnoticerequest": "despatch_advice",
}
_CODE = 3


def is_answer(body: bytes) -> bool:
    """Whether this is a StatusUpdateRequest. Never raises."""
    start = body.replace(b"\0", b"") if body[:2] in UTF_16_STARTS else body
    if NAME.encode() not in start:
        return False
    try:
        return _request(parse(document_and_files(body).document, DOCTYPES)) is not None
    except DocumentRejected:
        return f"<{NAME}".encode() in start


def check(body: bytes) -> None:
    """Can the bytes be read? Raises DocumentRejected."""
    parse(document_and_files(body).document, DOCTYPES)


def read_status_update(body: bytes) -> ApplicationResponse:
    """What it says. Raises DocumentHeld with everything in it that can't be told: a person must look at it, because it
    may be a refusal. Raises DocumentRejected where it can't be read."""
    root = parse(document_and_files(body).document, DOCTYPES)
    request = _request(root)
    if request is None:
        raise DocumentRejected([Fault("wrong_document", f"the document is no {NAME}", expected=NAME)])
    faults = list(envelope_faults(root))
    code = _status_code(request, faults)
    reference = _reference(request, faults)
    if faults or reference is None or code is None:
        raise DocumentHeld(faults)
    number, kind, is_payload_id, place = reference
    answer = DocumentAnswer(
        number=number,
        word=_word(request, code),
        code=_code_told(request, code),
        reasons=told_reasons(list(_reasons(request))),
        type=kind,
        is_payload_id=is_payload_id,
        location=place,
    )
    envelope = envelope_of(root)
    return ApplicationResponse(number=envelope.payload_id, answers=(answer,), test=envelope.test)


def _request(root: Element) -> Element | None:
    return root.find(f"Request/{NAME}") if root.tag == "cXML" else None


def _status_code(request: Element, faults: list[Fault]) -> int | None:
    status = request.find("Status")
    code = "" if status is None else (status.get("code") or "").strip()
    if code.isascii() and code.isdigit() and len(code) == _CODE:
        return int(code)
    detail = "it has no Status with a code of three digits"
    faults.append(Fault("answer_unclear", detail, "", _place(request, "Status/@code"), code[:50] or None, "200"))
    return None


def _reference(request: Element, faults: list[Fault]) -> tuple[str, str | None, bool, str] | None:
    """(number, type, whether it is a payloadID, place) of the document that it speaks of."""
    named: list[tuple[str, str | None, bool, str]] = []
    for path, attribute, is_payload_id in (
        ("DocumentReference", "payloadID", True),
        ("InvoiceStatus/InvoiceIDInfo", "invoiceID", False),
        ("DocumentStatus/DocumentInfo", "documentID", False),
    ):
        found = request.find(path)
        number = "" if found is None else (found.get(attribute) or "").strip()
        if found is not None and number:
            kind = _TYPES.get((found.get("documentType") or "").casefold())
            named.append((number, kind, is_payload_id, _place(found, f"{path}/@{attribute}")))
    numbers = {number.rpartition("@")[0] or number if is_id else number for number, _, is_id, _ in named}
    if len(numbers) > 1:
        said = ", ".join(sorted(numbers))[:200]
        detail = "it names several documents at once"
        faults.append(Fault("answer_unclear", detail, "", named[1][3], said, "one and the same"))
        return None
    if named:
        return named[0]
    detail = "it doesn't name the document"
    faults.append(
        Fault("answer_unclear", detail, "", _place(request, "DocumentReference"), None, "a payloadID of ours")
    )
    return None


def _word(request: Element, code: int) -> Word:
    """What the most particular status says; of several that contradict one another the worse. A delivery that is only
    delayed comes with the Status of what hinders it."""
    refused = code >= 400
    for name, attribute, words in (
        ("InvoiceStatus", "type", _INVOICE),
        ("IntegrationStatus", "documentStatus", _INTEGRATION),
        ("DocumentStatus", "type", _DOCUMENT),
    ):
        found = request.find(name)
        word = None if found is None else words.get((found.get(attribute) or "").strip().casefold())
        if word is not None:
            is_delayed = name == "IntegrationStatus" and word == "in_process"
            return "rejected" if refused and not is_delayed else _with_items(request, word)
    return "rejected" if refused else _with_items(request, "received")


def _with_items(request: Element, word: Word) -> Word:
    """One that refuses an item of the document asks for somebody, whatever it says of the whole."""
    types = ((one.get("type") or "").strip().casefold() for one in request.findall("DocumentStatus/ItemStatus"))
    return "queried" if word != "rejected" and "rejected" in types else word


def _code_told(request: Element, code: int) -> str:
    """As people are told of it: `InvoiceStatus rejected, Status 200 OK`."""
    status = request.find("Status")
    text = "" if status is None else (status.get("text") or "").strip()
    more = [
        f"{name} {(one.get(attribute) or '').strip()}"
        for name, attribute in (
            ("InvoiceStatus", "type"),
            ("IntegrationStatus", "documentStatus"),
            ("DocumentStatus", "type"),
        )
        for one in request.findall(name)
    ]
    return ", ".join([*more, f"Status {code} {text}".strip()])[:200]


def _reasons(request: Element) -> Iterator[str]:
    for status in request.findall("Status"):
        yield "".join(status.itertext())
    for comments in request.iter("Comments"):
        yield "".join(comments.itertext())
    for item in request.findall("DocumentStatus/ItemStatus"):
        reference = item.find("ReferenceDocumentInfo")
        number = "" if reference is None else reference.get("lineNumber") or ""
        said = " ".join(filter(None, [item.get("type"), item.get("code")]))
        yield f"line {number}: {said}" if number else said
    for message in request.iter("IntegrationMessage"):
        yield "".join(message.itertext())


def _place(at: Element, path: str) -> str:
    return f"line {at.sourceline}: {path}"


ANSWERS = AnswerReader(sniff=is_answer, check=check, read=read_status_update)
