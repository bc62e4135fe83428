"""match: what an account's system says of documents of ours, to the documents that it speaks of."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.intake import kept_envelope_id
from gateway.store.answers import Said
from gateway.store.documents import StoredDocument
from gateway.store.store import Store
from gateway.work import Work
from schemas.documents.application_response import ApplicationResponse, DocumentAnswer
from schemas.faults import Fault

_KINDS = {"cxml-1.2": "status_update"}
_LISTED = 5
_SAID, _SHOWN = 1_000, 200
"""Characters that a fault has of what is said, and of the document's number as it was sent."""


def match_answer(store: Store, work: Work, answer: ApplicationResponse) -> None:
    """Ends in a settlement: `done` where every document is ours, with what is to be written of each; a duplicate where
    all of it was said before; held where a document is unknown, and then what is known of the others is written."""
    said: list[Said] = []
    faults: list[Fault] = []
    documents = _documents(store, work, answer)
    for one in answer.answers:
        found = [each for each in documents.get(_number(one), ()) if one.type in (None, each.type)]
        if len(found) == 1:
            said.append(_said(work, answer, one, found[0]))
        else:
            faults.append(_unmatched(one, found))
    told = {one.document_id: one.word for one in said}
    if faults:
        work.said = tuple(said)
        work.end("hold", faults, "match", answers=told)
        return
    before = store.answers.said_by(said) if answer.number is not None else []  # else a resend can't be told
    earlier = next((one for one in before if one is not None and one != work.message.id), None)
    if earlier is not None and len(before) == len(said):
        work.end("mark_duplicate", (), "match", duplicate_of=earlier)
        return
    work.said = tuple(said)
    work.end("answer", (), "match", answers=told)


def _said(work: Work, answer: ApplicationResponse, one: DocumentAnswer, document: StoredDocument) -> Said:
    return Said(
        document_id=document.id,
        account_id=document.account_id,
        at=work.message.received_at,
        kind=_KINDS.get(work.message.format or "", "application_response"),
        word=one.word,
        code=one.code,
        reasons=one.reasons,
        number=kept_envelope_id(answer.number),
        message_id=work.message.id,
    )


def _documents(store: Store, work: Work, answer: ApplicationResponse) -> dict[str, list[StoredDocument]]:
    """Number → the account's documents that have it: of what was sent with the same kind of key, and of what an answer
    that is a test may be about."""
    numbers = {_number(one) for one in answer.answers}
    named = store.documents.named_of(work.message.account_id, numbers, test_key=work.message.test)
    return {number: [each for each in found if each.test or not answer.test] for number, found in named.items()}


def _number(one: DocumentAnswer) -> str:
    """Of a payloadID what stands before its last @: we write it so."""
    return one.number.rpartition("@")[0] or one.number if one.is_payload_id else one.number


def _unmatched(one: DocumentAnswer, found: Sequence[StoredDocument]) -> Fault:
    said = f"{one.word.replace('_', ' ')} ({one.code})" + (f": {'; '.join(one.reasons)}" if one.reasons else "")
    said = said[:_SAID]
    kind = one.type.replace("_", " ") if one.type else "document"
    if found:
        named = ", ".join(f"{each.type.replace('_', ' ')} {each.id}" for each in found[:_LISTED])
        detail, expected = f"several documents have this number ({named})", "also the document's type"
    else:
        detail, expected = f"the account was sent no {kind} of this number", "the number of one that it was sent"
    detail = f"{detail}; what is said of it: {said}"
    return Fault("unknown_document", detail, "", one.location, one.number[:_SHOWN], expected)
