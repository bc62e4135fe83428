"""Orders that should have been answered by now, by account. Costs what is open and late, not what ever came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.statements import fetch
from schemas.values import EXACT

_MOST = 10_000
"""Late orders of an account and lane that are counted; beyond them it makes no difference."""
_COLUMNS = "account_id, due_at, received_at, amount, currency"
_COUNTS = "test = 0 AND COALESCE(is_test, 0) = 0 AND COALESCE(kind, '') NOT IN ('answer', 'several')"
"""No test, and nothing that is answered by none or by its parts."""


@dataclass(frozen=True, slots=True)
class LateAnswers:
    """An account's orders that should have been answered by now. Times are microseconds since 1970."""

    account_id: str
    orders: int
    first_due_at: int
    oldest_at: int
    amounts: Mapping[str, Decimal]
    """Currency → what those of them are worth that say it."""


class Lateness:
    """The repository of what is answered late."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def answers(self, now: int) -> list[LateAnswers]:
        """Each account with orders that wait, are held or have failed, and were due before that moment; no tests."""
        late: dict[str, list[Any]] = {}
        with self._database.read() as connection:
            for account_id, *told in _late(connection, now):
                late.setdefault(account_id, []).append(told)
        return [_late_answers(one, found) for one, found in sorted(late.items())]


def _late_answers(account_id: str, found: Sequence[Any]) -> LateAnswers:
    amounts: dict[str, Decimal] = {}
    for _, _, amount, currency in found:
        if amount is not None and currency is not None:
            amounts[currency] = EXACT.add(amounts.get(currency, Decimal(0)), Decimal(amount))
    first_due, oldest = min(one[0] for one in found), min(one[1] for one in found)
    return LateAnswers(account_id, len(found), first_due, oldest, dict(sorted(amounts.items())))


def _late(connection: Connection, now: int) -> Iterator[Any]:
    for which in (
        "status IN ('held', 'failed')",
        "status = 'processing'",
        "status = 'received' AND not_before IS NOT NULL",
    ):
        query = f"SELECT {_COLUMNS} FROM messages WHERE {which} AND due_at <= ? AND {_COUNTS} LIMIT {_MOST}"
        yield from fetch(connection, query, [now])
    waiting = "status = 'received' AND not_before IS NULL"
    query = (
        f"SELECT {_COLUMNS} FROM messages WHERE {waiting} AND lane = ? AND account_id = ? AND due_at <= ? "
        f"AND {_COUNTS} ORDER BY due_at LIMIT {_MOST}"
    )
    for lane, account_id in _backlogs(connection, waiting):
        yield from fetch(connection, query, [lane, account_id, now])


def _backlogs(connection: Connection, waiting: str) -> Iterator[tuple[int, str]]:
    """Each lane and account with something that waits: one seek for each, however much that is."""
    query = (
        f"SELECT lane, account_id FROM messages WHERE {waiting} AND (lane, account_id) > (?, ?) "
        "ORDER BY lane, account_id LIMIT 1"
    )
    place: tuple[int, str] = (-1, "")
    while found := fetch(connection, query, list(place)):
        place = (found[0][0], found[0][1])
        yield place
