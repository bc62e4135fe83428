"""A changed line: what the change says, and of the rest what stands."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.trade.merging import contradictions, merged
from schemas.documents.order import OrderLine

DAY, ANOTHER_DAY = {"start": "2026-12-01"}, {"start": "2026-12-08"}
WHOLE: dict[str, Any] = {
    "line_number": "1",
    "buyer_line_reference": "R-1",
    "buyer_item": "A",
    "seller_item": "S",
    "gtin": "4006381333931",
    "description": "bolts",
    "quantity": "4",
    "unit": "DOOS",
    "unit_code": "XBX",
    "pack_size": "50",
    "pack_unit": "STUK",
    "pack_unit_code": "C62",
    "price": {"amount": "6.00"},
    "ship_to": {"id": "YARD-2"},
    "requested_delivery": DAY,
    "schedule": [{"quantity": "2"}, {"quantity": "2"}],
    "partial_allowed": False,
    "backorder_allowed": True,
    "charges": [{"is_charge": True, "amount": "1"}],
    "note": "careful",
    "extensions": [{"name": "x", "value": "1"}],
}

NO_PACK = {"pack_size": None, "pack_unit": None, "pack_unit_code": None}


def line(**said: Any) -> OrderLine:
    return OrderLine.model_validate({"line_number": "1", "quantity": "4", **said})


def test_a_quantity_alone_changes_nothing_else() -> None:
    after = merged(line(**WHOLE), line(action="change", quantity="9"))
    assert after == line(**{**WHOLE, "quantity": "9"})


def test_null_and_empty_say_nothing() -> None:
    said = {name: value for name, value in WHOLE.items() if name not in ("line_number", "quantity")}
    nothing: dict[str, Any] = {name: [] if isinstance(value, list) else None for name, value in said.items()}
    assert merged(line(**WHOLE), line(**nothing)) == line(**WHOLE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("buyer_line_reference", "R-2"),
        ("description", "nuts"),
        ("price", {"amount": "7.00"}),
        ("ship_to", {"id": "YARD-1", "name": "Main"}),
        ("requested_delivery", ANOTHER_DAY),
        ("schedule", [{"quantity": "1"}, {"quantity": "3"}]),
        ("partial_allowed", True),
        ("backorder_allowed", False),
        ("charges", [{"is_charge": False, "amount": "2"}]),
        ("note", "quick"),
        ("extensions", [{"name": "y", "value": "2"}]),
    ],
)
def test_what_it_says_is_taken(name: str, value: Any) -> None:
    assert merged(line(**WHOLE), line(**{name: value})) == line(**{**WHOLE, name: value})


def test_another_item_brings_its_own_names() -> None:
    gone = {"seller_item": None, "gtin": None, "description": None, **NO_PACK, "price": None}
    assert merged(line(**WHOLE), line(buyer_item="B")) == line(**{**WHOLE, **gone, "buyer_item": "B"})


@pytest.mark.parametrize(
    "pack",
    [
        {"pack_size": "24"},
        {"pack_size": "50"},
        {"pack_size": "50", "pack_unit": "DOOS"},
        {"pack_size": "1", "pack_unit": "DOOS", "pack_unit_code": "XBX"},
    ],
)
@pytest.mark.parametrize("other", [{}, {"buyer_item": "B"}, {"unit": "PALLET"}])
def test_a_pack_size_counts_what_is_said_with_it(pack: dict[str, Any], other: dict[str, Any]) -> None:
    after = merged(line(**WHOLE), line(**pack, **other))
    assert _pack_of(after) == _pack_of(line(**pack))


@pytest.mark.parametrize("stray", [{"pack_unit": "DOOS"}, {"pack_unit_code": "XBX"}])
def test_what_a_pack_counts_says_nothing_without_its_size(stray: dict[str, Any]) -> None:
    assert merged(line(**WHOLE), line(**stray)) == line(**WHOLE)


def _pack_of(one: OrderLine) -> tuple[Any, ...]:
    return tuple(getattr(one, name) for name in NO_PACK)


def test_one_more_name_of_the_item_is_added() -> None:
    before = line(buyer_item="A", unit="DOOS", price={"amount": "6.00"})
    assert merged(before, line(gtin="4006381333931")) == before.model_copy(update={"gtin": "4006381333931"})


def test_a_price_that_is_not_repeated_is_of_the_unit_it_was_for() -> None:
    after = merged(line(**WHOLE), line(quantity="100", unit="STUK"))
    assert (after.unit, after.unit_code, *_pack_of(after)) == ("STUK", None, None, None, None)
    assert after.price == line(price={"amount": "6.00", "unit": "DOOS", "unit_code": "XBX"}).price


def test_the_same_unit_again_changes_nothing() -> None:
    assert merged(line(**WHOLE), line(unit="DOOS")) == line(**WHOLE)
    assert merged(line(**WHOLE), line(unit_code="XBX")) == line(**WHOLE)


# --- what doesn't go together ----------------------------------------------------------------------------------------
PER_HUNDRED = {"amount": "12.00", "base_quantity": "100", "unit": "STUK"}


@pytest.mark.parametrize(
    ("before", "change", "unclear"),
    [
        ({"price": PER_HUNDRED}, {"price": {"amount": "11.00"}}, ["price"]),
        ({"price": PER_HUNDRED}, {"price": {"amount": "11.00", "base_quantity": "100"}}, ["price"]),
        ({"price": PER_HUNDRED}, {"price": {"amount": "11.00", "base_quantity": "1", "unit": "DOOS"}}, []),
        ({"price": {"amount": "12.00", "base_quantity": "2"}}, {"price": {"amount": "11.00"}}, ["price"]),
        ({"price": {"amount": "6.00", "unit": "DOOS"}}, {"price": {"amount": "5.00"}}, []),
        ({"price": {"amount": "6.00"}}, {"price": {"amount": "5.00"}}, []),
        ({"price": PER_HUNDRED}, {"buyer_item": "B", "price": {"amount": "11.00"}}, []),
        ({"schedule": WHOLE["schedule"]}, {"requested_delivery": DAY}, ["requested_delivery"]),
        ({"schedule": WHOLE["schedule"], "requested_delivery": DAY}, {"requested_delivery": DAY}, []),
        ({"schedule": WHOLE["schedule"]}, {"requested_delivery": DAY, "schedule": WHOLE["schedule"]}, []),
        ({}, {"requested_delivery": DAY}, []),
    ],
)
def test_what_does_not_go_together(before: dict[str, Any], change: dict[str, Any], unclear: list[str]) -> None:
    stands = line(buyer_item="A", unit="DOOS", **before)
    assert [name for name, _ in contradictions(stands, line(**change))] == unclear


def test_the_same_amount_again_is_the_same_price() -> None:
    before = line(buyer_item="A", unit="DOOS", price=PER_HUNDRED)
    assert list(contradictions(before, line(price={"amount": "12.0"}))) == []
    assert merged(before, line(price={"amount": "12.0"})) == before
