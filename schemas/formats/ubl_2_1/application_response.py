"""A UBL ApplicationResponse, read: what the receiver's system says of our documents.

Peppol's Message Level Response (T71) and Invoice Response (T111) are such, with codes of UNCL4343; OIOUBL's and others
say the same in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.documents.application_response import ApplicationResponse, DocumentAnswer, Word, told_reasons
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats import AnswerReader
from schemas.formats.large_xml import root_of
from schemas.formats.ubl_2_1.names import DOCUMENTS, ENVELOPE, ENVELOPE_HEADER, cac, cbc
from schemas.formats.xml import UTF_16_STARTS, Element, parse

_TAG = f"{{{DOCUMENTS}ApplicationResponse-2}}ApplicationResponse"
_NAME = "ApplicationResponse"
_START = 65_536
"""Bytes in which a document says what it is, also in an envelope."""
_MOST_DOCUMENTS = 500
_MOST_FAULTS = 1_000

_WORDS: Mapping[str, Word] = {
    "AB": "received",  # UNCL4343, as Peppol's T71 and T111 have it
    "IP": "in_process",
    "UQ": "queried",
    "CA": "conditionally_accepted",
    "AP": "accepted",
    "RE": "rejected",
    "PD": "paid",
    "AA": "received",  # the rest of UNCL4343 that says something of a document as a whole
    "AC": "conditionally_accepted",
    "AD": "accepted",
    "businessaccept": "accepted",  # OIOUBL's code list of responses
    "businessreject": "rejected",
    "technicalaccept": "received",
    "technicalreject": "rejected",
    "profileaccept": "received",
    "profilereject": "rejected",
}
_TYPES: Mapping[str, str] = {
    "380": "invoice",  # UNCL1001
    "381": "credit_note",
    "351": "despatch_advice",
    "231": "order_response",
    "320": "order_response",
    "invoice": "invoice",
    "creditnote": "credit_note",
    "despatchadvice": "despatch_advice",
    "orderresponse": "order_response",
    "orderresponsesimple": "order_response",
}
_EXPECTED = "AB, IP, UQ, CA, AP, RE or PD (UNCL4343)"


def is_answer(body: bytes) -> bool:
    """Whether this is an ApplicationResponse, alone or in an SBDH envelope. Never raises."""
    start = body[:_START].replace(b"\0", b"") if body[:2] in UTF_16_STARTS else body[:_START]
    if _NAME.encode() not in start:
        return False
    root = root_of(body)
    if root is not None and root.tag != ENVELOPE:
        return bool(root.tag == _TAG)
    try:
        return any(one.tag == _TAG for one in _documents(parse(body)))
    except DocumentRejected:
        return root is not None and _names_itself(start)


def _names_itself(start: bytes) -> bool:
    """Whether an envelope that can't be read says that an ApplicationResponse is in it (SBDH, Type)."""
    return b">ApplicationResponse<" in start


def check(body: bytes) -> None:
    """Can the bytes be read? Raises DocumentRejected."""
    parse(body)


def read_application_response(body: bytes) -> ApplicationResponse:
    """What it says of each document. Raises DocumentHeld with what in it can't be told, at most 1,000 faults: a person
    must look at it, because it may be a refusal. Raises DocumentRejected where it can't be read."""
    faults: list[Fault] = []
    answers: list[DocumentAnswer] = []
    numbers: list[str] = []
    roots = _documents(parse(body))
    responses = sum(len(root.findall(cac("DocumentResponse"))) for root in roots)
    if responses > _MOST_DOCUMENTS:
        raise DocumentHeld([_too_many(responses)])
    for root in roots:
        if root.tag != _TAG:
            faults.append(_fault("answer_unclear", root, "the envelope has another document beside it", _NAME))
            continue
        numbers += filter(None, [_text(root, "ID")])
        answers += _answers(root, faults)
    if len(answers) > _MOST_DOCUMENTS:
        faults.append(_too_many(len(answers)))
    if faults:
        raise DocumentHeld(faults[:_MOST_FAULTS])
    return ApplicationResponse(number=numbers[0] if numbers else None, answers=tuple(answers))


def _too_many(documents: int) -> Fault:
    detail = f"it speaks of {documents} documents; one message may speak of {_MOST_DOCUMENTS}"
    return Fault("unsupported_document", detail, value=str(documents), expected=f"{_MOST_DOCUMENTS}")


def _documents(root: Element) -> list[Element]:
    return [child for child in root if child.tag != ENVELOPE_HEADER] if root.tag == ENVELOPE else [root]


def _answers(root: Element, faults: list[Fault]) -> Iterator[DocumentAnswer]:
    said = root.findall(cac("DocumentResponse"))
    if not said:
        faults.append(_fault("answer_unclear", root, "it says nothing of any document", "cac:DocumentResponse"))
    for one in said:
        yield from _answers_in(one, faults)


def _answers_in(said: Element, faults: list[Fault]) -> Iterator[DocumentAnswer]:
    """What one DocumentResponse says, of each document that it names."""
    response = said.find(cac("Response"))
    code = None if response is None else _text(response, "ResponseCode")
    word = _WORDS.get(code or "") or _WORDS.get((code or "").casefold())
    if code is None:
        faults.append(_fault("answer_unclear", said, "it doesn't say what became of the document", "cbc:ResponseCode"))
    elif word is None:
        detail = f"nobody has agreed what {code[:50]} says of a document"
        faults.append(_fault("answer_unclear", said, detail, _EXPECTED, code))
    references = list(_references(said, response))
    if not references:
        faults.append(_fault("answer_unclear", said, "it doesn't name the document", "cac:DocumentReference/cbc:ID"))
    if code is None or word is None:
        return
    reasons = told_reasons(list(_reasons(said, response)))
    for number, kind, place in references:
        yield DocumentAnswer(number=number, word=word, code=code[:50], reasons=reasons, type=kind, location=place)


def _references(said: Element, response: Element | None) -> Iterator[tuple[str, str | None, str]]:
    """(number, type, place) of each document that is named: by DocumentReference, or as UBL 2.0 had it in Response."""
    found = False
    for reference in said.findall(cac("DocumentReference")):
        number = _text(reference, "ID")
        if number is not None:
            found = True
            named = _text(reference, "DocumentTypeCode") or _text(reference, "DocumentType") or ""
            kind = _TYPES.get(named.casefold().replace(" ", ""))
            yield number, kind, f"line {reference.sourceline}: cac:DocumentReference/cbc:ID"
    number = None if found or response is None else _text(response, "ReferenceID")
    if number is not None:
        yield number, None, f"line {said.sourceline}: cac:Response/cbc:ReferenceID"


def _reasons(said: Element, response: Element | None) -> Iterator[str]:
    """In the receiver's words: of the document, then of its lines."""
    if response is not None:
        yield from _words(response)
    for line in said.findall(cac("LineResponse")):
        number = next((_text(one, "LineID") for one in line.findall(cac("LineReference"))), None)
        for answer in line.findall(cac("Response")):
            code = _text(answer, "ResponseCode")
            words = list(_words(answer)) or ([code] if code else [])
            yield from (f"line {number}: {one}" if number and number != "NA" else one for one in words)


def _words(response: Element) -> Iterator[str]:
    for one in response.findall(cbc("Description")):
        yield one.text or ""
    for status in response.findall(cac("Status")):
        code = _text(status, "StatusReasonCode")
        words = [one.text or "" for one in status.findall(cbc("StatusReason"))]
        said = " ".join(filter(None, [code and f"{code}:", *words])) if words else code or ""
        conditions = [
            f"{_text(one, 'AttributeID') or ''} {_text(one, 'Description') or ''}".strip()
            for one in status.findall(cac("Condition"))
        ]
        yield "; ".join(filter(None, [said, *conditions]))


def _text(holder: Element, name: str) -> str | None:
    found = holder.find(cbc(name))
    return None if found is None else (found.text or "").strip() or None


def _fault(code: str, at: Element, detail: str, expected: str, value: str | None = None) -> Fault:
    name = str(at.tag).rpartition("}")[2]
    return Fault(code, detail, "", f"line {at.sourceline}: {name}", value and value[:200], expected)


ANSWERS = AnswerReader(sniff=is_answer, check=check, read=read_application_response)
