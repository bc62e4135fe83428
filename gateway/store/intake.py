"""Keeping what came in: the raw bytes, the message and its first event in one transaction, many requests to a commit.

The caller's thread waits in `keep` until its message is on disk; a writer thread takes whatever has gathered meanwhile
and commits it as one group, so that 30 connections cost few more flushes than one.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.engine import Connection

from gateway.states import advance, on_resend
from gateway.store.audit import START, Event, next_event
from gateway.store.database import Collision, Database, StoreUnavailable
from gateway.store.fault_rows import fault_rows
from gateway.store.ids import new_id, now_us
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import events, faults, messages, payloads
from gateway.store.urgency import nearly_due
from schemas.faults import Fault

GROUP = 64
_WAIT_SECONDS = 25.0


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A document as received: who sent it, how urgent it is, and its bytes."""

    account_id: str
    test: bool
    lane: int
    due_at: int
    source: str
    format: str | None
    media_type: str | None
    body: bytes
    sha256: bytes
    idempotency_key: str | None = None
    unreadable: tuple[Fault, ...] = ()
    """Faults of bytes that can't be read: the message is kept as rejected."""
    id: str = field(default_factory=new_id)
    received_at: int = field(default_factory=now_us)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of it: `message_id` is the message that answers for it, an earlier one where `duplicate`."""

    message_id: str
    status: str
    duplicate: bool = False
    key_conflict: bool = False
    """The Idempotency-Key came with other content before; nothing was stored."""
    rings: bool = False
    """A message now waits for a worker because of this, and it is the caller who rings for it."""


@dataclass(slots=True)
class _Earlier:
    """The message that answers for bytes that were here before: theirs, or the one that was theirs in other words."""

    message_id: str
    status: str
    run: int
    event_count: int
    event_hash: bytes


class Intake:
    """The repository of arrivals, with its group-committing writer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: queue.SimpleQueue[tuple[NewMessage, Future[Kept]] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._starting = threading.Lock()

    def keep(self, message: NewMessage) -> Kept:
        """Store one message durably. Returns after the commit. Raises StoreUnavailable; then nothing was stored."""
        self._start()
        outcome: Future[Kept] = Future()
        self._waiting.put((message, outcome))
        try:
            return outcome.result(timeout=_WAIT_SECONDS)
        except TimeoutError as error:
            raise StoreUnavailable("the database did not answer in time") from error

    def keep_all(self, group: Sequence[NewMessage]) -> list[Kept]:
        """Store a group in one transaction, resends of one another included. Raises StoreUnavailable."""
        for _ in range(3):
            try:
                with self._database.write() as connection:
                    return _Group(connection, group).keep()
            except Collision:
                continue  # another process stored one of these just now; it is visible at the next try
        if len(group) > 1:
            return [self.keep_all([message])[0] for message in group]
        raise StoreUnavailable("another process keeps storing the same document")

    def stop(self) -> None:
        """Finish what waits and end the writer."""
        if self._writer is not None:
            self._waiting.put(None)
            self._writer.join(timeout=10)
            self._writer = None

    def _start(self) -> None:
        if self._writer is None:
            with self._starting:
                if self._writer is None:
                    self._writer = threading.Thread(target=self._write, name="intake-writer", daemon=True)
                    self._writer.start()

    def _write(self) -> None:
        stopping = False
        while not stopping:
            first = self._waiting.get()
            if first is None:
                return
            group = [first]
            while len(group) < GROUP and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    stopping = True
                    break
                group.append(following)
            self._settle(group)

    def _settle(self, group: list[tuple[NewMessage, Future[Kept]]]) -> None:
        try:
            outcomes = self.keep_all([message for message, _ in group])
        except StoreUnavailable as error:
            for _, future in group:
                future.set_exception(error)
            return
        except BaseException as error:  # each waiting request must hear of it, whatever it is
            if len(group) == 1:
                group[0][1].set_exception(error)
                return
            for one in group:  # one that can't be stored must not fail those that came with it
                self._settle([one])
            return
        for (_, future), kept in zip(group, _one_ring_a_lane(group, outcomes), strict=True):
            future.set_result(kept)


def _one_ring_a_lane(group: Sequence[tuple[NewMessage, Future[Kept]]], outcomes: Sequence[Kept]) -> Iterator[Kept]:
    """Messages that were committed together need one ring in each lane: the first one's caller rings for them all."""
    rung: set[int] = set()
    for (message, _), kept in zip(group, outcomes, strict=True):
        yield replace(kept, rings=False) if kept.rings and message.lane in rung else kept
        if kept.rings:
            rung.add(message.lane)


class _Group:
    """One group's transaction: find what came before, then insert in bulk."""

    def __init__(self, connection: Connection, group: Sequence[NewMessage]) -> None:
        self.connection = connection
        self.group = group
        self.by_bytes: dict[tuple[str, bool, bytes], _Earlier] = {}
        self.payload_ids: dict[tuple[str, bool, bytes], int] = {}
        self.stored_before: set[tuple[str, bool, bytes]] = set()
        self.keys_seen: dict[tuple[str, bool, str], bytes] = {}
        self.keys_stored: set[tuple[str, bool, str]] = set()
        self.conflicting: set[str] = set()
        self.message_rows: list[tuple[Any, ...]] = []
        self.fault_rows: list[tuple[Any, ...]] = []
        self.events: list[Event] = []

    def keep(self) -> list[Kept]:
        self._find_earlier()
        fresh = [m for m in self.group if self._key(m) not in self.stored_before]
        self._insert_payloads(fresh)
        outcomes = [self._place(message) for message in self.group]
        insert(self.connection, messages, self.message_rows)
        insert(self.connection, faults, self.fault_rows)
        insert(self.connection, events, [event.row() for event in self.events])
        return outcomes

    @staticmethod
    def _key(message: NewMessage) -> tuple[str, bool, bytes]:
        return (message.account_id, message.test, message.sha256)

    def _find_earlier(self) -> None:
        by_message: dict[str, _Earlier] = {}
        for row in fetch(
            self.connection,
            "SELECT p.account_id, p.test, p.sha256, p.id, m.id, m.status, m.run, m.event_count, m.event_hash, "
            "f.payload_sha256 FROM payloads p LEFT JOIN messages f ON f.id = p.message_id "
            f"LEFT JOIN messages m ON m.id = coalesce(f.duplicate_of, f.id) WHERE {_payload_filter(self.group)}",
            _payload_values(self.group),
        ):
            key = (row[0], bool(row[1]), bytes(row[2]))
            self.payload_ids[key] = row[3]
            self.stored_before.add(key)
            if row[4] is None or bytes(row[9]) != key[2]:
                continue  # bytes that came as an attachment only: as a document nobody has judged them
            earlier = _Earlier(row[4], row[5], row[6], row[7], bytes(row[8]))
            self.by_bytes[key] = by_message.setdefault(row[4], earlier)
        for message in self.group:
            if message.idempotency_key is not None:
                self._look_up_key(message, (message.account_id, message.test, message.idempotency_key))

    def _look_up_key(self, message: NewMessage, key: tuple[str, bool, str]) -> None:
        if key not in self.keys_seen:
            query = "SELECT payload_sha256 FROM messages WHERE account_id = ? AND test = ? AND idempotency_key = ?"
            rows = fetch(self.connection, query, [key[0], int(key[1]), key[2]])
            self.keys_seen[key] = bytes(rows[0][0]) if rows else message.sha256
            if rows:
                self.keys_stored.add(key)
        if self.keys_seen[key] != message.sha256:
            self.conflicting.add(message.id)

    def _insert_payloads(self, fresh: Sequence[NewMessage]) -> None:
        first: dict[tuple[str, bool, bytes], NewMessage] = {}
        for message in fresh:
            if message.id not in self.conflicting:
                first.setdefault(self._key(message), message)
        rows = [(m.account_id, int(m.test), m.sha256, m.id, len(m.body), m.body, None) for m in first.values()]
        insert(self.connection, payloads, rows)
        if not first:
            return
        kept = list(first.values())
        query = f"SELECT p.account_id, p.test, p.sha256, p.id FROM payloads p WHERE {_payload_filter(kept)}"
        found = fetch(self.connection, query, _payload_values(kept))
        self.payload_ids.update({(row[0], bool(row[1]), bytes(row[2])): row[3] for row in found})

    def _place(self, message: NewMessage) -> Kept:
        if message.id in self.conflicting:
            return Kept("", "", key_conflict=True)
        key = self._key(message)
        earlier = self.by_bytes.get(key)
        if earlier is not None and on_resend(earlier.status) != "judge_afresh":
            return self._resend(message, earlier)
        payload_id = self.payload_ids[key]
        if earlier is not None or key in self.stored_before:
            run(self.connection, "UPDATE payloads SET message_id = ? WHERE id = ?", [(message.id, payload_id)])
        return self._first(message, payload_id)

    def _first(self, message: NewMessage, payload_id: int | None) -> Kept:
        status = "rejected" if message.unreadable else "received"
        event = self._append(message, status, payload_id, None)
        self.fault_rows.extend(fault_rows(message.id, message.account_id, 1, "receive", message.unreadable))
        known = _Earlier(message.id, status, 1, 1, event.hash)
        self.by_bytes[self._key(message)] = known
        return Kept(message.id, status, rings=status == "received")

    def _resend(self, message: NewMessage, earlier: _Earlier) -> Kept:
        self._append(message, "duplicate", None, earlier.message_id)
        tries_again = on_resend(earlier.status) == "try_again"
        if tries_again:
            self._try_again(earlier, message)
        return Kept(earlier.message_id, earlier.status, duplicate=True, rings=tries_again)

    def _try_again(self, earlier: _Earlier, message: NewMessage) -> None:
        earlier.status = advance(earlier.status, "resend")
        event = next_event(
            earlier.message_id,
            earlier.event_count + 1,
            earlier.event_hash,
            "resent",
            f"account/{message.account_id}",
            {"resend": message.id},
            message.received_at,
        )
        self.events.append(event)
        earlier.run, earlier.event_count, earlier.event_hash = earlier.run + 1, event.number, event.hash
        run(
            self.connection,
            "UPDATE messages SET status = ?, run = ?, losses = 0, mapping_revision = NULL, not_before = NULL, "
            "settled_at = NULL, event_count = ?, event_hash = ? WHERE id = ?",
            [(earlier.status, earlier.run, event.number, event.hash, earlier.message_id)],
        )

    def _append(self, message: NewMessage, status: str, payload_id: int | None, duplicate_of: str | None) -> Event:
        body = {
            "source": message.source,
            "format": message.format,
            "size": len(message.body),
            "sha256": message.sha256.hex(),
            "status": status,
        }
        if duplicate_of:
            body["duplicate_of"] = duplicate_of
        actor = f"account/{message.account_id}"
        event = next_event(message.id, 1, START, "received", actor, body, message.received_at)
        self.events.append(event)
        key = self._key_to_store(message)
        self.message_rows.append(_message_row(message, status, payload_id, duplicate_of, key, event))
        return event

    def _key_to_store(self, message: NewMessage) -> str | None:
        """The Idempotency-Key, on the first message that carried it only."""
        if message.idempotency_key is None:
            return None
        key = (message.account_id, message.test, message.idempotency_key)
        if key in self.keys_stored:
            return None
        self.keys_stored.add(key)
        return message.idempotency_key


def _message_row(
    message: NewMessage, status: str, payload_id: int | None, duplicate_of: str | None, key: str | None, event: Event
) -> tuple[Any, ...]:
    values = {
        "id": message.id,
        "account_id": message.account_id,
        "test": int(message.test),
        "status": status,
        "lane": message.lane,
        "due_at": message.due_at,
        "received_at": message.received_at,
        "settled_at": None if status == "received" else message.received_at,
        "source": message.source,
        "format": message.format,
        "media_type": message.media_type,
        "payload_id": payload_id,
        "payload_sha256": message.sha256,
        "size": len(message.body),
        "idempotency_key": key,
        "duplicate_of": duplicate_of,
        "run": 1,
        "losses": 0,
        "fence": 0,
        "event_count": event.number,
        "event_hash": event.hash,
        "moves_up_at": nearly_due(message.received_at, message.due_at),
    }
    return tuple(map(values.get, _MESSAGE_COLUMNS))


_MESSAGE_COLUMNS = [column.name for column in messages.columns]


def _payload_filter(group: Sequence[NewMessage]) -> str:
    return f"(p.account_id, p.test, p.sha256) IN (VALUES {', '.join(['(?, ?, ?)'] * len(group))})"


def _payload_values(group: Sequence[NewMessage]) -> list[Any]:
    return [value for m in group for value in (m.account_id, int(m.test), m.sha256)]
