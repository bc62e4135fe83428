"""Documents that a person corrected: asked for, agreed to by somebody else where that is needed, and put in the place
of the original, which stays as it came.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.engine import Connection

from gateway.states import advance
from gateway.store.arrivals import Draft, Group, NewMessage
from gateway.store.chain import next_event
from gateway.store.database import Collision, Database
from gateway.store.ids import new_id, now_us
from gateway.store.open_causes import wait_no_more
from gateway.store.packing import packed, unpacked
from gateway.store.statements import fetch, insert, one_of, run, values
from gateway.store.tables import events, resubmissions
from gateway.store.threads import wake

Status = Literal["waiting", "resubmitted", "declined", "withdrawn", "outdated"]
_COLUMNS = (
    "id, message_id, run, account_id, status, differences, touches, reason, asked_by, asked_at, decided_by, "
    "decided_at, decided_why, child_id"
)


_CLOSED = {"declined": "edit declined", "withdrawn": "edit withdrawn"}
"""How it came to nothing by a person's word, as the original's chain tells it. One is outdated by what moves the
original on, and that is in the chain."""
_ANOTHER = "Another correction took its place."


class SameBytes(Exception):
    """The corrected document came before, to the letter: what came of it is that message's."""


class NotWaiting(Exception):
    """Somebody has decided on it already: `resubmission` is it as it stands."""

    def __init__(self, resubmission: Resubmission) -> None:
        super().__init__(f"it is {resubmission.status}")
        self.resubmission = resubmission


@dataclass(frozen=True, slots=True)
class Difference:
    """A canonical value that the correction changes, its pointer without indexes; /lines: a line that went or came."""

    path: str
    before: str
    after: str
    line_number: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A correction as it is asked for: of message `message_id` as its run `run` had it."""

    message_id: str
    run: int
    account_id: str
    body: bytes
    differences: Sequence[Difference]
    touches: Sequence[str]
    """What somebody else has to agree to; nothing: it needs nobody."""
    reason: str


@dataclass(frozen=True, slots=True)
class Resubmission:
    """A correction without its bytes. Times are microseconds since 1970."""

    id: str
    message_id: str
    run: int
    account_id: str
    status: Status
    differences: tuple[Difference, ...]
    touches: tuple[str, ...]
    reason: str
    asked_by: str
    asked_at: int
    decided_by: str | None
    decided_at: int | None
    decided_why: str | None
    child_id: str | None


class Resubmissions:
    """The repository of corrections."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def one(self, resubmission_id: str) -> Resubmission | None:
        """One of them; None where there is none of that id."""
        with self._database.read() as connection:
            return _one(connection, resubmission_id)

    def body(self, resubmission_id: str) -> bytes:
        """The corrected document; none of it where it was erased with the original's bytes or its own."""
        with self._database.read() as connection:
            found = fetch(connection, "SELECT body FROM resubmissions WHERE id = ?", [resubmission_id])
        return unpacked(bytes(found[0][0]))

    def of_message(self, message_id: str) -> list[Resubmission]:
        """Those of a message, newest first."""
        query = f"SELECT {_COLUMNS} FROM resubmissions WHERE message_id = ? ORDER BY id DESC"
        with self._database.read() as connection:
            return [_read(row) for row in fetch(connection, query, [message_id])]

    def waiting(self, account_id: str | None = None, limit: int = 100) -> list[Resubmission]:
        """Those that wait for somebody else, oldest first; one account's or all."""
        own, named = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
        query = f"SELECT {_COLUMNS} FROM resubmissions WHERE status = 'waiting'{own} ORDER BY id LIMIT ?"
        with self._database.read() as connection:
            return [_read(row) for row in fetch(connection, query, [*named, limit])]

    def ask(self, asked: Asked, actor: str) -> str:
        """Keep a correction that somebody else has to agree to; its id. Raises ImpossibleMove where the message can't
        be corrected as it stands, Collision where it was judged again since or another correction of it waits."""
        made, stored = new_id(), packed(asked.body)
        with self._database.write() as connection:
            original = _original(connection, asked.message_id, asked.run)
            advance(original.status, "supersede")
            insert(connection, resubmissions, [_row(made, asked, stored, actor, "waiting")])
            told = {"resubmission": made, "reason": asked.reason, "touches": list(asked.touches)}
            _note(connection, original, "edit asked for", actor, told)
        return made

    def resubmit(self, asked: Asked, message: NewMessage, actor: str, *, parent_id: str, part: int | None) -> str:
        """Put a correction that needs nobody else in the original's place, in one transaction; its id. `message` is the
        corrected document. Raises as `ask`, and SameBytes."""
        made, stored = new_id(), packed(asked.body)
        with self._database.write() as connection:
            original = _original(connection, asked.message_id, asked.run)
            if waiting := _waiting_of(connection, asked.message_id):
                raise Collision(f"correction {waiting} of this message waits")
            told = {"reason": asked.reason, "resubmission": made}
            _supersede(connection, original, message, actor, told, parent_id=parent_id, part=part)
            insert(connection, resubmissions, [_row(made, asked, stored, actor, "resubmitted", message.id)])
        return made

    def agree(
        self, resubmission: Resubmission, message: NewMessage, actor: str, why: str, *, parent_id: str, part: int | None
    ) -> None:
        """Somebody else agrees: the correction takes the original's place, in one transaction. Raises NotWaiting,
        ImpossibleMove and Collision where the original isn't as it was corrected, and SameBytes."""
        with self._database.write() as connection:
            self._check_waits(connection, resubmission.id)
            original = _original(connection, resubmission.message_id, resubmission.run)
            told = {"reason": resubmission.reason, "resubmission": resubmission.id, "asked_by": resubmission.asked_by}
            told |= {"agreed": why} if why else {}
            _decide(connection, resubmission.id, "resubmitted", actor, why, message.id)
            _supersede(connection, original, message, actor, told, parent_id=parent_id, part=part)

    def close(self, resubmission: Resubmission, status: Literal["declined", "withdrawn"], actor: str, why: str) -> None:
        """It comes to nothing: somebody declined it, or whoever asked took it back. Raises NotWaiting."""
        with self._database.write() as connection:
            self._check_waits(connection, resubmission.id)
            original = _original(
                connection, resubmission.message_id, None
            )  # locked first, as whatever moves it on does
            _decide(connection, resubmission.id, status, actor, why, None)
            _note(connection, original, _CLOSED[status], actor, {"resubmission": resubmission.id, "reason": why})

    @staticmethod
    def _check_waits(connection: Connection, resubmission_id: str) -> None:
        found = _one(connection, resubmission_id)
        if found is None:
            raise LookupError(resubmission_id)
        if found.status != "waiting":
            raise NotWaiting(found)


def forget_corrections(connection: Connection, message_ids: Sequence[str]) -> None:
    """Take what corrections of these messages say out of them: those of which they are the original, and those by which
    they came. One that still waited has nothing left that anybody could agree to."""
    told = values(connection, message_ids)
    of_original = f"SELECT id FROM messages WHERE {one_of(connection, 'duplicate_of')} AND duplicate_of IS NOT NULL"
    text = (
        "UPDATE resubmissions SET body = ?, differences = '[]', "
        "status = CASE WHEN status = 'waiting' THEN 'outdated' ELSE status END, "
        "decided_at = coalesce(decided_at, ?), decided_by = coalesce(decided_by, ?), "
        "decided_why = coalesce(decided_why, ?) "
        f"WHERE {one_of(connection, 'message_id')} OR message_id IN ({of_original})"
    )
    run(connection, text, [(b"", now_us(), "retention", "What came in was erased.", told, told)])


@dataclass(frozen=True, slots=True)
class _Original:
    id: str
    status: str
    event_count: int
    event_hash: bytes
    account_id: str
    order_number: str | None


def _original(connection: Connection, message_id: str, run_seen: int | None) -> _Original:
    """The message as it stands, for this transaction. Raises LookupError where there is none, Collision where it was
    judged again since `run_seen`."""
    lock = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    columns = "id, status, event_count, event_hash, account_id, order_number, run"
    rows = fetch(connection, f"SELECT {columns} FROM messages WHERE id = ?{lock}", [message_id])
    if not rows:
        raise LookupError(message_id)
    found, status, count, head, account_id, order_number, number = rows[0]
    if run_seen is not None and number != run_seen:
        raise Collision(f"message {message_id} was judged again meanwhile")
    return _Original(found, status, count, bytes(head), account_id, order_number)


def _supersede(
    connection: Connection,
    original: _Original,
    message: NewMessage,
    actor: str,
    told: Mapping[str, Any],
    *,
    parent_id: str,
    part: int | None,
) -> None:
    """The corrected document becomes a message of its own, which answers for the original from now on."""
    at, after = now_us(), advance(original.status, "supersede")
    if not Group(connection, [Draft(message)]).keep_edited(actor, at, parent_id=parent_id, part=part):
        raise SameBytes(message.sha256.hex())
    body = {**told, "child": message.id, "status": after}
    entry = next_event(original.id, original.event_count + 1, original.event_hash, "supersede", actor, body, at)
    insert(connection, events, [entry.row()])
    text = (
        "UPDATE messages SET status = ?, duplicate_of = ?, settled_at = ?, not_before = NULL, event_count = ?, "
        "event_hash = ? WHERE id = ? AND status = ? AND event_count = ?"
    )
    seen = (original.id, original.status, original.event_count)
    if run(connection, text, [(after, message.id, at, entry.number, entry.hash, *seen)]) != 1:
        raise Collision(f"message {original.id} moved meanwhile")
    wait_no_more(connection, [original.id], _ANOTHER)
    run(connection, "UPDATE messages SET duplicate_of = ? WHERE duplicate_of = ?", [(message.id, original.id)])
    if original.order_number is not None:
        wake(connection, [(original.account_id, original.order_number)])


def _note(connection: Connection, original: _Original, kind: str, actor: str, told: Mapping[str, Any]) -> None:
    """Say it in the original's chain, in which nothing else changes."""
    entry = next_event(original.id, original.event_count + 1, original.event_hash, kind, actor, told)
    insert(connection, events, [entry.row()])
    text = "UPDATE messages SET event_count = ?, event_hash = ? WHERE id = ? AND event_count = ?"
    if run(connection, text, [(entry.number, entry.hash, original.id, original.event_count)]) != 1:
        raise Collision(f"message {original.id} moved meanwhile")


def _decide(
    connection: Connection, resubmission_id: str, status: Status, actor: str, why: str, child_id: str | None
) -> None:
    text = (
        "UPDATE resubmissions SET status = ?, decided_by = ?, decided_at = ?, decided_why = ?, child_id = ? "
        "WHERE id = ? AND status = 'waiting'"
    )
    if run(connection, text, [(status, actor, now_us(), why, child_id, resubmission_id)]) != 1:
        raise Collision("somebody decided on it meanwhile")


def _waiting_of(connection: Connection, message_id: str) -> str | None:
    query = "SELECT id FROM resubmissions WHERE message_id = ? AND status = 'waiting'"
    rows = fetch(connection, query, [message_id])
    return str(rows[0][0]) if rows else None


def _row(
    made: str, asked: Asked, stored: bytes, actor: str, status: Status, child_id: str | None = None
) -> tuple[Any, ...]:
    rows = [[one.path, one.before, one.after, one.line_number] for one in asked.differences]
    differences = json.dumps(rows, ensure_ascii=False)
    at = now_us()
    return (
        *(made, asked.message_id, asked.run, asked.account_id, status, stored, differences),
        *(json.dumps(list(asked.touches)), asked.reason, actor, at),
        *((None, None) if child_id is None else (actor, at)),
        *(None, child_id),
    )


def _one(connection: Connection, resubmission_id: str) -> Resubmission | None:
    rows = fetch(connection, f"SELECT {_COLUMNS} FROM resubmissions WHERE id = ?", [resubmission_id])
    return _read(rows[0]) if rows else None


def _read(row: Any) -> Resubmission:
    differences = tuple(Difference(*one) for one in json.loads(row[5]))
    return Resubmission(*(*row[:5], differences, tuple(json.loads(row[6])), *row[7:]))
