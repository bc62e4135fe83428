"""The tables of an earlier version: made empty, or today's taken back to them with what is in them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gateway.store.schema import alembic_config
from gateway.store.statements import fetch, run
from gateway.store.store import Store

Shape = dict[str, tuple[set[str], set[tuple[str | None, tuple[str | None, ...], bool]]]]


def upgrade_to(store: Store, version: str) -> None:
    """The tables as the program of that version had them."""
    from alembic import command

    with store.database.engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        connection.commit()


def take_back(store: Store, version: str) -> None:
    """Undo what came after this version, with the rows that are there: tables, columns and indexes that it didn't have
    go, and indexes that it had are back."""
    with tempfile.TemporaryDirectory() as folder:
        earlier = Store(f"sqlite:///{Path(folder) / 'earlier.db'}")
        upgrade_to(earlier, version)
        then, now = sa.inspect(earlier.database.engine), sa.inspect(store.database.engine)
        statements = list(_undone(then, now))
        if store.database.is_sqlite and "position" not in {one["name"] for one in then.get_columns("events")}:
            statements = _unnumbered(earlier, statements)
        earlier.close()
    with store.database.write() as connection:
        for statement in (*statements, f"UPDATE alembic_version SET version_num = '{version}'"):
            run(connection, statement, [()])


def _unnumbered(earlier: Store, statements: list[str]) -> list[str]:
    """The events' table as it was before its rows had numbers, which SQLite can't take away: made anew, and filled."""
    with earlier.database.read() as connection:
        (made,) = fetch(connection, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'events'")
    columns = "stream, number, at, kind, actor, body, hash"
    return [
        *(one for one in statements if "ALTER TABLE events DROP COLUMN position" not in one),
        "ALTER TABLE events RENAME TO events_now",
        made[0],
        f"INSERT INTO events ({columns}) SELECT {columns} FROM events_now",
        "DROP TABLE events_now",
    ]


def _undone(then: Any, now: Any) -> list[str]:
    gone = sorted(set(now.get_table_names()) - set(then.get_table_names()))
    statements = [f"DROP TABLE IF EXISTS {table}" for table in gone]  # FTS5 takes its own with it
    for table in sorted(set(then.get_table_names()) & set(now.get_table_names())):  # FTS5's are SQLite's alone
        before = {one["name"]: one for one in then.get_indexes(table)}
        after = {one["name"]: one for one in now.get_indexes(table) if not one.get("duplicates_constraint")}
        statements += [f"DROP INDEX {name}" for name in after if name not in before]
        columns = {one["name"] for one in then.get_columns(table)}
        added = [one["name"] for one in now.get_columns(table) if one["name"] not in columns]
        statements += [f"ALTER TABLE {table} DROP COLUMN {column}" for column in added]
        statements += [_index(table, one) for name, one in before.items() if name not in after]
    return statements


def _index(table: str, one: Any) -> str:
    unique = "UNIQUE " if one["unique"] else ""
    where = one.get("dialect_options", {}).get("sqlite_where")
    condition = f" WHERE {where}" if where is not None else ""
    return f"CREATE {unique}INDEX {one['name']} ON {table} ({', '.join(one['column_names'])}){condition}"


def shape(store: Store) -> Shape:
    """Table → its columns and indexes."""
    inspector = sa.inspect(store.database.engine)
    return {
        table: (
            {column["name"] for column in inspector.get_columns(table)},
            {(one["name"], tuple(one["column_names"]), bool(one["unique"])) for one in inspector.get_indexes(table)},
        )
        for table in inspector.get_table_names()
    }
