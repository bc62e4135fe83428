"""Rows of the tables: every way a cell can be wrong is a fault with its place, and what is stored comes back equal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.cells import Cell, RefusedCell
from mappings.revision import ItemRow, Pack, PriceRow, Product, SiteRow, StockRow, TaxRow, UnitRow
from mappings.rows import rows_of
from mappings.tables import TABLES, from_fields, natural_key, to_fields

ITEM = {"account_sku": "PL-0042", "product": "OAT-1L", "account_unit": "CS", "unit": "EA", "factor": "12"}


def only_fault(kind: str, cells: dict[str, Cell]) -> Any:
    read = rows_of(kind, [cells])
    assert read.good == ()
    ((_, fault),) = read.faults
    return fault


@pytest.mark.parametrize(
    "factor", ["0", "-12", "1e3", "1,000", "12,5", "1 000", "NaN", "", "0.12345678901", "9" * 21, "١٢"]
)
def test_factor_is_a_positive_plain_decimal(factor: str) -> None:
    fault = only_fault("item", {**ITEM, "factor": factor})
    assert fault.code == ("not_a_number" if factor else "bad_value")
    assert fault.path == "/0/factor"
    assert fault.location == "row 1"


@pytest.mark.parametrize("day", ["23.11.2026", "2026-02-30", "20261123", "2026-11", "2026-W48-1", "tomorrow"])
def test_dates_are_iso_days(day: str) -> None:
    fault = only_fault("item", {**ITEM, "valid_from": day})
    assert (fault.code, fault.path, fault.value, fault.expected) == ("not_a_date", "/0/valid_from", day, "YYYY-MM-DD")


@pytest.mark.parametrize(
    ("kind", "cells", "code", "path"),
    [
        ("item", {"product": "P"}, "bad_value", "/0/account_sku"),
        ("item", {"account_sku": "S"}, "missing_field", "/0/product"),
        ("item", {**ITEM, "factor": None}, "bad_value", "/0/factor"),
        ("item", {**ITEM, "unit": " "}, "bad_value", "/0/unit"),
        ("item", {**ITEM, "gtin": "12345"}, "bad_value", "/0/gtin"),
        ("item", {**ITEM, "colour": "red"}, "unknown_field", "/0/colour"),
        ("item", {**ITEM, "valid_from": "2026-02-01", "valid_to": "2026-01-31"}, "bad_value", "/0/valid_to"),
        ("item", {**ITEM, "unit": "CT"}, "bad_value", "/0/unit"),
        ("unit", {"account_unit": "CS", "unit": "XCT"}, "missing_field", "/0/factor"),
        ("site", {"account_site": "S", "transit_days": "1.5"}, "not_a_number", "/0/transit_days"),
        ("site", {"account_site": "S", "country": "Germany"}, "bad_value", "/0/country"),
        ("price", {"product": "P", "unit": "EA", "currency": "€", "price": "1"}, "bad_value", "/0/currency"),
        ("price", {"product": "P", "unit": "EA", "currency": "EUR", "price": "-1"}, "not_a_number", "/0/price"),
        ("product", {"product": "P", "name": "N", "base_unit": "EA", "gtin": "9521234000014"}, "bad_value", "/0/gtin"),
        ("product", {"product": "P", "name": "N", "base_unit": "EA", "status": "actve"}, "bad_value", "/0/status"),
        ("pack", {"product": "P", "unit": "XCT", "quantity": "0"}, "not_a_number", "/0/quantity"),
        ("stock", {"product": "P", "site": "S", "as_of": "2026-11-23T06:00", "on_hand": "1"}, "not_a_date", "/0/as_of"),
        ("product", {"product": 42, "name": "N", "base_unit": "EA"}, "bad_value", "/0/product"),
        (
            "product",
            {"product": RefusedCell("=A1", "is a formula"), "name": "N", "base_unit": "EA"},
            "bad_value",
            "/0/product",
        ),
        ("product", {"product": True, "name": "N", "base_unit": "EA"}, "bad_value", "/0/product"),
        ("product", {"product": "a\x00b", "name": "N", "base_unit": "EA"}, "bad_value", "/0/product"),
    ],
)
def test_what_a_row_must_keep(kind: str, cells: dict[str, Cell], code: str, path: str) -> None:
    fault = only_fault(kind, cells)
    assert (fault.code, fault.path) == (code, path)
    assert fault.expected


def test_a_wrong_cell_hides_nothing_that_is_wrong_between_the_others() -> None:
    row = {**ITEM, "factor": "many", "unit": None, "gtin": "12", "valid_from": "2026-02-01", "valid_to": "2026-01-01"}
    read = rows_of("item", [row, {**row, "gtin": None, "valid_to": "2026-13-01"}])
    assert [(index, fault.code, fault.path) for index, fault in read.faults] == [
        (0, "bad_value", "/0/gtin"),
        (0, "not_a_number", "/0/factor"),
        (0, "bad_value", "/0/valid_to"),
        (0, "bad_value", "/0/unit"),
        (1, "not_a_number", "/1/factor"),
        (1, "not_a_date", "/1/valid_to"),
        (1, "bad_value", "/1/unit"),
    ]
    assert [(index, row.product, row.gtin, row.factor) for index, row in read.faulty] == [
        (0, "OAT-1L", None, None),
        (1, "OAT-1L", None, None),
    ]


def test_a_cell_that_is_wrong_is_not_told_as_missing_beside_others() -> None:
    assert only_fault("item", {"account_sku": "x" * 1001, "product": "P"}).path == "/0/account_sku"
    assert only_fault("product", {"name": "N", "base_unit": "EA"}).path == "/0/product"


def test_good_rows_are_kept_beside_the_faults_of_the_others() -> None:
    rows = [ITEM, {**ITEM, "account_sku": " PL-0043 "}, {**ITEM, "factor": "x", "unit": "?"}, {**ITEM, "factor": "13"}]
    read = rows_of("item", rows)
    assert [(index, row.account_sku) for index, row in read.good] == [(0, "PL-0042"), (1, "PL-0043")]
    assert [(index, fault.code) for index, fault in read.faults] == [
        (2, "bad_value"),
        (2, "not_a_number"),
        (2, "duplicate_row"),
        (3, "duplicate_row"),
    ]
    assert "row 1" in read.faults[-1][1].detail


def test_numbers_of_json_and_spreadsheets_are_taken_where_numbers_belong() -> None:
    cells: dict[str, Cell] = {"product": "P", "unit": "XCT", "quantity": 12, "gross_weight_kg": Decimal("1.50")}
    ((_, row),) = rows_of("pack", [cells]).good
    assert row == Pack("P", "XCT", Decimal(12), gross_weight_kg=Decimal("1.50"))


def test_leading_zeros_stay_and_absent_cells_take_the_rows_defaults() -> None:
    cells = {"product": "007", "unit": "EA", "currency": "EUR", "price": "1.10", "base_quantity": ""}
    ((_, row),) = rows_of("price", [cells]).good
    assert row == PriceRow("007", "EA", "EUR", Decimal("1.10"), Decimal(1), Decimal(0))
    assert to_fields(row)["price"] == "1.10"


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (ItemRow("PL-0042", "9521234000013", "OAT-1L", "CS"), "PL-0042|09521234000013|OAT-1L|CS|"),
        (ItemRow(None, "1", "P", valid_from=date(2026, 1, 1)), "|00000000000001|P||2026-01-01"),
        (ItemRow("a|b\\c", None, "P"), "a\\|b\\\\c||P||"),
        (UnitRow("CS", None, "XCT", Decimal(1)), "CS|"),
        (SiteRow("401", "0088", "ship_to"), "401|0088|ship_to|"),
        (PriceRow("P", "XCT", "EUR", Decimal("1"), min_quantity=Decimal("40.0")), "P|XCT|EUR|40|"),
        (Product("P", "Name", "EA"), "P"),
        (Pack("P", "XCT", Decimal(12)), "P|XCT"),
        (TaxRow("food", "DE", "DE", "any", "S", Decimal(7)), "food|DE|DE|any|"),
        (TaxRow("food", None, "DE", "no", "S", Decimal(7)), "food||DE|none|"),
        (TaxRow(None, None, None, None, "S", Decimal(7), valid_from=date(2026, 1, 1)), "|||any|2026-01-01"),
        (StockRow("P", "HAMBURG", datetime(2026, 1, 1, tzinfo=UTC), Decimal(1)), "P|HAMBURG"),
    ],
)
def test_natural_keys(row: Any, key: str) -> None:
    assert natural_key(row) == key


texts = st.text(st.characters(blacklist_categories=("Cs", "Cc"), max_codepoint=0x2FFF), min_size=1, max_size=12).map(
    lambda text: text.strip().lstrip("=").strip() or "x"
)
"""Not one that looks like a formula."""
numbers = st.decimals(min_value="0.001", max_value="99999", places=3)
days = st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(
    st.builds(ItemRow, texts, st.none(), texts, texts, st.sampled_from(["EA", "XCT"]), numbers, texts, st.none(), days)
    | st.builds(UnitRow, texts, st.none() | texts, st.just("EA"), numbers)
    | st.builds(SiteRow, texts, st.none() | texts, transit_days=st.integers(0, 99), country=st.just("DE"))
    | st.builds(PriceRow, texts, texts, st.just("EUR"), numbers, numbers, numbers, days)
    | st.builds(Product, texts, texts, st.just("EA"), order_minimum=numbers, lead_time_days=st.integers(0, 99))
    | st.builds(Pack, texts, st.just("XCT"), numbers)
    | st.builds(TaxRow, texts, st.just("DE"), st.just("NO"), st.just("any"), st.just("S"), st.just(Decimal("7.0")))
    | st.builds(StockRow, texts, texts, st.datetimes(timezones=st.just(UTC)), numbers, numbers, days)
)
def test_what_is_stored_comes_back_equal_and_is_read_alike(row: Any) -> None:
    kind = next(kind for kind, table in TABLES.items() if isinstance(row, table.row))  # type: ignore[arg-type]
    fields = to_fields(row)
    assert all(isinstance(text, str) for text in fields.values())
    assert from_fields(kind, fields) == row
    read = rows_of(kind, [fields])
    assert read.faults == ()
    assert read.good == ((0, row),)
