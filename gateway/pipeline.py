"""decode → map → check → decide → save → render, top to bottom: load first, compute purely, save last.

A worker drains claims. Each claim's messages are read, put into our terms and checked one by one (`reading`), so that
one bad document never touches its neighbours; then they are decided in order on one view of stock and orders
(`deciding`), and written in one transaction. Where a decision doesn't hold any more by then the decisions, and only
they, are made again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from gateway.amending import received
from gateway.collector import collector_paused
from gateway.deciding import settle_all
from gateway.lanes import DELIVERY
from gateway.reading import Bodies, bug_at, decode_one, load, map_one
from gateway.services import Services
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.queue import Claim, LeaseLost
from gateway.work import Work

logger = logging.getLogger(__name__)
_TRIES = 6
_DRAIN_SECONDS = 20.0
_OUTAGE_PAUSE_SECONDS = 0.2
"""Between tries of a save that the database could not take: nothing tells when it can."""


def drain(services: Services, lanes: Sequence[int], beat: Callable[[], None], batches: int = 20) -> int:
    """Settle what waits in these lanes (by number), up to so many batches; how many messages were settled."""
    settled = 0
    deadline = time.monotonic() + _DRAIN_SECONDS
    for _ in range(batches):
        beat()
        claim = services.store.queue.claim(services.worker_name, lanes, services.limits.batch_size)
        if claim is None:
            break
        call_others(services, claim)
        with collector_paused():
            settled += process(services, claim, beat)
        if time.monotonic() > deadline:
            break
    return settled


def call_others(services: Services, claim: Claim) -> None:
    """Ring for what the claim leaves: a backlog was rung for once, and would be drained by one worker alone."""
    if claim.leaves_some:
        for lane in {message.lane for message in claim.messages}:
            services.lanes.ring(lane)


class Stuck(Exception):
    """These messages can't be saved together, and trying again would not help."""


def process(services: Services, claim: Claim, beat: Callable[[], None] = lambda: None) -> int:
    """Read, decide and save one claim's messages; how many were settled."""
    lease = Lease(services, claim)
    works = load(services, claim)
    bodies = Bodies(works)
    for work in works:
        beat()
        decode_one(services, work, bodies)
        work.note_words()
    try:
        for work in works:  # a loop of its own: what mapping needs stays at hand, which decoding would push out
            map_one(services, work)
    except StoreUnavailable as failure:
        logger.warning("our documents can't be looked up (%s); the batch will be claimed again", failure)
        time.sleep(_OUTAGE_PAUSE_SECONDS)
        return give_back(services, claim, works)
    return sum(settle_together(services, lease, together, beat) for together in in_turn(works))


def in_turn(works: Sequence[Work]) -> list[list[Work]]:
    """The batch, all at once but for what may change an order that is in it before, or may be that order with a party
    left out, or releases one that is: that is decided on what was saved, in the order in which it was received."""
    seen: dict[object, list[Work]] = {}
    first: list[Work] = []
    later: list[list[Work]] = []
    for work in as_received(works):
        if work.settlement is not None:
            first.append(work)
            continue
        earlier = seen.setdefault(work.of_number, [])
        releases_one = work.contract_key in seen
        if releases_one or any(comes_after(work, one) for one in earlier):
            later.append([work])
        else:
            first.append(work)
        earlier.append(work)
    return [first, *later]


def as_received(works: Sequence[Work]) -> list[Work]:
    """The batch as it was claimed, the most urgent first; but where one of a number may change the other they change
    places, and come in the order in which they were received."""
    of_number: dict[object, list[int]] = {}
    for place, work in enumerate(works):
        if work.settlement is None:
            of_number.setdefault(work.of_number, []).append(place)
    placed = list(works)
    for places in of_number.values():
        together = [works[place] for place in places]
        if len(together) > 1 and any(work.may_change for work in together):
            for place, work in zip(places, sorted(together, key=received), strict=True):
                placed[place] = work
    return placed


def comes_after(work: Work, earlier: Work) -> bool:
    """Whether what is saved of the earlier message of this order number may be what this one is decided on."""
    if work.likeness(earlier.order_key[2]) == "other":
        return False
    is_same = work.order_key == earlier.order_key and work.content == earlier.content
    return not is_same or earlier.may_change or work.may_change


class Lease:
    """A claim's lease while its messages are settled, one group after the other."""

    def __init__(self, services: Services, claim: Claim) -> None:
        self.claim = claim
        self._queue = services.store.queue
        self._third = services.limits.lease_seconds / 3
        self._renewed_at = time.monotonic()

    def renew(self) -> None:
        """A new term once a third of this one is over. Raises LeaseLost."""
        now = time.monotonic()
        if now - self._renewed_at > self._third:
            self._queue.extend(self.claim)
            self._renewed_at = now


def settle_together(services: Services, lease: Lease, works: Sequence[Work], beat: Callable[[], None]) -> int:
    """These messages in one transaction; each by itself where that can't be."""
    try:
        return settle_and_save(services, lease, works, beat)
    except Stuck as stuck:
        logger.warning("a batch of %d can't be saved together (%s): one by one", len(works), stuck)
    return sum(settle_alone(services, lease, work, beat) for work in works)


def settle_alone(services: Services, lease: Lease, work: Work, beat: Callable[[], None]) -> int:
    """One message by itself; where even that can't be saved, it ends as failed and its neighbours don't wait for it."""
    try:
        return settle_and_save(services, lease, [work], beat)
    except Stuck as stuck:
        logger.error("message %s can't be saved: %s", work.message.id, stuck)
    work.answer_to = None
    work.end("fail", [bug_at(work)], "save")
    try:
        return settle_and_save(services, lease, [work], beat)
    except Stuck as stuck:
        logger.error("message %s can't even be set apart (%s); its lease will run out", work.message.id, stuck)
        return 0


def settle_and_save(services: Services, lease: Lease, works: Sequence[Work], beat: Callable[[], None]) -> int:
    """Decide and save these messages of the claim in one transaction; how many were settled. Raises Stuck."""
    claim, cause = lease.claim, ""

    def beat_and_renew() -> None:
        beat()
        lease.renew()

    for _ in range(_TRIES):
        try:
            changes = settle_all(services, works, beat_and_renew)
            changes.note_words(work.found_by for work in works)
            services.store.queue.save(claim, changes)
        except Collision as collision:
            cause = str(collision)
            continue
        except LeaseLost:  # taken over, or saved by a commit whose answer never came: others settle or have settled it
            logger.warning("lease %s is over: its %d messages are not this worker's", claim.lease_id, len(works))
            return len(works)
        except StoreUnavailable as failure:
            logger.warning("could not save a batch of %d: %s; it will be claimed again", len(works), failure)
            time.sleep(_OUTAGE_PAUSE_SECONDS)
            cause = ""
            continue
        except Exception as error:
            logger.exception("a batch of %d can't be saved: a bug", len(works))
            raise Stuck(f"{type(error).__name__}: {error}"[:500]) from error
        services.lanes.announce(changes.settled)
        if changes.is_sending:
            services.lanes.ring(DELIVERY)
        return len(changes.settled)
    if cause:
        raise Stuck(cause[:500])
    return give_back(services, claim, works)


def give_back(services: Services, claim: Claim, works: Sequence[Work]) -> int:
    """The database kept refusing: these messages wait again, for a moment."""
    try:
        services.store.queue.release(claim, [work.message for work in works], after_seconds=1.0)
    except (StoreUnavailable, Collision):
        logger.warning("could not give back lease %s; it will run out", claim.lease_id)
    return 0
