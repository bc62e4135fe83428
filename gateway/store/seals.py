"""Seals of the audit chain: every so often it is written down, under a key that the database doesn't have, how the
streams ended that had new events since.

Whoever has the database alone can't make one. A chain that is rewritten, cut or taken out behind a seal contradicts it;
a seal that is changed or left out contradicts the one after it. What it costs depends on what is new, not on what there
ever was, and the transactions that write orders know nothing of it.

Which events are new: `position` tells (tables/audit.py). On PostgreSQL a seal ends before the oldest transaction that
may still commit, as pages of the mailbox do: what commits later is in the next one.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.sealing import MarkKey
from gateway.store.chain import START, as_json
from gateway.store.database import Collision, Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, stream
from gateway.store.tables import audit_seals

MOST = 5000
"""Events in one seal; there may be several at once."""
_COLUMNS = "number, at, position, stream, event, events, heads, hash, key_id, mac"


class Head(NamedTuple):
    """How a stream ended."""

    stream: str
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal, without the heads that are in it."""

    number: int
    at: int
    position: int
    stream: str
    event: int
    events: int
    hash: bytes
    key_id: str

    @property
    def name(self) -> str:
        """`NUMBER:HASH`: what somebody keeps elsewhere, so that a database can't be put back behind it unseen."""
        return f"{self.number}:{self.hash.hex()}"


class Seals:
    """The repository of seals."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self) -> Seal | None:
        """The last one; None where there is none yet."""
        query = f"SELECT {_COLUMNS} FROM audit_seals ORDER BY number DESC LIMIT 1"
        with self._database.read() as connection:
            rows = fetch(connection, query)
        return _seal(rows[0]) if rows else None

    def hash_of(self, number: int) -> bytes | None:
        """The hash of the seal with this number; None where there is none."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT hash FROM audit_seals WHERE number = ?", [number])
        return bytes(rows[0][0]) if rows else None

    def unsealed(self, most: int) -> int:
        """How many events there are that no seal is over yet, up to `most`."""
        newest = self.newest()
        with self._database.read() as connection:
            return len(self._new_events(connection, newest, most))

    def append(self, key: MarkKey) -> Seal | None:
        """Seal what is new, up to MOST events; None where nothing is, or somebody else was first."""
        newest = self.newest()
        with self._database.read() as connection:
            found = self._new_events(connection, newest, MOST)
        if not found:
            return None
        heads = {name: Head(name, number, bytes(head)) for _, name, number, head in sorted(found, key=_by_stream)}
        last = found[-1]
        packed = _packed(heads.values())
        number = newest.number + 1 if newest else 1
        told = (number, now_us(), int(last[0]), str(last[1]), int(last[2]), len(found))
        digest = _digest(newest.hash if newest else START, told, packed)
        row = (*told, packed, digest, key.id, key.mark(digest))
        try:
            with self._database.write() as connection:
                insert(connection, audit_seals, [row])
        except Collision:
            return None
        return _seal(row)

    def _new_events(self, connection: Connection, newest: Seal | None, most: int) -> list[Any]:
        behind: tuple[int, str, int] = (newest.position, newest.stream, newest.event) if newest else (-1, "", 0)
        if self._database.is_sqlite:
            query = "SELECT position, stream, number, hash FROM events WHERE position > ? ORDER BY position LIMIT ?"
            return fetch(connection, query, [behind[0], most])
        oldest = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        if behind[0] >= int(fetch(connection, f"SELECT {oldest}")[0][0]):
            behind = (-1, "", 0)  # it was moved to a server that counts its transactions anew: sealing twice is no harm
        query = (
            "SELECT position, stream, number, hash FROM events WHERE (position, stream, number) > (?, ?, ?) "
            f"AND position < {oldest} ORDER BY position, stream, number LIMIT ?"
        )
        return fetch(connection, query, [*behind, most])


def _by_stream(row: Sequence[Any]) -> tuple[str, int]:
    return row[1], row[2]


def _packed(heads: Any) -> bytes:
    lines = "\n".join(as_json([one.stream, one.number, one.hash.hex()]) for one in heads)
    return zlib.compress(lines.encode("utf-8", "surrogatepass"))


def _digest(previous: bytes, told: Sequence[Any], packed: bytes) -> bytes:
    entry = as_json([*told, hashlib.sha256(packed).hexdigest()])
    return hashlib.sha256(previous + entry.encode("utf-8", "surrogatepass")).digest()


def _seal(row: Sequence[Any]) -> Seal:
    number, at, position, name, event, events = row[:6]
    return Seal(number, at, position, name, event, events, bytes(row[7]), row[8])


# --- reading them to check them ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ReadSeal:
    """A seal as it stands there, and whether it follows from the one before it."""

    seal: Seal
    mac: bytes
    holds: bool
    """Whether its hash is that of what it says, behind the one before it."""
    heads: tuple[Head, ...]


def read_seals(connection: Connection) -> Iterator[ReadSeal]:
    """All seals in their order, one in memory at a time."""
    previous = START
    for row in stream(connection, f"SELECT {_COLUMNS} FROM audit_seals ORDER BY number"):
        seal, packed = _seal(row), bytes(row[6])
        heads = _unpacked(packed)
        holds = heads is not None and _digest(previous, row[:6], packed) == seal.hash
        previous = seal.hash
        yield ReadSeal(seal, bytes(row[9]), holds, heads or ())


def _unpacked(packed: bytes) -> tuple[Head, ...] | None:
    """The heads; None where that is nothing we have packed."""
    try:
        lines = zlib.decompress(packed).decode("utf-8", "surrogatepass").split("\n")
        told = [json.loads(line) for line in lines]
        return tuple(Head(str(name), int(number), bytes.fromhex(head)) for name, number, head in told)
    except (zlib.error, ValueError, TypeError):
        return None
