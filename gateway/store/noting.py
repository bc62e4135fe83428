"""Appending to streams that have no row of their own: the event, and beside it where the stream now ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.store.chain import Event
from gateway.store.statements import insert, run
from gateway.store.tables import events

_KEEP_HEAD = (
    "INSERT INTO audit_heads (stream, number, hash) VALUES (?, ?, ?) "
    "ON CONFLICT (stream) DO UPDATE SET number = excluded.number, hash = excluded.hash"
)


def append(connection: Any, entries: Sequence[Event]) -> None:
    """Append events, each the next one of its stream, inside the caller's write transaction. (A message's row has its
    chain's end itself: its events are no concern of this.)"""
    insert(connection, events, [one.row() for one in entries])
    run(connection, _KEEP_HEAD, [(one.stream, one.number, one.hash) for one in entries])
