"""`?wait=`: a request that waits for its message, without taking every web thread for it."""

from __future__ import annotations

import threading
import time

from gateway.lanes import Listener
from gateway.store.store import Store

OPEN = ("received", "processing")
_FIRST_LOOK, _LAST_LOOK = 0.25, 1.0


class Waiting:
    """At most `seats` requests wait at once; the next one gets its answer as things stand."""

    def __init__(self, store: Store, redis_url: str, seats: int) -> None:
        self._store = store
        self._listener = Listener(redis_url)
        self._seats = threading.BoundedSemaphore(max(1, seats))

    def until_settled(self, message_id: str, seconds: float) -> str | None:
        """Return as soon as the message is settled, at latest after `seconds`; its status as last seen.

        Woken through Redis; a look into the database now and then makes it right while Redis is away.
        """
        if not self._seats.acquire(blocking=False):
            return self._store.messages.status(message_id)
        try:
            return self._watch(message_id, time.monotonic() + seconds)
        finally:
            self._seats.release()

    def _watch(self, message_id: str, deadline: float) -> str | None:
        pause = _FIRST_LOOK
        with self._listener.expect(message_id) as announced:
            while True:
                status = self._store.messages.status(message_id)
                left = deadline - time.monotonic()
                if status not in OPEN or left <= 0:
                    return status
                announced.wait(min(pause, left))
                announced.clear()
                pause = min(pause * 2, _LAST_LOOK)

    def stop(self) -> None:
        """End the listening thread."""
        self._listener.stop()
