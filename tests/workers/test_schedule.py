"""What runs by the clock runs at its interval, whatever the others do."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable

import pytest

from workers.schedule import Task, run_schedule


@pytest.fixture
def schedule():
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def begin(tasks: list[Task], beat: Callable[[], None] = lambda: None) -> None:
        threads.append(threading.Thread(target=run_schedule, args=(tasks, beat, stop)))
        threads[-1].start()

    yield begin
    stop.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_a_task_runs_at_the_start_and_then_at_its_interval(schedule, until) -> None:
    runs: list[float] = []
    schedule([Task("often", 0.05, lambda: runs.append(time.monotonic())), Task("rare", 3600, lambda: None)])
    until(lambda: len(runs) >= 4)
    gaps = [later - earlier for earlier, later in itertools.pairwise(runs)]
    assert min(gaps) >= 0.05


def test_a_task_that_fails_is_said_once_and_the_others_run_on(schedule, until, caplog) -> None:
    failures: list[int] = []
    others: list[int] = []

    def fail_five_times() -> None:
        if len(failures) < 5:
            failures.append(1)
            raise RuntimeError("the database is away")

    with caplog.at_level(logging.WARNING):
        schedule([Task("failing", 0.01, fail_five_times), Task("other", 0.01, lambda: others.append(1))])
        until(lambda: "works again" in caplog.text)
    assert len(others) >= 5
    assert caplog.text.count("Task failing failed") == 1


def test_it_beats_while_nothing_is_due(schedule, until) -> None:
    beats: list[int] = []
    schedule([Task("rare", 3600, lambda: None)], lambda: beats.append(1))
    until(lambda: len(beats) >= 3, 5)
