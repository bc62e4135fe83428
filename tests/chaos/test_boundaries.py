"""Every commit boundary, with batches of a worker's full size."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.boundaries import every_boundary_is_safe
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_every_boundary_is_safe(site: Site) -> None:
    every_boundary_is_safe(site, orders_each=60, most=8)
