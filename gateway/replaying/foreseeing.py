"""A dry run: what would come of replaying these now, with no effect; grouped by what would become of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.judging import Judged, foresee
from gateway.replaying.planning import Plan
from gateway.samples import response_lines
from gateway.services import Services
from gateway.store.messages import StoredMessage
from gateway.store.replays import Mapped
from schemas.faults import Fault

MOST_FORESEEN = 200
"""Messages of a dry run: of a larger set the first so many are judged, in their order."""
_MOST_BYTES = 20_000_000
"""Of their bodies together, the first in any case."""
_MOST_CAUSES = 3
_REFUSED = ("rejected",)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would come of one message. `judged` is None where nothing can: its account has no mapping, or its bytes are
    erased."""

    stored: StoredMessage
    before: tuple[Fault, ...]
    judged: Judged | None

    @property
    def goes_through(self) -> bool:
        """Whether it would be held no more."""
        return self.judged is not None and self.judged.status not in ("held", "failed")

    @property
    def lines(self) -> list[dict[str, object]]:
        """What each of its lines would be answered."""
        return response_lines(self.judged.response) if self.judged else []


@dataclass(frozen=True, slots=True)
class Group:
    """Messages of which the same would become: `standing` is good, wait or bad."""

    said: str
    standing: str
    messages: tuple[Foreseen, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would come of the set, or of the first of it."""

    groups: tuple[Group, ...]
    judged: int
    total: int


def dry_run(services: Services, planned: Plan, mapping: Mapped) -> DryRun:
    """The first of the set judged without effect, one after the other on the stock and orders that there are now."""
    found = foreseen(services, [one.id for one in planned.messages], mapping)
    grouped: dict[tuple[str, str], list[Foreseen]] = {}
    for one in found:
        grouped.setdefault(_said(one), []).append(one)
    ranked = sorted(grouped.items(), key=lambda group: (-len(group[1]), group[0]))
    groups = tuple(Group(said, standing, tuple(messages)) for (standing, said), messages in ranked)
    return DryRun(groups, len(found), len(planned.messages))


def foreseen(services: Services, message_ids: Sequence[str], mapping: Mapped) -> list[Foreseen]:
    """What would come of each of the first of these, in this order; those that are gone are left out."""
    messages = services.store.messages
    stored = messages.fitting(messages.several(message_ids[:MOST_FORESEEN]), _MOST_BYTES)
    bodies = messages.bodies([one.id for one in stored])
    readable = [(one, bodies[one.id]) for one in stored if one.id in bodies]
    judged = dict(
        zip(
            (one.id for one, _ in readable),
            foresee(services, readable, pinned=mapping == "pinned"),
            strict=True,
        )
    )
    return [Foreseen(one, tuple(messages.faults(one.id)), judged.get(one.id)) for one in stored]


def _said(one: Foreseen) -> tuple[str, str]:
    """(standing, what would become of it) as its group's title."""
    judged = one.judged
    if judged is None:
        return "bad", "can't be judged: there is no mapping, or no bytes"
    if judged.status == "done":
        return _answered(judged)
    if judged.status in _REFUSED:
        return "wait", f"would be refused: {_causes(judged.faults)}"
    if judged.status == "duplicate":
        return "good", "would be recognised as an order that was answered already"
    if judged.status == "received":
        return "wait", "would wait for the order that it changes"
    again = "still " if {fault.code for fault in one.before} & {fault.code for fault in judged.faults} else ""
    return "bad", f"would {again}be {judged.status}: {_causes(judged.faults)}"


def _answered(judged: Judged) -> tuple[str, str]:
    response = judged.response
    if response is None:
        return "good", "would be done, without an answer"
    parts = {outcome.status for line in response.lines for outcome in line.outcomes}
    also = [word for status, word in (("backordered", "back-order"), ("rejected", "refused lines")) if status in parts]
    beside = f" with {' and '.join(also)}" if also and response.outcome != "rejected" else ""
    return ("wait" if also else "good"), f"would be answered: {response.outcome}{beside}"


def _causes(faults: Sequence[Fault]) -> str:
    found = list(dict.fromkeys(fault.detail for fault in faults)) or ["nothing says why"]
    more = f" and {len(found) - _MOST_CAUSES} more" if len(found) > _MOST_CAUSES else ""
    return " ".join(found[:_MOST_CAUSES]) + more
