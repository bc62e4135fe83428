"""Many values as one parameter come back as they were, on both databases."""

from __future__ import annotations

import pytest

from gateway.store.statements import fetch, given, insert, one_of, update, values
from gateway.store.store import Store
from gateway.store.tables import messages

NASTY = (
    "",
    "NULL",
    "null",
    '"',
    "\\",
    '\\"',
    "{}",
    "a,b",
    " spaced ",
    "two\nlines\r\t",
    "it's",
    "?%s",
    "ø水🜁",
    "\\x00",
)


def test_texts_to_look_for_are_found_to_the_letter(store: Store) -> None:
    with store.database.read() as connection:
        table, parameters = given(connection, [(text, number) for number, text in enumerate(NASTY)], "w_text", "w_no")
        rows = fetch(connection, f"SELECT w_text, w_no FROM {table} w", parameters)
        assert sorted(rows, key=lambda row: row[1]) == [(text, number) for number, text in enumerate(NASTY)]
        for text in NASTY:
            found = fetch(
                connection,
                f"SELECT 1 FROM {table} w WHERE w_no = ? AND {one_of(connection, 'w_text')}",
                [
                    *parameters,
                    NASTY.index(text),
                    values(connection, ["other", text]),
                ],
            )
            assert found == [(1,)]
            assert fetch(connection, f"SELECT 1 WHERE {one_of(connection, '?')}", [text, values(connection, [])]) == []


@pytest.mark.parametrize("bytes_", [b"", b'\0\1\\"{},\xff', b"x" * 40])
def test_an_update_of_many_sets_each_to_its_own(store: Store, bytes_: bytes) -> None:
    plain = dict.fromkeys((column.name for column in messages.columns), None) | {
        **dict.fromkeys(("account_id", "status", "source"), "x"),
        **dict.fromkeys(("test", "lane", "due_at", "received_at", "size", "run", "losses", "fence", "event_count"), 0),
        **dict.fromkeys(("payload_sha256", "event_hash"), b"-"),
    }
    with store.database.write() as connection:
        insert(connection, messages, [tuple((plain | {"id": f"m{n}"}).values()) for n in range(len(NASTY))])
        rows = [(text, None if n % 2 else n, bytes_, f"m{n}") for n, text in enumerate(NASTY)]
        columns = ("order_number", "settled_at", "event_hash")
        only, parameters = "status = ?", ["x"]
        told = {"also": "lease_id = NULL", "only": only, "parameters": parameters}
        assert update(connection, messages, columns, rows, **told) == len(NASTY)
    with store.database.read() as connection:
        found = fetch(connection, "SELECT order_number, settled_at, event_hash, id FROM messages")
    assert sorted((*row[:2], bytes(row[2]), row[3]) for row in found) == sorted(rows)
