"""Ringing again: for what waits without a ring, because its ring or its worker was lost, or its time has come."""

from __future__ import annotations

import logging

from gateway.services import Services

logger = logging.getLogger(__name__)


def sweep_once(services: Services) -> frozenset[int]:
    """Give back what lost its worker, wake what is due, and ring for every lane that has work. Returns those lanes."""
    swept = services.store.queue.sweep()
    for lane in sorted(swept.lanes):
        services.lanes.ring_again(lane)
    if swept.released:
        logger.warning("%d messages had lost their worker and wait again", swept.released)
    for message_id in swept.quarantined:
        logger.error("Message %s ended its worker too often and is quarantined", message_id)
    return swept.lanes
