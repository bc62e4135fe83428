"""The messages that one belongs to: the body that it came in, the orders of its body, what it repeats and what repeats
it, and its neighbours in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.services import Services
from gateway.store.arrivals import Child
from gateway.store.messages import StoredMessage

SHOWN = 25
"""Orders of a body that are named; those that want somebody first."""
_WELL = ("done", "duplicate")


@dataclass(frozen=True, slots=True)
class Relatives:
    """Ids of messages of the same account; None where there is no such one."""

    parent_id: str | None = None
    """The body that it is an order of."""
    original_id: str | None = None
    """What it was edited from."""
    parts: int = 0
    """How many orders that body holds, or its own."""
    by_status: Mapping[str, int] | None = None
    children: Sequence[Child] = ()
    """Of these orders the first SHOWN."""
    edited_as: str | None = None
    """The copy that was edited of it and took its place."""
    duplicate_of: str | None = None
    resends: Sequence[str] = ()
    """What repeats it, newest first; at most SHOWN."""
    part_before: str | None = None
    part_after: str | None = None
    before: str | None = None
    """The message of the account that came before it."""
    after: str | None = None
    waiting: Sequence[str] = ()
    """Changes and cancellations that wait for its order."""


def relatives(services: Services, stored: StoredMessage) -> Relatives:
    """All of them, of a message whatever became of it."""
    messages = services.store.messages
    body_id = stored.id if stored.parts else stored.parent_id if stored.part is not None else None
    children = messages.children(body_id) if body_id else []
    parts = {child.part: child.message_id for child in children}
    before, after = messages.neighbours(stored.account_id, stored.id)
    counts = Counter(child.status for child in children)
    is_superseded = stored.status == "superseded"
    originals = messages.edited_into(stored.id)
    is_open = stored.status in ("held", "failed") and stored.order_number is not None
    return Relatives(
        parent_id=stored.parent_id if stored.part is not None else None,
        original_id=originals[0] if originals else stored.parent_id if stored.part is None else None,
        parts=len(parts),
        by_status=dict(sorted(counts.items(), key=lambda one: (one[0] in _WELL, one[0]))),
        children=sorted(children, key=lambda child: (child.status in _WELL, child.part))[:SHOWN]
        if stored.parts
        else (),
        edited_as=stored.duplicate_of if is_superseded else None,
        duplicate_of=None if is_superseded else stored.duplicate_of,
        resends=[one for one in messages.repeating(stored.id, SHOWN) if one not in originals],
        part_before=parts.get((stored.part or 0) - 1),
        part_after=parts.get(stored.part + 1) if stored.part is not None else None,
        before=before,
        after=after,
        waiting=messages.waiting_for(stored.account_id, stored.order_number or "") if is_open else (),
    )
