"""Ringing again: for what waits without a ring, because its ring or its worker was lost, or its time has come."""

from __future__ import annotations

import logging

from gateway.lanes import DRAFTS, REPLAYS
from gateway.services import Services
from gateway.store.ids import now_us
from workers.names import is_gone

logger = logging.getLogger(__name__)


def sweep_once(services: Services) -> frozenset[int]:
    """Give back what lost its worker, wake what is due, ring for every lane that has work, and move up what runs out
    of time. Returns those lanes."""
    end_leases_of_the_gone(services)
    swept = services.store.queue.sweep()
    for lane in sorted(swept.lanes):
        services.lanes.ring(lane)
    moved_up = services.store.backlog.move_up(now_us())
    for lane in sorted(moved_up):  # again: a worker that came while they were being moved passed them over
        services.lanes.ring(lane)
    if moved_up:
        logger.info("%d messages with less than a quarter of their time left moved up a lane", moved_up.total())
    for leases, queue in ((services.store.replays.leases, REPLAYS), (services.store.draft_tests.leases, DRAFTS)):
        if leases.waits():
            services.lanes.ring(queue)
    if swept.released:
        logger.warning("%d messages had lost their worker and wait again", swept.released)
    for message_id in swept.quarantined:
        logger.error("Message %s ended its worker too often and is quarantined", message_id)
    return swept.lanes | moved_up.keys()


def end_leases_of_the_gone(services: Services) -> None:
    """What a worker of this machine held when it was killed need not wait until its lease runs out: messages, chunks
    of replays and of tests of drafts."""
    gone = [name for name in services.store.queue.lessees() if is_gone(name)]
    if gone and services.store.queue.end_leases(gone):
        logger.warning("%s held messages and is gone", " and ".join(gone))
    for leases, what in (
        (services.store.replays.leases, "replay"),
        (services.store.draft_tests.leases, "test of a draft"),
    ):
        gone = [name for name in leases.lessees() if is_gone(name)]
        if gone and leases.end_leases(gone):
            logger.warning("%s worked at a %s and is gone", " and ".join(gone), what)
