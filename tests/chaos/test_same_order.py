"""The same order 50 times at once, 200 keys."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.same_order import one_order_however_often
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_one_order_however_often(site: Site) -> None:
    one_order_however_often(site, keys=200)
