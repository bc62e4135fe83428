"""A backlog that was rung for once is drained by every worker that is idle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import pipeline
from gateway.lanes import LANES, Lanes
from gateway.services import Limits, Services
from gateway.store.ids import now_us
from gateway.store.intake import NewMessage
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.revision import Supplier
from tests.harness.new_database import new_sqlite
from workers.jobs import Desk, drain_batches

HIGH, BULK = LANES.index("high"), LANES.index("bulk")


def keep(services: Services, lane: int, count: int) -> None:
    bodies = [f"{lane}-{number}".encode() for number in range(count)]
    for body in bodies:
        digest = hashlib.sha256(body).digest()
        due_at = now_us() + 3_600_000_000
        message = NewMessage("nobody", False, lane, due_at, "http", "json-1", "application/json", body, digest)
        services.store.intake.keep(message)


@pytest.fixture
def services(valkey, tmp_path: Path) -> Iterator[Services]:
    store = Store(new_sqlite(tmp_path / "gateway.db"))
    supplier = Supplier(legal_name="Halden Provisions AS")
    opened = Services(store, Lanes(valkey.url), Terms(store), supplier, Limits(batch_size=4))
    yield opened
    opened.lanes.close()
    store.close()


def rung(services: Services) -> set[str]:
    depths = services.lanes.depths()
    assert depths is not None
    return {lane for lane, jobs in depths.items() if jobs}


def test_a_claim_that_leaves_some_rings_the_lanes_it_was_taken_from(services: Services) -> None:
    keep(services, HIGH, 6)
    keep(services, BULK, 6)
    assert pipeline.drain(services, range(len(LANES)), lambda: None, batches=1) == 4
    assert rung(services) == {"high", "bulk"}


def test_a_claim_that_takes_all_rings_for_nobody(services: Services) -> None:
    keep(services, HIGH, 3)
    assert pipeline.drain(services, range(len(LANES)), lambda: None) == 3
    assert rung(services) == set()


def test_the_ring_comes_before_the_work(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the others would be woken when there is less left for them."""
    keep(services, HIGH, 10)
    seen: list[set[str]] = []
    load = pipeline.load
    monkeypatch.setattr(pipeline, "load", lambda *told: seen.append(rung(services)) or load(*told))
    desk = Desk(services, LANES, lambda: None, lambda: False)
    assert drain_batches(desk) == (10, True)
    assert seen[0] == {"high"}
