"""Documents that wait → documents at the partner: real worker process, real HTTP on loopback."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from gateway.lanes import DELIVERY
from gateway.store.statements import fetch
from tests.bench.measuring import PARSES_A_SECOND, Figure, Report, median, parse_seconds
from tests.bench.world import ROOT, World, end, until, world
from tests.harness.outgoing import SENDING, publish_receiver, waiting_documents
from tests.harness.own_memory import memory_of

pytestmark = pytest.mark.bench

DOCUMENTS = int(os.environ.get("BENCH_DOCUMENTS", "3000"))
BACKLOG = int(os.environ.get("BENCH_BACKLOG", "100000"))
BYTES = 2_000
ROUNDS = 3
PER_ENDPOINT = 8
"""Calls to one endpoint at once, as the settings have it."""
A_SECOND = 300
FLOOR_A_SECOND = 10_000
"""What the floor's loop does on a machine that parses at PARSES_A_SECOND."""
_SOME = "some"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "gateway") as made:
        yield made


@pytest.fixture
def port() -> Iterator[int]:
    """Where a partner in a process of its own answers at once."""
    with _started("tests.bench.quick_partner", stdout=subprocess.PIPE) as running:
        yield int(running.stdout.readline())


def test_deliveries_a_second(here: World, port: int, report: Report) -> None:
    publish_receiver(here.services.store, here.settings.data_dir, _SOME, f"http://127.0.0.1:{port}/edi")
    rates, floors, costs = [], [], []
    with _worker(here) as worker:
        _deliver(here, range(400))
        for turn in range(ROUNDS):
            floors.append(_floor(port))
            parse, used = parse_seconds(), _cpu_of(worker)
            first = 400 + turn * DOCUMENTS
            rates.append(_deliver(here, range(first, first + DOCUMENTS)))
            costs.append((_cpu_of(worker) - used) / DOCUMENTS / median([parse, parse_seconds()]))
    ratio = median([rate / floor for rate, floor in zip(rates, floors, strict=True)])
    what = "webhook deliveries of 2 kB, SQLite, one worker to one endpoint"
    text = f"{A_SECOND}/s where the bare loop of {PER_ENDPOINT} threads posts {FLOOR_A_SECOND:,}/s"
    aim = A_SECOND / FLOOR_A_SECOND
    report.add(Figure(what, median(rates), median(floors), "/s", ratio, aim, text, judged=False))
    text = f"{A_SECOND}/s where the bare parse does {PARSES_A_SECOND:,}/s"
    cost, bare = median(costs), parse_seconds() * 1e6
    aim = PARSES_A_SECOND / A_SECOND
    report.add(Figure(f"{what}, CPU", cost * bare, bare, "µs", cost, aim, text, less_is_better=True))


def test_a_backlog_drains_with_flat_memory(here: World, port: int, report: Report) -> None:
    publish_receiver(here.services.store, here.settings.data_dir, _SOME, f"http://127.0.0.1:{port}/edi")
    waiting_documents(here.services.store, _SOME, range(BACKLOG), size=BYTES)
    with _worker(here) as worker:
        until(lambda: _told(here) >= BACKLOG // 20, 120, "a twentieth of the backlog", pause=0.05)
        early, started, done = memory_of(worker.pid, "VmRSS"), time.perf_counter(), _told(here)
        most = early
        while _told(here) < BACKLOG and time.perf_counter() - started < 180:
            most = max(most, memory_of(worker.pid, "VmRSS"))
            time.sleep(0.2)
        seconds, told = time.perf_counter() - started, _told(here)
    what = f"memory of who sends a backlog of {BACKLOG:,}, at its most"
    text = "as much as after a twentieth of it, and a tenth more"
    report.add(Figure(what, most / 1e6, early / 1e6, "MB", most / early, 1.1, text, less_is_better=True))
    report.remark(
        f"{what}: {told:,} were sent, at {(told - done) / seconds:,.0f}/s; it grew by {(most - early) / 1e6:.1f} MB"
    )
    assert told == BACKLOG or seconds >= 180


def test_one_that_hangs_keeps_nobody_else_waiting(here: World, port: int, report: Report) -> None:
    """95 of 100 documents of the nine that are well, from due to delivered."""
    for number in range(10):
        publish_receiver(
            here.services.store, here.settings.data_dir, f"well-{number}", f"http://127.0.0.1:{port}/{number}"
        )
    publish_receiver(here.services.store, here.settings.data_dir, "hangs", f"http://127.0.0.1:{port}/hangs")
    others = [f"well-{number}" for number in range(9)]
    with _worker(here):
        _at_a_steady_rate(here, [*others, "well-9"], 0)
        pairs = []
        for turn in range(ROUNDS):
            without = _at_a_steady_rate(here, [*others, "well-9"], 2 * turn + 1)
            pairs.append((_at_a_steady_rate(here, [*others, "hangs"], 2 * turn + 2), without))
    ratio = median([hanging / without for hanging, without in pairs])
    what = "due to delivered of nine endpoints beside one that hangs, p95"
    hanging, without = (median([pair[one] * 1e3 for pair in pairs]) for one in (0, 1))
    text = "at most half as long again as without it"
    report.add(Figure(what, hanging, without, "ms", ratio, 1.5, text, less_is_better=True))


_BATCHES, _PAUSE = 60, 0.1


def _at_a_steady_rate(here: World, accounts: list[str], turn: int) -> float:
    """A document for each account ten times a second, for six seconds; the well ones' p95 in seconds."""
    store, began = here.services.store, time.perf_counter()
    for batch in range(_BATCHES):
        number = turn * _BATCHES + batch
        for account in accounts:
            waiting_documents(store, account, range(number, number + 1), size=BYTES)
        here.services.lanes.ring(DELIVERY)
        time.sleep(max(0.0, began + (batch + 1) * _PAUSE - time.perf_counter()))
    numbers = (f"-{turn * _BATCHES:07d}", f"-{(turn + 1) * _BATCHES:07d}")
    wanted = _BATCHES * 9
    query = (
        "SELECT a.at + a.milliseconds * 1000 - d.created_at FROM documents d JOIN delivery_attempts a "
        "ON a.document_id = d.id WHERE a.outcome = 'delivered' AND substr(d.account_id, 1, 5) = 'well-' "
        "AND d.account_id <> 'well-9' AND substr(d.number, 7) >= ? AND substr(d.number, 7) < ?"
    )
    found: list[float] = []

    def all_there() -> bool:
        with store.database.read() as connection:
            found[:] = [row[0] / 1e6 for row in fetch(connection, query, numbers)]
        return len(found) == wanted

    until(all_there, 30, "the well ones have theirs", pause=0.1)
    return statistics.quantiles(found, n=20)[-1]


def _deliver(here: World, numbers: range) -> float:
    """Documents a second, from when they wait to the last word on them."""
    before = _told(here)
    waiting_documents(here.services.store, _SOME, numbers, size=BYTES)
    started = time.perf_counter()
    here.services.lanes.ring(DELIVERY)
    ended = until(lambda: _told(here) - before == len(numbers), 120, "all told of")
    return len(numbers) / (ended - started)


def _told(here: World) -> int:
    with here.services.store.database.read() as connection:
        return int(fetch(connection, "SELECT COALESCE(max(rowid), 0) FROM delivery_attempts")[0][0])


def _cpu_of(process: psutil.Popen) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _floor(port: int) -> float:
    arguments = (str(port), str(PER_ENDPOINT), str(DOCUMENTS), str(BYTES))
    with _started("tests.bench.floor_delivery", *arguments, stdout=subprocess.PIPE) as running:
        return float(running.stdout.readline())


@contextmanager
def _worker(here: World) -> Iterator[psutil.Popen]:
    """A worker that sends and does nothing else."""
    told = {f"GATEWAY_{name.upper()}": value for name, value in SENDING.items()}
    with _started("workers.main", "worker", env={**here.environment, **told}) as running:
        yield running
        assert running.poll() is None, f"the worker ended by itself with {running.returncode}"


@contextmanager
def _started(module: str, *arguments: str, **more: object) -> Iterator[psutil.Popen]:
    command = [sys.executable, "-P", "-m", module, *arguments]
    running = psutil.Popen(command, cwd=ROOT, **{"env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True, **more})
    try:
        yield running
    finally:
        end(running)
        if running.stdout is not None:
            running.stdout.close()
