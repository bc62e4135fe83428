"""Outbound document numbers, given in one of two ways; a kind and series keeps to one.

With gaps (order responses, despatch advices, SSCCs): `take` reserves a block for the process, and nobody waits for
anybody. Without (invoices, credit notes): a number is given in the transaction that keeps the document, or not at all.
The document has its number inside, and nothing is rendered in a write transaction, so it is read first and claimed
last; whoever comes second renders again:

    while True:
        number = numbers.following("invoice", series)[0]
        document = render(invoice, number)  # outside any transaction
        try:
            with database.write() as connection:
                save(connection, document)
                numbers.claim(connection, "invoice", number, series)
            return document
        except Collision:  # somebody else took it
            continue
"""

from __future__ import annotations

import threading

from sqlalchemy.engine import Connection

from gateway.store.database import Collision, Database
from gateway.store.statements import fetch, run

_BLOCK = 500


class Numbers:
    """Never the same number twice: the counter only grows. A block that was taken and not used is lost; a number that
    was claimed is kept or goes back with its transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks: dict[tuple[str, str], tuple[int, int]] = {}
        self._lock = threading.Lock()

    def take(self, kind: str, count: int, series: str = "") -> range:
        """`count` numbers of a kind, one behind the other; possibly with a gap before them."""
        with self._lock:
            following, end = self._blocks.get((kind, series), (1, 0))
            if end - following + 1 < count:
                following, end = self._reserve(kind, series, max(count, _BLOCK))
            self._blocks[kind, series] = (following + count, end)
            return range(following, following + count)

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

    def following(self, kind: str, series: str = "", count: int = 1) -> tuple[int, ...]:
        """The `count` numbers that come next, from 1. They are nobody's until they are claimed, in this order."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT value FROM counters WHERE kind = ? AND series = ?", [kind, series])
        last = int(rows[0][0]) if rows else 0
        return tuple(range(last + 1, last + 1 + count))

    def claim(self, connection: Connection, kind: str, number: int, series: str = "") -> None:
        """Give this number to what the write transaction keeps; it is given if and only if that commits.

        Raises Collision, for the whole transaction, where the number isn't the next one any more: take the `following`
        one, render with it, save again. On PostgreSQL others that claim in the series wait until the transaction ends,
        so claim behind everything else that it writes, and several series in one order.
        """
        if number == 1:
            text = "INSERT INTO counters (kind, series, value) VALUES (?, ?, 1) ON CONFLICT (kind, series) DO NOTHING"
            moved = run(connection, text, [(kind, series)])
        else:
            text = "UPDATE counters SET value = ? WHERE kind = ? AND series = ? AND value = ?"
            moved = run(connection, text, [(number, kind, series, number - 1)])
        if not moved:
            raise Collision(f"number {number} of {kind} {series!r} is not the next one")
