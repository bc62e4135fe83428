"""An order costs the same on an empty database and behind a million messages."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from gateway.pipeline import drain
from tests.bench.history import add_history
from tests.bench.measuring import Figure, Report, cpu_seconds, median
from tests.bench.orders import arrivals, ubl_order
from tests.bench.world import World, world

pytestmark = pytest.mark.bench

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "100000"))
"""1,000,000 takes some minutes and about 4 GB of disk."""
ORDERS = 300
ROUNDS = 5


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "gateway") as made:
        yield made


def test_flat_cost(here: World, report: Report) -> None:
    sizes = (0, MESSAGES // 10, MESSAGES)
    costs: dict[int, tuple[float, float]] = {}
    filled = 0
    for size in sizes:
        if size > filled:
            add_history(here.services.store, filled, size)
            filled = size
        costs[size] = _cost(here, f"C{size}")
        cpu, wall = costs[size]
        report.remark(
            f"behind {size:,} messages: {cpu:.1f} × a bare parse of CPU an order, {wall * 1e6:,.0f} µs of time"
        )
    first, last = costs[0][0], costs[MESSAGES][0]
    report.add(
        Figure(
            f"cost of an order behind {MESSAGES:,} stored messages",
            last,
            first,
            "× parse",
            last / first,
            1.15,
            "flat: at most 15 % above that on an empty database",
            less_is_better=True,
        )
    )


def _cost(here: World, prefix: str) -> tuple[float, float]:
    """(CPU of an order in bare parses, seconds of time): stored, claimed and answered."""
    body = ubl_order("P-1")
    ratios, times = [], []
    for turn in range(ROUNDS):
        messages = arrivals(f"{prefix}-{turn}", ORDERS)
        parse = cpu_seconds(lambda: etree.fromstring(body), 300)
        started, began = time.process_time(), time.perf_counter()
        here.keep(messages)
        settled = drain(here.services, (0, 1, 2, 3), lambda: None)
        cpu, wall = time.process_time() - started, time.perf_counter() - began
        assert settled == ORDERS
        parse = (parse + cpu_seconds(lambda: etree.fromstring(body), 300)) / 2
        ratios.append(cpu / ORDERS / parse)
        times.append(wall / ORDERS)
    return median(ratios), median(times)
