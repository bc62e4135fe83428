"""What a job does: five lines each. Workers run these and nothing else (`gateway.lanes.JOBS`)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gateway import pipeline
from gateway.drafting import draft_tests
from gateway.lanes import DRAFTS, LANES, REPLAYS
from gateway.replaying import running
from gateway.services import Services
from gateway.store.database import StoreUnavailable

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a worker works with: the services, its lanes by name, its sign of life, and how many batches it drains
    for one ring unless it is asked to stop."""

    services: Services
    lanes: tuple[str, ...]
    beat: Callable[[], None]
    stopping: Callable[[], bool]
    batches: int = 20
    wake_deliverer: Callable[[], None] | None = None
    """Where this worker sends documents."""


def deliver(desk: Desk, lane: str) -> None:
    """Something may be due to be sent: whoever sends in this process looks, and the worker goes on."""
    if desk.wake_deliverer is None:
        raise ValueError(f"no documents are sent from here, though it listens on {lane}")
    desk.wake_deliverer()


def drain(desk: Desk, lane: str) -> int:
    """Settle what waits in the worker's lanes; whoever stores from now on rings anew. Returns the messages settled."""
    settled, is_empty = drain_batches(desk)
    if not is_empty:
        desk.services.lanes.ring(lane)
    if settled:
        _ring_for_replays(desk)
    return settled


def _ring_for_replays(desk: Desk) -> None:
    """What was settled may have been asked for by a replay, which goes on by that."""
    try:
        if desk.services.store.replays.leases.waits():
            desk.services.lanes.ring(REPLAYS)
    except StoreUnavailable as failure:  # as below
        logger.warning("Could not look for replays: %s", failure)


def replay(desk: Desk, lane: str) -> None:
    """The next messages of a replay; where none can go on now, whoever settles a message rings again."""
    if _replay_some(desk):
        desk.services.lanes.ring(lane)


def _replay_some(desk: Desk) -> bool:
    desk.beat()
    try:
        return running.step(desk.services)
    except StoreUnavailable as failure:  # the sweeper rings when the database is back
        logger.warning("Could not go on with a replay: %s", failure)
        return False


def test_drafts(desk: Desk, lane: str) -> None:
    """A chunk of the oldest test of a draft; the next one is rung for behind all that waits by then."""
    if _try_some(desk, lambda: _is_wanted(desk)):
        desk.services.lanes.ring(lane)


def look(desk: Desk) -> int:
    """What a worker does that nobody can ring for: orders, and where none waits a chunk of a replay or of a test. How
    much it was."""
    settled = drain_batches(desk)[0]
    if settled or desk.stopping():
        return settled
    if REPLAYS in desk.lanes and _replay_some(desk):
        return 1
    return int(DRAFTS in desk.lanes and _try_some(desk, desk.stopping))


def _try_some(desk: Desk, pauses: Callable[[], bool]) -> bool:
    try:
        return draft_tests.step(desk.services, pauses)
    except StoreUnavailable as failure:  # the sweeper rings when the database is back
        logger.warning("Could not go on with a test: %s", failure)
        return False


def _is_wanted(desk: Desk) -> bool:
    """Whether this worker is to do something else: to stop, or an order that waits."""
    desk.beat()
    if desk.stopping():
        return True
    depths = desk.services.lanes.depths() or {}
    return any(depths.get(name) for name in desk.lanes)


def drain_batches(desk: Desk) -> tuple[int, bool]:
    """Batch after batch, up to the bound or until asked to stop: how many were settled, and whether nothing waits."""
    numbers = tuple(LANES.index(name) for name in desk.lanes if name in LANES)
    if not numbers:
        return 0, True
    settled = 0
    try:
        for _ in range(desk.batches):
            batch = pipeline.drain(desk.services, numbers, desk.beat, batches=1)
            settled += batch
            if batch == 0 or desk.stopping():
                return settled, batch == 0
    except StoreUnavailable as failure:  # the sweeper rings when the database is back
        logger.warning("Could not claim: %s", failure)
        return settled, True
    return settled, False
