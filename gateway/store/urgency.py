"""How urgent a message is, and moving up what runs out of time while it waits.

A message waits in the lane that its account's tier gives it, or in the one above. It is moved up at most once in its
life, and never above the first lane: `messages.moved_up` says why, and whatever moves a message writes it in the same
statement as the lane, for messages that don't have it yet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.chain import Event, next_event
from gateway.store.database import Collision, Database
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import events

RUSH, TIME = "rush", "time"
"""Why a message was moved up: its order is a rush order, or less than a quarter of its time was left."""
STEP = 500
"""Messages that one transaction moves: other writers wait for tens of milliseconds."""
STEPS = 10
"""Transactions of one sweep; what is left is the next one's."""

_LANES = 4
_MAY_MOVE = "status = 'received' AND not_before IS NULL AND moved_up IS NULL AND lane > 0"
"""In the words of the index that answers it. What a worker has, or waits for its time, is left to its next turn."""

URGENCY_UPDATE = "UPDATE messages SET lane = ?, due_at = ?, moved_up = ?, moves_up_at = ? WHERE id = ? AND lease_id = ?"


@dataclass(frozen=True, slots=True)
class Urgency:
    """What a message's next run is ordered by: `lane` first, then `due_at` within its account."""

    lane: int
    due_at: int
    moved_up: str | None
    """RUSH or TIME; None: it is in its account's own lane."""

    def row(self, message_id: str, received_at: int) -> tuple[Any, ...]:
        """What URGENCY_UPDATE takes, but for the lease."""
        return (self.lane, self.due_at, self.moved_up, nearly_due(received_at, self.due_at), message_id)


def nearly_due(received_at: int, due_at: int) -> int:
    """From when on less than a quarter of the time is left; all in microseconds since 1970, business hours or not."""
    return due_at - (due_at - received_at) // 4


class Backlog:
    """The repository of what waits, seen by its urgency."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def move_up(self, now: int, *, step: int = STEP, steps: int = STEPS) -> Counter[int]:
        """Move what waits and has less than a quarter of its time left up one lane, longest so first.

        At most `steps` transactions of `step` messages. Returns how many were moved into each lane. Raises
        StoreUnavailable, and Collision where somebody else moved one of them meanwhile; then that step did nothing.
        """
        moved: Counter[int] = Counter()
        for _ in range(steps):
            lanes = self._move_some(now, step) if self._is_any(now) else []
            moved.update(lanes)
            if len(lanes) < step:
                break
        return moved

    def moved_up(self) -> dict[int, int]:
        """Lane → how many messages wait there that were moved up. Costs what waits so, not what ever was."""
        query = "SELECT lane, count(*) FROM messages WHERE status = 'received' AND moved_up IS NOT NULL GROUP BY lane"
        with self._database.read() as connection:
            return {int(lane): int(count) for lane, count in fetch(connection, query)}

    def _is_any(self, now: int) -> bool:
        """Asked without the write lock, which mostly isn't needed."""
        with self._database.read() as connection:
            return bool(
                fetch(connection, f"SELECT 1 FROM messages WHERE {_MAY_MOVE} AND moves_up_at < ? LIMIT 1", [now])
            )

    def late(self, now: int, account_id: str | None = None, most: int = 1_000) -> int:
        """How many messages but tests, up to so many and one more, wait for a worker or for what comes before them
        though their answer is due by now; one account's or all. Costs what waits, not what ever was."""
        own, named = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
        counts = f"test = 0 AND COALESCE(is_test, 0) = 0{own} AND due_at < ? LIMIT ?"
        ready = f"SELECT 1 FROM messages WHERE status = 'received' AND not_before IS NULL AND lane = ? AND {counts}"
        delayed = f"SELECT 1 FROM messages WHERE status = 'received' AND not_before IS NOT NULL AND {counts}"
        found = 0
        with self._database.read() as connection:
            for lane in range(_LANES):
                found += len(fetch(connection, ready, [lane, *named, now, most + 1 - found]))
            return found + len(fetch(connection, delayed, [*named, now, most + 1 - found]))

    def _move_some(self, now: int, limit: int) -> list[int]:
        """One step; the lanes that its messages are in now."""
        lock = "" if self._database.is_sqlite else " FOR UPDATE SKIP LOCKED"
        with self._database.write() as connection:
            rows = fetch(
                connection,
                "SELECT id, lane - 1, due_at, event_count, event_hash FROM messages "
                f"WHERE {_MAY_MOVE} AND moves_up_at < ? ORDER BY moves_up_at LIMIT ?{lock}",
                [now, limit],
            )
            self._write_down(connection, rows, now)
        return [row[1] for row in rows]

    @staticmethod
    def _write_down(connection: Connection, rows: list[Any], now: int) -> None:
        entries: list[Event] = []
        for message_id, lane, due_at, count, head in rows:
            body = {"lane": lane, "moved_up": TIME, "due_at": due_at}
            entries.append(next_event(message_id, count + 1, bytes(head), "moved up", "gateway", body, now))
        moved = run(
            connection,
            f"UPDATE messages SET lane = lane - 1, moved_up = '{TIME}', event_count = ?, event_hash = ? "
            f"WHERE id = ? AND {_MAY_MOVE}",
            [(entry.number, entry.hash, entry.stream) for entry in entries],
        )
        if moved != len(entries):
            raise Collision("a message that waits was moved meanwhile")
        insert(connection, events, [entry.row() for entry in entries])
