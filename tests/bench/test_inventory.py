"""Inventory reports of 100,000 SKUs, as accounts ask for them: rows a second, the memory of the process, and what a
report of changes costs."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.accounts import publish_catalogue, publish_folder
from gateway.app import create_app
from gateway.inventory import Asked, ask, report_in
from mappings.files.account_folder import read_account
from mappings.files.tables import read_catalogue
from mappings.revision import StockRow
from schemas.formats.registry import format_by_name
from tests.bench.many_skus import product, stock, write_account, write_catalogue
from tests.bench.measuring import PARSES_A_SECOND, Figure, Report, in_parses, in_turns
from tests.bench.test_decode import settled_memory
from tests.bench.world import World, world

pytestmark = pytest.mark.bench

SKUS, FEW = 100_000, 1_000
ROOT = Path(__file__).resolve().parents[2]
ROWS_A_SECOND = 50_000
MEGABYTES = 200


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("inventory")
    write_catalogue(folder / "catalogue", SKUS)
    with world(folder / "gateway") as made:
        store = made.services.store
        publish_catalogue(store, read_catalogue(folder / "catalogue"), author="bench", reason="benchmark")
        store.stock.record(stock(SKUS))
        for name, skus in (("many", SKUS), ("few", FEW)):
            write_account(folder / name, skus, 100)
            publish_folder(store, read_account(folder / name), author="bench", reason="benchmark")
        yield made


def _asked(here: World, account: str) -> Asked:
    return ask(here.services, account, datetime.now(UTC))


@pytest.fixture(scope="module")
def client(here: World) -> FlaskClient:
    """The application, without its server."""
    return create_app(here.services).test_client()


@pytest.fixture(scope="module")
def keys(here: World) -> dict[str, str]:
    """Account → its key."""
    return {name: here.services.store.keys.create(name, actor="bench")[1] for name in ("many", "few")}


def _get(client: FlaskClient, key: str, **query: str) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/csv"}
    answer = client.get("/v1/inventory", query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text[:500]
    return answer


def test_rows_a_second(here: World, client: FlaskClient, keys: dict[str, str], report: Report) -> None:
    """Asked for over HTTP, piece by piece, from the store to the last byte. Against reading the newest count of each
    product and writing as many cells with Python's own csv."""
    asked = _asked(here, "many")
    cells = [str(value) for value in range(15)]
    products = [item.product for item in asked.items]

    def ours() -> int:
        return sum(map(len, _get(client, keys["many"]).iter_encoded()))

    def floor() -> int:
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        for start in range(0, SKUS, 250):
            here.services.store.availability.counted(products[start : start + 250], None, "many")
            writer.writerows([cells] * 250)
        return file.tell()

    assert ours() == sum(map(len, report_in(here.services, asked, format_by_name("csv-1"))))
    with settled_memory():
        seconds, least, ratio = in_turns(ours, floor, 1, 5)
        mine, parse, parses = in_parses(ours, 5)
    report.add(
        Figure(
            f"inventory report of {SKUS:,} SKUs as CSV",
            SKUS / seconds,
            SKUS / least,
            "rows/s",
            1 / ratio,
            0.35,
            "35 % of reading the stock and writing cells",
        )
    )
    report.add(
        Figure(
            "a row of it against what was promised",
            mine / SKUS * 1e6,
            parse * 1e6,
            "µs CPU",
            parses / SKUS,
            PARSES_A_SECOND / ROWS_A_SECOND,
            f"{ROWS_A_SECOND:,} rows/s where the bare parse does {PARSES_A_SECOND:,}/s",
            less_is_better=True,
        )
    )


def test_memory_of_the_process(here: World, report: Report) -> None:
    command = [sys.executable, "-P", "-m", "tests.bench.reports", str(here.services.store.database.url), "many"]
    ran = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    peak = max(told[name]["peak"] for name in ("csv-1", "json-1", "ubl-2.1"))
    report.add(
        Figure(
            f"memory of a process that writes {SKUS:,} SKUs in each format",
            peak / 1e6,
            told["loaded"] / 1e6,
            "MB",
            peak / 1e6 / MEGABYTES,
            1.0,
            f"{MEGABYTES} MB for the whole process",
            less_is_better=True,
        )
    )
    rates = ", ".join(f"{name} {told[name]['rows_a_second']:,.0f}" for name in ("csv-1", "json-1", "ubl-2.1"))
    report.remark(f"rows/s: {rates}; the first one after a publishing takes {told['compile_seconds']:.1f} s more")
    assert peak < MEGABYTES * 1e6


def test_a_report_of_changes_costs_what_changed(
    here: World, client: FlaskClient, keys: dict[str, str], report: Report
) -> None:
    """Twenty changes among 100,000 SKUs against twenty among 1,000, asked for over HTTP."""
    before = {name: _get(client, keys[name]).headers["Inventory-Report"] for name in ("many", "few")}
    now = datetime.now(UTC)
    here.services.store.stock.record([StockRow(product(one), "HAMBURG", now, Decimal(one)) for one in range(20)])

    def changed(name: str) -> None:
        found = _get(client, keys[name], since=before[name]).data
        assert found.count(b"\n") == 21, "a header and a row for each"

    changed("many")
    changed("few")
    with settled_memory():
        seconds, least, ratio = in_turns(lambda: changed("many"), lambda: changed("few"), 20, 9)
    report.add(
        Figure(
            f"20 changes of {SKUS:,} SKUs",
            seconds * 1e3,
            least * 1e3,
            "ms CPU",
            ratio,
            1.2,
            f"as of {FEW:,} SKUs",
            less_is_better=True,
        )
    )
