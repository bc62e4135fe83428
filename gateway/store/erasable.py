"""Which bytes nobody needs any more: those of documents, and the files in them.

Bytes may be used twice: as the document of a message, which they stand for, and as a file in others, of which they name
the youngest. They are needed as long as either is young, or waits for a worker or a person.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.statements import fetch, marks, one_of, values

_OPEN = "('received', 'processing', 'held', 'failed')"


def waits_words(alias: str) -> str:
    """Whether a message waits for a worker or for a person: to be judged, or to agree to a correction of it."""
    asked = f"SELECT 1 FROM resubmissions r WHERE r.message_id = {alias}.id AND r.status = 'waiting'"
    return f"({alias}.status IN {_OPEN} OR EXISTS ({asked}))"


STANDS_OPEN = (
    f"coalesce({waits_words('s')}, 1 = 0) OR EXISTS (SELECT 1 FROM messages c WHERE c.parent_id = s.id "
    f"AND c.part IS NOT NULL AND {waits_words('c')})"
)
"""Whether the message that bytes stand for now, `s`, or an order in them waits for a worker or a person."""
_IS_DOCUMENT = "coalesce(s.payload_sha256 = p.sha256, 1 = 0)"
_REPEATED = "(SELECT max(d.id) FROM messages d WHERE d.duplicate_of = {} AND d.duplicate_of IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class Due:
    """Bytes that are over, as they stand: for which message they were looked at, and what they are used for."""

    message_id: str
    payload_id: int
    standing: str
    file_of: str | None
    key: tuple[int, bytes]
    """Test or not, and SHA-256."""
    is_own: bool = True
    """Whether they are the document of that message, no file in it."""


def look(connection: Connection, ids: Sequence[str], until: str) -> tuple[list[Due], set[str]]:
    """The bytes of these messages that are over before the id `until`, and the messages whose bytes are still needed.
    Neither has those that are used by a later message: they are looked at with that."""
    used = [*_own(connection, ids), *_files(connection, ids)]
    found = _as_they_stand(connection, sorted({payload_id for _, payload_id, _, _ in used}))
    due, waits = list[Due](), set[str]()
    for message_id, payload_id, is_open, is_own in used:
        row = found.get(payload_id)
        if row is None:
            continue
        standing, file_of, test, sha256, is_document, stands_open, repeated, file_open, file_repeated = row
        last_used = max(standing if is_document else "", file_of or "")
        last_sent = max((repeated or "") if is_document else "", file_repeated or "")
        if last_used >= until:
            continue
        if is_open or (is_document and stands_open) or file_open or last_sent >= until:
            waits.add(message_id)
        else:
            due.append(Due(message_id, payload_id, standing, file_of, (test, bytes(sha256)), is_own))
    return due, waits


def _own(connection: Connection, ids: Sequence[str]) -> list[tuple[str, int, bool, bool]]:
    query = (
        f"SELECT m.id, m.payload_id, {waits_words('m')} FROM messages m WHERE {one_of(connection, 'm.id')} "
        "AND m.part IS NULL AND m.payload_id IS NOT NULL"
    )
    return [(row[0], row[1], bool(row[2]), True) for row in fetch(connection, query, [values(connection, ids)])]


def _files(connection: Connection, ids: Sequence[str]) -> list[tuple[str, int, bool, bool]]:
    query = (
        f"SELECT file_of, id FROM payloads WHERE file_of IS NOT NULL AND {one_of(connection, 'file_of')} "
        "AND body IS NOT NULL"
    )
    return [(row[0], row[1], False, False) for row in fetch(connection, query, [values(connection, ids)])]


def _as_they_stand(connection: Connection, payload_ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    """Payload → what `look` asks of it, of those whose bytes are there."""
    if not payload_ids:
        return {}
    of_file = _REPEATED.format("CASE WHEN f.part IS NULL THEN f.id ELSE f.parent_id END")
    query = (
        f"SELECT p.id, p.message_id, p.file_of, p.test, p.sha256, {_IS_DOCUMENT}, {STANDS_OPEN}, "
        f"{_REPEATED.format('s.id')}, coalesce({waits_words('f')}, 1 = 0), {of_file} "
        "FROM payloads p LEFT JOIN messages s ON s.id = p.message_id LEFT JOIN messages f ON f.id = p.file_of "
        f"WHERE p.id IN ({marks(len(payload_ids))}) AND p.body IS NOT NULL"
    )
    return {row[0]: tuple(row[1:]) for row in fetch(connection, query, payload_ids)}


def of_body(connection: Connection, ids: Sequence[str]) -> list[str]:
    """These, and the messages of the orders in their bodies."""
    query = f"SELECT id FROM messages WHERE {one_of(connection, 'parent_id')} AND part IS NOT NULL"
    return sorted({*ids, *(row[0] for row in fetch(connection, query, [values(connection, ids)]))})


def lock_messages(connection: Connection, ids: Sequence[str]) -> None:
    """Nobody else has these judged again, or the orders in their bodies, for the rest of the transaction. (On SQLite
    one writes at a time anyway.)"""
    if connection.dialect.name == "sqlite":
        return
    wanted = values(connection, of_body(connection, sorted(set(ids))))
    fetch(connection, f"SELECT id FROM messages WHERE {one_of(connection, 'id')} ORDER BY id FOR UPDATE", [wanted])


def files_in(connection: Connection, message_ids: Sequence[str]) -> list[Due]:
    """The files that came in these messages, whoever else had them; not what is a document as well."""
    query = (
        "SELECT p.id, p.message_id, p.file_of, p.test, p.sha256 FROM payloads p "
        f"LEFT JOIN messages s ON s.id = p.message_id WHERE NOT {_IS_DOCUMENT} AND p.file_of IS NOT NULL AND "
    )
    rows = list(fetch(connection, query + one_of(connection, "p.file_of"), [values(connection, message_ids)]))
    for named in _named(connection, message_ids):
        rows += fetch(connection, query + "p.account_id = ? AND p.test = ? AND p.sha256 = ?", named)
    return [Due(row[1], row[0], row[1], row[2], (row[3], bytes(row[4])), is_own=False) for row in rows]


def _named(connection: Connection, message_ids: Sequence[str]) -> list[list[Any]]:
    """Account, test and SHA-256 of the files that their orders name."""
    query = (
        "SELECT m.account_id, m.test, v.canonical FROM messages m JOIN order_versions v ON v.order_id = m.order_id "
        f"AND v.message_id = m.id WHERE {one_of(connection, 'm.id')}"
    )
    return [
        [account_id, test, bytes.fromhex(one["sha256"])]
        for account_id, test, canonical in fetch(connection, query, [values(connection, message_ids)])
        for one in json.loads(canonical).get("attachments", ())
        if one.get("sha256")
    ]
