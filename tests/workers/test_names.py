"""Whose lease it is that nobody will ever give back: told by the name of a process that has ended, here and now."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from workers.names import is_gone, worker_name


def named(pid: int) -> str:
    """The name of a worker that is this process, here."""
    return worker_name().removesuffix(str(os.getpid())) + str(pid)


def test_a_worker_that_runs_is_not_gone_and_one_that_has_ended_is() -> None:
    assert not is_gone(worker_name())
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    assert is_gone(named(ended.pid))


def test_a_worker_names_itself_alike_in_every_process_of_a_machine() -> None:
    asked = subprocess.Popen(
        [sys.executable, "-c", "from workers.names import worker_name; print(worker_name())"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    told, _ = asked.communicate(timeout=20)
    assert told.strip() == named(asked.pid)


@pytest.mark.parametrize("number", ["0", "-1", "", "x", "1" * 30, "٣"])
def test_a_name_without_a_process_is_nobodys(number: str) -> None:
    assert not is_gone(named(0)[:-1] + number)


def test_nobody_can_tell_of_another_machine_or_container() -> None:
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    machine, place, number = named(ended.pid).rsplit("-", 2)
    assert not is_gone(f"elsewhere-{place}-{number}")
    assert not is_gone(f"{machine}-00000000-{number}")
    assert not is_gone(f"{machine}-{number}")
    assert not is_gone("scheduler")
