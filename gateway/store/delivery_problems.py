"""Documents that don't reach their account's system until somebody acts, grouped by account, cause and endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.answers import OVERDUE as LATE
from gateway.store.database import Database
from gateway.store.fault_rows import fingerprint
from gateway.store.ids import now_us
from gateway.store.statements import fetch, one_of, values
from schemas.faults import Fault

GONE, OVERDUE = "endpoint_gone", "answer_overdue"
_STUCK = (
    "code IS NOT NULL AND code <> 'endpoint_gone' "
    "AND status IN ('waiting', 'sending', 'held', 'given_up', 'rejected', 'queried')"
)
"""Waiting and sending: held documents that are just looked at again."""
_AT_GONE = "status = 'waiting' AND endpoint IS NOT NULL AND endpoint = ?"
"""Also those that were never tried there."""


@dataclass(frozen=True, slots=True)
class DeliveryProblem:
    """One cause. `first_at` and `last_at` are when the oldest and the newest of its documents were made; `detail` is
    the newest one's."""

    fingerprint: str
    account_id: str
    code: str
    endpoint: str | None
    documents: int
    first_at: int
    last_at: int
    last_document_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Group:
    account_id: str
    code: str
    endpoint: str | None
    documents: int
    oldest: str
    newest: str
    detail: str = ""

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.account_id, Fault(self.code, "", value=self.endpoint))


class DeliveryProblems:
    """The repository of what was given up, rejected, asked about or held, is to go to an endpoint that is gone, or is
    not answered in time. Costs what is stuck, not what ever was sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, account_id: str | None = None, fingerprint: str | None = None) -> list[DeliveryProblem]:
        """Every cause, the one with most documents first."""
        with self._database.snapshot() as connection:
            found = [
                *_stuck(connection, account_id),
                *_at_gone_endpoints(connection, account_id),
                *_overdue(connection, account_id),
            ]
            wanted = [one for one in found if fingerprint in (None, one.fingerprint)]
            wanted.sort(key=lambda one: (-one.documents, one.account_id, one.code, one.endpoint or ""))
            return list(_problems(connection, wanted))

    def overdue_counts(self) -> dict[str, int]:
        """Account → documents that it has not answered in time."""
        with self._database.read() as connection:
            return {row[0]: int(row[1]) for row in fetch(connection, *overdue_query(None, now_us()))}

    def documents(self, problem: DeliveryProblem, limit: int = 1_000, after: str = "") -> list[tuple[str, str]]:
        """(id, number) of its documents behind this one's id, oldest first."""
        named: list[Any]
        if problem.code == GONE:
            conditions, named = f"{_AT_GONE} AND account_id = ?", [problem.endpoint, problem.account_id]
        elif problem.code == OVERDUE:
            conditions, named = f"{LATE} AND account_id = ?", [now_us(), problem.account_id]
        else:
            conditions = f"{_STUCK} AND account_id = ? AND code = ? AND COALESCE(endpoint, '') = ?"
            named = [problem.account_id, problem.code, problem.endpoint or ""]
        query = (
            "SELECT v.document_id, d.number FROM "
            f"(SELECT document_id FROM deliveries WHERE {conditions} AND document_id > ? "
            "ORDER BY document_id LIMIT ?) v "
            "JOIN documents d ON d.id = v.document_id ORDER BY v.document_id"
        )
        with self._database.read() as connection:
            return [(row[0], row[1]) for row in fetch(connection, query, [*named, after, limit])]


def stuck_query(account_id: str | None) -> tuple[str, list[str]]:
    """What is stuck by account, code and endpoint, and the query's parameters."""
    own, named = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
    columns = "account_id, code, COALESCE(endpoint, ''), count(*), min(document_id), max(document_id)"
    return f"SELECT {columns} FROM deliveries WHERE {_STUCK}{own} GROUP BY 1, 2, 3", named


def _stuck(connection: Connection, account_id: str | None) -> Iterator[_Group]:
    for account, code, endpoint, *rest in fetch(connection, *stuck_query(account_id)):
        yield _Group(account, code, endpoint or None, *rest)


def _at_gone_endpoints(connection: Connection, account_id: str | None) -> Iterator[_Group]:
    own, named = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
    query = (
        "SELECT account_id, count(*), min(document_id), max(document_id) FROM deliveries "
        f"WHERE {_AT_GONE}{own} GROUP BY account_id"
    )
    for endpoint, detail in fetch(connection, "SELECT endpoint, detail FROM endpoints WHERE gone_at IS NOT NULL"):
        for account, count, oldest, newest in fetch(connection, query, [endpoint, *named]):
            yield _Group(account, GONE, endpoint, count, oldest, newest, detail)


def overdue_query(account_id: str | None, now: int) -> tuple[str, list[Any]]:
    """What isn't answered in time by account, as of this microsecond, and the query's parameters."""
    own, named = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
    columns = "account_id, count(*), min(document_id), max(document_id), min(answer_due_at)"
    return f"SELECT {columns} FROM deliveries WHERE {LATE}{own} GROUP BY account_id", [now, *named]


def _overdue(connection: Connection, account_id: str | None) -> Iterator[_Group]:
    for account, count, oldest, newest, due in fetch(connection, *overdue_query(account_id, now_us())):
        since = datetime.fromtimestamp(due // 1_000_000, UTC).strftime("%Y-%m-%d %H:%MZ")
        detail = f"the account's system has said nothing of it; the first answer was due {since}"
        yield _Group(account, OVERDUE, None, count, oldest, newest, detail)


def _problems(connection: Connection, groups: Sequence[_Group]) -> Iterator[DeliveryProblem]:
    made = _made_at(connection, [one for group in groups for one in (group.oldest, group.newest)])
    details = _details(connection, [group.newest for group in groups])
    for one in groups:
        first_at, last_at = sorted((made[one.oldest], made[one.newest]))  # in a millisecond ids don't sort by time
        detail = one.detail or details.get(one.newest) or ""
        yield DeliveryProblem(
            *(one.fingerprint, one.account_id, one.code, one.endpoint, one.documents),
            *(first_at, last_at, one.newest, detail),
        )


def _made_at(connection: Connection, document_ids: Iterable[str]) -> dict[str, int]:
    query = f"SELECT id, created_at FROM documents WHERE {one_of(connection, 'id')}"
    return {row[0]: row[1] for row in fetch(connection, query, [values(connection, document_ids)])}


def _details(connection: Connection, document_ids: Iterable[str]) -> dict[str, str | None]:
    query = f"SELECT document_id, detail FROM deliveries WHERE {one_of(connection, 'document_id')}"
    return {row[0]: row[1] for row in fetch(connection, query, [values(connection, document_ids)])}
