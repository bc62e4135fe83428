"""The doorbell: one job for many rings, never an error for whoever rings, and waiters who are woken."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from gateway.lanes import DRAIN, LANES, Bell, Lanes, Listener, lane_name, lane_of


def test_the_tier_gives_the_lane_and_urgency_moves_it_up_one() -> None:
    assert [LANES[lane_of(tier)] for tier in ("platinum", "gold", "standard")] == ["high", "standard", "bulk"]
    assert LANES[lane_of("platinum", rush=True)] == "critical"
    assert LANES[lane_of("standard", rush=True)] == "standard"
    assert LANES[lane_of("gold", share_of_time_left=0.24)] == "high"
    assert LANES[lane_of("gold", share_of_time_left=0.25)] == "standard"
    assert LANES[lane_of("gold", rush=True, share_of_time_left=0.1)] == "high"


@pytest.mark.parametrize("wrong", [4, -1, "urgent"])
def test_there_is_no_other_lane(wrong: int | str) -> None:
    with pytest.raises(ValueError, match="critical, high, standard, bulk"):
        lane_name(wrong)


def test_many_rings_are_one_job_until_a_worker_takes_it(valkey) -> None:
    lanes = Lanes(valkey.url)
    client = valkey.client()
    assert all(lanes.ring("high") for _ in range(50))
    assert client.llen("rq:queue:high") == 1
    client.lpop("rq:queue:high")  # as a worker does; its claim comes after, but may have come before the next commit
    assert lanes.ring(1)
    assert lanes.ring(1)
    assert client.llen("rq:queue:high") == 1


def test_a_job_carries_the_lane_as_json_and_nothing_else(valkey) -> None:
    lanes = Lanes(valkey.url)
    lanes.ring("bulk")
    (job,) = Queue("bulk", connection=valkey.client(), serializer=JSONSerializer).jobs
    assert (job.func_name, list(job.args), job.kwargs) == (DRAIN, ["bulk"], {})
    assert job.result_ttl == 0
    assert job.timeout == -1


def test_what_threads_ring_at_once_is_enough_for_all_who_ring_later(valkey) -> None:
    lanes = Lanes(valkey.url)
    threads = [threading.Thread(target=lanes.ring, args=("high",)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rung = valkey.client().llen("rq:queue:high")
    assert rung >= 1
    assert all(lanes.ring("high") for _ in range(50))
    assert valkey.client().llen("rq:queue:high") == rung


def test_the_bell_rings_for_whoever_asks_after_a_worker_has_come(valkey, until: Callable[..., None]) -> None:
    """Also while it gathers what is asked for beside a job that it found queued."""
    bell, client = Bell(Lanes(valkey.url)), valkey.client()
    try:
        for _ in range(20):
            for _ in range(3):  # finds the job of the first one queued, and gathers
                bell.ring(1)
                until(lambda: client.llen("rq:queue:high") == 1, 1)
            client.lpop("rq:queue:high")
            bell.ring(1)
            until(lambda: client.llen("rq:queue:high") == 1, 1, "rung for again")
            client.lpop("rq:queue:high")
    finally:
        bell.stop()


def test_a_lane_is_rung_for_at_once_beside_one_that_waits(valkey, monkeypatch, until: Callable[..., None]) -> None:
    monkeypatch.setattr("gateway.lanes._GATHER_SECONDS", 60.0)
    lanes = Lanes(valkey.url)
    bell, client = Bell(lanes), valkey.client()
    lanes.ring("high")
    bell.ring(1)
    bell.ring(2)
    until(lambda: client.llen("rq:queue:standard") == 1, 5)
    client.delete("rq:queue:high")
    bell.ring(1)
    bell.stop()
    assert client.llen("rq:queue:high") == 1, "what was asked for is rung at the end"


def test_many_who_ask_at_once_cost_few_questions(valkey, until: Callable[..., None]) -> None:
    lanes = Lanes(valkey.url)
    bell, client = Bell(lanes), valkey.client()
    lanes.ring("high")
    bell.ring(1)
    before = client.info("commandstats")["cmdstat_llen"]["calls"]
    started = time.monotonic()
    for _ in range(2000):
        bell.ring(1)
        time.sleep(0)
    bell.stop()
    asked = client.info("commandstats")["cmdstat_llen"]["calls"] - before
    assert asked <= 3 + (time.monotonic() - started) / 0.01


def test_a_dead_redis_is_no_error_and_is_said_once(valkey, caplog, until: Callable[..., None]) -> None:
    lanes = Lanes(valkey.url)
    valkey.kill()
    with caplog.at_level(logging.WARNING, logger="gateway.lanes"):
        assert not any(lanes.ring("high") for _ in range(20))
        assert not lanes.announce(["m1"])
        assert lanes.depths() is None
    assert [record.message for record in caplog.records if "away" in record.message].__len__() == 1
    valkey.start()
    until(lambda: lanes.ring("high"), 3, "the ring works again after Redis is back")
    assert valkey.client().llen("rq:queue:high") == 1
    assert lanes.depths() == {"critical": 0, "high": 1, "standard": 0, "bulk": 0}


def test_a_hanging_redis_delays_one_ring_and_not_every_ring(valkey) -> None:
    lanes = Lanes(valkey.url)
    assert lanes.ring("high")
    os.kill(valkey.process.pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        assert not any(lanes.ring("bulk") for _ in range(200))
        assert time.monotonic() - started < 2.0
    finally:
        os.kill(valkey.process.pid, signal.SIGCONT)


def test_a_waiter_is_woken_by_its_message_only(valkey, until: Callable[..., None]) -> None:
    lanes, listener = Lanes(valkey.url), Listener(valkey.url)
    try:
        with listener.expect("m1") as first, listener.expect("m2") as second:
            until(first.is_set, 5, "waiters look once when the listener is connected")
            until(second.is_set)
            first.clear()
            second.clear()
            lanes.announce(["m0", "m2"])
            assert second.wait(5)
            assert not first.is_set()
    finally:
        listener.stop()


def test_the_listener_comes_back_with_redis_and_lets_waiters_look(valkey, until: Callable[..., None]) -> None:
    lanes, listener = Lanes(valkey.url), Listener(valkey.url)
    try:
        with listener.expect("m1") as settled:
            assert settled.wait(5)
            settled.clear()
            valkey.kill()
            valkey.start()
            assert settled.wait(5), "something may have been missed, so waiters look"
            settled.clear()
            until(lambda: lanes.announce(["m1"]), 5)
            assert settled.wait(5)
    finally:
        listener.stop()


def test_nobody_is_left_in_the_list_of_waiters(valkey) -> None:
    listener = Listener(valkey.url)
    try:
        with listener.expect("m1"), listener.expect("m1"):
            pass
        assert listener._waiting == {}
    finally:
        listener.stop()


def test_a_bell_that_is_being_started_is_stopped(valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for the first ring and whoever ends the process may be two threads."""
    bell, made, go_on = Bell(Lanes(valkey.url)), threading.Event(), threading.Event()
    start, rung = threading.Thread.start, []

    def start_late(thread: threading.Thread) -> None:
        if thread.name == "bell":
            rung.append(thread)
            made.set()
            assert go_on.wait(10)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_late)
    asking = threading.Thread(target=bell.ring, args=(1,))
    stopping = threading.Thread(target=bell.stop)
    asking.start()
    assert made.wait(10)
    stopping.start()
    stopping.join(timeout=0.2)
    assert stopping.is_alive(), "it waits for the bell to be started"
    go_on.set()
    stopping.join(timeout=10)
    asking.join(timeout=10)
    assert [thread.is_alive() for thread in rung] == [False]  # others of the process may ring on
