"""The sample sent as a test order: by the way that orders come, with what a test key may."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.intake import Arrival, take_in
from gateway.services import Services
from gateway.store.documents import StoredDocument
from gateway.store.messages import StoredMessage
from mappings.own_format import formats_of
from schemas.faults import Fault

SOURCE = "console"


@dataclass(frozen=True, slots=True)
class Answer:
    """An order response, as the account gets it."""

    document: StoredDocument
    text: str
    lines: tuple[Mapping[str, Any], ...]
    """The canonical response's: `line_number` and `outcomes`."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test order, as far as it is known."""

    message: StoredMessage
    faults: tuple[Fault, ...]
    answers: tuple[Answer, ...]
    parts: tuple[Tried, ...] = ()
    """Of a body of several orders: of each."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.message.status not in ("received", "processing") and all(one.is_settled for one in self.parts)

    @property
    def is_answered(self) -> bool:
        """Whether it came through to an answer, and each order of it did."""
        done = self.message.status in ("done", "duplicate")
        return done and (bool(self.answers) or (bool(self.parts) and all(one.is_answered for one in self.parts)))


def send_sample(services: Services, account_id: str, body: bytes) -> str:
    """The id of the message that answers for it. Raises LookupError where the account has no mapping, StoreUnavailable
    where it was not taken."""
    revision = services.terms.current([account_id])[account_id]
    arrival = Arrival(revision.account, True, body, SOURCE, formats=formats_of(revision), revision=revision.number)
    return take_in(services, arrival).kept.message_id


def what_became(services: Services, account_id: str, message_id: str) -> Tried | None:
    """What became of the message; None where the account has none of this id that is a test."""
    message = services.store.messages.one(account_id, message_id)
    if message is None or not message.test:
        return None
    children = services.store.messages.children(message_id)
    parts = [what_became(services, account_id, one.message_id) for one in children]
    answering: Sequence[str] = [message_id] if parts else services.store.messages.answering(message)
    found = services.store.documents.of_messages(answering)
    responses = [one for one in found if one.type == "order_response"]
    return Tried(
        message,
        tuple(services.store.messages.faults(message_id)),
        tuple(_answer(services, one) for one in responses),
        tuple(one for one in parts if one is not None),
    )


def _answer(services: Services, document: StoredDocument) -> Answer:
    documents = services.store.documents
    lines = json.loads(documents.canonical(document.id)).get("lines", ())
    return Answer(document, documents.body(document.id).decode("utf-8", "replace"), tuple(lines))
