"""What people and systems did, from the audit chain: the newest first, a page at a time.

The pipeline's own events are not in it, nor in the indexes that it reads by: nearly all events are theirs, and a page
costs the same however many they are. What no index tells (whose account something is) is looked up for some hundreds of
events at a time, and a page gives up after LOOKED_AT of them: it then says from where to look on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.statements import fetch, one_of, values
from gateway.store.tables.audit import BY_SOMEBODY

LOOKED_AT = 5000
"""Events that one page looks at at most."""
_AT_ONCE = 500
_MOST_ACTORS = 200
_OF_ACCOUNT = ("account", "draft", "pickup", "retention", "search")
"""Streams that are named after an account."""


class Place(NamedTuple):
    """Where an event stands among all: the next ones are those before it."""

    at: int
    stream: str
    number: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `subject` is the kind of what it is about, `about` which of them."""

    stream: str
    number: int
    at: int
    kind: str
    actor: str
    body: dict[str, Any]
    account_id: str | None = None

    @property
    def place(self) -> Place:
        """For what comes behind it on a page."""
        return Place(self.at, self.stream, self.number)

    @property
    def subject(self) -> str:
        """`message`, `key`, `account` …: a stream's name up to its slash; a message's has none."""
        head, slash, _ = self.stream.partition("/")
        return head if slash or head in ("catalogue", "system") else "message"

    @property
    def about(self) -> str:
        """The id of what it is about."""
        head, slash, rest = self.stream.partition("/")
        return rest if slash else head


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events. Times in microseconds since 1970: from `since` on, before `until`."""

    actor: str | None = None
    account_id: str | None = None
    subject: str | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, and where to go on behind them: None where there are no more. `is_partial`: it gave up looking."""

    entries: tuple[Entry, ...]
    following: Place | None
    is_partial: bool = False


class AuditLog:
    """The repository of what people and systems did."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: Wanted, *, before: Place | None = None, limit: int) -> Page:
        """Up to so many events, newest first, behind `before`."""
        found: list[Entry] = []
        looked_at = 0
        with self._database.read() as connection:
            while looked_at < LOOKED_AT:
                some = _events(connection, wanted, before, _AT_ONCE)
                fitting = [one for one in _with_accounts(connection, some) if _fits(one, wanted)]
                found += fitting[: limit + 1 - len(found)]
                if len(found) > limit:
                    return Page(tuple(found[:limit]), found[limit - 1].place)
                if len(some) < _AT_ONCE:
                    return Page(tuple(found), None)
                looked_at, before = looked_at + len(some), some[-1].place
        return Page(tuple(found), before, is_partial=True)

    def all(self, wanted: Wanted) -> Iterator[Entry]:
        """All of them, newest first, a few hundred in memory at a time."""
        before: Place | None = None
        while True:
            found = self.page(wanted, before=before, limit=_AT_ONCE)
            yield from found.entries
            if found.following is None:
                return
            before = found.following

    def actors(self) -> list[str]:
        """Who did any of it, by name, as the chain has them; the first few hundred."""
        found: list[str] = []
        query = f"SELECT actor FROM events WHERE {BY_SOMEBODY} AND actor > ? ORDER BY actor LIMIT 1"
        with self._database.read() as connection:
            while len(found) < _MOST_ACTORS:
                rows = fetch(connection, query, [found[-1] if found else ""])
                if not rows:
                    break
                found.append(str(rows[0][0]))
        return found

    def stream(self, name: str) -> list[Entry]:
        """All events of one stream, the oldest first, whoever did them."""
        query = f"SELECT {_COLUMNS} FROM events WHERE stream = ? ORDER BY number"
        with self._database.read() as connection:
            return list(_with_accounts(connection, [_entry(row) for row in fetch(connection, query, [name])]))


_COLUMNS = "stream, number, at, kind, actor, body"


_OF_A_REPLAY = """kind = 'replay' AND body LIKE '%"replay":"%'"""
"""One message of a replay, whose own events stand for it: among thousands of those nothing else would be found."""


def events_query(wanted: Wanted, before: Place | None, limit: int) -> tuple[str, list[Any]]:
    """The query for some events, and its parameters: it reads by one of the indexes and sorts nothing."""
    conditions, told = [BY_SOMEBODY], list[Any]()
    if wanted.subject != "message" and wanted.account_id is None:  # a replay may be of several accounts
        conditions.append(f"NOT ({_OF_A_REPLAY})")
    for condition, value in (("actor = ?", wanted.actor), ("at >= ?", wanted.since), ("at < ?", wanted.until)):
        if value is not None:
            conditions.append(condition)
            told.append(value)
    if before is not None:
        conditions.append("(at, stream, number) < (?, ?, ?)")
        told += before
    query = f"SELECT {_COLUMNS} FROM events WHERE {' AND '.join(conditions)}"
    return f"{query} ORDER BY at DESC, stream DESC, number DESC LIMIT ?", [*told, limit]


def _events(connection: Connection, wanted: Wanted, before: Place | None, limit: int) -> list[Entry]:
    return [_entry(row) for row in fetch(connection, *events_query(wanted, before, limit))]


def _entry(row: Sequence[Any]) -> Entry:
    stream, number, at, kind, actor, body = row
    try:
        told = json.loads(body)
    except ValueError:  # somebody has edited it; verify says so
        told = {}
    return Entry(stream, number, at, kind, actor, told if isinstance(told, dict) else {})


def _fits(entry: Entry, wanted: Wanted) -> bool:
    return wanted.subject in (None, entry.subject) and wanted.account_id in (None, entry.account_id)


_LOOKED_UP = {
    "message": "SELECT id, account_id FROM messages WHERE {}",
    "key": "SELECT id, account_id FROM api_keys WHERE {}",
    "user": "SELECT id, account_id FROM users WHERE {}",
    "delivery": "SELECT id, account_id FROM documents WHERE {}",
    "invoice": "SELECT id, account_id FROM invoices WHERE {}",
    "replay": "SELECT id, account_id FROM replays WHERE {}",
}


def _with_accounts(connection: Connection, entries: Sequence[Entry]) -> Iterator[Entry]:
    """The same, each with whose account it is about, where that can be told."""
    ids: dict[str, set[str]] = {}
    for one in entries:
        ids.setdefault(one.subject, set()).add(one.about)
    found: dict[tuple[str, str], str | None] = {}
    for subject, query in _LOOKED_UP.items():
        if subject in ids:
            rows = fetch(connection, query.format(one_of(connection, "id")), [values(connection, ids[subject])])
            found |= {(subject, row[0]): row[1] for row in rows}
    for one in entries:
        account = one.about if one.subject in _OF_ACCOUNT else found.get((one.subject, one.about))
        told = one.body.get("account")
        if account is None and isinstance(told, str):
            account = told
        yield Entry(one.stream, one.number, one.at, one.kind, one.actor, one.body, account)
