"""What is different between two contents, and which old row a new one is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts import table_rows
from gateway.differences import Difference, row_differences, term_differences
from gateway.store.revisions import Row
from mappings.revision import ItemRow, PriceRow, SiteRow


def found(old: list[Any], new: list[Any]) -> list[Difference]:
    return row_differences(table_rows(old), table_rows(new))


def texts(old: list[Any], new: list[Any]) -> list[tuple[str, str]]:
    return [(one.change, one.text()) for one in found(old, new)]


def price(amount: str, **more: Any) -> PriceRow:
    return PriceRow("OAT", "XCT", "EUR", Decimal(amount), **more)


def test_one_row_of_a_subject_that_goes_and_one_that_comes_are_one_change() -> None:
    """The product is part of an item's key, but a person who corrects it changes the row."""
    old, new = ItemRow("PL-1", None, "OAT"), ItemRow("PL-1", None, "SOY", "CS", "EA", Decimal(6))
    changed = "PL-1: product OAT → SOY, account_unit nothing → CS, unit nothing → EA, factor nothing → 6"
    assert texts([old], [new]) == [("changed", changed)]


def test_several_rows_of_a_subject_are_never_guessed_together() -> None:
    old = [ItemRow("PL-1", None, "OAT", "CS", "EA", Decimal(12))]
    new = [ItemRow("PL-1", None, "OAT", unit, "EA", Decimal(6)) for unit in ("CT", "KRT")]
    assert [one.change for one in found(old, new)] == ["removed", "added", "added"]


def test_a_row_that_keeps_its_key_is_the_one_that_changed() -> None:
    old = [price("12.50"), price("11.90", min_quantity=Decimal(40))]
    new = [price("12.50"), price("11.95", min_quantity=Decimal(40)), price("9", min_quantity=Decimal(400))]
    assert texts(old, new) == [
        ("changed", "OAT XCT EUR, min_quantity 40: price 11.90 → 11.95"),
        ("added", "OAT XCT EUR: price 9, base_quantity 1, min_quantity 400"),
    ]


def test_a_price_that_begins_on_another_day_is_a_change() -> None:
    old, new = price("12.50"), price("12.50", valid_from=date(2027, 1, 1))
    assert texts([old], [new]) == [("changed", "OAT XCT EUR, min_quantity 0: valid_from nothing → 2027-01-01")]


def test_the_order_of_rows_is_no_difference() -> None:
    rows = [SiteRow("A"), SiteRow("B")]
    assert found(rows, rows[::-1]) == []


def test_files_are_told_by_name_and_size() -> None:
    old = [Row("file", "samples/a.pdf", '{"base64": "AAAA"}'), Row("file", "order_map.yaml", '{"text": "é"}')]
    new = [Row("file", "samples/a.pdf", '{"base64": "AAA="}'), Row("file", "samples/b.xml", '{"text": "<b/>"}')]
    told = [(one.file, one.change, one.text()) for one in row_differences(old, new)]
    assert told == [
        ("order_map.yaml", "removed", "order_map.yaml: bytes 2"),
        ("samples/", "changed", "a.pdf: bytes 3 → 2"),
        ("samples/", "added", "b.xml: bytes 4"),
    ]


def test_keys_of_account_yaml_are_told_by_their_place() -> None:
    old = {"name": "A", "calendar": "NO", "policies": {"partial": "backorder"}, "team": [{"name": "x", "role": "y"}]}
    new = {"name": "A", "policies": {"partial": "hold", "default_unit": "EA"}, "team": [{"role": "y", "name": "x"}]}
    assert [(one.change, one.text()) for one in term_differences(old, new)] == [
        ("removed", "calendar: NO"),
        ("changed", "policies.partial: backorder → hold"),
        ("added", "policies.default_unit: EA"),
    ]


items = st.lists(
    st.builds(
        ItemRow,
        account_sku=st.sampled_from(["A", "B", "C"]),
        gtin=st.none(),
        product=st.sampled_from(["P", "Q"]),
        valid_from=st.none() | st.just(date(2026, 1, 1)),
        description=st.sampled_from([None, "x", "y"]),
    ),
    max_size=6,
    unique_by=lambda row: (row.account_sku, row.product, row.valid_from),
)


@given(items, items)
def test_the_differences_lead_from_the_old_rows_to_the_new(old: list[ItemRow], new: list[ItemRow]) -> None:
    """Taking away what went and adding what came gives the new rows, whatever was paired."""
    rows, wanted = ([dict(one.new or {}) for one in found([], some)] for some in (old, new))
    for one in found(old, new):
        if one.old is not None:
            rows.remove(dict(one.old))
        if one.new is not None:
            rows.append(dict(one.new))
    assert sorted(map(repr, rows)) == sorted(map(repr, wanted))
