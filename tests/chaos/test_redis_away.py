"""Redis away for a minute under load, flushed twenty times, deleted five times."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.redis_away import orders_survive_without_redis
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_orders_survive_without_redis(site: Site) -> None:
    """The minute once: what is kept meanwhile, and how it is found again, is the same on both databases."""
    away_seconds = 60 if site.kind == "sqlite" else 5
    orders_survive_without_redis(site, away_seconds=away_seconds, flushes=20, deletions=5)
