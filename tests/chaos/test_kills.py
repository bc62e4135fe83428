"""The issue's own count: 1,000 orders, 20 workers, 5 web processes, 5 flushes and Redis deleted once."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.kills import Kills, orders_survive_kills
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_orders_survive_kills(site: Site) -> None:
    orders_survive_kills(site, Kills(orders=1_000, workers=20, webs=5, flushes=5))
