"""The wall clock jumps ten minutes while claims are out: leases and delays don't follow it."""

from __future__ import annotations

import contextlib
import datetime
import time

import time_machine

from gateway import pipeline
from gateway.store.store import Store
from tests.harness.accounts import SentOrder, orders_of_all
from tests.harness.figures import Figures
from tests.harness.site import Site
from tests.harness.storing import keep
from tests.harness.waiting import until
from tests.harness.working import services_on, work_once

_LEASE_SECONDS = 1.5
_DELAY_SECONDS = 1.5


def leases_ignore_the_wall_clock(site: Site, minutes: int) -> None:
    """Claimed, and the clock jumps: nothing is released early, nor late; who lost the lease saves nothing."""
    figures = Figures(f"the clock jumps {minutes:+d} min on {site.kind}")
    with contextlib.closing(Store(site.url, lease_seconds=_LEASE_SECONDS)) as store:
        orders = _jump(site, store, minutes, figures)
    figures.note(**site.books.check(orders))
    figures.show()


def _jump(site: Site, store: Store, minutes: int, figures: Figures) -> list[SentOrder]:
    services = services_on(store)
    orders = orders_of_all(12, figures.chance, "C")
    keep(store, orders)
    slow = store.queue.claim("slow", (0, 1, 2, 3), 6)
    delayed = store.queue.claim("delaying", (0, 1, 2, 3), 6)
    claimed_at = time.monotonic()
    if slow is None or delayed is None:
        raise AssertionError("nothing to claim")
    store.queue.release(delayed, delayed.messages, after_seconds=_DELAY_SECONDS)
    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    with time_machine.travel(then, tick=True):
        early = store.queue.sweep()
        if early.released or early.lanes:
            raise AssertionError(f"{early} before the lease was over")
        figures.note(released_early=early.released)
        held = until(lambda: store.queue.sweep().released, _LEASE_SECONDS * 4, "the lease runs out", pause=0.02)
        figures.note(lease_held_s=time_since(claimed_at), waited_s=held)
        if time_since(claimed_at) < _LEASE_SECONDS * 0.9:
            raise AssertionError("the lease ended too early")

        def drained() -> bool:
            work_once(services)
            return store.queue.waiting() == 0

        until(drained, 20, "everything is settled", pause=0.02)
        before = site.books.count("documents")
        pipeline.process(services, slow)
    if site.books.count("documents") != before:
        raise AssertionError("something was written under a lease that was over")
    return orders


def time_since(moment: float) -> float:
    """Seconds by the monotonic clock, which no traveller moves."""
    return time.monotonic() - moment
