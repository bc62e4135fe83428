"""Tests of drafts: asked for, done a chunk at a time under a lease, and kept with what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.engine import Connection

from gateway.store.audit import Audit
from gateway.store.chunk_leases import ChunkLeases
from gateway.store.database import Database
from gateway.store.ids import new_id, now_us
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import draft_tests

Status = Literal["waiting", "running", "done", "cancelled", "outdated", "failed"]
KEPT = 20
"""Tests of an account that are kept; older ones are forgotten."""
_OPEN = "status IN ('waiting', 'running')"
_COLUMNS = (
    "id, account_id, revision, version, last, status, done, total, newly_failing, cursor, detail, asked_by, asked_at, "
    "ended_at"
)


@dataclass(frozen=True, slots=True)
class DraftTest:
    """One test. `revision` is the published one that the draft is compared with, `version` the draft's; `done` of
    `total` messages were looked at, the last of them `cursor`."""

    id: str
    account_id: str
    revision: int
    version: int
    last: int
    status: Status
    done: int
    total: int
    newly_failing: int
    """Orders that were answered, and would be held or refused."""
    cursor: str | None
    detail: str | None
    asked_by: str
    asked_at: int
    ended_at: int | None

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.status in ("waiting", "running")


@dataclass(frozen=True, slots=True)
class ClaimedTest:
    """A test of which one worker may do a chunk, and what came of those before."""

    lease_id: str
    test: DraftTest
    result: str | None


class DraftTests:
    """The repository of tests of drafts."""

    def __init__(self, database: Database, audit: Audit, *, lease_seconds: float = 30.0, max_losses: int = 3) -> None:
        self._database, self._audit = database, audit
        lease: dict[str, Any] = {"lease_seconds": lease_seconds, "max_losses": max_losses}
        self.leases = ChunkLeases(database, "draft_tests", is_open=_OPEN, order="id", **lease)

    def begin(self, account_id: str, revision: int, version: int, last: int, total: int, *, actor: str) -> str:
        """A test to be done; its id. The one that is open where the same was asked for already; any other that is open
        ends, so that an account has one at a time."""
        row_id, at = new_id(), now_us()
        with self._database.write() as connection:
            asked = "account_id = ? AND revision = ? AND version = ? AND last = ?"
            query = f"SELECT id FROM draft_tests WHERE {_OPEN} AND {asked}"
            same = fetch(connection, query, [account_id, revision, version, last])
            if same:
                return str(same[0][0])
            self._end_open(connection, account_id)
            row = (row_id, account_id, revision, version, last, "waiting", 0, total, 0)
            insert(connection, draft_tests, [(*row, None, None, None, actor, at, None, None, None, None, None, 0)])
            self._noted(connection, account_id, {"test": row_id, "version": version, "last": last}, actor)
        return row_id

    def keep(self, ran: DraftTest, result: str) -> None:
        """A test that was done elsewhere, with what came of it: from then on it is the account's newest."""
        at = now_us()
        row = (ran.id, ran.account_id, ran.revision, ran.version, ran.last, ran.status)
        came = (ran.done, ran.total, ran.newly_failing, result, ran.cursor, ran.detail, ran.asked_by, ran.asked_at, at)
        told = {"test": ran.id, "version": ran.version, "last": ran.last}
        with self._database.write() as connection:
            insert(connection, draft_tests, [(*row, *came, None, None, None, None, 0)])
            self._noted(connection, ran.account_id, told, ran.asked_by)

    def _noted(self, connection: Connection, account_id: str, told: dict[str, Any], actor: str) -> None:
        self._forget(connection, account_id)
        self._audit.note(connection, f"draft/{account_id}", "draft test asked for", actor, told)

    @staticmethod
    def _end_open(connection: Connection, account_id: str) -> None:
        text = (
            "UPDATE draft_tests SET status = 'cancelled', detail = 'Another was asked for.', ended_at = ?, "
            f"lease_id = NULL, worker = NULL WHERE account_id = ? AND {_OPEN}"
        )
        run(connection, text, [(now_us(), account_id)])

    @staticmethod
    def _forget(connection: Connection, account_id: str) -> None:
        query = f"SELECT id FROM draft_tests WHERE account_id = ? ORDER BY id DESC LIMIT 1 OFFSET {KEPT}"
        for (newest,) in fetch(connection, query, [account_id]):
            text = f"DELETE FROM draft_tests WHERE account_id = ? AND id <= ? AND NOT {_OPEN}"
            run(connection, text, [(account_id, newest)])

    def found(self, test_id: str) -> tuple[DraftTest, str | None] | None:
        """The test with what came of it so far, as JSON; None where there is none of that id."""
        with self._database.read() as connection:
            rows = fetch(connection, f"SELECT {_COLUMNS}, result FROM draft_tests WHERE id = ?", [test_id])
        return (DraftTest(*rows[0][:-1]), rows[0][-1]) if rows else None

    def of_account(self, account_id: str, limit: int = KEPT) -> list[DraftTest]:
        """The account's tests, newest first."""
        query = f"SELECT {_COLUMNS} FROM draft_tests WHERE account_id = ? ORDER BY id DESC LIMIT ?"
        with self._database.read() as connection:
            return [DraftTest(*row) for row in fetch(connection, query, [account_id, limit])]

    def newest(self, account_id: str) -> DraftTest | None:
        """The account's last test."""
        return next(iter(self.of_account(account_id, 1)), None)

    def claim(self, worker: str) -> ClaimedTest | None:
        """The oldest one that is free, under a lease; None where there is none. One that lost too many workers fails
        instead, and the next is taken."""
        taken = self.leases.claim(worker, self._fail, also="status = 'running', ")
        found = None if taken is None else self.found(taken[0])
        return None if taken is None or found is None else ClaimedTest(taken[1], *found)

    def _fail(self, connection: Connection, test_id: str) -> None:
        self._end(connection, test_id, "failed", "It ended its worker several times.")

    def save(
        self,
        claimed: ClaimedTest,
        status: Status,
        done: int,
        cursor: str | None,
        result: str | None,
        newly_failing: int,
        detail: str | None = None,
    ) -> bool:
        """What came of all messages so far, and where to go on; the lease is given back. False, and nothing is written,
        where the test was cancelled or another worker has it by now."""
        ended_at = None if status in ("waiting", "running") else now_us()
        text = (
            "UPDATE draft_tests SET status = ?, done = ?, total = CASE WHEN total < ? THEN ? ELSE total END, "
            "cursor = ?, result = ?, newly_failing = ?, detail = ?, ended_at = ?, lease_id = NULL, worker = NULL, "
            "losses = 0 WHERE id = ? AND lease_id = ? AND status = 'running'"
        )
        told = (status, done, done, done, cursor, result, newly_failing, detail, ended_at)
        with self._database.write_lightly() as connection:
            return run(connection, text, [(*told, claimed.test.id, claimed.lease_id)]) == 1

    def cancel(self, test_id: str, *, actor: str) -> bool:
        """End a test that waits or runs: what is being done of it just now is not kept. False where it has ended."""
        with self._database.write() as connection:
            rows = fetch(connection, f"SELECT account_id FROM draft_tests WHERE id = ? AND {_OPEN}", [test_id])
            if not rows or not self._end(connection, test_id, "cancelled", None):
                return False
            told = {"test": test_id}
            self._audit.note(connection, f"draft/{rows[0][0]}", "draft test cancelled", actor, told)
        return True

    @staticmethod
    def _end(connection: Connection, test_id: str, status: Status, detail: str | None) -> bool:
        text = (
            "UPDATE draft_tests SET status = ?, detail = ?, ended_at = ?, lease_id = NULL, worker = NULL "
            f"WHERE id = ? AND {_OPEN}"
        )
        return run(connection, text, [(status, detail, now_us(), test_id)]) == 1
