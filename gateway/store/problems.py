"""What waits for one of our people, grouped by cause: the faults of held and failed messages by their fingerprint."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.statements import fetch


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
_REMARKS = "'check_digit', 'unknown_element', 'other_currency'"
_OPEN = (
    "FROM messages m JOIN faults f ON f.message_id = m.id AND f.run = m.run "
    f"WHERE m.status IN ('held', 'failed') AND f.code NOT IN ({_REMARKS})"
)


class Problems:
    """The repository of open problems. Costs what is open, not what ever was."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, account_id: str | None = None, fingerprint: str | None = None) -> list[Problem]:
        """Every open problem, the one with most messages first."""
        conditions, values = "", []
        for column, value in (("m.account_id", account_id), ("f.fingerprint", fingerprint)):
            if value is not None:
                conditions += f" AND {column} = ?"
                values.append(value)
        with self._database.snapshot() as connection:
            rows = fetch(
                connection,
                "SELECT f.fingerprint, m.account_id, f.code, count(DISTINCT m.id), min(m.received_at), "
                f"max(m.received_at), max(m.id) {_OPEN}{conditions} GROUP BY f.fingerprint, m.account_id, f.code "
                "ORDER BY count(DISTINCT m.id) DESC, max(m.id) DESC",
                values,
            )
            return [Problem(*row, *self._newest(connection, row[0], row[6])) for row in rows]

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

    def messages(self, fingerprint: str) -> list[str]:
        """The ids of the open messages with this cause, oldest first."""
        query = f"SELECT DISTINCT m.id {_OPEN} AND f.fingerprint = ? ORDER BY m.id"
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [fingerprint])]
