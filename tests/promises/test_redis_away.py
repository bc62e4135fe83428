"""Redis away, flushed, deleted: no 5xx, nothing lost."""

from __future__ import annotations

from tests.harness.scenarios.redis_away import orders_survive_without_redis
from tests.harness.site import Site


def test_orders_survive_without_redis(sqlite_site: Site) -> None:
    orders_survive_without_redis(sqlite_site, away_seconds=2, flushes=2, deletions=1)
