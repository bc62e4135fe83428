"""Stored message → stored response through RQ: real queue, real Valkey, real worker processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from tests.bench.floors import LeanQueue
from tests.bench.measuring import PARSES_A_SECOND, Figure, Report, median, parse_seconds
from tests.bench.orders import HIGH, arrivals
from tests.bench.world import World, end, until, world

pytestmark = pytest.mark.bench

ORDERS = int(os.environ.get("BENCH_ORDERS", "2000"))
ROUNDS = 3


@pytest.fixture
def sqlite_world(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "gateway") as made:
        yield made


@pytest.fixture
def postgres_world(tmp_path: Path, postgres_url: str) -> Iterator[World]:
    with world(tmp_path / "gateway", postgres_url) as made:
        yield made


def test_drain_on_sqlite(sqlite_world: World, tmp_path: Path, report: Report) -> None:
    url = f"sqlite:///{tmp_path / 'lean.db'}"
    _compare("SQLite FULL", sqlite_world, url, report, 15_600, {1: 2000})


def test_drain_on_postgresql(postgres_world: World, report: Report) -> None:
    _compare("PostgreSQL", postgres_world, postgres_world.settings.database, report, 8_100, {1: 1300, 2: 1900})


def _compare(name: str, here: World, lean_url: str, report: Report, inserts: int, aims: dict[int, int]) -> None:
    """Ours and the floors take turns. `aims` are orders/s by workers on the reference machine, which inserts so many
    rows/s, 50 in a transaction.

    Time depends on how much of a processor a busy machine leaves; CPU an order, in bare parses, does so less. The
    reference machine parses 27,000 such orders a second, so 2,000 orders/s there are 13.5 parses an order.
    """
    lean = LeanQueue(lean_url)
    lean.create()
    bodies = [message.body * 2 for message in arrivals("F", ORDERS)]
    for workers, per_second in aims.items():
        rates, floors, claimed, costs, parses = [], [], [], [], []
        with _floor_worker(lean_url, here) as floor_warm, _workers(here, workers) as running:
            floor_warm(lean)
            for turn in range(ROUNDS):
                inserted, done = _floor_rates(here, lean, bodies)
                floors.append(inserted)
                claimed.append(done)
                parse, used = parse_seconds(), _cpu_of(running)
                rates.append(_our_rate(here, f"{workers}W{turn}"))
                costs.append((_cpu_of(running) - used) / ORDERS)
                parses.append((parse + parse_seconds()) / 2)
        ratio = median([rate / floor for rate, floor in zip(rates, floors, strict=True)])
        who = "one worker" if workers == 1 else f"{workers} workers"
        what = f"drain 5-line UBL orders, {name}, {who}"
        text = f"{per_second:,}/s where 50 rows of 10 kB a transaction go at {inserts:,}/s"
        aim = per_second / inserts
        report.add(Figure(what, median(rates), median(floors), "orders/s", ratio, aim, text, judged=False))
        report.remark(f"{what}: claim + complete of rows without work, RQ included, {median(claimed):,.0f}/s")
        if workers == 1:
            _add_cost(f"{what}, CPU", costs, parses, per_second, report)
    lean.close()


def _add_cost(what: str, costs: list[float], parses: list[float], per_second: int, report: Report) -> None:
    ratio = median([cost / parse for cost, parse in zip(costs, parses, strict=True)])
    aim = PARSES_A_SECOND / per_second
    text = f"{per_second:,}/s where the bare parse does {PARSES_A_SECOND:,}/s"
    mine, bare = median(costs) * 1e6, median(parses) * 1e6
    report.add(Figure(what, mine, bare, "µs", ratio, aim, text, less_is_better=True))


def _cpu_of(running: list[psutil.Popen]) -> float:
    times = [process.cpu_times() for process in running]
    return sum(one.user + one.system for one in times)


def _our_rate(here: World, prefix: str) -> float:
    here.keep(arrivals(prefix, ORDERS))
    before = here.answered()
    started = time.perf_counter()
    here.services.lanes.ring(HIGH)
    ended = until(here.is_idle, 120, "all answered")
    assert here.answered() - before == ORDERS
    return ORDERS / (ended - started)


def _floor_rates(here: World, lean: LeanQueue, bodies: list[bytes]) -> tuple[float, float]:
    """Rows/s inserted, 50 in a transaction; and claimed and completed by a worker that does nothing with them."""
    started = time.perf_counter()
    for start in range(0, len(bodies), 50):
        lean.insert(bodies[start : start + 50])
    inserted = len(bodies) / (time.perf_counter() - started)
    started = time.perf_counter()
    here.services.lanes.ring("bulk")
    ended = until(lambda: lean.waiting() == 0, 60, "the floor's rows done")
    return inserted, len(bodies) / (ended - started)


@contextmanager
def _workers(here: World, count: int) -> Iterator[list[psutil.Popen]]:
    """Real worker processes, warmed up, on every lane but `bulk`, which rings for the floor."""
    with ExitStack() as stack:
        arguments = ("worker", "--lanes", "critical,high,standard")
        running = [stack.enter_context(here.process(*arguments)) for _ in range(count)]
        here.keep(arrivals(f"warm{count}", 400))
        here.services.lanes.ring(HIGH)
        until(here.is_idle, 60, "warmed up")
        yield running


@contextmanager
def _floor_worker(lean_url: str, here: World) -> Iterator[object]:
    command = [sys.executable, "-P", "-m", "tests.bench.floor_worker", lean_url, here.services.lanes.url]
    running = subprocess.Popen(command, env=here.environment)

    def warm(lean: LeanQueue) -> None:
        lean.insert([b"x" * 100] * 50)
        here.services.lanes.ring("bulk")
        until(lambda: lean.waiting() == 0, 30, "the floor's worker is there")

    try:
        yield warm
    finally:
        end(running)
