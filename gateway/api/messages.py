"""Messages: what became of one document that was sent in."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response
from flask_openapi3 import APIBlueprint

from gateway.amending import waits_until
from gateway.api.answers import (
    AnsweredEntry,
    ChildAnswer,
    DocumentEntry,
    MessageAnswer,
    MessageLinks,
    Stage,
    WaitAnswer,
    as_json,
    fault_answers,
    moment,
)
from gateway.api.describe import KEY, ORDERS, account_problems, answer, path
from gateway.api.door import caller, door, in_path, sign_in
from gateway.api.parameters import refuse_unknown_parameters
from gateway.api.problems import not_found
from gateway.store.arrivals import Child
from gateway.store.documents import StoredDocument
from gateway.store.messages import Messages, StoredMessage

_LONGEST_CHAIN = 8

messages = APIBlueprint("messages", __name__, abp_tags=[ORDERS], abp_security=KEY)
messages.before_request(sign_in)
messages.before_request(refuse_unknown_parameters)


@messages.get(
    "/v1/messages/<message_id>",
    summary="One message",
    description="Its status, the stages it has been through, every fault, and the documents that came of it.",
    responses={200: answer(MessageAnswer, "The message as it stands."), **account_problems(404)},
    openapi_extensions={"parameters": [path("message_id", "As answered when the document was sent.")]},
)
def one_message() -> Response:
    """A message of this account."""
    stored = own_message(in_path("message_id"))
    repository = door().services.store.messages
    answering = first_of(repository, stored)
    return as_json(
        MessageAnswer(
            message_id=stored.id,
            status=stored.status,
            test=stored.test or answering.test,
            received_at=moment(stored.received_at),
            due_at=moment(stored.due_at),
            settled_at=None if stored.settled_at is None else moment(stored.settled_at),
            format=stored.format,
            media_type=stored.media_type,
            size=stored.size,
            order_number=stored.order_number,
            waits_for=_waits_for(stored),
            duplicate_of=stored.duplicate_of,
            parent=stored.parent_id if stored.part else None,
            part=stored.part,
            children=child_answers(repository.children(answering.id)) if answering.parts else [],
            mapping_revision=stored.mapping_revision,
            catalogue_revision=stored.catalogue_revision,
            stages=_stages(stored),
            faults=fault_answers(repository.faults(stored.id)),
            documents=entries(door().services.store.documents.of_messages(repository.answering(stored))),
            answers=_answered(answering.id),
            links=links_of(stored.id),
        )
    )


def _answered(message_id: str) -> list[AnsweredEntry]:
    return [
        AnsweredEntry(id=one.document_id, type=one.type, number=one.number, status=one.word)
        for one in door().services.store.answers.of_message(message_id)
    ]


def _waits_for(stored: StoredMessage) -> WaitAnswer | None:
    if stored.waits_for_version is None or stored.order_number is None:
        return None
    until = moment(waits_until(stored.received_at))
    return WaitAnswer(order_number=stored.order_number, version=stored.waits_for_version or None, until=until)


def own_message(message_id: str) -> StoredMessage:
    """The caller's message. Raises Refused where there is none, or it is another account's."""
    stored = None if "\0" in message_id else door().services.store.messages.one(caller().account_id, message_id)
    if stored is None:
        raise not_found()
    return stored


def first_of(repository: Messages, stored: StoredMessage) -> StoredMessage:
    """The message that answers for this one: itself, or the one it repeats."""
    answering = stored
    for _ in range(_LONGEST_CHAIN):
        earlier = None if answering.duplicate_of is None else repository.one(stored.account_id, answering.duplicate_of)
        if earlier is None:
            return answering
        answering = earlier
    return answering


def child_answers(children: Iterable[Child]) -> list[ChildAnswer]:
    """The messages of a body's orders."""
    return [
        ChildAnswer(
            part=one.part,
            message_id=one.message_id,
            status=one.status,
            order_number=one.order_number,
            links=links_of(one.message_id),
        )
        for one in children
    ]


def links_of(message_id: str) -> MessageLinks:
    """Where to go on from a message."""
    return MessageLinks(message=f"/v1/messages/{message_id}", documents=f"/v1/documents?message_id={message_id}")


def entries(stored: Iterable[StoredDocument]) -> list[DocumentEntry]:
    """Documents as the mailbox lists them."""
    return [
        DocumentEntry(
            id=document.id,
            type=document.type,
            number=document.number,
            order_number=document.order_number,
            format=document.format,
            media_type=document.media_type,
            created_at=moment(document.created_at),
            href=f"/v1/documents/{document.id}",
            test=document.test,
        )
        for document in stored
    ]


def _stages(stored: StoredMessage) -> list[Stage]:
    steps = sorted(stored.stages.items(), key=lambda step: step[1])
    return [Stage(name=name, at=moment(at)) for name, at in (("received", stored.received_at), *steps)]
