"""One table of an account as its draft has it, page by page: published rows with what was edited over them.

Nothing here reads a whole table to draw a page: pages are found by the rows' keys, which the indexes are of, and only
a text that may stand anywhere in a row is looked for in all of them.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.drafts import Edit
from gateway.store.revision_rows import STANDS
from gateway.store.revisions import account_scope
from gateway.store.statements import fetch, given
from mappings.tables import TABLES

_EDITS = "natural_key, kind, was, body, author, at, note, batch"
_LAST = "\U0010ffff"
_AT_ONCE = 500
"""Rows that are looked at for a text at a time, at least."""
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: the text that is published (None: none), and what was edited of it (None: nothing)."""

    natural_key: str
    published: str | None
    edit: Edit | None = None

    @property
    def body(self) -> str | None:
        """As it would be; None: it goes."""
        return self.published if self.edit is None else self.edit.body

    @property
    def standing(self) -> Literal["same", "new", "changed", "goes"]:
        """What the draft does to it."""
        if self.edit is None:
            return "same"
        if self.edit.body is None:
            return "goes"
        return "new" if self.published is None else "changed"


@dataclass(frozen=True, slots=True)
class Look:
    """Which rows: those whose keys begin with `prefix`; those that have `text` anywhere (in whatever case its letters
    of ASCII are), but for those whose keys begin so; of both those that were edited alone."""

    prefix: str = ""
    text: str = ""
    edited_only: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """An import that the draft has rows of."""

    id: str
    note: str
    author: str
    at: int


@dataclass(frozen=True, slots=True)
class Version:
    """A row as it was from one revision to another; `removed_in` is None where it still stands."""

    natural_key: str
    body: str
    added_in: int
    removed_in: int | None


@dataclass(frozen=True, slots=True)
class Publication:
    """Who published a revision, when (microseconds since 1970) and why."""

    number: int
    at: int
    author: str
    reason: str


class AccountTables:
    """The repository of accounts' tables as drafts have them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, account_id: str, number: int, kind: str, look: Look, after: str, limit: int) -> list[TableRow]:
        """The first rows after this key, so many at most, in the order of their keys. `number` is the published
        revision, 0 where there is none."""
        with self._database.read() as connection:
            keys = _found(_edits(connection, account_id, kind, look, after, limit), look, limit)
            if not look.edited_only:
                published = _published(connection, account_scope(account_id), number, kind, look, after, limit)
                keys = sorted({*keys, *_found(published, look, limit)})[:limit]
            return _rows(connection, account_id, number, kind, keys)

    def rows(self, account_id: str, number: int, kind: str, keys: Sequence[str]) -> list[TableRow]:
        """The rows with these keys, in their order; one that there isn't has neither text."""
        with self._database.read() as connection:
            return _rows(connection, account_id, number, kind, keys)

    def standing(self, scope: str, number: int, kind: str, look: Look, limit: int) -> list[str]:
        """The texts of a revision's first rows of a kind, of any scope, without drafts."""
        with self._database.read() as connection:
            keys = _found(_published(connection, scope, number, kind, look, "", limit), look, limit)
            return list(_texts(connection, scope, number, kind, keys).values())

    def edits(self, account_id: str) -> int:
        """How many edits the account's draft has, MOST_COUNTED at most."""
        query = "SELECT count(*) FROM (SELECT 1 FROM draft_edits WHERE account_id = ? LIMIT ?) AS counted"
        with self._database.read() as connection:
            return int(fetch(connection, query, [account_id, MOST_COUNTED])[0][0])

    def batches(self, account_id: str, kind: str) -> list[Batch]:
        """The imports into this table alone that the draft has rows of, the newest first; what came with a folder is
        taken back as a whole, on the draft's page. Two seeks for each."""
        columns = "batch, note, author, at, kind"
        first = f"SELECT {columns} FROM draft_edits WHERE account_id = ? AND batch > ? ORDER BY batch, kind LIMIT 1"
        last = "SELECT kind FROM draft_edits WHERE account_id = ? AND batch = ? ORDER BY kind DESC LIMIT 1"
        found: list[Batch] = []
        after = ""
        with self._database.read() as connection:
            while rows := fetch(connection, first, [account_id, after]):
                after = str(rows[0][0])
                if rows[0][4] == kind == fetch(connection, last, [account_id, after])[0][0]:
                    found.append(Batch(*rows[0][:4]))
        return sorted(found, key=lambda one: -one.at)

    def versions(self, account_id: str, kind: str, natural_key: str) -> list[Version]:
        """All that was ever published under this key, the oldest first."""
        query = f"{_VERSIONS} AND natural_key = ? ORDER BY added_in"
        with self._database.read() as connection:
            return [Version(*row) for row in fetch(connection, query, [account_scope(account_id), kind, natural_key])]

    def versions_below(self, account_id: str, kind: str, first_columns: str) -> list[Version]:
        """All that was ever published under keys whose first columns these are, the oldest first; 1,000 at most."""
        query = f"{_VERSIONS} AND natural_key > ? AND natural_key < ? ORDER BY natural_key, added_in LIMIT 1000"
        bounds = [f"{first_columns}|", f"{first_columns}}}"]  # } comes next after |
        with self._database.read() as connection:
            return [Version(*row) for row in fetch(connection, query, [account_scope(account_id), kind, *bounds])]

    def publications(self, account_id: str, numbers: Sequence[int]) -> dict[int, Publication]:
        """Who published these revisions, by their numbers."""
        if not numbers:
            return {}
        with self._database.read() as connection:
            table, parameters = given(connection, [(number,) for number in numbers], "w_number")
            query = (
                f"SELECT number, published_at, author, reason FROM {table} w CROSS JOIN revisions "
                "WHERE scope = ? AND number = w_number"
            )
            rows = fetch(connection, query, [*parameters, account_scope(account_id)])
        return {row[0]: Publication(*row) for row in rows}


_VERSIONS = "SELECT natural_key, body, added_in, removed_in FROM revision_rows WHERE scope = ? AND kind = ?"
_Found = Iterator[tuple[str, Sequence[str]]]
"""Keys in their order, each with the texts that stand or stood under it."""


def _published(
    connection: Connection, scope: str, number: int, kind: str, look: Look, after: str, limit: int
) -> _Found:
    if not number:
        return
    where, values = _condition(connection, kind, look, ["body"])
    query = (
        f"SELECT natural_key, body FROM revision_rows WHERE scope = ? AND kind = ? AND natural_key > ? AND {STANDS}"
        f"{where} ORDER BY natural_key LIMIT ?"
    )
    size = _size(look, limit)
    while rows := fetch(connection, query, [scope, kind, after, number, number, *values, size]):
        yield from ((row[0], row[1:]) for row in rows)
        if len(rows) < size:
            return
        after = rows[-1][0]


def _edits(connection: Connection, account_id: str, kind: str, look: Look, after: str, limit: int) -> _Found:
    where, values = _condition(connection, kind, look, ["was", "body"])
    query = (
        "SELECT natural_key, was, body FROM draft_edits WHERE account_id = ? AND kind = ? AND natural_key > ?"
        f"{where} ORDER BY natural_key LIMIT ?"
    )
    size = _size(look, limit)
    while rows := fetch(connection, query, [account_id, kind, after, *values, size]):
        yield from ((row[0], [text for text in row[1:] if text is not None]) for row in rows)
        if len(rows) < size:
            return
        after = rows[-1][0]


def _size(look: Look, limit: int) -> int:
    return max(_AT_ONCE, limit) if look.text else limit


def _condition(connection: Connection, kind: str, look: Look, columns: Sequence[str]) -> tuple[str, list[Any]]:
    if look.text:
        sought = json.dumps(_lower(look.text), ensure_ascii=False)[1:-1]
        said = [_without_names(kind, sought, f"lower({column})") for column in columns]
        is_there = (
            (lambda text: f"instr({text}, ?) > 0")
            if connection.dialect.name == "sqlite"
            else (lambda text: f"position(?::text IN {text}) > 0")
        )
        return f" AND ({' OR '.join(map(is_there, said))})", [sought] * len(said)
    if look.prefix:
        return " AND natural_key >= ? AND natural_key < ?", [look.prefix, look.prefix + _LAST]
    return "", []


def _without_names(kind: str, sought: str, text: str) -> str:
    """The expression for a row's text without those columns' names that have what is sought in them, as every row
    would."""
    for name in TABLES[kind].names:
        if sought in name:
            text = f"replace({text}, '\"{name}\": ', '')"
    return text


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def _lower(text: str) -> str:
    """As both databases do it: the letters of ASCII alone."""
    return text.translate(_LOWER)


def _found(rows: _Found, look: Look, limit: int) -> list[str]:
    """The first keys whose rows say it: a column's name is in every row's text, and nobody looks for that."""
    keys: list[str] = []
    sought = _lower(look.text)
    for key, texts in rows:
        if look.text and (
            (look.prefix and key.startswith(look.prefix)) or not any(_says(one, sought) for one in texts)
        ):
            continue
        keys.append(key)
        if len(keys) == limit:
            break
    return keys


def _says(text: str, sought: str) -> bool:
    return any(sought in _lower(value) for value in json.loads(text).values())


def _rows(connection: Connection, account_id: str, number: int, kind: str, keys: Sequence[str]) -> list[TableRow]:
    if not keys:
        return []
    table, parameters = given(connection, [(key,) for key in keys], "w_key")
    edits = f"SELECT {_EDITS} FROM draft_edits WHERE account_id = ? AND kind = ? AND natural_key = w_key"
    edited = {row[0]: row for row in _seek(connection, edits, "draft_edits", table, [*parameters, account_id, kind])}
    standing = _texts(connection, account_scope(account_id), number, kind, keys)
    return [TableRow(key, standing.get(key), _edit(edited.get(key))) for key in keys]


def _texts(connection: Connection, scope: str, number: int, kind: str, keys: Sequence[str]) -> dict[str, str]:
    if not keys:
        return {}
    table, parameters = given(connection, [(key,) for key in keys], "w_key")
    rows = (
        f"SELECT natural_key, body FROM revision_rows WHERE scope = ? AND kind = ? AND natural_key = w_key AND {STANDS}"
    )
    found = _seek(connection, rows, "revision_rows", table, [*parameters, scope, kind, number, number])
    standing = {row[0]: row[1] for row in found}
    return {key: standing[key] for key in keys if key in standing}


def _seek(connection: Connection, query: str, of: str, given_keys: str, parameters: Sequence[Any]) -> list[Any]:
    """One seek for each of the given keys."""
    if connection.dialect.name == "sqlite":
        text = query.replace(f"FROM {of}", f"FROM {given_keys} w CROSS JOIN {of}")
    else:  # OFFSET 0 keeps the planner from reading all rows and comparing each with every key
        text = f"SELECT r.* FROM {given_keys} w CROSS JOIN LATERAL ({query} OFFSET 0) r"
    return fetch(connection, text, parameters)


def _edit(row: Any) -> Edit | None:
    return None if row is None else Edit(row[1], row[0], *row[2:])
