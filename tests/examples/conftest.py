"""A fresh gateway for each example, on the day of the examples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from tests.examples.small_gateway import TODAY, SmallGateway, filled_database


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the catalogue and the accounts, to be copied."""
    return filled_database(tmp_path_factory.mktemp("filled") / "gateway.db")


@pytest.fixture
def today() -> Iterator[time_machine.Traveller]:
    """The day of the examples; leases and waits go by the monotonic clock, which goes on."""
    with time_machine.travel(TODAY) as traveller:
        yield traveller


@pytest.fixture
def gateway(filled: Path, tmp_path: Path, today: time_machine.Traveller) -> Iterator[SmallGateway]:
    """A gateway of its own."""
    opened = SmallGateway(filled, tmp_path)
    yield opened
    opened.close()
