"""The conformance suite's stores: every test here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.store.store import Store
from tests.harness.new_database import new_sqlite
from tests.store.postgres import fresh_database, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """One PostgreSQL server for the test process."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_with_tables(postgres: Any) -> Iterator[str]:
    """A PostgreSQL database with its tables, to be copied."""
    with fresh_database(postgres) as url:
        store = Store(url)
        store.upgrade()
        store.close()
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of either kind, with its tables."""
    if request.param == "sqlite":
        yield new_sqlite(tmp_path / "gateway.db")
        return
    postgres, like = (request.getfixturevalue(name) for name in ("postgres", "postgres_with_tables"))
    with fresh_database(postgres, like=like) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of either kind that nothing is in yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'gateway.db'}"
        return
    with fresh_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A store with its tables."""
    opened = Store(database_url)
    yield opened
    opened.close()
