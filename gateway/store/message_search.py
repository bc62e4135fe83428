"""Messages by filters, the newest first: a page at a time, or all ids of them.

A search goes one way through messages and looks at each whether the other filters fit. The way is the shortest that its
filters have: by words, by a status that few messages have, by a kind that few are, an account's, or all. A page looks
at a bounded number of messages and then says how far back it came, so that it costs the same in a large history.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import merge
from typing import Any

from sqlalchemy.engine import Connection

from gateway.lanes import LANES
from gateway.searching.filters import UNREAD, Search
from gateway.searching.words import BadQuery, Wanted, wanted
from gateway.store import search_words
from gateway.store.database import Database, StoreUnavailable
from gateway.store.documents import Documents
from gateway.store.ids import id_from, now_us
from gateway.store.messages import Messages, StoredMessage
from gateway.store.statements import fetch, marks, one_of, values

LOOKED_AT = 5_000
"""Messages that one page looks at."""
_FIRST_CHUNKS = (100, 900)
"""How many at once, growing: most pages are full after the first."""
_AT_ONCE = 5_000
_CHUNKS_OF_ALL = (200, _AT_ONCE)
_SECONDS = 2.0
"""So long one question of a page may take."""
_NEWEST = "f" * 28
_MOST_EXACT = 100
_FEW: Mapping[str, frozenset[str]] = {
    "status IN ('held', 'failed')": frozenset(("held", "failed")),
    "status = 'rejected'": frozenset(("rejected",)),
    "status IN ('superseded', 'dismissed')": frozenset(("superseded", "dismissed")),
}
"""In the words of the partial indexes that have these, the newest last."""
_WAITING: Mapping[str, frozenset[str]] = {
    "status = 'received' AND not_before IS NULL": frozenset(("received",)),
    "status = 'received' AND not_before IS NOT NULL": frozenset(("received",)),
    "status = 'processing'": frozenset(("processing",)),
}
"""The same of partial indexes that are in another order: what waits is sorted."""
_FEW_KINDS = "kind IN ('change', 'cancel', 'answer', 'several')"
_BY_KIND = ("change", "cancel", "answer", "several")

_Chunk = list[tuple[str, bool]]
"""(message, whether it fits), the newest first."""
_Way = Callable[[Connection, str, int], _Chunk]
"""Up to so many behind an id; none where there are no more."""


class TooBroad(Exception):
    """So much has these words that looking through it takes too long."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of messages, the newest first."""

    messages: list[StoredMessage]
    following: str | None
    """The id behind which to go on; None: that was all."""
    looked_back_to: int | None = None
    """Where it looked at as many as a page may and stopped: when the last of them came, in microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """All that fitted at one time."""

    ids: tuple[str, ...]
    is_cut: bool
    """Whether there are more than were asked for."""


class MessageSearch:
    """The repository of searches for messages."""

    def __init__(self, database: Database, messages: Messages, documents: Documents) -> None:
        self._database = database
        self._messages = messages
        self._documents = documents

    def page(self, search: Search, before: str | None = None, limit: int = 50, most: int = LOOKED_AT) -> Found:
        """Up to `limit` messages, behind the id `before`, having looked at `most`. Raises TooBroad."""
        found: list[str] = []
        looked, last, is_all = 0, before or _NEWEST, True
        deadline = time.monotonic() + _SECONDS
        rest = most - sum(_FIRST_CHUNKS)
        sizes = (*_FIRST_CHUNKS, rest) if rest > 0 else (most,)
        for chunk in self._chunks(search, before, sizes, is_bounded=True):
            looked += len(chunk)
            last = chunk[-1][0]
            found += [message_id for message_id, fits in chunk if fits]
            if len(found) > limit:
                break
            if looked >= most or time.monotonic() > deadline:
                is_all = False
                break
        rows = self._messages.several(found[:limit])
        if len(found) > limit:
            return Found(rows, found[limit - 1])
        return Found(rows, None) if is_all else Found(rows, last, _came_at(last))

    def ids(self, search: Search, limit: int, *, oldest_first: bool = False, before: str | None = None) -> Frozen:
        """The messages that fit now, at most so many: all of them, however far back they are. The newest are first, or
        the oldest; where there are more than `limit` those that come last are left out. Only those behind the id
        `before`, where it is told."""
        if oldest_first:
            every = [one for chunk in self._chunks(search, before) for one, fits in chunk if fits][::-1]
            return Frozen(tuple(every[:limit]), len(every) > limit)
        found: list[str] = []
        for chunk in self._chunks(search, before, _CHUNKS_OF_ALL):
            found += [one for one, fits in chunk if fits]
            if len(found) > limit:
                return Frozen(tuple(found[:limit]), is_cut=True)
        return Frozen(tuple(found), is_cut=False)

    def each(self, search: Search, limit: int) -> Iterator[list[StoredMessage]]:
        """The same as messages, some hundred at a time, as many as `limit` in all."""
        left = limit
        for chunk in self._chunks(search, sizes=(500,)):
            found = [one for one, fits in chunk if fits][:left]
            left -= len(found)
            if found:
                yield self._messages.several(found)
            if left <= 0:
                return

    # --- the ways ----------------------------------------------------------------------------------------------------
    def _chunks(
        self,
        search: Search,
        before: str | None = None,
        sizes: Sequence[int] = (_AT_ONCE,),
        *,
        is_bounded: bool = False,
    ) -> Iterator[_Chunk]:
        """Messages on the way, some at a time, each time with a connection of its own."""
        since, until = search.between(now_us())
        start = min(before or _NEWEST, _NEWEST if until is None else id_from(until))
        exact = self._exact(search)
        way = _way(search, "" if since is None else id_from(since), exact)
        if way is None:
            return
        number = 0
        while True:
            size = sizes[min(number, len(sizes) - 1)]
            with self._reading(is_bounded=is_bounded) as connection:
                chunk = way(connection, start, size)
            if not chunk:
                return
            yield chunk
            start, number = chunk[-1][0], number + 1

    def _exact(self, search: Search) -> list[str]:
        """Messages with exactly this id, number or key, and those whose documents have it."""
        text, own = search.q.strip(), search.account or None
        if not text:
            return []
        found = {one.id for one in self._messages.find(text, own, _MOST_EXACT)}
        found |= {one.message_id for one in self._documents.named(text) if own in (None, one.account_id)}
        return sorted(found, reverse=True)

    @contextmanager
    def _reading(self, *, is_bounded: bool) -> Iterator[Connection]:
        """A connection; where it is bounded no question takes longer than a page may. Raises TooBroad."""
        if not is_bounded:
            with self._database.read() as connection:
                yield connection
            return
        try:
            with self._database.snapshot() as connection, _stopping(connection, _SECONDS):
                yield connection
        except StoreUnavailable as failure:
            if any(said in str(failure.faults[0].value) for said in ("interrupted", "statement timeout")):
                raise TooBroad from failure
            raise


@contextmanager
def _stopping(connection: Connection, seconds: float) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
        yield
        return
    deadline = time.monotonic() + seconds
    driver.set_progress_handler(lambda: int(time.monotonic() > deadline), 100_000)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def _came_at(message_id: str) -> int | None:
    """When a message of this id came, in microseconds since 1970."""
    try:
        return int(message_id[:12], 16) * 1000
    except ValueError:
        return None


def _way(search: Search, from_id: str, exact: Sequence[str]) -> _Way | None:
    """The shortest way that the search has; None where nothing can fit."""
    fits, told = _condition(search)
    statuses = search.statuses
    if statuses is not None and not statuses:
        return None
    if search.q.strip():
        return _by_words(search, from_id, exact, fits, told)
    if search.problem:
        return _by_problem(search.problem, from_id, fits, told)
    if statuses and statuses <= frozenset().union(*_FEW.values(), *_WAITING.values()):
        ways = [_by_status(one, search, from_id, fits, told) for one, some in _FEW.items() if some & statuses]
        ways += [
            _by_status(one, search, from_id, fits, told, is_sorted=False)
            for one, some in _WAITING.items()
            if some & statuses
        ]
        return ways[0] if len(ways) == 1 else _merged(ways)
    if search.kind in _BY_KIND:
        return _walk(f"{_FEW_KINDS} AND kind = ?", [search.kind], from_id, fits, told)
    if search.account:
        return _walk("account_id = ?", [search.account], from_id, fits, told)
    return _walk("", [], from_id, fits, told)


def _walk(of: str, named: Sequence[Any], from_id: str, fits: str, told: Sequence[Any]) -> _Way:
    def look(connection: Connection, before: str, limit: int) -> _Chunk:
        own = f"{of} AND " if of else ""
        query = f"SELECT id, {fits} FROM messages WHERE {own}id < ? AND id >= ? ORDER BY id DESC LIMIT ?"
        rows = fetch(connection, query, [*told, *named, before, from_id, limit])
        return [(row[0], bool(row[1])) for row in rows]

    return look


def _by_status(
    of: str, search: Search, from_id: str, fits: str, told: Sequence[Any], *, is_sorted: bool = True
) -> _Way:
    """Those of a partial index."""
    if is_sorted:
        if "held" in of and search.account:
            return _walk(f"{of} AND account_id = ?", [search.account], from_id, fits, told)
        return _walk(of, [], from_id, fits, told)

    def look(connection: Connection, before: str, limit: int) -> _Chunk:
        query = (
            f"SELECT id, {fits} FROM messages WHERE {of} AND id || '' < ? AND id || '' >= ? "
            "ORDER BY id || '' DESC LIMIT ?"
        )
        rows = fetch(connection, query, [*told, before, from_id, limit])
        return [(row[0], bool(row[1])) for row in rows]

    return look


def _merged(ways: Sequence[_Way]) -> _Way:
    """Several ways as one, each with messages of its own."""

    def look(connection: Connection, before: str, limit: int) -> _Chunk:
        chunks = [way(connection, before, limit) for way in ways]
        return list(merge(*chunks, reverse=True))[:limit]

    return look


def _by_problem(fingerprint: str, from_id: str, fits: str, told: Sequence[Any]) -> _Way:
    def look(connection: Connection, before: str, limit: int) -> _Chunk:
        query = (
            "SELECT DISTINCT message_id FROM faults WHERE fingerprint = ? AND message_id < ? AND message_id >= ? "
            "ORDER BY message_id DESC LIMIT ?"
        )
        there = [row[0] for row in fetch(connection, query, [fingerprint, before, from_id, limit])]
        return _judged(connection, there, fits, told)

    return look


def _by_words(search: Search, from_id: str, exact: Sequence[str], fits: str, told: Sequence[Any]) -> _Way | None:
    try:
        words: Wanted | None = wanted(search.q)
    except BadQuery:  # what has no word may be a key
        words = None
    if words is None and not exact:
        return None

    def look(connection: Connection, before: str, limit: int) -> _Chunk:
        there: list[str] = []
        if words is not None:
            there = search_words.found_by(connection, words, search.account, before, from_id, limit)
        lowest = there[-1] if there else from_id  # what is exact and older comes when those before it have come
        there = sorted({*there, *(one for one in exact if max(lowest, from_id) <= one < before)}, reverse=True)
        return _judged(connection, there, fits, told)

    return look


def _judged(connection: Connection, message_ids: Sequence[str], fits: str, told: Sequence[Any]) -> _Chunk:
    """Each of these, which are in their order, with whether it fits. (Which isn't there doesn't.)"""
    if not message_ids:
        return []
    query = f"SELECT id, {fits} FROM messages WHERE {one_of(connection, 'id')}"
    fitting = {row[0] for row in fetch(connection, query, [*told, values(connection, message_ids)]) if row[1]}
    return [(one, one in fitting) for one in message_ids]


def _condition(search: Search) -> tuple[str, list[Any]]:
    """What a message has to be like for the filters that can be told of it alone, and its parameters."""
    told: list[Any] = []
    conditions: list[str] = []

    def has(condition: str, *named: Any) -> None:
        conditions.append(condition)
        told.extend(named)

    if search.account:
        has("account_id = ?", search.account)
    if search.statuses is not None:
        statuses = sorted(search.statuses)
        has(f"status IN ({marks(len(statuses))})", *statuses)
    if search.kind == UNREAD:
        has("kind IS NULL")
    elif search.kind:
        has("coalesce(kind, '') = ?", search.kind)
    if search.lane:
        has("lane = ?", LANES.index(search.lane))
    if search.test:  # null until it is read
        marked = "coalesce(is_test, 0)"
        has(f"(test = 1 OR {marked} = 1)" if search.test == "yes" else f"(test = 0 AND {marked} = 0)")
    if search.late:
        has("due_at < ? AND test = 0 AND coalesce(is_test, 0) = 0", now_us())
    if search.problem:
        has(
            "EXISTS (SELECT 1 FROM faults f WHERE f.message_id = messages.id AND f.run = messages.run "
            "AND f.fingerprint = ?)",
            search.problem,
        )
    return (f"({' AND '.join(conditions)})", told) if conditions else ("(1 = 1)", [])
