"""One order at a time on an idle gateway: from POST to the stored response."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.store.statements import fetch
from tests.bench.measuring import Figure, Report
from tests.bench.orders import ubl_order
from tests.bench.servers import floor_server, our_server
from tests.bench.world import World, until, world

pytestmark = pytest.mark.bench

ORDERS = int(os.environ.get("BENCH_IDLE_ORDERS", "100"))
_PAUSE = 0.1
"""About ten orders a second."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "gateway") as made:
        yield made


def test_latency(here: World, tmp_path: Path, report: Report) -> None:
    lean = f"sqlite:///{tmp_path / 'lean.db'}"
    with our_server(here) as ours, floor_server(here, lean) as floor, here.process("worker"):
        with httpx.Client(base_url=ours.address, headers=_headers(ours.key)) as client:
            until(lambda: _answered_in(here, client, "first"), 30, "the worker is there")
            took = sorted(_paced(lambda number: _answered_in(here, client, f"L-{number}")))
        with httpx.Client(base_url=floor.address, headers=_headers("none")) as client:
            least = sorted(_paced(lambda number: _posted_in(client, f"L-{number}")))
    middle, late = took[len(took) // 2], took[len(took) * 99 // 100]
    bare_middle, bare_late = least[len(least) // 2], least[len(least) * 99 // 100]
    text = "{} ms where waitress + one durable insert takes {} ms"
    for name, mine, bare, aim_ms, floor_ms in (("p50", middle, bare_middle, 12, 3), ("p99", late, bare_late, 30, 6)):
        report.add(
            Figure(
                f"POST → response stored, idle, {name}",
                mine * 1000,
                bare * 1000,
                "ms",
                mine / bare,
                aim_ms / floor_ms,
                text.format(aim_ms, floor_ms),
                less_is_better=True,
            )
        )


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}


def _paced(measure: object) -> Iterator[float]:
    for number in range(ORDERS):
        started = time.perf_counter()
        yield measure(number)
        time.sleep(max(0.0, _PAUSE - (time.perf_counter() - started)))


def _posted_in(client: httpx.Client, number: str) -> float:
    body = ubl_order(number)
    started = time.perf_counter()
    assert client.post("/v1/orders", content=body).status_code == 202
    return time.perf_counter() - started


def _answered_in(here: World, client: httpx.Client, number: str) -> float:
    """Seconds from sending until the response is committed: the document is looked for, not the sender told."""
    body = ubl_order(number)
    started = time.perf_counter()
    message_id = client.post("/v1/orders", content=body).json()["message_id"]
    query = "SELECT 1 FROM documents WHERE message_id = ?"
    with here.services.store.database.read() as connection:
        return until(lambda: fetch(connection, query, [message_id]), 30, "answered", 0.0005) - started
