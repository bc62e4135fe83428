"""Files that came in documents: bytes of their own, once an account, which may be a document's as well. Each names the
youngest message that it came in, so that it is kept as long as that one's document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.statements import run

_KEEP = (
    "INSERT INTO payloads (account_id, test, sha256, message_id, size, body, file_of) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (account_id, test, sha256) DO UPDATE SET body = coalesce(payloads.body, excluded.body), "
    "erased_at = NULL, file_of = CASE WHEN payloads.file_of > excluded.file_of THEN payloads.file_of "
    "ELSE excluded.file_of END"
)
_WAITS = "INSERT INTO retention_waits (account_id, what, message_id) VALUES (?, 'payloads', ?) ON CONFLICT DO NOTHING"
"""Retention may pass the message while it is judged, or have passed it: it looks there once more."""


def keep_files(connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Keep (account, test, SHA-256, message, size, bytes) of each. In one order, so that two who have the same files
    don't wait for one another."""
    run(connection, _KEEP, [(*row, row[3]) for row in sorted(rows, key=lambda row: (row[0], row[1], row[2]))])
    run(connection, _WAITS, sorted({(row[0], row[3]) for row in rows}))
