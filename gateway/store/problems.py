"""What waits for one of our people, grouped by cause: held and failed messages by the fingerprints of what holds them.

Everything here is read from `open_causes`, which `gateway.store.open_causes` keeps in step with the messages: it costs
what is open, not what ever was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.open_causes import astray
from gateway.store.statements import exact_sum, fetch, given

Worth = tuple[tuple[str, Decimal], ...]
"""(currency, amount), by currency; the currency is empty where an amount came without one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One cause. `path`, `location`, `detail`, `value` and `expected` are those of its newest message. Times are
    microseconds since 1970."""

    fingerprint: str
    account_id: str
    code: str
    messages: int
    first_at: int
    last_at: int
    last_message_id: str
    path: str = ""
    location: str = ""
    detail: str = ""
    value: str | None = None
    expected: str | None = None
    tests: int = 0
    """How many of the messages are tests, of which nothing is at risk."""
    due_at: int | None = None
    """When the first of their answers is expected; None where all are tests."""
    worth: Worth = ()
    """What those that are no tests say that they are worth."""
    unpriced: int = 0
    """How many of those don't say it."""


@dataclass(frozen=True, slots=True)
class AtRisk:
    """What all open messages but tests come to; each message counts once, whatever it waits for."""

    messages: int
    overdue: int
    """Those whose answer should have gone out by now."""
    first_at: int | None
    due_at: int | None
    worth: Worth
    unpriced: int


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """One message that waits for a cause."""

    id: str
    status: str
    order_number: str | None
    order_id: str | None
    received_at: int
    due_at: int
    amount: Decimal | None
    currency: str | None
    is_test: bool


class Problems:
    """The repository of open problems of messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, account_id: str | None = None, fingerprint: str | None = None) -> list[Problem]:
        """Every open problem, the one with most messages first."""
        return self.detailed(self.groups(account_id, fingerprint))

    def groups(self, account_id: str | None = None, fingerprint: str | None = None) -> list[Problem]:
        """The same without what is said of the newest message, which `detailed` adds to those that are shown."""
        with self._database.read() as connection:
            groups = _grouped(fetch(connection, *groups_query(connection, account_id, fingerprint)))
        return sorted(groups, key=lambda one: (one.messages, one.last_at), reverse=True)

    def detailed(self, problems: Sequence[Problem]) -> list[Problem]:
        """These, each with the fault of its newest message."""
        if not problems:
            return []
        with self._database.read() as connection:
            wanted, named = given(connection, [[one.fingerprint, one.last_message_id] for one in problems], "c", "m")
            query = (
                f"SELECT g.c, f.path, f.location, f.detail, f.value, f.expected FROM {wanted} g "
                "CROSS JOIN open_causes o CROSS JOIN faults f WHERE o.fingerprint = g.c AND o.message_id = g.m "
                "AND f.message_id = o.message_id AND f.run = o.run AND f.number = o.number"
            )
            told = {row[0]: row[1:] for row in fetch(connection, query, named)}
        names = ("path", "location", "detail", "value", "expected")
        return [replace(one, **dict(zip(names, told.get(one.fingerprint, ()), strict=False))) for one in problems]

    def fingerprints(self) -> set[str]:
        """Every cause that something waits for."""
        with self._database.read() as connection:
            return {row[0] for row in fetch(connection, "SELECT DISTINCT fingerprint FROM open_causes")}

    def at_risk(self, account_id: str | None, now: int) -> AtRisk:
        """What all open messages come to, one account's or all."""
        with self._database.read() as connection:
            rows = fetch(connection, *at_risk_query(connection, account_id, now))
        firsts, dues = ([row[at] for row in rows if row[at] is not None] for at in (3, 4))
        return AtRisk(
            sum(int(row[1]) for row in rows),
            sum(int(row[2]) for row in rows),
            min(firsts, default=None),
            min(dues, default=None),
            _worth((row[0], row[5]) for row in rows),
            sum(int(row[6]) for row in rows),
        )

    def counts(self, account_id: str | None = None) -> dict[str, int]:
        """Account → its messages that are held or have failed."""
        own, named = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
        query = f"SELECT account_id, count(*) FROM messages WHERE status IN ('held', 'failed'){own} GROUP BY account_id"
        with self._database.read() as connection:
            return {str(row[0]): int(row[1]) for row in fetch(connection, query, named)}

    def of_message(self, message_id: str) -> list[str]:
        """The fingerprints of the causes for which this message is held or has failed, in its faults' order."""
        query = "SELECT fingerprint FROM open_causes WHERE message_id = ? ORDER BY number"
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [message_id])]

    def messages(self, fingerprint: str) -> list[str]:
        """The ids of the open messages with this cause, oldest first."""
        with self._database.read() as connection:
            query = "SELECT message_id FROM open_causes WHERE fingerprint = ? ORDER BY message_id"
            return [row[0] for row in fetch(connection, query, [fingerprint])]

    def page(self, fingerprint: str, after: str, limit: int) -> list[OpenMessage]:
        """The open messages with this cause behind this one's id, oldest first."""
        query = (
            "SELECT c.message_id, m.status, m.order_number, m.order_id, c.received_at, c.due_at, c.amount, c.currency, "
            "c.is_test FROM open_causes c JOIN messages m ON m.id = c.message_id "
            "WHERE c.fingerprint = ? AND c.message_id > ? ORDER BY c.message_id LIMIT ?"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [fingerprint, after, limit])
        return [_open_message(*row) for row in rows]

    def trend(self, fingerprint: str, since: int, step: int) -> dict[int, int]:
        """How many of the messages with this cause came in each span of so many microseconds, by when that begins,
        from `since` on; spans without any are left out."""
        query = (
            f"SELECT received_at - received_at % {int(step)}, count(*) FROM open_causes "
            "WHERE fingerprint = ? AND received_at >= ? GROUP BY 1 ORDER BY 1"
        )
        with self._database.read() as connection:
            return {int(row[0]): int(row[1]) for row in fetch(connection, query, [fingerprint, since])}

    def astray(self) -> list[str]:
        """Where the causes and the messages have come apart, in sentences; empty where all is well."""
        with self._database.snapshot() as connection:
            return list(astray(connection))


def groups_query(connection: Connection, account_id: str | None, fingerprint: str | None) -> tuple[str, list[str]]:
    """What is open by cause and currency, and the query's parameters."""
    conditions, named = _narrowed(account_id=account_id, fingerprint=fingerprint)
    text = (
        "SELECT fingerprint, account_id, code, currency, count(*), sum(is_test), min(received_at), max(received_at), "
        "max(message_id), min(CASE WHEN is_test = 0 THEN due_at END), "
        f"{exact_sum(connection, 'CASE WHEN is_test = 0 THEN amount END')}, "
        "sum(CASE WHEN is_test = 0 AND amount IS NULL THEN 1 ELSE 0 END) "
        f"FROM open_causes {conditions} GROUP BY fingerprint, account_id, code, currency ORDER BY fingerprint"
    )
    return text, named


def at_risk_query(connection: Connection, account_id: str | None, now: int) -> tuple[str, list[Any]]:
    """What is open but tests, each message once, by currency, and the query's parameters."""
    own, named = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
    text = (
        "SELECT currency, count(*), sum(CASE WHEN due_at < ? THEN 1 ELSE 0 END), min(received_at), min(due_at), "
        f"{exact_sum(connection, 'amount')}, sum(CASE WHEN amount IS NULL THEN 1 ELSE 0 END) "
        f"FROM open_causes WHERE place = 1 AND is_test = 0{own} GROUP BY currency"
    )
    return text, [now, *named]


def _narrowed(**wanted: str | None) -> tuple[str, list[str]]:
    named = {column: value for column, value in wanted.items() if value is not None}
    conditions = " AND ".join(f"{column} = ?" for column in named)
    return f"WHERE {conditions}" if named else "", list(named.values())


def _grouped(rows: Iterable[Any]) -> Iterator[Problem]:
    """One for each fingerprint; the rows are its currencies, one behind the other."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    for fingerprint, of_it in found.items():
        dues = [row[9] for row in of_it if row[9] is not None]
        yield Problem(
            *(fingerprint, of_it[0][1], of_it[0][2]),
            messages=sum(int(row[4]) for row in of_it),
            first_at=min(row[6] for row in of_it),
            last_at=max(row[7] for row in of_it),
            last_message_id=max(row[8] for row in of_it),
            tests=sum(int(row[5]) for row in of_it),
            due_at=min(dues, default=None),
            worth=_worth((row[3], row[10]) for row in of_it),
            unpriced=sum(int(row[11]) for row in of_it),
        )


def _worth(found: Iterable[tuple[str | None, Any]]) -> Worth:
    return tuple(sorted((currency or "", Decimal(amount)) for currency, amount in found if amount is not None))


def _open_message(
    message_id: str,
    status: str,
    order_number: str | None,
    order_id: str | None,
    received_at: int,
    due_at: int,
    amount: Any,
    currency: str | None,
    is_test: int,
) -> OpenMessage:
    worth = None if amount is None else Decimal(amount)
    return OpenMessage(message_id, status, order_number, order_id, received_at, due_at, worth, currency, bool(is_test))
