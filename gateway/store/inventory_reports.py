"""Inventory reports on schedule: when each account's next one is due, and keeping one, once for each time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gateway.store.audit import Audit
from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.order_moves import transaction_of
from gateway.store.outbox import Outbound
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import deliveries, documents, inventory_reports

KIND = "inventory_report"


class Due(NamedTuple):
    """An account's next report: when (microseconds since 1970), and the schedule that says so on its clock."""

    account_id: str
    at: int
    schedule: str
    time_zone: str


class Sent(NamedTuple):
    """A report that goes out: for which slot, when the next one is due, and what tells what changed after it."""

    document: Outbound
    slot: int
    following: int
    cursor: str
    told: Mapping[str, object]
    """What the audit trail says of it besides."""


def stream_of(number: str) -> str:
    """The stream of events of a report that was sent."""
    return f"{KIND}/{number}"


class InventoryReports:
    """The repository."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def due(self) -> dict[str, Due]:
        """Account → when its next report is due, for each that has a schedule."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT subject, due_at, body FROM timers WHERE kind = ?", [KIND])
        return {account: Due(account, at, **json.loads(body)) for account, at, body in rows}

    def reschedule(self, due: Sequence[Due], no_more: Iterable[str]) -> None:
        """Set when the next reports of these accounts are due, where no other scheduler has by the same schedule; of
        some there will be none."""
        with self._database.write() as connection:
            rows = [(KIND, one.account_id, one.at, _body(one)) for one in sorted(due)]
            run(
                connection,
                "INSERT INTO timers (kind, subject, due_at, body) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (kind, subject) DO UPDATE SET due_at = excluded.due_at, body = excluded.body "
                "WHERE timers.body <> excluded.body",
                rows,
            )
            run(
                connection,
                "DELETE FROM timers WHERE kind = ? AND subject = ?",
                [(KIND, one) for one in sorted(no_more)],
            )

    def keep(self, due: Due, sent: Sent) -> bool:
        """The report of this slot into the mailbox, and the next one's time. False, and nothing is done, where another
        scheduler was first: an account has one report of each slot."""
        source = stream_of(sent.document.number)
        document_id, document, delivery = sent.document.rows(now_us())
        with self._database.write() as connection:
            moved = run(
                connection,
                "UPDATE timers SET due_at = ? WHERE kind = ? AND subject = ? AND due_at = ? AND body = ?",
                [(sent.following, KIND, due.account_id, due.at, _body(due))],
            )
            if moved != 1:
                return False
            report = (due.account_id, sent.slot, sent.document.number, document_id, sent.cursor)
            insert(connection, inventory_reports, [report])
            insert(connection, documents, [(transaction_of(connection), *document[1:])])
            insert(connection, deliveries, [delivery])
            told = {"number": sent.document.number, "documents": {document_id: sent.document.digests()}, **sent.told}
            self._audit.note(connection, source, "sent", "gateway", told)
        return True

    def cursor(self, account_id: str, number: str) -> str | None:
        """What tells what changed after a report that was sent to the account; None where none of this
        number was."""
        query = "SELECT cursor FROM inventory_reports WHERE number = ? AND account_id = ?"
        with self._database.read() as connection:
            rows = fetch(connection, query, [number, account_id])
        return str(rows[0][0]) if rows else None


def _body(due: Due) -> str:
    return json.dumps({"schedule": due.schedule, "time_zone": due.time_zone})
