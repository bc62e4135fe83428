"""Fixtures of the fault-injection tests: a database of either kind, and the accounts on it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.store.store import Store
from tests.harness.site import Site
from tests.store.postgres import fresh_database, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """One PostgreSQL server for the test process."""
    with postgres_server(durable=True) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_with_tables(postgres: Any) -> Iterator[str]:
    """A PostgreSQL database with its tables, to be copied."""
    with fresh_database(postgres) as url:
        store = Store(url)
        store.upgrade()
        store.close()
        yield url


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short folder, so that the private Redis has its socket in its own place."""
    made = Path(tempfile.mkdtemp(prefix="gwchaos"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def sqlite_site(folder: Path) -> Iterator[Site]:
    """The three accounts on a new SQLite file."""
    with Site(folder, f"sqlite:///{folder / 'gateway.db'}") as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, folder: Path) -> Iterator[Site]:
    """The three accounts on a new database of either kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_site")
        return
    postgres, like = (request.getfixturevalue(name) for name in ("postgres", "postgres_with_tables"))
    with fresh_database(postgres, like=like) as url, Site(folder, url) as opened:
        yield opened
