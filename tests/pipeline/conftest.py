"""The gateway of the examples, with their accounts and catalogue: on SQLite, or on either database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from tests.examples.conftest import filled, gateway, today
from tests.examples.small_gateway import SmallGateway, fill
from tests.store.conftest import database_url, postgres

__all__ = ["database_url", "filled", "gateway", "on_either", "postgres", "today"]


@pytest.fixture
def on_either(database_url: str, tmp_path: Path, today: time_machine.Traveller) -> Iterator[SmallGateway]:
    """A gateway on SQLite, and one on PostgreSQL."""
    fill(database_url)
    opened = SmallGateway.at(database_url, tmp_path)
    yield opened
    opened.close()
