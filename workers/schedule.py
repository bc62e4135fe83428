"""What runs by the clock: tasks at an interval, by the monotonic clock, so that a change of the hour moves nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schemas.faults import TryAgain

_LONGEST_PAUSE = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do every so many seconds, and once at the start."""

    name: str
    every_seconds: float
    act: Callable[[], object]


def run_schedule(tasks: Sequence[Task], beat: Callable[[], None], stop: threading.Event) -> None:
    """Run the tasks when they are due until `stop` is set, beating at least once a second. A task that fails is
    logged, once until it works again, and tried at its next time."""
    due = {task.name: time.monotonic() for task in tasks}
    failing: set[str] = set()
    while not stop.is_set():
        beat()
        for task in tasks:
            if time.monotonic() >= due[task.name] and not stop.is_set():
                _run(task, failing)
                due[task.name] = time.monotonic() + task.every_seconds
        stop.wait(max(0.0, min(_LONGEST_PAUSE, min(due.values()) - time.monotonic())))


def _run(task: Task, failing: set[str]) -> None:
    try:
        task.act()
    except TryAgain as outage:  # the database is away for a while: no bug, and no traceback
        if task.name not in failing:
            logger.warning(
                "Task %s can't be done just now (%s); it is tried again", task.name, outage.__cause__ or outage
            )
            failing.add(task.name)
        return
    except Exception as error:  # whatever it is, the other tasks must run on
        if task.name not in failing:
            logger.exception("Task %s failed (%s); it is tried again", task.name, type(error).__name__)
            failing.add(task.name)
        return
    if task.name in failing:
        failing.discard(task.name)
        logger.warning("Task %s works again", task.name)
