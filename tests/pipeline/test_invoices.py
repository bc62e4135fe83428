"""Invoices and credit notes of what shipped: by the account's terms, and as the back office asks for them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from types import FrameType
from typing import Any

import jsonschema_rs
import pytest
import time_machine

from gateway import billing_schedule, crediting
from gateway.accounts import published_folder
from gateway.api.examples import CREDIT_NOTE_REQUEST, DELIVERY, INVOICE_REQUEST
from gateway.billing_requests import _prepare, digest_of, take_invoice_request
from gateway.store.database import Collision
from gateway.store.ids import now_us
from gateway.store.invoices import Request
from gateway.store.statements import fetch, run
from schemas.documents.billing import CreditNoteRequest, InvoiceRequest
from schemas.json_schema import schema
from tests.examples.billing import PINE, agree, amounts, bill, ledger, made, mailbox, office
from tests.examples.order_lines import BOLTS, HAMMERS, line, order
from tests.examples.small_gateway import SmallGateway
from tests.formats.en16931 import broken_rules
from tests.store.earlier_tables import take_back

LEFT_AT = "2026-11-23T12:00:00+01:00"
SAND = line("3", "PH-0104", "12.5", "KILO", None)


def part(quantity: str, number: str = "1", product: str = "BOLT-M8", **said: Any) -> dict[str, Any]:
    """So many base units of a line of PH-4001."""
    named = {"order_number": "PH-4001", "account": PINE, "line_number": number, "product": product}
    return {**named, "base_quantity": quantity, **said}


def ship(gateway: SmallGateway, *lines: dict[str, Any], number: str = "LS-1", **said: Any) -> None:
    """One carton with these lines leaves."""
    carton = {"id": "C1", "type": "XCT", "lines": list(lines)}
    answer = office(
        gateway, "shipments", {"shipment_number": number, "shipped_at": LEFT_AT, "packages": [carton], **said}
    )
    assert answer.status_code == 201, answer.text


def asked(*shipments: str, number: str = "R-1", **said: Any) -> dict[str, Any]:
    """A request to bill these shipments."""
    return {"request_number": number, "account": PINE, "shipments": list(shipments), **said}


def credit(*lines: dict[str, Any], number: str = "RMA-1", invoice: str = "IN-00000001", **said: Any) -> dict[str, Any]:
    """A request to credit lines of an invoice, which came back."""
    named = {"request_number": number, "account": PINE, "invoice_number": invoice, "reason": "return"}
    return {**named, "lines": list(lines), **said}


def faults(answer: Any) -> list[tuple[str, str]]:
    """(code, path) of what is wrong with a request; it stands there in the request."""
    assert answer.status_code == 422, answer.text
    assert [one["location"] for one in answer.json["faults"]] == [one["path"] for one in answer.json["faults"]]
    return [(one["code"], one["path"]) for one in answer.json["faults"]]


def waiting(gateway: SmallGateway) -> list[tuple[str, str]]:
    """(shipment, what it waits for) of what is to be billed, in the order in which it is listed."""
    found = gateway.store.invoices.waiting(100)
    numbers = gateway.store.invoices.shipment_numbers(one.shipment_id for one in found)
    return [(numbers[one.shipment_id], one.waits_for) for one in found]


@pytest.fixture
def clock(today: time_machine.Traveller) -> time_machine.Traveller:
    """The clock of the examples, to be moved."""
    return today


# --- by the account's terms ------------------------------------------------------------------------------------------
def test_each_part_is_billed_once_when_it_ships(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, terms={"currency": "EUR", "payment": {"days": 30}})
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    ship(gateway, part("150"), part("1", "2", "HAMMER-16"))
    assert (bill(gateway), bill(gateway)) == (1, 0)
    (invoice,) = made(gateway)
    assert (invoice.number, invoice.order_number, invoice.currency) == ("IN-00000001", "PH-4001", "EUR")
    assert amounts(invoice) == [("1", "3", "DOOS", "18.00"), ("2", "1", "STUK", "11.50")]
    assert (invoice.totals.without_tax, invoice.totals.payable) == (Decimal("29.50"), Decimal("29.50"))
    assert [(one.category, one.exemption_code) for one in invoice.taxes] == [("K", "VATEX-EU-IC")]
    assert (invoice.issue_date, invoice.due_date) == (date(2026, 11, 23), date(2026, 12, 23))
    assert (invoice.delivered_on, invoice.tax_point) == (date(2026, 11, 23), date(2026, 11, 23))
    assert (invoice.buyer.legal_name, invoice.buyer.vat_id) == ("Pine Hardware BV", "NL812345678B01")
    assert invoice.buyer.address is not None
    assert (invoice.buyer.address.country, invoice.buyer.id) == ("NL", "68750110")
    assert invoice.ship_to is not None
    assert invoice.ship_to.address is not None
    assert (invoice.ship_to.id, invoice.ship_to.address.country) == ("YARD-1", "NL")
    assert invoice.payment is not None
    assert invoice.payment.reference == "IN-00000001"
    (advice,) = mailbox(gateway, "despatch_advice")
    assert {one.despatch_number for one in invoice.lines} == {advice.number}
    assert [one.despatch_line_number for one in invoice.lines] == ["1", "2"]
    assert ledger(gateway)["1"].invoiced == 3

    ship(gateway, part("50"), part("2", "2", "HAMMER-16"), number="LS-2")
    assert bill(gateway) == 1
    assert amounts(made(gateway)[1]) == [("1", "1", "DOOS", "6.00"), ("2", "2", "STUK", "23.00")]
    lines = ledger(gateway)
    assert [(one.base_shipped, one.base_invoiced) for one in lines.values()] == [(200, 200), (3, 3)]
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    thread = gateway.client.get("/v1/orders/PH-4001", headers=headers).json
    kinds = [one["type"] for one in thread["documents"]]
    assert kinds == ["order_response", "despatch_advice", "invoice", "despatch_advice", "invoice"]
    assert [one["invoiced"] for one in thread["lines"]] == ["4", "3"]


def test_parts_of_a_line_in_several_cartons_are_one_line(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order(BOLTS))
    packages = [{"id": f"C{number}", "lines": [part("50")]} for number in range(3)]
    told = {"shipment_number": "LS-1", "shipped_at": LEFT_AT, "packages": packages}
    assert office(gateway, "shipments", told).status_code == 201
    assert bill(gateway) == 1
    (invoice,) = made(gateway)
    assert amounts(invoice) == [("1", "3", "DOOS", "18.00")]
    assert invoice.lines[0].despatch_line_number is None, "three lines of the advice tell of it"


def test_what_is_not_whole_is_billed_in_base_units(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order(BOLTS, SAND))
    ship(gateway, part("107"), part("2.375", "3", "SAND-KG"))
    assert bill(gateway) == 1
    (invoice,) = made(gateway)
    assert amounts(invoice) == [("1", "107", "EA", "12.84"), ("3", "2.375", "KILO", "0.29")]
    bolts = invoice.lines[0].price
    assert (bolts.amount, bolts.base_quantity, bolts.unit) == (Decimal("6.00"), 50, "EA")


def test_a_boxes_gtin_does_not_stand_beside_loose_pieces(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order({**BOLTS, "gtin": "19521234001017"}))
    for number, quantity in (("LS-1", "100"), ("LS-2", "7")):
        ship(gateway, part(quantity), number=number)
        bill(gateway)
    assert [(line.unit, line.gtin) for invoice in made(gateway) for line in invoice.lines] == [
        ("DOOS", "19521234001017"),
        ("EA", "9521234001010"),
    ]


def test_an_account_without_agreement_is_billed_by_request_alone(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    assert (bill(gateway), waiting(gateway)) == (0, [("LS-1", "request")])
    assert office(gateway, "invoices", asked("LS-1")).status_code == 201
    assert len(made(gateway)) == 1
    assert waiting(gateway) == []


def test_a_request_settles_what_it_leaves_nothing_of(on_either: SmallGateway) -> None:
    """By parts, whatever it waited for; consignment is no part of it, and what is due at a time comes first."""
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    hammers = {**HAMMERS, "line_number": "1"}
    gateway.settle(PINE, order(hammers, number="PH-4002", order_type="consignment"))
    ship(gateway, part("150"), part("1", product="HAMMER-16", order_number="PH-4002"))
    ship(gateway, part("1", product="HAMMER-16", order_number="PH-4002"), number="LS-2")
    agree(gateway, "delivered")
    gateway.settle(PINE, order(hammers, number="PH-4003"))
    ship(gateway, part("1", product="HAMMER-16", order_number="PH-4003"), number="LS-3")
    agree(gateway, "weekly")
    gateway.settle(PINE, order(hammers, number="PH-4004"))
    ship(gateway, part("1", product="HAMMER-16", order_number="PH-4004"), number="LS-4")
    assert waiting(gateway) == [("LS-4", "weekly"), ("LS-1", "request"), ("LS-3", "delivered")]
    assert len(gateway.store.invoices.waiting(1)) == 1

    bolts = {"shipment_number": "LS-1", "order_number": "PH-4001", "line_number": "1"}
    assert office(gateway, "invoices", asked(lines=[{**bolts, "base_quantity": "100"}])).status_code == 201
    assert ("LS-1", "request") in waiting(gateway)
    assert office(gateway, "invoices", asked(lines=[bolts], number="R-2")).status_code == 201
    assert waiting(gateway) == [("LS-4", "weekly"), ("LS-3", "delivered")]
    assert office(gateway, "invoices", asked("LS-3", "LS-4", number="R-3")).status_code == 201
    assert waiting(gateway) == []
    there = {"shipment_number": "LS-3", "delivered_at": "2026-11-23T15:00:00+01:00"}
    assert office(gateway, "deliveries", there).status_code in (200, 201)
    assert (bill(gateway), waiting(gateway)) == (0, [])


def test_of_two_requests_at_once_that_bill_a_half_each_one_comes_last(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002"))
    ship(gateway, part("150"), part("3", product="HAMMER-16", order_number="PH-4002"))
    assert len(waiting(gateway)) == 1, "one despatch advice tells of both orders"
    halves = [
        asked(lines=[{"shipment_number": "LS-1", "order_number": number, "line_number": "1"}], number=f"R-{number}")
        for number in ("PH-4001", "PH-4002")
    ]
    numbers = ("F-1", "F-2")  # of an ERP, so that the two don't meet in our own numbering
    first, second = (
        InvoiceRequest.model_validate({**one, "invoice_number": number})
        for one, number in zip(halves, numbers, strict=True)
    )
    asking = Request(second.request_number, now_us(), "test", digest_of(second))
    judged_before = _prepare(gateway.services, second, asking)
    take_invoice_request(gateway.services, first, "test")
    with pytest.raises(Collision):
        gateway.store.invoices.save(judged_before)
    take_invoice_request(gateway.services, second, "test")
    assert len(made(gateway)) == 2
    assert waiting(gateway) == []


def test_what_waits_without_a_time_is_found_by_its_index(on_either: SmallGateway) -> None:
    query = "SELECT document_id FROM billables WHERE slot IS NULL ORDER BY document_id LIMIT 10"
    with on_either.store.database.write() as connection:
        if on_either.store.database.is_sqlite:
            plan = str(fetch(connection, f"EXPLAIN QUERY PLAN {query}"))
        else:
            fetch(connection, "SELECT set_config('enable_seqscan', 'off', true)")  # tables this small are read whole
            plan = str(fetch(connection, f"EXPLAIN {query}"))
    assert "ix_billables_no_slot" in plan


def test_what_left_before_requests_were_listed_is_listed(on_either: SmallGateway) -> None:
    """Of goods that left under 0020: what nobody asked for has its row, what was billed or on consignment has none."""
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002", order_type="consignment"))
    for number, quantity in (("LS-1", "50"), ("LS-2", "100"), ("LS-3", "50")):
        ship(gateway, part(quantity), number=number)
    ship(gateway, part("1", product="HAMMER-16", order_number="PH-4002"), number="LS-4")
    bolts = {"shipment_number": "LS-2", "order_number": "PH-4001", "line_number": "1", "base_quantity": "50"}
    assert office(gateway, "invoices", asked("LS-1", lines=[bolts])).status_code == 201
    with gateway.store.database.write() as connection:
        run(connection, "DELETE FROM billables", [()])
    take_back(gateway.store, "0020")
    gateway.store.upgrade()
    assert waiting(gateway) == [("LS-2", "request"), ("LS-3", "request")]


def test_consignment_is_never_billed_on_shipment(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order(BOLTS, order_type="consignment"))
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002"))
    ship(gateway, part("150"), part("3", product="HAMMER-16", order_number="PH-4002"))
    assert bill(gateway) == 1
    (invoice,) = made(gateway)
    assert invoice.order_number == "PH-4002"
    ship(gateway, part("50"), number="LS-2")
    assert bill(gateway) == 0
    used = {"shipment_number": "LS-1", "order_number": "PH-4001", "line_number": "1", "base_quantity": "70"}
    answer = office(gateway, "invoices", asked(lines=[used]))
    assert answer.status_code == 201, answer.text
    assert amounts(made(gateway)[1]) == [("1", "70", "EA", "8.40")]


def test_delivered(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, "delivered")
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    assert bill(gateway) == 0
    told = {"shipment_number": "LS-1", "delivered_at": "2026-11-24T00:30:00+02:00"}
    first, again = office(gateway, "deliveries", told), office(gateway, "deliveries", told)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == {**first.json, "duplicate": True}
    other = office(gateway, "deliveries", {**told, "delivered_at": "2026-11-24T00:31:00+02:00"})
    assert (other.status_code, other.json["code"]) == (409, "conflict")
    assert (bill(gateway), bill(gateway)) == (1, 0)
    assert made(gateway)[0].delivered_on == date(2026, 11, 23), "half past eleven in Amsterdam"


def test_deliveries_that_cannot_be(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, "delivered")
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    told = {"shipment_number": "LS-9", "delivered_at": "2026-11-24T00:30:00+02:00"}
    assert faults(office(gateway, "deliveries", told)) == [("unknown_shipment", "/shipment_number")]
    early = {"shipment_number": "LS-1", "delivered_at": "2026-11-23T11:59:59+01:00"}
    assert faults(office(gateway, "deliveries", early)) == [("bad_value", "/delivered_at")]
    never = {"shipment_number": "LS-1", "delivered_at": "9999-12-31T23:59:59+00:00"}
    assert faults(office(gateway, "deliveries", never)) == [("bad_value", "/delivered_at")]
    local = {"shipment_number": "LS-1", "delivered_at": "2026-11-24T00:30:00"}
    assert office(gateway, "deliveries", local).status_code == 400
    assert bill(gateway) == 0


@pytest.mark.parametrize(
    ("when", "before", "after"),
    [
        ("daily", "2026-11-23T22:59:59+00:00", "2026-11-23T23:00:00+00:00"),
        ("weekly", "2026-11-29T22:59:59+00:00", "2026-11-29T23:00:00+00:00"),
        ("monthly", "2026-11-30T22:59:59+00:00", "2026-11-30T23:00:00+00:00"),
    ],
)
def test_collected(on_either: SmallGateway, clock: time_machine.Traveller, when: str, before: str, after: str) -> None:
    """What left in the same day, week or month of Amsterdam's is one invoice for each place."""
    gateway = on_either
    agree(gateway, when)
    gateway.settle(PINE, order(BOLTS))
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002"))
    gateway.settle(PINE, order(BOLTS, number="PH-4003", ship_to={"id": "YARD-2"}))
    ship(gateway, part("150"))
    ship(gateway, part("50"), part("3", product="HAMMER-16", order_number="PH-4002"), number="LS-2")
    ship(gateway, part("50", order_number="PH-4003"), number="LS-3")
    clock.move_to(datetime.fromisoformat(before), tick=True)
    assert bill(gateway) == 0
    clock.move_to(datetime.fromisoformat(after), tick=True)
    assert (bill(gateway), bill(gateway)) == (2, 0)
    first, second = made(gateway)
    assert amounts(first) == [("1", "3", "DOOS", "18.00"), ("1", "1", "DOOS", "6.00"), ("1", "3", "STUK", "34.50")]
    assert (first.order_number, first.despatch_number) == (None, None), "of several"
    assert amounts(second) == [("1", "1", "DOOS", "6.00")]
    assert second.ship_to is not None
    assert second.ship_to.id == "YARD-2"
    for number, count in (("PH-4001", 1), ("PH-4002", 1), ("PH-4003", 1)):
        page = gateway.store.documents.page(
            PINE, kind="invoice", order_number=number, after=None, limit=9, test_key=False
        )
        assert len(page) == count


def test_two_schedulers_bill_once(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    for number in range(6):
        gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number=f"PH-{number}"))
        ship(gateway, part("3", product="HAMMER-16", order_number=f"PH-{number}"), number=f"LS-{number}")
    with ThreadPoolExecutor(4) as threads:
        counts = list(threads.map(lambda _: bill(gateway), range(4)))
    assert sum(counts) == 6
    assert len(made(gateway)) == 6


# --- what holds it -----------------------------------------------------------------------------------------------
def test_without_a_tax_rule_it_waits_and_is_made_once_there_is_one(
    on_either: SmallGateway, clock: time_machine.Traveller
) -> None:
    gateway = on_either
    agree(gateway, taxes=())
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    assert (bill(gateway), made(gateway)) == (0, [])
    (waiting,) = gateway.store.invoices.waiting(9)
    assert [(one["code"], one["path"]) for one in waiting.told()] == [("no_tax_rule", "/lines/0/tax")]
    assert b"gateway_invoices_held 1.0" in gateway.client.get("/metrics").data
    agree(gateway)
    assert bill(gateway) == 0, "not before it is tried again"
    clock.shift(601)
    assert (bill(gateway), bill(gateway)) == (1, 0)
    assert made(gateway)[0].number == "IN-00000001", "what failed took no number"
    assert gateway.store.invoices.held() == 0


def test_a_failure_of_ours_holds_up_nobody_else(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = on_either
    agree(gateway)
    for number in ("PH-4001", "PH-4002"):
        gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number=number))
        ship(gateway, part("3", product="HAMMER-16", order_number=number), number=f"LS-{number}")
    real = billing_schedule.bills

    def failing(parts: Any, orders: Any) -> Any:
        if any(order.number == "PH-4001" for order in orders.values()):
            raise ZeroDivisionError
        return real(parts, orders)

    monkeypatch.setattr(billing_schedule, "bills", failing)
    assert bill(gateway) == 1
    assert made(gateway)[0].order_number == "PH-4002"
    (waiting,) = gateway.store.invoices.waiting(9)
    assert [one["code"] for one in waiting.told()] == ["invoice_failed"]
    monkeypatch.undo()
    assert gateway.store.invoices.bill_now(2**62) == 0
    with gateway.store.database.write() as connection:
        fetch(connection, "UPDATE billables SET due_at = 0 WHERE due_at IS NOT NULL RETURNING 1")
    assert bill(gateway) == 1
    assert {one.order_number for one in made(gateway)} == {"PH-4001", "PH-4002"}


def test_without_a_price_it_waits(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, prices=False)
    gateway.settle(PINE, order(line("1", "PH-0101", "4", "DOOS")))
    ship(gateway, part("50"))
    assert bill(gateway) == 0
    (waiting,) = gateway.store.invoices.waiting(9)
    assert [(one["code"], one["path"]) for one in waiting.told()] == [("no_agreed_price", "/lines/0/price")]


# --- as the back office asks -----------------------------------------------------------------------------------------
def test_a_request_is_done_once(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    first, again = (office(gateway, "invoices", asked("LS-1")) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == {**first.json, "duplicate": True}
    assert [(one["type"], one["number"]) for one in first.json["documents"]] == [("invoice", "IN-00000001")]
    other = office(gateway, "invoices", asked("LS-1", note="other"))
    assert (other.status_code, other.json["code"]) == (409, "conflict")
    assert faults(office(gateway, "invoices", asked("LS-1", number="R-2"))) == [("already_invoiced", "/shipments/0")]
    assert len(made(gateway)) == 1


def test_parts_and_numbers_of_the_erp(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    line_1 = {"shipment_number": "LS-1", "order_number": "PH-4001", "line_number": "1"}
    some = office(
        gateway, "invoices", asked(lines=[{**line_1, "base_quantity": "100"}], invoice_number="F-77", note="first half")
    )
    assert some.status_code == 201, some.text
    more = asked(lines=[{**line_1, "base_quantity": "51"}], number="R-2")
    assert faults(office(gateway, "invoices", more)) == [("already_invoiced", "/lines/0")]
    never = asked(lines=[{**line_1, "base_quantity": "151"}], number="R-2")
    assert faults(office(gateway, "invoices", never)) == [("more_than_shipped", "/lines/0/base_quantity")]
    taken = asked(lines=[line_1], number="R-2", invoice_number="F-77")
    assert faults(office(gateway, "invoices", taken)) == [("already_invoiced", "/invoice_number")]
    ours = asked(lines=[line_1], number="R-2", invoice_number="IN-00000009")
    assert faults(office(gateway, "invoices", ours)) == [("bad_value", "/invoice_number")], "the series would meet it"
    again = asked(lines=[{**line_1, "base_quantity": "100.00"}], invoice_number="F-77", note="first half")
    assert office(gateway, "invoices", again).json == {**some.json, "duplicate": True}, "however it is written"
    rest = office(gateway, "invoices", asked(lines=[line_1], number="R-2"))
    assert rest.status_code == 201, rest.text
    first, second = made(gateway)
    assert (first.number, first.note, amounts(first)) == ("F-77", "first half", [("1", "2", "DOOS", "12.00")])
    assert (second.number, amounts(second)) == ("IN-00000001", [("1", "1", "DOOS", "6.00")])


def test_parts_of_a_piece_are_not_billed(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS, SAND))
    ship(gateway, part("150"), part("2.375", "3", "SAND-KG"))
    named = {"shipment_number": "LS-1", "order_number": "PH-4001"}
    sand = {**named, "line_number": "3", "base_quantity": "0.5"}
    bolts = {**named, "line_number": "1", "base_quantity": "0.5"}
    broken = office(gateway, "invoices", asked(lines=[sand, bolts]))
    assert faults(broken) == [("fractional_unit", "/lines/1/base_quantity")]
    assert office(gateway, "invoices", asked(lines=[sand, {**bolts, "base_quantity": "50.0"}])).status_code == 201
    assert amounts(made(gateway)[0]) == [("1", "1", "DOOS", "6.00"), ("3", "0.5", "KILO", "0.06")]


def test_what_is_asked_twice_in_one_request(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    line_1 = {"shipment_number": "LS-1", "order_number": "PH-4001", "line_number": "1", "base_quantity": "100"}
    assert faults(office(gateway, "invoices", asked(lines=[line_1, line_1]))) == [("already_invoiced", "/lines/1")]
    assert faults(office(gateway, "invoices", asked("LS-1", "LS-1"))) == [("already_invoiced", "/shipments/1")]
    assert faults(office(gateway, "invoices", asked("LS-1", lines=[line_1]))) == [("already_invoiced", "/lines/0")]
    assert made(gateway) == []


def test_every_fault_of_a_request_at_once(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    wrong = {"shipment_number": "LS-8", "order_number": "PH-4001", "line_number": "1"}
    answer = office(gateway, "invoices", asked("LS-9", "LS-1", lines=[wrong]))
    assert faults(answer) == [("unknown_shipment", "/shipments/0"), ("unknown_shipment", "/lines/0/shipment_number")]
    assert faults(office(gateway, "invoices", asked())) == [("missing_field", "/shipments")]
    strange = {"shipment_number": "LS-1", "order_number": "PH-4001", "line_number": "7"}
    assert faults(office(gateway, "invoices", asked(lines=[strange]))) == [("unknown_line", "/lines/0/line_number")]
    theirs = office(gateway, "invoices", {**asked("LS-1"), "account": "birch-timber"})
    assert faults(theirs) == [("unknown_shipment", "/shipments/0")]
    assert office(gateway, "invoices", {"account": PINE}).status_code == 400
    assert made(gateway) == []


def test_one_number_for_several_invoices(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    gateway.settle(PINE, order(BOLTS, number="PH-4003", ship_to={"id": "YARD-2"}))
    ship(gateway, part("150"))
    ship(gateway, part("50", order_number="PH-4003"), number="LS-3")
    answer = office(gateway, "invoices", asked("LS-1", "LS-3", invoice_number="F-1"))
    assert faults(answer) == [("several_invoices", "/invoice_number")]
    assert office(gateway, "invoices", asked("LS-1", "LS-3")).status_code == 201
    assert [one.number for one in made(gateway)] == ["IN-00000001", "IN-00000002"]


def test_eight_requests_at_once(on_either: SmallGateway) -> None:
    """Four ask for the same, four for what is in it: each part is billed once, and no number is lost."""
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    one_carton = {"shipment_number": "LS-1", "order_number": "PH-4001", "line_number": "1", "base_quantity": "50"}
    told = [asked("LS-1") for _ in range(4)] + [asked(lines=[one_carton], number=f"R-{n}") for n in range(2, 6)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda one: office(gateway, "invoices", one), told))
    assert {one.status_code for one in answers} <= {200, 201, 422}
    assert len(made(gateway)) == sum(one.status_code == 201 for one in answers)
    assert ledger(gateway)["1"].base_invoiced == 150


# --- credit notes ----------------------------------------------------------------------------------------------------
def test_a_return_is_credited(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    ship(gateway, part("150"), part("3", "2", "HAMMER-16"))
    assert bill(gateway) == 1
    asking = credit({"line_number": "1", "quantity": "2", "note": "wet"})
    first, again = (office(gateway, "credit_notes", asking) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert again.json == {**first.json, "duplicate": True}
    (note,) = made(gateway, "credit_note")
    assert (note.number, note.type, amounts(note)) == ("CN-00000001", "credit_note", [("1", "2", "DOOS", "12.00")])
    assert [(one.number, one.issue_date) for one in note.credits] == [("IN-00000001", date(2026, 11, 23))]
    assert (note.note, note.lines[0].note) == ("Returned goods.", "wet")
    bolts = ledger(gateway)["1"]
    assert (bolts.base_credited, bolts.base_returned, bolts.base_invoiced) == (100, 100, 150)
    too_much = credit({"line_number": "1", "quantity": "2"}, number="RMA-2")
    assert faults(office(gateway, "credit_notes", too_much)) == [("more_than_invoiced", "/lines/0/quantity")]
    rest = office(gateway, "credit_notes", credit(number="RMA-2", reason="shortage"))
    assert rest.status_code == 201, rest.text
    short = made(gateway, "credit_note")[1]
    assert (short.note, amounts(short)) == (
        "Goods not delivered.",
        [("1", "1", "DOOS", "6.00"), ("2", "3", "STUK", "34.50")],
    )
    bolts = ledger(gateway)["1"]
    assert (bolts.base_credited, bolts.base_returned) == (150, 100), "a shortage never came back"
    none = office(gateway, "credit_notes", credit(number="RMA-3"))
    assert faults(none) == [("more_than_invoiced", "/invoice_number")]
    assert bill(gateway) == 0, "what is credited is not billed again"


def test_credit_notes_that_cannot_be(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    assert bill(gateway) == 1
    unknown = credit(invoice="IN-9")
    assert faults(office(gateway, "credit_notes", unknown)) == [("unknown_invoice", "/invoice_number")]
    theirs = {**credit(), "account": "birch-timber"}
    assert faults(office(gateway, "credit_notes", theirs)) == [("unknown_invoice", "/invoice_number")]
    strange = credit({"line_number": "9", "quantity": "1"}, {"line_number": "1", "quantity": "4"})
    expected = [("not_on_invoice", "/lines/0/line_number"), ("more_than_invoiced", "/lines/1/quantity")]
    assert faults(office(gateway, "credit_notes", strange)) == expected
    twice = credit({"line_number": "1", "quantity": "1"}, {"line_number": "1", "quantity": "1"})
    assert faults(office(gateway, "credit_notes", twice)) == [("bad_value", "/lines/1/line_number")]
    broken = credit({"line_number": "1", "quantity": "0.01"})
    assert faults(office(gateway, "credit_notes", broken)) == [("fractional_unit", "/lines/0/quantity")]
    assert office(gateway, "credit_notes", {**credit(), "reason": "whim"}).status_code == 400
    first = office(gateway, "credit_notes", credit(credit_note_number="G-1"))
    assert first.status_code == 201, first.text
    number = credit(number="RMA-2", credit_note_number="G-1")
    assert faults(office(gateway, "credit_notes", number)) == [("already_invoiced", "/credit_note_number")]
    assert [one.number for one in made(gateway, "credit_note")] == ["G-1"]


def test_eight_credit_notes_at_once(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("150"))
    assert bill(gateway) == 1
    told = [credit({"line_number": "1", "quantity": "1"}, number=f"RMA-{n}") for n in (1, 1, 2, 2, 3, 3, 4, 4)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda one: office(gateway, "credit_notes", one), told))
    codes = sorted(one.status_code for one in answers)
    assert codes == [200] * 3 + [201] * 3 + [422] * 2
    assert len(made(gateway, "credit_note")) == 3
    assert ledger(gateway)["1"].base_credited == 150


def test_of_two_credit_notes_of_one_invoice_at_once_one_is_worked_out_anew(on_either: SmallGateway) -> None:
    """They are of lines of different orders, and of one discount of the whole invoice: 0.01, which each would have."""
    gateway = on_either
    agree(gateway, None, terms={"currency": "EUR", "discounts": [{"of": "document", "percent": "0.1"}]})
    gateway.settle(PINE, order(BOLTS))
    gateway.settle(PINE, order(BOLTS, number="PH-4002"))
    ship(gateway, part("50"), part("50", order_number="PH-4002"))
    assert office(gateway, "invoices", asked("LS-1")).status_code == 201
    told = [
        credit({"line_number": number}, number=f"RMA-{number}", credit_note_number=f"G-{number}")
        for number in ("1", "2")
    ]
    requests = [CreditNoteRequest.model_validate(one) for one in told]
    first, second = (
        crediting._prepare(gateway.services, one, Request(one.request_number, now_us(), "key", digest_of(one)))
        for one in requests
    )
    gateway.store.invoices.save(first)
    with pytest.raises(Collision):
        gateway.store.invoices.save(second)
    assert office(gateway, "credit_notes", told[1]).status_code == 201
    assert [[f"{one.amount:f}" for one in note.charges] for note in made(gateway, "credit_note")] == [["0.01"], []]


@pytest.mark.parametrize("when", ["daily", "weekly", "monthly"])
def test_what_left_at_no_time_is_refused(on_either: SmallGateway, when: str) -> None:
    gateway = on_either
    agree(gateway, when)
    gateway.settle(PINE, order(BOLTS))
    carton = {"id": "C1", "lines": [part("50")]}
    for at in ("9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00"):
        told = {"shipment_number": "LS-1", "shipped_at": at, "packages": [carton]}
        assert faults(office(gateway, "shipments", told)) == [("bad_value", "/shipped_at")]


# --- what was agreed -------------------------------------------------------------------------------------------------
def test_the_price_that_was_confirmed_counts(on_either: SmallGateway) -> None:
    """The order says 6.04, within the tolerance, and was confirmed so; the contract has changed since."""
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order({**BOLTS, "price": {"amount": "6.04"}}))
    ship(gateway, part("50"))
    assert bill(gateway) == 1
    assert amounts(made(gateway)[0]) == [("1", "1", "DOOS", "6.04")]


def test_the_price_of_the_day_of_despatch(on_either: SmallGateway, clock: time_machine.Traveller) -> None:
    gateway = on_either
    agree(gateway, policies={"price_date": "despatch"})
    gateway.settle(PINE, order(BOLTS))
    ship(gateway, part("50"))
    clock.move_to("2026-12-01T12:00:00+01:00")
    ship(gateway, part("50"), number="LS-2", shipped_at="2026-12-01T12:00:00+01:00")
    assert bill(gateway) == 2
    assert [amounts(one)[0][3] for one in made(gateway)] == ["6.00", "6.60"]


def test_the_price_of_the_day_of_despatch_is_in_the_orders_currency(on_either: SmallGateway) -> None:
    """The order names none: it was confirmed in EUR, which was the account's. 66.00 NOK since then are no 66.00 EUR."""
    gateway = on_either
    agree(gateway, policies={"price_date": "despatch"})
    said = order({name: value for name, value in BOLTS.items() if name != "price"})
    gateway.settle(PINE, {name: value for name, value in said.items() if name != "currency"})
    agree(gateway, policies={"price_date": "despatch"}, terms={"currency": "NOK"})
    folder = published_folder(gateway.store, PINE)
    assert folder is not None
    norwegian = tuple(replace(one, currency="NOK", price=one.price * 11) for one in folder.prices)
    gateway.publish(replace(folder, prices=norwegian))
    ship(gateway, part("200"))
    assert bill(gateway) == 1
    (invoice,) = made(gateway)
    assert (invoice.currency, amounts(invoice)) == ("EUR", [("1", "4", "DOOS", "24.00")])


def test_a_long_order_is_priced_once_for_each_day(gateway: SmallGateway, clock: time_machine.Traveller) -> None:
    """And not again for each of its lines, by which 5,000 would take ten minutes."""
    agree(gateway, policies={"price_date": "despatch"})
    bolts = [{**BOLTS, "line_number": str(number), "quantity": "1"} for number in range(1, 21)]
    gateway.settle(PINE, order(*bolts))
    ship(gateway, *(part("25", str(number)) for number in range(1, 21)))
    clock.move_to("2026-12-01T12:00:00+01:00")
    ship(
        gateway,
        *(part("25", str(number)) for number in range(1, 21)),
        number="LS-2",
        shipped_at="2026-12-01T12:00:00+01:00",
    )
    mapped: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        mapped["lines"] += event == "call" and frame.f_code.co_name == "_map_line"

    sys.setprofile(count)
    try:
        assert bill(gateway) == 2
    finally:
        sys.setprofile(None)
    assert [one.totals.without_tax for one in made(gateway)] == [Decimal("60.00"), Decimal("66.00")]
    assert mapped["lines"] == 2 * 2 * 20, "for each invoice as it stands, and on its day"


def test_discounts_and_charges(on_either: SmallGateway) -> None:
    """Two per cent off bolts, one off the invoice; freight of 10.00 comes with the first invoice, or pro rata."""
    gateway = on_either
    discounts = [{"percent": "2", "products": ["BOLT-M8"]}, {"of": "document", "percent": "1"}]
    agree(gateway, terms={"currency": "EUR", "discounts": discounts})
    freight = {"is_charge": True, "amount": "10.00", "reason_code": "FC", "reason": "Freight"}
    gateway.settle(PINE, order(BOLTS, charges=[freight]))
    ship(gateway, part("150"))
    ship(gateway, part("50"), number="LS-2")
    assert bill(gateway) == 2
    first, second = made(gateway)
    assert [amounts(one)[0][3] for one in (first, second)] == ["17.64", "5.88"]
    assert [(one.is_charge, f"{one.amount:f}") for one in first.charges] == [(False, "0.18"), (True, "10.00")]
    assert [(one.is_charge, f"{one.amount:f}") for one in second.charges] == [(False, "0.06")]
    agree(gateway, policies={"order_charges": "pro_rata"})
    gateway.settle(PINE, order(BOLTS, number="PH-4002", charges=[freight]))
    for number, quantity in (("LS-3", "150"), ("LS-4", "50")):
        ship(gateway, part(quantity, order_number="PH-4002"), number=number)
    assert bill(gateway) == 2
    assert [[f"{one.amount:f}" for one in each.charges] for each in made(gateway)[2:]] == [["7.50"], ["2.50"]]


FREIGHT = {"is_charge": True, "amount": "10.00", "reason_code": "FC", "reason": "Freight"}


def charged(gateway: SmallGateway) -> list[list[str]]:
    """The charges of each invoice."""
    return [[f"{one.amount:f}" for one in each.charges if one.is_charge] for each in made(gateway)]


@pytest.mark.parametrize(("spread", "freight"), [("first", [["10.00"], []]), ("pro_rata", [["6.67"], ["3.33"]])])
def test_an_order_that_becomes_two_invoices_at_once_is_charged_once(
    on_either: SmallGateway, spread: str, freight: list[list[str]]
) -> None:
    gateway = on_either
    agree(gateway, policies={"order_charges": spread})
    elsewhere = {**BOLTS, "line_number": "2", "quantity": "2", "ship_to": {"id": "YARD-2"}}
    gateway.settle(PINE, order(BOLTS, elsewhere, charges=[FREIGHT]))
    ship(gateway, part("200"), part("100", "2"))
    assert bill(gateway) == 2
    assert charged(gateway) == freight
    agree(gateway, None, policies={"order_charges": spread})
    gateway.settle(PINE, order(BOLTS, elsewhere, number="PH-4002", charges=[FREIGHT]))
    ship(gateway, part("200", order_number="PH-4002"), part("100", "2", order_number="PH-4002"), number="LS-2")
    assert office(gateway, "invoices", asked("LS-2")).status_code == 201
    assert charged(gateway)[2:] == freight


@pytest.mark.parametrize(
    ("spread", "free", "freight"),
    [
        ("first", ["HAMMER-16"], [["10.00"], []]),
        ("pro_rata", ["HAMMER-16"], [[], ["10.00"]]),
        ("first", [], [["10.00"], []]),
        ("pro_rata", [], [["5.00"], ["5.00"]]),
    ],
)
def test_an_order_with_free_goods_is_charged_once(
    on_either: SmallGateway, spread: str, free: list[str], freight: list[list[str]]
) -> None:
    """What costs nothing leaves first; of an order that costs nothing at all each line counts the same."""
    gateway = on_either
    discounts = [{"percent": "100", "products": free}]
    agree(gateway, policies={"order_charges": spread}, terms={"currency": "EUR", "discounts": discounts})
    gateway.settle(PINE, order(BOLTS, HAMMERS, charges=[FREIGHT]))
    for number, what in (("LS-1", part("3", "2", "HAMMER-16")), ("LS-2", part("200"))):
        ship(gateway, what, number=number)
        assert bill(gateway) == 1
    assert charged(gateway) == freight


def test_pro_rata_charges_sum_to_the_whole_however_the_goods_are_rounded(on_either: SmallGateway) -> None:
    """A kilogram of sand is 0.12; its tenths are invoiced at 0.01 each, 0.10 together."""
    gateway = on_either
    agree(gateway, policies={"order_charges": "pro_rata"})
    gateway.settle(PINE, order(line("1", "PH-0104", "1", "KILO", None), charges=[{**FREIGHT, "amount": "100.00"}]))
    for number in range(10):
        ship(gateway, part("0.1", "1", "SAND-KG"), number=f"LS-{number}")
    assert bill(gateway) == 10
    assert charged(gateway) == [["10.00"]] * 10


@pytest.mark.parametrize(
    ("first", "then", "freight"),
    [
        (("4", "200"), ("8", "200"), [["10.00"], []]),
        (("6", "100"), ("4", "100"), [["3.33"], ["6.67"]]),
    ],
)
def test_an_order_that_is_changed_between_its_invoices_is_charged_once(
    on_either: SmallGateway, first: tuple[str, str], then: tuple[str, str], freight: list[list[str]]
) -> None:
    """What is left of the charge is divided by what is left of the order. (boxes ordered, pieces that leave) twice."""
    gateway = on_either
    agree(gateway, policies={"order_charges": "pro_rata"})
    gateway.settle(PINE, order({**BOLTS, "quantity": first[0]}, charges=[FREIGHT]))
    ship(gateway, part(first[1]))
    assert bill(gateway) == 1
    changed = order({**BOLTS, "quantity": then[0]}, charges=[FREIGHT], function="change", version=2)
    assert gateway.settle(PINE, changed).status == "done"
    ship(gateway, part(then[1]), number="LS-2")
    assert bill(gateway) == 1
    assert charged(gateway) == freight


@pytest.mark.parametrize(
    ("spread", "freight"),
    [("first", ["10.00", "5.00", "5.00"]), ("pro_rata", ["2.50", "4.17", "6.67"])],
)
def test_a_charge_that_a_change_makes_another_is_charged_as_it_stands(
    on_either: SmallGateway, spread: str, freight: list[str]
) -> None:
    """A higher one is completed, and one by another name takes the other's place. What was invoiced stays: of a lower
    one nothing comes off by itself."""
    gateway = on_either
    agree(gateway, policies={"order_charges": spread})
    gateway.settle(PINE, order(BOLTS, charges=[FREIGHT]))
    ship(gateway, part("50"))
    assert bill(gateway) == 1
    for version, (amount, reason) in enumerate((("15.00", "Freight"), ("20.00", "Express"), ("3.00", "Express")), 2):
        charge = {**FREIGHT, "amount": amount, "reason": reason}
        changed = order(BOLTS, charges=[charge], function="change", version=version)
        assert gateway.settle(PINE, changed).status == "done"
        ship(gateway, part("50"), number=f"LS-{version}")
        assert bill(gateway) == 1
    told = [[(one.reason, f"{one.amount:f}") for one in each.charges if one.is_charge] for each in made(gateway)]
    assert told == [[("Freight", freight[0])], [("Freight", freight[1])], [("Express", freight[2])], []]


def test_the_policy_is_changed_between_two_invoices(on_either: SmallGateway) -> None:
    gateway = on_either
    for before, after, number in (("first", "pro_rata", "PH-4001"), ("pro_rata", "first", "PH-4002")):
        agree(gateway, policies={"order_charges": before})
        gateway.settle(PINE, order(BOLTS, number=number, charges=[FREIGHT]))
        ship(gateway, part("50", order_number=number), number=f"{number}-1")
        assert bill(gateway) == 1
        agree(gateway, policies={"order_charges": after})
        for piece in ("50", "100"):
            ship(gateway, part(piece, order_number=number), number=f"{number}-{piece}")
            assert bill(gateway) == 1
    assert charged(gateway) == [["10.00"], [], [], ["2.50"], ["7.50"], []]


def test_credit_notes_give_back_what_each_invoice_had_of_the_charge(on_either: SmallGateway) -> None:
    """Whatever was confirmed since, and in whatever parts the goods come back; what is billed later is as it was."""
    gateway = on_either
    agree(gateway, policies={"order_charges": "pro_rata"})
    gateway.settle(PINE, order({**BOLTS, "quantity": "6"}, charges=[FREIGHT]))
    ship(gateway, part("150"))
    assert bill(gateway) == 1
    back = credit({"line_number": "1", "quantity": "1"}, with_charges=True)
    assert office(gateway, "credit_notes", back).status_code == 201
    changed = order({**BOLTS, "quantity": "5"}, charges=[FREIGHT], function="change", version=2)
    assert gateway.settle(PINE, changed).status == "done"
    ship(gateway, part("100"), number="LS-2")
    assert bill(gateway) == 1
    assert charged(gateway) == [["5.00"], ["5.00"]]
    rest = credit(number="RMA-2", with_charges=True)
    assert office(gateway, "credit_notes", rest).status_code == 201
    of_second = credit(number="RMA-3", invoice="IN-00000002", with_charges=True)
    assert office(gateway, "credit_notes", of_second).status_code == 201
    notes = made(gateway, "credit_note")
    assert [[f"{one.amount:f}" for one in each.charges] for each in notes] == [["1.67"], ["3.33"], ["5.00"]]


@pytest.mark.parametrize(("spread", "freight"), [("first", ["10.00"]), ("pro_rata", ["2.50"] * 4)])
def test_what_is_billed_at_once_is_charged_once(on_either: SmallGateway, spread: str, freight: list[str]) -> None:
    """Four requests for a quarter each: whoever comes second works his part out anew."""
    gateway = on_either
    agree(gateway, None, policies={"order_charges": spread})
    gateway.settle(PINE, order(BOLTS, charges=[FREIGHT]))
    for number in range(4):
        ship(gateway, part("50"), number=f"LS-{number}")

    def one(number: int) -> None:
        request = InvoiceRequest.model_validate(asked(f"LS-{number}", number=f"R-{number}"))
        take_invoice_request(gateway.services, request, "test")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(one, range(4)))
    assert sorted(amount for each in charged(gateway) for amount in each) == freight


@pytest.mark.parametrize(("spread", "freight"), [("first", []), ("pro_rata", ["5.00"])])
def test_an_order_that_was_billed_in_part_before_charges_were_kept(
    on_either: SmallGateway, spread: str, freight: list[str]
) -> None:
    """Which part of it an invoice had then is taken to be that of its goods."""
    gateway = on_either
    agree(gateway, policies={"order_charges": spread})
    gateway.settle(PINE, order(BOLTS, charges=[FREIGHT]))
    ship(gateway, part("100"))
    assert bill(gateway) == 1
    take_back(gateway.store, "0021")
    gateway.store.upgrade()
    for number, piece in enumerate(("50", "50"), 2):
        ship(gateway, part(piece), number=f"LS-{number}")
        assert bill(gateway) == 1
    halves = [["2.50"], ["2.50"]] if freight else [[], []]
    assert charged(gateway)[1:] == halves


def test_freight_of_free_goods_is_credited_with_them(on_either: SmallGateway) -> None:
    """By their quantities: they have no amounts."""
    gateway = on_either
    agree(gateway, terms={"currency": "EUR", "discounts": [{"percent": "100"}]})
    gateway.settle(PINE, order(BOLTS, charges=[FREIGHT]))
    ship(gateway, part("150"))
    assert bill(gateway) == 1
    for number, quantity in (("RMA-1", "1"), ("RMA-2", "2")):
        back = credit({"line_number": "1", "quantity": quantity}, number=number, with_charges=True)
        assert office(gateway, "credit_notes", back).status_code == 201
    assert [[f"{one.amount:f}" for one in note.charges] for note in made(gateway, "credit_note")] == [
        ["3.33"],
        ["6.67"],
    ]


@pytest.mark.parametrize("spread", ["first", "pro_rata"])
def test_an_order_that_takes_off_more_than_it_costs_is_billed_for_nothing(on_either: SmallGateway, spread: str) -> None:
    """Nobody is paid for buying: 40.00 off goods of 18.00 and 6.00, of which 2 % are off already; 1.00 of freight is to
    be paid. So no credit note is below nothing, with the freight or without."""
    gateway = on_either
    off = [{"of": "document", "percent": "2"}]
    agree(gateway, policies={"order_charges": spread}, terms={"currency": "EUR", "discounts": off})
    bonus = {"is_charge": False, "amount": "40.00", "reason": "Bonus"}
    gateway.settle(PINE, order(BOLTS, charges=[bonus, {**FREIGHT, "amount": "1.00"}]))
    for number, piece in enumerate(("150", "50"), 1):
        ship(gateway, part(piece), number=f"LS-{number}")
        assert bill(gateway) == 1
    found = [[(one.reason, f"{one.amount:f}") for one in each.charges] for each in made(gateway)]
    first, second = [("Discount", "0.36"), ("Bonus", "17.64")], [("Discount", "0.12"), ("Bonus", "5.88")]
    freight = {"first": ("1.00", None), "pro_rata": ("0.75", "0.25")}[spread]
    first += [("Freight", freight[0])]
    second += [("Freight", freight[1])] if freight[1] else []
    assert found == [first, second]
    for number, (quantity, with_charges) in enumerate((("1", False), ("1", True), (None, True))):
        lines = [{"line_number": "1", "quantity": quantity}] if quantity else []
        back = credit(*lines, number=f"RMA-{number}", with_charges=with_charges)
        assert office(gateway, "credit_notes", back).status_code == 201
    assert all(one.totals.without_tax >= 0 for one in made(gateway, "credit_note"))


def test_an_orders_allowance_takes_nothing_off_another_orders_goods(on_either: SmallGateway) -> None:
    """Both are on one invoice: 40.00 off goods of 6.00, beside 34.50 for hammers."""
    gateway = on_either
    agree(gateway)
    bonus = {"is_charge": False, "amount": "40.00", "reason": "Bonus"}
    gateway.settle(PINE, order(BOLTS, charges=[bonus]))
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002"))
    ship(gateway, part("50"), part("3", product="HAMMER-16", order_number="PH-4002"))
    assert bill(gateway) == 1
    (invoice,) = made(gateway)
    assert [f"{one.amount:f}" for one in invoice.charges] == ["6.00"]
    assert invoice.totals.payable == Decimal("34.50")


@pytest.mark.parametrize(
    ("price", "charge"),
    [("99999999999999999999.99", "0"), ("6.00", "99999999999999999999.99")],
    ids=["price", "charge"],
)
def test_amounts_that_no_document_has_room_for_hold_it(on_either: SmallGateway, price: str, charge: str) -> None:
    """20 digits before the point: whoever reads the invoice, we too, couldn't."""
    gateway = on_either
    agree(gateway, prices=False)
    gateway.settle(PINE, order({**BOLTS, "price": {"amount": price}}, charges=[{**FREIGHT, "amount": charge}]))
    ship(gateway, part("200"))
    assert bill(gateway) == 0
    (waiting,) = gateway.store.invoices.waiting(9)
    assert {one["code"] for one in waiting.told()} == {"amount_too_long"}
    assert "/totals/without_tax" in [one["path"] for one in waiting.told()]
    answer = office(gateway, "invoices", asked("LS-1"))
    assert {(one["code"], one["location"]) for one in answer.json["faults"]} == {("amount_too_long", "/shipments/0")}
    assert made(gateway) == []


@pytest.mark.parametrize(("gross", "told"), [("-7.00", None), ("5.00", None), ("8.00", Decimal("8.00"))])
def test_a_gross_price_is_one_before_a_discount(on_either: SmallGateway, gross: str, told: Decimal | None) -> None:
    """One below the price says nothing that an invoice could have (BR-28, BT-147)."""
    gateway = on_either
    agree(gateway, outbound={"invoice": {"format": "peppol-bis-3", "when": "shipped"}})
    gateway.settle(PINE, order({**BOLTS, "price": {"amount": "6.00", "gross": gross}}))
    ship(gateway, part("100"), part("7"))
    assert bill(gateway) == 1
    (invoice,), (document,) = made(gateway), mailbox(gateway)
    assert [line.price.gross for line in invoice.lines] == [told]
    assert broken_rules(gateway.store.documents.body(document.id)) == []


def test_what_is_free_costs_nothing_whatever_its_half_cents(on_either: SmallGateway) -> None:
    """An eighth of a kilogram of sand is 0.015: rounded up before it is taken off."""
    gateway = on_either
    agree(gateway, terms={"currency": "EUR", "discounts": [{"percent": "100"}]})
    gateway.settle(PINE, order(SAND))
    ship(gateway, part("0.125", "3", "SAND-KG"))
    assert bill(gateway) == 1
    (invoice,) = made(gateway)
    assert [f"{one.amount:f}" for one in invoice.lines[0].charges] == ["0.02"]
    assert (invoice.lines[0].net_amount, invoice.totals.payable) == (0, 0)


def test_another_invoicee(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    payer = {"id": "PAY-1", "name": "Zaag Factoring BV", "address": {"city": "Delft", "country": "NL"}}
    gateway.settle(PINE, order(BOLTS, bill_to=payer))
    gateway.settle(PINE, order(BOLTS, number="PH-4002", bill_to={"id": "68750110", "scheme": "0106"}))
    ship(gateway, part("50"), part("50", order_number="PH-4002"))
    assert bill(gateway) == 2
    theirs, own = made(gateway)
    assert (theirs.buyer.name, theirs.buyer.vat_id, theirs.taxes[0].category) == ("Zaag Factoring BV", None, "S")
    assert theirs.totals.payable == Decimal("7.50")
    assert (own.buyer.legal_name, own.taxes[0].category) == ("Pine Hardware BV", "K")


def test_a_name_that_nobody_knows_holds_it(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order(BOLTS, bill_to={"id": "PAY-1"}))
    ship(gateway, part("50"))
    assert bill(gateway) == 0
    (waiting,) = gateway.store.invoices.waiting(9)
    assert [(one["code"], one["path"]) for one in waiting.told()] == [
        ("invoice_incomplete", "/buyer/name"),
        ("invoice_incomplete", "/buyer/address/country"),
    ]


# --- the description -------------------------------------------------------------------------------------------------
def test_the_examples_keep_to_their_schemas() -> None:
    examples = {
        "invoice_request": INVOICE_REQUEST,
        "credit_note_request": CREDIT_NOTE_REQUEST,
        "delivery": DELIVERY,
    }
    for name, example in examples.items():
        assert list(jsonschema_rs.validator_for(schema(name)).iter_errors(json.loads(json.dumps(example)))) == []
