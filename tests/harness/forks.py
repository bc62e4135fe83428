"""Processes that begin at once: each is forked from one that has imported already what they run, and has done nothing
else. They have nothing of the test's own process but what they are handed."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any
from unittest.mock import patch

from tests.harness.gateway import ROOT

_SECONDS = 240
_IMPORTED = ["tests.formats.large_documents", "tests.pipeline.scheduler_at", "tests.pipeline.sscc_taker"]


class Fork:
    """A process that runs `act(connection, *arguments)`, and our end of the connection."""

    def __init__(self, act: Callable[..., None], *arguments: Any) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_IMPORTED)
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=act, args=(theirs, *arguments), daemon=True)
        with patch.dict(os.environ, PYTHONPATH=str(ROOT)):  # by which what it is forked from finds what it imports
            self._process.start()
        theirs.close()

    def tell(self, what: Any) -> None:
        self._connection.send(what)

    def said(self) -> Any:
        """The next that it says. Raises EOFError where it ended instead."""
        assert self._connection.poll(_SECONDS), f"nothing within {_SECONDS} s"
        return self._connection.recv()

    def end(self) -> None:
        """Tell it that nothing more comes, and see that it ends well."""
        self._connection.close()
        self._process.join(_SECONDS)
        assert self._process.exitcode == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


@contextmanager
def forks(act: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> Iterator[list[Fork]]:
    """A process for each of these arguments. All must end well; none is left."""
    started: list[Fork] = []
    try:
        started.extend(Fork(act, *each) for each in arguments)
        yield started
        for one in started:
            one.end()
    finally:
        for one in started:
            one.kill()


def heard(connection: Connection) -> Iterator[Any]:
    """What a fork is told, until nothing more comes."""
    while True:
        try:
            told = connection.recv()
        except EOFError:
            return
        yield told
