"""Deliveries as our people see them: how each document stands on its way out, every attempt, every receipt, and the
word of a person that has one sent again. What mailboxes hold is none of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.answers import CODES, OVERDUE
from gateway.store.audit import Audit
from gateway.store.clock import LeaseClock
from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, one_of, run, values

STATUSES = ("waiting", "sending", "held", "given_up", "rejected", "queried", "delivered", "received", "dismissed")
"""received: the account said by itself that it has the document. queried: it asks about it. dismissed: one of us has
closed what stood in its way."""
STUCK = ("held", "given_up", "rejected", "queried")
"""Of these nothing more is tried before somebody acts (of `held`: before the account's terms can be used)."""
OPEN = ("waiting", "sending", *STUCK)
COUNTS = (
    "SELECT status, count(*) FROM deliveries WHERE transport <> 'mailbox' "
    f"AND status IN ({', '.join(map(repr, OPEN))}) GROUP BY status"
)
_AT_ONCE = 200
"""Documents that are asked for anew in one transaction."""
_SENT = "transport <> 'mailbox'"
_NOT_ANSWERED = f"(code IS NULL OR code NOT IN ({', '.join(map(repr, CODES))}))"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A document on its way out. Times are microseconds since 1970."""

    document_id: str
    account_id: str
    type: str
    number: str
    order_number: str | None
    test: bool
    created_at: int
    transport: str
    status: str
    endpoint: str | None
    """Where the account's terms lead, or led at the last look; None: nobody has looked yet."""
    attempts: int
    updated_at: int
    code: str | None
    """The fault code of what stands in its way."""
    detail: str | None
    """Of that, or of the last attempt."""
    next_attempt_at: int | None
    """Of one that waits; None of any other."""
    answer_due_at: int | None
    """Until when the account's word is expected; None: none is, or it came."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: when it began, what became of it, and what the partner answered."""

    number: int
    at: int
    outcome: str
    detail: str | None
    answer: str | None
    endpoint: str | None
    milliseconds: int | None
    worker: str | None


@dataclass(frozen=True, slots=True)
class SaidReceipt:
    """The account's word on a document: that it has it, or what its system says of it, which `message_id` brought."""

    number: int
    at: int
    kind: str
    word: str
    body: str | None
    message_id: str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where documents are sent, while it fails. `rests_until`: nothing is sent there before; `gone_at`: when it said
    that it wants nothing more (HTTP 410)."""

    endpoint: str
    failures: int
    failing_since: int | None
    gone_at: int | None
    detail: str | None
    rests_until: int | None


class Deliveries:
    """The repository of deliveries for people; `gateway.store.sending` is the deliverer's."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit
        self._clock = LeaseClock(is_sqlite=database.is_sqlite)

    # --- looking ------------------------------------------------------------------------------------------------
    def page(
        self, *, account_id: str | None = None, status: str | None = None, before: str | None = None, limit: int = 50
    ) -> list[Delivery]:
        """Up to `limit`, newest document first, from behind the document `before`."""
        text, named = newest(STATUSES if status is None else (status,), account_id, before, limit)
        with self._database.read() as connection:
            return self._load(connection, [row[0] for row in fetch(connection, text, named)])

    def one(self, document_id: str) -> Delivery | None:
        """How this document stands, also one for the mailbox; None where there is none of that id."""
        with self._database.read() as connection:
            return next(iter(self._load(connection, [document_id])), None)

    def _load(self, connection: Connection, document_ids: Sequence[str]) -> list[Delivery]:
        now, moment = self._clock.now()
        query = (
            "SELECT v.document_id, v.account_id, d.type, d.number, d.order_number, d.test, d.created_at, v.transport, "
            "v.status, v.endpoint, v.attempts, v.updated_at, v.code, COALESCE(v.detail, a.detail), "
            f"v.answer_due_at, v.not_before, v.not_before_boot, {now} "
            "FROM deliveries v JOIN documents d ON d.id = v.document_id "
            "LEFT JOIN delivery_attempts a ON a.document_id = v.document_id AND a.number = v.attempts "
            f"WHERE {one_of(connection, 'v.document_id')} ORDER BY v.document_id DESC"
        )
        return [self._delivery(row) for row in fetch(connection, query, [*moment, values(connection, document_ids)])]

    def _delivery(self, row: Sequence[Any]) -> Delivery:
        *known, answer_due_at, until, boot, now = row
        test, status = 5, 8
        known[test] = bool(known[test])
        next_attempt_at = self._wall(until, boot, now) or now_us() if known[status] == "waiting" else None
        return Delivery(*(*known, next_attempt_at, answer_due_at))

    def _wall(self, until: int | None, boot: str | None, now: int) -> int | None:
        """A time of the lease clock to come, by the wall clock; None where it is over, or another boot's."""
        if until is None or until <= now or boot != (self._clock.boot or None):
            return None
        return now_us() + (until - int(now)) * 1000

    def attempts(self, document_id: str) -> list[Attempt]:
        """Every attempt that was told of, the first one first."""
        query = (
            "SELECT number, at, outcome, detail, answer, endpoint, milliseconds, worker FROM delivery_attempts "
            "WHERE document_id = ? ORDER BY number"
        )
        with self._database.read() as connection:
            return [Attempt(*row) for row in fetch(connection, query, [document_id])]

    def receipts(self, document_id: str) -> list[SaidReceipt]:
        """What the account said of the document, the first word first."""
        query = "SELECT number, at, kind, word, body, message_id FROM receipts WHERE document_id = ? ORDER BY number"
        with self._database.read() as connection:
            return [SaidReceipt(*row) for row in fetch(connection, query, [document_id])]

    def endpoints(self, endpoint: str | None = None) -> list[Endpoint]:
        """Those that fail, rest or are gone; or only this one."""
        now, moment = self._clock.now()
        only = "" if endpoint is None else "WHERE endpoint = ? "
        query = (
            f"SELECT endpoint, failures, failing_since, gone_at, detail, open_until, open_until_boot, {now} "
            f"FROM endpoints {only}ORDER BY endpoint"
        )
        named = [] if endpoint is None else [endpoint]
        with self._database.read() as connection:
            rows = fetch(connection, query, [*moment, *named])
        return [Endpoint(*(*known, self._wall(until, boot, now))) for *known, until, boot, now in rows]

    def by_status(self) -> dict[str, int]:
        """How many documents stand how, without those that are had."""
        with self._database.read() as connection:
            return dict.fromkeys(OPEN, 0) | {row[0]: int(row[1]) for row in fetch(connection, COUNTS)}

    def oldest_due_seconds(self) -> float | None:
        """How long ago the oldest document was made that should be sent by now; None where none is."""
        now, moment = self._clock.now()
        query = (
            "SELECT d.created_at FROM deliveries v JOIN documents d ON d.id = v.document_id "
            "WHERE v.transport <> 'mailbox' AND v.status = 'waiting' AND "
            f"(v.not_before IS NULL OR v.not_before <= {now} OR v.not_before_boot <> ?) ORDER BY v.document_id LIMIT 1"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [*moment, self._clock.boot])
        return (now_us() - rows[0][0]) / 1_000_000 if rows else None

    # --- once more ----------------------------------------------------------------------------------------------
    def stuck(
        self, *, account_id: str | None = None, endpoint: str | None = None, statuses: Collection[str] = STUCK
    ) -> Iterable[list[str]]:
        """The ids of documents of which nothing more is tried, oldest first and some at a time; only this account's,
        or those that went to this endpoint. Not what the account's system refused or asks about once it had read it:
        that isn't mended by sending it again with all others."""
        for status in statuses:
            after = ""
            while found := self._stuck(status, account_id, endpoint, after):
                yield found
                after = found[-1]

    def _stuck(self, status: str, account_id: str | None, endpoint: str | None, after: str) -> list[str]:
        conditions, named = [_SENT, "status = ?", "document_id > ?", _NOT_ANSWERED], [status, after]
        for column, wanted in (("account_id", account_id), ("endpoint", endpoint)):
            if wanted is not None:
                conditions.append(f"{column} = ?")
                named.append(wanted)
        query = f"SELECT document_id FROM deliveries WHERE {' AND '.join(conditions)} ORDER BY document_id LIMIT ?"
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [*named, _AT_ONCE])]

    def retry(
        self, document_ids: Sequence[str], actor: str, reason: str, *, statuses: Collection[str] = STUCK
    ) -> list[str]:
        """Have documents sent again at once, to where the account's terms lead now, with all the waits before them:
        those that have one of these statuses. The ids of those that had, each with the event `retried` in its stream
        `delivery/<id>`."""
        retried: list[str] = []
        for start in range(0, len(document_ids), _AT_ONCE):
            with self._database.write() as connection:
                some = document_ids[start : start + _AT_ONCE]
                retried += self._retry(connection, some, actor, reason, statuses)
        return retried

    def _retry(
        self, connection: Connection, document_ids: Sequence[str], actor: str, reason: str, statuses: Collection[str]
    ) -> list[str]:
        lock = "" if self._database.is_sqlite else " FOR UPDATE"
        these, among = one_of(connection, "document_id"), one_of(connection, "status")
        query = (
            f"SELECT document_id, status, code FROM deliveries WHERE {these} AND {among} AND {_SENT} "
            f"ORDER BY document_id{lock}"
        )
        named = [values(connection, document_ids), values(connection, list(statuses))]
        found = fetch(connection, query, named)
        at = now_us()
        text = (
            "UPDATE deliveries SET status = 'waiting', attempts_before = attempts, endpoint = NULL, "
            "code = NULL, detail = NULL, next_attempt_at = ?, updated_at = ?, not_before = 0, not_before_boot = NULL "
            "WHERE document_id = ?"
        )
        run(connection, text, [(at, at, row[0]) for row in found])
        for document_id, status, code in found:
            told = {"reason": reason, "status": status} | ({} if code is None else {"code": code})
            self._audit.note(connection, f"delivery/{document_id}", "retried", actor, told)
        return [row[0] for row in found]

    def dismiss(self, document_ids: Sequence[str], actor: str, reason: str) -> list[str]:
        """Close what stands in documents' way, also in the mailbox: nothing more is tried of them, and no answer is
        awaited. The ids of those of which something was open, each with the event `dismissed` in its stream."""
        dismissed: list[str] = []
        for start in range(0, len(document_ids), _AT_ONCE):
            with self._database.write() as connection:
                dismissed += self._dismiss(connection, document_ids[start : start + _AT_ONCE], actor, reason)
        return dismissed

    def _dismiss(self, connection: Connection, document_ids: Sequence[str], actor: str, reason: str) -> list[str]:
        lock = "" if self._database.is_sqlite else " FOR UPDATE"
        these, at = one_of(connection, "document_id"), now_us()
        query = (
            f"SELECT document_id, status, code FROM deliveries WHERE {these} AND "
            f"(status IN ({', '.join(map(repr, STUCK))}) OR ({OVERDUE})) ORDER BY document_id{lock}"
        )
        found = fetch(connection, query, [values(connection, document_ids), at])
        text = (
            f"UPDATE deliveries SET status = CASE WHEN status IN ({', '.join(map(repr, STUCK))}) THEN 'dismissed' "
            "ELSE status END, code = CASE status WHEN 'waiting' THEN code ELSE NULL END, "
            "detail = CASE status WHEN 'waiting' THEN detail ELSE NULL END, answer_due_at = NULL, updated_at = ? "
            "WHERE document_id = ?"
        )
        run(connection, text, [(at, row[0]) for row in found])
        for document_id, status, code in found:
            told = {"reason": reason, "status": status} | ({} if code is None else {"code": code})
            self._audit.note(connection, f"delivery/{document_id}", "dismissed", actor, told)
        return [row[0] for row in found]

    def enable(self, endpoint: str, actor: str, reason: str) -> bool:
        """Send to this endpoint again, whatever it answered; what waits for it waits no more. False where nothing kept
        documents from it. The event `enabled` stands in the stream `endpoint/<URL>`."""
        waits = "status = 'waiting' AND endpoint IS NOT NULL AND endpoint = ?"
        freed = (
            "UPDATE deliveries SET not_before = 0, not_before_boot = NULL, code = NULL, detail = NULL, "
            f"attempts_before = attempts WHERE {waits}"
        )
        with self._database.write() as connection:
            was_out = run(connection, "DELETE FROM endpoints WHERE endpoint = ?", [(endpoint,)]) == 1
            if was_out:
                run(connection, freed, [(endpoint,)])
                self._audit.note(connection, f"endpoint/{endpoint}", "enabled", actor, {"reason": reason})
        return was_out


def newest(
    statuses: Sequence[str], account_id: str | None, before: str | None, limit: int
) -> tuple[str, list[str | int]]:
    """The query for ids of documents, newest first, and its parameters: the beginning of each status by its index, and
    of these the newest."""
    conditions = f"{_SENT} AND status = ?"
    told: list[str | int] = []
    for condition, value in ((" AND account_id = ?", account_id), (" AND document_id < ?", before)):
        if value is not None:
            conditions += condition
            told.append(value)
    each = f"SELECT document_id FROM deliveries WHERE {conditions} ORDER BY document_id DESC LIMIT ?"
    of_all = " UNION ALL ".join(f"SELECT document_id FROM ({each}) s{number}" for number in range(len(statuses)))
    named: list[str | int] = [value for status in statuses for value in (status, *told, limit)]
    return f"{of_all} ORDER BY document_id DESC LIMIT ?", [*named, limit]
