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
# Not `max(d.id)`: PostgreSQL would look for that backwards through all messages there are.
_REPEATED = "(SELECT max(d.id || '') FROM messages d WHERE d.duplicate_of = {} AND d.duplicate_of IS NOT NULL)"
_GUESSED = "~"
"""Behind the id of a message that is no earlier than the last with the file, as an earlier release left it."""
_OPEN_ROWS = (
    "status = 'received' AND not_before IS NULL",
    "status = 'received' AND not_before IS NOT NULL",
    "status = 'processing'",
    "status IN ('held', 'failed')",
    "id IN (SELECT message_id FROM resubmissions WHERE status = 'waiting')",
)
"""In the words of the partial indexes of what is open."""
_AT_ONCE = 500


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
    payload_ids = sorted({payload_id for _, payload_id, _, _ in used})
    found, judged_by = _as_they_stand(connection, payload_ids), open_by(connection, payload_ids)
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
        if is_open or (is_document and stands_open) or file_open or payload_id in judged_by or last_sent >= until:
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
    told = values(connection, [*ids, *(one + _GUESSED for one in ids)])
    return [(row[0].rstrip(_GUESSED), row[1], False, False) for row in fetch(connection, query, [told])]


def open_by(connection: Connection, payload_ids: Sequence[int]) -> set[int]:
    """Those of these by which some message is still to be judged, whether or not they stand for it."""
    found = set[int]()
    for start in range(0, len(payload_ids), _AT_ONCE):
        some = payload_ids[start : start + _AT_ONCE]
        for condition in _OPEN_ROWS:
            query = f"SELECT DISTINCT payload_id FROM messages WHERE {condition} AND payload_id IN ({marks(len(some))})"
            found.update(row[0] for row in fetch(connection, query, some))
    return found


def _as_they_stand(connection: Connection, payload_ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    """Payload → what `look` asks of it, of those whose bytes are there."""
    of_file = _REPEATED.format("CASE WHEN f.part IS NULL THEN f.id ELSE f.parent_id END")
    query = (
        f"SELECT p.id, p.message_id, p.file_of, p.test, p.sha256, {_IS_DOCUMENT}, {STANDS_OPEN}, "
        f"{_REPEATED.format('s.id')}, coalesce({waits_words('f')}, 1 = 0), {of_file} "
        "FROM payloads p LEFT JOIN messages s ON s.id = p.message_id LEFT JOIN messages f ON f.id = p.file_of "
        "WHERE p.id IN ({}) AND p.body IS NOT NULL"
    )
    found: dict[int, tuple[Any, ...]] = {}
    for start in range(0, len(payload_ids), _AT_ONCE):
        some = payload_ids[start : start + _AT_ONCE]
        found |= {row[0]: tuple(row[1:]) for row in fetch(connection, query.format(marks(len(some))), some)}
    return found


def of_body(connection: Connection, ids: Sequence[str]) -> list[str]:
    """These, and the messages of the orders in their bodies."""
    query = f"SELECT id FROM messages WHERE {one_of(connection, 'parent_id')} AND part IS NOT NULL"
    return sorted({*ids, *(row[0] for row in fetch(connection, query, [values(connection, ids)]))})


def lock(connection: Connection, payload_ids: Sequence[int]) -> None:
    """Nobody begins to have a message judged by these for the rest of the transaction (`judged_by` waits), nor do
    workers keep the same files. (On SQLite one writes at a time anyway.)"""
    if connection.dialect.name == "sqlite":
        return
    for start in range(0, len(payload_ids), _AT_ONCE):
        some = payload_ids[start : start + _AT_ONCE]
        query = f"SELECT id FROM payloads WHERE id IN ({marks(len(some))}) ORDER BY account_id, test, sha256 FOR UPDATE"
        fetch(connection, query, some)


def judged_by(connection: Connection, message_ids: Sequence[str]) -> bool:
    """Whether the bytes are all there by which these messages, which were just moved, are to be judged; they stay there
    until the transaction ends."""
    share = "" if connection.dialect.name == "sqlite" else " FOR SHARE OF p"
    query = (
        f"SELECT p.body IS NOT NULL FROM messages m JOIN payloads p ON p.id = m.payload_id "
        f"WHERE {one_of(connection, 'm.id')} ORDER BY p.account_id, p.test, p.sha256{share}"
    )
    return all(row[0] for row in fetch(connection, query, [values(connection, message_ids)]))


def files_in(connection: Connection, message_ids: Sequence[str]) -> list[Due]:
    """The files that came in these messages, whoever else had them; not what is a document as well."""
    query = (
        "SELECT p.id, p.message_id, p.file_of, p.test, p.sha256 FROM payloads p "
        f"LEFT JOIN messages s ON s.id = p.message_id WHERE NOT {_IS_DOCUMENT} AND p.file_of IS NOT NULL AND "
    )
    rows: list[Any] = []
    for column in ("p.file_of", "p.message_id"):  # the last that had it, and the first
        rows += fetch(connection, query + one_of(connection, column), [values(connection, message_ids)])
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
