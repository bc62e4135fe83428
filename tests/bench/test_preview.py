"""The live preview of a 500-line order against the plain work that is in it: decode, map, decide, render."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.bootstrap import demo_folder
from gateway.demo.accounts import prepare
from gateway.judging import judge, untouched
from gateway.lanes import Lanes
from gateway.previewing import Preview, preview
from gateway.services import Limits, Services
from gateway.store.ids import now_us
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.files.account_folder import read_account
from mappings.own_format import ORDER_MAP
from mappings.revision import Supplier
from tests.bench.measuring import Figure, Report, in_turns
from tests.harness.new_database import new_sqlite

pytestmark = pytest.mark.bench

ACCOUNTS = Path(__file__).parents[2] / "mappings" / "accounts"
LINES = 500
KEYSTROKES = 60
SECONDS = 0.3
"""What 95 of 100 previews are to stay within."""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    new_sqlite(tmp_path / "gateway.db")
    store, lanes = Store(f"sqlite:///{tmp_path / 'gateway.db'}"), Lanes(f"unix://{tmp_path / 'nobody.sock'}")
    made = Services(store, lanes, Terms(store), Supplier(legal_name="Our Company Ltd"), Limits())
    prepare(made, demo_folder(), ACCOUNTS, tmp_path / "keys")
    yield made
    made.lanes.close()
    made.store.close()


def long_order() -> bytes:
    """The demo account's sample with 500 lines."""
    sample = json.loads((ACCOUNTS / "delta-foods" / "samples" / "01-accepted.json").read_text(encoding="utf-8"))
    details = sample["purchaseOrders"][0]["details"]
    items = details["items"]
    details["items"] = [{**items[index % len(items)], "seq": str(index + 1)} for index in range(LINES)]
    return json.dumps(sample, indent=1).encode()


def test_a_preview_of_500_lines_is_live(services: Services, report: Report) -> None:
    revision, catalogue = services.terms.current(["delta-foods"])["delta-foods"], services.terms.catalogue()
    maps, body, count = read_account(ACCOUNTS / "delta-foods").maps, long_order(), iter(range(1_000_000))
    stock = untouched(services.store.stock.load(catalogue.products, ["delta-foods"]))

    def typed() -> Preview:
        """As after a keystroke: no two maps are the same text."""
        edited = {**maps, ORDER_MAP: f"{maps[ORDER_MAP]}# {next(count)}\n"}
        return preview(services, revision, maps=edited, chosen=ORDER_MAP, sample_name="500.json", body=body)

    def plain() -> object:
        return judge(services, revision, catalogue, stock, body, now_us())

    (order,) = typed().orders
    assert (len(order.lines), order.response is not None) == (LINES, True)
    ours, least, ratio = in_turns(typed, plain, 1, KEYSTROKES // 4)
    report.add(
        Figure("preview of a 500-line order", ours * 1e3, least * 1e3, "CPU ms", ratio, 4.0, "of its judging", True)
    )
    slowest = percentile_95(typed)
    report.add(
        Figure("the same, 95 of 100 within", slowest, SECONDS, "s", slowest / SECONDS, 1.0, "300 ms", True, False)
    )


def percentile_95(act: Callable[[], object]) -> float:
    """Seconds on the clock that 95 of 100 stay within."""
    taken = []
    for _ in range(KEYSTROKES):
        started = time.perf_counter()
        act()
        taken.append(time.perf_counter() - started)
    return sorted(taken)[int(KEYSTROKES * 0.95)]
