"""New databases with their tables, made by copying: the migrations run once for a process, not for each test."""

from __future__ import annotations

import contextlib
import tempfile
from functools import cache
from pathlib import Path

from gateway.store.database import Database
from gateway.store.schema import upgrade
from gateway.store.store import Store


def new_sqlite(path: Path) -> str:
    """The URL of a new database with its tables in this file."""
    path.write_bytes(_with_tables())
    return f"sqlite:///{path}"


def upgrade_by_copying(database: Database) -> None:
    """In place of `gateway.store.schema.upgrade`: a SQLite file that isn't there yet is copied, too."""
    named = database.url.database
    if database.is_sqlite and named and not Path(named).exists():
        Path(named).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # which the database then fails with as it would have
            new_sqlite(Path(named))
    upgrade(database)


@cache
def _with_tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gateway.db"
        store = Store(f"sqlite:///{path}")
        upgrade(store.database)
        store.close()
        return path.read_bytes()
