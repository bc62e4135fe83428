"""Leases and delays don't follow the wall clock: PostgreSQL's clock there, boot id and monotonic clock on SQLite."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.clock import leases_ignore_the_wall_clock
from tests.harness.site import Site


@pytest.mark.parametrize("minutes", [10, -10])
def test_leases_ignore_the_wall_clock(site: Site, minutes: int) -> None:
    leases_ignore_the_wall_clock(site, minutes)
