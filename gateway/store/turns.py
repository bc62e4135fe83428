"""Taking turns at deciding, after two workers decided on the same stock at once and one of them in vain.

Decisions are safe without it: whoever saves second collides and decides again. But where two workers serve orders of
the same products, each batch would be decided twice. So a process that collided decides its next batches under a lock
that others in the same state wait for; reading and mapping, more than half of the work, still go on side by side.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.store.database import Database
from gateway.store.statements import fetch

BATCHES = 50
"""Batches that are decided in turn after a collision; then it is tried side by side again."""
_WAIT_SECONDS = 2.0
"""Who waits so long goes on without the lock: it saves work, and protects nothing."""
_POLL_SECONDS = 0.001
_KEY = 7301986
"""Of PostgreSQL's advisory lock; the schema's own is the number before."""


class Turns:
    """One object a process. The lock goes with the process that holds it, however that ends."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._left = 0
        self._path = Path(f"{database.url.database}.turn-lock")

    def collided(self) -> None:
        """Something was decided in vain."""
        self._left = BATCHES

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Around a decision and its save."""
        if self._left == 0:
            yield
            return
        self._left -= 1
        with self._file_lock() if self._database.is_sqlite else self._advisory_lock():
            yield

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            _wait_for(lambda: _is_locked(descriptor))
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _advisory_lock(self) -> Iterator[None]:
        """Held by a transaction of its own, which the server ends where its process is frozen."""
        with self._database.write() as connection:
            _wait_for(lambda: fetch(connection, f"SELECT pg_try_advisory_xact_lock({_KEY})")[0][0])
            yield


def _wait_for(lock: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not lock() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
