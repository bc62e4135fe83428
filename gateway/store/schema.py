"""Bringing a database to this program's version with alembic's migrations."""

from __future__ import annotations

import fcntl
import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from gateway.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0040"
"""The newest migration; a test holds it to the files."""


def upgrade(database: Database) -> None:
    """Run the migrations that are missing. Returns at once where there is none."""
    if database.is_sqlite and database.url.database:
        Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
    if version(database) == HEAD:
        return
    from alembic import command  # imported here: it costs a third of a second that a second start doesn't need

    with _alone(database), database.engine.connect() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7301985)")
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def alembic_config() -> Config:
    """Where the migrations are."""
    from alembic.config import Config

    config = Config()
    folder = str(resources.files("gateway.store") / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def version(database: Database) -> str | None:
    """The migration that the database is at; None where it has no tables."""
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))


class _alone:  # noqa: N801 reads as a word in `with _alone(...)`
    """One process at a time upgrades a SQLite file."""

    def __init__(self, database: Database) -> None:
        self._path = f"{database.url.database}.upgrade-lock" if database.is_sqlite else None
        self._descriptor = -1

    def __enter__(self) -> None:
        if self._path:
            self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        if self._path:
            os.close(self._descriptor)
