"""What is remembered of earlier orders is what working it out again gives, to the letter of every fault."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mappings.memory import MAX_DAYS, MAX_EACH, MAX_MEANINGS, memory_of
from mappings.revision import MappingRevision, PriceRow, SiteRow, UnitRow
from tests.mappings.small_world import CATALOGUE, ISSUED, OAT_CARTON, OAT_PIECE, map_order, order, revision, sku

QUANTITIES = st.sampled_from(["1", "7", "7.0", "7.00", "12", "24.0", "0.5", "0.50", "99999999999999999999"])
AMOUNTS = st.sampled_from(["1.25", "1.250", "15.00", "15", "-1", "-1.0", "0", "0.0"])
UNITS = st.sampled_from([None, "CS", "EA", "KGM", "XCT", "PAIR", "NEVER"])
prices = st.fixed_dictionaries(
    {"amount": AMOUNTS}, optional={"base_quantity": st.sampled_from(["1", "1.0", "12", "0", "-2"]), "unit": UNITS}
)
items = st.sampled_from(
    [
        *({}, {"buyer_item": "PL-0042"}, {"seller_item": "MUG"}, {"gtin": OAT_CARTON}, {"buyer_item": "?"}),
        *({"buyer_item": "PL-0042", "gtin": OAT_PIECE}, {"seller_item": "FLOUR"}, {"seller_item": "SCREW"}),
    ]
)
places = st.sampled_from([{"id": "DC", "scheme": "0088"}, {"id": "DC"}, {"id": "?"}, {"name": "nowhere"}])
lines = st.builds(
    lambda item, more: {**item, **{name: value for name, value in more.items() if value is not None}},
    items,
    st.fixed_dictionaries(
        {
            "quantity": QUANTITIES,
            "unit": UNITS,
            "price": st.none() | prices,
            "pack_size": st.sampled_from([None, "12", "12.0", "6.50"]),
            "pack_unit": st.sampled_from([None, "EA", "PAIR", "KGM", "NEVER"]),
            "ship_to": st.none() | st.none() | places,
            "description": st.sampled_from([None, "oats", "Oats"]),
            "buyer_line_reference": st.sampled_from([None, "10"]),
            "note": st.sampled_from([None, "fragile"]),
            "partial_allowed": st.sampled_from([None, True]),
        }
    ),
)
orders = st.builds(
    lambda asked, header: order(*asked, **header),
    st.lists(lines, min_size=1, max_size=4),
    st.fixed_dictionaries({"currency": st.sampled_from(["EUR", "USD", None])}),
)


def small_account(**policies: Any) -> MappingRevision:
    return revision(
        [sku("PL-0042", "OAT-1L", "CS", "EA", 12)],
        [UnitRow("PAIR", None, "EA", Decimal(2)), UnitRow("PAIR", "FLOUR", "KGM", Decimal("0.3"))],
        [SiteRow("DC", "0088", supply_site="HAM")],
        [
            PriceRow("OAT-1L", "XCT", "EUR", Decimal("15.00")),
            PriceRow("OAT-1L", "XCT", "EUR", Decimal("14.00"), min_quantity=Decimal(10)),
            PriceRow("MUG", "EA", "EUR", Decimal("1.25")),
            PriceRow("FLOUR", "KGM", "USD", Decimal("2")),
        ],
        policies={"price_tolerance_percent": "1.0", **policies},
    )


NAMELESS = order({"quantity": "1"}, {"quantity": "1"}, currency="EUR")
"""Two lines without any item number: each is told by its own line number."""
SEVENS = order(*({"seller_item": "OAT-1L", "unit": "EA", "quantity": text} for text in ("7", "7.0")), currency="EUR")
"""Not whole cartons, written in two ways: each is told as it was written."""


@given(st.lists(orders, min_size=1, max_size=4), st.sampled_from([{}, {"price_date": "delivery"}]))
@settings(max_examples=300, deadline=None)
@example([NAMELESS], {})
@example([SEVENS], {})
def test_memory_changes_nothing(asked: list[Any], policies: dict[str, str]) -> None:
    remembering = small_account(**policies)
    for one in asked:
        for index, line in enumerate(map_order(one, remembering).lines):
            alone = one.model_copy(update={"lines": one.lines[index : index + 1]})
            (afresh,) = map_order(alone, small_account(**policies)).lines
            assert repr(line).replace(f"/lines/{index}", "/lines/0") == repr(replace(afresh, index=index))


def test_each_line_without_a_number_is_told_by_its_own() -> None:
    details = [fault.detail for line in map_order(NAMELESS, small_account()).lines for fault in line.faults]
    assert [detail.split()[1] for detail in details] == ["1", "2"]


def test_a_quantity_is_told_as_it_was_written() -> None:
    faults = [fault for line in map_order(SEVENS, small_account()).lines for fault in line.faults]
    assert [fault.value for fault in faults if fault.code == "fractional_unit"] == ["7", "7.0"]


def test_what_is_remembered_is_bounded() -> None:
    account = small_account()
    for start in range(0, 3 * MAX_MEANINGS, MAX_MEANINGS // 2):
        asked = [
            {"seller_item": "MUG", "unit": "EA", "quantity": str(start + number + 1)}
            for number in range(MAX_MEANINGS // 2)
        ]
        map_order(order(*asked, currency="EUR", buyer={"id": str(start)}), account)
    for day in range(2 * MAX_DAYS):
        map_order(order({"seller_item": "MUG", "unit": "EA"}, issue_date=ISSUED + timedelta(days=day)), account)
    memory = memory_of(account, CATALOGUE)
    assert 0 < len(memory.meanings) <= MAX_DAYS
    assert all(len(found) <= MAX_MEANINGS for found in memory.meanings.values())
    assert all(len(measure.amounts) <= MAX_EACH for measure in memory.measures.values())
