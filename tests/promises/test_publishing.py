"""A mapping published mid-flight: a message runs wholly under one revision, and says which."""

from __future__ import annotations

from tests.harness.scenarios.publishing import orders_run_under_one_revision
from tests.harness.site import Site


def test_orders_run_under_one_revision(sqlite_site: Site) -> None:
    """On both databases in ./test chaos."""
    orders_run_under_one_revision(sqlite_site, publishes=5, orders_each=20)
