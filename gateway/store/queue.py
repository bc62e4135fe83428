"""Who works on what: claims with a lease and a fence, the save that a stale lease can't make, and the sweep.

Claims are fair by construction. A batch is shared between the lanes 8 : 4 : 2 : 1 among those that have work, within a
lane between the accounts in turn, within an account by the earliest deadline. Messages whose worker was lost are
claimed a few together, and one that lost another alone, so that a document that kills its workers takes few with it
and is found; after `max_losses` it is set apart.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.states import advance
from gateway.store.answers import write_said
from gateway.store.attached import keep_files
from gateway.store.chain import next_event
from gateway.store.changes import SETTLED, Changes, ClaimedMessage
from gateway.store.clock import LeaseClock
from gateway.store.database import Collision, Database
from gateway.store.envelopes import take
from gateway.store.fault_rows import fault_rows
from gateway.store.ids import new_id, now_us
from gateway.store.leases import LeaseLost
from gateway.store.open_causes import HeldMessage, cause_rows, keep_causes, move_on
from gateway.store.packing import unpacked
from gateway.store.search_words import write_words
from gateway.store.statements import fetch, insert, marks, one_of, run, update, values
from gateway.store.tables import (
    deliveries,
    documents,
    events,
    faults,
    messages,
    order_versions,
    orders,
    quantity_movements,
)
from gateway.store.thread_locks import taking
from gateway.store.threads import check_seen, wake, write_changes, write_waits
from gateway.store.urgency import URGENCY_UPDATE
from gateway.trade.amendment import Receipt
from schemas.faults import Fault

LANE_WEIGHTS = (8, 4, 2, 1)
BATCH_BYTES = 8_000_000
MOST_WOKEN = 1000
"""Messages whose time has come that one sweep wakes, those that were due first."""
FRONT_OF_A_QUEUE = 100
LOST_EVERY = 4
"""Each fourth claim looks first for messages that lost their worker."""
LOST_TOGETHER = 7
"""So many that lost one worker are claimed together: a killed worker's 50 wait again in 8 claims, and not in 50."""
_UNHARMED = (
    "NOT EXISTS (SELECT 1 FROM messages m WHERE m.lease_id = leases.id AND m.status = 'processing' AND m.losses > 0)"
)


MOST_PAIRS = 500
"""Accounts that wait, over all lanes, which PostgreSQL is asked for at once; where there are more, lane by lane."""
_WAITING = """
WITH RECURSIVE waiting AS (
    (SELECT lane, account_id FROM messages WHERE status = 'received' AND not_before IS NULL AND lane IN ({lanes})
     ORDER BY lane, account_id LIMIT 1)
    UNION ALL
    (SELECT following.lane, following.account_id FROM waiting last CROSS JOIN LATERAL (
        SELECT lane, account_id FROM messages WHERE status = 'received' AND not_before IS NULL AND lane IN ({lanes})
        AND (lane, account_id) > (last.lane, last.account_id) ORDER BY lane, account_id LIMIT 1) following)
) SELECT lane, account_id FROM waiting LIMIT {most}
"""
"""A skip scan of the ready index, in one round trip. It has no parameters, so that it is planned once."""

_END_LEASE = (
    "DELETE FROM leases WHERE id = ? "
    "AND NOT EXISTS (SELECT 1 FROM messages WHERE lease_id = ? AND status = 'processing')"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Messages that one worker may settle until its lease ends."""

    lease_id: str
    messages: tuple[ClaimedMessage, ...]
    leaves_some: bool = False
    """Whether more waited than it took: there is work for another worker."""


class _Waiting(NamedTuple):
    """A message that could be claimed: leases lost with it before, and its bytes."""

    id: str
    losses: int
    size: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: lanes that have work, and the messages set apart."""

    lanes: frozenset[int]
    released: int
    quarantined: tuple[str, ...]


class WorkQueue:
    """Claims and saves. One object per process; it remembers whose turn is next in each lane."""

    def __init__(self, database: Database, *, lease_seconds: float = 30.0, max_losses: int = 3) -> None:
        self._database = database
        self._clock = LeaseClock(is_sqlite=database.is_sqlite)
        self._lease_ms = int(lease_seconds * 1000)
        self._max_losses = max_losses
        self._turns: dict[int, str] = {}
        self._claims = 0

    def claim(self, worker: str, lanes: Sequence[int], limit: int) -> Claim | None:
        """Up to `limit` messages of these lanes under a new lease, or None where nothing waits."""
        with self._database.read() as connection:
            waiting = self._waiting(connection, sorted(lanes), limit)
        if not waiting:
            return None
        self._claims += 1
        with self._database.write_lightly() as connection:
            lost = self._lost(connection, list(waiting)) if self._claims % LOST_EVERY == 0 else []
            found = lost or self._pick(connection, waiting, limit)
            if not found:
                return None
            picked = _bounded(found)
            lease_id = new_id()
            now, moment = self._clock.now()
            run(
                connection,
                f"INSERT INTO leases (id, worker, until, boot) VALUES (?, ?, {now} + ?, ?)",
                [(lease_id, worker, *moment, self._lease_ms, self._clock.boot)],
            )
            take = "UPDATE messages SET status = 'processing', lease_id = ?, fence = fence + 1 WHERE "
            run(connection, take + one_of(connection, "id"), [(lease_id, values(connection, picked))])
        return Claim(lease_id, self._load(picked), bool(lost) or len(found) >= limit or len(picked) < len(found))

    def _lost(self, connection: Connection, lanes: list[int]) -> list[_Waiting]:
        """The most urgent ones that lost their worker, so that they aren't passed over for ever while others wait."""
        lock = "" if self._database.is_sqlite else " FOR UPDATE SKIP LOCKED"
        rows = fetch(
            connection,
            "SELECT id, losses, size FROM messages WHERE status = 'received' AND not_before IS NULL AND losses > 0 "
            f"AND lane IN ({marks(len(lanes))}) ORDER BY due_at LIMIT {LOST_TOGETHER}{lock}",
            lanes,
        )
        return [_Waiting(*row) for row in rows]

    def _pick(self, connection: Connection, waiting: Mapping[int, list[str]], limit: int) -> list[_Waiting]:
        """A batch, from the accounts (by lane) that were seen waiting."""
        picked: list[_Waiting] = []
        for lane, quota in _shares(list(waiting), limit):
            room = min(limit - len(picked), quota)
            picked += self._pick_lane(connection, lane, waiting[lane], room, picked)
        for lane in waiting:  # what a lane left of its share goes to the next that has more
            if len(picked) < limit:
                picked += self._pick_lane(connection, lane, waiting[lane], limit - len(picked), picked)
        return picked

    def _pick_lane(
        self, connection: Connection, lane: int, accounts: list[str], room: int, taken: Sequence[_Waiting]
    ) -> list[_Waiting]:
        queues = [self._earliest(connection, lane, account, room, taken) for account in accounts[:room]]
        picked: list[_Waiting] = []
        depth = 0
        while len(picked) < room and any(len(queue) > depth for queue in queues):
            picked += [queue[depth] for queue in queues if len(queue) > depth]
            depth += 1
        if accounts:
            self._turns[lane] = accounts[min(room, len(accounts)) - 1]
        return picked[:room]

    def _waiting(self, connection: Connection, lanes: list[int], limit: int) -> dict[int, list[str]]:
        """Lane → accounts that wait in it, beginning behind the one served last; lanes where nobody waits left out."""
        if self._database.is_sqlite:
            found = {lane: self._waiting_accounts(connection, lane, limit) for lane in lanes}
            return {lane: accounts for lane, accounts in found.items() if accounts}
        rows = fetch(connection, _WAITING.format(lanes=", ".join(map(str, lanes)), most=MOST_PAIRS))
        if len(rows) == MOST_PAIRS:
            found = {lane: self._waiting_accounts(connection, lane, limit) for lane in lanes}
            return {lane: accounts for lane, accounts in found.items() if accounts}
        found = {}
        for lane, account in rows:
            found.setdefault(lane, []).append(account)
        return {lane: self._in_turn(lane, accounts)[:limit] for lane, accounts in found.items()}

    def _in_turn(self, lane: int, accounts: list[str]) -> list[str]:
        served = self._turns.get(lane, "")
        return [one for one in accounts if one > served] + [one for one in accounts if one <= served]

    def _waiting_accounts(self, connection: Connection, lane: int, limit: int) -> list[str]:
        """Accounts that wait in the lane, beginning behind the one served last."""
        turn = self._turns.get(lane)
        if turn is None:
            return self._accounts_between(connection, lane, "", None, limit)
        after = self._accounts_between(connection, lane, turn, None, limit)
        return after + self._accounts_between(connection, lane, "", turn, limit - len(after))

    def _accounts_between(
        self, connection: Connection, lane: int, after: str, upto: str | None, limit: int
    ) -> list[str]:
        """A skip scan of the ready index: one seek an account, however many messages each has. (As one recursive
        query it takes three times as long.)"""
        found: list[str] = []
        while len(found) < limit and after != upto:
            account = self._first_account(connection, lane, after, upto)
            if account is None:
                break
            found.append(account)
            after = account
        return found

    @staticmethod
    def _first_account(connection: Connection, lane: int, after: str, upto: str | None = None) -> str | None:
        bound, values = ("", [lane, after]) if upto is None else (" AND account_id <= ?", [lane, after, upto])
        rows = fetch(
            connection,
            "SELECT account_id FROM messages WHERE status = 'received' AND not_before IS NULL "
            f"AND lane = ? AND account_id > ?{bound} ORDER BY account_id LIMIT 1",
            values,
        )
        return rows[0][0] if rows else None

    def _earliest(
        self, connection: Connection, lane: int, account: str, limit: int, taken: Sequence[_Waiting]
    ) -> list[_Waiting]:
        lock = "" if self._database.is_sqlite else " FOR UPDATE SKIP LOCKED"
        rows = fetch(
            connection,
            "SELECT id, losses, size FROM messages WHERE status = 'received' AND not_before IS NULL AND lane = ? "
            f"AND account_id = ? ORDER BY due_at, id LIMIT ?{lock}",
            [lane, account, limit + len(taken)],
        )
        already = {message.id for message in taken}
        return [_Waiting(*row) for row in rows if row[0] not in already][:limit]

    def _load(self, picked: Sequence[str]) -> tuple[ClaimedMessage, ...]:
        with self._database.read() as connection:
            rows = fetch(
                connection,
                "SELECT m.id, m.account_id, m.test, m.lane, m.due_at, m.received_at, m.source, m.format, p.body, "
                "m.run, m.losses, m.event_count, m.event_hash, m.mapping_revision, m.moved_up, m.part, m.envelope_id, "
                "w.parts, CASE WHEN m.event_count > 1 THEN EXISTS (SELECT 1 FROM events e WHERE e.stream = m.id AND "
                "e.kind = 'waits') END, m.payload_id "
                "FROM messages m LEFT JOIN payloads p ON p.id = m.payload_id AND m.part IS NULL "
                "LEFT JOIN messages w ON w.id = m.parent_id AND m.part IS NOT NULL "
                f"WHERE {one_of(connection, 'm.id')}",
                [values(connection, picked)],
            )
            shared = _bodies(connection, {row[19] for row in rows if row[15] is not None})
        loaded = {
            row[0]: ClaimedMessage(
                *(
                    *row[:2],
                    bool(row[2]),
                    *row[3:8],
                    unpacked(bytes(row[8] or b"")) if row[15] is None else shared.get(row[19], b""),
                    *row[9:12],
                    bytes(row[12]),
                    *row[13:18],
                    bool(row[18]),
                )
            )
            for row in rows
        }
        return tuple(loaded[message_id] for message_id in picked if message_id in loaded)

    def extend(self, claim: Claim) -> None:
        """A new term for a lease that is still good. Raises LeaseLost."""
        with self._database.write() as connection:
            self._check(connection, claim.lease_id)
            now, moment = self._clock.now()
            longer = f"UPDATE leases SET until = {now} + ? WHERE id = ?"
            run(connection, longer, [(*moment, self._lease_ms, claim.lease_id)])

    def save(self, claim: Claim, changes: Changes) -> None:
        """Write everything that was decided, in one transaction.

        Raises LeaseLost where the lease is over, Collision where a decision on stock or an order doesn't hold any more,
        StoreUnavailable where the database can't take it. In each case nothing of it is written.
        """
        is_whole = len(changes.settled) + len(changes.waits) == len(claim.messages)
        with self._database.write() as connection:
            locks = self._thread_locks(changes)
            transaction = self._check(connection, claim.lease_id, ends=is_whole, locks=locks)
            run(connection, URGENCY_UPDATE, [(*row, claim.lease_id) for row in changes.urgencies])
            ours = "lease_id = ? AND status = 'processing'"
            settled = update(
                *(connection, messages, SETTLED, changes.message_updates),
                also="lease_id = NULL, waits_for_version = NULL",
                only=ours,
                parameters=[claim.lease_id],
            )
            if settled != len(changes.message_updates):
                raise LeaseLost(claim.lease_id)
            if changes.waits:
                now, moment = self._clock.now()
                write_waits(connection, changes.waits, claim.lease_id, now, moment, self._clock.boot)
            take(connection, changes.envelopes)
            insert(connection, orders, changes.orders)
            if changes.drawings is not None:
                changes.drawings.write(connection, [one.order_id for one in changes.order_changes])
            write_changes(connection, changes.order_changes, changes.at)
            check_seen(connection, changes.orders_seen)
            insert(connection, order_versions, changes.order_versions)
            insert(connection, quantity_movements, changes.quantity_movements)
            insert(connection, documents, _stamped(changes.documents, transaction))
            insert(connection, deliveries, changes.deliveries)
            insert(connection, faults, changes.faults)
            keep_causes(connection, changes.open_causes)
            insert(connection, events, changes.events)
            keep_files(connection, changes.files)
            write_words(connection, changes.words)
            write_said(connection, changes.said)
            for earlier, resend in changes.tried_again:
                self._try_again(connection, earlier, resend, changes.at)
            wake(connection, changes.wakes)
            if not is_whole:
                run(connection, _END_LEASE, [(claim.lease_id, claim.lease_id)])
            if changes.takings is not None:
                changes.takings.write(connection)

    def release(self, claim: Claim, messages: Sequence[ClaimedMessage], after_seconds: float = 0.0) -> None:
        """Give messages back unsettled, to be claimed again, at the earliest after so many seconds; as urgent as they
        were found to be."""
        found = [message.urgency.row(message.id, message.received_at) for message in messages if message.urgency]
        with self._database.write() as connection:
            run(connection, URGENCY_UPDATE, [(*row, claim.lease_id) for row in found])
            now, moment = self._clock.now()
            waits = after_seconds > 0
            later, until = (f"{now} + ?", [*moment, int(after_seconds * 1000)]) if waits else ("NULL", [])
            given_back = values(connection, [message.id for message in messages])
            run(
                connection,
                f"UPDATE messages SET status = 'received', lease_id = NULL, not_before = {later}, not_before_boot = ? "
                f"WHERE {one_of(connection, 'id')} AND lease_id = ? AND status = 'processing'",
                [(*until, self._clock.boot if waits else None, given_back, claim.lease_id)],
            )

    def lessees(self) -> list[str]:
        """The workers, by name, that hold messages which have not lost a worker before.

        What may be ending workers is not to end one a second: a message that lost one waits its lease out.
        """
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, f"SELECT DISTINCT worker FROM leases WHERE {_UNHARMED}")]

    def end_leases(self, workers: Sequence[str]) -> int:
        """Such leases of these workers, which are gone, are over, and the next sweep gives their messages back; how
        many they were."""
        with self._database.write_lightly() as connection:
            statement = f"UPDATE leases SET until = 0 WHERE worker = ? AND {_UNHARMED}"
            return run(connection, statement, [(worker,) for worker in workers])

    def sweep(self) -> Swept:
        """Give back what lost its worker, wake what is due, set poison apart; which lanes have work."""
        with self._database.read() as connection:
            stale = self._stale(connection)
            due = self._due(connection)
        released, quarantined = self._recover(stale) if stale else (0, ())
        if due:
            self._wake(due)
        with self._database.read() as connection:
            ready = {lane for lane in range(len(LANE_WEIGHTS)) if self._first_account(connection, lane, "")}
        return Swept(frozenset(ready), released, quarantined)

    def _stale(self, connection: Connection) -> list[str]:
        now, moment = self._clock.now()
        query = f"SELECT id FROM leases WHERE until <= {now} OR boot <> ?"
        over = fetch(connection, query, [*moment, self._clock.boot])
        return [row[0] for row in over]

    def _due(self, connection: Connection) -> list[str]:
        now, moment = self._clock.now()
        delayed = "SELECT id FROM messages WHERE status = 'received' AND not_before IS NOT NULL AND"
        rows = fetch(connection, f"{delayed} not_before <= {now} ORDER BY not_before LIMIT {MOST_WOKEN}", moment)
        if self._clock.boot:  # whose time it was is over
            another = f"{delayed} not_before_boot <> ? ORDER BY not_before LIMIT {MOST_WOKEN}"
            rows = [*rows, *fetch(connection, another, [self._clock.boot])]
        return sorted({row[0] for row in rows})

    def _wake(self, due: Sequence[str]) -> None:
        with self._database.write() as connection:
            statement = (
                "UPDATE messages SET not_before = NULL, not_before_boot = NULL WHERE id = ? AND status = 'received'"
            )
            run(connection, statement, [(message_id,) for message_id in due])

    def _recover(self, stale: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        released = 0
        quarantined: list[str] = []
        for lease_id in stale:
            with self._database.write() as connection:
                now, moment = self._clock.now()
                gone = f"DELETE FROM leases WHERE id = ? AND (until <= {now} OR boot <> ?)"
                if run(connection, gone, [(lease_id, *moment, self._clock.boot)]) != 1:
                    continue
                rows = fetch(
                    connection,
                    "SELECT id, account_id, run, received_at, due_at, coalesce(is_test, test), losses, event_count, "
                    "event_hash, amount, currency FROM messages "
                    "WHERE status = 'processing' AND lease_id = ?",
                    [lease_id],
                )
                released += len(rows)
                poison = [row for row in rows if row[6] + 1 >= self._max_losses]
                quarantined += [row[0] for row in poison]
                run(
                    connection,
                    "UPDATE messages SET status = 'received', lease_id = NULL, losses = losses + 1 WHERE id = ?",
                    [(row[0],) for row in rows],
                )
                for row in poison:
                    self._quarantine(connection, _held(*row[:6], *row[9:]), *row[6:9])
        return released, tuple(quarantined)

    @staticmethod
    def _quarantine(connection: Connection, message: HeldMessage, losses: int, count: int, head: bytes) -> None:
        at, message_id = now_us(), message.id
        detail = f"Processing this document ended its worker {losses + 1} times; it is kept apart from the others."
        fault = Fault("quarantined", detail, value=str(losses + 1))
        status = advance("processing", "quarantine")
        event = next_event(message_id, count + 1, bytes(head), "quarantined", "gateway", {"status": status}, at)
        insert(connection, events, [event.row()])
        insert(connection, faults, fault_rows(message_id, message.account_id, message.run, "process", [fault]))
        keep_causes(connection, cause_rows(message, [fault], None))
        run(
            connection,
            "UPDATE messages SET status = ?, settled_at = ?, waits_for_version = NULL, event_count = ?, event_hash = ? "
            "WHERE id = ?",
            [(status, at, event.number, event.hash, message_id)],
        )

    def _thread_locks(self, changes: Changes) -> tuple[str, list[Any]]:
        if self._database.is_sqlite:
            return "", []
        return taking(changes.wakes, [(wait.account_id, wait.order_number) for wait in changes.waits])

    def _check(
        self,
        connection: Connection,
        lease_id: str,
        *,
        ends: bool = False,
        locks: tuple[str, list[Any]] = ("", []),
    ) -> int:
        """That the lease is good, which locks it, and where it `ends` takes it away: it goes with the last of its
        messages. The number of this transaction; 0 on SQLite. Takes the `locks` with it. Raises LeaseLost."""
        now, moment = self._clock.now()
        good, whose = f"FROM leases WHERE id = ? AND boot = ? AND until > {now}", [lease_id, self._clock.boot, *moment]
        taken, numbers = locks
        number = "0" if self._database.is_sqlite else "pg_current_xact_id()::text::bigint"
        told = f"{number}, {taken}" if taken else number
        if ends:
            rows = fetch(connection, f"DELETE {good} RETURNING {told}", [*whose, *numbers])
        else:
            lock = "" if self._database.is_sqlite else " FOR UPDATE"
            rows = fetch(connection, f"SELECT {told} {good}{lock}", [*numbers, *whose])
        if not rows:
            raise LeaseLost(lease_id)
        return int(rows[0][0])

    @staticmethod
    def _try_again(connection: Connection, message_id: str, resend: str, at: int) -> None:
        query = "SELECT status, event_count, event_hash, run FROM messages WHERE id = ?"
        rows = fetch(connection, query, [message_id])
        if rows[0][0] not in ("held", "failed"):
            raise Collision(f"message {message_id} is {rows[0][0]} by now")
        status = advance(rows[0][0], "resend")
        event = next_event(message_id, rows[0][1] + 1, bytes(rows[0][2]), "resent", "gateway", {"resend": resend}, at)
        insert(connection, events, [event.row()])
        move_on(connection, message_id, status, rows[0][3] + 1, None, event)

    def has_unread_before(
        self, account_id: str, receipt: Receipt, order_number: str, *, may_be_another_order: bool
    ) -> bool:
        """Whether something of the account that was received before this message is of this order and not settled: it
        waits unread, is at another worker, or waits itself for such. What isn't read yet may be of another order, and
        counts where that is asked for. A long queue is looked at from its front only."""
        unread = "(order_number IS NULL OR order_number = ?)" if may_be_another_order else "order_number = ?"
        before = f"{unread} AND (received_at, id) < (?, ?) LIMIT 1"
        in_hand = (
            "SELECT 1 FROM leases l CROSS JOIN messages m WHERE m.lease_id = l.id AND m.status = 'processing' "
            f"AND m.account_id = ? AND l.id <> (SELECT lease_id FROM messages WHERE id = ?) AND {before}"
        ).replace("(received_at, id)", "(m.received_at, m.id)")
        ready = (
            "SELECT 1 FROM (SELECT id, received_at, order_number FROM messages WHERE status = 'received' "
            "AND not_before IS NULL AND lane = ? AND account_id = ? ORDER BY due_at, id "
            f"LIMIT {FRONT_OF_A_QUEUE}) waiting WHERE {before}"
        )
        waits_as_this_does = (
            "SELECT 1 FROM messages WHERE status = 'received' AND not_before IS NOT NULL AND waits_for_version IS NULL "
            "AND account_id = ? AND order_number IS NOT NULL AND order_number = ? AND (received_at, id) < (?, ?) "
            "LIMIT 1"
        )
        asked = (order_number, *receipt)
        with self._database.snapshot() as connection:  # one moment: what goes from one of them to another is seen once
            if fetch(connection, in_hand, [account_id, receipt.message_id, *asked]):
                return True
            if fetch(connection, waits_as_this_does, [account_id, *asked]):
                return True
            return any(fetch(connection, ready, [lane, account_id, *asked]) for lane in range(len(LANE_WEIGHTS)))

    def waiting(self) -> int:
        """How many messages wait or are worked on, for tests and gauges."""
        with self._database.read() as connection:
            query = "SELECT count(*) FROM messages WHERE status IN ('received', 'processing')"
            return int(fetch(connection, query)[0][0])

    def oldest_waiting_seconds(self) -> dict[int, float]:
        """Lane → age in seconds of the oldest message that waits there (wall clock, for people)."""
        now = time.time()
        ages: dict[int, float] = {}
        with self._database.read() as connection:
            for lane in range(len(LANE_WEIGHTS)):
                rows = fetch(
                    connection,
                    "SELECT min(received_at) FROM messages WHERE status = 'received' AND lane = ? "
                    "AND not_before IS NULL",
                    [lane],
                )
                if rows[0][0] is not None:
                    ages[lane] = max(0.0, now - rows[0][0] / 1_000_000)
        return ages


def _held(
    message_id: str,
    account_id: str,
    number: int,
    received_at: int,
    due_at: int,
    is_test: int,
    amount: Any,
    currency: str | None,
) -> HeldMessage:
    worth = None if amount is None else Decimal(amount)
    return HeldMessage(message_id, account_id, number, received_at, due_at, bool(is_test), worth, currency)


def _bodies(connection: Connection, payload_ids: Collection[int]) -> dict[int, bytes]:
    """Bodies of which several messages are parts, each once."""
    if not payload_ids:
        return {}
    query = f"SELECT id, body FROM payloads WHERE id IN ({marks(len(payload_ids))})"
    return {row[0]: unpacked(bytes(row[1] or b"")) for row in fetch(connection, query, list(payload_ids))}


def _bounded(picked: list[_Waiting]) -> list[str]:
    """The batch's ids, cut where its bytes would fill memory. Who lost no worker, or one, or more is apart from others;
    the first decides which of them it is."""
    losses = min(picked[0].losses, 2) if picked else 0
    most = (len(picked), LOST_TOGETHER, 1)[losses]
    batch: list[str] = []
    size = 0
    for message in picked:
        size += message.size
        if min(message.losses, 2) == losses and len(batch) < most and (size <= BATCH_BYTES or not batch):
            batch.append(message.id)
    return batch


def _shares(lanes: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """The batch split between the lanes that have work, by their weights, at least one each."""
    total = sum(LANE_WEIGHTS[lane] for lane in lanes)
    return [(lane, max(1, limit * LANE_WEIGHTS[lane] // total)) for lane in lanes]


def _stamped(rows: list[tuple[Any, ...]], transaction: int) -> list[tuple[Any, ...]]:
    """Documents with the number of the transaction, before which a page of the mailbox must end."""
    return [(transaction, *row[1:]) for row in rows] if transaction else rows
