"""Whether the audit chain is what the seals over it say, and the seals are our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.engine import Connection

from gateway.sealing import MarkKey
from gateway.store.seals import Head, ReadSeal, Seal, read_seals
from gateway.store.statements import fetch, given, one_of, values

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Expected:
    """A seal that somebody kept elsewhere."""

    number: int
    hash: bytes
    where: str
    """Who knows of it, as a sentence names them."""


class SealCheck:
    """One look through the seals. What it found beside what is wrong stands in its fields afterwards."""

    def __init__(self, keys: Sequence[MarkKey], expected: Sequence[Expected] = ()) -> None:
        self._keys = {key.id: key for key in keys}
        self._expected = {one.number: one for one in expected}
        self.newest: Seal | None = None
        self.unmarked = 0
        """Seals of which nobody can tell here whether they are ours: there is no key."""

    def broken(self, connection: Connection, seen: Callable[[int], None]) -> Iterator[str]:
        """Sentences, each naming something that isn't as it was sealed. `seen` is told of the heads that were
        compared, a few hundred at a time."""
        strangers: list[Seal] = []
        for read in read_seals(connection):
            seal = read.seal
            yield from self._broken_seal(read)
            key = self._keys.get(seal.key_id)
            if key is None:
                strangers.append(seal)
            elif key.marked(seal.hash, read.mac):
                strangers.clear()  # it is over all before it, whatever key they were made under
            else:
                yield f"{_named(seal)}: its mark isn't that of the gateway's key"
            for start in range(0, len(read.heads), _AT_ONCE):
                some = read.heads[start : start + _AT_ONCE]
                yield from _broken_heads(connection, seal, some)
                seen(len(some))
            self.newest = seal
        yield from self._missing()
        yield from self._made_by(strangers)

    def _broken_seal(self, read: ReadSeal) -> Iterator[str]:
        seal, before = read.seal, self.newest.number if self.newest else 0
        if seal.number == before + 2:
            yield f"seal {before + 1}: it is gone"
        elif seal.number != before + 1:
            yield f"seals {before + 1} to {seal.number - 1}: they are gone"
        elif not read.holds:
            yield f"{_named(seal)}: it isn't what was written, or doesn't follow from the one before it"
        if (kept := self._expected.pop(seal.number, None)) is not None and kept.hash != seal.hash:
            yield f"{_named(seal)}: it is another than {kept.where} knows"

    def _missing(self) -> Iterator[str]:
        newest = f"the newest is seal {self.newest.number}" if self.newest else "there is none"
        for number, kept in sorted(self._expected.items()):
            yield f"seal {number}: it is gone, though {kept.where} knows of it ({newest})"

    def _made_by(self, strangers: Sequence[Seal]) -> Iterator[str]:
        """The last seals, where no key at hand vouches for them."""
        if not self._keys:
            self.unmarked = len(strangers)
        elif strangers:
            first, last = strangers[0], strangers[-1]
            which = _named(first) if first is last else f"seals {first.number} to {last.number}"
            keys = ", ".join(sorted({one.key_id for one in strangers}))
            yield f"{which}: made under another key ({keys}) than GATEWAY_SECRET_KEY or GATEWAY_SECRET_KEY_BEFORE"


def _broken_heads(connection: Connection, seal: Seal, heads: Sequence[Head]) -> Iterator[str]:
    stored = _stored(connection, heads)
    gone = [head for head in heads if (head.stream, head.number) not in stored]
    forgotten = _forgotten(connection, [head.stream for head in gone]) if gone else {}
    for head in heads:
        found = stored.get((head.stream, head.number))
        what = f"stream {head.stream}: event {head.number}, over which is {_named(seal)}"
        if found is not None and found != head.hash:
            yield f"{what}, is another"
        elif found is None and not _is_told(forgotten.get(head.stream), head):
            yield f"{what}, is gone"


def _is_told(end: Head | None, sealed: Head) -> bool:
    """Whether retention took the stream out, with this event in it as it was sealed."""
    return end is not None and (end.number > sealed.number or end == sealed)


def _stored(connection: Connection, heads: Sequence[Head]) -> dict[tuple[str, int], bytes]:
    table, told = given(connection, [(one.stream, one.number) for one in heads], "name", "event")
    query = (
        f"SELECT e.stream, e.number, e.hash FROM {table} wanted "
        "CROSS JOIN events e WHERE e.stream = wanted.name AND e.number = wanted.event"
    )
    return {(row[0], row[1]): bytes(row[2]) for row in fetch(connection, query, told)}


def _forgotten(connection: Connection, names: Sequence[str]) -> dict[str, Head]:
    query = f"SELECT stream, number, hash FROM forgotten_streams WHERE {one_of(connection, 'stream')}"
    return {
        row[0]: Head(row[0], row[1], bytes(row[2])) for row in fetch(connection, query, [values(connection, names)])
    }


def _named(seal: Seal) -> str:
    try:
        at = datetime.fromtimestamp(seal.at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):  # somebody has edited it
        at = "no time"
    return f"seal {seal.number} of {at}"
