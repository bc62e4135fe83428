"""2,000 orders of one account and then one of another: the one is answered before a twentieth of the 2,000 are."""

from __future__ import annotations

from tests.harness.scenarios.fairness import PAIRS, one_is_not_behind_many
from tests.harness.site import Site


def test_one_is_not_behind_many(site: Site) -> None:
    one_is_not_behind_many(site, *PAIRS[0])
