"""What is kept no longer: bytes that came in, and messages of which no order came, once their account's time is over.

A batch at a time, oldest first: what a batch looks at is found by the account's index of messages, and how far it came
stands in `retention_progress`. What was still needed then is in `retention_waits`, and looked at again each time. Every
batch is one short transaction, with its notice in the stream `retention/<account>`: a process that dies loses nothing.

The chains hold: of erased bytes the row stays, with their digest, and the notice names it. Of messages that were taken
out the ends of their chains stay in `forgotten_streams`, and the notice has the digest of those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.store.audit import Audit
from gateway.store.chain import next_event
from gateway.store.database import Database
from gateway.store.erasable import STANDS_OPEN, Due, files_in, lock, look, of_body, open_by, waits_words
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, one_of, run, values
from gateway.store.tables import events, forgotten_streams
from gateway.store.verification import ERASED, FORGOT, streams_digest

AT_ONCE = 200
"""Messages of one batch."""
_WAITING_AT_ONCE = 1000


_ACTOR = "retention"
PAYLOADS, MESSAGES = "payloads", "messages"
Forget = Callable[[Connection, Sequence[str]], object]


def forget_nothing(_connection: Connection, _message_ids: Sequence[str]) -> None:
    """Where nothing else keeps what messages say."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of one batch: how many messages were looked at, and how many were erased or taken out."""

    looked_at: int
    done: int
    last: str = ""
    """The id of the last message that was looked at."""


class StillNeeded(Exception):
    """The bytes of a message that waits for somebody are what it is judged by: they can't be erased."""


class Retention:
    """The repository of what is kept no longer. `forget` takes what messages say out of whatever else holds it."""

    def __init__(self, database: Database, audit: Audit, forget: Forget = forget_nothing) -> None:
        self._database = database
        self._audit = audit
        self._forget = forget

    # --- bytes ---------------------------------------------------------------------------------------------------
    def erase_batch(self, account_id: str, until: str, policy: str, *, again: bool = False, behind: str = "") -> Batch:
        """Erase the bytes of the account's next messages whose ids are before `until`, and the files that came in them;
        with `again` of those that were still needed when they were looked at, behind the id `behind`."""
        with self._database.read() as connection:
            ids = self._next(connection, account_id, PAYLOADS, until, behind if again else None)
            due, waits = look(connection, ids, until)
        if not ids:
            return Batch(0, 0)
        with self._database.write() as connection:
            if due:  # somebody may have had one judged again meanwhile
                lock(connection, sorted({one.payload_id for one in due}))
                due, more = look(connection, [one.message_id for one in due], until)
                waits |= more
            erased = _erase(connection, due)
            if erased:
                said = sorted({one.message_id for one in due if one.is_own})
                self._forget(connection, of_body(connection, said))
                told = {"payloads": erased, "received_before_ms": _day(until), "reason": policy}
                self._audit.note(connection, _stream(account_id), ERASED, _ACTOR, told)
            self._note_progress(connection, account_id, PAYLOADS, ids, sorted(waits), again=again)
        return Batch(len(ids), len(erased), ids[-1])

    def erase(self, message_id: str, actor: str, reason: str) -> int | None:
        """Erase what came in as this message, and the files in it, by a person's word; how many bodies that were. None
        where there is no such message. Raises StillNeeded."""
        with self._database.write() as connection:
            if not self._database.is_sqlite:
                fetch(connection, "SELECT id FROM messages WHERE id = ? FOR UPDATE", [message_id])
                own_bytes = "SELECT payload_id FROM messages WHERE id = ? AND payload_id IS NOT NULL"
                lock(connection, [row[0] for row in fetch(connection, own_bytes, [message_id])])
            query = (
                "SELECT m.event_count, m.event_hash, p.id, p.message_id, p.file_of, p.test, p.sha256, "
                f"p.body IS NOT NULL, {waits_words('m')} OR {STANDS_OPEN} FROM messages m LEFT JOIN payloads p ON "
                "p.account_id = m.account_id AND p.test = m.test AND p.sha256 = m.payload_sha256 "
                "LEFT JOIN messages s ON s.id = p.message_id WHERE m.id = ?"
            )
            rows = fetch(connection, query, [message_id])
            if not rows:
                return None
            count, head, payload_id, standing, file_of, test, sha256, is_there, is_open = rows[0]
            is_open = is_open or bool(open_by(connection, [payload_id] if is_there else []))
            own = [Due(message_id, payload_id, standing, file_of, (test, bytes(sha256)))] if is_there else []
            erased = [] if is_open else _erase(connection, own)
            if is_open or len(erased) < len(own):  # the latter: the same bytes came again just now
                raise StillNeeded(message_id)
            whole = of_body(connection, [message_id, standing or message_id])
            erased += _erase(connection, files_in(connection, whole))
            if erased:
                body = {"payloads": erased, "reason": reason}
                entry = next_event(message_id, count + 1, bytes(head), ERASED, actor, body)
                insert(connection, events, [entry.row()])
                text = "UPDATE messages SET event_count = ?, event_hash = ? WHERE id = ?"
                run(connection, text, [(entry.number, entry.hash, message_id)])
                self._forget(connection, whole)
        return len(erased)

    # --- messages ------------------------------------------------------------------------------------------------
    def forget_batch(self, account_id: str, until: str, policy: str, *, again: bool = False, behind: str = "") -> Batch:
        """The same with messages of which no order came: they are taken out with all that is known of them."""
        with self._database.read() as connection:
            ids = self._next(connection, account_id, MESSAGES, until, behind if again else None)
            going, waits = _judge_messages(connection, ids)
        if not ids:
            return Batch(0, 0)
        with self._database.write() as connection:
            ends = _ends(connection, going, is_sqlite=self._database.is_sqlite)
            if ends:
                told = {
                    "messages": len(ends),
                    "streams": streams_digest(ends),
                    "received_before_ms": _day(until),
                    "reason": policy,
                }
                notice = self._audit.note(connection, _stream(account_id), FORGOT, _ACTOR, told)
                insert(connection, forgotten_streams, [(*end, account_id, notice) for end in ends])
                self._forget(connection, [end[0] for end in ends])
                _delete(connection, [end[0] for end in ends])
            self._note_progress(connection, account_id, MESSAGES, ids, waits, again=again)
        return Batch(len(ids), len(ends), ids[-1])

    # --- how far it is -------------------------------------------------------------------------------------------
    @staticmethod
    def _next(connection: Connection, account_id: str, what: str, until: str, waiting_behind: str | None) -> list[str]:
        if waiting_behind is not None:
            query = (
                "SELECT message_id FROM retention_waits WHERE account_id = ? AND what = ? AND message_id > ? "
                "AND message_id < ? ORDER BY message_id LIMIT ?"
            )
            told = [account_id, what, waiting_behind, until, _WAITING_AT_ONCE]
            return [row[0] for row in fetch(connection, query, told)]
        reached = "SELECT message_id FROM retention_progress WHERE account_id = ? AND what = ?"
        rows = fetch(connection, reached, [account_id, what])
        query = "SELECT id FROM messages WHERE account_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?"
        behind = rows[0][0] if rows else ""
        return [row[0] for row in fetch(connection, query, [account_id, behind, until, AT_ONCE])]

    @staticmethod
    def _note_progress(
        connection: Connection, account_id: str, what: str, ids: Sequence[str], waits: Sequence[str], *, again: bool
    ) -> None:
        if again:
            settled = sorted(set(ids) - set(waits))
            text = (
                f"DELETE FROM retention_waits WHERE account_id = ? AND what = ? AND {one_of(connection, 'message_id')}"
            )
            run(connection, text, [(account_id, what, values(connection, settled))])
            return
        text = "INSERT INTO retention_waits (account_id, what, message_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        run(connection, text, [(account_id, what, one) for one in waits])
        text = (
            "INSERT INTO retention_progress (account_id, what, message_id) VALUES (?, ?, ?) "
            "ON CONFLICT (account_id, what) DO UPDATE SET message_id = excluded.message_id"
        )
        run(connection, text, [(account_id, what, ids[-1])])


def _stream(account_id: str) -> str:
    return f"retention/{account_id}"


def _day(until: str) -> int:
    """The moment of an id, in milliseconds since 1970."""
    return int(until[:12], 16)


# --- bytes -------------------------------------------------------------------------------------------------------
def _erase(connection: Connection, due: Sequence[Due]) -> list[int]:
    """Blank those that stand for the same messages still: what came again meanwhile is needed again. In the order in
    which workers keep files, so that neither waits for the other."""
    text = (
        "UPDATE payloads SET body = NULL, erased_at = ? WHERE id = ? AND message_id = ? AND coalesce(file_of, '') = ? "
        "AND body IS NOT NULL"
    )
    at, rows = now_us(), {one.payload_id: one for one in due}
    ordered = sorted(rows.values(), key=lambda one: one.key)
    return sorted(
        one.payload_id
        for one in ordered
        if run(connection, text, [(at, one.payload_id, one.standing, one.file_of or "")])
    )


# --- messages ----------------------------------------------------------------------------------------------------
def _made_an_order(alias: str) -> str:
    return f"EXISTS (SELECT 1 FROM order_versions v WHERE v.order_id = {alias}.order_id AND v.message_id = {alias}.id)"


def _judge_messages(connection: Connection, ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those of which nothing is needed any more, and those that are to be looked at again. Those that made an order, or
    one of whose orders did, are neither: they stay as long as the order book."""
    query = (
        f"SELECT m.id, {_made_an_order('m')}, "
        f"EXISTS (SELECT 1 FROM messages c WHERE c.parent_id = m.id AND c.part IS NOT NULL AND {_made_an_order('c')}), "
        f"{waits_words('m')} OR EXISTS (SELECT 1 FROM messages c WHERE c.parent_id = m.id AND c.part IS NOT NULL) "
        "OR EXISTS (SELECT 1 FROM messages d WHERE d.duplicate_of = m.id AND d.duplicate_of IS NOT NULL) "
        "OR EXISTS (SELECT 1 FROM documents o JOIN deliveries l ON l.document_id = o.id "
        "WHERE o.message_id = m.id AND l.next_attempt_at IS NOT NULL) "
        f"FROM messages m WHERE {one_of(connection, 'm.id')} ORDER BY m.id"
    )
    going, waits = list[str](), list[str]()
    for message_id, made, holds, is_needed in fetch(connection, query, [values(connection, ids)]):
        if made or holds:
            continue
        (waits if is_needed else going).append(message_id)
    return going, waits


def _ends(connection: Connection, ids: Sequence[str], *, is_sqlite: bool) -> list[tuple[str, int, bytes]]:
    """How their chains end, in the order of their names; nobody else's for the rest of the transaction."""
    if not ids:
        return []
    lock = "" if is_sqlite else " FOR UPDATE"
    query = (
        f"SELECT m.id, m.event_count, m.event_hash FROM messages m WHERE {one_of(connection, 'm.id')} "
        f"AND NOT {waits_words('m')} ORDER BY m.id{lock}"
    )
    return [(row[0], row[1], bytes(row[2])) for row in fetch(connection, query, [values(connection, ids)])]


def _delete(connection: Connection, ids: Sequence[str]) -> None:
    """Every row that is known of these messages."""
    told = values(connection, ids)
    these = one_of(connection, "message_id")
    of_documents = f"document_id IN (SELECT id FROM documents WHERE {these})"
    for table in ("deliveries", "delivery_attempts", "receipts", "document_orders"):
        run(connection, f"DELETE FROM {table} WHERE {of_documents}", [(told,)])
    run(connection, f"DELETE FROM documents WHERE {these}", [(told,)])
    own = f"SELECT payload_id FROM messages WHERE {one_of(connection, 'id')} AND payload_id IS NOT NULL"
    of_these = one_of(connection, "file_of")
    also = f"(file_of IS NULL OR {of_these})"
    run(connection, f"DELETE FROM payloads WHERE id IN ({own}) AND {these} AND {also}", [(told, told, told)])
    run(connection, f"DELETE FROM payloads WHERE {of_these} AND {these}", [(told, told)])
    # A file that an earlier message had too stands for that one, which is looked at once more.
    earlier = (
        "INSERT INTO retention_waits (account_id, what, message_id) SELECT DISTINCT account_id, 'payloads', message_id "
        f"FROM payloads WHERE {of_these} ON CONFLICT DO NOTHING"
    )
    run(connection, earlier, [(told,)])
    run(connection, f"UPDATE payloads SET file_of = message_id WHERE {of_these}", [(told,)])
    for table in ("faults", "resubmissions"):
        run(connection, f"DELETE FROM {table} WHERE {these}", [(told,)])
    sent_as = f"SELECT account_id, test, envelope_id FROM messages WHERE {one_of(connection, 'id')}"
    text = f"DELETE FROM envelopes WHERE (account_id, test, envelope_id) IN ({sent_as}) AND {these}"
    run(connection, text, [(told, told)])
    run(connection, f"DELETE FROM events WHERE {one_of(connection, 'stream')}", [(told,)])
    run(connection, f"DELETE FROM messages WHERE {one_of(connection, 'id')}", [(told,)])
