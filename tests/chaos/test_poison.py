"""Poison of every kind among many orders, on both databases."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.poison import poison_is_set_apart
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_poison_is_set_apart(site: Site) -> None:
    poison_is_set_apart(site, orders=300, poisonous=3)
