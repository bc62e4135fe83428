"""What a revision holds, and how two contents differ: equal is what says the same, however its numbers are written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mappings.by_value import row_by_value, terms_by_value


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a mapping or of the catalogue, as text."""

    kind: str
    natural_key: str
    body: str

    def by_value(self) -> Row:
        """The row by which it is known: equal ones are equal strings, in whatever way their numbers are written."""
        body = row_by_value(self.kind, self.body)
        return self if body == self.body else Row(self.kind, self.natural_key, body)


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """A revision with all it holds."""

    scope: str
    number: int
    published_at: int
    author: str
    reason: str
    terms: Mapping[str, Any]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """What putting rows into a revision does: the revision that has them, and how many are new, changed, as before."""

    number: int
    published: bool
    added: int
    changed: int
    unchanged: int
    written: tuple[Row, ...]
    """Those that are new or changed."""


def without_equals(
    rows: Iterable[Row], live: Iterable[tuple[int, Row]], known_by: Callable[[Row], Row]
) -> tuple[list[Row], list[tuple[int, Row]]]:
    """Both without those that are on either side."""
    stands: dict[Row, list[tuple[int, Row]]] = {}
    for row_id, row in live:
        stands.setdefault(known_by(row), []).append((row_id, row))
    come = []
    for row in rows:
        if equals := stands.get(known_by(row)):
            equals.pop()
        else:
            come.append(row)
    return come, [one for left in stands.values() for one in left]


def put_into(stored: StoredRevision, rows: Sequence[Row]) -> tuple[Put, list[Row]]:
    """What these rows do to what stands, and all rows as they would be."""
    before = {(row.kind, row.natural_key): row for row in stored.rows}
    put = {(row.kind, row.natural_key): row for row in rows}
    put = {key: _as_it_stands(row, before.get(key)) for key, row in put.items()}
    written = tuple(row for key, row in put.items() if before.get(key) is not row)
    merged = [row for row in stored.rows if (row.kind, row.natural_key) not in put]
    changed = sum((row.kind, row.natural_key) in before for row in written)
    number = stored.number + 1 if written else stored.number
    told = Put(number, bool(written), len(written) - changed, changed, len(put) - len(written), written)
    return told, [*merged, *put.values()]


def _as_it_stands(row: Row, before: Row | None) -> Row:
    """The row that stands, where it says the same."""
    return before if before is not None and before.by_value() == row.by_value() else row


def digest_of(terms: Mapping[str, Any], rows: Sequence[Row]) -> bytes:
    """SHA-256 of what is said, in whatever way its numbers are written."""
    text = json.dumps(terms_by_value(terms), sort_keys=True, ensure_ascii=False)
    found = hashlib.sha256(text.encode())
    for row in sorted((row.by_value() for row in rows), key=lambda row: (row.kind, row.natural_key, row.body)):
        found.update(repr((row.kind, row.natural_key, row.body)).encode())
    return found.digest()
