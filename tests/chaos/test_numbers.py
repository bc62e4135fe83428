"""Eight processes take SSCCs and invoice numbers while they are killed: none is given twice, no invoice left out."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.numbers import no_number_twice
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_no_number_twice_and_no_invoice_left_out(site: Site) -> None:
    no_number_twice(site, count=1_000)
