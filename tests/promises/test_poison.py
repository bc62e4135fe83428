"""Poison is set apart after a few tries; its neighbours are answered and the workers live on."""

from __future__ import annotations

from tests.harness.scenarios.poison import poison_is_set_apart
from tests.harness.site import Site


def test_poison_is_set_apart(sqlite_site: Site) -> None:
    poison_is_set_apart(sqlite_site, orders=30, poisonous=1)
