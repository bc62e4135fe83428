"""Beginning a replay, and what people do with one that runs."""

from __future__ import annotations

from typing import Any

from gateway.lanes import REPLAYS
from gateway.replaying.planning import CantReplay, Plan, plan
from gateway.replaying.wanting import Wanted
from gateway.services import Services
from gateway.store.replays import REASON_LENGTH, Mapped, ReadyReplay


def begin(
    services: Services,
    wanted: Wanted,
    *,
    mapping: Mapped = "current",
    reason: str,
    actor: str,
    all_at_once: bool = False,
) -> str:
    """Freeze the set that is wanted, and have it judged again: the first one alone, and the rest when that has gone
    through, or `all_at_once`. The replay's id. Raises CantReplay where nothing of it can be replayed, and ValueError
    for a reason that is none."""
    return begin_planned(
        services, plan(services, wanted), mapping=mapping, reason=reason, actor=actor, all_at_once=all_at_once
    )


def begin_planned(
    services: Services, planned: Plan, *, mapping: Mapped, reason: str, actor: str, all_at_once: bool = False
) -> str:
    """The same of a set that was looked at before."""
    told = _checked(planned, mapping=mapping, reason=reason, actor=actor, all_at_once=all_at_once)
    replay_id = services.store.replays.begin(planned.messages, **told)
    services.lanes.ring(REPLAYS)
    return replay_id


def ready(
    services: Services, planned: Plan, *, mapping: Mapped, reason: str, actor: str, all_at_once: bool = False
) -> ReadyReplay:
    """The same not begun yet: `store.replays.write` does that, in the transaction of what it goes with. Raises as
    `begin`."""
    told = _checked(planned, mapping=mapping, reason=reason, actor=actor, all_at_once=all_at_once)
    return services.store.replays.ready(planned.messages, **told)


def _checked(planned: Plan, *, mapping: Mapped, reason: str, actor: str, all_at_once: bool) -> dict[str, Any]:
    """What the store is told beside the messages."""
    why = reason.strip()
    if not why or len(why) > REASON_LENGTH:
        raise ValueError(f"a reason of 1 to {REASON_LENGTH:,} characters")
    if not planned.messages:
        raise CantReplay("None of these can be judged again.")
    return {
        "asked_for": planned.asked_for(),
        "fingerprint": planned.wanted.problem,
        "mapping": mapping,
        "reason": why,
        "actor": actor,
        "tries_first": len(planned.messages) > 1 and not all_at_once,
    }


def pause(services: Services, replay_id: str, actor: str) -> bool:
    """Ask for nothing more for now. False where it doesn't go on anyway."""
    return services.store.replays.pause(replay_id, actor=actor)


def resume(services: Services, replay_id: str, actor: str, *, anyway: bool = False) -> bool:
    """Go on where it was paused or has stopped; `anyway`: with all that is left, whatever comes of them. False where it
    doesn't stand still."""
    moved = services.store.replays.resume(replay_id, actor=actor, anyway=anyway)
    if moved:
        services.lanes.ring(REPLAYS)
    return moved


def cancel(services: Services, replay_id: str, actor: str) -> bool:
    """Ask for nothing more. False where it has ended."""
    return services.store.replays.cancel(replay_id, actor=actor)
