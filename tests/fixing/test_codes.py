"""Each cause that a row of the account's tables mends: what is filled in, what it would do, and that it does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.drafting.row_edits import RowRefused
from gateway.fixing import fix_for
from gateway.fixing.publishing import publish_fix
from mappings.revision import ItemRow, PriceRow, SiteRow, UnitRow
from tests.fixing.held_orders import Held

EAST: dict[str, Any] = {
    "id": "4012345000016",
    "scheme": "0088",
    "name": "DC East",
    "address": {"street": "Kai 4", "city": "Hamburg", "postal_code": "20457", "country": "DE"},
}
OURS = {"buyer_item": None, "seller_item": "OAT-1L", "unit": "EA"}


def mended(held: Held, code: str, ids: list[str], **typed: str) -> str:
    """Publish and replay it; what was foreseen."""
    said = held.foreseen(code, **typed).said
    publish_fix(held.services, held.proposed(code, **typed), actor="user Dana", reason="mended")
    held.settle()
    assert held.statuses(ids) == {"done"}, [held.services.store.messages.faults(one) for one in ids]
    return said


def test_unknown_unit_of_one_product_or_of_all(on_either: Held) -> None:
    ids = on_either.ordered(2, **{**OURS, "unit": "KRT"})
    fix = on_either.fix("unknown_unit")
    assert fix.filled.cells == {"account_unit": "KRT"}
    assert "Ordered by it: OAT-1L." in fix.filled.beside["product"]
    assert [unit for unit, _ in fix.filled.units_of("")] == ["EA", "XCT"]
    said = mended(on_either, "unknown_unit", ids, unit="XCT", factor="1")
    assert said == "2 orders: 2 would be answered (2 accepted)."


def test_a_units_row_that_leads_to_no_pack_is_changed_in_its_place(held: Held) -> None:
    held.publish(UnitRow("KRT", "OAT-1L", "XPX", Decimal(1)))
    ids = held.ordered(1, **{**OURS, "unit": "KRT"})
    with pytest.raises(RowRefused) as refused:
        held.proposed("unknown_unit", product="OAT-1L", unit="XPX", factor="1")
    assert list(refused.value.faults) == ["unit"]
    proposal = held.proposed("unknown_unit", product="OAT-1L", unit="EA", factor="12")
    assert [row.natural_key for row in proposal.removed] == [proposal.added.natural_key]
    mended(held, "unknown_unit", ids, product="OAT-1L", unit="EA", factor="12")


def test_lines_without_a_unit_need_the_terms(held: Held) -> None:
    held.ordered(1, **{**OURS, "unit": None})
    assert fix_for(held.services, held.cause("unknown_unit")) is None


def test_item_conflict_corrects_the_row(on_either: Held) -> None:
    on_either.publish(ItemRow("PL-1", None, "SOY-1L"))
    ids = on_either.ordered(2, buyer_item="PL-1", seller_item="OAT-1L", unit="EA")
    fix = on_either.fix("item_conflict")
    assert fix.filled.cells["product"] == ""
    assert fix.filled.beside["product"] == "It is SOY-1L as agreed now."
    proposal = on_either.proposed("item_conflict", product="OAT-1L")
    assert [row.natural_key for row in proposal.removed] == ["PL-1||SOY-1L||"]
    mended(on_either, "item_conflict", ids, product="OAT-1L")
    assert on_either.services.terms.current(["acme"])["acme"].items_by_sku["PL-1"] == (ItemRow("PL-1", None, "OAT-1L"),)


def sent_to(held: Held, ship_to: dict[str, Any], number: str = "PO-SITE") -> list[str]:
    line = {"line_number": "1", "seller_item": "OAT-1L", "quantity": "5", "unit": "EA"}
    answer = held.send(held.sender, held.order(number, [line], ship_to=ship_to))
    held.work()
    return [answer.json["message_id"]]


def test_unknown_ship_to_has_its_address_filled_in(on_either: Held) -> None:
    on_either.publish(SiteRow("WEST", supply_site="MAIN"))
    ids = sent_to(on_either, EAST)
    fix = on_either.fix("unknown_ship_to")
    assert fix.filled.cells == {
        "account_site": "4012345000016",
        "scheme": "0088",
        "name": "DC East",
        "street": "Kai 4",
        "city": "Hamburg",
        "postal_code": "20457",
        "country": "DE",
    }
    assert fix.filled.choices["supply_site"] == (("MAIN", ""),)
    with pytest.raises(RowRefused) as refused:
        on_either.proposed("unknown_ship_to", supply_site="ELSEWHERE", transit_days="soon")
    assert set(refused.value.faults) >= {"transit_days"}
    with pytest.raises(RowRefused) as refused:
        on_either.proposed("unknown_ship_to", supply_site="ELSEWHERE")
    assert list(refused.value.faults) == ["supply_site"]
    mended(on_either, "unknown_ship_to", ids, supply_site="MAIN", transit_days="2")


def test_a_place_that_is_known_by_its_address_is_given_a_name(held: Held) -> None:
    held.publish(SiteRow("WEST", supply_site="MAIN"), SiteRow("NORTH", supply_site="MAIN"))
    ids = sent_to(held, {"name": "DC East", "address": EAST["address"]})
    with pytest.raises(RowRefused) as refused:
        held.proposed("unknown_ship_to")
    assert list(refused.value.faults) == ["account_site"]
    mended(held, "unknown_ship_to", ids, account_site="EAST")


def test_unknown_supply_site_corrects_the_places_row(held: Held) -> None:
    held.publish(SiteRow("4012345000016", "0088", supply_site="OLD"))
    ids = sent_to(held, EAST)
    fix = held.fix("unknown_supply_site")
    assert "OLD as agreed now" in fix.filled.beside["supply_site"]
    with pytest.raises(RowRefused) as refused:
        held.proposed("unknown_supply_site")
    assert list(refused.value.faults) == ["supply_site"]
    mended(held, "unknown_supply_site", ids, supply_site="MAIN")


def test_a_price_is_the_contracts_until_somebody_says_otherwise(on_either: Held) -> None:
    on_either.publish(PriceRow("OAT-1L", "EA", "EUR", Decimal("1.00")))
    ids = on_either.ordered(2, **OURS, price={"amount": "1.20"})
    fix = on_either.fix("price_mismatch")
    assert fix.filled.cells["price"] == "1.00"
    assert fix.filled.beside["price"] == "The orders say 1.20 EUR for 1 EA."
    assert on_either.proposed("price_mismatch").changes_nothing
    said = on_either.foreseen("price_mismatch").said
    assert said.startswith("2 orders: 2 are still held: price differs from contract")
    mended(on_either, "price_mismatch", ids, price="1.20")


def test_a_price_from_a_day_on_leaves_the_one_before(held: Held) -> None:
    held.publish(PriceRow("OAT-1L", "EA", "EUR", Decimal("1.00")))
    ids = held.ordered(1, **OURS, price={"amount": "1.20"})
    proposal = held.proposed("price_mismatch", price="1.20", valid_from="2026-11-01")
    assert proposal.removed == ()
    mended(held, "price_mismatch", ids, price="1.20", valid_from="2026-11-01")


def test_a_missing_price_is_asked_and_the_orders_shown_beside(on_either: Held) -> None:
    on_either.publish(PriceRow("SOY-1L", "EA", "EUR", Decimal("1.00")))
    ids = on_either.ordered(2, **OURS, price={"amount": "1.20"})
    fix = on_either.fix("no_contract_price")
    assert fix.filled.cells == {"product": "OAT-1L", "unit": "EA", "currency": "EUR"}
    assert fix.filled.beside["price"] == "The orders say 1.20 EUR for 1 EA."
    with pytest.raises(RowRefused) as refused:
        on_either.proposed("no_contract_price")
    assert list(refused.value.faults) == ["price"]
    mended(on_either, "no_contract_price", ids, price="1.20")


def test_what_is_no_row_says_so(held: Held) -> None:
    held.ordered(1, **{**OURS, "quantity": "0.5"})
    codes = {one.code: one for one in held.services.store.problems.all()}
    for code, cause in codes.items():
        assert fix_for(held.services, cause) is None, code
