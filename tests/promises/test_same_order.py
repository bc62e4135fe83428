"""The same order 50 times at once: one order, one answer."""

from __future__ import annotations

from tests.harness.scenarios.same_order import one_order_however_often
from tests.harness.site import Site


def test_one_order_however_often(site: Site) -> None:
    one_order_however_often(site, keys=20)
