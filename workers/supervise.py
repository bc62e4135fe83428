"""Watching over the parts of one machine: what dies or falls silent is replaced, and a stop leaves no process behind.

Each part is a process group of its own: a command, or a fork of the supervisor, which has loaded what such parts run
and is no part itself. So a part that died is replaced at once, and parts share the memory of what is loaded. A part
gives signs of life through a pipe (`workers.beat`), or is asked by a probe; one that stays silent longer than its
heartbeat is killed, which ends a stopped process and an endless loop alike. Should the supervisor itself be killed, the
system kills its parts with it (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import multiprocessing
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Protocol

_LOOP_SECONDS = 0.25
_PROBE_SECONDS = 1.0
_REPLACING_SECONDS = 0.5
"""What noticing it, ending it and taking over its locks takes: so much earlier a silent part is given up, because who
waits behind it is promised to wait no longer than a heartbeat."""
_STEADY_SECONDS = 10.0
"""A part that lived this long is replaced at once; one that died younger waits a little, longer each time."""
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 1.0
"""Of a part that had come up, or that was killed: what it held waits for the next one."""
_LONGEST_WAIT_STILLBORN = 5.0
"""Of a part that ended by itself before it came up, and most likely will again: each try costs processor time."""
_LONGEST_START = 600.0
"""A part that was killed because it did not come up in time gets twice the time at its next start, up to this: on a
machine that is too busy to start it, killing each try as early as the last would go on for ever."""
_REDIS_STOP_SECONDS = 3.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """One process to keep running."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables over the supervisor's own."""
    runs: Callable[[Sequence[str]], int] | None = None
    """Called in a fork of the supervisor with the command's words, in place of a program; returns the exit code."""
    beats: bool = True
    """It gets `--beat-fd N` and writes there; else `probe` is asked about once a second."""
    probe: Callable[[], bool] | None = None
    """Whether the part answers just now; must return within a fraction of a second."""
    is_lost: Callable[[], bool] | None = None
    """Whether it runs to no purpose, so that it is replaced without waiting for its heartbeat."""
    prepare: Callable[[], object] | None = None
    """Called before each start."""
    on_stillborn: Callable[[], object] | None = None
    """Called when it ended before its first sign of life."""
    pass_fds: tuple[int, ...] = ()
    start_seconds: float = 60.0
    """How long until the first sign of life, at its first start."""
    heartbeat_seconds: float | None = None
    """Its own heartbeat, where it isn't the supervisor's."""
    starts_after: str | None = None
    """Started when the part of this name has shown its first sign of life."""
    runs_once: bool = False
    """Not watched and not replaced."""
    stops_last: bool = False
    """Stopped after all others, because they need it to stop well."""


class _Process(Protocol):
    """What the supervisor asks of a process, as `subprocess.Popen` answers it."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self) -> int: ...


class _Running:
    """One life of a part."""

    def __init__(self, part: Part, process: _Process, beats: int | None, start_seconds: float) -> None:
        self.part = part
        self.start_seconds = start_seconds
        self.process = process
        self.beats = beats
        self.started = self.last_sign = self.last_probe = time.monotonic()
        self.has_shown_life = False

    def silent_too_long(self, heartbeat_seconds: float) -> bool:
        if self.part.runs_once or not (self.part.beats or self.part.probe):
            return False
        allowed = self.may_be_silent(heartbeat_seconds)
        return time.monotonic() - self.last_sign > (allowed if self.has_shown_life else self.start_seconds)

    def may_be_silent(self, heartbeat_seconds: float) -> float:
        heartbeat = self.part.heartbeat_seconds or heartbeat_seconds
        return heartbeat - min(_REPLACING_SECONDS, heartbeat / 4)

    def signal(self, number: int) -> None:
        """To its whole group, so that nothing it started is left."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def ended(self) -> bool:
        return self.process.poll() is not None


class Supervisor:
    """Starts the parts, replaces them, stops them. `run` is the whole of it; `step` is one turn, for whoever has a
    loop of their own."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        heartbeat_seconds: float = 10.0,
        stop_seconds: float = 10.0,
        on_first_sign: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._parts = {part.name: part for part in parts}
        self._heartbeat_seconds = heartbeat_seconds
        self._stop_seconds = stop_seconds
        self._on_first_sign = on_first_sign
        self._running: dict[str, _Running] = {}
        self._start_at: dict[str, float] = {part.name: 0.0 for part in parts if part.starts_after is None}
        self._short_lives: dict[str, int] = {}
        self._late_starts: dict[str, int] = {}
        self._seen: set[str] = set()
        self._selector = selectors.DefaultSelector()
        self._stop_signals = 0

    def pids(self) -> dict[str, int]:
        """The process of each part that runs."""
        return {name: running.process.pid for name, running in self._running.items()}

    def run(self) -> None:
        """Until SIGINT, SIGTERM or SIGHUP; then everything is stopped, a second signal stops it the hard way."""
        with self._signals():
            try:
                while not self._stop_signals:
                    self.step()
            finally:
                self.stop()

    def step(self, seconds: float = _LOOP_SECONDS) -> None:
        """Start what is due, hear signs of life for at most `seconds`, replace what died or fell silent."""
        self._start_due()
        self._hear(seconds)
        for running in list(self._running.values()):
            self._probe(running)
            if running.ended():
                self._bury(running)
            elif running.part.is_lost is not None and running.has_shown_life and running.part.is_lost():
                self._replace(running, "lost what it works with")
            elif running.silent_too_long(self._heartbeat_seconds):
                if not running.has_shown_life:
                    self._late_starts[running.part.name] = self._late_starts.get(running.part.name, 0) + 1
                self._replace(running, "shows no sign of life")

    def stop(self) -> None:
        """Ask every part to end, kill what does not, and return when no process of theirs is left."""
        first = [running for running in self._running.values() if not running.part.stops_last]
        last = [running for running in self._running.values() if running.part.stops_last]
        self._end(first, self._stop_seconds)
        self._end(last, _REDIS_STOP_SECONDS)
        for running in (*first, *last):
            self._forget(running)
        self._selector.close()

    def _start_due(self) -> None:
        now = time.monotonic()
        for name, at in list(self._start_at.items()):
            if now >= at:
                del self._start_at[name]
                self._start(self._parts[name])

    def _start(self, part: Part) -> None:
        try:
            if part.prepare is not None:
                part.prepare()
            running = self._launch(part)
        except Exception:
            logger.exception("%s could not be started", part.name)
            self._start_again_later(part.name, _LONGEST_WAIT_STILLBORN)
            return
        self._running[part.name] = running
        if running.beats is not None:
            self._selector.register(running.beats, selectors.EVENT_READ, running)

    def _launch(self, part: Part) -> _Running:
        command, keep = list(part.command), list(part.pass_fds)
        reading = writing = None
        if part.beats:
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            command += ["--beat-fd", str(writing)]
            keep.append(writing)
        try:
            process = _program(part, command, keep) if part.runs is None else _Fork(part, part.runs, command, keep)
        except BaseException:
            if reading is not None:
                os.close(reading)
            raise
        finally:
            if writing is not None:
                os.close(writing)
        late = min(self._late_starts.get(part.name, 0), 10)
        longest = max(part.start_seconds, _LONGEST_START)
        return _Running(part, process, reading, min(longest, part.start_seconds * 2**late))

    def _hear(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            running: _Running | None = key.data
            if running is None:
                _drain_pipe(key.fd)
            elif _drain_pipe(key.fd):
                self._sign(running)
            else:  # it closed its end: it is ending, and is buried when it has
                self._selector.unregister(key.fd)
                os.close(key.fd)
                running.beats = None

    def _probe(self, running: _Running) -> None:
        now = time.monotonic()
        often = min(_PROBE_SECONDS, running.may_be_silent(self._heartbeat_seconds) / 2)
        pause = often if running.has_shown_life else 0.0
        if running.part.probe is not None and now - running.last_probe >= pause:
            running.last_probe = now
            if running.part.probe():
                self._sign(running)

    def _sign(self, running: _Running) -> None:
        running.last_sign = time.monotonic()
        if running.has_shown_life:
            return
        running.has_shown_life = True
        name = running.part.name
        self._late_starts.pop(name, None)
        if name not in self._seen:
            self._seen.add(name)
            self._on_first_sign(name)
            self._start_at.update({part.name: 0.0 for part in self._parts.values() if part.starts_after == name})

    def _replace(self, running: _Running, reason: str) -> None:
        logger.error("%s (process %d) %s; it is replaced", running.part.name, running.process.pid, reason)
        running.signal(signal.SIGKILL)
        running.process.wait()
        self._bury(running, is_known=True)

    def _bury(self, running: _Running, *, is_known: bool = False) -> None:
        part, code = running.part, running.process.wait()
        running.signal(signal.SIGKILL)  # what it may have started
        self._forget(running)
        if part.runs_once:
            if code != 0:
                logger.error("%s %s", part.name, _ending(code))
            return
        if code != 0 and not is_known:
            logger.error("%s (process %d) %s; it is replaced", part.name, running.process.pid, _ending(code))
        if not running.has_shown_life and part.on_stillborn is not None:
            part.on_stillborn()
        if running.has_shown_life and (code == 0 or time.monotonic() - running.started > _STEADY_SECONDS):
            self._short_lives.pop(part.name, None)
            self._start_at[part.name] = 0.0
        else:
            came_up_or_was_killed = running.has_shown_life or code < 0
            self._start_again_later(part.name, _LONGEST_WAIT if came_up_or_was_killed else _LONGEST_WAIT_STILLBORN)

    def _start_again_later(self, name: str, longest: float) -> None:
        lives = self._short_lives.get(name, 0)
        self._short_lives[name] = lives + 1
        self._start_at[name] = time.monotonic() + min(longest, _FIRST_WAIT * 2 ** min(lives, 10))

    def _forget(self, running: _Running) -> None:
        if running.beats is not None:
            self._selector.unregister(running.beats)
            os.close(running.beats)
            running.beats = None
        if self._running.get(running.part.name) is running:
            del self._running[running.part.name]

    def _end(self, group: Sequence[_Running], seconds: float) -> None:
        for running in group:
            running.signal(signal.SIGTERM)
            running.signal(signal.SIGCONT)  # a stopped process hears it too
        deadline = time.monotonic() + seconds
        signals = self._stop_signals
        while not all(running.ended() for running in group):
            if time.monotonic() > deadline or self._stop_signals > max(signals, 1):
                break
            time.sleep(0.01)
        for running in group:
            if not running.ended():
                logger.warning("%s did not stop in time and is killed", running.part.name)
            running.signal(signal.SIGKILL)
            running.process.wait()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGINT, SIGTERM and SIGHUP (the terminal is gone) count as stops; they and SIGCHLD wake the loop."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stop_signals += 1

        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        self._selector.register(reader, selectors.EVENT_READ, None)
        stops = dict.fromkeys((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), stop)
        handlers = {**stops, signal.SIGCHLD: lambda *_: None}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        waker = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(waker)
            for number, handler in before.items():
                signal.signal(number, handler)
            reader.close()
            writer.close()


def _drain_pipe(descriptor: int) -> bool:
    """Read what is there; False at the end of the pipe."""
    try:
        return bool(os.read(descriptor, 65536))
    except BlockingIOError:
        return True


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _program(part: Part, command: Sequence[str], keep: Iterable[int]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # the commands are ours
        command,
        stdin=subprocess.DEVNULL,
        stdout=None if part.beats or part.runs_once else subprocess.DEVNULL,
        env={**os.environ, **part.environment},
        pass_fds=tuple(keep),
        process_group=0,
        preexec_fn=_dies_with(os.getpid()),  # the supervisor has no threads
    )


_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD})


class _Fork:
    """A process that goes on from here, with nothing of the supervisor's but what is loaded and what it was handed."""

    def __init__(
        self, part: Part, runs: Callable[[Sequence[str]], int], command: Sequence[str], keep: Iterable[int]
    ) -> None:
        context = multiprocessing.get_context("fork")
        act = partial(runs, command)
        self._process = context.Process(target=_live, args=(act, part.environment, frozenset(keep), os.getpid()))
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # one for the child must not meet our handlers
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.pid = int(self._process.pid or 0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.setpgid(self.pid, self.pid)  # the child does so too: whoever comes first

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int:
        self._process.join()
        return int(self._process.exitcode or 0)


def _live(act: Callable[[], int], environment: Mapping[str, str], keep: frozenset[int], parent: int) -> None:
    """The fork's whole life."""
    os.setpgid(0, 0)
    _dies_with(parent)()
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    _close_all_but(keep)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.update(environment)
    sys.exit(act())


def _close_all_but(keep: frozenset[int]) -> None:
    """Descriptors from 3 on. One that a fork kept would hold the lock on the data folder after the supervisor's end, or
    hide from it that another part closed its pipe."""
    from_here = 3
    for number in sorted(one for one in keep if one >= from_here):
        os.closerange(from_here, number)
        from_here = number + 1
    os.closerange(from_here, max(from_here, os.sysconf("SC_OPEN_MAX")))


_PR_SET_PDEATHSIG = 1


def _dies_with(parent: int) -> Callable[[], None]:
    """For the child, before it becomes the part: the system kills it when the supervisor dies."""
    if not sys.platform.startswith("linux"):
        return lambda: None  # there a part ends at its next sign of life: the pipe is broken
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return bind
