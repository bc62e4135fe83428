"""Threads for calls that may hang: they keep no process from ending, unlike those of `concurrent.futures`, which are
waited for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_T = TypeVar("_T")


class CallingThreads:
    """Up to `most` threads, started as they are needed."""

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._counting = threading.Lock()
        self._threads = 0
        self._free = 0
        """Threads that wait, less the calls that wait for one."""

    def submit(self, call: Callable[[], _T]) -> Future[_T]:
        """Have it called soon; its result, or what it raised."""
        future: Future[_T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:
                    future.set_exception(error)

        with self._counting:
            self._free -= 1
            if self._free < 0 and self._threads < self._most:
                self._threads += 1
                self._free += 1
                threading.Thread(target=self._run, name=f"{self._name}-{self._threads}", daemon=True).start()
        self._asked.put(run)
        return future

    def _run(self) -> None:
        while True:
            self._asked.get()()
            with self._counting:
                self._free += 1
