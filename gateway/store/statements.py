"""Plain SQL on the driver's own cursor, written once with `?` for both databases.

SQLAlchemy opens the connection and its transaction; the statements go past it, because its work around each one costs
ten times what the driver takes for a short one (30 µs against 3, measured), and a batch has some thirty of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Context, Decimal
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import Connection


def insert(connection: Connection, table: Table, rows: Sequence[Sequence[Any]], *, skip_conflicts: bool = False) -> int:
    """Insert rows given in the table's column order (serial keys left out); the number inserted.

    PostgreSQL takes many rows by COPY, in a quarter of the time that it takes for as many inserts; where they have
    bytes in its binary format, which sends a document as it is and not as twice as many digits.
    """
    if not rows:
        return 0
    if connection.dialect.name == "sqlite" or skip_conflicts or len(rows) == 1:
        return run(connection, _insert_text(table, connection.dialect.name, skip_conflicts), rows)
    cursor = _cursor(connection)
    text, types = _copy(table)
    with cursor, cursor.copy(text) as copying:
        if types:
            copying.set_types(types)
        for row in rows:
            copying.write_row(row)
    return len(rows)  # all or none


MOST_AT_ONCE = 256
"""Rows of one statement: SQLite takes 32,766 values in one."""


def insert_at_once(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """The same in one step: for a thread that has busy neighbours, because between two rows that it has SQLite insert
    it gives them Python's lock, and then waits for it."""
    if connection.dialect.name != "sqlite" or len(rows) < 2:
        insert(connection, table, rows)
        return
    for start in range(0, len(rows), MOST_AT_ONCE):
        some = rows[start : start + MOST_AT_ONCE]
        run(connection, _many_text(table, len(some)), [[value for row in some for value in row]])


def run(connection: Connection, text: str, rows: Sequence[Sequence[Any]]) -> int:
    """Run one statement, written with `?`, for every row; the number of rows it touched in all.

    One row is no pipeline: PostgreSQL doesn't end a transaction that freezes after one (its last word, a flush, stops
    the clock of `idle_in_transaction_session_timeout`).
    """
    if not rows:
        return 0
    cursor = _cursor(connection)
    try:
        if len(rows) == 1:
            cursor.execute(_native(text, connection.dialect.name), rows[0])
        else:
            cursor.executemany(_native(text, connection.dialect.name), rows)
        return int(cursor.rowcount)
    finally:
        cursor.close()


def update(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    also: str,
    only: str,
    parameters: Sequence[Any] = (),
) -> int:
    """Set these columns of many rows: each of `rows` has their values and then the row's `id`. The number set.

    `also` is set to the same in all of them; `only` those are touched for which that condition holds, whose `?` are
    `parameters`. PostgreSQL takes the values as arrays, in one statement.
    """
    if not rows:
        return 0
    if connection.dialect.name == "sqlite":
        settings = ", ".join(f"{column} = ?" for column in columns)
        text = f"UPDATE {table.name} SET {settings}, {also} WHERE id = ? AND {only}"
        return run(connection, text, [(*row, *parameters) for row in rows])
    named = (*columns, "id")
    arrays = ", ".join(f"?::{_postgres_type(table, column)}[]" for column in named)
    settings = ", ".join(f"{column} = new_{column}" for column in columns)
    renamed = ", ".join(f"new_{column}" for column in named)
    text = (
        f"UPDATE {table.name} SET {settings}, {also} FROM unnest({arrays}) AS new({renamed}) "
        f"WHERE id = new_id AND {only}"
    )
    return run(connection, text, [(*map(_array, zip(*rows, strict=True)), *parameters)])


_POSTGRESQL = PGDialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy has it


@lru_cache(maxsize=256)
def _postgres_type(table: Table, column: str) -> str:
    return str(table.columns[column].type.compile(_POSTGRESQL)).partition(" ")[0]


def fetch(connection: Connection, text: str, parameters: Sequence[Any] = ()) -> list[Any]:
    """All rows of a query written with `?`, as tuples."""
    cursor = _cursor(connection)
    try:
        cursor.execute(_native(text, connection.dialect.name), parameters)
        rows: list[Any] = cursor.fetchall()
    finally:
        cursor.close()
    return rows


def stream(connection: Connection, text: str) -> Iterator[Any]:
    """The rows of a query one after the other, as tuples, however many: a few hundred at a time are in memory. Inside a
    transaction; several may be read in turns."""
    if connection.dialect.name == "sqlite":
        cursor = _cursor(connection)
    else:
        driver: Any = connection.connection.driver_connection
        cursor = driver.cursor(f"stream_{next(_stream_numbers)}", binary=True)
        cursor.itersize = _STREAMED_AT_ONCE
    try:
        cursor.execute(text)
        yield from cursor
    finally:
        cursor.close()


_stream_numbers = count()
_STREAMED_AT_ONCE = 500


def _cursor(connection: Connection) -> Any:
    """The driver's cursor, inside whatever transaction the connection is in."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        return driver.cursor()
    return driver.cursor(binary=True)  # documents come as they are, not as twice as many hexadecimal digits


def one_of(connection: Connection, column: str) -> str:
    """The condition that the column has one of the values of one `?`, which `values` makes: one text for any number."""
    if connection.dialect.name == "sqlite":
        return f"{column} IN (SELECT value FROM json_each(?))"
    return f"{column} = ANY({_array_of('text')}::text[])"


def values(connection: Connection, texts: Iterable[str]) -> Any:
    """The parameter of `one_of`."""
    return json.dumps(list(texts)) if connection.dialect.name == "sqlite" else _array(texts)


def given(connection: Connection, rows: Sequence[Sequence[str | int]], *names: str) -> tuple[str, list[Any]]:
    """Rows to look up as a table with these columns, and its parameters: one text for any number of rows.

    On SQLite it stands first in a CROSS JOIN, so that each of the rows is one seek.
    """
    if connection.dialect.name == "sqlite":
        columns = ", ".join(f"value ->> {index} AS {name}" for index, name in enumerate(names))
        return f"(SELECT {columns} FROM json_each(?))", [json.dumps(rows)]
    types = ["text" if isinstance(value, str) else "bigint" for value in rows[0]]
    arrays = ", ".join(map(_array_of, types))
    text = f"(SELECT * FROM unnest({arrays}) AS given({', '.join(names)}))"
    return text, [_array(column) for column in zip(*rows, strict=True)]


def _array_of(kind: str) -> str:
    """A `?` for an array, whose length is kept from PostgreSQL's planner. Where it sees that an array is short it takes
    a plan for that length for the better one, and plans the statement anew each time: half a millisecond."""
    return f"(SELECT ?::{kind}[])"


def _array(items: Iterable[str | int | bytes | None]) -> str:
    """PostgreSQL's array as it is written. (The driver asks each item its type: 58 µs for 50 ids, against 6.)"""
    return "{" + ",".join([_item(item) for item in items]) + "}"


def _item(value: str | int | bytes | None) -> str:
    if isinstance(value, str):
        if "\\" in value or '"' in value:
            value = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{value}"'
    if value is None:
        return "NULL"
    return f'"\\\\x{value.hex()}"' if isinstance(value, bytes) else str(value)


def exact_sum(connection: Connection, expression: str) -> str:
    """The sum of decimals to the last digit, null where there are none; SQLite's own is a float's."""
    return f"exact_sum({expression})" if connection.dialect.name == "sqlite" else f"sum({expression})"


class ExactSum:
    """SQLite's `exact_sum`: of decimals that are kept as text."""

    def __init__(self) -> None:
        self._total: Decimal | None = None

    def step(self, value: str | None) -> None:
        """One more row."""
        if value is not None:
            self._total = _ALL_DIGITS.add(self._total or _NOTHING, Decimal(value))

    def finalize(self) -> str | None:
        """The sum as text."""
        return None if self._total is None else f"{self._total:f}"


_ALL_DIGITS, _NOTHING = Context(prec=1_000), Decimal(0)


def marks(count: int) -> str:
    """`?, ?, ?` for an IN list."""
    return ", ".join("?" * count)


_texts: dict[tuple[str, str, bool], str] = {}
_natives: dict[tuple[str, str], str] = {}


def _native(text: str, dialect: str) -> str:
    if dialect == "sqlite":
        return text
    found = _natives.get((text, dialect))
    if found is None:
        found = text.replace("%", "%%").replace("?", "%s")
        if len(_natives) < 2000:
            _natives[text, dialect] = found
    return found


def _insert_text(table: Table, dialect: str, skip_conflicts: bool) -> str:
    key = (table.name, dialect, skip_conflicts)
    if key not in _texts:
        columns = _columns(table)
        text = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks(len(columns))})"
        _texts[key] = text + (" ON CONFLICT DO NOTHING" if skip_conflicts else "")
    return _texts[key]


@lru_cache(maxsize=256)
def _many_text(table: Table, rows: int) -> str:
    columns = _columns(table)
    one = f"({marks(len(columns))})"
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {', '.join([one] * rows)}"


@lru_cache(maxsize=64)
def _copy(table: Table) -> tuple[str, list[str]]:
    """The statement, and the columns' types where it is binary. (Decimals are not: as text they take a third of it.)"""
    columns = _columns(table)
    text = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"
    types = [_postgres_type(table, column).lower() for column in columns]
    return (f"{text} (FORMAT BINARY)", types) if "bytea" in types and "numeric" not in types else (text, [])


def _columns(table: Table) -> list[str]:
    return [column.name for column in table.columns if column is not table.autoincrement_column]
