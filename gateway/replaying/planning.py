"""The set that a replay would be of: which messages, which not and why, and what will not repeat."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from gateway.replaying.wanting import MOST_MESSAGES, Wanted
from gateway.services import Services
from gateway.states import ImpossibleMove, advance
from gateway.store.replays import ToReplay

_WHY_NOT = {
    "received": "waits to be judged already",
    "processing": "is being judged just now",
    "done": "answered already: what came of it stands, and nothing of it is repeated",
    "duplicate": "repeats an earlier message, which answers for it",
    "superseded": "replaced by another",
    "dismissed": "dismissed by somebody",
}
_NAMED = 10
"""So many messages of a body's orders are named."""
_STUCK = ("held", "failed")


class CantReplay(Exception):
    """Nothing of what was asked for can be replayed, in a sentence."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """A message that is left out, and why: in a sentence of its own, and as it is counted with others."""

    message_id: str
    status: str | None
    detail: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The messages of the set in their order, and those that are left out of it."""

    wanted: Wanted
    messages: tuple[ToReplay, ...]
    excluded: tuple[Excluded, ...]
    is_cut: bool = False
    """Whether more were asked for than one replay takes."""

    @property
    def looked_at(self) -> int:
        """How many were asked for, but those beyond what one replay takes."""
        return len(self.messages) + len(self.excluded)

    @property
    def accounts(self) -> list[str]:
        """Whose they are."""
        return sorted({one.account_id for one in self.messages})

    @property
    def by_status(self) -> dict[str, int]:
        """How many are held, failed, rejected."""
        return dict(Counter(one.status for one in self.messages).most_common())

    @property
    def by_revision(self) -> list[tuple[str, int | None, int]]:
        """(account, the revision that they were last judged under, how many): None where they never were."""
        found = Counter((one.account_id, one.mapping_revision) for one in self.messages)
        return sorted(((*key, count) for key, count in found.items()), key=lambda one: (one[0], one[1] or 0))

    @property
    def left_out(self) -> dict[str, int]:
        """Why messages are left out → how many."""
        return dict(Counter(one.reason for one in self.excluded).most_common())

    def asked_for(self) -> dict[str, Any]:
        """What is kept of where the set came from."""
        told = self.wanted.as_query
        if len(self.wanted.messages) > 1:
            told["message"] = len(self.wanted.messages)
        return {"words": self.wanted.words, "query": told, "excluded": self.left_out}


def plan(services: Services, wanted: Wanted) -> Plan:
    """The set as it is now. Raises CantReplay where nothing is named."""
    if wanted.is_empty:
        raise CantReplay("Name messages, a problem, or what to look for.")
    frozen = wanted.ids(services, MOST_MESSAGES)
    ids = list(frozen.ids)
    there = services.store.replays.look_at(ids)
    messages: list[ToReplay] = []
    excluded: list[Excluded] = []
    for message_id in ids:
        found = there.get(message_id)
        why = _left_out(services, message_id, found)
        if why is not None:
            excluded.append(why)
        elif found is not None:
            messages.append(found)
    return Plan(wanted, tuple(messages), tuple(excluded), frozen.is_cut)


def _left_out(services: Services, message_id: str, found: ToReplay | None) -> Excluded | None:
    if found is None:
        return Excluded(message_id, None, "there is no such message", "no such message")
    try:
        advance(found.status, "replay")
    except ImpossibleMove as impossible:
        said, reason = str(impossible), _WHY_NOT.get(found.status, f"is {found.status}")
        if found.parts:
            said, reason = (
                _of_orders(services, message_id, said),
                "a body of several orders, which are messages of their own",
            )
        return Excluded(message_id, found.status, said, reason)
    if not found.has_bytes:
        return Excluded(message_id, found.status, "its bytes are erased", "its bytes are erased")
    return None


def _of_orders(services: Services, message_id: str, otherwise: str) -> str:
    """Which of a body's messages should be replayed in its place."""
    children = services.store.messages.children(message_id)
    if not children:
        return otherwise
    stuck = [one for one in children if one.status in _STUCK]
    if not stuck:
        return f"its {len(children)} orders are messages of their own; none of them is held or failed"
    named = ", ".join(f"{one.message_id} (order {one.part}, {one.status})" for one in stuck[:_NAMED])
    more = f" and {len(stuck) - _NAMED} more" if len(stuck) > _NAMED else ""
    return f"its {len(children)} orders are messages of their own; replay {named}{more}"
