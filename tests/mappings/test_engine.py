"""The account's terms into ours: one test a rule of the trade ("Orders in"), and the words that people get."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from mappings.engine import in_their_unit, to_ours
from mappings.items import base_gtin
from mappings.revision import ItemRow, PriceRow, Product, SiteRow, UnitRow
from tests.mappings.small_world import (
    CATALOGUE,
    OAT_CARTON,
    OAT_PALLET,
    OAT_PIECE,
    SUPPLIER,
    codes,
    map_line,
    map_order,
    order,
    revision,
    sku,
)

CARTON_ROW = sku("PL-0042", "OAT-1L", "CS", "EA", 12)


# --- parties -----------------------------------------------------------------------------------------------------
BUYERS = revision(
    [CARTON_ROW], identifiers=[{"scheme": "0088", "id": "4012345000009"}], legal={"vat_id": "DE123456789"}
)
CASE = {"buyer_item": "PL-0042", "unit": "CS"}


@pytest.mark.parametrize(
    ("buyer", "expected"),
    [
        (None, []),
        ({"name": "no identifier at all"}, []),
        ({"id": "4012345000009"}, []),
        ({"id": "4012345000009", "scheme": "GLN"}, []),
        ({"id": "77", "identifiers": [{"id": "4012345000009", "scheme": "0088"}]}, []),
        ({"id": "77", "endpoint": {"id": "4012345000009", "scheme": "0088"}}, []),
        ({"id": "77", "vat_id": "DE123456789"}, []),
        ({"id": "4012345000009", "scheme": "0060"}, [("wrong_buyer", "/buyer/id")]),
        ({"id": "4012345000016", "scheme": "0088"}, [("wrong_buyer", "/buyer/id")]),
        ({"endpoint": {"id": "9"}}, [("wrong_buyer", "/buyer/endpoint/id")]),
        ({"vat_id": "DE999999999"}, [("wrong_buyer", "/buyer/vat_id")]),
    ],
)
def test_buyer_must_be_the_accounts(buyer: Any, expected: list[tuple[str, str]]) -> None:
    assert codes(map_order(order(CASE, buyer=buyer), BUYERS).faults) == expected


def test_an_account_that_lists_no_identifier_is_not_judged() -> None:
    assert map_order(order(CASE, buyer={"id": "1"}), revision([CARTON_ROW])).faults == ()


@pytest.mark.parametrize(
    ("seller", "expected"),
    [
        (None, []),
        ({"name": "Halden"}, []),
        ({"id": "9521234000006", "scheme": "0088"}, []),
        ({"id": "9521234000006"}, []),
        ({"id": "999888771", "scheme": "0192"}, []),
        ({"id": "V-17", "vat_id": "NO999888771MVA"}, []),
        ({"id": "9521234000006", "scheme": "DUNS"}, [("wrong_recipient", "/seller/id")]),
        ({"id": "4099999000002", "scheme": "0088"}, [("wrong_recipient", "/seller/id")]),
        ({"vat_id": "DE999999999"}, [("wrong_recipient", "/seller/vat_id")]),
        (
            {"id": "V-17", "endpoint": {"id": "4099999000002", "scheme": "0088"}},
            [("wrong_recipient", "/seller/endpoint/id")],
        ),
        (
            {"id": "V-17", "identifiers": [{"id": "V-18"}, {"id": "4099999000002", "scheme": "GLN"}]},
            [("wrong_recipient", "/seller/identifiers/1/id")],
        ),
        ({"id": "our number at theirs"}, []),
    ],
)
def test_seller_must_be_us(seller: Any, expected: list[tuple[str, str]]) -> None:
    assert codes(map_order(order(CASE, seller=seller), revision([CARTON_ROW])).faults) == expected


# --- items -------------------------------------------------------------------------------------------------------
def test_contract_example_ten_cases_are_120_pieces() -> None:
    line = map_line({"buyer_item": "PL-0042", "quantity": "10", "unit": "CS"}, revision([CARTON_ROW]))
    assert line.faults == ()
    assert line.product is not None
    assert (line.product.product, line.base_quantity, line.base_per_unit) == ("OAT-1L", Decimal(120), Fraction(12))
    assert (line.sales_unit, line.sales_quantity) == ("XCT", Decimal(10))


@pytest.mark.parametrize(
    "numbers",
    [
        {"buyer_item": "PL-0042"},
        {"seller_item": "OAT-1L"},
        {"gtin": OAT_PIECE},
        {"gtin": OAT_PIECE.zfill(14)},
        {"buyer_item": "PL-0042", "seller_item": "OAT-1L", "gtin": OAT_PIECE},
        {"buyer_item": "never heard of", "seller_item": "OAT-1L"},
    ],
)
def test_item_by_any_number_that_is_known(numbers: dict[str, str]) -> None:
    line = map_line({**numbers, "quantity": "24", "unit": "EA"}, revision([sku("PL-0042", "OAT-1L")]))
    assert line.faults == ()
    assert line.product is not None
    assert line.product.product == "OAT-1L"


def test_numbers_that_disagree_are_held_and_named() -> None:
    line = map_line(
        {"buyer_item": "M-1", "gtin": OAT_CARTON, "seller_item": "MUG", "unit": "EA"}, revision([sku("M-1", "MUG")])
    )
    assert codes(line.faults) == [("item_conflict", "/lines/0/buyer_item")]
    assert line.product is None
    for word in ("M-1", "is Mug", "is Oat drink", OAT_CARTON):
        assert word in line.faults[0].detail


def test_unknown_item_names_every_number() -> None:
    mapped = map_order(
        order({"buyer_item": "PL-1", "gtin": "4012345999990"}, {"description": "no number"}), revision([CARTON_ROW])
    )
    assert codes(mapped.all_faults()) == [("unknown_item", "/lines/0/buyer_item"), ("unknown_item", "/lines/1")]
    first = mapped.lines[0].faults[0]
    assert "PL-1" in first.detail
    assert "4012345999990" in first.detail
    assert first.value == "PL-1"
    assert first.expected == "an item number that is agreed, or the item number or GTIN of something we sell"


def test_identifiers_are_texts_never_numbers() -> None:
    line = map_line({"buyer_item": "42", "unit": "EA"}, revision([sku("0042", "MUG")]))
    assert codes(line.faults) == [("unknown_item", "/lines/0/buyer_item")]


def test_item_row_counts_at_the_issue_date_both_ends_included() -> None:
    row = ItemRow("M-1", None, "MUG", valid_from=date(2026, 11, 1), valid_to=date(2026, 11, 23))
    mapping = revision([row])
    for day, known in (("2026-10-31", False), ("2026-11-01", True), ("2026-11-23", True), ("2026-11-24", False)):
        line = map_line({"buyer_item": "M-1", "unit": "EA"}, mapping, issue_date=day)
        assert (line.product is not None) is known, day
    assert "2026-11-01 to 2026-11-23" in line.faults[0].detail


def test_without_an_issue_date_the_day_of_receipt_counts() -> None:
    mapping = revision([ItemRow("M-1", None, "MUG", valid_to=date(2026, 11, 23))])
    undated = order({"buyer_item": "M-1", "unit": "EA"}, issue_date=None)
    assert to_ours(undated, mapping, CATALOGUE, SUPPLIER, date(2026, 11, 23)).lines[0].faults == ()
    assert to_ours(undated, mapping, CATALOGUE, SUPPLIER, date(2026, 11, 24)).lines[0].product is None
    assert to_ours(undated, mapping, CATALOGUE, SUPPLIER).lines[0].product is None


def test_a_product_that_the_catalogue_lacks_is_said_so() -> None:
    fault = map_line({"buyer_item": "G-1", "unit": "EA"}, revision([sku("G-1", "GONE")])).faults[0]
    assert fault.code == "unknown_item"
    assert "the account's item number G-1" in fault.detail
    assert "nothing that is in our catalogue" in fault.detail


# --- units -------------------------------------------------------------------------------------------------------
def unit_row(account_unit: str, product: str | None, unit: str, factor: str = "1") -> UnitRow:
    return UnitRow(account_unit, product, unit, Decimal(factor))


def test_the_most_specific_unit_rule_wins() -> None:
    item = sku("M-1", "MUG", "CS", "EA", 7)
    product, every = unit_row("CS", "MUG", "EA", "8"), unit_row("CS", None, "EA", "9")
    line = {"buyer_item": "M-1", "unit": "CS"}
    plain_item = sku("M-1", "MUG")
    assert map_line(line, revision([item], [product, every])).base_quantity == 7
    assert map_line(line, revision([plain_item], [product, every])).base_quantity == 8
    assert map_line(line, revision([plain_item], [every])).base_quantity == 9
    assert map_line({**line, "unit": "XCT"}, revision([plain_item], [every])).base_quantity == 6


def test_a_chain_goes_through_the_products_pack() -> None:
    line = map_line(
        {"seller_item": "OAT-1L", "quantity": "10", "unit": "CS"}, revision([], [unit_row("CS", None, "XCT")])
    )
    assert (line.base_quantity, line.sales_quantity, line.unit, line.unit_code) == (120, 10, "CS", "XCT")


def test_a_rule_that_leads_to_no_pack_is_unknown_and_says_why() -> None:
    line = map_line({"seller_item": "FLOUR", "unit": "CS"}, revision([], [unit_row("CS", None, "XCT")]))
    assert codes(line.faults) == [("unknown_unit", "/lines/0/unit")]
    assert line.faults[0].detail == "1 CS is agreed to be 1 XCT, but there is no XCT of Flour"


@pytest.mark.parametrize("unit", ["C62", "H87", "PCE", "ea", "CT"])
def test_no_unit_is_taken_for_another_because_it_looks_alike(unit: str) -> None:
    line = map_line(
        {"seller_item": "OAT-1L", "quantity": "12", "unit": unit}, revision([], [unit_row("KRT", None, "XCT")])
    )
    assert codes(line.faults) == [("unknown_unit", "/lines/0/unit")]
    assert line.faults[0].expected == "one of KRT, EA, XCT, XPX"
    assert line.base_quantity is None


def test_the_rec_20_reading_of_a_unit_counts_where_its_word_is_unknown() -> None:
    line = map_line({"seller_item": "OAT-1L", "unit": "Karton", "unit_code": "XCT"}, revision())
    assert (line.base_quantity, line.unit, line.unit_code) == (12, "Karton", "XCT")


def test_a_unit_whose_code_is_another_size_holds_the_line() -> None:
    """A dozen cases or a dozen pieces: neither word may win silently."""
    mapping = revision([sku("PL-0042", "OAT-1L", "CS", "EA", 12)], [unit_row("STK", None, "EA")])
    said = {"buyer_item": "PL-0042", "quantity": "12"}
    line = map_line({**said, "unit": "CS", "unit_code": "EA"}, mapping)
    assert (codes(line.faults), line.base_quantity) == ([("pack_contradiction", "/lines/0/unit_code")], None)
    assert "1 CS is 12 EA and 1 EA is 1 EA" in line.faults[0].detail
    for unit, code in (("CS", "XCT"), ("STK", "EA"), ("CS", "XBX")):
        assert not map_line({**said, "unit": unit, "unit_code": code}, mapping).faults
    price = {"amount": "1", "unit": "STK", "unit_code": "XCT"}
    priced = revision([sku("PL-0042", "OAT-1L")], [unit_row("STK", None, "EA")], policies={"default_unit": "EA"})
    found = map_line({**said, "price": price}, priced).faults
    assert codes(found) == [("pack_contradiction", "/lines/0/price/unit_code")]


def test_absent_unit_comes_from_the_gtin_then_the_default() -> None:
    mapping = revision([ItemRow(None, OAT_PIECE, "OAT-1L", "CS", "EA", Decimal(12))])
    assert map_line({"gtin": OAT_PIECE}, mapping).base_quantity == 12
    assert map_line({"gtin": OAT_CARTON}, revision()).base_quantity == 12
    assert map_line({"gtin": OAT_PALLET}, revision()).base_quantity == 480
    assert map_line({"seller_item": "MUG"}, revision(policies={"default_unit": "XCT"})).base_quantity == 6
    assert codes(map_line({"seller_item": "MUG"}, revision()).faults) == [("unknown_unit", "/lines/0/unit")]


def test_a_sales_unit_without_a_pack_is_our_fault_not_a_guess() -> None:
    line = map_line({"seller_item": "LOOSE", "unit": "EA"}, revision())
    assert codes(line.faults) == [("unknown_unit", "/lines/0/unit")]
    assert "sold by XCT" in line.faults[0].detail


# --- pack-math guard ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("gtin", "unit", "expected"),
    [
        (OAT_CARTON, "CS", []),
        (OAT_PALLET, "PAL", []),
        (OAT_PALLET, "CS", [("pack_contradiction", "/lines/0/gtin")]),
        (OAT_CARTON, "PAL", [("pack_contradiction", "/lines/0/gtin")]),
        (OAT_PIECE, "CS", [("pack_contradiction", "/lines/0/gtin")]),
    ],
)
def test_a_gtin_of_another_pack_level_holds_the_line(gtin: str, unit: str, expected: list[tuple[str, str]]) -> None:
    """12 or 480: the most expensive mistake of the trade."""
    mapping = revision([sku("PL-0042", "OAT-1L", "CS", "EA", 12), sku("PL-0042", "OAT-1L", "PAL", "EA", 480)])
    line = map_line({"buyer_item": "PL-0042", "gtin": gtin, "unit": unit, "quantity": "2"}, mapping)
    assert codes(line.faults) == expected
    assert (line.base_quantity is None) is bool(expected)


def test_the_guards_words_name_both_sizes() -> None:
    line = map_line({"buyer_item": "PL-0042", "gtin": OAT_PALLET, "unit": "CS"}, revision([CARTON_ROW]))
    for word in (OAT_PALLET, "a pack of 480 EA", "1 CS is 12 EA"):
        assert word in line.faults[0].detail


def test_a_piece_gtin_on_a_case_is_normal_where_items_csv_has_it() -> None:
    row = ItemRow("PL-0042", OAT_PIECE, "OAT-1L", "CS", "EA", Decimal(12))
    line = map_line({"buyer_item": "PL-0042", "gtin": OAT_PIECE, "unit": "CS", "quantity": "10"}, revision([row]))
    assert (line.faults, line.base_quantity) == ((), 120)


def test_the_documents_own_pack_size_must_agree() -> None:
    mapping = revision([CARTON_ROW])
    assert map_line({**CASE, "pack_size": "12.0"}, mapping).faults == ()
    line = map_line({**CASE, "pack_size": "6"}, mapping)
    assert codes(line.faults) == [("pack_contradiction", "/lines/0/pack_size")]
    assert (line.faults[0].value, line.faults[0].expected) == ("6", "12")


@pytest.mark.parametrize(
    ("said", "contradicts"),
    [
        ({"pack_size": "12", "pack_unit": "EA"}, False),
        ({"pack_size": "6", "pack_unit": "EA"}, True),
        ({"pack_size": "6", "pack_unit": "PAIR"}, False),  # agreed: a pair is two
        ({"pack_size": "12", "pack_unit": "PAIR"}, True),
        ({"pack_size": "1", "pack_unit": "CS"}, False),
        ({"pack_size": "12", "pack_unit": "CS"}, True),
        ({"pack_size": "12", "pack_unit": "STCK"}, False),  # nobody knows it: a number of pieces
        ({"pack_size": "24", "pack_unit": "STCK"}, True),
        (
            {"pack_size": "12.4", "pack_unit": "KGM", "pack_unit_code": "KGM"},
            False,
        ),  # what it weighs is no number of it
    ],
)
def test_a_pack_size_is_compared_in_the_unit_that_it_counts(said: dict[str, str], contradicts: bool) -> None:
    mapping = revision([CARTON_ROW], [UnitRow("PAIR", None, "EA", Decimal(2))])
    expected = [("pack_contradiction", "/lines/0/pack_size")] if contradicts else []
    assert codes(map_line({**CASE, **said}, mapping).faults) == expected


@pytest.mark.parametrize("size", ["1", "12", "24"])
def test_a_pack_in_a_unit_that_its_price_is_for_as_well_is_told_as_the_unit_that_nobody_knows(size: str) -> None:
    price = {"amount": "1.25", "unit": "BX"}
    line = {**CASE, "pack_size": size, "pack_unit": "BX", "price": price}
    (fault,) = map_line(line, revision([CARTON_ROW])).faults
    assert (fault.code, fault.path, fault.value) == ("unknown_unit", "/lines/0/price/unit", "BX")


@pytest.mark.parametrize("price", [{"unit": "CS"}, {"unit": "EA"}, {"unit": "PAIR"}, {"unit": "CS", "unit_code": "BX"}])
def test_a_price_for_a_known_unit_excuses_no_pack_size(price: dict[str, str]) -> None:
    mapping = revision([CARTON_ROW], [UnitRow("PAIR", None, "EA", Decimal(2))])
    line = {**CASE, "pack_size": "24", "pack_unit": "BX", "price": {"amount": "15.00", **price}}
    assert codes(map_line(line, mapping).faults) == [("pack_contradiction", "/lines/0/pack_size")]


@pytest.mark.parametrize(
    ("size", "contradicts"),
    [("0.0833", False), ("0.08333333", False), ("0.0834", False), ("0.08", True), ("0.1", True), ("0.0712", True)],
)
def test_a_twelfth_may_be_rounded_where_it_is_written(size: str, contradicts: bool) -> None:
    """A piece of a carton of twelve, priced by the carton: no decimal says its factor."""
    line = {"buyer_item": "PL-0042", "unit": "EA", "quantity": "12", "pack_size": size, "pack_unit": "CS"}
    found = map_line(line, revision([CARTON_ROW])).faults
    assert codes(found) == ([("pack_contradiction", "/lines/0/pack_size")] if contradicts else [])


def test_a_pack_of_what_is_weighed_is_compared_by_weight() -> None:
    flour = {"seller_item": "FLOUR", "unit": "SACK", "quantity": "1"}
    mapping = revision([], [UnitRow("SACK", "FLOUR", "KGM", Decimal(25))])
    assert map_line({**flour, "pack_size": "25", "pack_unit": "KGM"}, mapping).faults == ()
    assert map_line({**flour, "pack_size": "40"}, mapping).faults == ()
    (fault,) = map_line({**flour, "pack_size": "20", "pack_unit": "KGM"}, mapping).faults
    assert "says 20 KGM in 1 SACK, but 1 SACK" in fault.detail


# --- whole units -------------------------------------------------------------------------------------------------
def test_seven_of_a_twelve_carton() -> None:
    line = map_line({"seller_item": "OAT-1L", "quantity": "7", "unit": "EA"}, revision())
    (fault,) = line.faults
    assert (fault.code, fault.path, fault.value) == ("fractional_unit", "/lines/0/quantity", "7")
    assert (fault.detail, fault.expected) == ("7 EA is not a whole number of the pack we sell, which is 12 EA", "12 EA")
    assert (line.base_quantity, line.base_per_sales_unit) == (7, 12)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"seller_item": "OAT-1L", "quantity": "5", "unit": "bottle"}, "the pack we sell, which is 12 bottle"),
        ({"seller_item": "OAT-1L", "quantity": "0.01", "unit": "XPX"}, "the pack we sell, which is 0.025 XPX"),
        ({"seller_item": "MUG", "quantity": "1.5", "unit": "EA"}, "EA"),
    ],
)
def test_what_is_not_whole_is_said_in_the_accounts_own_unit(line: dict[str, str], said: str) -> None:
    (fault,) = map_line(line, revision([], [unit_row("bottle", None, "EA")])).faults
    assert fault.detail == f"{line['quantity']} {line['unit']} is not a whole number of {said}"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"seller_item": "OAT-1L", "quantity": "30", "unit": "EA"}, "24 or 36 EA"),
        ({"seller_item": "OAT-1L", "quantity": "0.01", "unit": "XPX"}, "0.025 XPX"),
        ({"seller_item": "OAT-1L", "quantity": "2.5", "unit": "XCT"}, "2 or 3 XCT"),
        ({"seller_item": "MUG", "quantity": "1.5", "unit": "EA"}, "1 or 2 EA"),
        ({"seller_item": "MUG", "quantity": "0.5", "unit": "XCT"}, None),
        ({"seller_item": "MUG", "quantity": "0.3", "unit": "XCT"}, "1 or 2 EA"),
        ({"seller_item": "FLOUR", "quantity": "12.345", "unit": "KGM"}, None),
        ({"seller_item": "FLOUR", "quantity": "0.5", "unit": "XBG"}, None),
        ({"seller_item": "SCREW", "quantity": "300", "unit": "C62"}, "200 or 400 C62"),
    ],
)
def test_whole_in_the_unit_of_sale(line: dict[str, Any], expected: str | None) -> None:
    faults = map_line(line, revision()).faults
    assert codes(faults) == ([("fractional_unit", "/lines/0/quantity")] if expected else [])
    assert [fault.expected for fault in faults] == ([expected] if expected else [])


def test_numbers_beyond_any_quantity_are_a_fault_not_an_exception() -> None:
    line = map_line({"seller_item": "OAT-1L", "quantity": "9" * 20, "unit": "XPX"}, revision())
    assert codes(line.faults) == [("bad_value", "/lines/0/quantity")]


# --- prices ------------------------------------------------------------------------------------------------------
def price_row(unit: str, price: str, minimum: str = "0", product: str = "OAT-1L", **changes: Any) -> PriceRow:
    return PriceRow(product, unit, "EUR", Decimal(price), min_quantity=Decimal(minimum), **changes)


def priced(*rows: PriceRow, **account: Any) -> Any:
    return revision([CARTON_ROW], [unit_row("CS", None, "XCT")], prices=rows, **account)


def case(quantity: str, amount: str | None = None, **price: Any) -> dict[str, Any]:
    given = {"amount": amount, **price} if amount else None
    return {"buyer_item": "PL-0042", "unit": "CS", "quantity": quantity, "price": given}


@pytest.mark.parametrize(
    ("amount", "agreed"),
    [("12.50", True), ("12.625", True), ("12.375", True), ("12.6251", False), ("12.3749", False), ("12.75", False)],
)
def test_price_within_tolerance_to_the_last_digit(amount: str, agreed: bool) -> None:
    line = map_line(case("10", amount), priced(price_row("XCT", "12.50")), currency="EUR")
    assert codes(line.faults) == ([] if agreed else [("price_mismatch", "/lines/0/price/amount")])
    assert line.contract_price == Fraction(25, 2)


def test_price_fault_says_how_far_off() -> None:
    (fault,) = map_line(case("10", "12.75"), priced(price_row("XCT", "12.50")), currency="EUR").faults
    assert fault.value == "12.75 EUR per CS, 2 % above"
    assert fault.expected == "12.50 EUR per CS, give or take 1 %"
    assert fault.detail == "12.75 EUR per CS is 2 % above the contract price 12.50 EUR per CS"


@pytest.mark.parametrize(
    ("amount", "tolerance", "said"),
    [
        ("12.62500001", "1.0", "12.62500001 EUR per CS, 1.0000001 % above"),
        ("12.6250000001", "1.0", "12.6250000001 EUR per CS, 1.000000001 % above"),
        ("12.6251", "1.0", "12.6251 EUR per CS, 1.001 % above"),
        ("12.3749", "1.0", "12.3749 EUR per CS, 1.001 % below"),
        ("12.6875", "1.0", "12.6875 EUR per CS, 1.5 % above"),
        ("12.5000000001", "0", "12.5000000001 EUR per CS, less than 0.01 % above"),
    ],
)
def test_a_price_just_outside_is_told_from_the_tolerance(amount: str, tolerance: str, said: str) -> None:
    policies = {"price_tolerance_percent": tolerance}
    mapping = priced(price_row("XCT", "12.50"), policies=policies)
    (fault,) = map_line(case("10", amount), mapping, currency="EUR").faults
    assert fault.value == said


def test_prices_of_any_unit_and_base_quantity_are_brought_to_the_ordered_unit() -> None:
    by_hundred = PriceRow("OAT-1L", "EA", "EUR", Decimal("104.17"), base_quantity=Decimal(100))
    line = map_line(case("10", "25.00", base_quantity="24", unit="EA"), priced(by_hundred), currency="EUR")
    assert line.faults == ()
    assert line.ordered_price == Fraction(25, 2)
    assert line.contract_price == Fraction(10417, 10000) * 12


def test_the_row_of_the_ordered_units_size_is_taken_first() -> None:
    mapping = priced(price_row("EA", "1.20"), price_row("XCT", "12.50"), price_row("XPX", "440"))
    assert map_line(case("400"), mapping, currency="EUR").contract_price == Fraction(25, 2)
    eaches = {"seller_item": "OAT-1L", "unit": "EA", "quantity": "12"}
    assert map_line(eaches, mapping, currency="EUR").contract_price == Fraction(6, 5)


def test_volume_breaks_count_in_the_rows_own_unit() -> None:
    mapping = priced(price_row("XCT", "12.50"), price_row("XCT", "11.90", "40"), price_row("XCT", "11.00", "400"))
    for quantity, price in (("39", "12.50"), ("40", "11.90"), ("399", "11.90"), ("400", "11.00")):
        assert map_line(case(quantity), mapping, currency="EUR").contract_price == Fraction(price)
    pallets = {"seller_item": "OAT-1L", "unit": "XPX", "quantity": "1"}
    assert map_line(pallets, mapping, currency="EUR").contract_price == Fraction("11.90") * 40


def test_contract_price_is_that_of_the_accounts_price_date() -> None:
    rows = (
        price_row("XCT", "12.50", valid_to=date(2026, 11, 30)),
        price_row("XCT", "13.00", valid_from=date(2026, 12, 1)),
    )
    header = {"currency": "EUR", "requested_delivery": {"start": "2026-12-01"}}
    site = SiteRow("S1", supply_site="HAMBURG", transit_days=1)
    for policy, price in (("order", "12.50"), ("delivery", "13.00"), ("despatch", "12.50")):
        mapping = revision([CARTON_ROW], [unit_row("CS", None, "XCT")], [site], rows, policies={"price_date": policy})
        assert map_line(case("1"), mapping, **header).contract_price == Fraction(price), policy


def test_no_contract_price_names_the_rows_there_are() -> None:
    mapping = priced(price_row("XCT", "12.50", "40"))
    line = map_line(case("10", "12.50"), mapping, currency="EUR")
    assert codes(line.faults) == [("no_contract_price", "/lines/0/price/amount")]
    assert line.faults[0].expected == "12.50 EUR per XCT from 40 XCT"
    other = map_line({"seller_item": "MUG", "unit": "EA"}, mapping, currency="EUR")
    assert codes(other.faults) == [("no_contract_price", "/lines/0")]
    assert [fault.value for fault in (*line.faults, *other.faults)] == ["OAT-1L by CS in EUR", "MUG by EA in EUR"]


EACHES = {"buyer_item": "PL-0042", "unit": "EA", "quantity": "24"}


def test_a_price_by_an_items_own_unit_counts_for_every_unit_of_the_product() -> None:
    mapping = revision([sku("PL-0042", "OAT-1L", "TRAY", "EA", 12)], prices=[price_row("TRAY", "18.00", "2")])
    line = map_line(EACHES, mapping, currency="EUR")
    assert (line.faults, line.contract_price) == ((), Fraction("1.50"))
    (too_few,) = map_line({**EACHES, "quantity": "12"}, mapping, currency="EUR").faults
    assert (too_few.code, "doesn't count" in too_few.detail) == ("no_contract_price", False)


@pytest.mark.parametrize(
    ("other", "general"),
    [(sku("PL-0043", "OAT-1L", "TRAY", "EA", 10), ()), (sku("PL-0044", "MUG"), (unit_row("TRAY", None, "EA", "10"),))],
)
def test_a_price_by_a_word_of_two_sizes_is_not_guessed(other: ItemRow, general: Any) -> None:
    items = [sku("PL-0042", "OAT-1L", "TRAY", "EA", 12), other]
    mapping = revision(items, general, prices=[price_row("TRAY", "18.00")])
    (fault,) = map_line(EACHES, mapping, currency="EUR").faults
    assert fault.code == "no_contract_price"
    assert fault.detail.endswith("the one by TRAY counts for lines by TRAY only, which is agreed as 10 and as 12 EA")
    by_tray = map_line({**EACHES, "unit": "TRAY"}, mapping, currency="EUR")
    assert (by_tray.faults, by_tray.contract_price) == ((), Fraction(18))


def test_a_price_by_a_word_that_nobody_explains_is_said_to_count_for_nothing() -> None:
    (fault,) = map_line(EACHES, priced(price_row("HUH", "18.00")), currency="EUR").faults
    assert fault.detail.endswith("the one by HUH doesn't count, because nothing says how many EA that is")


def test_no_contract_price_names_the_unit_that_the_line_leaves_to_what_is_agreed() -> None:
    mapping = revision(prices=[price_row("XCT", "12.50", "40")], policies={"default_unit": "XCT"})
    (fault,) = map_line({"seller_item": "MUG"}, mapping, currency="EUR").faults
    assert fault.code == "no_contract_price"
    assert fault.detail.endswith("in EUR is agreed for 1 XCT on 2026-11-23")


def test_currency_of_no_price_is_one_fault_of_the_header() -> None:
    mapped = map_order(order(case("10", "12.50"), case("1"), currency="USD"), priced(price_row("XCT", "12.50")))
    assert codes(mapped.all_faults()) == [("currency_mismatch", "/currency")]
    assert (mapped.faults[0].value, mapped.faults[0].expected) == ("USD", "EUR")


def test_currency_of_other_products_is_a_fault_of_the_line() -> None:
    mug = PriceRow("MUG", "EA", "USD", Decimal(3))
    line = map_line(case("10", "12.50"), priced(price_row("XCT", "12.50"), mug), currency="USD")
    assert codes(line.faults) == [("currency_mismatch", "/lines/0/price/amount")]
    assert line.faults[0].value == "OAT-1L by CS in USD"


def test_the_accounts_currency_stands_in_for_an_absent_one() -> None:
    mapped = map_order(order(case("10", "12.75")), priced(price_row("XCT", "12.50"), terms={"currency": "EUR"}))
    assert mapped.currency == "EUR"
    assert codes(mapped.all_faults()) == [("price_mismatch", "/lines/0/price/amount")]


def test_an_account_without_prices_is_not_judged() -> None:
    line = map_line(case("10", "99.99"), revision([CARTON_ROW]), currency="EUR")
    assert (line.faults, line.contract_price, line.ordered_price) == ((), None, Fraction("99.99"))


def test_an_absent_price_takes_the_contracts() -> None:
    line = map_line(case("10"), priced(price_row("XCT", "12.50")), currency="EUR")
    assert (line.faults, line.ordered_price, line.contract_price) == ((), None, Fraction("12.50"))


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ({"amount": "12.50", "base_quantity": "0"}, ("bad_value", "/lines/0/price/base_quantity")),
        ({"amount": "-1"}, ("bad_value", "/lines/0/price/amount")),
        ({"amount": "12.50", "unit": "HUH"}, ("unknown_unit", "/lines/0/price/unit")),
    ],
)
def test_prices_that_make_no_sense(price: dict[str, str], expected: tuple[str, str]) -> None:
    line = map_line({**CASE, "price": price}, priced(price_row("XCT", "12.50")), currency="EUR")
    assert codes(line.faults) == [expected]


# --- sites -------------------------------------------------------------------------------------------------------
EAST = SiteRow("401", "0088", "ship_to", "DC East", "Kai 4", "Hamburg", "20457", "DE", "HAMBURG", 1, 1)
SOUTH = SiteRow("402", None, None, "DC South", "Ring 20", "Nuernberg", "90441", "DE", "HALDEN")
OFFICE = SiteRow("403", "0088", "bill_to", "Office", "Allee 1", "Hamburg", "20095", "DE")
SITES = revision([CARTON_ROW], sites=[EAST, SOUTH, OFFICE])
KAI_4 = {"street": "kai  4", "postal_code": "20457"}


@pytest.mark.parametrize(
    ("ship_to", "found"),
    [
        ({"id": "401"}, EAST),
        ({"id": "401", "scheme": "GLN"}, EAST),
        ({"id": "402", "scheme": "0088"}, SOUTH),
        ({"id": "9", "identifiers": [{"id": "401", "scheme": "0088"}]}, EAST),
        ({"name": "DC East", "address": KAI_4}, EAST),
        ({"address": {"street": "Ring", "building_number": "20", "postal_code": "90441"}}, SOUTH),
        ({"id": "401", "scheme": "0060"}, None),
        ({"id": "403"}, None),
        ({"id": "404", "address": KAI_4}, None),
        ({"name": "DC East"}, None),
        ({"name": "DC West", "address": KAI_4}, None),
        ({"address": {**KAI_4, "city": "Kiel"}}, None),
        (None, None),
    ],
)
def test_place_of_delivery(ship_to: Any, found: SiteRow | None) -> None:
    mapped = map_order(order(CASE, ship_to=ship_to), SITES)
    assert mapped.site == found
    assert mapped.lines[0].site == found
    path = "/ship_to/id" if ship_to and "id" in ship_to else "/ship_to"
    assert codes(mapped.all_faults()) == ([] if found else [("unknown_ship_to", path)])


def test_an_unknown_place_lists_the_known_ones() -> None:
    (fault,) = map_order(order(CASE, ship_to={"id": "404", "scheme": "0088"}), SITES).faults
    assert fault.detail == "no place of delivery is known by 404 (scheme 0088)"
    assert fault.expected == "one of 401 DC East, 402 DC South"


UNNAMED = "the place of delivery has no identifier, and "


@pytest.mark.parametrize(
    ("ship_to", "detail"),
    [
        ({"id": "403"}, "403 is known, but as bill_to, not as a place of delivery"),
        (
            {"id": "401", "scheme": "0060"},
            "no place of delivery is known by 401 (scheme 0060) (there is one of scheme 0088, at any time)",
        ),
        (
            {"id": "9", "scheme": "GLN", "endpoint": {"id": "9", "scheme": "0088"}},
            "no place of delivery is known by 9 (scheme GLN)",
        ),
        (
            {"name": "DC West", "address": KAI_4},
            f"{UNNAMED}at its street and postal code is 401 with the name DC East",
        ),
        (
            {"name": "DC West", "address": {**KAI_4, "city": "Kiel"}},
            f"{UNNAMED}at its street and postal code is 401 with the name DC East and the city Hamburg",
        ),
        (
            {"name": "DC East"},
            f"{UNNAMED}its address lacks a street or a postal code, by which it could be known",
        ),
        (
            {"address": {**KAI_4, "postal_code": "1"}},
            f"{UNNAMED}no known place has this street and postal code",
        ),
    ],
)
def test_an_unknown_place_says_what_is_wrong_with_it(ship_to: Any, detail: str) -> None:
    (fault,) = map_order(order(CASE, ship_to=ship_to), SITES).faults
    assert fault.detail == detail


def test_a_seller_of_one_number_is_named_once() -> None:
    alike = {"id": "4099999000002", "scheme": "0088", "endpoint": {"id": "4099999000002", "scheme": "0088"}}
    (fault,) = map_order(order(CASE, seller=alike), revision([CARTON_ROW])).faults
    assert fault.code == "wrong_recipient"
    assert "seller is 4099999000002, which" in fault.detail


def test_a_lines_own_place_wins_over_the_headers() -> None:
    line = {**CASE, "ship_to": {"id": "402"}}
    mapped = map_order(order(line, CASE, ship_to={"id": "401"}), SITES)
    assert [entry.site for entry in mapped.lines] == [SOUTH, EAST]
    unknown = map_order(order({**CASE, "ship_to": {"id": "9"}}, ship_to={"id": "401"}), SITES)
    assert codes(unknown.all_faults()) == [("unknown_ship_to", "/lines/0/ship_to/id")]


def test_no_header_place_is_needed_where_every_line_has_its_own() -> None:
    assert map_order(order({**CASE, "ship_to": {"id": "402"}}), SITES).all_faults() == ()


def test_the_only_place_is_taken_and_no_places_are_not_judged() -> None:
    assert map_order(order(CASE), revision([CARTON_ROW], sites=[EAST])).lines[0].site == EAST
    mapped = map_order(order(CASE, ship_to={"id": "anywhere"}), revision([CARTON_ROW]))
    assert (mapped.site, mapped.all_faults()) == (None, ())


# --- all of it ---------------------------------------------------------------------------------------------------
def test_every_fault_of_an_order_at_once() -> None:
    mapping = revision(
        [CARTON_ROW],
        [unit_row("CS", None, "XCT")],
        [EAST],
        [price_row("XCT", "12.50")],
        identifiers=[{"id": "4012345000009"}],
    )
    bad = order(
        {"buyer_item": "NO-1", "unit": "CS"},
        {"buyer_item": "PL-0042", "unit": "BARREL"},
        {"buyer_item": "PL-0042", "unit": "EA", "quantity": "7", "price": {"amount": "2"}},
        {"buyer_item": "NO-2"},
        buyer={"id": "1"},
        seller={"id": "2", "scheme": "0088"},
        ship_to={"id": "3"},
        currency="EUR",
    )
    assert codes(map_order(bad, mapping).all_faults()) == [
        ("wrong_buyer", "/buyer/id"),
        ("wrong_recipient", "/seller/id"),
        ("unknown_ship_to", "/ship_to/id"),
        ("unknown_item", "/lines/0/buyer_item"),
        ("unknown_unit", "/lines/1/unit"),
        ("fractional_unit", "/lines/2/quantity"),
        ("price_mismatch", "/lines/2/price/amount"),
        ("unknown_item", "/lines/3/buyer_item"),
    ]


def test_what_is_remembered_never_changes_an_answer() -> None:
    """The same order, twice under one revision, and once under a fresh one of another catalogue size."""
    mapping = priced(price_row("XCT", "12.50"))
    asked = order(case("10", "12.75"), case("7.5", "12.50"), {"buyer_item": "X"}, currency="EUR")
    first, second = map_order(asked, mapping), map_order(asked, mapping)
    assert first == second
    assert map_order(asked, priced(price_row("XCT", "12.50"))) == first


def test_another_catalogue_is_never_answered_from_memory() -> None:
    from mappings.compile import compile_catalogue
    from mappings.revision import Pack, Product

    mapping = revision([], [unit_row("CS", None, "XCT")])
    asked = order({"seller_item": "OAT-1L", "unit": "CS"})
    smaller = compile_catalogue(2, [Product("OAT-1L", "Oat", "EA")], [Pack("OAT-1L", "XCT", Decimal(10))])
    found = [
        map_order(asked, mapping, catalogue).lines[0].base_quantity for catalogue in (CATALOGUE, smaller, CATALOGUE)
    ]
    assert found == [12, 10, 12]


def test_back_into_their_unit() -> None:
    line = map_line({**CASE, "quantity": "10"}, revision([CARTON_ROW]))
    assert in_their_unit(Decimal(72), line) == Decimal(6)
    assert in_their_unit(Decimal(6), line) == Decimal("0.5")
    assert in_their_unit(Decimal(5), line) is None
    assert in_their_unit(Decimal(5), map_line({"buyer_item": "?"}, revision())) is None


@pytest.mark.parametrize(
    ("ordered", "of_product", "beside_base_units"),
    [
        (OAT_CARTON, OAT_PIECE, OAT_PIECE),
        (f"0{OAT_PIECE}", OAT_PIECE, f"0{OAT_PIECE}"),  # the same, as the account writes it
        (OAT_CARTON, None, None),
        (None, OAT_PIECE, None),
    ],
)
def test_the_gtin_beside_base_units(ordered: str | None, of_product: str | None, beside_base_units: str | None) -> None:
    assert base_gtin(ordered, Product("OAT-1L", "Oat drink", "EA", gtin=of_product)) == beside_base_units
