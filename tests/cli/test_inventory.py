"""`gateway inventory show`: what an account may order, as people, programs and the account itself see it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from gateway.services import Services
from mappings.revision import StockRow
from schemas.formats.csv_1 import read_lines
from tests.cli.conftest import ACCOUNTS, Run


def test_it_shows_what_an_account_may_order(run: Run, services: Services) -> None:
    """The demo's: half of what HALDEN has; by the piece, though cartons of 12 are sold; by numbers of its own."""
    said = run("inventory", "show", "nordic-office")
    assert (said.code, said.err) == (0, "")
    header, first, *others = (line.split("\t") for line in said.out.splitlines())
    row = dict(zip(header, first, strict=True))
    assert (row["buyer_item"], row["seller_item"], row["quantity"], row["unit"]) == ("0042", "OAT-1L", "4800", "STK")
    assert (row["next_receipt_quantity"], row["order_multiple"]) == ("9600", "12")
    assert len(others) == 4


def test_every_demo_account_is_told_all_of_its_items(run: Run, services: Services) -> None:
    """Those that are in force; the recipe of 2022 has ended."""
    for account in ("acme-retail", "blue-harbor", "delta-foods", "evergreen-diy", "nordic-office"):
        listed = {line.partition(",")[0] for line in (ACCOUNTS / account / "items.csv").read_text().splitlines()[1:]}
        said = run("inventory", "show", account, "--json")
        assert said.code == 0
        assert {line["buyer_item"] for line in said.json["lines"]} == listed - {"PL-0041"}
        assert said.json["left_out"] == []


def test_it_writes_the_document_itself(run: Run, services: Services) -> None:
    table = run("inventory", "show", "acme-retail", "--format", "csv-1")
    assert [line.buyer_item for line in read_lines(table.out.encode())][:2] == ["PL-0042", "PL-0043"]
    assert run("inventory", "show", "acme-retail", "--format", "ubl-2.1").out.startswith("<?xml")
    wrong = run("inventory", "show", "acme-retail", "--format", "cxml-1.2")
    assert (wrong.code, wrong.out) == (2, "")
    assert "csv-1" in wrong.err


def test_since_a_report_only_what_changed(run: Run, services: Services) -> None:
    number = run("inventory", "show", "nordic-office", "--json").json["number"]
    nothing = run("inventory", "show", "nordic-office", "--since", number)
    assert (nothing.code, nothing.err) == (0, "Nothing changed.\n")
    services.store.stock.record([StockRow("JAM-RASP", "HALDEN", datetime.now(UTC), Decimal(16))])
    said = run("inventory", "show", "nordic-office", "--since", number, "--json").json
    assert [(line["buyer_item"], line["quantity"]) for line in said["lines"]] == [("0310", "8")]
    assert run("inventory", "show", "nordic-office", "--since", "yesterday").code == 2


def test_what_is_left_out_is_named(run: Run, services: Services, tmp_path: Path) -> None:
    assert run("accounts", "export", "blue-harbor", str(tmp_path / "blue-harbor")).code == 0
    items = tmp_path / "blue-harbor" / "items.csv"
    items.write_text(items.read_text() + "STORES-999,,OIL-5L,PAL,XPX,1,,,\n")
    assert run("accounts", "import", str(tmp_path / "blue-harbor")).code == 0
    said = run("inventory", "show", "blue-harbor")
    assert said.code == 3
    assert "Left out: 1 item." in said.err
    assert "nothing is reported of STORES-999: 1 PAL is agreed to be 1 XPX" in said.err
    (left_out,) = run("inventory", "show", "blue-harbor", "--json").json["left_out"]
    assert left_out["code"] == "unknown_unit"


def test_an_account_that_is_none_fails(run: Run, services: Services) -> None:
    said = run("inventory", "show", "nobody")
    assert (said.code, said.err) == (1, "There is no account nobody.\n")
