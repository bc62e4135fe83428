"""Files that came in documents: kept as bytes of their own, once an account. They stand for the last message that they
came in, so that they are kept no longer than that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.statements import fetch, one_of, run, values

_KEEP = (
    "INSERT INTO payloads (account_id, test, sha256, message_id, size, body, is_file) VALUES (?, ?, ?, ?, ?, ?, 1) "
    "ON CONFLICT (account_id, test, sha256) DO UPDATE SET message_id = excluded.message_id, "
    "body = coalesce(payloads.body, excluded.body), erased_at = NULL WHERE payloads.is_file = 1"
)
"""What came as a document as well stands for that document."""


def keep_files(connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Keep (account, test, SHA-256, message, size, bytes) of each. In one order, so that two who have the same files
    don't wait for one another."""
    run(connection, _KEEP, sorted(rows, key=lambda row: (row[0], row[1], row[2])))


def files_of(connection: Connection, message_ids: Sequence[str]) -> list[tuple[int, str]]:
    """The files whose bytes are there and that stand for one of these messages: (payload, message)."""
    query = (
        f"SELECT id, message_id FROM payloads WHERE is_file = 1 AND {one_of(connection, 'message_id')} "
        "AND body IS NOT NULL"
    )
    return [(row[0], row[1]) for row in fetch(connection, query, [values(connection, message_ids)])]
