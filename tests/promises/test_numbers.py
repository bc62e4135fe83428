"""Eight processes take response numbers while they are killed: none is given twice."""

from __future__ import annotations

from tests.harness.scenarios.numbers import no_number_twice
from tests.harness.site import Site


def test_no_number_twice(site: Site) -> None:
    no_number_twice(site, count=100)
