"""Numbers of invoices that are on other documents already, and what a failure at one account leaves of the others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import time_machine

from gateway import billing_schedule
from gateway.billing_schedule import bill_due
from gateway.rebating import settle_rebates
from gateway.store.ids import now_us
from gateway.store.statements import fetch, run
from gateway.trade.rebate_periods import period_named
from mappings.files.account_folder import read_account
from mappings.revision import Numbering
from schemas.faults import DocumentHeld
from tests.examples.billing import PINE, agree, bill, check_books, mailbox, office
from tests.examples.order_lines import BOLTS, HAMMERS, order
from tests.examples.small_gateway import ACCOUNTS, SmallGateway

OAK = "oak-hardware"
NEW_YEAR = "2026-12-31T23:30:00+00:00"
"""In Amsterdam it is 2027 by then."""
LAST_OF_2026 = "2026-12-31T12:00:00+01:00"


@pytest.fixture
def clock(today: time_machine.Traveller) -> time_machine.Traveller:
    """The clock of the examples, to be moved."""
    return today


def agree_with_oak(gateway: SmallGateway) -> None:
    """Another account as Pine Hardware is one, in New York."""
    folder = read_account(ACCOUNTS / PINE)
    terms = gateway.mapping(PINE).account.model_dump(mode="json", by_alias=True)
    terms |= {"id": OAK, "name": "Oak Hardware", "time_zone": "America/New_York"}
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))


def ship(gateway: SmallGateway, number: str, account: str = PINE, left_at: str = "2026-11-23T12:00:00+01:00") -> None:
    """Three hammers are ordered by this number, and leave under it."""
    gateway.settle(account, order({**HAMMERS, "line_number": "1"}, number=number))
    line = {"order_number": number, "account": account, "line_number": "1", "product": "HAMMER-16"}
    cartons = [{"id": "C1", "lines": [{**line, "base_quantity": "3"}]}]
    answer = office(
        gateway, "shipments", {"shipment_number": f"LS-{number}", "shipped_at": left_at, "packages": cartons}
    )
    assert answer.status_code == 201, answer.text


def ask(gateway: SmallGateway, number: str, **said: Any) -> Any:
    """Have the order's shipment billed."""
    return office(
        gateway, "invoices", {"request_number": f"R-{number}", "account": PINE, "shipments": [f"LS-{number}"], **said}
    )


def used_by_the_erp(gateway: SmallGateway, invoice_number: str) -> None:
    """An earlier invoice has the number."""
    agree(gateway, None)
    ship(gateway, "PH-ERP")
    assert ask(gateway, "PH-ERP", invoice_number=invoice_number).status_code == 201


def numbers(gateway: SmallGateway, account: str = PINE, kind: str = "invoice") -> list[str]:
    found = gateway.store.documents.page(account, kind=kind, order_number=None, after=None, limit=99, test_key=False)
    return [one.number for one in found]


def reasons(gateway: SmallGateway) -> list[tuple[str, list[tuple[str, str]]]]:
    """(account, why it could not be billed) of what waits."""
    waits = gateway.store.invoices.waiting(99)
    return [(one.account_id, [(fault["code"], fault["path"]) for fault in one.told()]) for one in waits]


def places(refused: Any) -> list[tuple[str, str, str]]:
    """(code, path in the invoice, where in the request)."""
    return [(one["code"], one["path"], one["location"]) for one in refused.json["faults"]]


def make_due(gateway: SmallGateway) -> None:
    with gateway.store.database.write() as connection:
        fetch(connection, "UPDATE billables SET due_at = 0 WHERE due_at IS NOT NULL RETURNING 1")


# --- numbers that are used -------------------------------------------------------------------------------------------
def test_a_series_whose_numbers_are_used_holds_its_invoices_and_no_others(
    on_either: SmallGateway, clock: time_machine.Traveller
) -> None:
    """Pine's year is the new one already, whose first number the ERP has used under the prefix of before."""
    gateway = on_either
    used_by_the_erp(gateway, "RE-2027-00000001")
    gateway.become(invoices=Numbering("RE-{year}-"))
    clock.move_to(datetime.fromisoformat(NEW_YEAR))
    agree(gateway)
    agree_with_oak(gateway)
    ship(gateway, "PH-1", left_at=LAST_OF_2026)
    ship(gateway, "PH-2", OAK, left_at=LAST_OF_2026)
    assert bill(gateway) == 1
    assert numbers(gateway, OAK) == ["RE-2026-00000001"]
    assert reasons(gateway) == [(PINE, [("number_in_use", "/number")])]
    (fault,) = gateway.store.invoices.waiting(9)[0].told()
    assert fault["value"] == "RE-2027-00000001"
    assert "RE-2027-" in fault["detail"]
    assert "2026-11-23" in fault["detail"], "whose it is"
    assert b"gateway_invoices_held 1.0" in gateway.client.get("/metrics").data

    gateway.become(invoices=Numbering("RG-{year}-"))
    make_due(gateway)
    assert bill(gateway) == 1
    assert numbers(gateway) == ["RE-2027-00000001", "RG-2027-00000001"]
    assert gateway.store.invoices.held() == 0


def test_numbers_before_a_used_one_are_given(on_either: SmallGateway) -> None:
    gateway = on_either
    used_by_the_erp(gateway, "RE-00000003")
    gateway.become(invoices=Numbering("RE-"))
    agree(gateway)
    for number in range(4):
        ship(gateway, f"PH-{number}")
    assert bill(gateway) == 2
    assert numbers(gateway)[1:] == ["RE-00000001", "RE-00000002"]
    assert reasons(gateway) == [(PINE, [("number_in_use", "/number")])] * 2


def test_what_is_collected_is_billed_as_far_as_numbers_are_free(on_either: SmallGateway, clock: Any) -> None:
    """Two places are two invoices, of which the second has no number."""
    gateway = on_either
    used_by_the_erp(gateway, "RE-00000002")
    gateway.become(invoices=Numbering("RE-"))
    agree(gateway, "daily")
    line = {"account": PINE, "line_number": "1", "product": "BOLT-M8", "base_quantity": "50"}
    for number, place in (("PH-1", "YARD-1"), ("PH-2", "YARD-2")):
        gateway.settle(PINE, order(BOLTS, number=number, ship_to={"id": place}))
        cartons = [{"id": "C1", "lines": [{**line, "order_number": number}]}]
        told = {"shipment_number": f"LS-{number}", "shipped_at": "2026-11-23T12:00:00+01:00", "packages": cartons}
        assert office(gateway, "shipments", told).status_code == 201
    clock.shift(86_400)
    assert bill(gateway) == 1
    assert numbers(gateway)[1:] == ["RE-00000001"]
    assert reasons(gateway) == [(PINE, [("number_in_use", "/number")])]
    gateway.become(invoices=Numbering("RG-"))
    make_due(gateway)
    assert bill(gateway) == 1
    assert numbers(gateway)[1:] == ["RE-00000001", "RG-00000001"]


def test_a_request_for_a_number_that_is_used_is_refused(on_either: SmallGateway) -> None:
    """And answered with its own number."""
    gateway = on_either
    used_by_the_erp(gateway, "RE-00000001")
    gateway.become(invoices=Numbering("RE-"))
    ship(gateway, "PH-1")
    refused = ask(gateway, "PH-1")
    assert refused.status_code == 422, refused.text
    assert places(refused) == [("number_in_use", "/number", "/invoice_number")]
    assert ask(gateway, "PH-1", invoice_number="ERP-7").status_code == 201


def test_credit_notes_keep_to_it_too(on_either: SmallGateway) -> None:
    gateway = on_either
    used_by_the_erp(gateway, "F-1")
    ship(gateway, "PH-1")
    assert ask(gateway, "PH-1", invoice_number="F-2").status_code == 201
    credit = {"account": PINE, "reason": "return", "lines": [{"line_number": "1", "quantity": "1"}]}
    first = {**credit, "request_number": "RMA-1", "invoice_number": "F-1", "credit_note_number": "GU-00000001"}
    assert office(gateway, "credit_notes", first).status_code == 201
    gateway.become(credit_notes=Numbering("GU-"))
    second = {**credit, "request_number": "RMA-2", "invoice_number": "F-2"}
    refused = office(gateway, "credit_notes", second)
    assert refused.status_code == 422, refused.text
    assert places(refused) == [("number_in_use", "/number", "/credit_note_number")]


def test_a_rebate_is_not_settled_under_a_used_number(on_either: SmallGateway) -> None:
    gateway = on_either
    rebate = {"period": "year", "name": "Bonus", "basis": "net_invoiced", "tiers": [{"from": "0", "percent": "10"}]}
    agree(gateway, None, terms={"currency": "EUR", "rebates": [rebate]})
    ship(gateway, "PH-1")
    assert ask(gateway, "PH-1").status_code == 201
    credit = {"request_number": "RMA-1", "account": PINE, "invoice_number": "IN-00000001", "reason": "return"}
    part = [{"line_number": "1", "quantity": "1"}]
    used = office(gateway, "credit_notes", {**credit, "lines": part, "credit_note_number": "GU-00000001"})
    assert used.status_code == 201, used.text
    gateway.become(credit_notes=Numbering("GU-"))
    with pytest.raises(DocumentHeld) as held:
        settle_rebates(gateway.services, PINE, period_named("2026"), "the year is over", "test")
    assert [(one.code, one.value) for one in held.value.faults] == [("number_in_use", "GU-00000001")]


def test_where_numbers_may_have_gaps_those_that_are_used_are_passed_over(on_either: SmallGateway) -> None:
    gateway = on_either
    used_by_the_erp(gateway, "RE-00000001")
    gateway.become(invoices=Numbering("RE-", gapless=False))
    agree(gateway)
    for number in range(2):
        ship(gateway, f"PH-{number}")
    assert bill(gateway) == 2
    assert numbers(gateway)[1:] == ["RE-00000002", "RE-00000003"]


def test_a_number_that_another_scheduler_has_just_given_holds_nothing(on_either: SmallGateway) -> None:
    gateway = on_either
    agree(gateway)
    for number in range(8):
        ship(gateway, f"PH-{number}")
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: bill(gateway), range(4))) == 8
    assert reasons(gateway) == []
    with gateway.store.database.read() as connection:
        assert fetch(connection, "SELECT sum(attempts) FROM billables")[0][0] == 0, "none was held in between"
    check_books(gateway)


# --- what fails of one -----------------------------------------------------------------------------------------------
def test_what_another_has_billed_before_its_failure_is_saved_is_no_failure(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This scheduler fails; before it can say so another one has made the invoice. The next account is billed."""
    gateway = on_either
    agree(gateway)
    agree_with_oak(gateway)
    ship(gateway, "PH-1")
    ship(gateway, "PH-2", OAK)
    real = billing_schedule.bills

    def failing(parts: Any, orders: Any) -> Any:
        monkeypatch.setattr(billing_schedule, "bills", real)
        at = now_us()
        assert billing_schedule._bill(gateway.services, gateway.store.invoices.due(at), at) == 1
        raise ZeroDivisionError

    monkeypatch.setattr(billing_schedule, "bills", failing)
    assert bill(gateway) == 1
    assert (len(numbers(gateway)), len(numbers(gateway, OAK))) == (1, 1)
    assert reasons(gateway) == []


def test_an_account_whose_orders_are_changed_all_the_time_holds_up_nobody_else(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = on_either
    agree(gateway)
    agree_with_oak(gateway)
    ship(gateway, "PH-1")
    ship(gateway, "PH-2", OAK)
    real = billing_schedule.bills

    def changing(parts: Any, orders: Any) -> Any:
        with gateway.store.database.write() as connection:
            run(connection, "UPDATE orders SET updated_at = updated_at + 1 WHERE account_id = ?", [(PINE,)])
        return real(parts, orders)

    monkeypatch.setattr(billing_schedule, "bills", changing)
    assert bill_due(gateway.services) == 1
    assert (numbers(gateway), len(numbers(gateway, OAK))) == ([], 1)
    assert reasons(gateway) == [(PINE, [("invoice_failed", "")])]
    monkeypatch.undo()
    make_due(gateway)
    assert bill(gateway) == 1
    assert reasons(gateway) == []
    assert len(mailbox(gateway)) == 1
