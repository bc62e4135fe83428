"""Drafts tried on past orders by the workers: behind all orders, and whole whatever becomes of a worker or of Redis."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from config.settings import PREFIX, Settings
from gateway import pipeline
from gateway.accounts import table_rows
from gateway.bootstrap import build_services
from gateway.drafting import draft_tests
from gateway.drafting.drafts import edit
from gateway.intake import Arrival, take_in
from gateway.lanes import DRAFTS, LANES
from gateway.services import Services
from mappings.own_format import formats_of
from mappings.revision import Product, UnitRow
from tests.workers.conftest import Valkey
from workers import jobs
from workers.jobs import Desk
from workers.sweep import sweep_once

ROOT = Path(__file__).resolve().parents[2]
EVERY_LANE = (*LANES, DRAFTS)
TERMS = {"id": "acme", "name": "Acme", "policies": {"unknown_ship_to": "accept_address"}}


@pytest.fixture
def services(tmp_path: Path, valkey: Valkey) -> Iterator[Services]:
    """A gateway with one account, and a draft of its mapping in which a case is 12 and no more 6."""
    opened = build_services(Settings(data_dir=tmp_path / "var", redis_url=valkey.url), upgrade=True)
    rows = list(table_rows([Product("OAT-1L", "Oat drink 1 l", "EA")]))
    opened.store.revisions.publish_catalogue(rows, author="test", reason="test")
    opened.store.revisions.publish_account(TERMS, list(table_rows([case(6)])), author="test", reason="test")
    (row,) = table_rows([case(12)])
    key = row.kind, row.natural_key
    edit(opened, "acme", lambda draft: [draft.change(*key, draft.body(*key), row.body)], author="test")
    yield opened
    opened.lanes.close()
    opened.store.close()


def case(factor: int) -> UnitRow:
    return UnitRow("CS", None, "EA", Decimal(factor))


def send(services: Services, orders: int, lines_each: int = 1) -> None:
    """So many orders in one body, settled."""
    line = {"seller_item": "OAT-1L", "quantity": "2", "unit": "CS"}
    lines = [{"line_number": str(number + 1), **line} for number in range(lines_each)]
    body = json.dumps([{"order_number": f"PO-{number}", "lines": lines} for number in range(orders)]).encode()
    revision = services.terms.current(["acme"])["acme"]
    take_in(services, Arrival(revision.account, False, body, "test", formats=formats_of(revision)))
    while pipeline.drain(services, range(len(LANES)), lambda: None):
        pass


def found(services: Services, test_id: str) -> draft_tests.Found:
    test = draft_tests.found(services, test_id)
    assert test is not None
    return test


def queued(valkey: Valkey, lane: str = DRAFTS) -> int:
    return int(valkey.client().llen(f"rq:queue:{lane}"))


def take(valkey: Valkey, lane: str = DRAFTS) -> None:
    """As a worker does before it looks."""
    assert valkey.client().lpop(f"rq:queue:{lane}")


def test_asking_rings_and_each_chunk_rings_for_the_next(services: Services, valkey: Valkey) -> None:
    send(services, 3)
    test_id = draft_tests.begin(services, "acme", 200, "test")
    take(valkey)
    desk = Desk(services, EVERY_LANE, lambda: None, lambda: False)
    jobs.test_drafts(desk, DRAFTS)
    assert found(services, test_id).test.status == "done"
    take(valkey)
    jobs.test_drafts(desk, DRAFTS)
    assert queued(valkey) == 0


def test_a_chunk_ends_where_an_order_comes(services: Services, valkey: Valkey) -> None:
    send(services, 250)
    test_id = draft_tests.begin(services, "acme", 251, "test")
    valkey.client().flushall()
    services.lanes.ring("bulk")
    jobs.test_drafts(Desk(services, EVERY_LANE, lambda: None, lambda: False), DRAFTS)
    part = found(services, test_id).test
    assert (part.status, 0 < part.done < 251, queued(valkey)) == ("running", True, 1)
    elsewhere = Desk(services, ("critical", DRAFTS), lambda: None, lambda: False)
    jobs.test_drafts(elsewhere, DRAFTS)
    assert found(services, test_id).test.status == "done"


def test_the_sweeper_rings_for_what_waits(services: Services, valkey: Valkey) -> None:
    sweep_once(services)
    assert queued(valkey) == 0
    draft_tests.begin(services, "acme", 200, "test")
    valkey.client().flushall()
    sweep_once(services)
    assert queued(valkey) == 1


def test_without_redis_a_worker_looks_for_tests_where_no_order_waits(services: Services, valkey: Valkey) -> None:
    send(services, 3)
    test_id = draft_tests.begin(services, "acme", 200, "test")
    valkey.kill()
    assert jobs.look(Desk(services, LANES, lambda: None, lambda: False)) == 0
    assert jobs.look(Desk(services, EVERY_LANE, lambda: None, lambda: False)) == 1
    assert found(services, test_id).test.status == "done"


@contextmanager
def worker(services: Services, valkey: Valkey, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    told = {"DATA_DIR": str(folder / "var"), "REDIS_URL": valkey.url, "LANES": ",".join(EVERY_LANE)}
    environment = {**clean, "PYTHONPATH": str(ROOT), **{PREFIX + name: value for name, value in told.items()}}
    command = [sys.executable, "-P", "-m", "workers.main", "worker"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_where_a_worker_is_killed_another_goes_on_and_each_message_is_counted_once(
    services: Services, valkey: Valkey, tmp_path: Path, until: Callable[..., None]
) -> None:
    send(services, 700, lines_each=20)  # no machine tries all of it in one chunk
    test_id = draft_tests.begin(services, "acme", 2_000, "test")
    draft_tests.step(services, lambda: True)
    assert 0 < found(services, test_id).test.done < 701, "a chunk is saved"
    with worker(services, valkey, tmp_path) as first:

        def is_caught() -> bool:
            """In the middle of the rest, or when it is through: whatever the machine's speed."""
            os.kill(first.pid, signal.SIGSTOP)
            if services.store.draft_tests.leases.lessees() or not found(services, test_id).test.is_open:
                return True
            os.kill(first.pid, signal.SIGCONT)
            return False

        until(is_caught, 30, "it is caught at work")
        caught = found(services, test_id).test
    assert caught.status == "running"
    assert 0 < caught.done < 701
    sweep_once(services)
    with worker(services, valkey, tmp_path):
        until(lambda: not found(services, test_id).test.is_open, 60, "it is done")
    whole = found(services, test_id)
    assert (whole.test.status, whole.test.done, whole.effects.messages, whole.effects.orders) == ("done", 701, 701, 700)
    assert [one.title for one in whole.effects.groups if one.kind == "factor"] == [
        "14,000 lines in 700 orders: CS of OAT-1L is 12 EA instead of 6 EA (168,000 → 336,000 EA)"
    ]
