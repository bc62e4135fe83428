"""`gateway invoices`: what was made for an account, what waits, and making it now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.billing_schedule import bill_due
from gateway.services import Services
from gateway.shipping import take_shipment
from gateway.store.statements import fetch
from schemas.documents.shipment import Shipment
from tests.cli.conftest import Run

TAXES = "tax_class,ship_from_country,ship_to_country,buyer_vat,category,percent,exemption_code,valid_from,valid_to\n"


def ship_all(services: Services, account: str) -> None:
    """Everything that is confirmed of the account's orders leaves."""
    lines = []
    with services.store.database.read() as connection:
        orders = fetch(connection, "SELECT id, order_number FROM orders WHERE account_id = ? AND test = 0", [account])
    for order_id, number in orders:
        for line in services.store.orders.ledger(order_id):
            base = line.confirmed * line.base_ordered / line.ordered
            if base and line.product is not None:
                named = {"order_number": number, "account": account, "line_number": line.line_number}
                lines.append({**named, "product": line.product, "base_quantity": f"{base:f}", "lot": "L-1"})
    told = {
        "shipment_number": "LS-1",
        "shipped_at": "2026-11-23T12:00:00+01:00",
        "packages": [{"id": "1", "lines": lines}],
    }
    take_shipment(services, Shipment.model_validate(told), "test")


@pytest.fixture
def shipped(services: Services, send: Callable[[str, str], str]) -> str:
    """An account that is invoiced when its goods leave, one of whose orders has."""
    send("acme-retail", "01-accepted.xml")
    ship_all(services, "acme-retail")
    return "acme-retail"


def test_what_is_due_is_made_and_listed(run: Run, services: Services, shipped: str) -> None:
    none = run("invoices", "list", shipped)
    assert (none.code, none.err) == (0, "None yet.\n")
    (waits,) = run("invoices", "waiting", "--json").json
    told = (waits["account"], waits["shipment"], waits["waits_for"], waits["faults"])
    assert told == (shipped, "LS-1", "shipped", [])
    made = run("invoices", "make")
    assert (made.code, made.out) == (0, "Made 1 invoice.\n")
    assert run("invoices", "waiting").err == "Nothing waits.\n"
    (listed,) = run("invoices", "list", shipped, "--json").json
    assert (listed["type"], listed["number"], listed["currency"]) == ("invoice", "IN-00000001", "EUR")
    assert services.store.documents.one(shipped, listed["document_id"]) is not None
    assert run("invoices", "make", "--json").json == {"made": 0, "tried_again": 0, "held": 0}
    explained = run("orders", "explain", "ACME-1001", "--line", "1").out
    _, _, billed = explained.partition("What was billed\n")
    assert "issue_date\ttype\tnumber\tcredits\tquantity\tunit\tnet\tcurrency\tarithmetic\t" in billed
    assert f"{listed['issue_date']}\tinvoice\tIN-00000001\t" in billed
    assert "taxes.csv: " in billed


def test_what_can_not_be_made_says_why(run: Run, services: Services, shipped: str, tmp_path: Path) -> None:
    empty = tmp_path / "taxes.csv"
    empty.write_text(TAXES)
    assert run("taxes", "import", str(empty), "--remove-missing").code == 0
    assert doctor(run) == (False, "none is held")
    failed = run("invoices", "make")
    assert (failed.code, failed.out) == (
        1,
        "Made 0 invoices. 1 could not be made; `gateway invoices waiting` says why.\n",
    )
    waiting = run("invoices", "waiting")
    assert waiting.code == 3
    assert "no row of taxes.csv fits" in waiting.out
    told = "1 despatch advice could not be invoiced; `gateway invoices waiting` says why"
    assert doctor(run) == (True, told)
    empty.write_text(TAXES + ",DE,DE,any,S,7,,,\n")
    assert run("taxes", "import", str(empty)).code == 0
    assert bill_due(services) == 0, "it is tried again in ten minutes"
    assert run("invoices", "make", "--json").json == {"made": 1, "tried_again": 1, "held": 0}


def doctor(run: Run) -> tuple[bool, str]:
    """What the doctor says of the invoices: whether it warns, and what of."""
    found = {check["name"]: check for check in run("doctor", "--json").json["checks"]}["invoices"]
    assert found["ok"]
    return found["warning"], found["detail"]


def test_an_account_that_nobody_knows(run: Run, services: Services) -> None:
    unknown = run("invoices", "list", "nobody")
    assert (unknown.code, unknown.out) == (1, "")
    assert "no account nobody" in unknown.err
