"""`gateway rebates`: every figure of an account's rebates, and settling what is open of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts import publish_folder
from gateway.billing_schedule import bill_due
from gateway.services import Services
from gateway.store.statements import fetch
from mappings.files.account_folder import read_account
from tests.cli.conftest import ACCOUNTS, Run
from tests.cli.test_invoices import ship_all

ACME = "acme-retail"
BONUS = {
    "name": "Bonus",
    "period": "month",
    "tiers": [{"from": "0", "percent": "1"}, {"from": "100", "percent": "2.5"}],
}


def agree(services: Services, *rebates: dict[str, Any]) -> None:
    folder = read_account(ACCOUNTS / ACME)
    terms = folder.account.model_dump(mode="json", by_alias=True)
    terms["terms"]["rebates"] = list(rebates)
    terms["outbound"]["credit_note"] = {"format": "peppol-bis-3"}
    account = type(folder.account).model_validate(terms)
    publish_folder(services.store, replace(folder, account=account), author="test", reason="rebates")


@pytest.fixture
def month(services: Services, send: Callable[[str, str], str]) -> str:
    """The month in which what ACME ordered was invoiced."""
    send(ACME, "01-accepted.xml")
    ship_all(services, ACME)
    assert bill_due(services) == 1
    (invoice,) = services.store.invoices.page(ACME, limit=9)
    return invoice.issue_date[:7]


def test_it_is_shown_and_settled_once(run: Run, services: Services, month: str) -> None:
    agree(services, BONUS)
    (told,) = run("rebates", "show", ACME, "--period", month, "--json").json
    (invoice,) = told["documents"]
    assert (told["rebate"], told["period"], told["currency"], told["from"]) == ("Bonus", month, "EUR", f"{month}-01")
    assert (invoice["type"], invoice["number"], invoice["net"]) == ("invoice", "IN-00000001", told["net"])
    assert [(one["from"], one["below"], one["percent"]) for one in told["tiers"]] == [
        ("0", "100", "1"),
        ("100", None, "2.5"),
    ]
    assert told["open"] == told["total"] != "0.00"
    assert run("rebates", "show", ACME, "--json").json == [told], "the present month"
    shown = run("rebates", "show", ACME)
    assert (shown.code, shown.err) == (0, "")
    assert f"settled 0.00, open {told['open']}" in shown.out
    assert "base_quantity" not in shown.out, "pieces and kilograms are no sum"

    settle = ("rebates", "settle", ACME, "--period", month, "--reason", "month's end")
    (trial,) = run(*settle, "--dry-run", "--json").json
    assert (trial["credit_note"], trial["net"], trial["invoices"]) == (None, told["open"], ["IN-00000001"])
    assert run("rebates", "show", ACME, "--json").json == [told], "a trial changes nothing"
    (made,) = run(*settle, "--json").json
    assert made == {**trial, "credit_note": "CN-00000001"}
    again = run(*settle)
    assert (again.code, again.out, again.err) == (0, "", "Nothing is open.\n")
    (after,) = run("rebates", "show", ACME, "--json").json
    assert (after["settled"], after["open"]) == (told["open"], "0.00")
    assert after["settlements"] == [{"sequence": 1, "net": told["open"]}]

    listed = run("invoices", "list", ACME, "--json").json
    assert [(one["type"], one["number"]) for one in listed] == [
        ("credit_note", "CN-00000001"),
        ("invoice", "IN-00000001"),
    ]
    document = services.store.documents.one(ACME, listed[0]["document_id"])
    assert document is not None
    assert document.format == "peppol-bis-3"
    assert run("audit", "verify").code == 0
    with services.store.database.read() as connection:
        (actor,) = fetch(connection, "SELECT actor FROM events WHERE kind = 'credited'")[0]
    assert actor.startswith("cli")


def test_what_can_not_be_worked_out_is_partly_done(run: Run, services: Services, month: str) -> None:
    agree(services, BONUS, {**BONUS, "name": "Paid", "basis": "net_paid"})
    shown = run("rebates", "show", ACME)
    assert (shown.code, shown.err) == (3, "Paid is by what was paid, which nobody tells.\n")
    settled = run("rebates", "settle", ACME, "--period", month, "--reason", "x")
    assert settled.code == 3
    assert "CN-00000001" in settled.out


def test_a_folder_whose_rebate_adds_up_several_units_is_refused(run: Run, catalogue: None, tmp_path: Path) -> None:
    """At its line, with the products and their units; and what is published is shown as before."""
    folder = tmp_path / ACME
    shutil.copytree(ACCOUNTS / ACME, folder)
    terms = (folder / "account.yaml").read_text()
    mixed = "period: month, name: Mixed, basis: quantity, products: [OAT-1L, POTATO-KG]"
    (folder / "account.yaml").write_text(terms.replace("period: year, basis: net_invoiced", mixed))
    said = run("accounts", "import", str(folder))
    assert said.code == 1
    assert "/terms/rebates/0/products  (account.yaml line 36)" in said.err
    assert "Mixed of acme-retail is by quantity, and would add up EA (OAT-1L) and KGM (POTATO-KG)" in said.err
    assert said.err.count("would add up") == 1
    assert run("accounts", "list", "--json").json == []


def test_what_is_asked_wrongly(run: Run, services: Services) -> None:
    unknown = run("rebates", "show", "nobody")
    assert (unknown.code, "no account nobody" in unknown.err) == (1, True)
    none = run("rebates", "show", ACME, "--period", "2026-Q4")
    assert (none.code, none.err) == (1, f"No rebate by quarter is agreed with {ACME}.\n")
    for wrong in ("2026-Q5", "2026-13", "0000", "last year", "2026-1"):
        said = run("rebates", "show", ACME, "--period", wrong)
        assert (said.code, "is no period" in said.err) == (2, True), wrong
    assert run("rebates", "settle", ACME, "--reason", "x").code == 2
    assert run("rebates", "settle", ACME, "--period", "2026").code == 2
    assert run("rebates", "settle", ACME, "--period", "2026", "--reason", " ").code == 2
    nothing = run("rebates", "show", ACME, "--period", "2026")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "Nothing was invoiced.\n")
