"""What was published of an account, revision by revision: who, when and why, and what came and went."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.revision_rows import touched_rows
from gateway.store.revisions import Row, account_scope
from gateway.store.statements import fetch


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision without its content."""

    number: int
    published_at: int
    author: str
    reason: str
    restores: int | None = None
    """The earlier revision whose content it publishes again."""
    came: int = 0
    """Rows that it has and the one before it hadn't; a row that changed goes and comes."""
    went: int = 0
    terms_changed: bool = False


class RevisionLog:
    """The repository of what was published."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, account_id: str, *, before: int | None = None, limit: int = 25) -> list[Entry]:
        """Up to `limit` revisions, newest first, from behind the revision `before`."""
        behind = "" if before is None else "AND number < ? "
        query = (
            "SELECT number, published_at, author, reason, restores, terms FROM revisions "
            f"WHERE scope = ? {behind}ORDER BY number DESC LIMIT ?"
        )
        scope, named = account_scope(account_id), [] if before is None else [before]
        with self._database.read() as connection:
            rows = fetch(connection, query, [scope, *named, limit + 1])
            shown = rows[:limit]
            came, went = _counts(connection, scope, shown)
        earlier = [row[5] for row in rows[1:]] + [None]  # of the first revision all terms are new
        return [
            _entry(row, came=came.get(row[0], 0), went=went.get(row[0], 0), terms_changed=row[5] != terms)
            for row, terms in zip(shown, earlier, strict=False)
        ]

    def one(self, account_id: str, number: int) -> Entry | None:
        """One revision; None where there is none of that number."""
        found = self.page(account_id, before=number + 1, limit=1)
        return found[0] if found and found[0].number == number else None

    def restored_since(self, account_id: str, number: int) -> list[int]:
        """The later revisions that publish this one again."""
        query = "SELECT number FROM revisions WHERE scope = ? AND number > ? AND restores = ? ORDER BY number"
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [account_scope(account_id), number, number])]

    def between(self, account_id: str, old: int, new: int) -> tuple[list[Row], list[Row]]:
        """The rows that went and those that came from one revision to another. Costs what was published since the
        earlier of them, whatever stands from before."""
        with self._database.read() as connection:
            rows = touched_rows(connection, account_scope(account_id), min(old, new))
        went = [one.row for one in rows if one.stands_in(old) and not one.stands_in(new)]
        return went, [one.row for one in rows if one.stands_in(new) and not one.stands_in(old)]

    def files(self, account_id: str) -> list[str]:
        """The names of all files that the account ever had."""
        query = "SELECT DISTINCT natural_key FROM revision_rows WHERE scope = ? AND kind = 'file' ORDER BY natural_key"
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [account_scope(account_id)])]

    def file_versions(self, account_id: str, name: str) -> list[tuple[Entry, str | None]]:
        """Every revision that changed this file, the earliest first, with its row's body then; None: it went."""
        query = (
            "SELECT r.number, r.published_at, r.author, r.reason, r.restores, w.added_in, w.body FROM "
            "(SELECT scope, added_in AS changed_in, added_in, body FROM revision_rows "
            "WHERE scope = ? AND kind = 'file' AND natural_key = ? "
            "UNION ALL SELECT scope, removed_in, NULL, NULL FROM revision_rows "
            "WHERE scope = ? AND kind = 'file' AND natural_key = ? AND removed_in IS NOT NULL) w "
            "JOIN revisions r ON r.scope = w.scope AND r.number = w.changed_in ORDER BY r.number"
        )
        named = [account_scope(account_id), name]
        with self._database.read() as connection:
            rows = fetch(connection, query, [*named, *named])
        bodies: dict[Entry, str | None] = {}
        for row in rows:
            entry = _entry(row)
            bodies[entry] = row[6] if row[5] is not None else bodies.get(entry)
        return list(bodies.items())

    def terms_versions(self, account_id: str) -> list[tuple[Entry, Mapping[str, Any]]]:
        """Every revision that changed account.yaml, the earliest first, with its content."""
        query = (
            "SELECT number, published_at, author, reason, restores, terms FROM (SELECT number, published_at, author, "
            "reason, restores, terms, LAG(terms) OVER (ORDER BY number) AS before FROM revisions WHERE scope = ?) v "
            "WHERE before IS NULL OR before <> terms ORDER BY number"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [account_scope(account_id)])
        return [(_entry(row), json.loads(row[5])) for row in rows]


def _counts(
    connection: Connection, scope: str, shown: Sequence[Sequence[Any]]
) -> tuple[dict[int, int], dict[int, int]]:
    if not shown:
        return {}, {}
    named = [scope, shown[-1][0], shown[0][0]]
    query = "SELECT {0}, count(*) FROM revision_rows WHERE scope = ? AND {0} >= ? AND {0} <= ? GROUP BY {0}"
    came, went = (dict(map(tuple, fetch(connection, query.format(one), named))) for one in ("added_in", "removed_in"))
    return came, went


def _entry(row: Sequence[Any], **counted: Any) -> Entry:
    number, published_at, author, reason, restores = row[:5]
    return Entry(number, published_at, author, reason, restores, **counted)
