"""Redis away for a minute under load, flushed twenty times, deleted five times."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.redis_away import orders_survive_without_redis
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_orders_survive_without_redis(site: Site) -> None:
    orders_survive_without_redis(site, away_seconds=60, flushes=20, deletions=5)
