"""2,000 orders of one account and then one of another: the one is answered before a twentieth of the 2,000 are."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.fairness import PAIRS, Order, one_comes_while_many_drain, one_is_not_behind_many
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize(("many", "one"), PAIRS, ids=["high-then-bulk", "bulk-then-standard"])
def test_one_is_not_behind_many(site: Site, many: Order, one: Order) -> None:
    one_is_not_behind_many(site, many, one)


def test_one_comes_while_many_drain(site: Site) -> None:
    one_comes_while_many_drain(site, *PAIRS[0])
