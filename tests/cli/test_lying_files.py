"""Files that a spreadsheet has spoilt: each is refused with the place of what is wrong, and nothing of it is stored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gateway.services import Services
from tests.cli.conftest import ACCOUNTS, DEMO, Run
from tests.lying_rows import SENT, cells, csv_of, letter, texts, xlsx_of

IMPORTED = ("products", "packs", "taxes", "stock")


def standing(services: Services) -> tuple[Any, ...]:
    """All that an import could change."""
    store = services.store
    accounts = store.revisions.accounts()
    return (
        store.revisions.current_catalogue(),
        store.stock.standing(),
        [(one["id"], one["revision"]) for one in accounts],
    )


def refused(run: Run, services: Services, *command: str) -> list[dict[str, Any]]:
    """The faults that an import ends with, having stored nothing."""
    before = standing(services)
    said = run(*command, "--json")
    assert (said.code, said.out) in ((1, ""), (1, "[]\n"))
    assert standing(services) == before
    faults: list[dict[str, Any]] = json.loads(said.err)["faults"]
    return faults


@pytest.mark.parametrize("what", IMPORTED)
def test_each_lie_of_a_csv_file_is_named_and_nothing_stored(
    run: Run, services: Services, tmp_path: Path, what: str
) -> None:
    """All of them in one file behind a good row: every one is told, each in its line."""
    sent, lies = SENT[what], list(texts(what))
    file = tmp_path / f"{what}.csv"
    file.write_bytes(csv_of([sent.good, *({**sent.lying(column, lie)} for column, lie, _ in lies)]))
    told = [one for one in refused(run, services, what, "import", str(file)) if one["code"] != "duplicate_row"]
    assert len(told) == len(lies)
    for index, (fault, (column, lie, said)) in enumerate(zip(told, lies, strict=True), 1):
        assert (fault["path"], fault["location"], fault["value"]) == (
            f"/{index}/{column}",
            f"{what}.csv line {index + 2}",
            lie,
        )
        assert said in fault["detail"]


@pytest.mark.parametrize("what", IMPORTED)
def test_each_lie_of_a_spreadsheet_is_named_and_nothing_stored(
    run: Run, services: Services, tmp_path: Path, what: str
) -> None:
    file = tmp_path / f"{what}.xlsx"
    for column, cell, form, shown, said in cells(what):
        rows = [SENT[what].good, SENT[what].lying(column, cell)]
        file.write_bytes(xlsx_of(rows, {column: form} if form else None))
        (fault,) = refused(run, services, what, "import", str(file))
        place = f"{what}.xlsx row 3, cell {letter(rows, column)}3"
        assert (fault["path"], fault["location"], fault["value"]) == (f"/1/{column}", place, shown)
        assert said in fault["detail"]


@pytest.mark.parametrize("what", IMPORTED)
@pytest.mark.parametrize(
    ("encoding", "delimiter", "said"),
    [
        ("latin-1", ";", "line 2: is not UTF-8 text"),
        ("latin-1", ",", "line 2: is not UTF-8 text"),
        ("utf-16", ";", "line 1: is not UTF-8 text"),
        ("utf-8", ";", "line 1: columns are separated by ';' here; they must be separated by commas"),
    ],
)
def test_a_file_as_spreadsheets_here_write_it(
    run: Run, services: Services, tmp_path: Path, what: str, encoding: str, delimiter: str, said: str
) -> None:
    """Latin-1, semicolons, decimal commas."""
    sent = SENT[what]
    file = tmp_path / f"{what}.csv"
    file.write_bytes(csv_of([{**sent.good, sent.text: "Öl", sent.number: "12,5"}], encoding, delimiter))
    (fault,) = refused(run, services, what, "import", str(file))
    assert fault["code"] == "file_not_readable"
    assert said in fault["detail"]


@pytest.fixture
def paper(run: Run, services: Services, tmp_path: Path) -> None:
    """0042 is a product of ours."""
    file = tmp_path / "with_paper.csv"
    file.write_text((DEMO / "products.csv").read_text() + "0042,Paper,EA\n")
    assert run("products", "import", str(file)).code == 0


@pytest.mark.parametrize("what", ["products", "packs", "stock"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_product_that_lost_its_zeros_as_text_is_told_with_its_row(
    run: Run, services: Services, paper: None, tmp_path: Path, what: str, form: str
) -> None:
    rows = [SENT[what].good, {**SENT[what].good, "product": "42"}]
    file = tmp_path / f"{what}.{form}"
    file.write_bytes(csv_of(rows) if form == "csv" else xlsx_of(rows))
    (fault,) = refused(run, services, what, "import", str(file))
    place = f"{what}.csv line 3" if form == "csv" else f"{what}.xlsx row 3"
    assert [fault[name] for name in ("path", "location", "value", "expected")] == ["/1/product", place, "42", "0042"]
    assert fault["detail"] == f"{place}: There is no product 42, but 0042: its leading zeros were lost"


@pytest.mark.parametrize(("file", "row"), [("items.csv", "X-1,,42,,,,,,"), ("prices.csv", "42,EA,EUR,1.10,1,0,,")])
def test_an_accounts_product_that_lost_its_zeros_is_told_with_its_row(
    run: Run, services: Services, paper: None, tmp_path: Path, file: str, row: str
) -> None:
    folder = tmp_path / "acme-retail"
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    text = (folder / file).read_text().rstrip("\n")
    (folder / file).write_text(f"{text}\n{row}\n")
    (fault,) = refused(run, services, "accounts", "import", str(folder))
    place = f"{file} line {len(text.splitlines()) + 1}"
    assert [fault[name] for name in ("location", "value", "expected")] == [place, "42", "0042"]


def test_each_lie_in_an_accounts_prices_is_named_and_nothing_stored(
    run: Run, services: Services, tmp_path: Path
) -> None:
    folder, lies = tmp_path / "acme-retail", list(texts("prices"))
    shutil.copytree(ACCOUNTS / "acme-retail", folder)
    sent = SENT["prices"]
    rows = [sent.good, *(sent.lying(column, lie) for column, lie, _ in lies)]
    (folder / "prices.csv").write_bytes(csv_of(rows))
    told = [one for one in refused(run, services, "accounts", "import", str(folder)) if one["code"] != "duplicate_row"]
    for index, (fault, (column, lie, said)) in enumerate(zip(told, lies, strict=True), 1):
        assert (fault["path"], fault["location"], fault["value"]) == (
            f"/{index}/{column}",
            f"prices.csv line {index + 2}",
            lie,
        )
        assert said in fault["detail"]
    (folder / "prices.csv").write_bytes(csv_of([{**sent.good, "product": "Öl", "price": "1,10"}], "latin-1", ";"))
    (fault,) = refused(run, services, "accounts", "import", str(folder))
    assert fault["location"] == "prices.csv line 2"
    assert "is not UTF-8 text" in fault["detail"]
