"""The audit chain: each stream's events are chained by hash, so that one edited or taken out is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert
from gateway.store.tables import events

START = bytes(32)
as_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
"""Compact JSON. One encoder: `json.dumps` with arguments builds a new one at every call."""
quoted = encode_basestring
"""A text as `as_json` writes it."""


class Event(NamedTuple):
    """One entry, ready to be stored: it is the row, in the table's column order."""

    stream: str
    number: int
    at: int
    kind: str
    actor: str
    body: str
    hash: bytes

    def row(self) -> tuple[Any, ...]:
        """The columns of `events`."""
        return self


def next_event(
    stream: str, number: int, previous: bytes, kind: str, actor: str, body: Mapping[str, Any], at: int | None = None
) -> Event:
    """The event that follows one with hash `previous` (START before the first, which has number 1)."""
    return written_event(stream, number, previous, kind, actor, as_json(body), now_us() if at is None else at)


def written_event(stream: str, number: int, previous: bytes, kind: str, actor: str, body: str, at: int) -> Event:
    """`next_event` with its body as JSON already."""
    return Event(stream, number, at, kind, actor, body, _digest(previous, stream, number, at, kind, actor, body))


def _digest(previous: bytes, stream: str, number: int, at: int, kind: str, actor: str, body: str) -> bytes:
    entry = f"{stream}\x1f{number}\x1f{at}\x1f{kind}\x1f{actor}\x1f{body}"  # JSON escapes \x1f, so nothing can shift
    return hashlib.sha256(previous + entry.encode("utf-8", "surrogatepass")).digest()


class Audit:
    """Events that don't belong to a message: accounts, keys, settings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, connection: Any, stream: str, kind: str, actor: str, body: Mapping[str, Any]) -> None:
        """Append one event to a stream inside the caller's write transaction."""
        last = fetch(
            connection, "SELECT number, hash FROM events WHERE stream = ? ORDER BY number DESC LIMIT 1", [stream]
        )
        number, previous = (last[0][0], bytes(last[0][1])) if last else (0, START)
        insert(connection, events, [next_event(stream, number + 1, previous, kind, actor, body).row()])

    def of(self, stream: str) -> list[dict[str, Any]]:
        """A stream's events in order, for a timeline."""
        with self._database.read() as connection:
            rows = fetch(
                connection,
                "SELECT number, at, kind, actor, body FROM events WHERE stream = ? ORDER BY number",
                [stream],
            )
        return [
            {"number": number, "at": at, "kind": kind, "actor": actor, "body": json.loads(body)}
            for number, at, kind, actor, body in rows
        ]

    def size(self) -> tuple[int, int]:
        """How many streams there are, and how many events in all of them."""
        with self._database.read() as connection:
            streams, entries = fetch(connection, "SELECT count(DISTINCT stream), count(*) FROM events", [])[0]
        return int(streams), int(entries)

    def broken(self) -> Iterator[str]:
        """Sentences naming every stream whose chain doesn't hold, or whose head isn't what its message says."""
        yield from self._broken_chains()
        with self._database.snapshot() as connection:
            heads = connection.execution_options(stream_results=True).exec_driver_sql(
                "SELECT m.id, m.event_count, m.event_hash, e.hash FROM messages m "
                "LEFT JOIN events e ON e.stream = m.id AND e.number = m.event_count"
            )
            for stream, count, expected, found in heads:
                if found is None or bytes(found) != bytes(expected):
                    yield f"message {stream}: event {count}, the last one it had, is missing or changed"

    def _broken_chains(self) -> Iterator[str]:
        with self._database.snapshot() as connection:
            rows = connection.execution_options(stream_results=True).exec_driver_sql(
                "SELECT stream, number, at, kind, actor, body, hash FROM events ORDER BY stream, number"
            )
            stream, number, previous = "", 0, START
            for row in rows:
                if row[0] != stream:
                    stream, number, previous = row[0], 0, START
                number += 1
                if row[1] != number or _digest(previous, *row[:6]) != bytes(row[6]):
                    yield f"stream {stream}: event {row[1]} doesn't follow from the one before it"
                    number = row[1]
                previous = bytes(row[6])
