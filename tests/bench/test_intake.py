"""Intake: our web process against waitress with a group-commit insert, and intake with a worker beside it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.measuring import PARSES_A_SECOND, Figure, Report, median, parse_seconds
from tests.bench.servers import Server, floor_server, our_server
from tests.bench.world import World, until, world

pytestmark = pytest.mark.bench

REQUESTS = int(os.environ.get("BENCH_REQUESTS", "1500"))
ROUNDS = 3


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "gateway") as made:
        yield made


@pytest.fixture
def ours(here: World) -> Iterator[Server]:
    with our_server(here) as server:
        yield server


@pytest.fixture
def floor(here: World, tmp_path: Path) -> Iterator[Server]:
    with floor_server(here, f"sqlite:///{tmp_path / 'lean.db'}") as server:
        yield server


def test_intake(ours: Server, floor: Server, report: Report) -> None:
    for server in (ours, floor):
        server.load(16, 200, "warm")
    for connections in (16, 32):
        runs = [
            (
                floor.load(connections, REQUESTS, f"F{connections}{turn}"),
                ours.load(connections, REQUESTS, f"O{connections}{turn}"),
            )
            for turn in range(ROUNDS)
        ]
        least = [REQUESTS / run[0]["seconds"] for run in runs]
        rates = [REQUESTS / run[1]["seconds"] for run in runs]
        ratio = median([rate / floor_rate for rate, floor_rate in zip(rates, least, strict=True)])
        what = f"intake of 5-line UBL orders, {connections} connections"
        report.add(
            Figure(what, median(rates), median(least), "orders/s", ratio, 0.7, "70 % of waitress + group commit")
        )
        slowest = median([run[1]["p99_ms"] for run in runs])
        report.remark(f"{connections} connections: p99 of an answer {slowest:.0f} ms")


def test_intake_and_one_worker(here: World, ours: Server, report: Report) -> None:
    """Orders are answered while they come in: the rate is that from the first request to the last answer.

    Both processes compute most of the time, so the machine's speed is told by the bare parse, in the same turns.
    """
    rates, least, behind = [], [], []
    with here.process("worker"):
        ours.load(16, 200, "warm")
        until(here.is_idle, 60, "warmed up")
        for turn in range(ROUNDS):
            parse = parse_seconds()
            before, started = here.answered(), time.perf_counter()
            loaded = ours.load(16, REQUESTS, f"B{turn}")["seconds"]
            after = time.perf_counter()
            backlog = REQUESTS - (here.answered() - before)
            ended = until(here.is_idle, 120, "all answered")
            assert here.answered() - before == REQUESTS
            rates.append(REQUESTS / (loaded + ended - after))
            least.append(2 / (parse + parse_seconds()))
            behind.append(backlog / REQUESTS)
            assert after - started < 120
    ratio = median([rate / floor_rate for rate, floor_rate in zip(rates, least, strict=True)])
    what = "intake and one worker together, orders answered"
    aim_text = f"900/s where the bare parse does {PARSES_A_SECOND:,}/s"
    report.add(Figure(what, median(rates), median(least), "orders/s", ratio, 900 / PARSES_A_SECOND, aim_text))
    report.remark(f"of {REQUESTS:,} orders {median(behind):.0%} were still unanswered when the last was taken in")
