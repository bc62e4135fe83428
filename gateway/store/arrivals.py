"""What one group of arrivals writes: the bytes that are new, each message and its first event.

Where bytes were here before, it finds the earlier message that answers for them. A body of several orders is a message
that is done once it is kept, and under it one for each order, which waits for a worker: its children.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.states import advance, on_resend
from gateway.store.chain import START, Event, as_json, next_event, quoted, written_event
from gateway.store.database import Collision
from gateway.store.fault_rows import fault_rows
from gateway.store.ids import new_id, now_us
from gateway.store.open_causes import move_on
from gateway.store.packing import packed
from gateway.store.statements import fetch, insert, insert_at_once, marks, run
from gateway.store.tables import events, faults, messages
from gateway.store.urgency import nearly_due
from schemas.faults import Fault

MOST = 64
"""Messages that are committed together at most."""


@dataclass(slots=True)
class NewMessage:
    """A document as received: who sent it, how urgent it is, and its bytes. Never changed."""

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
    envelope_id: str | None = None
    """The sender's own id of the transmission, where the door has read it; found by people, not yet taken."""
    unreadable: tuple[Fault, ...] = ()
    """Faults of bytes that can't be read: the message is kept as rejected."""
    order_number: str | None = None
    """Of what the door refuses, where it has read it: people find it by that. Else whoever reads the order says it."""
    parts: int = 1
    """How many orders are in it."""
    mapping_revision: int | None = None
    """The mapping by whose rules they were counted, and are to be read."""
    file_name: str | None = None
    """What the file was called that it came in; its first event says it."""
    edited_from: str | None = None
    """The message in whose place it comes, corrected by a person; its first event says it."""
    id: str = field(default_factory=new_id)
    received_at: int = field(default_factory=now_us)
    stored: bytes = field(init=False, repr=False)
    """The body as it will be stored; made by whoever brings it, not by the one who writes for all."""

    def __post_init__(self) -> None:
        self.stored = packed(self.body)


class Child(NamedTuple):
    """The message that stands for one order of a body, as it is."""

    part: int
    """Which of them, from 1."""
    message_id: str
    status: str
    order_number: str | None = None
    """None until the order is read, and where that could not be read."""


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
    children: tuple[Child, ...] = ()
    """Of a body of several orders: the message that answers for each."""


@dataclass(slots=True)
class _Earlier:
    """The message that answers for bytes that were here before: theirs, or the one that was theirs in other words."""

    message_id: str
    status: str
    run: int
    event_count: int
    event_hash: bytes
    parts: int = 1
    order_number: str | None = None


_Key = tuple[str, bool, bytes]


class Draft:
    """A message with what can be made of it before the transaction: its first event, and its children with theirs."""

    __slots__ = ("children", "event", "key", "message", "status")

    def __init__(self, message: NewMessage) -> None:
        self.message = message
        self.key: _Key = (message.account_id, message.test, message.sha256)
        is_split = message.parts > 1 and not message.unreadable
        self.status = "rejected" if message.unreadable else "done" if is_split else "received"
        self.event = _first_event(message, self.status, None)
        self.children = _new_children(message) if is_split else ()


@dataclass(frozen=True, slots=True)
class _NewChild:
    """One order of a body, on its way to become a message."""

    part: int
    id: str
    event: Event


class Group:
    """One group's transaction: insert the bytes that are new, find what came before of the others, insert in bulk."""

    def __init__(self, connection: Connection, drafts: Sequence[Draft]) -> None:
        self.connection = connection
        self.drafts = drafts
        self.by_bytes: dict[_Key, _Earlier] = {}
        self.known: dict[str, _Earlier] = {}
        """Message → what is known of it by now: several bytes, and several orders of a body, may stand for one message,
        which is tried again once."""
        self.payload_ids: dict[_Key, int] = {}
        self.stored_before: set[_Key] = set()
        self.replaced: dict[_Key, str] = {}
        """Bytes → the Idempotency-Key that they came with, where the order went on since, or before their turn."""
        self.keys_seen: dict[tuple[str, bool, str], bytes] = {}
        self.keys_stored: set[tuple[str, bool, str]] = set()
        self.conflicting: set[str] = set()
        self.message_rows: list[tuple[Any, ...]] = []
        self.fault_rows: list[tuple[Any, ...]] = []
        self.events: list[Event] = []
        self.rung: set[int] = set()

    def keep(self) -> list[Kept]:
        self._look_up_keys()
        self._store_bytes()
        outcomes = [self._place(draft) for draft in self.drafts]
        self._write()
        return outcomes

    def keep_edited(self, actor: str, at: int, *, parent_id: str, part: int | None) -> bool:
        """Keep the one draft, which a person made of another message's document, under `parent_id`: the original, or
        the body of which both are order `part`. False, and nothing is kept, where the same bytes came before."""
        (draft,) = self.drafts
        self._store_bytes()
        if draft.key in self.stored_before:
            return False
        message = draft.message
        event = _first_event(message, "received", None, actor, at)
        child = None if part is None else _NewChild(part, message.id, event)
        self._append(message, event, "received", None, self.payload_ids[draft.key], child=child, parent_id=parent_id)
        self._write()
        return True

    def _write(self) -> None:
        insert_at_once(self.connection, messages, self.message_rows)
        insert(self.connection, faults, self.fault_rows)
        insert_at_once(self.connection, events, self.events)
        self.message_rows, self.fault_rows, self.events = [], [], []

    def _look_up_keys(self) -> None:
        for draft in self.drafts:
            message = draft.message
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

    def _store_bytes(self) -> None:
        """One statement for all: what it does not give back was stored before."""
        first: dict[_Key, NewMessage] = {}
        for draft in self.drafts:
            if draft.message.id not in self.conflicting:
                first.setdefault(draft.key, draft.message)
        if not first:
            return
        if self.connection.dialect.name == "sqlite":
            self._insert_under_our_ids(first)
        else:
            statement, values = _insert_payloads(len(first)), [v for m in first.values() for v in _payload(m)]
            self._note_ids(fetch(self.connection, statement, values))
        self.stored_before = first.keys() - self.payload_ids.keys()
        if self.stored_before:
            self._find_earlier(self.stored_before)

    def _insert_under_our_ids(self, first: Mapping[_Key, NewMessage]) -> None:
        """SQLite hands rows back one by one, each for a change of threads: which ids it gave is known beforehand."""
        start = (fetch(self.connection, "SELECT max(id) FROM payloads")[0][0] or 0) + 1
        values = [v for number, m in enumerate(first.values(), start) for v in (*_payload(m), number)]
        inserted = run(self.connection, _insert_payloads(len(first), ", id"), [values])
        if inserted == len(first):
            self.payload_ids.update(zip(first, range(start, start + inserted), strict=True))
        else:
            ours = "SELECT account_id, test, sha256, id FROM payloads WHERE id >= ?"
            self._note_ids(fetch(self.connection, ours, [start]))

    def _note_ids(self, rows: Iterable[Sequence[Any]]) -> None:
        for account_id, test, sha256, payload_id in rows:
            self.payload_ids[account_id, bool(test), bytes(sha256)] = payload_id

    def _find_earlier(self, keys: Collection[_Key]) -> None:
        for row in fetch(
            self.connection,
            "SELECT p.account_id, p.test, p.sha256, p.id, m.id, m.status, m.run, m.event_count, m.event_hash, "
            f"m.parts, f.payload_sha256, f.idempotency_key, CASE WHEN {_LIES_OPEN} THEN {_WENT_ON} "
            "ELSE coalesce(f.id <> o.message_id, f.status = 'done') END, s.message_id "
            "FROM payloads p LEFT JOIN messages f ON f.id = p.message_id "
            "LEFT JOIN messages m ON m.id = coalesce(f.duplicate_of, f.id) LEFT JOIN orders o ON o.id = f.order_id "
            "LEFT JOIN orders s ON s.id = m.order_id "
            f"WHERE (p.account_id, p.test, p.sha256) IN (VALUES {_rows_of_marks(len(keys), 3)})",
            [value for account_id, test, sha256 in keys for value in (account_id, int(test), sha256)],
        ):
            key = (row[0], bool(row[1]), bytes(row[2]))
            self.payload_ids[key] = row[3]
            if row[4] is None or bytes(row[10]) != key[2]:
                continue  # bytes that came as an attachment only: as a document nobody has judged them
            answers = row[13] or row[4]  # what made its order what it is now: no word of what doesn't stand any more
            earlier = _Earlier(answers, row[5], row[6], row[7], bytes(row[8]), row[9] or 1)
            self.by_bytes[key] = self.known.setdefault(answers, earlier)
            if row[11] is not None and row[12] and row[9] in (None, 1):
                self.replaced[key] = row[11]

    def _place(self, draft: Draft) -> Kept:
        if draft.message.id in self.conflicting:
            return Kept("", "", key_conflict=True)
        earlier = self.by_bytes.get(draft.key)
        if earlier is not None and not _is_judged_afresh(earlier, draft.message) and not self._goes_back(draft):
            return self._resend(draft, earlier)
        payload_id = self.payload_ids[draft.key]
        if earlier is not None or draft.key in self.stored_before:
            # Bytes that retention erased are there again, and are needed again.
            statement = "UPDATE payloads SET message_id = ?, body = coalesce(body, ?), erased_at = NULL WHERE id = ?"
            if run(self.connection, statement, [(draft.message.id, draft.message.stored, payload_id)]) != 1:
                raise Collision(f"payload {payload_id} was taken out meanwhile")
        return self._first(draft, payload_id)

    def _goes_back(self, draft: Draft) -> bool:
        """Whether these bytes are sent under a new Idempotency-Key and what they made of an order was changed since, or
        the order was while they lay held, or before they were looked at, so that they made nothing of it: they may be
        meant as a change back, which the worker judges."""
        key, message = self.replaced.get(draft.key), draft.message
        if key is None or message.idempotency_key in (None, key):
            return False
        if (message.account_id, message.test, message.idempotency_key) in self.keys_stored:
            return False
        del self.replaced[draft.key]
        return True

    def _first(self, draft: Draft, payload_id: int) -> Kept:
        message, status = draft.message, draft.status
        self._append(message, draft.event, status, None, payload_id, parts=message.parts if draft.children else None)
        if message.unreadable:
            self.fault_rows.extend(fault_rows(message.id, message.account_id, 1, "receive", message.unreadable))
        self.by_bytes[draft.key] = _Earlier(message.id, status, 1, 1, draft.event.hash, message.parts)
        children = tuple(self._add_child(draft, child, message.id, payload_id) for child in draft.children)
        waits = status == "received" or bool(children)
        return Kept(message.id, status, rings=waits and self._rings_first(message.lane), children=children)

    def _add_child(self, draft: Draft, child: _NewChild, parent_id: str, payload_id: int) -> Child:
        self._append(draft.message, child.event, "received", None, payload_id, child=child, parent_id=parent_id)
        return Child(child.part, child.id, "received")

    def _rings_first(self, lane: int) -> bool:
        """Messages that are committed together need one ring in each lane; the first one's caller rings for all."""
        is_first = lane not in self.rung
        self.rung.add(lane)
        return is_first

    def _resend(self, draft: Draft, earlier: _Earlier) -> Kept:
        message = draft.message
        event = _first_event(message, "duplicate", earlier.message_id)
        self._append(message, event, "duplicate", earlier.message_id, payload_id=None)
        children, tries_again = self._resend_children(draft, earlier) if earlier.parts > 1 else ((), False)
        if on_resend(earlier.status) == "try_again":
            self._try_again(earlier, message)
            tries_again = True
        rings = tries_again and self._rings_first(message.lane)
        return Kept(earlier.message_id, earlier.status, duplicate=True, rings=rings, children=children)

    def _resend_children(self, draft: Draft, earlier: _Earlier) -> tuple[tuple[Child, ...], bool]:
        """Each order of the body as a resend of its own: the one that answers for it now, and whether any of them waits
        for a worker because of it."""
        found = self._children(earlier.message_id)
        mine = {child.part: child for child in draft.children}
        again: list[Child] = []
        any_waits = False
        for part, child in found.items():
            act = on_resend(child.status)
            if act == "judge_afresh" and part in mine:
                payload_id = self.payload_ids[draft.key]
                again.append(self._add_child(draft, mine[part], earlier.message_id, payload_id))
            else:
                if act == "try_again":
                    self._try_again(child, draft.message)
                again.append(Child(part, child.message_id, child.status, child.order_number))
            any_waits = any_waits or act in ("judge_afresh", "try_again")
        return tuple(again), any_waits

    def _children(self, parent_id: str) -> dict[int, _Earlier]:
        """Part → the message that answers for it. What this group adds itself is written first."""
        self._write()
        rows = fetch(
            self.connection,
            "SELECT c.part, coalesce(s.message_id, m.id), m.status, m.run, m.event_count, m.event_hash, m.order_number "
            "FROM messages c "
            "JOIN messages m ON m.id = coalesce(c.duplicate_of, c.id) LEFT JOIN orders s ON s.id = m.order_id "
            "WHERE c.parent_id = ? AND c.part IS NOT NULL ORDER BY c.part, c.id",
            [parent_id],
        )
        found: dict[int, _Earlier] = {}
        for part, message_id, status, run_number, count, head, order_number in rows:
            read = _Earlier(message_id, status, run_number, count, bytes(head))
            found[part] = self.known.setdefault(message_id, read)
            found[part].order_number = order_number
        return found

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
        move_on(self.connection, earlier.message_id, earlier.status, earlier.run, None, event)

    def _append(
        self,
        message: NewMessage,
        event: Event,
        status: str,
        duplicate_of: str | None,
        payload_id: int | None,
        *,
        child: _NewChild | None = None,
        parent_id: str | None = None,
        parts: int | None = None,
    ) -> None:
        self.events.append(event)
        received_at, due_at = message.received_at, message.due_at
        self.message_rows.append(
            (
                child.id if child else message.id,
                message.account_id,
                int(message.test),
                status,
                message.lane,
                due_at,
                received_at,
                None if status == "received" else received_at,
                message.source,
                message.format,
                message.media_type,
                payload_id,
                message.sha256,
                -(-len(message.body) // message.parts) if child else len(message.body),
                None if child else self._key_to_store(message),
                None if child else message.envelope_id,
                parent_id,
                message.edited_from,
                duplicate_of,
                1,
                0,
                message.mapping_revision if child else None,
                *(None, None, message.order_number if not child else None),
                *_NOT_YET_WORKED_ON,
                0,
                None,
                None,
                event.number,
                event.hash,
                None,
                nearly_due(received_at, due_at),
                child.part if child else None,
                parts,
                None,
                None,
                "several" if parts is not None else None,
                None,
                None,
            )
        )

    def _key_to_store(self, message: NewMessage) -> str | None:
        """The Idempotency-Key, on the first message that carried it only."""
        if message.idempotency_key is None:
            return None
        key = (message.account_id, message.test, message.idempotency_key)
        if key in self.keys_stored:
            return None
        self.keys_stored.add(key)
        return message.idempotency_key


_LIES_OPEN = "f.status IN ('held', 'failed')"
_WENT_ON = (
    "EXISTS (SELECT 1 FROM orders n WHERE n.order_number = f.order_number AND n.account_id = f.account_id "
    "AND n.updated_at > f.received_at)"
)
"""Whether the order that a message names was changed since that came."""
_NOT_YET_WORKED_ON = (None, None, None)
"""order_id, stages, lease_id"""


def _is_judged_afresh(earlier: _Earlier, message: NewMessage) -> bool:
    """Whether the earlier message doesn't answer for these bytes: it was refused or closed, or it can't get on because
    its account's rules had not told the orders in it apart."""
    act = on_resend(earlier.status)
    return act == "judge_afresh" or (act == "try_again" and earlier.parts != message.parts)


def _first_event(
    message: NewMessage, status: str, duplicate_of: str | None, actor: str | None = None, at: int | None = None
) -> Event:
    """What begins the message's chain; `as_json` would write the body the same. Its account does it as it is received,
    where nobody else does at another time."""
    form = "null" if message.format is None else quoted(message.format)
    told = (
        f'{{"source":{quoted(message.source)},"format":{form},"size":{len(message.body)},'
        f'"sha256":"{message.sha256.hex()}","status":"{status}"'
    )
    told += f',"file":{quoted(message.file_name)}' if message.file_name is not None else ""
    told += f',"duplicate_of":"{duplicate_of}"' if duplicate_of else ""
    told += f',"edited_from":"{message.edited_from}"' if message.edited_from else ""
    told += f',"parts":{message.parts}}}' if status == "done" else "}"
    who = f"account/{message.account_id}" if actor is None else actor
    return written_event(message.id, 1, START, "received", who, told, message.received_at if at is None else at)


def _new_children(message: NewMessage) -> tuple[_NewChild, ...]:
    """One for each order, in whose order their ids sort: they are worked on in that."""
    ids = sorted(new_id(message.received_at) for _ in range(message.parts))
    return tuple(_new_child(message, part, child_id) for part, child_id in enumerate(ids, 1))


def _new_child(message: NewMessage, part: int, child_id: str) -> _NewChild:
    told = as_json({"came_in": message.id, "part": part, "sha256": message.sha256.hex(), "status": "received"})
    actor = f"account/{message.account_id}"
    return _NewChild(part, child_id, written_event(child_id, 1, START, "received", actor, told, message.received_at))


def _payload(message: NewMessage) -> tuple[Any, ...]:
    return (message.account_id, int(message.test), message.sha256, message.id, len(message.body), message.stored)


@lru_cache(maxsize=2 * MOST)
def _insert_payloads(count: int, own_id: str = "") -> str:
    """For so many `_payload`s; with an id of ours, or handing back those that the database gave."""
    columns = f"account_id, test, sha256, message_id, size, body{own_id}"
    statement = (
        f"INSERT INTO payloads ({columns}) VALUES {_rows_of_marks(count, columns.count(',') + 1)} "
        "ON CONFLICT (account_id, test, sha256) DO NOTHING"
    )
    return statement if own_id else f"{statement} RETURNING account_id, test, sha256, id"


def _rows_of_marks(rows: int, columns: int) -> str:
    """`(?, ?), (?, ?)`"""
    return ", ".join([f"({marks(columns)})"] * rows)
