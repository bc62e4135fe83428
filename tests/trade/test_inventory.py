"""What an account may still order of its items: which unit, which share, which sites, rounded which way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trade.inventory import Counted, PlannedItem, Share, line_of, planned_items, with_their_numbers
from gateway.trade.stock import Position, Stock
from mappings.compile import compile_catalogue
from mappings.revision import Catalogue, ItemRow, MappingRevision, Pack, Product, UnitRow
from schemas.documents.inventory_report import InventoryLine
from schemas.faults import Fault
from tests.mappings.small_world import CATALOGUE, OAT_CARTON, OAT_PIECE, map_order, order, revision, sku
from tests.trade.builders import decided, outcomes

TODAY = date(2026, 11, 26)
COUNTED_AT = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)


def planned(
    rows: Iterable[ItemRow], terms: MappingRevision | None = None, catalogue: Catalogue = CATALOGUE
) -> list[PlannedItem | Fault]:
    return list(planned_items(rows, terms or revision(), catalogue, TODAY))


def only(
    rows: Iterable[ItemRow], terms: MappingRevision | None = None, catalogue: Catalogue = CATALOGUE
) -> PlannedItem:
    (item,) = planned(rows, terms, catalogue)
    assert isinstance(item, PlannedItem)
    return item


def at(site: str, on_hand: object, **position: Any) -> Counted:
    told = {"reserved_other": Decimal(0), "next_receipt_date": None, "next_receipt_quantity": None, **position}
    return Counted(COUNTED_AT, Position("OAT-1L", site, 1, on_hand=Decimal(str(on_hand)), **told))


def line(item: PlannedItem, *counted: Counted, percent: int = 100) -> InventoryLine:
    return line_of(item, counted, Share("acme", percent, TODAY))


# --- the unit ----------------------------------------------------------------------------------------------------
def units(*rows: tuple[str, str | None, str, int], **terms: Any) -> MappingRevision:
    return revision(
        units=[UnitRow(word, product, unit, Decimal(factor)) for word, product, unit, factor in rows], **terms
    )


@pytest.mark.parametrize(
    ("rows", "terms", "unit", "code", "per_unit"),
    [
        ([sku("A", "OAT-1L", "CS", "EA", 12), sku("A", "OAT-1L", "XCS", "EA", 12)], units(), "CS", None, 12),
        ([sku("A", "OAT-1L", "XCS", "EA", 12)], units(), "XCS", "XCS", 12),
        ([sku("A", "OAT-1L")], units(("BOX", "OAT-1L", "XCT", 1), ("KT", None, "XCT", 1)), "BOX", "XCT", 12),
        ([sku("A", "OAT-1L")], units(("KT", None, "XCT", 1), policies={"default_unit": "EA"}), "EA", "EA", 1),
        ([sku("A", "OAT-1L")], units(("DZ", None, "EA", 12), policies={"default_unit": "DZ"}), "DZ", None, 12),
        ([sku("A", "FLOUR")], units(("KG", None, "KGM", 1), policies={"default_unit": "EA"}), "KG", "KGM", 1),
        ([sku("A", "OAT-1L")], units(("PL", None, "XPX", 1), ("KT", None, "XCT", 1)), "KT", "XCT", 12),
        ([sku("A", "OAT-1L")], units(), "XCT", "XCT", 12),
        ([sku("A", "MUG")], units(), "EA", "EA", 1),
    ],
)
def test_the_unit_is_by_the_most_specific_rule(
    rows: list[ItemRow], terms: MappingRevision, unit: str, code: str | None, per_unit: int
) -> None:
    item = only(rows, terms)
    assert (item.unit, item.unit_code, item.per_unit) == (unit, code, per_unit)


@pytest.mark.parametrize(
    ("rows", "terms", "code", "value"),
    [
        ([sku("A", "OAT-1L", "CS", "XBX", 1)], units(), "unknown_unit", "CS"),
        ([sku("A", "MUG")], units(("PL", "MUG", "XPX", 1)), "unknown_unit", "PL"),
        ([sku("A", "LOOSE", "EA", "EA", 1)], units(), "unknown_unit", "XCT"),
        ([sku("A", "NOTHING")], units(), "unknown_item", "A"),
        ([sku("A", "OAT-1L"), sku("A", "MUG")], units(), "item_conflict", "A"),
    ],
)
def test_what_cannot_be_counted_is_left_out_and_told(
    rows: list[ItemRow], terms: MappingRevision, code: str, value: str
) -> None:
    (fault,) = planned(rows, terms)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.value) == (code, value)
    assert "nothing is reported of A" in fault.detail


def test_an_item_is_a_number_that_is_in_force_today() -> None:
    rows = [
        ItemRow(None, OAT_PIECE, "OAT-1L"),
        ItemRow("NEW", None, "MUG", valid_from=TODAY + timedelta(days=1)),
        ItemRow("NOW", OAT_CARTON, "OAT-1L", valid_from=TODAY, valid_to=TODAY, description="Oats of ours"),
        ItemRow("NOW", OAT_CARTON, "MUG", valid_to=TODAY - timedelta(days=1)),
        ItemRow("OLD", None, "MUG", valid_to=TODAY - timedelta(days=1)),
    ]
    found = [item for item in planned(rows) if isinstance(item, PlannedItem)]
    assert [(item.buyer_item, item.gtin, item.product, item.description) for item in found] == [
        (None, OAT_PIECE, "OAT-1L", "Oat drink"),
        ("NOW", OAT_CARTON, "OAT-1L", "Oats of ours"),
    ]


def test_without_a_gtin_of_its_row_an_item_has_that_of_its_pack() -> None:
    assert only([sku("A", "OAT-1L")], units(policies={"default_unit": "EA"})).gtin == OAT_PIECE
    assert only([sku("A", "OAT-1L")]).gtin == OAT_CARTON
    assert only([sku("A", "OAT-1L", "CS", "EA", 12)]).gtin is None


# --- minimum and multiple ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("unit", "ours", "factor", "minimum", "multiple", "told"),
    [
        ("EA", "EA", 1, None, None, (None, "12")),
        ("EA", "EA", 1, "2", "3", ("36", "36")),
        ("CT", "XCT", 1, None, None, (None, None)),
        ("CT", "XCT", 1, "4", "3", ("6", "3")),
        ("PL", "XPX", 1, "2", "3", ("3", "3")),
        ("PL", "XPX", 1, "50", None, ("2", None)),
        ("TEN", "EA", 10, None, None, (None, "6")),
    ],
)
def test_minimum_and_multiple_are_in_the_accounts_unit(
    unit: str, ours: str, factor: int, minimum: str | None, multiple: str | None, told: tuple[str | None, str | None]
) -> None:
    oat = Product(
        "OAT-1L",
        "Oat drink",
        "EA",
        sales_unit="XCT",
        order_minimum=Decimal(minimum) if minimum else None,
        order_multiple=Decimal(multiple) if multiple else None,
    )
    catalogue = compile_catalogue(1, [oat], [Pack("OAT-1L", "XCT", Decimal(12)), Pack("OAT-1L", "XPX", Decimal(480))])
    item = only([sku("A", "OAT-1L", unit, ours, factor)], catalogue=catalogue)
    assert (item.order_minimum, item.order_multiple) == tuple(None if one is None else Decimal(one) for one in told)


def test_a_measure_has_them_as_they_are() -> None:
    flour = Product("FLOUR", "Flour", "KGM", order_minimum=Decimal("7.5"), order_multiple=Decimal("2.5"))
    item = only([sku("A", "FLOUR")], catalogue=compile_catalogue(1, [flour], []))
    assert (item.order_minimum, item.order_multiple) == (Decimal("7.5"), Decimal("2.5"))


# --- status ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "told", "quantity"),
    [
        ("active", "available", 40),
        ("announced", "out_of_stock", 0),
        ("blocked", "out_of_stock", 0),
        ("inactive", "out_of_stock", 0),
        ("discontinued", "discontinued", 0),
        ("replaced", "discontinued", 0),
    ],
)
def test_what_is_not_sold_can_not_be_ordered_whatever_is_there(status: str, told: str, quantity: int) -> None:
    catalogue = compile_catalogue(1, [Product("MUG", "Mug", "EA", status=status, lead_time_days=3)], [])
    found = line(only([sku("A", "MUG")], catalogue=catalogue), at("KIEL", 40))
    assert (found.status, found.quantity, found.lead_time_days) == (told, Decimal(quantity), 3)


def test_a_replacement_is_told_by_the_accounts_number_for_it() -> None:
    products = [
        Product("OLD", "Old", "EA", status="replaced", replaced_by="NEW"),
        Product("NEW", "New", "EA"),
        Product("LAST", "Last", "EA", status="discontinued", replaced_by="NOBODY"),
    ]
    rows = [sku("A", "OLD"), sku("B", "NEW"), sku("C", "NEW"), sku("D", "LAST")]
    found = [one for one in planned(rows, catalogue=compile_catalogue(1, products, [])) if isinstance(one, PlannedItem)]
    assert [line(one).replaced_by for one in with_their_numbers(found)] == ["B", None, None, "NOBODY"]


# --- quantities --------------------------------------------------------------------------------------------------
CARTON = only([sku("A", "OAT-1L", "CS", "EA", 12)])


def test_no_stock_is_none_in_stock() -> None:
    found = line(CARTON)
    assert (found.status, found.quantity, found.as_of) == ("out_of_stock", Decimal(0), None)


def test_the_share_is_of_each_sites_free_stock_less_what_was_taken() -> None:
    here = at("KIEL", 1000, reserved_other=Decimal(40), taken=Decimal(500), taken_by={"acme": Decimal(200)})
    assert line(CARTON, here).quantity == 460 // 12
    assert line(CARTON, here, percent=50).quantity == (480 - 200) // 12
    assert line(CARTON, here, percent=10).quantity == 0


def test_no_carton_is_filled_from_two_sites() -> None:
    assert line(CARTON, at("KIEL", 23), at("ULM", 23)).quantity == 2


def test_the_oldest_count_is_what_a_line_stands_on() -> None:
    early = at("ULM", 1)._replace(as_of=COUNTED_AT - timedelta(hours=3))
    assert line(CARTON, at("KIEL", 1), early).as_of == COUNTED_AT - timedelta(hours=3)


def due(day: int, quantity: object, site: str = "KIEL") -> Counted:
    amount = None if quantity is None else Decimal(str(quantity))
    return at(site, 0, next_receipt_date=TODAY + timedelta(days=day), next_receipt_quantity=amount)


@pytest.mark.parametrize(
    ("counted", "percent", "told"),
    [
        ([due(5, 120), due(2, 36)], 100, (2, 3)),
        ([due(2, 120), due(2, 35)], 100, (2, 12)),
        ([due(2, 120), due(2, None)], 100, (2, None)),
        ([due(2, 120)], 25, (2, 2)),
        ([due(1, 11), due(4, 24)], 100, (4, 2)),
        ([due(-1, 120)], 100, (None, None)),
        ([due(0, 120)], 100, (0, 10)),
        ([due((date(9999, 12, 31) - TODAY).days, 120)], 100, (None, None)),
    ],
)
def test_the_next_receipt_is_the_first_that_brings_the_account_something(
    counted: list[Counted], percent: int, told: tuple[int | None, int | None]
) -> None:
    found = line(CARTON, *counted, percent=percent)
    day = None if told[0] is None else TODAY + timedelta(days=told[0])
    assert (found.next_receipt_date, found.next_receipt_quantity) == (day, told[1])


@given(
    per_unit=st.integers(1, 500),
    sites=st.lists(
        st.tuples(st.integers(0, 5000), st.integers(0, 900), st.integers(0, 900), st.integers(0, 900)),
        min_size=1,
        max_size=3,
    ),
    percent=st.integers(0, 100),
)
def test_what_is_reported_can_be_ordered(per_unit: int, sites: list[tuple[int, int, int, int]], percent: int) -> None:
    """An order of just that quantity is filled by what allocation takes, and one unit more is not."""
    item = only([sku("A", "MUG", "PK", "EA", per_unit)])
    positions = {
        ("MUG", str(number)): Position(
            "MUG",
            str(number),
            1,
            Decimal(on_hand),
            Decimal(reserved),
            None,
            None,
            taken=Decimal(own + others),
            taken_by={"acme": Decimal(own)},
        )
        for number, (on_hand, reserved, own, others) in enumerate(sites)
    }
    expected = sum(_free(one, percent) // per_unit for one in sites)
    found = line_of(item, [Counted(COUNTED_AT, one) for one in positions.values()], Share("acme", percent, TODAY))
    assert found.quantity == expected
    sites_of = [site for _, site in positions]
    terms = revision(items=[sku("A", "MUG", "PK", "EA", per_unit)], policies={"allocation_percent": percent})
    for more, is_filled in ((0, True), (1, False)):
        wanted = found.quantity + more
        if not wanted:
            continue
        asked = map_order(order({"buyer_item": "A", "quantity": str(wanted), "unit": "PK"}), terms)
        view = Stock({place: _copy(one) for place, one in positions.items()}, {"MUG": tuple(sorted(sites_of))})
        told = outcomes(decided(asked, view, terms.account))
        assert (told == [("accepted", str(wanted))]) is is_filled


def _free(site: tuple[int, int, int, int], percent: int) -> int:
    on_hand, reserved, own, others = site
    return max(0, min((on_hand - reserved) * percent // 100 - own, on_hand - reserved - own - others))


def _copy(one: Position) -> Position:
    return Position(
        one.product, one.site, 1, one.on_hand, one.reserved_other, None, None, one.taken, dict(one.taken_by)
    )
