"""New databases with their tables, made by copying: the migrations run once for a process, not for each test."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from gateway.store.store import Store


def new_sqlite(path: Path) -> str:
    """The URL of a new database with its tables in this file."""
    path.write_bytes(_with_tables())
    return f"sqlite:///{path}"


@cache
def _with_tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gateway.db"
        store = Store(f"sqlite:///{path}")
        store.upgrade()
        store.close()
        return path.read_bytes()
