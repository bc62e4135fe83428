"""Correcting a message's document: asked for with a reason, agreed to by somebody else where the account's policy says
so, and then judged in the original's place.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from gateway.intake import Arrival, message_of
from gateway.resubmitting.comparing import Looked, look
from gateway.services import Services
from gateway.states import advance
from gateway.store.arrivals import NewMessage
from gateway.store.messages import StoredMessage
from gateway.store.resubmissions import Asked, Resubmission, SameBytes
from mappings.own_format import formats_of
from schemas.faults import Fault

SOURCE = "edit"
"""The door by which a corrected document comes."""


class Unfit(Exception):
    """The corrected document can't take the original's place: `faults` say why."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(fault.detail for fault in faults))
        self.faults = faults


class Erased(Exception):
    """The original's bytes are gone."""


class OwnEdit(Exception):
    """Whoever asked for a correction can't agree to it."""


@dataclass(frozen=True, slots=True)
class Original:
    """A message that can be corrected, and its bytes."""

    stored: StoredMessage
    body: bytes


def original_of(services: Services, account_id: str | None, message_id: str) -> Original | None:
    """The message that is to be corrected (`account_id` None: anyone's); None where there is none.

    Raises ImpossibleMove where it can't be, as it stands, and Erased where its bytes are gone.
    """
    stored = services.store.messages.one(account_id, message_id)
    if stored is None:
        return None
    advance(stored.status, "supersede")
    body = services.store.messages.body(message_id)
    if body is None:
        raise Erased
    return Original(stored, body)


def correct(services: Services, original: Original, edited: bytes, reason: str, actor: str) -> Resubmission:
    """Put the corrected document in the original's place, or ask for it where somebody else has to agree.

    Raises Unfit; SameBytes, where the same bytes came before; ImpossibleMove and Collision, where the original was
    judged again meanwhile or another correction of it waits. Nothing is written then.
    """
    stored = original.stored
    found = look(services, stored, original.body, edited)
    if found.faults:
        raise Unfit(tuple(found.faults))
    digest = hashlib.sha256(edited).digest()
    if services.store.messages.of_bytes(stored.account_id, stored.test_key, digest) is not None:
        raise SameBytes(digest.hex())
    asked = Asked(stored.id, stored.run, stored.account_id, edited, found.differences, found.touches, reason)
    repository = services.store.resubmissions
    if found.touches:
        made = repository.ask(asked, actor)
    else:
        message = _copy(services, stored, edited)
        made = repository.resubmit(asked, message, actor, parent_id=_parent_of(stored), part=stored.part)
        services.lanes.ring(message.lane)
    kept = repository.one(made)
    if kept is None:
        raise AssertionError("it was just written")
    return kept


def agree(services: Services, resubmission: Resubmission, actor: str, why: str = "") -> str:
    """Somebody else agrees: the corrected document takes the original's place; the new message's id.

    Raises OwnEdit, NotWaiting, Unfit, SameBytes, ImpossibleMove and Collision; nothing is written then.
    """
    if resubmission.asked_by == actor:
        raise OwnEdit
    stored = services.store.messages.one(resubmission.account_id, resubmission.message_id)
    if stored is None:
        raise LookupError(resubmission.message_id)
    message = _copy(services, stored, services.store.resubmissions.body(resubmission.id))
    parent_id = _parent_of(stored)
    services.store.resubmissions.agree(resubmission, message, actor, why, parent_id=parent_id, part=stored.part)
    services.lanes.ring(message.lane)
    return message.id


def looked_at(services: Services, resubmission: Resubmission) -> Looked | None:
    """What the correction changes and what would come of it now; None where the original's bytes are gone."""
    stored = services.store.messages.one(resubmission.account_id, resubmission.message_id)
    body = services.store.messages.body(resubmission.message_id)
    if stored is None or body is None:
        return None
    return look(services, stored, body, services.store.resubmissions.body(resubmission.id))


def _copy(services: Services, stored: StoredMessage, edited: bytes) -> NewMessage:
    """The corrected document as it will be kept: as urgent as the original, and judged as of the moment that came."""
    mapping = services.terms.current([stored.account_id])[stored.account_id]
    arrival = Arrival(
        mapping.account,
        stored.test_key,
        edited,
        SOURCE,
        stored.media_type,
        formats=formats_of(mapping),
        revision=mapping.number,
    )
    made = message_of(arrival)
    if made.unreadable:
        raise Unfit(made.unreadable)
    parts = 1 if stored.part is None else made.parts
    return replace(made, due_at=stored.due_at, received_at=stored.received_at, edited_from=stored.id, parts=parts)


def _parent_of(stored: StoredMessage) -> str:
    """What the corrected copy stands under: the body of several orders, else the original."""
    return stored.parent_id if stored.part is not None and stored.parent_id is not None else stored.id
