"""Accounts that usually have sent by now and haven't; and when accounts sent, by the times in their messages' ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.ids import id_from
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import silences

_AT_ONCE, _MOST_LOOKS = 50, 4
"""Messages that are looked at together for one that counts, and how often."""
_COUNTS = "(test = 0 AND COALESCE(is_test, 0) = 0 AND COALESCE(kind, '') <> 'answer')"
"""Whether a message is a sign that the account orders: no test, and no word on a document of ours."""


@dataclass(frozen=True, slots=True)
class Silence:
    """An account that is silent. Times are microseconds since 1970; `sent_days` of `looked_days` days like that one it
    had sent by then."""

    account_id: str
    usual_by: int
    sent_days: int
    looked_days: int
    noticed_at: int
    last_sent_at: int | None


class Silences:
    """The repository of silent accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, account_id: str | None = None) -> list[Silence]:
        """Every account that is silent, or this one where it is; by what was missed first."""
        own, named = ("", []) if account_id is None else (" WHERE account_id = ?", [account_id])
        query = (
            "SELECT account_id, usual_by, sent_days, looked_days, noticed_at, last_sent_at "
            f"FROM silences{own} ORDER BY usual_by, account_id"
        )
        with self._database.read() as connection:
            return [Silence(*row) for row in fetch(connection, query, named)]

    def change(self, begun: Sequence[Silence], ended: Collection[str]) -> None:
        """These are silent now, and these accounts are not any more."""
        if not (begun or ended):
            return
        rows = [
            (one.account_id, one.usual_by, one.sent_days, one.looked_days, one.noticed_at, one.last_sent_at)
            for one in begun
        ]
        with self._database.write() as connection:
            insert(connection, silences, rows, skip_conflicts=True)
            run(connection, "DELETE FROM silences WHERE account_id = ?", [(one,) for one in ended])

    def firsts(self, account_id: str, spans: Sequence[tuple[int, int]]) -> list[int | None]:
        """When the account sent first in each of these spans of time, to the millisecond; None where it didn't. Tests
        don't count. Costs a few seeks a span."""
        with self._database.read() as connection:
            return [_first(connection, account_id, begins, ends) for begins, ends in spans]

    def last(self, account_id: str) -> int | None:
        """When it sent last; None where nothing of its last messages counts."""
        query = (
            f"SELECT id, {_COUNTS} FROM messages WHERE account_id = ? ORDER BY id DESC LIMIT {_AT_ONCE * _MOST_LOOKS}"
        )
        with self._database.read() as connection:
            return next((_time_of(row[0]) for row in fetch(connection, query, [account_id]) if row[1]), None)


def _first(connection: Connection, account_id: str, begins: int, ends: int) -> int | None:
    query = (
        f"SELECT id, {_COUNTS} FROM messages WHERE account_id = ? AND id > ? AND id < ? ORDER BY id LIMIT {_AT_ONCE}"
    )
    after, end = id_from(begins), id_from(ends)
    for _ in range(_MOST_LOOKS):
        rows = fetch(connection, query, [account_id, after, end])
        counting = next((row[0] for row in rows if row[1]), None)
        if counting is not None:
            return _time_of(counting)
        if len(rows) < _AT_ONCE:
            return None
        after = rows[-1][0]
    return None


def _time_of(message_id: str) -> int:
    """The time with which an id begins, in microseconds."""
    return int(message_id[:12], 16) * 1000
