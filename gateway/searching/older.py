"""Words for messages that earlier releases settled: read again, some at a time, the newest first."""

from __future__ import annotations

import logging

from gateway.reading import Bodies, decode_one
from gateway.services import Services
from gateway.store.changes import ClaimedMessage
from gateway.store.messages import StoredMessage
from gateway.work import Work
from mappings.revision import MappingRevision

AT_ONCE = 200
_MOST_BYTES = 6_000_000
"""Of their bodies together: what the scheduler has in memory for it."""

logger = logging.getLogger(__name__)


def index_older(services: Services, at_once: int = AT_ONCE) -> int:
    """Keep the words of the next messages that have none; how many were looked at. What is erased has none. May be
    called again at any time and by several at once: how far it is stands in the database."""
    backlog = services.store.search_backlog
    if backlog.before() is None:
        return 0
    following = services.store.messages.fitting(
        services.store.messages.several(backlog.following(at_once)), _MOST_BYTES
    )
    looked_at = [one.id for one in following]
    bodies = services.store.messages.bodies(looked_at)
    works = _works(services, [one for one in following if one.id in bodies], bodies)
    shared = Bodies(works)
    for work in works:
        decode_one(services, work, shared)
        work.note_words()
    backlog.write([work.found_by._replace(is_new=True) for work in works if work.words], looked_at)
    if not looked_at:
        logger.info("every message is found by its words now")
    return len(looked_at)


def _works(services: Services, stored: list[StoredMessage], bodies: dict[str, bytes]) -> list[Work]:
    current = services.store.revisions.current(one.account_id for one in stored)
    catalogue = services.terms.catalogue()
    return [Work(_as_claimed(one, bodies[one.id]), _revision(services, one, current), catalogue) for one in stored]


def _revision(services: Services, one: StoredMessage, current: dict[str, int]) -> MappingRevision | None:
    """The mapping that it was read with, or the published one."""
    number = one.mapping_revision or current.get(one.account_id)
    try:
        return None if number is None else services.terms.mapping(one.account_id, number)
    except (LookupError, ValueError):  # terms that can't be used: `gateway doctor` tells of them
        return None


def _as_claimed(one: StoredMessage, body: bytes) -> ClaimedMessage:
    return ClaimedMessage(
        *(one.id, one.account_id, one.test_key, one.lane, one.due_at, one.received_at, one.source, one.format, body),
        *(one.run, 0, 0, b"", None),
        part=one.part,
    )
