"""An account whose orders are held, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.builders import services_at
from tests.fixing.held_orders import Held
from tests.store.conftest import database_url, postgres, postgres_with_tables

__all__ = ["database_url", "held", "on_either", "postgres", "postgres_with_tables"]


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    opened = Held(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", f"unix://{tmp_path / 'nobody.sock'}"))
    yield opened
    opened.close()


@pytest.fixture
def on_either(database_url: str, tmp_path: Path) -> Iterator[Held]:
    opened = Held(services_at(database_url, f"unix://{tmp_path / 'nobody.sock'}"))
    yield opened
    opened.close()
