"""An account's mapping beside our catalogue and stock: what will not work, at its place, and what works in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mappings.account import Account
from mappings.coherence import mapping_problems, rebates_of_several_units
from mappings.compile import compile_catalogue
from mappings.revision import ItemRow, Pack, PriceRow, Product, SiteRow, UnitRow
from mappings.tables import Kind, table_of
from schemas.faults import Fault

CATALOGUE = compile_catalogue(
    1,
    [Product("OAT", "Oat drink", "EA"), Product("TEA", "Tea", "KGM")],
    [Pack("OAT", "XCT", Decimal(12)), Pack("TEA", "XBG", Decimal(5))],
)
KINDS: tuple[Kind, ...] = ("item", "unit", "site", "price")


def problems(
    *rows: Any, terms: dict[str, Any] | None = None, sites: tuple[str, ...] = (), maps: tuple[str, ...] = ()
) -> list[Fault]:
    """What is wrong with these rows, each at "file row N"."""
    placed = {kind: [_placed(index, row) for index, row in enumerate(rows) if _kind(row) == kind] for kind in KINDS}
    account = Account.model_validate({"id": "acme", "name": "ACME", **(terms or {})})
    return list(mapping_problems("acme", account, placed, CATALOGUE, sites, maps=maps))


def _kind(row: Any) -> str:
    return table_of(row).kind


def _placed(index: int, row: Any) -> tuple[str, Any]:
    return f"{table_of(row).file} row {index}", row


def price(product: str, unit: str) -> PriceRow:
    return PriceRow(product, unit, "EUR", Decimal(1))


def test_a_price_by_a_unit_that_leads_nowhere() -> None:
    (fault,) = problems(price("OAT", "XCT"), price("OAT", "EA"), price("OAT", "XPX"))
    assert (fault.code, fault.location, fault.value) == ("bad_value", "prices.csv row 2", "XPX")
    assert fault.detail == (
        "prices.csv row 2: the price of OAT by XPX counts for no order: nothing says how many EA that is"
    )
    assert fault.expected == "one of EA, XCT, or a row for XPX in packs.csv"


@pytest.mark.parametrize(
    "said",
    [
        UnitRow("CS", None, "XCT", Decimal(1)),
        UnitRow("CS", "OAT", "EA", Decimal(6)),
        ItemRow("PL-1", None, "OAT", "CS", "EA", Decimal(12)),
    ],
)
def test_a_price_by_the_accounts_own_unit_counts_where_that_unit_is_known(said: Any) -> None:
    """As pricing an order has it (`mappings.prices`); the same word says nothing of a product without that pack."""
    assert problems(price("OAT", "CS"), said) == []
    assert [fault.value for fault in problems(price("TEA", "CS"), said)] == ["CS"]
    assert [fault.value for fault in problems(price("OAT", "CS"))] == ["CS"]


@pytest.mark.parametrize("unread", ["item", "unit"])
def test_what_an_unread_table_would_have_said_is_not_missed(unread: Kind) -> None:
    rows = {kind: [_placed(0, price("OAT", "CS"))] if kind == "price" else [] for kind in KINDS}
    assert mapping_problems("acme", None, rows, CATALOGUE, ()) != ()
    assert mapping_problems("acme", None, rows, CATALOGUE, (), [unread]) == ()


def test_a_price_by_a_word_of_two_sizes_counts_for_that_word_alone() -> None:
    twelve, ten = ItemRow("PL-1", None, "OAT", "CS", "EA", Decimal(12)), UnitRow("CS", None, "EA", Decimal(10))
    (fault,) = problems(price("OAT", "CS"), twelve, ten)
    assert (fault.code, fault.location, fault.value) == ("bad_value", "prices.csv row 0", "CS")
    assert fault.detail == (
        "prices.csv row 0: the price of OAT by CS counts only for lines by CS: 1 CS is agreed as 10 and as 12 EA"
    )
    before = replace(twelve, factor=Decimal(10), valid_to=date(2026, 1, 31))
    assert problems(price("OAT", "CS"), before, replace(twelve, valid_from=date(2026, 2, 1))) == []


def test_a_unit_of_ours_that_the_product_has_not() -> None:
    found = problems(
        ItemRow("PL-1", None, "OAT", "PAL", "XPX", Decimal(2)),
        ItemRow("PL-2", None, "OAT"),
        UnitRow("BAG", "OAT", "XBG", Decimal(1)),
        UnitRow("BAG", None, "XBG", Decimal(1)),
        UnitRow("PAL", None, "XPX", Decimal(1)),
    )
    assert [(fault.location, fault.value) for fault in found] == [
        ("items.csv row 0", "XPX"),
        ("units.csv row 2", "XBG"),
        ("units.csv row 4", "XPX"),
    ]
    assert found[0].detail == "items.csv row 0: 1 PAL is 2 XPX there, but there is no XPX of OAT"
    assert "no product of ours has that unit" in found[2].detail


def test_numbers_with_a_wrong_check_digit() -> None:
    terms = {
        "identifiers": [{"scheme": "0088", "id": "4012345000009"}, {"scheme": "GLN", "id": "4012345000008"}],
        "legal": {"endpoint": {"scheme": "0088", "id": "401234"}},
    }
    found = problems(
        ItemRow("PL-1", "9521234000013", "OAT"),
        ItemRow("PL-2", "9521234000014", "OAT"),
        SiteRow("4012345000016", "0088"),
        SiteRow("4012345000017", "0088"),
        SiteRow("4012345000017"),
        SiteRow("314159", "0060"),
        terms=terms,
    )
    assert [(fault.code, fault.path, fault.location, fault.value) for fault in found] == [
        ("check_digit", "/identifiers/1/id", "account.yaml", "4012345000008"),
        ("check_digit", "/legal/endpoint/id", "account.yaml", "401234"),
        ("check_digit", "", "sites.csv row 3", "4012345000017"),
        ("check_digit", "", "items.csv row 1", "9521234000014"),
    ]
    assert found[1].detail == "legal.endpoint.id: a GLN (scheme 0088) has 13 digits"


def item(sku: str, product: str, gtin: str | None = None, *, since: date | None = None) -> ItemRow:
    return ItemRow(sku, gtin, product, valid_from=since)


def test_a_number_of_two_products_is_told_where_nothing_tells_them_apart() -> None:
    (fault,) = problems(item("0042", "OAT"), item("0043", "TEA"), item("0042", "TEA"), item("0042", "TEA"))
    assert (fault.code, fault.location, fault.value) == ("bad_value", "items.csv row 2", "0042")
    assert fault.detail == (
        "items.csv row 2: 0042 is OAT and TEA on the same days: an order line that names nothing else is held"
    )


@pytest.mark.parametrize(
    "second",
    [
        item("0042", "OAT"),
        item("0042", "TEA", "9521234000037"),
        item("0042", "TEA", since=date(2026, 12, 1)),
        item("42", "TEA"),
    ],
)
def test_a_number_whose_products_are_told_apart_is_none_of_these(second: ItemRow) -> None:
    until = date(2026, 11, 30) if second.valid_from else None
    first = replace(item("0042", "OAT", "9521234000013" if second.gtin else None), valid_to=until)
    assert problems(first, second) == []


def test_a_role_that_nobody_reads_makes_a_place_of_delivery() -> None:
    (fault,) = problems(SiteRow("A", None, "bil_to"), SiteRow("B", None, "bill_to"), SiteRow("C", None, "ship_to"))
    assert (fault.location, fault.value) == ("sites.csv row 0", "bil_to")
    assert fault.expected == "one of ship_to, bill_to, buyer, invoice, or nothing"
    assert "A counts as a place of delivery" in fault.detail


def test_what_is_not_ours_is_named_once_a_table() -> None:
    rows = (ItemRow("PL-1", None, "RYE"), ItemRow("PL-2", None, "RYE"), price("RYE", "EA"))
    places = (SiteRow("A", supply_site="HAM"), SiteRow("B", supply_site="HAM"))
    found = problems(*rows, *places, sites=("OSLO",))
    assert [(fault.location, fault.value) for fault in found] == [
        ("items.csv row 0", "RYE"),
        ("prices.csv row 2", "RYE"),
        ("sites.csv row 3", "HAM"),
    ]
    assert [fault.value for fault in problems(*places)] == []  # no stock is known yet


def test_a_discount_for_what_is_not_ours() -> None:
    discounts = [{"percent": "2"}, {"percent": "3", "products": ["OAT", "RYE"]}]
    (fault,) = problems(terms={"terms": {"discounts": discounts}})
    assert (fault.code, fault.path, fault.location) == ("bad_value", "/terms/discounts/1/products/1", "account.yaml")
    assert (fault.value, fault.detail) == ("RYE", "a discount of acme is for RYE, which products.csv does not have")


def test_rebates_that_nobody_can_work_out() -> None:
    tiers = [{"from": "0", "percent": "1"}]
    found = problems(
        terms={
            "terms": {
                "rebates": [
                    {"period": "year", "tiers": tiers, "name": "A"},
                    {"period": "year", "tiers": tiers, "basis": "net_paid", "name": "B"},
                    {"period": "year", "tiers": [*tiers, {"from": "0.0", "percent": "2"}], "name": "C"},
                    {"period": "year", "tiers": tiers, "basis": "quantity", "name": "D"},
                    {"period": "year", "tiers": tiers, "basis": "quantity", "products": ["OAT"], "name": "E"},
                    {"period": "year", "tiers": tiers, "products": ["RYE"], "name": "Bonus"},
                ]
            }
        }
    )
    assert [(fault.path, fault.detail) for fault in found] == [
        ("/terms/rebates/1/basis", "B of acme is by what was paid, which nobody tells this program"),
        (
            "/terms/rebates/2/tiers",
            "C of acme has tiers that begin with the same figure; the last of them counts",
        ),
        ("/terms/rebates/3/products", "D of acme is by quantity, and would add up EA (OAT) and KGM (TEA)"),
        ("/terms/rebates/5/products/0", "a rebate of acme is for RYE, which products.csv does not have"),
    ]


def test_a_rebate_by_quantity_of_products_that_are_counted_in_several_units() -> None:
    """Those that it names are told with their units, the first of many; what it leaves open may never be bought."""
    rebate = {"period": "year", "tiers": [{"from": "0", "percent": "1"}], "basis": "quantity"}
    named = [{**rebate, "name": "A", "products": ["TEA", "OAT"]}, {**rebate, "name": "B"}]
    account = Account.model_validate({"id": "acme", "name": "ACME", "terms": {"rebates": named}})
    (fault,) = rebates_of_several_units(account, CATALOGUE)
    assert (fault.code, fault.path, fault.location) == ("bad_value", "/terms/rebates/0/products", "account.yaml")
    assert fault.detail == "A of acme is by quantity, and would add up EA (OAT) and KGM (TEA)"
    assert (fault.value, fault.expected) == ("TEA, OAT", "products of one base unit, a rebate for each")
    assert fault in problems(terms={"terms": {"rebates": named}})
    many = [Product(f"P-{number}", "Pen", "EA") for number in range(12)]
    catalogue = compile_catalogue(1, [*many, Product("TEA", "Tea", "KGM")], [])
    every = {**rebate, "name": "A", "products": [one.product for one in many] + ["TEA", "RYE"]}
    account = Account.model_validate({"id": "acme", "name": "ACME", "terms": {"rebates": [every]}})
    (fault,) = rebates_of_several_units(account, catalogue)
    told = "EA (P-0, P-1, P-10, P-11, P-2 and 7 more) and KGM (TEA)"
    assert fault.detail == f"A of acme is by quantity, and would add up {told}"


def test_rebates_that_nobody_can_tell_apart() -> None:
    """By name, period, days and currency."""
    tiers = [{"from": "0", "percent": "1"}]
    yearly = {"period": "year", "tiers": tiers}
    apart = [
        {**yearly, "valid_to": "2026-06-30"},
        {**yearly, "valid_from": "2026-07-01", "currency": "EUR"},
        {**yearly, "valid_from": "2026-07-01", "currency": "SEK"},
        {"period": "month", "tiers": tiers},
        {**yearly, "name": "Bonus"},
    ]
    assert problems(terms={"terms": {"rebates": apart}}) == []
    found = problems(terms={"terms": {"rebates": [*apart, {**yearly, "valid_from": "2026-12-31", "currency": "SEK"}]}})
    told = "acme has several rebates by year named Rebate; none of them is settled"
    assert [(fault.path, fault.detail) for fault in found] == [
        ("/terms/rebates/2/name", told),
        ("/terms/rebates/5/name", told),
    ]


def test_cells_that_are_wrong_by_themselves_say_nothing() -> None:
    """Rows with a fault are judged by what could be read of them."""
    nothing: Any = None
    rows = (ItemRow(None, None, nothing, "CS", None, Decimal(1)), UnitRow(nothing, "OAT", nothing, nothing))
    assert problems(*rows, PriceRow("OAT", nothing, "EUR", nothing), SiteRow(nothing, "0088")) == []
    (fault,) = problems(UnitRow("PAL", "OAT", "XPX", nothing))
    assert fault.detail == "units.csv row 0: 1 PAL is XPX there, but there is no XPX of OAT"


def sent(**formats: str) -> dict[str, Any]:
    return {"outbound": {kind: {"format": name} for kind, name in formats.items()}}


def test_a_document_that_nobody_sends_and_a_format_that_cannot_write_one() -> None:
    found = problems(terms=sent(order_response="csv-9", despatch_advice="csv-1", despach_advice="json-1"))
    assert [(fault.path, fault.value) for fault in found] == [
        ("/outbound/order_response/format", "csv-9"),
        ("/outbound/despatch_advice/format", "csv-1"),
        ("/outbound/despach_advice", "despach_advice"),
    ]
    writers = "one of json-1, ubl-2.1, peppol-bis-3, peppol-advanced-3, cxml-1.2, custom"
    assert [fault.expected for fault in found[:2]] == [writers, writers]
    assert found[2].expected == "one of order_response, despatch_advice, inventory_report, invoice, credit_note"


@pytest.mark.parametrize("kind", ["order_response", "despatch_advice", "inventory_report", "invoice", "credit_note"])
def test_a_map_is_used_where_its_documents_go_out_by_maps(kind: str) -> None:
    name = f"{kind}_map.yaml"
    assert problems(terms=sent(**{kind: "custom"}), maps=(name,)) == []
    (fault,) = problems(terms=sent(**{kind: "json-1"}), maps=(name,))
    assert (fault.detail, fault.value) == (f"{name} of acme is used by nothing", name)
    assert fault.expected == f"outbound.{kind} with format: custom in account.yaml"


def test_credit_notes_go_as_invoices_do_unless_they_are_agreed_by_themselves() -> None:
    assert problems(terms=sent(invoice="custom"), maps=("invoice_map.yaml", "credit_note_map.yaml")) == []
    assert problems(terms=sent(credit_note="custom", invoice="json-1"), maps=("invoice_map.yaml",)) == []
    (fault,) = problems(terms=sent(invoice="custom", credit_note="json-1"), maps=("credit_note_map.yaml",))
    assert fault.value == "credit_note_map.yaml"
