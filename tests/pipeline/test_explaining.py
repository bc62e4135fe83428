"""Why a line came out so: each figure by hand, the stock that it found, what moved it and what left."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gateway.accounts import publish_catalogue
from gateway.explaining import NoSuchLine, explain_line
from gateway.store.statements import run
from mappings.files.account_folder import read_account
from mappings.files.tables import read_catalogue
from mappings.revision import TaxRow
from tests.examples.billing import agree, bill, office
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, line, order
from tests.examples.small_gateway import ACCOUNTS, CATALOGUE, SmallGateway
from tests.examples.threads import change
from tests.pipeline.test_erp_decisions import ACCEPT, decide
from tests.pipeline.test_invoices import SAND, credit, ship
from tests.pipeline.test_shipments import part, send, shipment

PINE = "pine-hardware"


def explain(gateway: SmallGateway, line_number: str = "1", number: str = "PH-4001") -> dict[str, Any]:
    """The explanation; what moved the line sums to its ledger, and no more was taken than was free."""
    stands = gateway.store.orders.by_number(PINE, number)[0]
    told = explain_line(gateway.services, stands, line_number).as_json()
    (sums,) = [one for one in gateway.store.orders.ledger(stands.id) if one.line_number == line_number]
    for name in ("ordered", "raised", "confirmed", "backordered", "rejected", "cancelled"):
        moved = sum((Decimal(one["added"].get(name, 0)) for one in told["movements"]), Decimal(0))
        assert moved == getattr(sums, name), name
    assert sum((Decimal(one["base_quantity"]) for one in told["shipments"]), Decimal(0)) == sums.base_shipped
    for name, kind in (("base_invoiced", "invoice"), ("base_credited", "credit_note")):
        billed = [Decimal(one["base_quantity"]) for one in told["invoices"] if one["type"] == kind]
        assert sum(billed, Decimal(0)) == getattr(sums, name), name
    for one in told["stock"]:
        assert Decimal(one["took"]) <= Decimal(one["free"]), one
    return told


def figures(told: dict[str, Any]) -> dict[str, tuple[str, str, str | None, str | None]]:
    """Figure → (value, rule, revision, arithmetic)."""
    return {one["figure"]: (one["value"], one["rule"], one["revision"], one["arithmetic"]) for one in told["figures"]}


def settled(gateway: SmallGateway, *orders: dict[str, Any]) -> None:
    for one in orders:
        assert gateway.settle(PINE, one).status == "done"


# --- what a figure is, and why ---------------------------------------------------------------------------------------
def test_every_figure_of_a_line_that_is_confirmed_and_shipped(on_either: SmallGateway) -> None:
    gateway = on_either
    settled(gateway, order(BOLTS, HAMMERS))
    assert send(gateway, shipment(part("150"))).status_code == 201
    told = explain(gateway)
    assert [(one["figure"], one["value"], one["arithmetic"]) for one in told["figures"]] == [
        ("the account's item number PH-0101", "BOLT-M8", None),
        ("product", "BOLT-M8 Hex bolt M8 x 40", None),
        ("unit", "DOOS", None),
        ("1 DOOS", "50 EA", "1 DOOS = 1 XBX, 1 XBX = 50 EA: 1 x 50 = 50 EA"),
        ("ordered", "4 DOOS", None),
        ("ordered in base units", "200 EA", "4 x 50 = 200 EA"),
        ("ordered as sold", "4 XBX", "200 EA / 50 = 4 XBX"),
        ("place of delivery", "YARD-1 Bouwmarkt Zwolle", "by the order's identifier"),
        ("supplied from", "NORTH", None),
        ("day of the price", "2026-11-23", None),
        ("contract price", "6.00 EUR per DOOS", "6.00 for 1 XBX, which is 1 DOOS"),
        ("ordered price", "6.00 EUR per DOOS", None),
        ("ordered price is near enough", "yes", "6.00 is within 5.94 to 6.06, 0.00 % off"),
        ("price stated", "6.00 EUR for 1 DOOS", None),
        ("decided by", "stock", None),
        ("order comes whole or not at all", "no", None),
        ("a part of the line may come alone", "yes", None),
        ("what is missing may follow", "yes", None),
        ("earliest delivery", "2026-11-26", "2026-11-23 + 2 + 1 days"),
        ("day that can be promised", "2026-11-26", None),
    ]
    found = figures(told)
    assert found["the account's item number PH-0101"][1:3] == (
        "items.csv: PH-0101,,BOLT-M8,,,,Zeskantbout M8",
        "mapping 1",
    )
    assert found["1 DOOS"][1:3] == (
        "units.csv: DOOS,,XBX,1 (the rule of the account); packs.csv: BOLT-M8,XBX,50,19521234001017",
        "mapping 1, catalogue 1",
    )
    assert found["contract price"][1] == "prices.csv: BOLT-M8,XBX,EUR,6.00,1,0,,2026-11-30"
    assert told["stock"][0]["arithmetic"] == (
        "1200 - 0 on hand; all had 0 of 1200, the account 0 of 100 % = 1200: 1200 free; 5000 due on 2026-12-01"
    )
    message = told["message_id"]
    assert [(one["said"], one["added"], one["base_units"]) for one in told["movements"]] == [
        (f"message {message}, version 1", {"ordered": "4", "confirmed": "4"}, []),
        ("shipment LS-1", {"shipped": "150"}, ["shipped"]),
    ]
    (left,) = told["shipments"]
    assert (left["shipment_number"], left["base_quantity"], left["base_unit"], left["package"]) == (
        "LS-1",
        "150",
        "EA",
        "C1",
    )
    advice = gateway.store.documents.page(PINE, kind="despatch_advice", order_number="PH-4001", after=None, limit=9)
    assert (left["despatch_advice"], left["despatch_advice_line"]) == (advice[0].number, "1")
    assert left["sscc"]
    assert told["invoices"] == []


def test_the_stock_that_was_there_and_the_accounts_share_of_it(on_either: SmallGateway) -> None:
    """Half of 10 saws are the account's: the first order has 5 of its 15, the second finds none."""
    gateway = on_either
    gateway.set_policies(PINE, allocation_percent=50)
    settled(gateway, order(SAWS), order(SAWS, number="PH-4002"))
    first, second = explain(gateway, "2"), explain(gateway, "2", "PH-4002")
    due = "; 20 due on 2026-12-02"
    assert [(one["site"], one["took"], one["arithmetic"]) for one in (*first["stock"], *second["stock"])] == [
        ("NORTH", "5", f"10 - 0 on hand; all had 0 of 10, the account 0 of 50 % = 5: 5 free{due}"),
        ("NORTH", "0", f"10 - 0 on hand; all had 5 of 10, the account 5 of 50 % = 5: 0 free{due}"),
    ]
    assert [(one["status"], one["quantity"], one["promised_delivery"]) for one in first["answers"]] == [
        ("accepted", "5", "2026-11-26"),
        ("backordered", "10", "2026-12-03"),
    ]


def test_a_price_by_its_break_and_one_that_is_too_far_off(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.set_policies(PINE, price_mismatch="accept_contract_price")
    settled(gateway, order(line("1", "PH-0101", "12", "DOOS", "6.00")))
    found = figures(explain(gateway))
    assert found["contract price"] == (
        "5.40 EUR per DOOS",
        "prices.csv: BOLT-M8,XBX,EUR,5.40,1,10,,2026-11-30",
        "mapping 2",
        "from 10 XBX = 500 EA on, and 600 EA are ordered; 5.40 for 1 XBX, which is 1 DOOS",
    )
    assert found["ordered price is near enough"] == (
        "no",
        "account.yaml policies.price_tolerance_percent: 1",
        "mapping 2",
        "6.00 is outside 5.346 to 5.454, 11.11 % off",
    )
    rule = "account.yaml policies.price_mismatch: accept_contract_price"
    assert found["price stated"] == ("5.40 EUR for 1 DOOS", rule, "mapping 2", None)
    assert found["fault"][:3] == ("price_mismatch", f"{rule} → accept contract price", "mapping 2")


def test_a_quantity_that_is_raised_and_prices_by_another_unit(on_either: SmallGateway) -> None:
    """120 pieces are 2.4 boxes of 50: 3 boxes. A box is 6.00, so a piece is 0.12."""
    gateway = on_either
    gateway.set_policies(PINE, fractional_unit="round_up")
    settled(gateway, order(line("1", "PH-0101", "120", "STUK")))
    found = figures(explain(gateway))
    assert found["ordered as sold"][0] == "2.4 XBX"
    assert found["raised to"] == (
        "150 STUK",
        "account.yaml policies.fractional_unit: round_up",
        "mapping 2",
        "the next whole XBX: 150 EA",
    )
    assert found["contract price"][0] == "0.12 EUR per STUK"
    assert found["contract price"][3] == "6.00 for 1 XBX; 1 XBX = 50 EA, 1 STUK = 1: 6.00 / 1 x 1 / 50"
    assert found["price stated"][1] == "the contract's, because the order names none"


def test_the_items_own_rule_and_a_price_for_a_hundred(on_either: SmallGateway) -> None:
    settled(on_either, order(line("1", "PH-0104", "2", "KRUIWAGEN")))
    found = figures(explain(on_either))
    assert found["1 KRUIWAGEN"] == (
        "80 KGM",
        "items.csv: PH-0104,,SAND-KG,KRUIWAGEN,KGM,80,Zand; een kruiwagen is 80 kg (the rule of the item)",
        "mapping 1",
        "1 KRUIWAGEN = 80 KGM",
    )
    assert found["contract price"][0] == "9.60 EUR per KRUIWAGEN"
    assert found["contract price"][3] == "12.00 for 100 KGM; 1 KGM = 1 KGM, 1 KRUIWAGEN = 80: 12.00 / 100 x 80 / 1"


def test_what_was_not_said_is_told_where_it_comes_from(on_either: SmallGateway) -> None:
    """By our number, in the default unit."""
    asked = {"line_number": "1", "seller_item": "HAMMER-16", "quantity": "3"}
    settled(on_either, order(asked, requested_delivery={"start": "2026-12-01"}, partial_allowed=False))
    found = figures(explain(on_either))
    assert found["our item number HAMMER-16"] == ("HAMMER-16", "products.csv: HAMMER-16", "catalogue 1", None)
    assert found["unit"] == ("STUK", "account.yaml policies.default_unit: STUK", "mapping 1", None)
    assert found["order comes whole or not at all"][:2] == ("yes", "the order's partial_allowed: false")
    assert found["day that can be promised"] == (
        "2026-12-01",
        "asked for from 2026-12-01 on",
        None,
        "the later of 2026-12-01 and 2026-11-26",
    )


def test_what_is_taken_off_when_it_is_billed(on_either: SmallGateway) -> None:
    gateway = on_either
    folder = read_account(ACCOUNTS / PINE)
    told = folder.account.model_dump(mode="json", by_alias=True)
    told["terms"]["discounts"] = [
        {"percent": "2", "valid_from": "2026-11-24"},
        {"percent": "3", "valid_to": "2026-11-23", "reason": "Autumn"},
        {"by": "quantity", "tiers": [{"from": "10", "percent": "2.5"}], "products": ["BOLT-M8"]},
        {"amount": "0.10", "currency": "EUR"},
    ]
    gateway.publish(replace(folder, account=type(folder.account).model_validate(told)))
    settled(gateway, order(BOLTS))
    off = [one for one in explain(gateway)["figures"] if one["figure"] == "taken off when billed"]
    assert [(one["value"], one["rule"]) for one in off] == [
        ("3 %", "account.yaml terms.discounts.1: Autumn, until 2026-11-23"),
        ("2.5 % from 10 DOOS on", "account.yaml terms.discounts.2: Discount"),
        ("0.10 EUR per DOOS", "account.yaml terms.discounts.3: Discount"),
    ]


@pytest.mark.parametrize(
    ("policy", "day", "price"),
    [("order", "2026-11-23", "6.00"), ("delivery", "2026-12-01", "6.60"), ("despatch", "2026-11-30", "6.00")],
)
def test_the_day_whose_price_counts(on_either: SmallGateway, policy: str, day: str, price: str) -> None:
    on_either.set_policies(PINE, price_date=policy)
    settled(on_either, order(line("1", "PH-0101", "4", "DOOS"), requested_delivery={"start": "2026-12-01"}))
    found = figures(explain(on_either))
    assert found["day of the price"][:2] == (day, f"account.yaml policies.price_date: {policy}")
    assert found["contract price"][0] == f"{price} EUR per DOOS"


# --- what was billed -------------------------------------------------------------------------------------------------
def test_what_was_billed_and_credited_with_price_discounts_and_tax(on_either: SmallGateway) -> None:
    """Three boxes at 6.00 less 2 % and 0.05 a box; one comes back, for a third of the discounts."""
    gateway = on_either
    off = [{"percent": "2", "reason": "Autumn"}, {"amount": "0.05"}, {"of": "document", "percent": "1"}]
    agree(gateway, terms={"currency": "EUR", "discounts": off})
    settled(gateway, order(BOLTS))
    ship(gateway, part("150"))
    assert bill(gateway) == 1
    other = TaxRow(None, "SE", "NL", "registered", "G", Decimal(0), "VATEX-EU-G")
    publish_catalogue(gateway.store, {**read_catalogue(CATALOGUE), "tax": (other,)}, author="test", reason="later")
    asked = credit({"line_number": "1", "quantity": "1", "note": "wet"})
    assert office(gateway, "credit_notes", asked).status_code == 201
    told = explain(gateway)
    billed, back = told["invoices"]
    assert (billed["type"], billed["number"], billed["line"], billed["issue_date"], billed["credits"]) == (
        *("invoice", "IN-00000001", "1", "2026-11-23", None),
    )
    assert (billed["quantity"], billed["unit"], billed["price"], billed["price_base_quantity"], billed["net"]) == (
        *("3", "DOOS", "6.00", "1", "17.49"),
    )
    assert [(one["percent"], one["base_amount"], one["amount"], one["reason"]) for one in billed["discounts"]] == [
        ("2", "18.00", "0.36", "Autumn"),
        (None, None, "0.15", "Discount"),
    ]
    assert billed["arithmetic"] == (
        "3 x 6.00 = 18.00; less 2 % of 18.00 = 0.36 (Autumn); less 0.15 (Discount); 18.00 - 0.36 - 0.15 = 17.49"
    )
    assert (billed["tax_category"], billed["tax_percent"], billed["tax_rule"], billed["tax_revision"]) == (
        *("K", "0", "taxes.csv: ,SE,NL,registered,K,0,VATEX-EU-IC", "catalogue 2"),
    )
    assert (back["type"], back["number"], back["credits"], back["credits_line"], back["note"]) == (
        *("credit_note", "CN-00000001", "IN-00000001", "1", "wet"),
    )
    assert (back["quantity"], back["base_quantity"], back["net"]) == ("1", "50", "5.83")
    assert back["arithmetic"].startswith("1 x 6.00 = 6.00; less 2 % of 6.00 = 0.12 (Autumn)")
    assert (back["tax_rule"], back["tax_revision"]) == ("as on invoice IN-00000001", None)
    assert [(one["said"], one["added"]) for one in told["movements"][2:]] == [
        ("invoice IN-00000001", {"invoiced": "150"}),
        ("credit note CN-00000001 of invoice IN-00000001", {"returned": "50", "credited": "50"}),
    ]


def test_parts_that_are_credited_sum_to_what_was_invoiced(on_either: SmallGateway) -> None:
    """An eighth of a kilo at 0.12 is 0.015: the first costs 0.02, both 0.03, so the second 0.01."""
    gateway = on_either
    agree(gateway)
    settled(gateway, order(SAND))
    ship(gateway, part("2.375", line_number="3", product="SAND-KG"))
    assert bill(gateway) == 1
    for number in ("RMA-1", "RMA-2"):
        asked = credit({"line_number": "1", "quantity": "0.125"}, number=number)
        assert office(gateway, "credit_notes", asked).status_code == 201
    billed, first, second = explain(gateway, "3")["invoices"]
    assert billed["arithmetic"] == "2.375 x 0.12 = 0.29"
    assert first["arithmetic"] == "0.125 x 0.12 = 0.02"
    together = "by which all credit notes of the line sum to what was invoiced"
    assert second["arithmetic"] == f"0.125 x 0.12 = 0.01, {together}"


def test_a_tax_that_no_row_of_then_says_has_no_rule(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    settled(gateway, order(BOLTS))
    ship(gateway, part("150"))
    assert bill(gateway) == 1
    with gateway.store.database.write() as connection:
        run(connection, "UPDATE invoices SET made_at = ?", [(0,)])
    (billed,) = explain(gateway)["invoices"]
    assert (billed["tax_category"], billed["tax_rule"], billed["tax_revision"]) == ("K", None, None)


# --- who decided, and when -------------------------------------------------------------------------------------------
def test_a_line_is_explained_by_what_it_was_judged_by_then(on_either: SmallGateway) -> None:
    gateway = on_either
    settled(gateway, order(BOLTS))
    folder = read_account(ACCOUNTS / PINE)
    dearer = [replace(row, price=row.price * 2) for row in folder.prices]
    assert gateway.publish(replace(folder, prices=tuple(dearer))) == 2
    told = explain(gateway)
    assert told["mapping_revision"] == 1
    assert figures(told)["contract price"][0] == "6.00 EUR per DOOS"


def test_each_change_moves_the_line_and_its_newest_version_is_explained(on_either: SmallGateway) -> None:
    gateway = on_either
    settled(gateway, order(BOLTS, HAMMERS), change(line("1", "PH-0101", "2", "DOOS", "6.00")))
    told = explain(gateway)
    assert told["version"] == 2
    assert figures(told)["ordered in base units"][0] == "100 EA"
    assert [(one["took"], one["taken_before"]) for one in told["stock"]] == [("200", "0"), ("-100", "200")]
    first, second = told["movements"]
    assert first["said"].endswith(", version 1")
    assert second["said"] == f"message {told['message_id']}, version 2"
    assert [(one["version"], one["quantity"]) for one in told["answers"]] == [(1, "4"), (2, "2")]
    gone = explain(gateway, "2")
    assert gone["version"] == 1
    assert gone["movements"][1]["added"] == {"confirmed": "-3", "cancelled": "3"}
    with pytest.raises(NoSuchLine) as missing:
        explain(gateway, "9")
    assert set(missing.value.numbers) == {"1", "2"}


def test_a_decision_of_the_back_office_is_named(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.set_policies(PINE, decision="backoffice")
    settled(gateway, order(BOLTS))
    open_yet = explain(gateway)
    assert figures(open_yet)["decided by"] == (
        "the back office",
        "account.yaml policies.decision: backoffice",
        "mapping 2",
        None,
    )
    assert (open_yet["stock"], open_yet["answers"]) == ([], [])
    order_id = gateway.store.orders.by_number(PINE, "PH-4001")[0].id
    assert decide(gateway, order_id, ACCEPT).status_code == 200
    told = explain(gateway)
    assert [(one["said"].partition(" ")[0], one["added"]) for one in told["movements"]] == [
        ("message", {"ordered": "4"}),
        ("decision", {"confirmed": "4"}),
    ]
    assert [(one["site"], one["took"]) for one in told["stock"]] == [("NORTH", "200")]
    assert [one["status"] for one in told["answers"]] == ["accepted"]


def test_a_test_takes_nothing_and_a_line_that_nobody_knows_waits(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.set_policies(PINE, unknown_item="hold_line")
    assert gateway.settle(PINE, order(BOLTS), test=True).status == "done"
    told = explain(gateway)
    assert (told["test"], told["stock"]) == (True, [])
    assert figures(told)["decided by"][0] == "nobody"
    settled(gateway, order(BOLTS, line("2", "PH-9999", "1", "STUK"), number="PH-4002"))
    waiting = figures(explain(gateway, "2", "PH-4002"))
    assert waiting["the account's item number PH-9999"][:2] == ("nothing", "no row of items.csv on 2026-11-23")
    assert waiting["fault"][:2] == ("unknown_item", "account.yaml policies.unknown_item: hold_line → hold line")
    assert "earliest delivery" not in waiting
