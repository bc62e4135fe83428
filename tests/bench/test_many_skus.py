"""10,000 SKUs and 2,000 unit rules against few: what an order costs, and what compiling such a mapping takes."""

from __future__ import annotations

import csv
import gc
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts import publish_catalogue, publish_folder
from gateway.pipeline import drain
from gateway.terms import Terms
from mappings.files.account_folder import read_account
from mappings.files.tables import read_catalogue
from tests.bench.many_skus import orders, stock, whole_range, write_account, write_catalogue
from tests.bench.measuring import Figure, Report, in_turns, median
from tests.bench.orders import arrival
from tests.bench.test_decode import settled_memory
from tests.bench.world import World, world

pytestmark = pytest.mark.bench

SKUS, UNITS = 10_000, 2_000
FEW, SOME = 10, 500
ANY = 100_000
ROUNDS = 7
SIZES = {"many": (SKUS, UNITS), "some": (SOME, SOME), "few": (FEW, FEW)}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("skus")
    write_catalogue(folder / "catalogue", SKUS)
    with world(folder / "gateway") as made:
        store = made.services.store
        publish_catalogue(store, read_catalogue(folder / "catalogue"), author="bench", reason="benchmark")
        store.stock.record(stock(SKUS))
        for name, (skus, units) in SIZES.items():
            write_account(folder / name, skus, units)
            publish_folder(store, read_account(folder / name), author="bench", reason="benchmark")
            for number in range(3):
                _cost(made, name, list(whole_range(f"{name}-W{number}", skus, units)))
        yield made


@pytest.mark.parametrize(("lines", "count"), [(5, 300), (500, 6)])
def test_an_order_costs_the_same_over_many_skus(here: World, lines: int, count: int, report: Report) -> None:
    """Orders of the same ten SKUs each time, against those of an account that has no others; and such whose every line
    is another SKU in a quantity that hardly comes again, against those of an account of 500: nothing of such a line is
    remembered from the one before, and its stock is read and taken for itself."""
    drawn = {"ten": ("many", FEW, 5), "few": ("few", FEW, 5), "all": ("many", SKUS, ANY), "some": ("some", SOME, ANY)}
    costs: dict[str, list[float]] = {name: [] for name in drawn}
    with settled_memory():
        for turn in range(ROUNDS):
            for name, (account, skus, most) in list(drawn.items())[:: 1 if turn % 2 else -1]:
                made = orders(f"{name}{lines}-{turn}", count, lines, skus, SIZES[account][1], most)
                costs[name].append(_cost(here, account, list(made)))
    for name, floor, of in (("ten", "few", FEW), ("all", "some", SOME)):
        ratios = [ours / least for ours, least in zip(costs[name], costs[floor], strict=True)]
        report.add(
            Figure(
                f"a {lines}-line order of {name} of {SKUS:,} SKUs, {UNITS:,} units",
                median(costs[name]) * 1e6,
                median(costs[floor]) * 1e6,
                "µs CPU",
                median(ratios),
                1.15,
                f"as where there are {of} SKUs",
                less_is_better=True,
            )
        )


def _cost(here: World, account: str, bodies: list[bytes]) -> float:
    """CPU seconds of an order: stored, claimed and answered, every line accepted."""
    messages = [arrival(body, account) for body in bodies]
    started = time.process_time()
    here.keep(messages)
    settled = drain(here.services, (0, 1, 2, 3), lambda: None)
    used = time.process_time() - started
    assert settled == len(bodies)
    return used / len(bodies)


def test_compiling_many_skus(here: World, tmp_path: Path, report: Report) -> None:
    """As a worker does when it first meets a revision: out of the database, against the same rows as JSON put into
    dicts under their keys."""
    write_account(tmp_path / "many", SKUS, UNITS)
    rows = [_rows(tmp_path / "many" / name) for name in ("items.csv", "units.csv", "prices.csv")]
    written = [[json.dumps(row) for row in table] for table in rows]

    def ours() -> Any:
        return Terms(here.services.store).mapping("many", 1)

    def floor() -> Any:
        return [{next(iter(row.values())): row for row in map(json.loads, table)} for table in written]

    with settled_memory():
        seconds, least, ratio = in_turns(ours, floor, 1, ROUNDS)
    report.add(
        Figure(
            f"load and compile a revision of {SKUS:,} SKUs",
            seconds * 1e3,
            least * 1e3,
            "ms CPU",
            ratio,
            5.0,
            "5 × its rows' JSON into dicts",
            less_is_better=True,
        )
    )
    memory, lean = _memory(ours), _memory(floor)
    report.add(
        Figure(
            f"memory of a revision of {SKUS:,} SKUs",
            memory / 1e6,
            lean / 1e6,
            "MB",
            memory / lean,
            1.5,
            "1.5 × its rows as dicts",
            less_is_better=True,
        )
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _memory(make: Callable[[], Any]) -> int:
    """Bytes that the result holds."""
    gc.collect()
    tracemalloc.start()
    try:
        made = make()
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert made is not None
    return held
