"""The documents that went out under some of an account's revisions: what somebody has to look at who takes one back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.store.database import Database
from gateway.store.statements import fetch

MOST_COUNTED = 1_000
"""Beyond so many it is said that there are more: nobody waits for a million rows to be counted."""
_PAGE = 500
_UNDER = "d.account_id = ? AND d.mapping_revision > ? AND d.mapping_revision <= ?"
_COLUMNS = (
    "d.mapping_revision, d.position, d.id, d.type, d.number, d.order_number, d.message_id, d.test, d.created_at, "
    "v.transport, v.status, v.endpoint"
)
_TEST = 7


@dataclass(frozen=True, slots=True)
class SentDocument:
    """One document, the revision that it was made under, and where it went."""

    mapping_revision: int
    position: int
    id: str
    type: str
    number: str
    order_number: str | None
    message_id: str
    test: bool
    created_at: int
    transport: str | None
    status: str | None
    """How it stands on its way out, as in gateway.store.deliveries."""
    endpoint: str | None

    @property
    def cursor(self) -> tuple[int, int]:
        """What continues a page behind it."""
        return self.mapping_revision, self.position


class SentUnder:
    """The repository of documents by the revision that they were made under. `since` is the last revision whose
    documents are none of them, `until` the last one whose are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, account_id: str, since: int, until: int, *, after: tuple[int, int] | None = None, limit: int = 50
    ) -> list[SentDocument]:
        """Up to `limit` documents, by revision and then the oldest first, from behind a cursor."""
        behind = "" if after is None else "AND (d.mapping_revision, d.position) > (?, ?) "
        query = (
            f"SELECT {_COLUMNS} FROM documents d LEFT JOIN deliveries v ON v.document_id = d.id "
            f"WHERE {_UNDER} {behind}ORDER BY d.mapping_revision, d.position LIMIT ?"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [account_id, since, until, *(after or ()), limit])
        return [_document(row) for row in rows]

    def all(self, account_id: str, since: int, until: int) -> Iterator[SentDocument]:
        """All of them; a few hundred at a time are in memory."""
        after: tuple[int, int] | None = None
        while page := self.page(account_id, since, until, after=after, limit=_PAGE):
            yield from page
            after = page[-1].cursor

    def count(self, account_id: str, since: int, until: int) -> int:
        """How many they are; one more than MOST_COUNTED where there are more than that."""
        query = f"SELECT count(*) FROM (SELECT 1 FROM documents d WHERE {_UNDER} LIMIT ?) AS found"
        with self._database.read() as connection:
            return int(fetch(connection, query, [account_id, since, until, MOST_COUNTED + 1])[0][0])


def _document(row: Sequence[Any]) -> SentDocument:
    cells = list(row)
    cells[_TEST] = bool(cells[_TEST])
    return SentDocument(*cells)
