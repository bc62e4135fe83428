"""Rows of revisions as they are kept: each once, from the revision that it came with to the one that it went with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.store.revision_content import Row
from gateway.store.statements import fetch

STANDS = "added_in <= ? AND (removed_in IS NULL OR removed_in > ?)"
"""That a row is one of a revision, whose number is given twice."""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row, the revision that it came with, and the one that it went with (None: it still stands)."""

    row: Row
    added_in: int
    removed_in: int | None

    def stands_in(self, number: int) -> bool:
        """Whether it is one of this revision's."""
        return self.added_in <= number and (self.removed_in is None or self.removed_in > number)


def standing_rows(connection: Connection, scope: str, number: int) -> tuple[Row, ...]:
    """A revision's rows in the order they were imported."""
    query = f"SELECT kind, natural_key, body FROM revision_rows WHERE scope = ? AND {STANDS} ORDER BY id"
    return tuple(Row(*row) for row in fetch(connection, query, [scope, number, number]))


def touched_rows(connection: Connection, scope: str, since: int) -> list[KeptRow]:
    """The rows that came or went after this revision, in the order they were imported. Costs what was published since,
    whatever stands from before."""
    columns = "id, kind, natural_key, body, added_in, removed_in"
    query = (
        f"SELECT {columns} FROM revision_rows WHERE scope = ? AND added_in > ? "
        f"UNION SELECT {columns} FROM revision_rows WHERE scope = ? AND removed_in > ? ORDER BY id"
    )
    return [KeptRow(Row(*row[1:4]), *row[4:]) for row in fetch(connection, query, [scope, since, scope, since])]
