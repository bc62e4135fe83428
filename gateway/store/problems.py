"""What waits for one of our people, grouped by cause: the faults of held and failed messages by their fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.statements import fetch, one_of, values


@dataclass(frozen=True, slots=True)
class Problem:
    """One cause. `detail`, `path`, `value` and `expected` are those of its newest message."""

    fingerprint: str
    account_id: str
    code: str
    messages: int
    first_at: int
    last_at: int
    last_message_id: str
    path: str
    location: str
    detail: str
    value: str | None
    expected: str | None


# what is only remarked on beside the fault that holds the message
REMARKS = frozenset(("check_digit", "unknown_element", "other_currency", "unread_value"))
_OPEN = (
    "FROM messages m JOIN faults f ON f.message_id = m.id AND f.run = m.run "
    f"WHERE m.status IN ('held', 'failed') AND f.code NOT IN ({', '.join(repr(code) for code in sorted(REMARKS))})"
)


@dataclass(frozen=True, slots=True)
class OpenFault:
    """One fault of a held or failed message. `mapping_revision` is what it was judged under, None where nothing was."""

    message_id: str
    account_id: str
    mapping_revision: int | None
    received_at: int
    code: str
    path: str
    fingerprint: str


Holds = Callable[[OpenFault], bool]
"""Whether a fault is one that keeps its message from being answered."""


class Problems:
    """The repository of open problems. Costs what is open, not what ever was.

    Beside the fault that holds a message stand others that would not. They are no problems, and are left out by
    `holds`; of a message whose faults all seem to be such, each counts, so that nothing waits unseen.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(
        self, account_id: str | None = None, fingerprint: str | None = None, *, holds: Holds = lambda _: True
    ) -> list[Problem]:
        """Every open problem, the one with most messages first."""
        with self._database.snapshot() as connection:
            causes: dict[tuple[str, str, str], dict[str, int]] = {}
            for one in _holding(_open_faults(connection, account_id, fingerprint), holds):
                if fingerprint in (None, one.fingerprint):
                    cause = (one.fingerprint, one.account_id, one.code)
                    causes.setdefault(cause, {})[one.message_id] = one.received_at
            ranked = sorted(causes.items(), key=lambda cause: (len(cause[1]), max(cause[1])), reverse=True)
            return [self._problem(connection, cause, messages) for cause, messages in ranked]

    def counts(self, account_id: str | None = None) -> dict[str, int]:
        """Account → its messages that are held or have failed."""
        own, named = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
        query = f"SELECT account_id, count(*) FROM messages WHERE status IN ('held', 'failed'){own} GROUP BY account_id"
        with self._database.read() as connection:
            return {str(row[0]): int(row[1]) for row in fetch(connection, query, named)}

    def _problem(self, connection: Connection, cause: tuple[str, str, str], messages: dict[str, int]) -> Problem:
        times, newest = messages.values(), max(messages)
        told = self._newest(connection, cause[0], newest)
        return Problem(*cause, len(messages), min(times), max(times), newest, *told)  # type: ignore[arg-type]

    @staticmethod
    def _newest(connection: Connection, fingerprint: str, message_id: str) -> tuple[str | None, ...]:
        query = (
            "SELECT f.path, f.location, f.detail, f.value, f.expected FROM faults f "
            "JOIN messages m ON m.id = f.message_id AND m.run = f.run "
            "WHERE f.fingerprint = ? AND f.message_id = ? ORDER BY f.number LIMIT 1"
        )
        return tuple(fetch(connection, query, [fingerprint, message_id])[0])

    def of_message(self, message_id: str) -> list[str]:
        """The fingerprints of the causes for which this message is held or has failed, in its faults' order."""
        query = f"SELECT f.fingerprint {_OPEN} AND m.id = ? GROUP BY f.fingerprint ORDER BY min(f.number)"
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [message_id])]

    def paths(self, fingerprint: str, message_ids: Sequence[str]) -> dict[str, list[str]]:
        """Message → the places at which its last run found this cause, of these messages."""
        with self._database.read() as connection:
            query = (
                "SELECT f.message_id, f.path FROM faults f JOIN messages m ON m.id = f.message_id AND m.run = f.run "
                f"WHERE f.fingerprint = ? AND {one_of(connection, 'f.message_id')} ORDER BY f.message_id, f.number"
            )
            rows = fetch(connection, query, [fingerprint, values(connection, message_ids)])
        found: dict[str, list[str]] = {}
        for message_id, path in rows:
            found.setdefault(message_id, []).append(path)
        return found

    def messages(self, fingerprint: str, *, holds: Holds = lambda _: True) -> list[str]:
        """The ids of the open messages with this cause, oldest first."""
        with self._database.read() as connection:
            found = _holding(_open_faults(connection, None, fingerprint), holds)
            return sorted({one.message_id for one in found if one.fingerprint == fingerprint})


def _open_faults(connection: Connection, account_id: str | None, fingerprint: str | None) -> list[OpenFault]:
    """Every fault of the open messages, or of those that have this one; by message."""
    conditions, named = "", []
    if account_id is not None:
        conditions += " AND m.account_id = ?"
        named.append(account_id)
    if fingerprint is not None:
        conditions += " AND m.id IN (SELECT message_id FROM faults WHERE fingerprint = ?)"
        named.append(fingerprint)
    query = (
        "SELECT m.id, m.account_id, m.mapping_revision, m.received_at, f.code, f.path, f.fingerprint "
        f"{_OPEN}{conditions} ORDER BY m.id, f.number"
    )
    return [OpenFault(*row) for row in fetch(connection, query, named)]


def _holding(found: Iterable[OpenFault], holds: Holds) -> Iterator[OpenFault]:
    """Of each message the faults that hold it; all of them where none seems to."""
    for _, of_message in groupby(found, key=lambda one: one.message_id):
        faults = list(of_message)
        yield from [one for one in faults if holds(one)] or faults
