"""What a worker does of replays: sees what came of those that were asked for, and asks for more, a chunk at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gateway.holding import REMARKS, holding_faults
from gateway.lanes import LANES
from gateway.services import Services
from gateway.states import ImpossibleMove, advance
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.leases import LeaseLost
from gateway.store.replays import Came, Chunk, Claimed, FaultOfRun, Replay, Standing
from mappings.account import Policies
from schemas.faults import Fault

CHUNK = 100
"""Messages that are asked for at once."""
MOST_ASKED = 300
"""Messages that wait or are judged at a time: pausing and cancelling leave no more than these to be judged, and what
comes in meanwhile is not behind the whole set."""
MOST_IN_A_ROW, ENOUGH_TO_TELL, MOST_RETURNING_PERCENT = 3, 20, 10
"""It stops where the cause returned at so many messages one after the other, or, once so many were judged, at such a
part of them."""
_TRIES = 5
_STUCK = ("held", "failed")
_UNSETTLED = ("received", "processing")
_LONGEST_DETAIL = 500

logger = logging.getLogger(__name__)


def step(services: Services) -> bool:
    """Do a chunk of the replay that was looked at longest ago and can go on; False where none can now."""
    passed_over: list[str] = []
    while (claimed := services.store.replays.claim(services.worker_name, passed_over)) is not None:
        passed_over.append(claimed.replay.id)
        if _go_on(services, claimed):
            return True
    return False


def _go_on(services: Services, claimed: Claimed) -> bool:
    """Whether anything was done of it."""
    replay = claimed.replay
    for _ in range(_TRIES):
        chunk = next_chunk(services, replay)
        try:
            services.store.replays.save(claimed, chunk)
        except Collision as collision:  # somebody moved one of its messages: look again
            logger.info("replay %s is decided again: %s", replay.id, collision)
            continue
        except LeaseLost:  # paused, cancelled or taken over: whoever has it goes on from what is written
            return True
        for lane in sorted({one.lane for one in chunk.ask}):
            services.lanes.ring(LANES[lane])
        moved = bool(chunk.ask or chunk.came or chunk.skipped) or chunk.after.status != replay.status
        # Whoever settled one since it was looked at found the replay at this worker, and has rung for nobody.
        return moved or services.store.replays.is_behind(replay.id)
    raise StoreUnavailable(f"the messages of replay {replay.id} are moved faster than they can be asked for")


def next_chunk(services: Services, replay: Replay) -> Chunk:
    """What is to be written of it now: what came of those asked for, and which are asked for next."""
    store = services.store.replays
    asked = store.asked(replay.id) if replay.asked else []
    judge = _Judge(services, replay, store.faults(replay.id) if asked else [])
    chunk = Chunk(replay)
    for one in asked:
        if (came := judge.came_of(one)) is not None:
            chunk.came.append(came)
    chunk.after = _stopped(_counted(replay, chunk.came, judge), judge)
    if chunk.after.is_under_way:
        _ask_for_more(services, chunk)
    return chunk


def _counted(replay: Replay, came: Sequence[Came], judge: _Judge) -> Replay:
    """The counts with these."""
    streak = replay.streak
    for one in came:
        streak = streak + 1 if one.position in judge.returned else 0
    failed = sum(one.state == "failed" for one in came)
    return replace(
        replay,
        status="running" if replay.status == "waiting" else replay.status,
        asked=replay.asked - len(came),
        done=replay.done + len(came) - failed,
        failed=replay.failed + failed,
        returned=replay.returned + len(judge.returned),
        streak=streak,
    )


def _stopped(replay: Replay, judge: _Judge) -> Replay:
    """The same, stopped where the first didn't go through or the cause returns."""
    if not replay.is_under_way or not replay.settled:
        return replay
    if replay.tries_first:
        why = judge.first_failed()
        return replace(replay, tries_first=False) if why is None else replace(replay, status="stopped", detail=why)
    why = _returns(replay) if replay.careful else None
    return replay if why is None else replace(replay, status="stopped", detail=why)


def _returns(replay: Replay) -> str | None:
    """Why it stops, where the cause returns at more than a few."""
    if replay.streak >= MOST_IN_A_ROW:
        return f"The same cause came back at {replay.streak} messages one after the other."
    if replay.settled >= ENOUGH_TO_TELL and replay.returned * 100 >= replay.settled * MOST_RETURNING_PERCENT:
        return f"The same cause came back at {replay.returned} of {replay.settled} messages."
    return None


def _ask_for_more(services: Services, chunk: Chunk) -> None:
    """The next of the set, as many as may be judged at a time; those that stand otherwise by now are passed over."""
    replay = chunk.after
    room = min(CHUNK, MOST_ASKED - replay.asked)
    if replay.tries_first:
        room = 0 if replay.asked else 1
    found = services.store.replays.next(replay.id, replay.reached, room) if room > 0 else []
    others = services.store.replays.others(
        replay.id, [(one.message_id, one.run) for one in found if one.now_run >= one.run]
    )
    for one in found:
        why = why_not(one, others.get(one.message_id))
        if why is None:
            chunk.ask.append(one)
        else:
            chunk.skipped.append((one.position, why))
    asked, skipped = replay.asked + len(chunk.ask), replay.skipped + len(chunk.skipped)
    reached = found[-1].position if found else replay.reached
    chunk.after = replace(replay, reached=reached, asked=asked, skipped=skipped)
    if reached >= replay.total and not asked:
        chunk.after = replace(chunk.after, status="done")


def why_not(one: Standing, other: str | None) -> str | None:
    """Why a message is passed over when its turn comes; None where it is asked for."""
    if one.status is None:
        return "It isn't kept any more."
    if other is not None:
        return f"Another replay ({other}) had it judged again meanwhile."
    if one.now_run >= one.run:
        return "It was tried again meanwhile: its sender sent it again, or somebody replayed it."
    try:
        advance(one.status, "replay")
    except ImpossibleMove as impossible:
        return str(impossible)
    return None if one.has_bytes else "Its bytes are erased, so it can't be judged again."


@dataclass(slots=True)
class _Judge:
    """What came of messages that were asked for."""

    services: Services
    replay: Replay
    faults: Sequence[FaultOfRun]
    returned: set[int] = field(default_factory=set)
    """Positions at which the cause came back."""
    _by_message: dict[str, list[FaultOfRun]] = field(init=False)
    _first: Came | None = field(init=False, default=None)
    _first_is_new: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._by_message = {}
        for fault in self.faults:
            self._by_message.setdefault(fault.message_id, []).append(fault)

    def came_of(self, one: Standing) -> Came | None:
        """What came of it; None while it is judged, or waits for that."""
        status = self._ended_as(one)
        if status is None:
            return None
        faults = self._by_message.get(one.message_id, [])
        before = {fault.fingerprint for fault in faults if fault.before and fault.code not in REMARKS}
        now = self._holding([fault for fault in faults if not fault.before]) if status != "done" else []
        causes = {fault.fingerprint for fault in now}
        looked_for = {self.replay.fingerprint} if self.replay.fingerprint else before
        returns = status in (*_STUCK, "rejected") and bool(causes & looked_for)
        if returns:
            self.returned.add(one.position)
        failed = status in _STUCK or returns
        detail = "; ".join(dict.fromkeys(fault.detail for fault in now))[:_LONGEST_DETAIL] or None
        came = Came(one.position, "failed" if failed else "done", status, detail)
        if self._first is None:
            self._first, self._first_is_new = came, bool(causes - before)
        return came

    def _ended_as(self, one: Standing) -> str | None:
        if one.status is None:
            return "failed"  # it was taken away meanwhile
        if one.now_run > one.run:  # it was settled, and tried again since
            return self.services.store.replays.ended_as(one.message_id, one.run) or "failed"
        if one.status not in _UNSETTLED:
            return one.status
        waits_long = one.status == "received" and one.not_before is not None and one.waits_for_version is not None
        return "received" if waits_long else None

    def _holding(self, faults: Sequence[FaultOfRun]) -> Sequence[FaultOfRun]:
        """Those of a message's faults that keep it from an answer; all of them where none seems to."""
        told = [Fault(one.code, one.detail, one.path) for one in faults]
        return [faults[index] for index in holding_faults(told, self._policies(faults[0]))] if faults else ()

    def _policies(self, one: FaultOfRun) -> Policies | None:
        """Those that the message was judged under; None where it was under none, or under one of no use any more."""
        if one.mapping_revision is None:
            return None
        try:
            return self.services.terms.mapping(one.account_id, one.mapping_revision).account.policies
        except (LookupError, ValueError):
            return None

    def first_failed(self) -> str | None:
        """Why the rest doesn't follow the first; None where it does."""
        came = self._first
        if came is None:
            raise AssertionError("the first was judged")
        cause = f": {came.detail}" if came.detail else "."
        if came.position in self.returned:
            return f"The first of them was {_word(came.outcome)} again for the same cause{cause}"
        if came.state == "failed" and (self.replay.fingerprint is None or self._first_is_new):
            return f"The first of them was {_word(came.outcome)}{cause}"
        return None


def _word(status: str) -> str:
    return {"failed": "not judged: it failed", "rejected": "refused"}.get(status, status)
