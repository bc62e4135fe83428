"""The conformance suite's stores: every test here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.store.store import Store
from tests.store.postgres import fresh_database, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """One PostgreSQL server for the test process."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'gateway.db'}"
        return
    with fresh_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def with_tables(postgres: Any) -> Iterator[str]:
    """A PostgreSQL database with today's tables and nothing in them, to be copied: in a third of the time that the
    migrations take."""
    with fresh_database(postgres) as url:
        made = Store(url)
        made.upgrade()
        made.close()
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with its tables."""
    with ExitStack() as closing:
        url = f"sqlite:///{tmp_path / 'gateway.db'}"
        if request.param == "postgresql":
            postgres, like = (request.getfixturevalue(name) for name in ("postgres", "with_tables"))
            url = closing.enter_context(fresh_database(postgres, like=like))
        opened = Store(url)
        opened.upgrade()
        yield opened
        opened.close()
