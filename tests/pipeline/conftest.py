"""The gateway of the examples, with their accounts and catalogue: on SQLite, or on either database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.examples.conftest import filled, gateway, today
from tests.examples.small_gateway import TODAY, SmallGateway, fill, filled_database
from tests.store.conftest import database_url, empty_database_url, postgres, postgres_with_tables
from tests.store.postgres import fresh_database

__all__ = [
    "database_url",
    "empty_database_url",
    "filled",
    "gateway",
    "on_either",
    "postgres",
    "postgres_with_tables",
    "today",
]


_BEFORE = TODAY - timedelta(minutes=1)
"""It is known before anything of an example is sent."""


@pytest.fixture(scope="session")
def filled_postgres(postgres: Any) -> Iterator[str]:
    """A PostgreSQL database with the catalogue and the accounts, to be copied."""
    with fresh_database(postgres) as url:
        with time_machine.travel(_BEFORE):
            fill(url)
        yield url


@pytest.fixture(scope="session")
def filled_today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in SQLite."""
    with time_machine.travel(_BEFORE):
        return filled_database(tmp_path_factory.mktemp("filled") / "gateway.db")


@pytest.fixture(params=["sqlite", "postgresql"])
def on_either(request: pytest.FixtureRequest, tmp_path: Path, today: time_machine.Traveller) -> Iterator[SmallGateway]:
    """A gateway on SQLite, and one on PostgreSQL."""
    with ExitStack() as closing:
        url = f"sqlite:///{tmp_path / 'gateway.db'}"
        if request.param == "postgresql":
            postgres, like = (request.getfixturevalue(name) for name in ("postgres", "filled_postgres"))
            url = closing.enter_context(fresh_database(postgres, like=like))
        else:
            shutil.copyfile(request.getfixturevalue("filled_today"), tmp_path / "gateway.db")
        opened = SmallGateway.at(url, tmp_path)
        yield opened
        opened.close()
