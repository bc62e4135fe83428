"""What a mapping change does to the orders that came before it: grouped by the change, and down to the line."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gateway.accounts import published_folder
from gateway.effects import comparing
from gateway.effects.effects import MOST_LINES, Change, Effects, Group
from gateway.store.statements import run
from mappings.files.account_folder import AccountFolder
from mappings.revision import ItemRow
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, line, order
from tests.examples.small_gateway import SmallGateway
from tests.pipeline.mapping_changes import Change as FolderChange
from tests.pipeline.mapping_changes import effects_of, only_group, rows, terms, titles

PINE, LINDEN = "pine-hardware", "linden-works"


def unit(account_unit: str, factor: int) -> FolderChange:
    def made(row: Any) -> Any:
        return replace(row, factor=Decimal(factor)) if row.account_unit == account_unit else row

    return rows("units", made)


def without_item(sku: str) -> FolderChange:
    return rows("items", lambda row: None if row.account_sku == sku else row)


def with_item(row: ItemRow) -> FolderChange:
    return lambda folder: replace(folder, items=(*folder.items, row))


def pairs(sku: str) -> FolderChange:
    """A piece of the item is two of ours."""

    def made(row: Any) -> Any:
        of_two = replace(row, account_unit="STUK", unit="EA", factor=Decimal(2))
        return of_two if row.account_sku == sku else row

    return rows("items", made)


def linden(number: str = "LW-1") -> dict[str, Any]:
    """The least order of linden-works, in its own layout."""
    row = {"no": 1, "art": "711", "qty": "3", "uom": "KARTON"}
    return {"po": {"no": number, "placed": "05.11.2026", "to": "HALA-3"}, "rows": [row]}


def map_with(name: str, right: str, wrong: str) -> FolderChange:
    """The map with something else in the place of this, once."""

    def made(folder: AccountFolder) -> AccountFolder:
        assert right in folder.maps[name]
        return replace(folder, maps={**folder.maps, name: folder.maps[name].replace(right, wrong, 1)})

    return made


def test_no_change_has_no_effect(gateway: SmallGateway) -> None:
    for number in range(3):
        gateway.settle(PINE, order(BOLTS, HAMMERS, number=f"PH-{number}"))
    effects = effects_of(gateway, PINE, lambda folder: folder)
    assert (effects.messages, effects.orders, effects.differ, effects.groups) == (3, 3, 0, [])


def test_a_unit_of_another_size_is_one_change_with_its_lines(gateway: SmallGateway) -> None:
    """The boxes that were 50 are 100 by this mistake: the same change wherever the unit is used, in base units."""
    sent = [
        gateway.settle(PINE, order(line("1", "PH-0101", "4", "DOOS"), number=f"PH-{number}")) for number in range(3)
    ]
    effects = effects_of(gateway, PINE, unit("DOOS", 2))
    group = next(one for one in effects.groups if one.kind == "factor")
    assert group.title == "3 lines in 3 orders: DOOS of PH-0101 is 100 EA instead of 50 EA (600 → 1,200 EA)"
    assert (group.severity, group.orders, group.lines, group.not_shown) == ("changed", 3, 3, 0)
    assert (group.sums_before, group.sums_after) == ({"EA": Decimal(600)}, {"EA": Decimal(1200)})
    assert [(one.message_id, one.order_number, one.line_number) for one in group.shown] == [
        (stored.id, stored.order_number, "1") for stored in reversed(sent)
    ]
    assert {(one.before, one.after) for one in group.shown} == {("50 EA", "100 EA")}


def test_both_sides_are_judged_on_stock_of_which_nothing_is_taken(gateway: SmallGateway) -> None:
    """NORTH has 10 saws: each order is confirmed in full on both sides, however many there are of them."""
    for number in range(4):
        gateway.settle(PINE, order(line("1", "PH-0107", "10", "STUK", "18.00"), number=f"PH-{number}"))
    assert effects_of(gateway, PINE, terms(name="Pine Hardware BV")).groups == []


def test_what_is_in_stock_decides_both_sides(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(line("1", "PH-0101", "4", "DOOS", "6.00"), line("2", "PH-0107", "6", "STUK")))
    saws = pairs("PH-0107")
    effects = effects_of(gateway, PINE, saws)
    assert "1 line: STUK of PH-0107 is 2 EA instead of 1 EA (6 → 12 EA)" in titles(effects)
    assert "1 line: confirmed 5, back-ordered 1 instead of confirmed 6" in titles(effects)
    (outcome,) = [one for one in effects.groups if one.kind == "outcome"]
    assert outcome.shown[0].before == "confirmed 6 STUK"
    assert outcome.shown[0].after.startswith("confirmed 5, back-ordered 1 STUK (")


def test_an_order_that_newly_fails_says_why_and_comes_first(gateway: SmallGateway) -> None:
    for number in range(2):
        gateway.settle(PINE, order(BOLTS, HAMMERS, number=f"PH-{number}"))
    gateway.settle(PINE, order(BOLTS, number="PH-9"))
    slower = rows("sites", lambda row: replace(row, transit_days=3))
    effects = effects_of(gateway, PINE, lambda folder: slower(without_item("PH-0102")(folder)))
    assert titles(effects)[0] == "2 orders newly fail: unknown item PH-0102"
    assert effects.groups[0].severity == "newly_fails"
    assert (effects.newly_fail, effects.now_pass, effects.differ) == (2, 0, 3)
    assert effects.groups[0].shown[0].line_number == "2"
    assert effects.groups[0].shown[0].before == "answered"
    assert effects.groups[0].shown[0].after.startswith("held: ")


def test_an_order_that_was_held_passes_now(gateway: SmallGateway) -> None:
    held = gateway.settle(PINE, order(line("1", "PL-9", "4", "STUK")))
    assert held.status == "held"
    effects = effects_of(gateway, PINE, with_item(ItemRow("PL-9", None, "HAMMER-16")))
    group = only_group(effects)
    assert (group.title, group.severity) == ("1 order now passes: no more unknown item PL-9", "now_passes")
    assert (effects.newly_fail, effects.now_pass) == (0, 1)


def test_a_line_that_is_newly_refused_fails(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, unknown_item="reject_line")
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    effects = effects_of(gateway, PINE, without_item("PH-0102"))
    assert titles(effects) == ["1 line newly refused: unknown item PH-0102"]
    assert effects.newly_fail == 1
    folder = published_folder(gateway.store, PINE)
    assert folder is not None
    gateway.publish(without_item("PH-0102")(folder))
    gateway.settle(PINE, order(BOLTS, HAMMERS, number="PH-4002"))
    mended = effects_of(gateway, PINE, with_item(ItemRow("PH-0102", None, "HAMMER-16")))
    assert titles(mended) == ["2 lines in 2 orders refused no more: no more unknown item PH-0102"]
    assert mended.now_pass == 2


@pytest.mark.parametrize("decision", ["gateway", "backoffice"])
def test_a_refused_line_is_seen_where_no_answer_says_so(gateway: SmallGateway, decision: str) -> None:
    """The account wants no answer, or the ERP gives it."""
    gateway.set_policies(PINE, unknown_item="reject_line", decision=decision)
    gateway.settle(PINE, order(BOLTS, HAMMERS, response_requested=False))
    effects = effects_of(gateway, PINE, without_item("PH-0102"))
    assert titles(effects) == ["1 line newly refused: unknown item PH-0102"]
    assert effects.newly_fail == 1


def test_a_line_that_newly_waits_for_somebody_fails(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(BOLTS, HAMMERS))

    def waits(folder: AccountFolder) -> AccountFolder:
        return without_item("PH-0102")(terms(policies={"unknown_item": "hold_line"})(folder))

    effects = effects_of(gateway, PINE, waits)
    (group,) = effects.groups
    assert group.title == "1 line newly back-ordered, on hold: unknown item PH-0102"
    assert (group.severity, effects.newly_fail) == ("newly_fails", 1)
    published = published_folder(gateway.store, PINE)
    assert published is not None
    gateway.publish(waits(published))
    back = effects_of(gateway, PINE, lambda folder: replace(folder, items=published.items))
    assert (only_group(back).severity, back.now_pass) == ("now_passes", 1)


def test_an_order_at_which_the_gateway_fails_fails(gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        gateway.settle(PINE, order(BOLTS, number=f"PH-{number}"))
    real = comparing.decided

    def fails(services: Any, work: Any, *told: Any) -> Any:
        if work.revision.number == 0 and work.order.order_number == "PH-1":
            raise ZeroDivisionError
        return real(services, work, *told)

    monkeypatch.setattr(comparing, "decided", fails)
    effects = effects_of(gateway, PINE, lambda folder: folder)
    assert (effects.orders, effects.newly_fail) == (2, 1)
    assert titles(effects)[0].startswith("1 order newly fails: ")


def test_a_contract_price_that_changes_is_told_for_the_ordered_unit(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(line("1", "PH-0101", "4", "DOOS"), HAMMERS))
    dearer = rows("prices", lambda row: replace(row, price=Decimal("6.20")) if row.price == Decimal("6.00") else row)
    effects = effects_of(gateway, PINE, dearer)
    assert titles(effects) == ["1 line: contract price of BOLT-M8 6.00 EUR → 6.20 EUR for 1 DOOS"]


def test_a_price_for_another_size_alone_is_no_change_of_price(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(line("1", "PH-0102", "3", "STUK")))
    twice = pairs("PH-0102")
    assert [one.kind for one in effects_of(gateway, PINE, twice).groups] == ["factor"]


def test_a_price_for_an_ordered_unit_of_another_size_is_no_change_of_price(gateway: SmallGateway) -> None:
    published = published_folder(gateway.store, PINE)
    assert published is not None
    bolts = next(row for row in published.prices if row.product == "BOLT-M8")
    gateway.publish(replace(published, prices=(replace(bolts, unit="DOOS", min_quantity=Decimal(0)),)))
    gateway.settle(PINE, order(line("1", "PH-0101", "4", "DOOS")))
    assert [one.kind for one in effects_of(gateway, PINE, unit("DOOS", 2)).groups] == ["factor"]


def test_what_stands_beside_a_fault_is_no_part_of_its_name() -> None:
    group = Group("line_refused", "newly_fails", ("not_a_multiple", "10"), "", "", orders=1, lines=1)
    assert group.title == "1 line newly refused: not a multiple (10)"


def test_another_place_is_told_by_orders(gateway: SmallGateway) -> None:
    for number in range(4):
        gateway.settle(PINE, order(HAMMERS, number=f"PH-{number}"))

    def moved(row: Any) -> Any:
        return replace(row, account_site={"YARD-1": "YARD-2", "YARD-2": "YARD-1"}[row.account_site])

    told = titles(effects_of(gateway, PINE, rows("sites", moved)))
    assert "4 orders: delivered to Bouwmarkt Utrecht instead of Bouwmarkt Zwolle" in told


def test_another_supply_site_and_transit(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(HAMMERS))
    slower = rows("sites", lambda row: replace(row, transit_days=3))
    assert titles(effects_of(gateway, PINE, slower)) == ["1 line: promised 2 days later"]
    south = rows("sites", lambda row: replace(row, supply_site="SOUTH"))
    assert "1 order: Bouwmarkt Zwolle is supplied from SOUTH instead of NORTH" in titles(
        effects_of(gateway, PINE, south)
    )


def test_a_document_that_reads_otherwise_is_told_by_field(gateway: SmallGateway) -> None:
    for number in range(2):
        gateway.settle(LINDEN, linden(f"LW-{number}"))
    effects = effects_of(gateway, LINDEN, map_with("order_map.yaml", "DD.MM.YYYY", "MM.DD.YYYY"))
    assert "2 orders read otherwise: issue date 2026-11-05 → 2026-05-11" in titles(effects)


def test_a_map_that_reads_no_more_is_a_failure(gateway: SmallGateway) -> None:
    gateway.settle(LINDEN, linden())
    effects = effects_of(gateway, LINDEN, map_with("order_map.yaml", "from: qty,", "from: amount,"))
    assert (effects.groups[0].severity, effects.newly_fail) == ("newly_fails", 1)


def test_an_answer_that_is_written_otherwise(gateway: SmallGateway) -> None:
    gateway.settle(LINDEN, linden())
    renamed = map_with("order_response_map.yaml", "order_number", "number")
    assert titles(effects_of(gateway, LINDEN, renamed)) == ["1 order: the same answer is written otherwise"]
    as_json = terms(outbound={"order_response": {"format": "json-1", "transport": "mailbox"}})
    assert titles(effects_of(gateway, LINDEN, as_json)) == ["1 order: answered in json-1 instead of custom"]


def test_what_cant_be_compared_is_counted_with_the_reason(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS, number="PH-1"))
    gateway.settle(PINE, order(SAWS, number="PH-1"))  # the number used twice
    gateway.settle(PINE, order(BOLTS, number="PH-1"))  # the same again
    erased = gateway.settle(PINE, order(HAMMERS, number="PH-3"))
    gateway.send(PINE, order(BOLTS, number="PH-2"))  # waits
    erase(gateway, erased.id)
    effects = effects_of(gateway, PINE, lambda folder: folder)
    assert effects.messages == 5
    assert effects.left_out == {"order_book": 1, "duplicate": 1, "unsettled": 1, "erased": 1}
    assert (effects.orders, effects.not_compared) == (1, 4)
    assert "1 message: erased" in effects.reasons()


def erase(gateway: SmallGateway, message_id: str) -> None:
    with gateway.store.database.write() as connection:
        run(connection, "UPDATE payloads SET body = NULL WHERE message_id = ?", [(message_id,)])


def test_a_change_of_an_order_is_compared_in_what_it_says(gateway: SmallGateway) -> None:
    """What becomes of it is decided by the order that stands, and isn't judged here."""
    gateway.settle(PINE, order(line("1", "PH-0101", "4", "DOOS")))
    more = order(line("1", "PH-0101", "40", "DOOS"), function="change", version=2)
    assert gateway.settle(PINE, more).status == "done"
    effects = effects_of(gateway, PINE, unit("DOOS", 2))
    assert "2 lines in 2 orders: DOOS of PH-0101 is 100 EA instead of 50 EA (2,200 → 4,400 EA)" in titles(effects)
    assert [one.kind for one in effects.groups] == ["factor"]


def test_orders_of_one_body_are_compared_each(on_either: SmallGateway) -> None:
    orders = [order(BOLTS, number=f"PH-{number}") for number in range(3)]
    on_either.settle(PINE, json.dumps(orders).encode())
    on_either.work()
    effects = effects_of(on_either, PINE, unit("DOOS", 2))
    assert effects.left_out == {"envelope": 1}
    assert next(one for one in effects.groups if one.kind == "factor").orders == 3


def note(effects: Effects, number: int, value: str = "x") -> None:
    sums = {"EA": Decimal("0.1")}, {"EA": Decimal("1.2")}
    change = Change("factor", ("CS", value, "1 EA", "12 EA"), "1 EA", "12 EA", "1", "changed", *sums)
    effects.note(f"m-{number}", f"PO-{number}", [change])


def test_chunks_are_merged_exactly_and_many_lines_are_counted() -> None:
    chunks = []
    for start in range(0, 120, 40):
        chunk = Effects(messages=40)
        for number in range(start, start + 40):
            note(chunk, number)
        chunks.append(chunk)
    whole = Effects()
    for chunk in chunks:
        whole.merge(Effects.from_json(chunk.as_json()))
    (group,) = whole.groups
    assert (whole.messages, whole.orders, group.orders, group.lines) == (120, 120, 120, 120)
    assert (len(group.shown), group.not_shown) == (MOST_LINES, 120 - MOST_LINES)
    assert (group.sums_before, group.sums_after) == ({"EA": Decimal("12.0")}, {"EA": Decimal("144.0")})
    assert Effects.from_json(whole.as_json()).as_json() == whole.as_json()
    assert chunks[0].groups[0].orders == 40


def test_changes_without_end_go_into_one_group() -> None:
    effects = Effects()
    for number in range(1_000):
        note(effects, number, str(number))
    rest = effects.groups[-1]
    assert len(effects.groups) == 201
    assert rest.is_rest
    assert rest.orders == 800
    assert rest.title == "800 lines in 800 orders: further changes of the kind: units of another size"
