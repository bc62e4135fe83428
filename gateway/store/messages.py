"""Messages as people and APIs ask for them: one with its stages and faults, a list, its bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.holding import REMARKS
from gateway.states import advance
from gateway.store.arrivals import Child
from gateway.store.chain import next_event
from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.open_causes import move_on
from gateway.store.packing import unpacked
from gateway.store.statements import fetch, insert, marks, one_of, values
from gateway.store.tables import events
from gateway.store.threads import wake
from schemas.faults import Fault


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message without its bytes."""

    id: str
    account_id: str
    test_key: bool
    """Whether it was sent with a test key, which alone sees it."""
    status: str
    lane: int
    due_at: int
    received_at: int
    settled_at: int | None
    source: str
    format: str | None
    media_type: str | None
    size: int
    run: int
    parent_id: str | None
    duplicate_of: str | None
    mapping_revision: int | None
    catalogue_revision: int | None
    order_number: str | None
    order_id: str | None
    stages: Mapping[str, int]
    moved_up: str | None
    """Why it is one lane above its account's: rush, time."""
    part: int | None = None
    """Which order of its parent's body it is, from 1."""
    parts: int | None = None
    """How many orders its body holds, each a message of its own."""
    test: bool = False
    """Whether it is a test: sent with a test key or, once it was read, marked as a test by its sender."""
    waits_for_version: int | None = None
    """Of a change that waits: for this version of its order, by its sender's number; 0: for the order itself."""
    kind: str | None = None
    """What it is: order, change, cancel, answer; several: a body of several orders; None: it was not read."""
    amount: Decimal | None = None
    """What it says that it is worth, in `currency`."""
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class FirstFault:
    """The first fault of a message's last run, where more than a remark; `has_more`: whether others follow it."""

    code: str
    value: str | None
    has_more: bool


_LOOKED_AT_OF_EACH = 10
_OPEN = (
    "status = 'received' AND not_before IS NULL",
    "status = 'received' AND not_before IS NOT NULL",
    "status = 'processing'",
    "status IN ('held', 'failed')",
)
_COLUMNS = (
    "id, account_id, test, status, lane, due_at, received_at, settled_at, source, format, media_type, size, run, "
    "parent_id, duplicate_of, mapping_revision, catalogue_revision, order_number, order_id, stages, moved_up, "
    "part, parts, is_test, waits_for_version, kind, amount, currency"
)

_LONGEST_CHAIN = 8
"""Of messages that repeat one another."""
_ANYONES = " AND account_id IN (SELECT id FROM accounts)"
"""It leaves out nothing; with it, an index that begins with the account is of use."""
_IN_ENVELOPE = "envelope_id >= ? AND envelope_id < ? AND part IS NOT NULL"
"""The orders of one envelope, whose ids are the envelope's, `#` and their numbers: `$` is the sign after `#`."""

_NEWEST = "id || '' DESC"
"""In no index's order: PostgreSQL would sooner read all of an account's messages in theirs than sort the few."""


class Messages:
    """The repository of messages for reading; `dismiss` is the one thing a person does to one here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def one(self, account_id: str | None, message_id: str) -> StoredMessage | None:
        """One message; None where there is none of that id, or it is another account's (`None`: anyone's)."""
        own = "" if account_id is None else " AND account_id = ?"
        query = f"SELECT {_COLUMNS} FROM messages WHERE id = ?{own}"
        with self._database.read() as connection:
            rows = fetch(connection, query, [message_id] if account_id is None else [message_id, account_id])
        return _stored(rows[0]) if rows else None

    def several(self, message_ids: Sequence[str]) -> list[StoredMessage]:
        """These messages, in this order; those that aren't there left out."""
        if not message_ids:
            return []
        with self._database.read() as connection:
            query = f"SELECT {_COLUMNS} FROM messages WHERE {one_of(connection, 'id')}"
            found = {row[0]: _stored(row) for row in fetch(connection, query, [values(connection, message_ids)])}
        return [found[one] for one in dict.fromkeys(message_ids) if one in found]

    def page(
        self, *, account_id: str | None = None, status: str | None = None, before: str | None = None, limit: int = 50
    ) -> list[StoredMessage]:
        """Messages newest first, behind the id `before`."""
        conditions: list[str] = []
        values: list[Any] = []
        for column, value in (("account_id = ?", account_id), ("status = ?", status), ("id < ?", before)):
            if value is not None:
                conditions.append(column)
                values.append(value)
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        query = f"SELECT {_COLUMNS} FROM messages {where}ORDER BY id DESC LIMIT ?"
        with self._database.read() as connection:
            return [_stored(row) for row in fetch(connection, query, [*values, limit])]

    def find(self, text: str, account_id: str | None = None, limit: int = 50) -> list[StoredMessage]:
        """Messages with this id, order number, Idempotency-Key, SBDH InstanceIdentifier or payloadID, newest first, and
        those that repeat them: the same bytes again are not read again, so that they have no order number. Of an
        envelope of several orders, the message of each and the body's."""
        own, anyones = ("", _ANYONES) if account_id is None else (" AND account_id = ?", "")
        found: dict[str, StoredMessage] = {}
        with self._database.read() as connection:

            def look(condition: str, *values: str, newest: str = "id DESC") -> list[StoredMessage]:
                query = f"SELECT {_COLUMNS} FROM messages WHERE {condition}{own} ORDER BY {newest} LIMIT ?"
                named = values if account_id is None else (*values, account_id)
                came = [_stored(row) for row in fetch(connection, query, [*named, limit])]
                found.update((one.id, one) for one in came)
                return came

            for column in ("id", "order_number", "idempotency_key"):
                look(f"{column} = ?", text)
            look(f"envelope_id = ?{anyones}", text, newest=_NEWEST)
            in_envelope = look(_IN_ENVELOPE + anyones, f"{text}#", f"{text}$", newest=_NEWEST)
            for parent_id in {one.parent_id for one in in_envelope if one.parent_id is not None}:
                look("id = ?", parent_id)
            for message_id in sorted(found, reverse=True)[:limit]:
                look("duplicate_of = ?", message_id)
        return sorted(found.values(), key=lambda message: message.id, reverse=True)[:limit]

    def of_order_number(self, order_number: str, account_id: str | None, limit: int) -> list[StoredMessage]:
        """Messages in which this order number was read, newest first, whatever became of them (`None`: anyone's)."""
        own = "" if account_id is None else " AND account_id = ?"
        query = f"SELECT {_COLUMNS} FROM messages WHERE order_number = ?{own} ORDER BY id DESC LIMIT ?"
        values = [order_number, limit] if account_id is None else [order_number, account_id, limit]
        with self._database.read() as connection:
            return [_stored(row) for row in fetch(connection, query, values)]

    def waiting_for(self, account_id: str, order_number: str) -> list[str]:
        """The changes and cancellations that wait for an order of this number, in the order in which they came."""
        query = (
            "SELECT id FROM messages WHERE account_id = ? AND order_number = ? AND order_number IS NOT NULL "
            "AND status = 'received' AND not_before IS NOT NULL ORDER BY received_at, id"
        )
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [account_id, order_number])]

    def neighbours(self, account_id: str, message_id: str) -> tuple[str | None, str | None]:
        """The ids of the account's messages that came before and after this one."""
        found: list[str | None] = []
        with self._database.read() as connection:
            for sign, order in (("<", "DESC"), (">", "ASC")):
                query = f"SELECT id FROM messages WHERE account_id = ? AND id {sign} ? ORDER BY id {order} LIMIT 1"
                rows = fetch(connection, query, [account_id, message_id])
                found.append(rows[0][0] if rows else None)
        return found[0], found[1]

    def repeating(self, message_id: str, limit: int) -> list[str]:
        """The messages that repeat this one, newest first."""
        query = "SELECT id FROM messages WHERE duplicate_of = ? AND duplicate_of IS NOT NULL ORDER BY id DESC LIMIT ?"
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [message_id, limit])]

    def edited_into(self, message_id: str) -> list[str]:
        """The messages in whose place this one came, the last one edited first."""
        query = (
            "SELECT id FROM messages WHERE duplicate_of = ? AND duplicate_of IS NOT NULL AND status = 'superseded' "
            "ORDER BY id DESC LIMIT 2"
        )
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [message_id])]

    def children(self, parent_id: str) -> list[Child]:
        """The messages of a body's orders, in their order: of each the last one, as it is now."""
        query = (
            "SELECT part, id, status, order_number FROM messages WHERE parent_id = ? AND part IS NOT NULL "
            "ORDER BY part, id"
        )
        with self._database.read() as connection:
            last = {row[0]: Child(*row) for row in fetch(connection, query, [parent_id])}
        return list(last.values())

    def order_numbers(self, message_ids: Sequence[str]) -> dict[str, str]:
        """Message → its order's number, of those where it is known."""
        with self._database.read() as connection:
            query = (
                f"SELECT id, order_number FROM messages WHERE {one_of(connection, 'id')} AND order_number IS NOT NULL"
            )
            return {row[0]: row[1] for row in fetch(connection, query, [values(connection, sorted(message_ids))])}

    def answering(self, stored: StoredMessage) -> list[str]:
        """The messages whose documents answer this one: itself, or the one that it repeats; of a body of several orders
        those of its children."""
        (first,) = self._first([stored.id])
        body = stored if first == stored.id else self.one(stored.account_id, first)
        if body is None or not body.parts:
            return [first]
        return self._first([child.message_id for child in self.children(first)])

    def _first(self, message_ids: Sequence[str]) -> list[str]:
        """Of each message the one that it repeats, or that one repeats in turn; itself where it repeats none."""
        found = dict(zip(message_ids, message_ids, strict=True))
        with self._database.read() as connection:
            for _ in range(_LONGEST_CHAIN):
                query = f"SELECT id, duplicate_of FROM messages WHERE {one_of(connection, 'id')}"
                rows = fetch(connection, query, [values(connection, set(found.values()))])
                earlier = {row[0]: row[1] for row in rows if row[1] is not None}
                if not earlier:
                    break
                found = {one: earlier.get(first, first) for one, first in found.items()}
        return list(dict.fromkeys(found.values()))

    def faults(self, message_id: str) -> list[Fault]:
        """The faults of its last run."""
        with self._database.read() as connection:
            rows = fetch(
                connection,
                "SELECT code, detail, path, location, value, expected FROM faults WHERE message_id = ? AND run = "
                "(SELECT run FROM messages WHERE id = ?) ORDER BY number",
                [message_id, message_id],
            )
        return [Fault(*row) for row in rows]

    def body(self, message_id: str) -> bytes | None:
        """The bytes as they came, a resend's from the message it repeats; None once erased."""
        with self._database.read() as connection:
            rows = fetch(
                connection,
                "SELECT p.body FROM messages m JOIN payloads p ON p.account_id = m.account_id AND p.test = m.test "
                "AND p.sha256 = m.payload_sha256 WHERE m.id = ?",
                [message_id],
            )
        return unpacked(bytes(rows[0][0])) if rows and rows[0][0] is not None else None

    def bodies(self, message_ids: Sequence[str]) -> dict[str, bytes]:
        """The same of many: those whose bytes are there still. Messages that share a body share the object."""
        with self._database.read() as connection:
            query = (
                "SELECT m.id, p.id FROM messages m JOIN payloads p ON p.account_id = m.account_id AND p.test = m.test "
                f"AND p.sha256 = m.payload_sha256 WHERE {one_of(connection, 'm.id')} AND p.body IS NOT NULL"
            )
            payload_of = dict(fetch(connection, query, [values(connection, message_ids)]))
            wanted = sorted(set(payload_of.values()))
            query = f"SELECT id, body FROM payloads WHERE id IN ({marks(len(wanted))}) AND body IS NOT NULL"
            rows = fetch(connection, query, wanted) if wanted else []
        found = {number: unpacked(bytes(body)) for number, body in rows}
        return {one: found[number] for one, number in payload_of.items() if number in found}

    def fitting(self, messages: Sequence[StoredMessage], most_bytes: int) -> list[StoredMessage]:
        """The first of them whose bodies together have at most so many bytes; the first in any case. Orders of one body
        count it once."""
        with self._database.read() as connection:
            query = (
                "SELECT m.id, p.id, p.size FROM messages m JOIN payloads p ON p.account_id = m.account_id "
                f"AND p.test = m.test AND p.sha256 = m.payload_sha256 WHERE {one_of(connection, 'm.id')}"
            )
            rows = fetch(connection, query, [values(connection, [one.id for one in messages])])
        body_of = {row[0]: (row[1], row[2]) for row in rows}
        total, counted = 0, set[int]()
        for count, one in enumerate(messages):
            number, size = body_of.get(one.id, (0, 0))
            if number in counted:
                continue
            counted.add(number)
            total += size
            if count and total > most_bytes:
                return list(messages[:count])
        return list(messages)

    def fault_codes(self, message_ids: Sequence[str]) -> dict[str, set[str]]:
        """Message → the codes of the faults of its last run, for those that have any."""
        with self._database.read() as connection:
            query = (
                "SELECT f.message_id, f.code FROM messages m CROSS JOIN faults f "
                f"WHERE {one_of(connection, 'm.id')} AND f.message_id = m.id AND f.run = m.run"
            )
            rows = fetch(connection, query, [values(connection, message_ids)])
        codes: dict[str, set[str]] = {}
        for message_id, code in rows:
            codes.setdefault(message_id, set()).add(code)
        return codes

    def first_faults(self, message_ids: Sequence[str]) -> dict[str, FirstFault]:
        """Message → the first fault of its last run, for those that have any: one that holds or refuses it, where one
        of the first few does."""
        if not message_ids:
            return {}
        with self._database.read() as connection:
            query = (
                "SELECT f.message_id, f.number, f.code, f.value FROM messages m CROSS JOIN faults f WHERE "
                f"{one_of(connection, 'm.id')} AND f.message_id = m.id AND f.run = m.run AND f.number <= ?"
            )
            rows = fetch(connection, query, [values(connection, message_ids), _LOOKED_AT_OF_EACH])
        found: dict[str, list[tuple[bool, int, str, str | None]]] = {}
        for message_id, number, code, value in rows:
            found.setdefault(message_id, []).append((code in REMARKS, number, code, value))
        first = {one: (min(some), sum(not is_remark for is_remark, *_ in some)) for one, some in found.items()}
        return {one: FirstFault(code, value, count > 1) for one, ((_, _, code, value), count) in first.items()}

    def places_of(self, fingerprint: str, message_ids: Sequence[str]) -> dict[str, list[str]]:
        """Message → the paths at which its last run found this cause, of these messages."""
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

    def counted(self, account_id: str, most: int) -> int:
        """How many messages the account has sent, up to this many."""
        with self._database.read() as connection:
            query = "SELECT count(*) FROM (SELECT 1 FROM messages WHERE account_id = ? LIMIT ?) newest"
            return int(fetch(connection, query, [account_id, most])[0][0])

    def of_bytes(self, account_id: str, test: bool, sha256: bytes) -> StoredMessage | None:
        """The message that answers for these bytes; None where they never came as a document."""
        with self._database.read() as connection:
            rows = fetch(
                connection,
                "SELECT coalesce(m.duplicate_of, m.id) FROM payloads p JOIN messages m ON m.id = p.message_id "
                "WHERE p.account_id = ? AND p.test = ? AND p.sha256 = ? AND m.payload_sha256 = p.sha256",
                [account_id, int(test), sha256],
            )
        return self.one(account_id, rows[0][0]) if rows else None

    def status(self, message_id: str) -> str | None:
        """Only the status, for waiting on it."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT status FROM messages WHERE id = ?", [message_id])
        return rows[0][0] if rows else None

    def dismiss(self, message_id: str, actor: str, reason: str) -> StoredMessage | None:
        """Close a message by a person's word; what waits for its order looks again. Raises `gateway.states` errors
        where its status doesn't allow it."""
        at = now_us()
        with self._database.write() as connection:
            query = "SELECT status, run, event_count, event_hash, account_id, order_number FROM messages WHERE id = ?"
            rows = fetch(connection, query, [message_id])
            if not rows:
                return None
            status, number, count, head, account_id, order_number = rows[0]
            after = advance(status, "dismiss")
            told = {"reason": reason, "status": after}
            entry = next_event(message_id, count + 1, bytes(head), "dismiss", actor, told, at)
            insert(connection, events, [entry.row()])
            move_on(connection, message_id, after, number, at, entry)
            if order_number is not None:
                wake(connection, [(account_id, order_number)])
        return self.one(None, message_id)

    def counts(self) -> dict[str, int]:
        """Messages that are open, by status: what gauges show. Costs what is open, not what ever was."""
        counted = dict.fromkeys(("received", "processing", "held", "failed"), 0)
        with self._database.read() as connection:
            for condition in _OPEN:  # each in the words of the partial index that answers it
                query = f"SELECT status, count(*) FROM messages WHERE {condition} GROUP BY status"
                for status, count in fetch(connection, query):
                    counted[status] += int(count)
        return counted


def _stored(row: Any) -> StoredMessage:
    stages = json.loads(row[19]) if row[19] else {}
    test_key, amount = bool(row[2]), None if row[26] is None else Decimal(row[26])
    return StoredMessage(
        *(
            *row[:2],
            test_key,
            *row[3:19],
            stages,
            *row[20:23],
            test_key or bool(row[23]),
            row[24],
            row[25],
            amount,
            row[27],
        )
    )
