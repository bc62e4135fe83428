"""What of an order's weight a correction changes, and so whom else it needs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.resubmitting.comparing import EVERYTHING, touched
from gateway.store.resubmissions import Difference


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/note", ()),
        ("/lines/*/quantity", ("quantity",)),
        ("/lines/*/price/amount", ("price",)),
        ("/currency", ("price",)),
        ("/ship_to/address/street", ("ship_to",)),
        ("/lines/*/ship_to/id", ("ship_to",)),
        ("/lines/*/gtin", ("item",)),
        ("/lines", EVERYTHING),
        ("/function", EVERYTHING),
        ("/order_type", EVERYTHING),
        ("/test", EVERYTHING),
    ],
)
def test_what_it_touches_is_told_by_the_fields_that_differ(path: str, wanted: Sequence[str]) -> None:
    assert touched([Difference(path, "before", "after")]) == tuple(wanted)
