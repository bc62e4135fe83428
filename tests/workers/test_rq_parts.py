"""Real RQ workers in processes of their own: what they refuse, survive, and when they end."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rq import Queue
from rq import Worker as RqWorker
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from gateway.lanes import DRAIN, JOBS, LANES, Lanes
from workers.rq_parts import LaneJob, resolve_jobs

SCRIPT = Path(__file__).with_name("worker_process.py")
ROOT = SCRIPT.parents[2]
ROOMY = 2_000_000_000


class Worker:
    """A worker process and the folder it notes its doings in."""

    def __init__(
        self, url: str, folder: Path, max_jobs: int = 1000, max_rss: int = ROOMY, lanes: str = ",".join(LANES)
    ) -> None:
        self.folder = folder
        self.log = (folder / "log").open("w+b")
        command = [sys.executable, str(SCRIPT), url, str(folder), str(max_jobs), str(max_rss), lanes]
        self.process = subprocess.Popen(command, stderr=self.log, env={**os.environ, "PYTHONPATH": str(ROOT)})

    def lines(self, file: str) -> list[str]:
        path = self.folder / file
        return path.read_text().split() if path.exists() else []

    def beats(self) -> int:
        path = self.folder / "beats"
        return int(path.read_text()) if path.exists() else 0

    def logged(self) -> str:
        return (self.folder / "log").read_text()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()


@pytest.fixture
def hire(valkey, tmp_path: Path, until: Callable[..., None]) -> Iterator[Callable[..., Worker]]:
    """`hire()`: a worker that is ready for jobs."""
    hired: list[Worker] = []

    def start(**limits: int | str) -> Worker:
        worker = Worker(valkey.url, tmp_path, **limits)
        hired.append(worker)
        until(lambda: worker.beats() or worker.process.poll() is not None, 20, "the worker beats")
        assert worker.process.poll() is None, worker.logged()
        return worker

    yield start
    for worker in hired:
        worker.end()


def drained(worker: Worker, count: int) -> Callable[[], bool]:
    return lambda: len(worker.lines("drained")) >= count


def test_every_job_name_leads_to_a_function_with_a_desk_and_a_lane() -> None:
    found = resolve_jobs()
    assert set(found) == set(JOBS)
    for function in found.values():
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        assert names == ("desk", "lane")


def test_a_ring_wakes_an_idle_worker_within_milliseconds(valkey, hire, until) -> None:
    worker, lanes = hire(), Lanes(valkey.url)
    lanes.ring("high")
    until(drained(worker, 1))
    took = []
    for count in range(2, 12):
        started = time.monotonic()
        lanes.ring("high")
        until(drained(worker, count))
        took.append(time.monotonic() - started)
    assert sorted(took)[5] < 0.1, took  # median; a poll of a second would show
    assert worker.lines("drained") == ["high"] * 11


def test_lanes_are_drained_most_urgent_first(valkey, hire, until) -> None:
    (worker := hire()).folder.joinpath("slow").touch()
    lanes = Lanes(valkey.url)
    lanes.ring("standard")
    until(lambda: worker.lines("started"))
    for lane in ("bulk", "standard", "high", "critical"):
        lanes.ring(lane)
    worker.folder.joinpath("finish").touch()
    until(drained(worker, 5))
    assert worker.lines("drained")[1:] == ["critical", "high", "standard", "bulk"]


def put_by_hand(valkey, lane: str, **fields: object) -> str:
    """A job as somebody who reaches Redis would write it."""
    call = json.dumps(["os.system", None, [f"touch {fields.pop('touch', '/dev/null')}"], {}]).encode()
    written = {"data": zlib.compress(call), "created_at": "2026-11-23T10:00:00.000000Z", "origin": lane, **fields}
    client = valkey.client()
    client.hset("rq:job:planted", mapping=written)
    client.rpush(f"rq:queue:{lane}", "planted")
    return "planted"


def failed_in(valkey, lane: str) -> list[str]:
    queue = Queue(lane, connection=valkey.client(), serializer=JSONSerializer)
    return list(FailedJobRegistry(queue=queue).get_job_ids(cleanup=False))


def test_a_job_that_names_another_function_is_refused_recorded_and_survived(valkey, hire, until, tmp_path) -> None:
    worker = hire()
    trace = tmp_path / "ran"
    put_by_hand(
        valkey,
        "high",
        touch=trace,
        failure_callback_name="os.abort",
        success_callback_name="os.abort",
        webhooks=json.dumps([{"url": "http://127.0.0.1:9/", "status": "failed"}]),
    )
    until(lambda: failed_in(valkey, "high") == ["planted"])
    Lanes(valkey.url).ring("high")
    until(drained(worker, 1))
    assert not trace.exists()
    assert "os.system" in worker.logged()
    assert worker.process.poll() is None


@pytest.mark.parametrize(
    "call",
    [
        json.dumps([DRAIN, "an instance", ["high"], {}]).encode(),
        json.dumps([DRAIN, None, [{"not": "a text"}], {}]).encode(),
        json.dumps([DRAIN, None, ["high"], {"desk": "mine"}]).encode(),
        json.dumps({"no": "call"}).encode(),
        pickle.dumps((DRAIN, None, ["high"], {})),
        b"",
    ],
    ids=["instance", "other arguments", "keywords", "no call", "pickle", "empty"],
)
def test_a_job_of_another_shape_is_refused_and_survived(valkey, hire, until, call: bytes) -> None:
    worker = hire()
    put_by_hand(valkey, "high", data=zlib.compress(call))
    until(lambda: failed_in(valkey, "high") == ["planted"])
    Lanes(valkey.url).ring("high")
    until(drained(worker, 1))
    assert worker.lines("drained") == ["high"]


def test_keys_of_another_type_do_not_end_the_worker_for_good(valkey, hire, until) -> None:
    worker = hire()
    client = valkey.client()
    client.set("rq:job:planted", "a text, not a hash")
    client.rpush("rq:queue:high", "planted")
    until(lambda: client.llen("rq:queue:high") == 0)
    Lanes(valkey.url).ring("high")
    until(drained(worker, 1))


def test_a_plain_rq_worker_finds_no_function_in_our_jobs(valkey) -> None:
    job = Job.create("os.system", args=("true",), connection=valkey.client(), serializer=JSONSerializer, id="j")
    job.save()
    fetched = LaneJob.fetch("j", connection=valkey.client(), serializer=JSONSerializer)
    with pytest.raises(Exception, match="not on the list of jobs"):
        fetched.perform()


def test_a_job_that_raises_is_logged_recorded_and_survived(valkey, hire, until) -> None:
    worker, lanes = hire(), Lanes(valkey.url)
    worker.folder.joinpath("fail").touch()
    lanes.ring("high")
    until(lambda: failed_in(valkey, "high"))
    lanes.ring("high")
    until(drained(worker, 1))
    assert "a bug in a job" in worker.logged()


def test_nothing_is_kept_of_a_job_that_is_done_but_its_count(valkey, hire, until) -> None:
    worker, lanes, client = hire(), Lanes(valkey.url), valkey.client()
    lanes.ring("high")
    until(lambda: client.hget(RqWorker.all_keys(connection=client)[0], "successful_job_count") == b"1")
    assert drained(worker, 1)()
    assert client.keys("rq:job:*") + client.keys("rq:results:*") + client.keys("rq:exec*") == []


def test_what_is_kept_of_a_job_that_died_with_its_worker_or_failed_goes_in_a_day(valkey, hire, until) -> None:
    (worker := hire()).folder.joinpath("slow").touch()
    lanes, client = Lanes(valkey.url), valkey.client()
    lanes.ring("high")
    until(lambda: worker.lines("started"))
    worker.end()
    worker.folder.joinpath("slow").unlink()
    worker.folder.joinpath("fail").touch()
    hire()
    lanes.ring("bulk")
    until(lambda: failed_in(valkey, "bulk"))
    kept = client.keys("rq:job:*") + client.keys("rq:results:*")
    assert len(kept) == 3  # the dead one's; the failed one's, and its traceback
    assert all(0 < client.ttl(key) <= 86_400 for key in kept)


def test_a_worker_on_one_lane_leaves_nothing_in_rqs_intermediate_queue(valkey, hire, until) -> None:
    (worker := hire(lanes="high")).folder.joinpath("fail").touch()
    lanes, client = Lanes(valkey.url), valkey.client()
    put_by_hand(valkey, "high")
    until(lambda: failed_in(valkey, "high") == ["planted"])
    lanes.ring("high")
    until(lambda: len(failed_in(valkey, "high")) == 2)
    lanes.ring("high")
    until(drained(worker, 1))
    until(lambda: client.keys("rq:queue:high*") == [])


def test_redis_may_go_and_come_and_the_worker_looks_by_itself_meanwhile(valkey, hire, until) -> None:
    worker, lanes = hire(), Lanes(valkey.url)
    valkey.kill()
    until(lambda: len(worker.lines("looked")) >= 2, 10, "the worker looks without being rung for")
    valkey.start()
    started = time.monotonic()
    until(lambda: lanes.ring("high"), 5)
    until(drained(worker, 1), 5)
    assert time.monotonic() - started < 4
    assert worker.process.poll() is None


def test_a_redis_that_is_flushed_in_the_middle_of_a_job_costs_nothing(valkey, hire, until) -> None:
    (worker := hire()).folder.joinpath("slow").touch()
    lanes = Lanes(valkey.url)
    lanes.ring("high")
    until(lambda: worker.lines("started"))
    valkey.client().flushall()
    worker.folder.joinpath("finish").touch()
    until(drained(worker, 1))
    lanes.ring("bulk")
    until(drained(worker, 2))
    assert worker.process.poll() is None


def test_a_redis_that_dies_in_the_middle_of_a_job_costs_nothing(valkey, hire, until) -> None:
    (worker := hire()).folder.joinpath("slow").touch()
    lanes = Lanes(valkey.url)
    lanes.ring("high")
    until(lambda: worker.lines("started"))
    valkey.kill()
    worker.folder.joinpath("finish").touch()
    until(drained(worker, 1))
    valkey.start()
    until(lambda: lanes.ring("bulk"), 5)
    until(lambda: worker.lines("drained")[-1] == "bulk", 10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_ends_at_once_when_asked(hire, number: signal.Signals) -> None:
    worker = hire()
    started = time.monotonic()
    worker.process.send_signal(number)
    assert worker.process.wait(timeout=5) == 0
    assert time.monotonic() - started < 2


def test_a_busy_worker_finishes_its_job_when_asked_to_end(valkey, hire, until) -> None:
    (worker := hire()).folder.joinpath("slow").touch()
    Lanes(valkey.url).ring("high")
    until(lambda: worker.lines("started"))
    worker.process.send_signal(signal.SIGTERM)
    worker.folder.joinpath("finish").touch()
    assert worker.process.wait(timeout=5) == 0
    assert worker.lines("drained") == ["high"]
    assert valkey.client().smembers("rq:workers") == set()


def test_a_worker_without_redis_ends_when_asked(valkey, hire, until) -> None:
    worker = hire()
    valkey.kill()
    until(lambda: worker.lines("looked"))
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(timeout=5) == 0


def test_a_worker_ends_after_its_jobs_or_when_it_has_grown(valkey, hire, until) -> None:
    worker, lanes = hire(max_jobs=2), Lanes(valkey.url)
    for count in (1, 2):
        lanes.ring("high")
        until(drained(worker, count))
    assert worker.process.wait(timeout=5) == 0
    grown = hire(max_rss=220_000_000)
    grown.folder.joinpath("grow").touch()
    lanes.ring("high")
    assert grown.process.wait(timeout=10) == 0
    assert drained(grown, 3)()


def test_an_idle_worker_goes_on_beating(hire, until) -> None:
    worker = hire()
    before = worker.beats()
    until(lambda: worker.beats() >= before + 2, 4)
