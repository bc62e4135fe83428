"""What dies or falls silent is replaced, and no process is left: with real processes and real signals."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.workers.supervisor_process import part as part_of
from workers.supervise import Part, Supervisor

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
"""What runs these tests has threads of its own, the supervisor has none."""

HERE = Path(__file__).parent
HEARTBEAT = 0.6


@pytest.fixture(params=["program", "fork"])
def part(request: pytest.FixtureRequest) -> Callable[..., Part]:
    return partial(part_of, request.param)


class Watch:
    """A supervisor that the test turns itself."""

    def __init__(self, *parts: Part) -> None:
        self.first_signs: list[str] = []
        self.supervisor = Supervisor(
            parts, heartbeat_seconds=HEARTBEAT, stop_seconds=0.5, on_first_sign=self.first_signs.append
        )

    def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "not in time"
            self.supervisor.step(0.02)

    def pid(self, name: str) -> int | None:
        return self.supervisor.pids().get(name)


@pytest.fixture
def watch() -> Iterator[Callable[..., Watch]]:
    watching: list[Watch] = []

    def begin(*parts: Part) -> Watch:
        watching.append(Watch(*parts))
        return watching[-1]

    yield begin
    for each in watching:
        each.supervisor.stop()


def pids_in(folder: Path) -> list[int]:
    path = folder / "pids"
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_part_that_is_killed_is_replaced(part, watch, tmp_path: Path) -> None:
    watched = watch(part("beats", tmp_path))
    watched.until(lambda: watched.first_signs == ["beats"])
    first = watched.pid("beats")
    os.kill(first, signal.SIGKILL)
    watched.until(lambda: watched.pid("beats") not in (None, first))
    watched.until(lambda: len(pids_in(tmp_path)) == 2)
    assert watched.first_signs == ["beats"], "a replacement is no first sign"


def test_a_part_that_is_stopped_is_replaced_within_its_heartbeat(part, watch, tmp_path: Path) -> None:
    watched = watch(part("beats", tmp_path))
    watched.until(lambda: watched.first_signs)
    first = watched.pid("beats")
    os.kill(first, signal.SIGSTOP)
    started = time.monotonic()
    watched.until(lambda: watched.pid("beats") not in (None, first))
    assert time.monotonic() - started < HEARTBEAT + 1
    assert not is_alive(first)


def test_a_part_that_loops_without_end_is_replaced(part, watch, tmp_path: Path, caplog) -> None:
    watched = watch(part("silent", tmp_path))
    with caplog.at_level(logging.ERROR):
        watched.until(lambda: len(pids_in(tmp_path)) >= 2)
    assert "shows no sign of life" in caplog.text


def test_a_part_that_never_comes_up_is_tried_again_ever_more_slowly(part, watch, tmp_path: Path) -> None:
    told: list[str] = []
    watched = watch(part("stillborn", tmp_path, on_stillborn=lambda: told.append("stillborn")))
    started = time.monotonic()
    watched.until(lambda: len(pids_in(tmp_path)) >= 4)
    assert time.monotonic() - started > 0.7  # 0.1 + 0.2 + 0.4 s between them
    assert len(told) >= 3


def test_a_part_that_is_killed_before_it_comes_up_is_tried_again_soon_however_often(
    part, watch, tmp_path: Path
) -> None:
    watched = watch(part("beats", tmp_path))
    watched.supervisor._short_lives["beats"] = 5_000  # after hours of it
    watched.supervisor.step(0)
    first = watched.pid("beats")
    os.kill(first, signal.SIGKILL)
    watched.until(lambda: watched.pid("beats") not in (None, first), 4.0)  # one that fails by itself waits 5 s by then


def test_a_part_that_comes_up_slowly_is_given_more_time_at_each_start(part, watch, tmp_path: Path, caplog) -> None:
    """On a machine that has no time for it, to kill it as late as the last one was would be to do so for ever."""
    watched = watch(part("late", tmp_path, start_seconds=0.3))
    with caplog.at_level(logging.ERROR):
        watched.until(lambda: watched.first_signs, 60.0)
    assert "shows no sign of life" in caplog.text, "the first was not given enough"


def test_a_part_that_cannot_be_started_is_tried_again(part, watch, tmp_path: Path, caplog) -> None:
    tries: list[str] = []

    def fail_twice() -> None:
        tries.append("try")
        if len(tries) < 3:
            raise OSError("no room")

    watched = watch(part("beats", tmp_path, prepare=fail_twice))
    watched.until(lambda: watched.first_signs)
    assert len(tries) == 3
    assert caplog.text.count("could not be started") == 2


def test_a_lost_part_is_replaced_at_once(part, watch, tmp_path: Path) -> None:
    lost: list[bool] = []
    watched = watch(part("beats", tmp_path, is_lost=lambda: bool(lost) and lost.pop()))
    watched.until(lambda: watched.first_signs)
    first = watched.pid("beats")
    lost.append(True)
    watched.until(lambda: watched.pid("beats") not in (None, first), HEARTBEAT)


def test_a_probed_part_is_replaced_when_it_answers_no_more(watch, tmp_path: Path) -> None:
    answers = [True]
    sleeper = Part(
        "sleeper",
        (sys.executable, "-S", "-c", "import time; time.sleep(600)"),
        beats=False,
        probe=lambda: answers[0],
        heartbeat_seconds=1.5,
    )
    watched = watch(sleeper)
    watched.until(lambda: watched.first_signs)
    first = watched.pid("sleeper")
    answers[0] = False
    watched.until(lambda: watched.pid("sleeper") not in (None, first))


def test_one_part_waits_for_another_and_runs_once(part, watch, tmp_path: Path) -> None:
    once = part("once", tmp_path, beats=False, starts_after="beats", runs_once=True)
    watched = watch(part("beats", tmp_path), once)
    assert watched.pid("once") is None
    watched.until(lambda: len(pids_in(tmp_path)) == 2)
    watched.until(lambda: watched.pid("once") is None)
    os.kill(watched.pid("beats"), signal.SIGKILL)
    watched.until(lambda: len(pids_in(tmp_path)) == 3)
    watched.until(lambda: watched.pid("beats"))
    assert watched.pid("once") is None, "it does not run again when the other is replaced"


def test_what_a_dead_part_had_started_is_ended_too(part, watch, tmp_path: Path, until) -> None:
    watched = watch(part("parent", tmp_path))
    watched.until(lambda: watched.first_signs)
    grandchild, parent = pids_in(tmp_path)
    os.kill(parent, signal.SIGKILL)
    watched.until(lambda: len(pids_in(tmp_path)) == 4)
    until(lambda: not is_alive(grandchild))


def test_stopping_leaves_nothing_not_even_the_stubborn_and_the_stopped(part, watch, tmp_path: Path) -> None:
    stopped = replace(part("beats", tmp_path), name="stopped")
    last = replace(part("beats", tmp_path), name="last", stops_last=True)
    watched = watch(stopped, last, part("stubborn", tmp_path), part("parent", tmp_path))
    watched.until(lambda: len(watched.first_signs) == 4)
    os.kill(watched.pid("stopped"), signal.SIGSTOP)
    started = time.monotonic()
    watched.supervisor.stop()
    assert time.monotonic() - started < 2
    assert not [pid for pid in pids_in(tmp_path) if is_alive(pid)]


@pytest.fixture(params=["program", "fork"])
def supervisor_process(
    request: pytest.FixtureRequest, tmp_path: Path, until
) -> Iterator[Callable[..., subprocess.Popen]]:
    started: list[subprocess.Popen] = []

    def start(*kinds: str) -> subprocess.Popen:
        command = [sys.executable, str(HERE / "supervisor_process.py"), request.param, str(tmp_path), *kinds]
        started.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(HERE.parents[1])}))
        until(lambda: len(pids_in(tmp_path)) >= len(kinds), 20)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
    for pid in pids_in(tmp_path):
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(supervisor_process, tmp_path: Path, number: signal.Signals) -> None:
    process = supervisor_process("beats", "stubborn")
    process.send_signal(number)
    assert process.wait(timeout=5) == 0
    assert not [pid for pid in pids_in(tmp_path) if is_alive(pid)]


def test_a_killed_supervisor_takes_its_parts_with_it(supervisor_process, tmp_path: Path, until) -> None:
    process = supervisor_process("beats", "stubborn")
    process.kill()
    process.wait()
    until(lambda: not [pid for pid in pids_in(tmp_path) if is_alive(pid)], 5, "no part outlives the supervisor")


def test_a_fork_has_nothing_of_the_supervisors_but_what_it_is_handed(watch, tmp_path: Path) -> None:
    kept, other = (os.open(tmp_path, os.O_RDONLY) for _ in range(2))
    told = tmp_path / "told"

    def look(arguments: Sequence[str]) -> int:
        open_there = sorted(int(name) for name in os.listdir("/proc/self/fd"))
        standard_input = os.readlink("/proc/self/fd/0")
        signals = [signal.getsignal(one) is signal.SIG_DFL for one in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        beats = int(arguments[arguments.index("--beat-fd") + 1])
        said = [open_there[:3], standard_input, all(signals), not blocked, os.environ["TOLD"]]
        said += [{kept, beats} <= set(open_there), other in open_there, os.getpgid(0) == os.getpid()]
        (tmp_path / "new").write_text(json.dumps(said))
        (tmp_path / "new").rename(told)
        os.write(beats, b".")
        return 7

    watched = watch(Part("looks", ("word",), {"TOLD": "this"}, look, pass_fds=(kept,)))
    watched.until(told.exists)
    assert json.loads(told.read_text()) == [[0, 1, 2], os.devnull, True, True, "this", True, False, True]
    assert "TOLD" not in os.environ
    os.close(kept)
    os.close(other)


def test_how_a_fork_ended_is_said() -> None:
    asked = """
from workers.supervise import Part, Supervisor

def fails(_):
    raise SystemExit("no room")

supervisor = Supervisor([Part("fails", (), runs=fails)])
supervisor.step(0)
while supervisor.pids():
    supervisor.step(0.05)
supervisor.stop()
"""
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run([sys.executable, "-P", "-c", asked], env=environment, capture_output=True, text=True)
    first, second = done.stderr.splitlines()
    assert first == "no room"
    assert second.endswith("ended with code 1; it is replaced")


def test_a_fork_begins_where_nobody_reads_what_is_written(watch, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)  # as with `>&-`
    watched = watch(part_of("fork", "beats", tmp_path))
    watched.until(lambda: watched.first_signs == ["beats"])


def test_a_part_imports_nothing_of_ours_after_it_was_forked() -> None:
    """Files that were changed meanwhile would be of another release than what is loaded."""
    asked = (
        "import sys, pkgutil, workers.main as main; main._load(); known = set(sys.modules);"
        "whole, main._RUN_BY_PARTS = main._RUN_BY_PARTS, ('of_a_later_release',); main._load();"
        "main._RUN_BY_PARTS = whole;"
        "ours = [one.name for name in main._RUN_BY_PARTS for one in pkgutil.walk_packages(["
        "sys.modules[name].__path__[0]], name + '.')];"
        "print([one for one in ours if one not in known and not one.startswith(main._RUN_BY_HAND)], len(ours))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", asked],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
    )
    missing, _, count = done.stdout.strip().rpartition(" ")
    assert (missing, int(count) > 500) == ("[]", True), done.stderr


def test_what_the_parts_run_starts_no_thread_when_it_is_loaded() -> None:
    """A fork has the locks of all threads and one thread, so a lock that another held stays locked for ever."""
    asked = "import threading, workers.main as main; main._load(); print([one.name for one in threading.enumerate()])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", asked],
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "['MainThread']", done.stderr
