"""A mapping published mid-flight: a message runs wholly under one revision, and says which."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.publishing import orders_run_under_one_revision
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_orders_run_under_one_revision(site: Site) -> None:
    orders_run_under_one_revision(site, publishes=50, orders_each=30)
