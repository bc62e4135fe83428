"""The lease of whoever does a chunk of a long job, whose row in a table says what is to be done: tests of drafts,
replays.

A job is claimed, a chunk of it is done, and what came of it is written together with the lease given back: a kill
between the two loses the chunk and nothing else. The table has the columns `lease_id`, `worker`, `lease_until`,
`lease_boot` and `losses`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.clock import LeaseClock
from gateway.store.database import Database
from gateway.store.ids import new_id
from gateway.store.statements import fetch, marks, run


class ChunkLeases:
    """Of one table's jobs. `is_open` is the condition, in the words of its partial index, of those that workers do
    something for; `order` which of them is next."""

    def __init__(
        self, database: Database, table: str, *, is_open: str, order: str, lease_seconds: float, max_losses: int
    ) -> None:
        self._database, self._table = database, table
        self._open, self._order = is_open, order
        self._clock = LeaseClock(is_sqlite=database.is_sqlite)
        self._lease_ms = int(lease_seconds * 1000)
        self._max_losses = max_losses

    def waits(self) -> bool:
        """Whether there is one of which nobody does a chunk just now."""
        with self._database.read() as connection:
            return bool(self._free(connection, ()))

    def _free(self, connection: Connection, passed_over: Sequence[str], lock: str = "") -> list[Any]:
        now, moment = self._clock.now()
        others = f" AND id NOT IN ({marks(len(passed_over))})" if passed_over else ""
        query = (
            f"SELECT id, lease_id, losses FROM {self._table} WHERE {self._open} AND (lease_id IS NULL "
            f"OR lease_until <= {now} OR lease_boot <> ?){others} ORDER BY {self._order} LIMIT 1{lock}"
        )
        return fetch(connection, query, [*moment, self._clock.boot, *passed_over])

    def claim(
        self,
        worker: str,
        set_apart: Callable[[Connection, str], object],
        *,
        also: str = "",
        passed_over: Sequence[str] = (),
    ) -> tuple[str, str] | None:
        """The next that is free, under a new lease: its id and the lease's; None where there is none. `also` is set
        with it. One that lost too many workers is `set_apart` instead, and the next is taken."""
        lock = "" if self._database.is_sqlite else " FOR UPDATE SKIP LOCKED"
        while self._is_free(passed_over):
            with self._database.write_lightly() as connection:
                rows = self._free(connection, passed_over, lock)
                if not rows:
                    return None
                job_id, before, losses = rows[0]
                losses += before is not None
                if losses < self._max_losses:
                    return str(job_id), self._take(connection, job_id, losses, worker, also)
                set_apart(connection, job_id)
        return None

    def _is_free(self, passed_over: Sequence[str]) -> bool:
        with self._database.read() as connection:
            return bool(self._free(connection, passed_over))

    def _take(self, connection: Connection, job_id: str, losses: int, worker: str, also: str) -> str:
        lease_id, (now, moment) = new_id(), self._clock.now()
        text = (
            f"UPDATE {self._table} SET {also}lease_id = ?, worker = ?, lease_boot = ?, losses = ?, "
            f"lease_until = {now} + ? WHERE id = ?"
        )
        run(connection, text, [(lease_id, worker, self._clock.boot, losses, *moment, self._lease_ms, job_id)])
        return lease_id

    def lessees(self) -> list[str]:
        """The workers, by name, that do a chunk of some job."""
        query = f"SELECT DISTINCT worker FROM {self._table} WHERE {self._open} AND lease_id IS NOT NULL"
        with self._database.read() as connection:
            return [str(row[0]) for row in fetch(connection, query)]

    def end_leases(self, workers: Sequence[str]) -> int:
        """The leases of these workers, which are gone, are over; how many they were."""
        text = f"UPDATE {self._table} SET lease_until = 0 WHERE {self._open} AND lease_id IS NOT NULL AND worker = ?"
        with self._database.write_lightly() as connection:
            return run(connection, text, [(worker,) for worker in workers])
