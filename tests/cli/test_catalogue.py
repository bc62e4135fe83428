"""Catalogue and stock into the store by files, and stock as it is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.services import Services
from gateway.store import statements
from tests.cli.conftest import DEMO, Run


def test_products_and_packs_are_kept_apart(run: Run) -> None:
    said = run("products", "import", str(DEMO / "products.csv"), "--json").json
    assert (said["revision"], said["rows"], said["added"]) == (1, 15, 15)
    assert "OAT-1L is sold by XCT" in said["warnings"][0]["detail"]  # its packs are not there yet
    said = run("packs", "import", str(DEMO / "packs.csv"), "--json").json
    assert (said["revision"], said["rows"], said["warnings"]) == (2, 23, [])
    again = run("products", "import", str(DEMO / "products.csv"), "--json").json
    assert (again["revision"], again["changed"]) == (2, False)


def test_a_dry_run_of_products_stores_nothing_and_shows_what_is_different(
    run: Run, catalogue: None, tmp_path: Path
) -> None:
    lines = (DEMO / "products.csv").read_text().splitlines(keepends=True)
    file = tmp_path / "products.csv"
    file.write_text("".join(line.replace("Soy drink", "Soya drink") for line in lines if "JAM-RASP" not in line))
    before = run("products", "import", str(DEMO / "products.csv"), "--dry-run", "--json").json
    assert (before["changed"], before["differences"]) == (False, [])
    planned = run("products", "import", str(file), "--dry-run")
    assert planned.code == 0
    assert planned.out.splitlines()[:2] == [
        f"Would be a new revision after {before['revision']} of the catalogue: 14 products. Nothing was stored.",
        "    products.csv: 1 removed, 1 changed",
    ]
    assert planned.out.splitlines()[-1] == "        changed  SOY-1L: name Soy drink 1 l → Soya drink 1 l"
    assert "packs.csv has XCT of JAM-RASP, which products.csv does not have" in planned.err
    assert run("products", "import", str(DEMO / "products.csv"), "--json").json == before | {"dry_run": False}
    published = run("products", "import", str(file), "--remove-missing", "--json").json
    assert published["revision"] == before["revision"] + 1
    assert [one["change"] for one in published["differences"]] == ["removed", "changed"]
    assert [one["value"] for one in published["warnings"]] == ["JAM-RASP"] * 2


def test_a_dry_run_of_packs(run: Run, catalogue: None, tmp_path: Path) -> None:
    file = tmp_path / "packs.csv"
    file.write_text((DEMO / "packs.csv").read_text() + "OIL-5L,XPX,96,,\n")
    planned = run("packs", "import", str(file), "--dry-run", "--json").json
    (new,) = planned["differences"]
    assert (new["change"], new["name"], new["new"]["quantity"]) == ("added", "OIL-5L XPX", "96")
    assert (planned["added"], planned["removed"], planned["dry_run"]) == (1, 0, True)
    assert run("packs", "import", str(DEMO / "packs.csv"), "--json").json["changed"] is False


@pytest.mark.parametrize(("what", "first"), [("product", "OAT-1L"), ("pack", "OAT-1L XCT")])
def test_what_is_not_in_a_file_goes_only_when_asked(
    run: Run, catalogue: None, services: Services, tmp_path: Path, what: str, first: str
) -> None:
    """A file of one row, as of somebody who adds one."""
    file = tmp_path / f"{what}s.csv"
    header, *rows = (DEMO / f"{what}s.csv").read_text().splitlines(keepends=True)
    file.write_text(header + rows[-1])
    refused = run(f"{what}s", "import", str(file))
    assert (refused.code, refused.out) == (4, "")
    went = f"{len(rows) - 1} {what}s of the catalogue would go, not being in {what}s.csv: {first}, "
    assert refused.err.startswith(went)
    assert refused.err.count("Nothing was stored. --remove-missing takes out") == 1
    planned = run(f"{what}s", "import", str(file), "--dry-run")
    assert planned.code == 0
    assert went in planned.err
    assert run(f"{what}s", "import", str(DEMO / f"{what}s.csv"), "--json").json["changed"] is False
    removed = run(f"{what}s", "import", str(file), "--remove-missing", "--json").json
    assert (removed["rows"], removed["removed"]) == (1, len(rows) - 1)


def test_taxes_are_imported_whole_beside_products_and_packs(
    run: Run, catalogue: None, services: Services, tmp_path: Path
) -> None:
    said = run("taxes", "import", str(DEMO / "taxes.csv"), "--json").json
    assert (said["rows"], said["added"], said["removed"], said["warnings"]) == (8, 8, 0, [])
    assert run("taxes", "import", str(DEMO / "taxes.csv")).out.endswith("8 tax rules, as before.\n")
    known = services.terms.catalogue()
    assert (len(known.products), len(known.taxes)) == (15, 8)

    file = tmp_path / "taxes.csv"
    header, food, *others = (DEMO / "taxes.csv").read_text().splitlines(keepends=True)
    file.write_text(header + food.replace(",7,", ",5,") + "".join(others[1:]))
    refused = run("taxes", "import", str(file))
    assert (refused.code, refused.out) == (4, "")
    gone = "1 tax rule of the catalogue would go, not being in taxes.csv: standard DE DE any 2026-01-01."
    assert refused.err.startswith(f"{gone} Nothing was stored.")
    planned = run("taxes", "import", str(file), "--dry-run")
    assert planned.code == 0
    assert planned.out.splitlines()[1:] == [
        "    taxes.csv: 1 removed, 1 changed",
        "        removed  standard DE DE any: category S, percent 19, valid_from 2026-01-01",
        "        changed  food DE DE any, valid_from 2026-01-01: percent 7 → 5",
    ]
    assert len(services.terms.catalogue().taxes) == 8
    removed = run("taxes", "import", str(file), "--remove-missing", "--json").json
    assert (removed["rows"], removed["added"], removed["removed"]) == (7, 1, 2)
    assert len(services.terms.catalogue().products) == 15
    assert {row.percent for row in services.terms.catalogue().taxes if row.tax_class == "food"} == {5, 15, 0}


def test_two_taxes_at_once_are_warned_of(run: Run, catalogue: None, tmp_path: Path) -> None:
    file = tmp_path / "taxes.csv"
    file.write_text((DEMO / "taxes.csv").read_text() + "food,DE,DE,,S,5,,2027-01-01,\n")
    planned = run("taxes", "import", str(file), "--dry-run")
    assert planned.code == 0
    assert "The catalogue would be stored, but would not hold together yet:" in planned.err
    assert "two rows of food,DE,DE,any hold on 2027-01-01" in planned.err


def test_a_file_with_a_fault_stores_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text("product,name,base_unit\nA,Apples,EA\nB,Bananas,CT\n,Nothing,EA\n")
    said = run("products", "import", str(file))
    assert said.code == 1
    assert "products.csv line 3" in said.err
    assert "products.csv line 4" in said.err
    assert run("products", "import", str(tmp_path / "none.csv")).code == 1


def stock_file(folder: Path, *rows: str) -> str:
    """A file of stock with these rows; its path."""
    file = folder / "stock.csv"
    file.write_text("\n".join(["product,site,as_of,on_hand", *rows, ""]))
    return str(file)


def product_file(folder: Path, *rows: str) -> str:
    """A products.csv of these rows."""
    file = folder / "products.csv"
    file.write_text("\n".join(["product,name,base_unit", *rows, ""]))
    return str(file)


def test_stock_is_what_the_newest_file_says(run: Run, services: Services, tmp_path: Path) -> None:
    file = stock_file(tmp_path, "OAT-1L,HAMBURG,2026-11-24T06:00:00+01:00,17.5")
    expected = {"rows": 1, "stored": 1, "unchanged": 0, "older": [], "warnings": []}
    assert run("stock", "import", file, "--json").json == expected
    assert services.store.stock.load(["OAT-1L"], []).positions["OAT-1L", "HAMBURG"].on_hand == Decimal("17.5")


def test_rows_of_an_older_file_are_named_and_left_out(run: Run, services: Services, tmp_path: Path) -> None:
    run("stock", "import", stock_file(tmp_path, "OAT-1L,HAMBURG,2026-11-24T06:00:00+01:00,0"))
    rows = ("OAT-1L,HAMBURG,2020-01-01T00:00:00Z,50000", "OAT-1L,HALDEN,2026-11-24T06:00:00+01:00,5")
    file = stock_file(tmp_path, *rows)
    said = run("stock", "import", file, "--json")
    (older,) = said.json["older"]
    assert (said.code, said.json["rows"], said.json["stored"]) == (3, 2, 1)
    assert older == {
        "product": "OAT-1L",
        "site": "HAMBURG",
        "as_of": "2020-01-01T00:00:00+00:00",
        "known_as_of": "2026-11-24T06:00:00+01:00",
    }
    positions = services.store.stock.load(["OAT-1L"], []).positions
    assert [positions["OAT-1L", site].on_hand for site in ("HAMBURG", "HALDEN")] == [0, 5]
    told = run("stock", "import", file)
    assert told.code == 3
    assert "Stored: 0 rows of stock, 1 row as before." in told.out
    assert "Left out: 1 row, older than the stock that is known:" in told.out
    assert "OAT-1L at HAMBURG: 2020-01-01T00:00:00+00:00, known 2026-11-24T06:00:00+01:00" in told.out


def test_a_dry_run_of_stock_shows_what_would_be_and_stores_nothing(
    run: Run, services: Services, tmp_path: Path
) -> None:
    run("stock", "import", stock_file(tmp_path, "RYE-500,KIEL,2026-11-23T06:00:00+01:00,9"))
    before = services.store.stock.standing()
    file = stock_file(
        tmp_path,
        "OAT-1L,HALDEN,2026-11-24T06:00:00+01:00,9500",
        "OAT-1L,HAMBURG,2020-01-01T00:00:00Z,50000",
        "RYE-500,KIEL,2026-11-23T06:00:00+01:00,9",
        "NEVER-1,KIEL,2026-11-24T06:00:00+01:00,1",
    )
    planned = run("stock", "import", file, "--dry-run")
    changed = (
        "as_of 2026-11-23T06:00:00+01:00 → 2026-11-24T06:00:00+01:00, on_hand 9600 → 9500, "
        "next_receipt_date 2026-11-30 → nothing, next_receipt_quantity 19200 → nothing"
    )
    assert planned.code == 3
    assert planned.out.splitlines() == [
        "Would store 3 rows of stock. Nothing was stored.",
        "    stock.csv: 1 changed, 1 added",
        f"        changed  OAT-1L HALDEN: {changed}",
        "        added    NEVER-1 KIEL: as_of 2026-11-24T06:00:00+01:00, on_hand 1, reserved_other 0",
        "Would leave out: 1 row, older than the stock that is known:",
        "    OAT-1L at HAMBURG: 2020-01-01T00:00:00+00:00, known 2026-11-23T06:00:00+01:00",
    ]
    assert "The stock would be stored, but" in planned.err
    told = run("stock", "import", file, "--dry-run", "--json").json
    assert (told["dry_run"], told["stored"], len(told["older"]), len(told["warnings"])) == (True, 0, 1, 1)
    assert [(one["change"], one["name"]) for one in told["differences"]] == [
        ("changed", "OAT-1L HALDEN"),
        ("added", "NEVER-1 KIEL"),
    ]
    assert services.store.stock.standing() == before


def test_stock_is_shown_by_product_and_site(run: Run, services: Services, send: Callable[[str, str], str]) -> None:
    """What an order took is allocated, in base units: 10 cases of 12, as the sample's story has it."""
    (before,) = run("stock", "show", "OAT-1L", "--site", "HAMBURG", "--json").json
    assert before == {
        "product": "OAT-1L",
        "site": "HAMBURG",
        "unit": "EA",
        "as_of": "2026-11-23T06:00:00+01:00",
        "on_hand": "52800",
        "reserved_other": "4800",
        "allocated": "0",
        "available": "48000",
        "next_receipt_date": "2026-12-02",
        "next_receipt_quantity": "28800",
    }
    send("acme-retail", "01-accepted.xml")
    (after,) = run("stock", "show", "OAT-1L", "--site", "HAMBURG", "--json").json
    assert after == before | {"allocated": "120", "available": "47880"}
    told = run("stock", "show", "OAT-1L", "NEVER-1")
    assert (told.code, told.err) == (3, "No stock was ever told of NEVER-1.\n")
    assert told.out.splitlines()[0].startswith(
        "product\tsite\tunit\tas_of\ton_hand\treserved_other\tallocated\tavailable"
    )
    assert [line.split("\t")[1] for line in told.out.splitlines()[1:]] == ["HALDEN", "HAMBURG"]
    assert {one["site"] for one in run("stock", "show", "--site", "HALDEN", "--json").json} == {"HALDEN"}
    assert len(run("stock", "show", "--json").json) == 29
    nowhere = run("stock", "show", "NEVER-1", "--site", "HAMBURG")
    assert (nowhere.code, nowhere.err) == (1, "No stock was ever told of NEVER-1 at HAMBURG.\n")
    mistyped = run("stock", "show", "--site", "HAMBRUG")
    assert (mistyped.code, mistyped.err) == (1, "No stock was ever told of the site HAMBRUG.\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"product,site,as_of,on_hand\nOAT-1L,HAMBURG,2026-11-25,=1+1\n", "is a formula; paste its value"),
        (b'product,site,as_of,on_hand\nOAT-1L,HAMBURG,2026-11-25,"12,5"\n', "decimal comma"),
        ("product;site;as_of;on_hand\nÖl;HAMBURG;2026-11-25;12,5\n".encode("latin-1"), "is not UTF-8 text"),
        (b"product;site;as_of;on_hand\nOAT-1L;HAMBURG;2026-11-25;12,5\n", "must be separated by commas"),
        (b"product,site,as_of,on_hand\n42,HAMBURG,2026-11-25,5\n", "but 0042: its leading zeros were lost"),
    ],
)
def test_a_file_that_a_spreadsheet_spoilt_is_refused_with_nothing_done(
    run: Run, services: Services, tmp_path: Path, content: bytes, said: str
) -> None:
    run("products", "import", product_file(tmp_path, "OAT-1L,Oats,EA", "0042,Paper,EA"), "--remove-missing")
    before = services.store.stock.standing()
    file = tmp_path / "stock.csv"
    good = b"OAT-1L,HALDEN,2026-11-25,5\n" if b";" not in content else b""
    file.write_bytes(content + good)
    told = run("stock", "import", str(file))
    assert told.code == 1
    assert said in told.err
    assert services.store.stock.standing() == before


def test_a_product_list_that_lost_its_zeros_is_refused(run: Run, services: Services, tmp_path: Path) -> None:
    run("products", "import", product_file(tmp_path, "0042,Paper,EA"), "--remove-missing")
    told = run("products", "import", product_file(tmp_path, "42,Paper,EA"), "--remove-missing")
    assert told.code == 1
    assert "There is no product 42, but 0042" in told.err
    assert list(services.terms.catalogue().products) == ["0042"]


def test_stock_of_no_product_of_ours_or_of_a_day_to_come_is_warned_of(
    run: Run, services: Services, tmp_path: Path
) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=20)).replace(microsecond=0).isoformat()
    file = stock_file(tmp_path, "NEVER-1,HAMBURG,2020-01-01T00:00:00Z,1", f"OAT-1L,HAMBURG,{soon},2")
    said = run("stock", "import", file, "--json")
    assert (said.code, said.json["stored"]) == (0, 2)
    strange, early = said.json["warnings"]
    assert (strange["value"], strange["location"]) == ("NEVER-1", "stock.csv")
    assert (early["value"], "OAT-1L at HAMBURG" in early["detail"]) == (soon, True)
    assert set(services.store.stock.load(["NEVER-1"], []).positions) == {("NEVER-1", "HAMBURG")}
    told = run("stock", "import", file)
    assert "Stored: 0 rows of stock, 2 rows as before." in told.out
    assert "names NEVER-1, which products.csv does not have" in told.err


def test_stock_of_a_mistyped_site_is_warned_of(run: Run, services: Services, tmp_path: Path) -> None:
    """Not of one that an account is supplied from, which may have its first stock now."""
    with services.store.database.write() as connection:
        statements.run(connection, "DELETE FROM stock_places WHERE site = 'HALDEN'", [()])
    rows = [f"RYE-500,{site},2026-11-23T06:00:00+01:00,9" for site in ("HALDEN", "HAMBRUG")]
    planned, said = (
        run("stock", "import", stock_file(tmp_path, *rows), "--json", *more) for more in (["--dry-run"], [])
    )
    assert (planned.code, said.code, said.json["stored"]) == (0, 0, 2)
    assert planned.json["warnings"] == said.json["warnings"]
    assert [(one["value"], one["expected"]) for one in said.json["warnings"]] == [("HAMBRUG", "HAMBURG")]
    shown = run("stock", "import", stock_file(tmp_path, rows[0].replace("HALDEN", "HAMBRUG2")))
    assert "no stock before" in shown.err


def test_stock_of_next_year_is_a_fault_of_its_row(run: Run, services: Services, tmp_path: Path) -> None:
    """Stored, it would keep out every true count until then."""
    late = (datetime.now(UTC) + timedelta(hours=25)).replace(microsecond=0).isoformat()
    rows = ("OAT-1L,HAMBURG,2999-01-01T00:00:00Z,1", f"RYE-500,HAMBURG,{late},2", "NEW,KIEL,2020-01-01T00:00:00Z,3")
    refused = run("stock", "import", stock_file(tmp_path, *rows), "--json")
    assert refused.code == 1
    faults = json.loads(refused.err)["faults"]
    assert [one["value"] for one in faults] == ["2999-01-01T00:00:00+00:00", late]
    assert "OAT-1L at HAMBURG more than a day from now" in faults[0]["detail"]
    assert services.store.stock.load(["NEW"], []).positions == {}
