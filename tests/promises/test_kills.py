"""Killed workers, a killed web process, a flushed and a deleted Redis: nothing lost, nothing twice."""

from __future__ import annotations

from tests.harness.scenarios.kills import Kills, orders_survive_kills
from tests.harness.site import Site


def test_orders_survive_kills(site: Site) -> None:
    orders_survive_kills(site, Kills(orders=100, workers=2, webs=1, flushes=1))
