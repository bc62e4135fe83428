"""Replays done by the workers: at once when one is begun, behind the orders, and whole whatever becomes of a worker or
of Redis.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from config.settings import PREFIX, Settings
from gateway import pipeline
from gateway.accounts import table_rows
from gateway.bootstrap import build_services
from gateway.intake import Arrival, take_in
from gateway.lanes import LANES, QUEUES, REPLAYS
from gateway.replaying import Wanted, begin, pause, resume, running
from gateway.services import Services
from gateway.store.replays import Replay
from mappings.own_format import formats_of
from mappings.revision import Product, UnitRow
from tests.workers.conftest import Valkey
from workers import jobs
from workers.jobs import Desk
from workers.names import worker_name
from workers.sweep import sweep_once

ROOT = Path(__file__).resolve().parents[2]
TERMS = {"id": "acme", "name": "Acme", "policies": {"unknown_ship_to": "accept_address"}}


@pytest.fixture
def services(tmp_path: Path, valkey: Valkey) -> Iterator[Services]:
    """A gateway with one account, which orders in cases that nobody knows yet."""
    opened = build_services(Settings(data_dir=tmp_path / "var", redis_url=valkey.url), upgrade=True)
    rows = list(table_rows([Product("OAT-1L", "Oat drink 1 l", "EA")]))
    opened.store.revisions.publish_catalogue(rows, author="test", reason="test")
    opened.store.revisions.publish_account(TERMS, [], author="test", reason="test")
    yield opened
    opened.lanes.close()
    opened.store.close()


def held(services: Services, orders: int) -> list[str]:
    """So many orders, each held for its unit; their messages."""
    revision = services.terms.current(["acme"])["acme"]
    line = {"line_number": "1", "seller_item": "OAT-1L", "quantity": "2", "unit": "CS"}
    ids = []
    for number in range(orders):
        body = json.dumps({"order_number": f"PO-{number}", "lines": [line]}).encode()
        came = take_in(services, Arrival(revision.account, False, body, "test", formats=formats_of(revision)))
        ids.append(came.kept.message_id)
    judge(services)
    assert {services.store.messages.status(one) for one in ids} == {"held"}
    services.store.revisions.publish_account(
        TERMS, list(table_rows([UnitRow("CS", None, "EA", Decimal(6))])), author="test", reason="cases are known"
    )
    return ids


def judge(services: Services) -> None:
    """All that waits."""
    while pipeline.drain(services, range(len(LANES)), lambda: None):
        pass


def begun(services: Services, messages: Sequence[str], **told: bool) -> str:
    return begin(services, Wanted.of_messages(messages), reason="cases are known", actor="user Kim", **told)


def found(services: Services, replay_id: str) -> Replay:
    replay = services.store.replays.found(replay_id)
    assert replay is not None
    return replay


def desk(services: Services, lanes: Sequence[str] = QUEUES) -> Desk:
    return Desk(services, tuple(lanes), lambda: None, lambda: False)


def queued(valkey: Valkey, lane: str = REPLAYS) -> int:
    return int(valkey.client().llen(f"rq:queue:{lane}"))


def take(valkey: Valkey, lane: str = REPLAYS) -> None:
    """As a worker does before it looks."""
    assert valkey.client().lpop(f"rq:queue:{lane}"), "somebody rang"


def test_each_step_rings_for_the_next_and_settled_orders_ring_for_what_comes_of_them(
    services: Services, valkey: Valkey
) -> None:
    replay_id = begun(services, held(services, 3))
    valkey.client().delete("rq:queue:bulk")
    take(valkey)
    jobs.replay(desk(services), REPLAYS)
    assert (found(services, replay_id).asked, queued(valkey, "bulk")) == (1, 1), "the first alone"
    take(valkey)
    jobs.replay(desk(services), REPLAYS)
    assert queued(valkey) == 0, "it waits for the order, and nobody asks in vain meanwhile"
    take(valkey, "bulk")
    jobs.drain(desk(services, ("bulk",)), "bulk")
    assert queued(valkey) == 1, "also of a worker that does no replays itself"
    take(valkey)
    jobs.replay(desk(services), REPLAYS)
    assert (found(services, replay_id).done, found(services, replay_id).asked, queued(valkey, "bulk")) == (1, 2, 1)
    jobs.drain(desk(services), "bulk")
    jobs.replay(desk(services), REPLAYS)
    assert (found(services, replay_id).status, found(services, replay_id).done) == ("done", 3)


def test_it_is_rung_for_where_it_is_begun_and_where_it_goes_on(services: Services, valkey: Valkey) -> None:
    replay_id = begun(services, held(services, 1))
    assert queued(valkey) == 1
    assert pause(services, replay_id, "user Kim")
    take(valkey)
    jobs.replay(desk(services), REPLAYS)
    assert (found(services, replay_id).asked, queued(valkey)) == (0, 0)
    assert resume(services, replay_id, "user Kim")
    assert queued(valkey) == 1


def test_what_settles_while_a_step_is_at_it_is_not_left_to_the_sweeper(
    services: Services, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever settles it finds the replay at a worker and rings for nobody; that worker has looked already."""
    replay_id = begun(services, held(services, 2))
    jobs.replay(desk(services), REPLAYS)
    valkey.client().flushall()
    looked = running.next_chunk

    def settle_behind_it(there: Services, replay: Replay) -> object:
        chunk = looked(there, replay)
        jobs.drain(desk(services, LANES), "bulk")
        return chunk

    monkeypatch.setattr(running, "next_chunk", settle_behind_it)
    jobs.replay(desk(services), REPLAYS)
    assert (found(services, replay_id).settled, queued(valkey)) == (0, 1)
    monkeypatch.undo()
    jobs.replay(desk(services), REPLAYS)
    assert found(services, replay_id).settled == 1


def test_the_sweeper_rings_for_what_waits(services: Services, valkey: Valkey) -> None:
    sweep_once(services)
    assert queued(valkey) == 0
    begun(services, held(services, 1))
    valkey.client().flushall()
    sweep_once(services)
    assert queued(valkey) == 1


def test_without_redis_a_worker_looks_for_replays_where_no_order_waits(services: Services, valkey: Valkey) -> None:
    replay_id = begun(services, held(services, 2), all_at_once=True)
    valkey.kill()
    assert jobs.look(desk(services, LANES)) == 0
    assert found(services, replay_id).asked == 0
    while jobs.look(desk(services)):
        pass
    assert (found(services, replay_id).status, found(services, replay_id).done) == ("done", 2)


@contextmanager
def worker(valkey: Valkey, folder: Path, **told: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process with the settings' own lanes, unless told; no scheduler is there to ring for it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    settings = {"DATA_DIR": str(folder / "var"), "REDIS_URL": valkey.url, **told}
    environment = {**clean, "PYTHONPATH": str(ROOT), **{PREFIX + name: value for name, value in settings.items()}}
    command = [sys.executable, "-P", "-m", "workers.main", "worker"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_worker_with_the_lanes_of_the_settings_does_replays_by_rings_alone(
    services: Services, valkey: Valkey, tmp_path: Path, until: Callable[..., None]
) -> None:
    ids = held(services, 120)
    with worker(valkey, tmp_path):
        first = begun(services, ids[:60])
        until(lambda: found(services, first).status == "done", 300, "the first replay is done")
        second = begun(services, ids[60:], all_at_once=True)
        until(lambda: found(services, second).status == "done", 300, "the second is done")
    assert (found(services, first).done, found(services, second).done) == (60, 60)


def test_where_a_worker_is_killed_with_a_replay_another_goes_on_at_the_next_sweep(
    services: Services, valkey: Valkey, tmp_path: Path, until: Callable[..., None]
) -> None:
    ids = held(services, 5)
    replay_id = begun(services, ids)
    with worker(valkey, tmp_path, LANES="critical") as idle:
        assert services.store.replays.claim(_name_of(idle.pid)) is not None
        os.kill(idle.pid, signal.SIGKILL)
        idle.wait()
    valkey.client().flushall()
    assert not services.store.replays.leases.waits(), "the lease of the dead lasts half a minute"
    sweep_once(services)
    assert queued(valkey) == 1
    with worker(valkey, tmp_path):
        until(lambda: found(services, replay_id).status == "done", 300, "another does it")
    assert found(services, replay_id).done == 5


def _name_of(process: int) -> str:
    """What a worker of this machine with this number calls itself."""
    return f"{worker_name().rpartition('-')[0]}-{process}"
