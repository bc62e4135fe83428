"""The index of the words that messages are found by: a row for each message that was settled since there is one.

On SQLite it is FTS5, which keeps no text; a message's row has a number there that sorts as the message's id does, so
that the newest are found first, however many there are. On PostgreSQL it is a GIN index over our own words (its parser
would make others of them). What a search asks is in `gateway.searching.words`; an account's id is one word more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy.engine import Connection

from gateway.searching.words import Wanted
from gateway.store.statements import fetch, one_of, run, values

_ACCOUNT = "="
"""Stands before an account's id: in no word of ours."""
_EPOCH_MS = 1_577_836_800_000
"""2020, in milliseconds since 1970: a number has 40 bits of these, 12 of an id's microseconds and 11 to tell apart what
came in the same one, and so lasts until 2054."""
_SLOT_BITS = 11
_SLOTS = 1 << _SLOT_BITS
_LAST_NUMBER = 2**63 - 1
_WALKED_FIRST = (400, 3_000)
"""On PostgreSQL so many of the newest are looked at one by one before the index is asked: it has all messages of a word
that is in each of them."""

_WALKED_ON = 20_000
"""So many where many are wanted, or words are common. Words that a quarter of those that are wanted are found by, the
index has too often to be asked."""
_COMMON = 100_000
"""Words that so many messages have take the index too long: it sorts all of them (300 ms for a million)."""


class Words(NamedTuple):
    """What a message is found by: its words, each once, between spaces."""

    message_id: str
    account_id: str
    words: str
    is_new: bool
    """Whether it can't be there from an earlier run."""


def write_words(connection: Connection, rows: Sequence[Words]) -> None:
    """Have these messages found by these words, and by no others."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        numbers = _numbers(connection, [one.message_id for one in rows])
        run(
            connection,
            "INSERT OR REPLACE INTO search_words_messages (number, message_id) VALUES (?, ?)",
            [(numbers[one.message_id], one.message_id) for one in rows],
        )
        run(
            connection,
            "INSERT OR REPLACE INTO search_words (rowid, words) VALUES (?, ?)",
            [(numbers[one.message_id], f"{_account_word(one.account_id)} {one.words}") for one in rows],
        )
        return
    forget(connection, [one.message_id for one in rows if not one.is_new])
    run(
        connection,
        "INSERT INTO search_words (message_id, words) SELECT * FROM unnest(?::text[], ?::tsvector[])",
        [(values(connection, [one.message_id for one in rows]), values(connection, map(_vector, rows)))],
    )


def forget(connection: Connection, message_ids: Collection[str]) -> None:
    """Have these messages found by no words any more. On SQLite what they were is gone from the file as the index
    merges its parts, at the latest with `squeeze`."""
    if not message_ids:
        return
    if connection.dialect.name == "sqlite":
        numbers = [(number,) for number in _numbers(connection, message_ids, known_only=True).values()]
        run(connection, "DELETE FROM search_words WHERE rowid = ?", numbers)
        run(connection, "DELETE FROM search_words_messages WHERE number = ?", numbers)
        return
    gone = f"DELETE FROM search_words WHERE {one_of(connection, 'message_id')}"
    run(connection, gone, [(values(connection, message_ids),)])


def known(connection: Connection, message_ids: Collection[str]) -> set[str]:
    """Those of these messages that have a row."""
    if connection.dialect.name == "sqlite":
        return set(_numbers(connection, message_ids, known_only=True))
    query = f"SELECT message_id FROM search_words WHERE {one_of(connection, 'message_id')}"
    return {row[0] for row in fetch(connection, query, [values(connection, message_ids)])}


def squeeze(connection: Connection) -> None:
    """Write SQLite's index anew, without what was forgotten. It takes seconds for a million messages, and writers wait
    for it; PostgreSQL does the same by itself."""
    if connection.dialect.name == "sqlite":
        run(connection, "INSERT INTO search_words (search_words) VALUES ('optimize')", [()])


def first_of_time(message_id: str) -> int:
    """The lowest number of what came in the same microsecond as this message."""
    try:
        at = max(0, int(message_id[:12], 16) - _EPOCH_MS) << 12 | int(message_id[12:15] or "0", 16)
    except ValueError:
        return 0
    return min(at << _SLOT_BITS, _LAST_NUMBER - _SLOTS + 1)


def found_by(
    connection: Connection, wanted: Wanted, account_id: str, before: str, from_id: str, limit: int
) -> list[str]:
    """Up to `limit` messages that are found by these words, newest first, behind `before` and none older than
    `from_id`; fewer, though there are more behind them, where words are common, and none where there are none."""
    if connection.dialect.name == "sqlite":
        return _found_in_fts(connection, wanted, account_id, before, from_id, limit)
    for most in _WALKED_FIRST:
        if limit <= most // 4:
            found = _found_on_the_way(connection, wanted, account_id, before, from_id, most)
            if len(found) >= limit:
                return found[:limit]
    is_much = limit > _WALKED_FIRST[-1] // 4  # the newest had it often, or nobody would ask for so many
    if is_much or _is_common(connection, wanted, account_id):
        found = _found_on_the_way(connection, wanted, account_id, before, from_id, _WALKED_ON)
        if len(found) >= max(1, limit // 4):
            return found[:limit]
    # No plan by the ids' order, nor by their index: it would look at each. (PostgreSQL took it as soon as the statement
    # was prepared, when it knows neither words nor ids.)
    query = (
        "SELECT message_id FROM search_words WHERE words @@ ?::tsquery AND message_id || '' < ? "
        "AND message_id || '' >= ? ORDER BY message_id || '' DESC LIMIT ?"
    )
    return [row[0] for row in fetch(connection, query, [_tsquery(wanted, account_id), before, from_id, limit])]


def _is_common(connection: Connection, wanted: Wanted, account_id: str) -> bool:
    """Whether PostgreSQL takes them for words of very many messages, by what it has counted of a sample."""
    query = "EXPLAIN (FORMAT JSON) SELECT 1 FROM search_words WHERE words @@ ?::tsquery"
    ((plan,),) = fetch(connection, query, [_tsquery(wanted, account_id)])
    return bool(plan[0]["Plan"]["Plan Rows"] >= _COMMON)


def _found_on_the_way(
    connection: Connection, wanted: Wanted, account_id: str, before: str, from_id: str, most: int
) -> list[str]:
    query = (
        "SELECT message_id FROM (SELECT message_id, words FROM search_words WHERE message_id < ? AND message_id >= ? "
        "ORDER BY message_id DESC LIMIT ?) newest WHERE words @@ ?::tsquery"
    )
    rows = fetch(connection, query, [before, from_id, most, _tsquery(wanted, account_id)])
    return sorted((row[0] for row in rows), reverse=True)


# --- SQLite ----------------------------------------------------------------------------------------------------------
def _found_in_fts(
    connection: Connection, wanted: Wanted, account_id: str, before: str, from_id: str, limit: int
) -> list[str]:
    """By their numbers. Of what came in the same microsecond, as the orders of one body do, numbers don't tell which
    is first: all of it is read, and sorted by the ids."""
    match, low, high = _match(wanted, account_id), first_of_time(from_id), first_of_time(before) + _SLOTS
    while True:
        rows = _matching(connection, match, low, high, limit)
        is_full = len(rows) == limit
        if is_full:
            last = rows[-1][0] >> _SLOT_BITS << _SLOT_BITS
            together = _matching(connection, match, max(low, last), min(high, last + _SLOTS), _SLOTS)
            rows = [row for row in rows if row[0] >= last + _SLOTS] + together
            high = last
        found = sorted((row[1] for row in rows if from_id <= row[1] < before), reverse=True)
        if found or not is_full:  # else all that was read came with `before`, and behind it
            return found


def _matching(connection: Connection, match: str, low: int, high: int, limit: int) -> list[tuple[int, str]]:
    query = (
        "SELECT w.rowid, m.message_id FROM search_words w CROSS JOIN search_words_messages m ON m.number = w.rowid "
        "WHERE w.search_words MATCH ? AND w.rowid >= ? AND w.rowid < ? ORDER BY w.rowid DESC LIMIT ?"
    )
    return fetch(connection, query, [match, low, min(high, _LAST_NUMBER), limit])


def _numbers(connection: Connection, message_ids: Collection[str], *, known_only: bool = False) -> dict[str, int]:
    """Message → its number, or one that is free."""
    starts = {one: first_of_time(one) for one in message_ids}
    query = (
        "SELECT m.message_id, m.number FROM json_each(?) start CROSS JOIN search_words_messages m "
        f"ON m.number BETWEEN start.value AND start.value + {_SLOTS - 1}"
    )
    taken = dict(fetch(connection, query, [json.dumps(sorted(set(starts.values())))]))
    found = {one: taken[one] for one in message_ids if one in taken}
    if known_only:
        return found
    used = set(taken.values())
    for one in message_ids:
        if one not in found:
            found[one] = next(number for number in _tried(starts[one], one) if number not in used)
            used.add(found[one])
    return found


def _tried(start: int, message_id: str) -> Iterator[int]:
    """A body has fewer orders than there are places in one microsecond."""
    try:
        wished = int(message_id[15:18] or "0", 16) % _SLOTS
    except ValueError:
        wished = 0
    yield from range(start + wished, start + _SLOTS)
    yield from range(start, start + wished)


def _match(wanted: Wanted, account_id: str) -> str:
    asked = [f'"{one}"' for one in _all_words(wanted, account_id)]
    if wanted.beginning is not None:
        asked.append(f'"{wanted.beginning}" *')
    return " AND ".join(asked)


# --- PostgreSQL ------------------------------------------------------------------------------------------------------
def _vector(row: Words) -> str:
    return " ".join([f"'{one}'" for one in (_account_word(row.account_id), *row.words.split(" ")) if one])


def _tsquery(wanted: Wanted, account_id: str) -> str:
    asked = [f"'{one}'" for one in _all_words(wanted, account_id)]
    if wanted.beginning is not None:
        asked.append(f"'{wanted.beginning}':*")
    return " & ".join(asked)


def _all_words(wanted: Wanted, account_id: str) -> list[str]:
    return [*([_account_word(account_id)] if account_id else []), *wanted.words]


def _account_word(account_id: str) -> str:
    """Without what either database takes for a sign of its own; no account's id has any of it."""
    return _ACCOUNT + "".join(one for one in account_id if one.isalnum() or one in "-._")
