"""What an earlier message says as documents are read today.

The digest of a message's content is kept as the program that settled it made it. A program that reads more of a
document than the one before it gives the same document another digest, and a resend of it would be taken for other
content. Where that is about to be said, what came before is read once more.
"""

from __future__ import annotations

from threading import Lock

from gateway.reading import Bodies, decode_one
from gateway.services import Services
from gateway.store.changes import ClaimedMessage
from gateway.work import Work

_MOST_KNOWN = 4096


class _Known:
    """(message, mapping revision) → the digest of what it says; the oldest is forgotten. An order that is changed again
    and again has each of its versions read once, not once for each change."""

    def __init__(self) -> None:
        self._digests: dict[tuple[str, int], bytes] = {}
        self._lock = Lock()

    def get(self, key: tuple[str, int]) -> bytes | None:
        return self._digests.get(key)

    def put(self, key: tuple[str, int], digest: bytes) -> None:
        with self._lock:
            if len(self._digests) >= _MOST_KNOWN:
                del self._digests[next(iter(self._digests))]
            self._digests[key] = digest


_known = _Known()


def says_the_same(services: Services, work: Work, message_id: str) -> bool:
    """Whether the earlier message, read as this one was, has its content. What is erased is not read."""
    key = (message_id, work.revision.number if work.revision else 0)
    digest = _known.get(key)
    if digest is None:
        digest = _read(services, work, message_id)
        if digest is not None:
            _known.put(key, digest)
    return digest == work.content


def _read(services: Services, work: Work, message_id: str) -> bytes | None:
    """The digest of what that message says; empty where it can't be read, None where there is nothing to read."""
    stored = services.store.messages.one(work.message.account_id, message_id)
    body = services.store.messages.body(message_id) if stored is not None else None
    if stored is None or body is None:
        return None
    again = Work(
        ClaimedMessage(
            stored.id,
            stored.account_id,
            stored.test_key,
            stored.lane,
            stored.due_at,
            stored.received_at,
            stored.source,
            stored.format,
            body,
            stored.run,
            0,
            0,
            b"",
            None,
            part=stored.part,
        ),
        work.revision,
        work.catalogue,
    )
    decode_one(services, again, Bodies([again]))
    return again.content
