"""Killed just before and just after every commit: nothing lost, no second effect."""

from __future__ import annotations

from tests.harness.scenarios.boundaries import every_boundary_is_safe
from tests.harness.site import Site


def test_every_boundary_is_safe(site: Site) -> None:
    every_boundary_is_safe(site, orders_each=3, most=3)
