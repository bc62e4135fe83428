"""Keeping what came in: the raw bytes, the message and its first event in one transaction, many requests to a commit.

Whoever brings a message hears of it when it is on disk; a writer thread takes whatever has gathered meanwhile and
commits it as one group, so that 30 connections cost few more flushes than one. Nobody waits longer than BUSY_SECONDS
for a database that is locked: a message that was given up on by then is not stored afterwards.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence

from gateway.store import database
from gateway.store.arrivals import MOST, Draft, Group, Kept, NewMessage
from gateway.store.database import Collision, Database, StoreUnavailable

_WATCH_SECONDS = 0.25
_HUNG_SECONDS = 20.0
"""A transaction that has begun is waited for so long; what became of it only the database knows then."""

logger = logging.getLogger(__name__)


class _Contended(StoreUnavailable):
    """One of these messages can't be stored together with what others store of it."""


class Keeping:
    """A message on its way to the disk. `done` is called once, by another thread, when `result` can tell."""

    __slots__ = ("_done", "_failure", "began", "kept", "message")

    def __init__(self, message: NewMessage, done: Callable[[Keeping], None]) -> None:
        self.message = message
        self.began = time.monotonic()
        self._done = done
        self.kept: Kept | None = None
        """What became of it; None before it is done, and where it failed."""
        self._failure: BaseException | None = None

    def result(self) -> Kept:
        """What became of it. Raises StoreUnavailable, then it was not stored, or whatever else went wrong."""
        if self._failure is not None:
            raise self._failure
        if self.kept is None:
            raise AssertionError("asked before it was done")
        return self.kept

    def end(self, kept: Kept | None, failure: BaseException | None) -> None:
        """Say what became of it, to whoever waits."""
        self.kept, self._failure = kept, failure
        try:
            self._done(self)
        except Exception:  # the others of its group must hear of theirs
            logger.exception("whoever brought message %s could not be told", self.message.id)


class Intake:
    """The repository of arrivals, with its group-committing writer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: queue.SimpleQueue[Sequence[Keeping] | None] = queue.SimpleQueue()
        self._open: set[Keeping] = set()
        """Not begun: whoever takes one out of here, the writer to store it or the watch to give it up, has it alone."""
        self._begun: set[Keeping] = set()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._stopped = threading.Event()

    def begin(self, brought: Sequence[Keeping]) -> None:
        """Have messages that came together stored durably. Returns at once; each one's `done` is called after the
        commit, or the failure."""
        self._start()
        self._open.update(brought)
        for start in range(0, len(brought), MOST):
            self._waiting.put(brought[start : start + MOST])

    def keep(self, message: NewMessage) -> Kept:
        """Store one message durably. Returns after the commit. Raises StoreUnavailable; then nothing was stored."""
        done = threading.Event()
        keeping = Keeping(message, lambda _: done.set())
        self.begin([keeping])
        done.wait()
        return keeping.result()

    def keep_all(
        self, group: Sequence[NewMessage], is_wanted: Callable[[NewMessage], bool] = lambda _: True
    ) -> list[Kept | None]:
        """Store a group in one transaction, resends of one another included. Raises StoreUnavailable.

        Once the transaction has begun each is asked for: None for one that isn't wanted any more.
        """
        try:
            return self.keep_together(group, is_wanted)
        except _Contended:
            if len(group) == 1:
                raise
        return [self.keep_all([message], is_wanted)[0] for message in group]

    def keep_together(self, group: Sequence[NewMessage], is_wanted: Callable[[NewMessage], bool]) -> list[Kept | None]:
        """As `keep_all`. Raises _Contended, too, where others keep storing one of these."""
        drafts = {message.id: Draft(message) for message in group}
        for _ in range(3):
            try:
                with self._database.write() as connection:
                    wanted = [message.id for message in group if is_wanted(message)]
                    outcomes = Group(connection, [drafts[message_id] for message_id in wanted]).keep()
                    kept = dict(zip(wanted, outcomes, strict=True))
                    return [kept.get(message.id) for message in group]
            except Collision:
                continue  # another process stored one of these just now; it is visible at the next try
        raise _Contended("another process keeps storing the same document")

    def stop(self) -> None:
        """Finish what waits and end the threads."""
        if self._threads:
            self._waiting.put(None)
            self._stopped.set()
            for thread in self._threads:
                thread.join(timeout=10)
            self._threads = []

    def _start(self) -> None:
        if self._threads:
            return
        with self._starting:
            if self._threads:
                return
            self._stopped.clear()
            names = {"intake-writer": self._write, "intake-watch": self._watch}
            threads = [threading.Thread(target=act, name=name, daemon=True) for name, act in names.items()]
            for thread in threads:
                thread.start()
            self._threads = threads

    def _write(self) -> None:
        stopping = False
        while not stopping:
            first = self._waiting.get()
            if first is None:
                return
            group = list(first)
            while len(group) < MOST and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    stopping = True
                    break
                group.extend(following)
            self._settle([keeping for keeping in group if keeping in self._open])

    def _settle(self, group: Sequence[Keeping]) -> None:
        if not group:
            return
        of_message = {keeping.message.id: keeping for keeping in group}
        try:
            kept = self.keep_together(
                [keeping.message for keeping in group], lambda message: self._claim(of_message[message.id])
            )
        except _Contended as error:
            if len(group) == 1:
                self._end(group[0], None, error)
                return
            for one in group:  # the others of its group don't share its fate
                self._settle([one])
        except StoreUnavailable as error:
            for keeping in group:
                self._end(keeping, None, error)
        except BaseException as error:  # each waiting request must hear of it, whatever it is
            if len(group) == 1:
                self._end(group[0], None, error)
                return
            for one in group:  # one that can't be stored must not fail those that came with it
                self._settle([one])
        else:
            for keeping, outcome in zip(group, kept, strict=True):
                self._end(keeping, outcome, None)

    def _claim(self, keeping: Keeping) -> bool:
        """Whether it is still to be stored; from now on it can't be given up."""
        if _took(self._open, keeping):
            self._begun.add(keeping)
        return keeping in self._begun

    def _end(self, keeping: Keeping, kept: Kept | None, failure: BaseException | None) -> None:
        if _took(self._begun, keeping) or _took(self._open, keeping):
            keeping.end(kept, failure)

    def _watch(self) -> None:
        """Give up what waits too long: not begun, it is not stored; begun, only the database knows."""
        while not self._stopped.wait(_WATCH_SECONDS):
            now = time.monotonic()
            for some, seconds in ((self._open, 0.0), (self._begun, _HUNG_SECONDS)):
                for keeping in list(some):
                    if now - keeping.began > database.BUSY_SECONDS + seconds and _took(some, keeping):
                        keeping.end(None, StoreUnavailable("the database did not answer in time"))


def _took(some: set[Keeping], keeping: Keeping) -> bool:
    """Take it out; False where another thread did so before."""
    try:
        some.remove(keeping)
    except KeyError:
        return False
    return True
