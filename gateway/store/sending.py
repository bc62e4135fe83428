"""Documents on their way out: which are due, who has claimed them, what became of each attempt.

A process that sends has one lease for all that it has claimed. An attempt that its process didn't live to tell of is
found by its lease: it is told as `unknown`, because the partner may have got it, and made again with the same id. Due
times are the lease clock's: a wall clock that is set wrong sends nothing early and holds nothing back.

Of each endpoint a few are claimed at a time, the endpoints in turn, so that one that hangs keeps nobody else waiting.
An endpoint that fails again and again rests (its breaker), and is then tried with one document.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.clock import LeaseClock
from gateway.store.database import Database
from gateway.store.ids import new_id, now_us
from gateway.store.leases import LeaseLost
from gateway.store.statements import fetch, insert, one_of, run, values
from gateway.store.tables import delivery_attempts

OUTAGES = 5
"""So many one after the other open an endpoint's breaker."""
MOST_BYTES = 16_000_000
"""Of documents that are claimed together for one endpoint."""
_MOST_ENDPOINTS = 500
"""Endpoints that one claim looks at."""
_IN_HAND = "lease_id IS NOT NULL AND status IN ('sending', 'received', 'rejected', 'queried', 'dismissed', 'waiting')"
"""Of a document that is being sent: the account's word on it, or a person's, may come before the answer does, and
stands; waiting: one of us has it sent again."""
_DUE = "status = 'waiting' AND endpoint IS NOT NULL"
_IN_TURN = (
    "(d.thread IS NULL OR NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.account_id = d.account_id "
    "AND e.thread = d.thread AND e.thread IS NOT NULL AND e.status IN ('waiting', 'sending') "
    "AND e.document_id < d.document_id))"
)


@dataclass(frozen=True, slots=True)
class Unled:
    """A document of which nobody has said yet where it goes."""

    document_id: str
    account_id: str
    type: str
    order_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Led:
    """Where a document goes: `status` waiting with an endpoint, available in the mailbox, or held with a fault's code.
    `thread`: the order behind whose earlier documents it waits."""

    document_id: str
    transport: str
    status: str = "waiting"
    endpoint: str | None = None
    thread: str | None = None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A document that this process is to send. `attempt` counts from 1; `tries` too, from when somebody last asked for
    it anew."""

    document_id: str
    attempt: int
    tries: int
    endpoint: str
    account_id: str
    type: str
    number: str
    order_number: str | None
    format: str
    media_type: str
    test: bool
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What became of an attempt, and of its document: `status` delivered, rejected, given_up or waiting, then to be
    tried after `wait_seconds`. `code` and `detail` stand where somebody must be told."""

    document_id: str
    attempt: int
    endpoint: str
    began_at: int
    milliseconds: int
    outcome: str
    detail: str
    answer: str | None
    status: str
    wait_seconds: float | None = None
    code: str | None = None
    is_outage: bool = False
    is_gone: bool = False
    says_something: bool = True
    """Whether it says something of the endpoint: what never got there for a reason of ours doesn't."""


class Sending:
    """The repository of documents on their way out. One object a process."""

    def __init__(
        self, database: Database, *, lease_seconds: float = 30.0, rests: tuple[float, float] = (30.0, 600.0)
    ) -> None:
        """`rests`: seconds that an endpoint rests at first, and at most, where it goes on failing."""
        self._database = database
        self._clock = LeaseClock(is_sqlite=database.is_sqlite)
        self._lease_ms = int(lease_seconds * 1000)
        self._rests_ms = tuple(int(rest * 1000) for rest in rests)
        self._turn = ""
        self._led_last = ""

    # --- leases -------------------------------------------------------------------------------------------------
    def begin(self, worker: str) -> str:
        """A lease for all that this process sends. What waited by the clock of another boot waits no more; where what
        waits for an endpoint that failed goes is asked anew: the terms may be others since."""
        lease_id = new_id()
        with self._database.write_lightly() as connection:
            now, moment = self._clock.now()
            run(
                connection,
                f"INSERT INTO leases (id, worker, until, boot) VALUES (?, ?, {now} + ?, ?)",
                [(lease_id, worker, *moment, self._lease_ms, self._clock.boot)],
            )
            over = f"UPDATE deliveries SET not_before = 0, not_before_boot = NULL WHERE {_DUE} AND not_before_boot <> ?"
            run(connection, over, [(self._clock.boot,)])
            rested = "UPDATE endpoints SET open_until = NULL, open_until_boot = NULL WHERE open_until_boot <> ?"
            run(connection, rested, [(self._clock.boot,)])
            doubtful = (
                "UPDATE deliveries SET endpoint = NULL WHERE status = 'waiting' "
                "AND endpoint IN (SELECT endpoint FROM endpoints)"
            )
            run(connection, doubtful, [()])
        return lease_id

    def extend(self, lease_id: str) -> None:
        """A new term. Raises LeaseLost where it is over: what was claimed under it may be at another process."""
        with self._database.write_lightly() as connection:
            now, moment = self._clock.now()
            longer = f"UPDATE leases SET until = {now} + ? WHERE id = ? AND boot = ? AND until > {now}"
            if run(connection, longer, [(*moment, self._lease_ms, lease_id, self._clock.boot, *moment)]) != 1:
                raise LeaseLost(lease_id)

    def end(self, lease_id: str) -> None:
        """Give the lease back; what is still claimed under it is found as lost."""
        with self._database.write_lightly() as connection:
            run(connection, "DELETE FROM leases WHERE id = ?", [(lease_id,)])

    def recover(self) -> list[ClaimedDelivery]:
        """What was claimed under a lease that is over, without bytes: its attempts are to be told as unknown
        (`save_lost`)."""
        query = (
            "SELECT v.document_id, v.attempts, v.attempts - v.attempts_before, v.endpoint, v.account_id, d.type, "
            "d.number, d.order_number, d.format, d.media_type, d.test "
            "FROM deliveries v JOIN documents d ON d.id = v.document_id "
            "WHERE v.status = 'sending' AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.id = v.lease_id) LIMIT 1000"
        )
        with self._database.read() as connection:
            return [_claimed(row, b"") for row in fetch(connection, query)]

    # --- where to -----------------------------------------------------------------------------------------------
    def unled(self, limit: int) -> list[Unled]:
        """Documents of which nobody has said yet where they go, an account's oldest first, beginning behind the account
        that had the last of those before: one with a backlog keeps no other waiting."""
        with self._database.read() as connection:
            found = self._unled(connection, "account_id > ?", limit)
            if len(found) < limit:
                found += self._unled(connection, "account_id <= ?", limit - len(found))
        self._led_last = found[-1].account_id if found else ""
        return found

    def _unled(self, connection: Connection, which: str, limit: int) -> list[Unled]:
        query = (
            "SELECT v.document_id, v.account_id, d.type, d.order_number FROM "
            "(SELECT document_id, account_id FROM deliveries WHERE status = 'waiting' AND endpoint IS NULL "
            f"AND {which} ORDER BY account_id, document_id LIMIT ?) v JOIN documents d ON d.id = v.document_id "
            "ORDER BY v.account_id, v.document_id"
        )
        return [Unled(*row) for row in fetch(connection, query, [self._led_last, limit])]

    def lead(self, led: Sequence[Led]) -> None:
        """Say where documents go; of those that nobody has claimed or settled meanwhile."""
        at = now_us()
        rows = [
            (
                *(one.transport, one.status, one.endpoint, one.thread, one.code, one.detail),
                *(at if one.status == "waiting" else None, at, one.document_id),
            )
            for one in led
        ]
        text = (
            "UPDATE deliveries SET transport = ?, status = ?, endpoint = ?, thread = ?, code = ?, detail = ?, "
            "next_attempt_at = ?, updated_at = ?, not_before = COALESCE(not_before, 0) "
            "WHERE document_id = ? AND status = 'waiting' AND endpoint IS NULL"
        )
        with self._database.write() as connection:
            run(connection, text, rows)

    def led(self) -> list[tuple[str, str]]:
        """(account, endpoint) of all that waits for an endpoint."""
        with self._database.read() as connection:
            query = f"SELECT DISTINCT account_id, endpoint FROM deliveries WHERE {_DUE}"
            return [(row[0], row[1]) for row in fetch(connection, query)]

    def forget_endpoints(self, account_ids: Collection[str]) -> None:
        """Forget where what waits of these accounts goes, and how long: their terms are others now."""
        text = (
            "UPDATE deliveries SET endpoint = NULL, not_before = NULL, not_before_boot = NULL "
            f"WHERE {_DUE} AND account_id = ?"
        )
        with self._database.write() as connection:
            run(connection, text, [(one,) for one in account_ids])

    def reconsider(self) -> None:
        """Look again at what is held because its account's terms couldn't be used."""
        text = (
            "UPDATE deliveries SET status = 'waiting', endpoint = NULL, not_before = NULL "
            "WHERE code = 'delivery_terms' AND code IS NOT NULL AND status = 'held'"
        )
        with self._database.read() as connection:
            query = "SELECT 1 FROM deliveries WHERE code IS NOT NULL AND code = 'delivery_terms' LIMIT 1"
            if not fetch(connection, query):
                return
        with self._database.write() as connection:
            run(connection, text, [()])

    # --- claims -------------------------------------------------------------------------------------------------
    def claim(self, lease_id: str, room: int, room_of: Callable[[str, bool], int]) -> list[ClaimedDelivery]:
        """Up to `room` documents that are due, from the endpoints in turn; of each at most `room_of(endpoint, whether
        its breaker asks for one alone)`. Raises LeaseLost where the lease is over."""
        with self._database.read() as connection:
            waiting, last = self._waiting(connection)
        if not waiting:
            self._turn = last
            return []
        with self._database.write_lightly() as connection:
            self._must_hold(connection, lease_id)
            picked: list[str] = []
            for endpoint, is_probe in waiting.items():
                most = min(room - len(picked), room_of(endpoint, is_probe))
                if most > 0 and not (is_probe and self._is_tried(connection, endpoint)):
                    picked += self._within_memory(connection, self._earliest(connection, endpoint, most))
                    self._turn = endpoint
                if len(picked) >= room:
                    break
            if not picked:
                self._turn = last
                return []
            text = "UPDATE deliveries SET status = 'sending', attempts = attempts + 1, lease_id = ? WHERE "
            run(connection, text + one_of(connection, "document_id"), [(lease_id, values(connection, picked))])
        return self._load(picked)

    def _waiting(self, connection: Connection) -> tuple[dict[str, bool], str]:
        """Endpoints that something waits for, beginning behind the one served last, with whether only one document is
        to be tried there, those that rest left out; and the last that was looked at, behind which others may be."""
        found = self._endpoints_between(connection, self._turn, None)
        if len(found) < _MOST_ENDPOINTS:
            found += self._endpoints_between(connection, "", self._turn)
        now, moment = self._clock.now()
        query = (
            f"SELECT endpoint, failures, open_until IS NOT NULL AND open_until > {now}, gone_at FROM endpoints "
            f"WHERE {one_of(connection, 'endpoint')}"
        )
        known = {row[0]: row[1:] for row in fetch(connection, query, [*moment, values(connection, found)])}
        resting = {endpoint for endpoint, (_, rests, gone_at) in known.items() if rests or gone_at is not None}
        waiting = {
            endpoint: endpoint in known and known[endpoint][0] >= OUTAGES
            for endpoint in found
            if endpoint not in resting
        }
        return waiting, found[-1] if found else ""

    def _is_tried(self, connection: Connection, endpoint: str) -> bool:
        """Whether something is being sent to an endpoint that has rested, by whichever process: one document tells."""
        if not self._database.is_sqlite:
            mine = "SELECT 1 FROM endpoints WHERE endpoint = ? FOR UPDATE SKIP LOCKED"
            if not fetch(connection, mine, [endpoint]):
                return True
        query = "SELECT 1 FROM deliveries WHERE status = 'sending' AND lease_id IS NOT NULL AND endpoint = ? LIMIT 1"
        return bool(fetch(connection, query, [endpoint]))

    def _endpoints_between(self, connection: Connection, after: str, upto: str | None) -> list[str]:
        """A skip scan: one seek an endpoint, however many documents wait for it."""
        bound, named = ("", []) if upto is None else (" AND endpoint <= ?", [upto])
        query = f"SELECT endpoint FROM deliveries WHERE {_DUE} AND endpoint > ?{bound} ORDER BY endpoint LIMIT 1"
        found: list[str] = []
        while len(found) < _MOST_ENDPOINTS and (rows := fetch(connection, query, [after, *named])):
            after = rows[0][0]
            found.append(after)
        return found

    def _earliest(self, connection: Connection, endpoint: str, most: int, *, locks: bool = True) -> list[str]:
        now, moment = self._clock.now()
        lock = " FOR UPDATE OF d SKIP LOCKED" if locks and not self._database.is_sqlite else ""
        query = (
            f"SELECT d.document_id FROM deliveries d WHERE d.status = 'waiting' AND d.endpoint = ? "
            f"AND d.endpoint IS NOT NULL AND d.not_before <= {now} AND {_IN_TURN} "
            f"ORDER BY d.not_before, d.document_id LIMIT ?{lock}"
        )
        return [row[0] for row in fetch(connection, query, [endpoint, *moment, most])]

    def claimed(self, lease_id: str) -> list[str]:
        """What is being sent under this lease."""
        with self._database.read() as connection:
            query = "SELECT document_id FROM deliveries WHERE status = 'sending' AND lease_id = ?"
            return [row[0] for row in fetch(connection, query, [lease_id])]

    def release(self, lease_id: str, document_ids: Sequence[str]) -> None:
        """Give back what was claimed and is not to be sent there any more, untried."""
        text = (
            "UPDATE deliveries SET status = 'waiting', endpoint = NULL, attempts = attempts - 1, "
            "lease_id = NULL WHERE document_id = ? AND status = 'sending' AND lease_id = ?"
        )
        with self._database.write() as connection:
            run(connection, text, [(one, lease_id) for one in document_ids])

    @staticmethod
    def _within_memory(connection: Connection, picked: Sequence[str]) -> list[str]:
        """As many of them as are sent to one endpoint at once without filling memory; one in any case."""
        if len(picked) < 2:
            return list(picked)
        query = f"SELECT id, length(body) FROM documents WHERE {one_of(connection, 'id')}"
        sizes = dict(fetch(connection, query, [values(connection, picked)]))
        room = MOST_BYTES
        taken: list[str] = []
        for one in picked:
            room -= sizes.get(one, 0)
            if room < 0 and taken:
                break
            taken.append(one)
        return taken

    def _load(self, picked: Sequence[str]) -> list[ClaimedDelivery]:
        with self._database.read() as connection:
            query = (
                "SELECT v.document_id, v.attempts, v.attempts - v.attempts_before, v.endpoint, v.account_id, d.type, "
                "d.number, d.order_number, d.format, d.media_type, d.test, d.body "
                "FROM deliveries v JOIN documents d ON d.id = v.document_id "
                f"WHERE {one_of(connection, 'v.document_id')}"
            )
            rows = {row[0]: row for row in fetch(connection, query, [values(connection, picked)])}
        return [_claimed(rows[one], bytes(rows[one][11])) for one in picked if one in rows]

    # --- results ------------------------------------------------------------------------------------------------
    def save(self, lease_id: str, attempted: Sequence[Attempted], worker: str) -> None:
        """Tell what became of attempts, all in one transaction. Raises LeaseLost where the lease is over: nothing of it
        is written, and their attempts are told as unknown by whoever finds them."""
        if not attempted:
            return
        with self._database.write() as connection:
            self._must_hold(connection, lease_id)
            for one in _in_their_order(attempted):
                self._settle(connection, one, worker, "lease_id = ?", [lease_id])
            _expect_answers(connection, [one.document_id for one in attempted if one.status == "delivered"])
            self._judge_endpoints(connection, attempted)

    def _must_hold(self, connection: Connection, lease_id: str) -> None:
        """Raises LeaseLost where the lease is over; where it isn't nobody ends it before this transaction does."""
        now, moment = self._clock.now()
        lock = "" if self._database.is_sqlite else " FOR UPDATE"
        good = f"SELECT 1 FROM leases WHERE id = ? AND boot = ? AND until > {now}{lock}"
        if not fetch(connection, good, [lease_id, self._clock.boot, *moment]):
            raise LeaseLost(lease_id)

    def save_lost(self, attempted: Sequence[Attempted], worker: str) -> None:
        """The same for attempts whose lease is over, each told once."""
        with self._database.write() as connection:
            for one in _in_their_order(attempted):
                gone = "NOT EXISTS (SELECT 1 FROM leases l WHERE l.id = deliveries.lease_id)"
                self._settle(connection, one, worker, gone, [])

    def _settle(self, connection: Connection, one: Attempted, worker: str, whose: str, named: Sequence[Any]) -> None:
        at = now_us()
        waits = one.wait_seconds
        until, moment, boot = self._in(None if waits is None else int(waits * 1000))
        text = (
            "UPDATE deliveries SET lease_id = NULL, updated_at = ?, "
            f"not_before = CASE status WHEN 'sending' THEN {until} ELSE not_before END, "
            "not_before_boot = CASE status WHEN 'sending' THEN ? ELSE not_before_boot END, "
            "next_attempt_at = CASE status WHEN 'sending' THEN CAST(? AS bigint) ELSE next_attempt_at END, "
            "code = CASE status WHEN 'sending' THEN ? ELSE code END, "
            "detail = CASE status WHEN 'sending' THEN ? ELSE detail END, "
            "attempts_before = CASE WHEN status = 'sending' AND ? = 'held' THEN attempts ELSE attempts_before END, "
            "status = CASE status WHEN 'sending' THEN ? ELSE status END "
            f"WHERE document_id = ? AND attempts = ? AND {_IN_HAND} AND {whose}"
        )
        again = None if waits is None else at + int(waits * 1_000_000)
        shown = one.detail if one.code is not None else None
        row = (at, *moment, boot, again, one.code, shown, one.status, one.status, one.document_id, one.attempt, *named)
        if run(connection, text, [row]) == 1:
            told = (one.outcome, one.answer, one.endpoint, one.detail, one.milliseconds, worker)
            insert(connection, delivery_attempts, [(one.document_id, one.attempt, one.began_at, *told)])

    def _in(self, milliseconds: int | None) -> tuple[str, list[int], str | None]:
        """A time so far from now by the lease clock: an SQL expression, its parameters, and its boot; NULL for None."""
        if milliseconds is None:
            return "NULL", [], None
        now, moment = self._clock.now()
        return f"{now} + ?", [*moment, milliseconds], self._clock.boot or None

    def _judge_endpoints(self, connection: Connection, attempted: Sequence[Attempted]) -> None:
        """An outage counts towards the breaker; anything else closes it, and what waited for the endpoint's return
        waits no more."""
        told: dict[str, list[Attempted]] = {}
        for one in attempted:
            if one.says_something:
                told.setdefault(one.endpoint, []).append(one)
        for endpoint, several in sorted(told.items()):  # in one order, so that two processes don't wait for each other
            if any(one.is_gone for one in several):
                self._disable(connection, endpoint, several[-1].detail)
            elif all(one.is_outage for one in several):
                self._fail(connection, endpoint, len(several), several[-1].detail)
            else:
                self._close(connection, endpoint)

    def _fail(self, connection: Connection, endpoint: str, outages: int, detail: str) -> None:
        new = "INSERT INTO endpoints (endpoint, failures, failing_since) VALUES (?, 0, ?) ON CONFLICT DO NOTHING"
        run(connection, new, [(endpoint, now_us())])
        now, moment = self._clock.now()
        lock = "" if self._database.is_sqlite else " FOR UPDATE"
        query = (
            f"SELECT failures, open_until IS NOT NULL AND open_until > {now} FROM endpoints WHERE endpoint = ?{lock}"
        )
        ((failures, rests_already),) = fetch(connection, query, [*moment, endpoint])
        if rests_already:
            return  # calls that were begun before it did: they say nothing new
        failures = min(failures + outages, OUTAGES) if failures < OUTAGES else failures + 1
        first, longest = self._rests_ms
        rests = min(first << min(max(failures - OUTAGES, 0), 20), longest)
        until, moment, boot = self._in(rests if failures >= OUTAGES else None)
        text = (
            f"UPDATE endpoints SET failures = ?, detail = ?, open_until = {until}, open_until_boot = ?, "
            "failing_since = COALESCE(failing_since, ?) WHERE endpoint = ?"
        )
        run(connection, text, [(failures, detail[:500], *moment, boot, now_us(), endpoint)])

    @staticmethod
    def _close(connection: Connection, endpoint: str) -> None:
        rows = fetch(connection, "SELECT failures FROM endpoints WHERE endpoint = ? AND gone_at IS NULL", [endpoint])
        if not rows:
            return
        run(connection, "DELETE FROM endpoints WHERE endpoint = ?", [(endpoint,)])
        if rows[0][0] >= OUTAGES:
            text = f"UPDATE deliveries SET not_before = 0, not_before_boot = NULL WHERE {_DUE} AND endpoint = ?"
            run(connection, text, [(endpoint,)])

    @staticmethod
    def _disable(connection: Connection, endpoint: str, detail: str) -> None:
        text = (
            "INSERT INTO endpoints (endpoint, failures, gone_at, detail) VALUES (?, 0, ?, ?) "
            "ON CONFLICT (endpoint) DO UPDATE SET gone_at = excluded.gone_at, detail = excluded.detail"
        )
        run(connection, text, [(endpoint, now_us(), detail[:500])])

    # --- looking ------------------------------------------------------------------------------------------------
    def is_due(self) -> bool:
        """Whether anything is to be led or sent now; not what waits for an endpoint that rests or is gone."""
        with self._database.read() as connection:
            if fetch(connection, "SELECT 1 FROM deliveries WHERE status = 'waiting' AND endpoint IS NULL LIMIT 1"):
                return True
            waiting, _ = self._waiting(connection)
            return any(self._earliest(connection, endpoint, 1, locks=False) for endpoint in waiting)


def _in_their_order(attempted: Sequence[Attempted]) -> list[Attempted]:
    """As whoever else writes of several documents: accounts' answers, and people."""
    return sorted(attempted, key=lambda one: one.document_id)


def _expect_answers(connection: Connection, document_ids: Sequence[str]) -> None:
    """The account's time to say something of a document begins when it arrives for the first time."""
    text = (
        "UPDATE deliveries SET answer_due_at = answer_due_at + ? - "
        "(SELECT d.created_at FROM documents d WHERE d.id = deliveries.document_id) "
        f"WHERE {one_of(connection, 'document_id')} AND answer_due_at IS NOT NULL AND attempts_before = 0"
    )
    if document_ids:
        run(connection, text, [(now_us(), values(connection, document_ids))])


def _claimed(row: Sequence[Any], body: bytes) -> ClaimedDelivery:
    document_id, attempt, tries, endpoint, account_id, kind, number, order_number, format_name, media_type, test, *_ = (
        row
    )
    return ClaimedDelivery(
        *(document_id, attempt, tries, endpoint, account_id, kind, number, order_number, format_name, media_type),
        bool(test),
        body,
    )
