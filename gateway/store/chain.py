"""One stream's chain: each event carries the hash of all before it, so that one edited or taken out is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from gateway.store.ids import now_us

START = bytes(32)
as_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
"""Compact JSON. One encoder: `json.dumps` with arguments builds a new one at every call."""
quoted = encode_basestring
"""A text as `as_json` writes it."""

HELD_AS_CHANGE = ',"change":true'
"""In the JSON of an event `held`, where what is held changes or cancels an order. No text in that can say it: there
the quotes are escaped."""


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
    return Event(stream, number, at, kind, actor, body, digest_of(previous, stream, number, at, kind, actor, body))


def digest_of(previous: bytes, stream: str, number: int, at: int, kind: str, actor: str, body: str) -> bytes:
    """The hash of an event that follows one with hash `previous`."""
    entry = f"{stream}\x1f{number}\x1f{at}\x1f{kind}\x1f{actor}\x1f{body}"  # JSON escapes \x1f, so nothing can shift
    return hashlib.sha256(previous + entry.encode("utf-8", "surrogatepass")).digest()
