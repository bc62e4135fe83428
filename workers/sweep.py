"""Ringing again: for what waits without a ring, because its ring or its worker was lost, or its time has come."""

from __future__ import annotations

import logging

from gateway.services import Services
from gateway.store.ids import now_us

logger = logging.getLogger(__name__)


def sweep_once(services: Services) -> frozenset[int]:
    """Give back what lost its worker, wake what is due, ring for every lane that has work, and move up what runs out
    of time. Returns those lanes."""
    swept = services.store.queue.sweep()
    for lane in sorted(swept.lanes):
        services.lanes.ring_again(lane)
    moved_up = services.store.backlog.move_up(now_us())
    for lane in sorted(moved_up.keys() - swept.lanes):
        services.lanes.ring_again(lane)
    if moved_up:
        logger.info("%d messages with less than a quarter of their time left moved up a lane", moved_up.total())
    if swept.released:
        logger.warning("%d messages had lost their worker and wait again", swept.released)
    for message_id in swept.quarantined:
        logger.error("Message %s ended its worker too often and is quarantined", message_id)
    return swept.lanes | moved_up.keys()
