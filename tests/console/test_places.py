"""A fault of a mapping leads to the page where it is mended."""

from __future__ import annotations

import pytest

from gateway.console.places import mended_at
from schemas.faults import Fault


@pytest.mark.parametrize(
    ("location", "value", "place"),
    [
        ("items.csv", "NEVER-1 & more", "/accounts/acme/items?q=NEVER-1%20%26%20more"),
        ("sites.csv line 2", None, "/accounts/acme/sites?q="),
        ("order_map.yaml line 6 column 18", "x", "/accounts/acme/mapping?map=order_map.yaml#line-6"),
        ("account.yaml line 3", None, "/accounts/acme/terms/text"),
        ("samples/01.json", None, None),
    ],
)
def test_it_leads_there(location: str, value: str | None, place: str | None) -> None:
    assert mended_at("acme", Fault("bad_value", "wrong", "", location, value)) == place
