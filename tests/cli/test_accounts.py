"""Accounts in and out of the store by folders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gateway.accounts import published_folder
from gateway.services import Services
from mappings.files.account_folder import read_account
from tests.cli.conftest import ACCOUNTS, DEMO, Run


def test_an_account_is_imported_once(run: Run, catalogue: None) -> None:
    first = run("accounts", "import", str(ACCOUNTS / "acme-retail"), "--json")
    assert (first.code, first.json["revision"], first.json["changed"]) == (0, 1, True)
    assert (first.json["items"], first.json["warnings"]) == (10, [])
    again = run("accounts", "import", str(ACCOUNTS / "acme-retail"), "--json")
    assert (again.json["revision"], again.json["changed"]) == (1, False)
    assert run("accounts", "list", "--json").json == [
        {"id": "acme-retail", "name": "ACME Retail Group", "tier": "platinum", "revision": 1}
    ]
    assert run("accounts", "list").out.splitlines() == [
        "id\tname\ttier\trevision",
        "acme-retail\tACME Retail Group\tplatinum\t1",
    ]


@pytest.mark.parametrize("account", ["acme-retail", "nordic-office"])
def test_what_is_exported_is_what_was_imported(run: Run, catalogue: None, tmp_path: Path, account: str) -> None:
    run("accounts", "import", str(ACCOUNTS / account))
    assert run("accounts", "export", account, str(tmp_path / "out")).code == 0
    assert read_account(tmp_path / "out") == read_account(ACCOUNTS / account)
    again = run("accounts", "import", str(tmp_path / "out"), "--json")
    assert (again.json["revision"], again.json["changed"]) == (1, False)


def test_a_changed_row_is_a_new_revision_and_goes_out_again(run: Run, catalogue: None, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    run("accounts", "import", str(folder))
    (folder / "samples" / "scan.pdf").write_bytes(b"\xff\xfe no text")
    with (folder / "items.csv").open("a") as items:
        items.write("PL-9999,,HONEY-450,,,,Cordial that is honey,,\n")
    assert run("accounts", "import", str(folder), "--reason", "PL-9999 is known").code == 0
    assert run("accounts", "list", "--json").json[0]["revision"] == 2
    run("accounts", "export", "acme-retail", str(tmp_path / "out"))
    exported, imported = read_account(tmp_path / "out"), read_account(folder)
    assert set(exported.items) == set(imported.items)
    assert exported.samples == imported.samples


def test_a_number_that_is_written_otherwise_is_nothing_new(
    run: Run, services: Services, catalogue: None, tmp_path: Path
) -> None:
    """In account.yaml and the tables, of accounts and of the catalogue; beside a real difference it isn't one."""
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    run("accounts", "import", str(folder))
    before = services.terms.catalogue().number

    def rewrite(path: Path, *pairs: tuple[str, str]) -> None:
        text = path.read_text()
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)

    rewrite(folder / "prices.csv", ("12.50,", "12.5,"), (",40,", ",40.0,"))
    rewrite(folder / "items.csv", ("EA,12,", "EA,12.00,"))
    rewrite(folder / "account.yaml", ('"100000.00"', '"100000"'), ('percent: "2"', 'percent: "2.00"'))
    for trial in (True, False):
        told = run("accounts", "import", str(folder), "--json", *(["--dry-run"] if trial else [])).json
        assert (told["revision"], told["changed"], told["differences"]) == (1, False, [])
    rewrite(folder / "items.csv", ("ACME oat drink 1 l", "ACME oat drink"))
    told = run("accounts", "import", str(folder), "--json").json
    assert (told["revision"], {one["file"] for one in told["differences"]}) == (2, {"items.csv"})
    products = tmp_path / "products.csv"
    shutil.copyfile(DEMO / "products.csv", products)
    rewrite(products, (",2,food,1.05,", ",2,food,1.050,"))
    told = run("products", "import", str(products), "--json").json
    assert (told["changed"], services.terms.catalogue().number) == (False, before)


def test_a_dry_run_names_every_fault_and_stores_nothing(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "account.yaml").write_text("id: bad\nname: Bad\ntier: diamond\n")
    (folder / "items.csv").write_text("account_sku,product,factor\nA,P,many\n,P,\n")
    said = run("accounts", "import", str(folder), "--dry-run")
    assert said.code == 1
    assert "account.yaml line 3" in said.err
    assert "items.csv line 2" in said.err
    assert "items.csv line 3" in said.err
    checked = run("accounts", "import", str(ACCOUNTS / "acme-retail"), "--dry-run", "--json")
    assert (checked.code, checked.json["revision"], checked.json["changed"]) == (0, 0, True)
    assert run("accounts", "list", "--json").json == []


def test_a_dry_run_counts_as_people_do(run: Run, catalogue: None, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    sites = (folder / "sites.csv").read_text().splitlines(keepends=True)
    (folder / "sites.csv").write_text("".join(sites[:2]))
    said = run("accounts", "import", str(folder), "--dry-run").out
    assert "acme-retail: would be its first revision: 10 items," in said
    assert " 1 site," in said


def test_products_we_do_not_have_are_named_with_their_lines(run: Run, catalogue: None, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    items = (folder / "items.csv").read_text()
    line = items.count("\n") + 1
    (folder / "items.csv").write_text(items + "PL-1,,NEVER-1,,,,,,\n")
    warned = run("accounts", "import", str(folder), "--dry-run", "--json").json["warnings"]
    assert [(one["value"], one["location"]) for one in warned] == [("NEVER-1", f"items.csv line {line}")]
    (folder / "items.csv").write_text(items + "PL-1,,NEVER-1,,,,,,\nPL-2,,NEVER-2,CT,XCT,many,,,\n")
    refused = run("accounts", "import", str(folder), "--dry-run")
    assert refused.code == 1
    assert "factor" in refused.err
    for product, at in (("NEVER-1", line), ("NEVER-2", line + 1)):
        assert f"(items.csv line {at})" in refused.err
        assert f"names {product}, which products.csv does not have" in refused.err


def test_a_supply_site_without_any_stock_is_named_with_its_line(run: Run, tmp_path: Path) -> None:
    for command in ("products", "packs"):
        run(command, "import", str(DEMO / f"{command}.csv"))
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    (folder / "sites.csv").write_text((folder / "sites.csv").read_text().replace("HAMBURG", "HAMBRUG"))
    assert run("accounts", "import", str(folder), "--dry-run", "--json").json["warnings"] == []  # no stock is known yet
    run("stock", "import", str(DEMO / "stock.csv"))
    for last in ("--dry-run", "--json"):
        (warned,) = run("accounts", "import", str(folder), "--json", last).json["warnings"]
        assert (warned["value"], warned["location"]) == ("HAMBRUG", "sites.csv line 2")
        assert warned["expected"] == "a site that stock is told of: HALDEN, HAMBURG"
    assert (
        "names the supply_site HAMBRUG, for which no stock was ever told" in run("accounts", "import", str(folder)).err
    )
    with (folder / "items.csv").open("a") as items:
        items.write("PL-2,,NEVER-2,CT,XCT,many,,,\n")
    refused = run("accounts", "import", str(folder))
    assert (refused.code, "supply_site HAMBRUG" in refused.err) == (1, True)


def test_every_fault_of_a_folder_is_told_in_one_round(run: Run, catalogue: None, tmp_path: Path) -> None:
    """Terms, tables, and what only our catalogue and stock show, also of rows and files that have other faults."""
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    edited(folder, "account.yaml", ("tier: platinum", "tier: diamond"))
    edited(folder, "items.csv", ("PL-0042,,OAT-1L,CS,EA,12", "PL-0042,9521234000014,NEVER-1,CS,XPX,many"))
    edited(folder, "prices.csv", ("WATER-050,XCT,EUR,6.96", "WATER-050,XPC,EURO,6.96"))
    edited(folder, "sites.csv", ("4012345000016,0088,ship_to", "4012345000017,0088,shipto"), ("HAMBURG", "HAMBRUG"))
    (folder / "notes.txt").write_text("call Dana")
    refused = run("accounts", "import", str(folder), "--dry-run", "--json")
    told = json.loads(refused.err)
    assert refused.code == 1
    assert [(one["location"], one["value"]) for one in told["faults"]] == [
        ("account.yaml line 4", "diamond"),
        ("items.csv line 2", "many"),
        ("prices.csv line 7", "EURO"),
    ]
    assert [(one["location"], one["value"]) for one in told["warnings"]] == [
        ("notes.txt", "notes.txt"),
        ("items.csv line 2", "NEVER-1"),
        ("prices.csv line 7", "XPC"),
        ("sites.csv line 2", "HAMBRUG"),
        ("sites.csv line 2", "shipto"),
        ("sites.csv line 2", "4012345000017"),
        ("items.csv line 2", "9521234000014"),
        ("items.csv line 3", "PL-0042"),
    ]


def test_nothing_of_a_fault_is_said_twice(run: Run, catalogue: None, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    edited(folder, "account.yaml", ("tier: platinum", "tier: diamond"))
    edited(folder, "items.csv", ("PL-0107,,RYE-500", "PL-0107,,NEVER-1"))
    assert run("accounts", "import", str(folder), "--dry-run").err.splitlines() == [
        "acme can't be imported:",
        "bad_value  /tier",
        "    account.yaml line 4: tier can't be 'diamond'",
        "    expected: one of platinum, gold, standard",
        "warning: bad_value  (items.csv line 6)",
        "    items.csv of acme names NEVER-1, which products.csv does not have",
        "    value: NEVER-1",
        "    expected: a product of products.csv",
    ]


def test_warnings_about_account_yaml_name_its_lines(run: Run, catalogue: None, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    edited(
        folder, "account.yaml", ("formats: [ubl-2.1]", "formats: [ubl-2.1, idoc]"), ("4012345000009", "4012345000008")
    )
    warned = run("accounts", "import", str(folder), "--dry-run", "--json").json["warnings"]
    assert [(one["location"], one["path"], one["value"]) for one in warned] == [
        ("account.yaml line 15", "/inbound/formats/1", "idoc"),
        ("account.yaml line 14", "/identifiers/0/id", "4012345000008"),
        ("account.yaml line 13", "/legal/endpoint/id", "4012345000008"),
    ]


@pytest.mark.parametrize("wrong", ["tier: diamond", "id: 'No id'", "calendar: Nowhere", "policies: {partial: maybe}"])
def test_the_rest_of_account_yaml_is_judged_beside_a_fault_of_it(run: Run, tmp_path: Path, wrong: str) -> None:
    rest = "name: Omega\ninbound: {formats: [json-1, idoc]}\noutbound: {order_response: {format: pdf}}\n"
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "account.yaml").write_text(
        f"{'' if wrong.startswith('id') else 'id: omega' + chr(10)}{wrong}\n{rest}"
    )
    told = json.loads(run("accounts", "import", str(tmp_path / "acme"), "--json").err)
    assert len(told["faults"]) == 1
    assert [(one["path"], one["value"]) for one in told["warnings"]] == [
        ("/inbound/formats/1", "idoc"),
        ("/outbound/order_response/format", "pdf"),
    ]


def test_a_part_with_a_fault_is_not_judged(run: Run, tmp_path: Path) -> None:
    text = "id: omega\nname: Omega\ninbound: {formats: [idoc], sort: x}\n"
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "account.yaml").write_text(text)
    assert json.loads(run("accounts", "import", str(tmp_path / "acme"), "--json").err)["warnings"] == []


def test_a_mistyped_key_is_told_the_one_that_was_meant(run: Run, tmp_path: Path) -> None:
    (tmp_path / "account.yaml").write_text(
        "id: omega\nname: Omega\npolicies:\n  price_tolerence_percent: 2\n"
        "outbound:\n  order_response:\n    fromat: json-1\n    format: json-1\nzzzzz: 1\n"
    )
    said = run("accounts", "import", str(tmp_path), "--dry-run")
    assert said.code == 1
    assert "account.yaml line 4" in said.err
    assert "expected: perhaps price_tolerance_percent" in said.err
    assert "expected: perhaps format" in said.err
    assert "expected: one of id, name, tier," in said.err


def test_the_present_folder_has_a_name(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "account.yaml").write_text("name: no id\n")
    monkeypatch.chdir(tmp_path)
    for folder in (".", f"../{tmp_path.name}/."):
        assert run("accounts", "import", folder).err.startswith(f"{tmp_path.name} can't be imported:\n")


def test_a_folder_that_is_none_is_one_fault(run: Run, tmp_path: Path) -> None:
    said = run("accounts", "import", str(tmp_path / "none"), "--json")
    assert said.code == 1
    (fault,) = json.loads(said.err)["faults"]
    assert fault["code"] == "file_not_readable"


def test_a_dry_run_says_what_would_change(run: Run, catalogue: None, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    run("accounts", "import", str(folder))
    same = run("accounts", "import", str(folder), "--dry-run", "--json").json
    assert (same["revision"], same["changed"], same["added"], same["removed"]) == (1, False, 0, 0)
    items = (folder / "items.csv").read_text()
    (folder / "items.csv").write_text(items.replace("PL-0044,,SOY-1L", "PL-0044,,OAT-1L") + "PL-1,,RYE-500,,,,,,\n")
    changed = run("accounts", "import", str(folder), "--dry-run", "--json").json
    assert (changed["revision"], changed["changed"], changed["added"], changed["removed"]) == (1, True, 2, 1)
    (folder / "items.csv").write_text(items)
    account = (folder / "account.yaml").read_text()
    (folder / "account.yaml").write_text(account.replace("tier: platinum", "tier: gold"))
    changed = run("accounts", "import", str(folder), "--dry-run", "--json").json
    assert (changed["changed"], changed["added"], changed["removed"]) == (True, 0, 0)
    assert run("accounts", "list", "--json").json[0]["tier"] == "platinum"


def edited(folder: Path, name: str, *changes: tuple[str, str]) -> None:
    """The file of the folder with each of these texts, which must be there, in place of the other."""
    text = (folder / name).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text)


def test_an_import_shows_row_by_row_what_is_different(run: Run, catalogue: None, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    assert "added" not in run("accounts", "import", str(folder)).out  # all of a first revision is new
    water = "PL-0211,,WATER-050,,,,ACME spring water 0.5 l,,\n"
    edited(folder, "items.csv", (water, "PL-1,,RYE-500,CS,EA,5,,,\n"), ("PL-0044,,SOY-1L", "PL-0044,,OAT-1L"))
    edited(folder, "prices.csv", ("11.90,1,40", "11.95,1,40"))
    edited(folder, "account.yaml", ("calendar: DE-HH\n", ""), ("partial: backorder", "partial: all_or_nothing"))
    (folder / "samples" / "01-accepted.xml").write_bytes(b"<Order/>")
    size = (ACCOUNTS / "acme-retail" / "samples" / "01-accepted.xml").stat().st_size
    shown = [
        "    account.yaml: 1 removed, 1 changed",
        "        removed  calendar: DE-HH",
        "        changed  policies.partial: backorder → all_or_nothing",
        "    items.csv: 1 removed, 1 changed, 1 added",
        "        removed  PL-0211: product WATER-050, description ACME spring water 0.5 l",
        "        changed  PL-0044: product SOY-1L → OAT-1L",
        "        added    PL-1: product RYE-500, account_unit CS, unit EA, factor 5",
        "    prices.csv: 1 changed",
        "        changed  OAT-1L XCT EUR, min_quantity 40: price 11.90 → 11.95",
        "    samples/: 1 changed",
        f"        changed  01-accepted.xml: bytes {size} → 8",
    ]
    planned = run("accounts", "import", str(folder), "--dry-run")
    assert planned.out.splitlines()[1:] == shown
    told = run("accounts", "import", str(folder), "--dry-run", "--json").json
    assert (told["revision"], told["against"], len(told["differences"])) == (1, 1, 7)
    assert told["differences"][3] == {
        "file": "items.csv",
        "change": "changed",
        "name": "PL-0044",
        "old": {"account_sku": "PL-0044", "product": "SOY-1L", "description": "ACME soy drink 1 l"},
        "new": {"account_sku": "PL-0044", "product": "OAT-1L", "description": "ACME soy drink 1 l"},
    }
    done = run("accounts", "import", str(folder))
    assert (done.code, done.out.splitlines()[1:]) == (0, shown)
    again = run("accounts", "import", str(folder), "--json").json
    assert (again["revision"], again["against"], again["differences"]) == (2, 2, [])


def test_of_many_rows_the_first_are_shown_and_the_rest_counted(run: Run, catalogue: None, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    run("accounts", "import", str(folder))
    with (folder / "items.csv").open("a") as items:
        items.writelines(f"N-{number},,OAT-1L,,,,,,\n" for number in range(13))
    edited(folder, "items.csv", ("PL-0211,,WATER-050,,,,ACME spring water 0.5 l,,\n", ""))
    lines = run("accounts", "import", str(folder), "--dry-run").out.splitlines()
    assert lines[1] == "    items.csv: 1 removed, 13 added"
    assert lines[2].startswith("        removed  PL-0211")
    assert lines[-2:] == ["        added    N-9: product OAT-1L", "        and 3 more added"]
    assert len(run("accounts", "import", str(folder), "--dry-run", "--json").json["differences"]) == 14


def test_a_folder_of_accounts_imports_the_good_ones(run: Run, catalogue: None, tmp_path: Path) -> None:
    all_of_them = len(list(ACCOUNTS.glob("*/account.yaml")))
    assert len(run("accounts", "import", str(ACCOUNTS), "--json").json) == all_of_them
    shutil.copytree(ACCOUNTS / "acme-retail", tmp_path / "all" / "acme-retail")
    (tmp_path / "all" / "bad").mkdir()
    (tmp_path / "all" / "bad" / "account.yaml").write_text("name: no id\n")
    said = run("accounts", "import", str(tmp_path / "all"))
    assert said.code == 3
    assert "bad can't be imported" in said.err
    assert "acme-retail: equal to revision 1" in said.out
    assert run("accounts", "import", str(tmp_path / "nothing")).code == 1


def test_two_folders_of_one_account_are_not_published_over_one_another(
    run: Run, services: Services, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        shutil.copytree(ACCOUNTS / "acme-retail", tmp_path / name)
    (tmp_path / "b" / "prices.csv").unlink()
    before = published_folder(services.store, "acme-retail")
    said = run("accounts", "import", str(tmp_path))
    assert said.code == 3
    assert "acme-retail: equal to revision 1" in said.out
    assert said.err.startswith("b can't be imported:\nduplicate_row  /id  (account.yaml line ")
    assert "a is the folder of acme-retail already." in said.err
    assert published_folder(services.store, "acme-retail") == before


def test_products_that_nobody_has_are_warned_of(run: Run) -> None:
    said = run("accounts", "import", str(ACCOUNTS / "acme-retail"), "--json")
    assert said.code == 0
    assert {fault["value"] for fault in said.json["warnings"]} >= {"OAT-1L", "RYE-500"}
    assert "names OAT-1L, which products.csv does not have" in run("accounts", "import", str(ACCOUNTS)).err


def test_export_overwrites_nothing_else(run: Run, catalogue: None, tmp_path: Path) -> None:
    run("accounts", "import", str(ACCOUNTS))
    assert run("accounts", "export", "acme-retail", str(tmp_path / "out")).code == 0
    (tmp_path / "out" / "samples" / "stale.xml").write_text("<stale/>")
    assert run("accounts", "export", "nordic-office", str(tmp_path / "out")).code == 4
    assert run("accounts", "export", "acme-retail", str(tmp_path / "out")).code == 4
    assert (tmp_path / "out" / "samples" / "stale.xml").exists()
    assert run("accounts", "export", "acme-retail", str(tmp_path / "out"), "--force").code == 0
    assert read_account(tmp_path / "out") == read_account(ACCOUNTS / "acme-retail")
    assert run("accounts", "export", "nobody", str(tmp_path / "new")).code == 1
    assert not (tmp_path / "new").exists()


def test_export_overwrites_no_edit_that_was_not_published(run: Run, catalogue: None, tmp_path: Path) -> None:
    run("accounts", "import", str(ACCOUNTS / "acme-retail"))
    folder = tmp_path / "out"
    export = ("accounts", "export", "acme-retail", str(folder))
    assert run(*export).code == 0
    assert run(*export).code == 0, "nothing was edited"
    terms, units = (folder / "account.yaml").read_text(), (folder / "units.csv").read_text()
    (folder / "account.yaml").write_text("# asked for by Jo\n" + terms)
    (folder / "units.csv").write_text(units + "TRAY,,EA,6\n")
    (folder / "items.csv").write_text((folder / "items.csv").read_text() + "broken\n")
    refused = run(*export)
    assert refused.code == 4
    assert "account.yaml, items.csv, units.csv in " in refused.err
    assert (folder / "units.csv").read_text() == units + "TRAY,,EA,6\n"
    assert run(*export, "--force").code == 0
    assert ((folder / "account.yaml").read_text(), (folder / "units.csv").read_text()) == (terms, units)


def test_export_brings_an_older_export_up_to_date(run: Run, catalogue: None, tmp_path: Path) -> None:
    run("accounts", "import", str(ACCOUNTS / "acme-retail"))
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        run("accounts", "export", "acme-retail", str(folder))
    header, *rows = (new / "units.csv").read_text().splitlines()
    (new / "units.csv").write_text("\n".join([header, "TRAY,,EA,6", *reversed(rows)]) + "\n")
    assert run("accounts", "import", str(new)).code == 0
    for folder in (old, new):
        assert run("accounts", "export", "acme-retail", str(folder)).code == 0, folder
    assert read_account(old) == read_account(new)
    assert "TRAY,,EA,6" in (old / "units.csv").read_text()


def test_an_unknown_account_has_no_folder(services: Services) -> None:
    assert published_folder(services.store, "nobody") is None
