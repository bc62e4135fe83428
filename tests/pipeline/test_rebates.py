"""Rebates of what was invoiced: worked out from the books, settled by credit note, and never twice."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
import time_machine

from gateway.accounts import publish_catalogue
from gateway.billing_schedule import bill_due
from gateway.rebating import Settled, rebates_of, settle_rebates, settlement_notes
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.invoices import InvoiceRows
from gateway.store.statements import fetch
from gateway.trade.rebate_periods import period_named
from mappings.files.tables import read_catalogue
from mappings.revision import SupplySite, TaxRow
from schemas.faults import DocumentHeld
from tests.examples.billing import LEGAL, PINE, TAXES, agree, bill, check_books, made, mailbox, office
from tests.examples.order_lines import BOLTS, HAMMERS, line, order
from tests.examples.small_gateway import CATALOGUE, SmallGateway
from tests.formats.en16931 import broken_rules
from tests.pipeline.test_invoices import credit, part, ship

QUARTER = period_named("2026-Q4")
BONUS = {
    "name": "Bonus",
    "period": "quarter",
    "tiers": [{"from": "0", "percent": "1"}, {"from": "20", "percent": "10"}],
}
PEPPOL = {"invoice": {"format": "peppol-bis-3", "when": "shipped"}, "credit_note": {"format": "peppol-bis-3"}}


@pytest.fixture
def clock(today: time_machine.Traveller) -> time_machine.Traveller:
    """The clock of the examples, to be moved."""
    return today


def agreed(gateway: SmallGateway, *rebates: dict[str, Any], **more: Any) -> None:
    agree(gateway, terms={"currency": "EUR", "rebates": list(rebates or [BONUS])}, **more)


def bought(gateway: SmallGateway) -> None:
    """Three boxes of bolts for 18.00 and three hammers for 34.50 are invoiced: 52.50."""
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    ship(gateway, part("150"), part("3", "2", "HAMMER-16"))
    assert bill(gateway) == 1


def settle(gateway: SmallGateway, period: str = "2026-Q4", services: Services | None = None) -> list[Settled]:
    asked = period_named(period)
    return settle_rebates(services or gateway.services, PINE, asked, "the quarter is over", "cli/jo")


def stands(gateway: SmallGateway, period: str = "2026-Q4") -> list[tuple[str, str, str, str, str, str]]:
    """Name, currency, net, total, settled and open of each statement."""
    found = [one.statement for one in rebates_of(gateway.services, PINE, period_named(period), now_us()).accrued]
    return [
        (one.rebate.name, one.currency, f"{one.net:f}", f"{one.total:f}", f"{one.settled:f}", f"{one.open:f}")
        for one in found
    ]


def settlements(gateway: SmallGateway) -> list[tuple[str, str, str, int, Decimal]]:
    with gateway.store.database.read() as connection:
        query = "SELECT rebate, period, currency, sequence, net FROM rebate_settlements ORDER BY rebate, sequence"
        return [(*row[:4], Decimal(row[4])) for row in fetch(connection, query)]


# --- by the books ----------------------------------------------------------------------------------------------------
def test_interim_then_a_late_credit_note_then_final(on_either: SmallGateway, clock: time_machine.Traveller) -> None:
    """52.50: 1 % of 20.00 and 10 % of 32.50 are 0.20 and 3.25. Later 12.00 are credited and 34.50 more are invoiced."""
    gateway = on_either
    agreed(gateway)
    bought(gateway)
    assert stands(gateway) == [("Bonus", "EUR", "52.50", "3.45", "0.00", "3.45")]
    (interim,) = settle(gateway)
    (note,) = made(gateway, "credit_note")
    assert note == interim.note
    assert (note.number, note.note) == ("CN-00000001", "Bonus from 2026-10-01 to 2026-12-31")
    assert [(one.number, one.issue_date) for one in note.credits] == [("IN-00000001", date(2026, 11, 23))]
    assert [(one.category, one.exemption_code) for one in note.taxes] == [("K", "VATEX-EU-IC")]
    assert (note.totals.without_tax, note.totals.payable) == (Decimal("3.45"), Decimal("3.45"))
    assert (note.buyer.legal_name, note.buyer.vat_id) == (LEGAL["name"], LEGAL["vat_id"])
    assert stands(gateway) == [("Bonus", "EUR", "52.50", "3.45", "3.45", "0.00")]
    assert settle(gateway) == [], "nothing is open"

    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002"))
    clock.move_to("2026-12-30T10:00:00+00:00")
    answer = office(gateway, "credit_notes", credit({"line_number": "1", "quantity": "2"}))
    assert answer.status_code == 201, answer.text
    assert stands(gateway) == [("Bonus", "EUR", "40.50", "2.25", "3.45", "-1.20")]
    assert settle(gateway) == [], "what was settled too much is claimed back by nobody"
    ship(gateway, part("3", product="HAMMER-16", order_number="PH-4002"), number="LS-2")
    assert bill(gateway) == 1
    assert stands(gateway) == [("Bonus", "EUR", "75.00", "5.70", "3.45", "2.25")]

    clock.move_to("2027-01-04T10:00:00+00:00")
    (final,) = settle(gateway)
    assert (final.note.totals.without_tax, final.note.issue_date) == (Decimal("2.25"), date(2027, 1, 4))
    assert [one.number for one in final.note.credits] == ["IN-00000001", "IN-00000002"]
    assert stands(gateway) == [("Bonus", "EUR", "75.00", "5.70", "5.70", "0.00")]
    assert stands(gateway, "2027-Q1") == [], "a settlement counts for nothing itself"
    assert settlements(gateway) == [
        ("Bonus", "2026-Q4", "EUR", 1, Decimal("3.45")),
        ("Bonus", "2026-Q4", "EUR", 2, Decimal("2.25")),
    ]
    assert [one.number for one in made(gateway, "credit_note")] == ["CN-00000001", "CN-00000002", "CN-00000003"]


def test_documents_of_other_days_count_for_nothing(on_either: SmallGateway, clock: time_machine.Traveller) -> None:
    """The account's days: half past eleven at night in London is tomorrow in Amsterdam."""
    gateway = on_either
    agreed(gateway)
    clock.move_to("2026-12-31T23:30:00+00:00")
    bought(gateway)
    assert made(gateway)[0].issue_date == date(2027, 1, 1)
    assert (stands(gateway), len(stands(gateway, "2027-Q1"))) == ([], 1)


def test_each_currency_and_each_rebate_by_itself(on_either: SmallGateway) -> None:
    gateway = on_either
    hammers = {"name": "Hammers", "period": "quarter", "basis": "quantity", "products": ["HAMMER-16"]}
    yearly = {**BONUS, "name": "Year", "period": "year"}
    agreed(gateway, BONUS, {**hammers, "tiers": [{"from": "2", "percent": "50"}]}, yearly)
    bought(gateway)
    assert stands(gateway) == [
        ("Bonus", "EUR", "52.50", "3.45", "0.00", "3.45"),
        ("Hammers", "EUR", "34.50", "5.75", "0.00", "5.75"),
    ]
    assert [one.note.totals.without_tax for one in settle(gateway)] == [Decimal("3.45"), Decimal("5.75")]
    assert [one[0] for one in stands(gateway, "2026")] == ["Year"]
    assert stands(gateway, "2026-11") == []
    check_books(gateway)


def test_two_taxes_are_two_lines_of_one_note(on_either: SmallGateway) -> None:
    """To an invoicee without a VAT number: 25 % for bolts, and 12 % for what is of the other class."""
    gateway = on_either
    agreed(gateway, {**BONUS, "tiers": [{"from": "0", "percent": "10"}]}, legal={**LEGAL, "vat_id": None})
    catalogue = read_catalogue(CATALOGUE)
    products = [
        replace(one, tax_class="tools") if one.product == "HAMMER-16" else one  # type: ignore[type-var]
        for one in catalogue["product"]
    ]
    taxes = (TaxRow("tools", "SE", "NL", "none", "S", Decimal(12)), *TAXES)
    publish_catalogue(gateway.store, {**catalogue, "product": products, "tax": taxes}, author="test", reason="examples")
    bought(gateway)
    (one,) = settle(gateway)
    assert [(line.net_amount, line.tax.percent) for line in one.note.lines] == [
        (Decimal("1.80"), Decimal(25)),
        (Decimal("3.45"), Decimal(12)),
    ]
    assert (one.note.totals.tax, one.note.totals.payable) == (Decimal("0.86"), Decimal("6.11"))
    check_books(gateway)


def test_what_left_another_country_is_settled_under_our_vat_number_there(on_either: SmallGateway) -> None:
    """34.50 left Sweden, 6.00 Germany: 10 % of each is given back under the number under which it was taxed."""
    gateway = on_either
    agreed(
        gateway,
        {**BONUS, "tiers": [{"from": "0", "percent": "10"}]},
        taxes=(replace(TAXES[0], ship_from_country=None),),
    )
    abroad = {"SOUTH": SupplySite("DE", "DE318265499")}
    services = replace(gateway.services, supplier=replace(gateway.services.supplier, sites=abroad))
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}))
    gateway.settle(PINE, order({**BOLTS, "quantity": "1"}, number="PH-4002", ship_to={"id": "YARD-2"}))
    ship(gateway, part("3", product="HAMMER-16"))
    ship(gateway, part("50", order_number="PH-4002"), number="LS-2")
    assert bill_due(services) == 2
    home, there = [one.note for one in settle(gateway, services=services)]
    assert [(one.seller.vat_id, one.totals.without_tax) for one in (home, there)] == [
        ("SE556677889901", Decimal("3.45")),
        ("DE318265499", Decimal("0.60")),
    ]
    assert [one.seller.vat_id for one in made(gateway)] == ["SE556677889901", "DE318265499"]
    assert [one.number for note in (home, there) for one in note.credits] == ["IN-00000001", "IN-00000002"]
    assert settle(gateway, services=services) == []
    check_books(gateway)


def test_rebates_that_cannot_be_worked_out_say_why(on_either: SmallGateway) -> None:
    gateway = on_either
    paid = {**BONUS, "name": "Paid", "basis": "net_paid"}
    later = {**BONUS, "name": "Later", "valid_from": "2027-01-01"}
    agreed(gateway, BONUS, {**BONUS, "tiers": []}, paid, later)
    bought(gateway)
    found = rebates_of(gateway.services, PINE, QUARTER, now_us())
    assert found.accrued == []
    assert found.left_out == [
        "Several rebates by quarter are named Bonus; give each its own name.",
        "Several rebates by quarter are named Bonus; give each its own name.",
        "Paid is by what was paid, which nobody tells.",
        "Later is agreed from 2027-01-01 on, and for nothing from 2026-10-01 to 2026-12-31.",
    ]
    assert settle(gateway) == []


def test_quantities_of_several_units_are_not_added_up(on_either: SmallGateway) -> None:
    """Pieces and kilograms; what is of one unit alone is worked out, and so is the other currency's."""
    gateway = on_either
    tiers = [{"from": "0", "percent": "10"}]
    quantity = {"period": "quarter", "basis": "quantity", "tiers": tiers}
    agreed(gateway, {**quantity, "name": "All"}, {**quantity, "name": "Hammers", "products": ["HAMMER-16"]})
    bought(gateway)
    assert [one[0] for one in stands(gateway)] == ["All", "Hammers"]
    gateway.settle(PINE, order(line("1", "PH-0104", "12", "KILO", None), number="PH-4002"))
    ship(gateway, part("12", product="SAND-KG", order_number="PH-4002"), number="LS-2")
    assert bill(gateway) == 1
    catalogue = read_catalogue(CATALOGUE)
    told = (
        "All is by quantity, and would add up EA (BOLT-M8, HAMMER-16) and KGM (SAND-KG) in EUR: nothing of it is "
        "settled. Give each unit's products a rebate of their own."
    )
    for gone in ((), ("SAND-KG",), ("SAND-KG", "HAMMER-16", "BOLT-M8")):
        still = [one for one in catalogue["product"] if one.product not in gone]
        publish_catalogue(gateway.store, {"product": still}, author="test", reason="sold no more")
        found = rebates_of(gateway.services, PINE, QUARTER, now_us())
        assert [one.statement.rebate.name for one in found.accrued] == ["Hammers"]
        assert found.left_out == [told]
    assert [one.accrued.statement.rebate.name for one in settle(gateway)] == ["Hammers"]
    check_books(gateway)


def test_one_that_follows_another_of_its_name_has_its_own_days(
    on_either: SmallGateway, clock: time_machine.Traveller
) -> None:
    """What was settled of the first is nothing that the second had."""
    gateway = on_either
    tiers = [{"from": "0", "percent": "10"}]
    first = {**BONUS, "tiers": tiers, "valid_to": "2026-11-30"}
    agreed(gateway, first, {**BONUS, "tiers": tiers, "valid_from": "2026-12-01"})
    bought(gateway)
    assert [one.note.totals.without_tax for one in settle(gateway)] == [Decimal("5.25")]
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002"))
    clock.move_to("2026-12-02T10:00:00+00:00")
    ship(gateway, part("3", product="HAMMER-16", order_number="PH-4002"), number="LS-2")
    assert bill(gateway) == 1
    assert [one[2:] for one in stands(gateway)] == [
        ("52.50", "5.25", "5.25", "0.00"),
        ("34.50", "3.45", "0.00", "3.45"),
    ]
    assert [one.note.totals.without_tax for one in settle(gateway)] == [Decimal("3.45")]
    assert [one[3] for one in settlements(gateway)] == [1, 2]
    check_books(gateway)


# --- once ------------------------------------------------------------------------------------------------------------
def test_eight_at_once_settle_once(on_either: SmallGateway) -> None:
    gateway = on_either
    agreed(gateway)
    bought(gateway)
    begin = Barrier(8)

    def one(_: int) -> list[Settled]:
        begin.wait()
        return settle(gateway)

    with ThreadPoolExecutor(8) as threads:
        notes = [note for found in threads.map(one, range(8)) for note in found]
    assert [one.note.number for one in notes] == ["CN-00000001"]
    assert settlements(gateway) == [("Bonus", "2026-Q4", "EUR", 1, Decimal("3.45"))]
    assert len(made(gateway, "credit_note")) == 1


def test_whoever_settles_in_between_is_seen(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another settles after this one has worked out what is open, and takes the number that is without gaps."""
    gateway = on_either
    agreed(gateway)
    bought(gateway)
    invoices, others = gateway.store.invoices, []
    save = invoices.save

    def late(rows: InvoiceRows) -> None:
        if not others:
            others.append(None)
            assert len(settle(gateway)) == 1
        save(rows)

    monkeypatch.setattr(invoices, "save", late)
    assert settle(gateway) == []
    assert [one[3] for one in settlements(gateway)] == [1]
    check_books(gateway)


def test_a_number_that_has_gaps_is_no_way_round(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where credit notes have numbers in blocks, the settlement's own number alone keeps it from being made twice."""
    gateway = on_either
    agreed(gateway)
    bought(gateway)
    with_gaps = replace(gateway.services.supplier.credit_notes, gapless=False)
    services = replace(gateway.services, supplier=replace(gateway.services.supplier, credit_notes=with_gaps))
    invoices, others = gateway.store.invoices, []
    save = invoices.save

    def late(rows: InvoiceRows) -> None:
        if not others:
            others.append(None)
            assert len(settle(gateway, services=services)) == 1
        save(rows)

    monkeypatch.setattr(invoices, "save", late)
    assert settle(gateway, services=services) == []
    assert len(mailbox(gateway, "credit_note")) == 1
    assert [one[3] for one in settlements(gateway)] == [1]


def test_what_is_killed_in_between_leaves_nothing(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = on_either
    agreed(gateway)
    bought(gateway)

    def dead(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("gateway.store.invoices.write_settlements", dead)
        with pytest.raises(KeyboardInterrupt):
            settle(gateway)
    assert (settlements(gateway), mailbox(gateway, "credit_note")) == ([], [])
    assert [one.note.number for one in settle(gateway)] == ["CN-00000001"]
    check_books(gateway)


# --- what goes out ---------------------------------------------------------------------------------------------------
def test_it_goes_out_in_the_accounts_format_and_keeps_the_rules(on_either: SmallGateway) -> None:
    gateway = on_either
    agreed(gateway, outbound=PEPPOL)
    terms = gateway.mapping(PINE).account.outbound
    assert terms["credit_note"].format == "peppol-bis-3"
    bought(gateway)
    (one,) = settle(gateway)
    (document,) = mailbox(gateway, "credit_note")
    assert (document.format, document.number, document.order_number) == ("peppol-bis-3", one.note.number, None)
    body = gateway.store.documents.body(document.id)
    assert broken_rules(body, warnings=True) == []
    assert b"Bonus from 2026-10-01 to 2026-12-31" in body
    thread = gateway.client.get("/v1/orders/PH-4001", headers={"Authorization": f"Bearer {gateway.key(PINE)}"})
    assert thread.status_code == 200
    assert [one["type"] for one in thread.json["documents"]] == ["order_response", "despatch_advice", "invoice"]
    assert [one.type for one in gateway.store.invoices.page(PINE, limit=9)] == ["credit_note", "invoice"]
    with gateway.store.database.read() as connection:
        (told,) = fetch(connection, "SELECT actor, body FROM events WHERE kind = 'credited'")
    body_told = json.loads(told[1])
    assert told[0] == "cli/jo"
    assert {name: body_told[name] for name in ("rebate", "period", "settled", "reason")} == {
        "rebate": "Bonus",
        "period": "2026-Q4",
        "settled": "3.45 EUR",
        "reason": "the quarter is over",
    }
    check_books(gateway)


def test_nothing_is_made_where_something_lacks(on_either: SmallGateway) -> None:
    """Of two invoicees, and nobody knows where the account itself is."""
    gateway = on_either
    agreed(gateway, legal={**LEGAL, "address": {"city": "Zwolle"}}, outbound=PEPPOL)
    theirs = {"name": "Pine Holding BV", "address": {"country": "NL"}, "vat_id": "NL812345678B02"}
    others = {**theirs, "name": "Pine Finance BV", "vat_id": "NL812345678B03"}
    for number, bill_to in enumerate((theirs, others)):
        said = {**order({**HAMMERS, "line_number": "1"}, number=f"PH-{number}"), "bill_to": bill_to}
        gateway.settle(PINE, said)
        ship(gateway, part("3", product="HAMMER-16", order_number=f"PH-{number}"), number=f"LS-{number}")
    assert bill(gateway) == 2
    with pytest.raises(DocumentHeld) as held:
        settle(gateway)
    assert [one.path for one in held.value.faults] == ["/buyer/address/country"]
    assert (settlements(gateway), mailbox(gateway, "credit_note")) == ([], [])
    agreed(gateway, outbound=PEPPOL)
    found = rebates_of(gateway.services, PINE, QUARTER, now_us())
    (trial,) = settlement_notes(gateway.services, found, now_us())
    assert (trial.note.number, trial.note.buyer.legal_name) == ("0", LEGAL["name"])
    assert settlements(gateway) == []
    assert len(settle(gateway)) == 1
    check_books(gateway)
