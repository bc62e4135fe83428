"""Outbound document numbers. Order responses may have gaps, so a process takes a block at a time."""

from __future__ import annotations

import threading

from gateway.store.database import Database
from gateway.store.statements import fetch

_BLOCK = 500


class Numbers:
    """Never the same number twice: the counter only grows, and a block that was taken and not used is lost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks: dict[tuple[str, str], tuple[int, int]] = {}
        self._lock = threading.Lock()

    def take(self, kind: str, count: int, series: str = "") -> list[int]:
        """`count` numbers of a kind, growing, possibly with gaps."""
        with self._lock:
            following, end = self._blocks.get((kind, series), (1, 0))
            if end - following + 1 < count:
                following, end = self._reserve(kind, series, max(count, _BLOCK))
            self._blocks[kind, series] = (following + count, end)
            return list(range(following, following + count))

    def _reserve(self, kind: str, series: str, count: int) -> tuple[int, int]:
        with self._database.write() as connection:
            rows = fetch(
                connection,
                "INSERT INTO counters (kind, series, value) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, series) DO UPDATE SET value = counters.value + ? RETURNING value",
                [kind, series, count, count],
            )
        last = int(rows[0][0])
        return last - count + 1, last
