"""The web process answers what it has when it is asked to end, and takes nothing more."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from workers.supervise import Part, Supervisor
from workers.web import address_of, listen

SCRIPT = Path(__file__).with_name("web_process.py")
THREADS = 4
LONGER_THAN_IT_MAY_HANG = 4.0
"""Seconds: more than all threads may be busy and a heartbeat together."""


@pytest.fixture
def web() -> Iterator[tuple[subprocess.Popen[str], str]]:
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2])}
    process = subprocess.Popen([sys.executable, str(SCRIPT)], stdout=subprocess.PIPE, text=True, env=environment)
    yield process, process.stdout.readline().strip()
    process.kill()
    process.communicate()


def test_an_idle_server_ends_at_once(web) -> None:
    process, address = web
    assert httpx.get(address).text == "hello"
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0
    assert time.monotonic() - started < 3
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_a_request_under_way_is_answered_before_the_end(web) -> None:
    process, address = web
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(httpx.get(f"{address}/slow")))
    asking.start()
    assert process.stdout.readline().strip() == "slow began"
    process.send_signal(signal.SIGTERM)
    asking.join(5)
    assert [answer.text for answer in answers] == ["hello"]
    assert process.wait(timeout=5) == 0
    assert int(process.stdout.readline().split()[0]) >= 1


@pytest.fixture
def supervised() -> Iterator[tuple[Supervisor, Callable[[Callable[[], object]], None], str]]:
    """The web process under a supervisor, how to turn that until something holds, and the address."""
    with listen("127.0.0.1", 0) as listening:
        number = listening.fileno()
        environment = {"PYTHONPATH": str(SCRIPT.parents[2])}
        part = Part("web", (sys.executable, str(SCRIPT), str(number)), environment, pass_fds=(number,))
        signs: list[str] = []
        supervisor = Supervisor([part], heartbeat_seconds=2.0, stop_seconds=0.5, on_first_sign=signs.append)

        def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
            deadline = time.monotonic() + seconds
            while not condition():
                assert time.monotonic() < deadline, "not in time"
                supervisor.step(0.02)

        try:
            until(lambda: signs)
            yield supervisor, until, address_of(listening)
        finally:
            supervisor.stop()


def hanging(address: str, stack: ExitStack) -> socket.socket:
    """A request that is never answered."""
    host, port = address.removeprefix("http://").split(":")
    connection = stack.enter_context(socket.create_connection((host, int(port))))
    connection.sendall(b"GET /hang HTTP/1.1\r\nHost: here\r\n\r\n")
    connection.setblocking(False)
    return connection


def is_cut_off(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_a_server_whose_threads_all_hang_is_replaced_and_one_with_a_free_thread_is_not(supervised) -> None:
    supervisor, until, address = supervised
    first = supervisor.pids()["web"]
    with ExitStack() as stack:
        requests = [hanging(address, stack) for _ in range(THREADS - 1)]
        began = time.monotonic()
        until(lambda: time.monotonic() - began > LONGER_THAN_IT_MAY_HANG)
        assert supervisor.pids()["web"] == first
        assert httpx.get(address, timeout=10).text == "hello"
        requests.append(hanging(address, stack))
        until(lambda: all(map(is_cut_off, requests)))
        until(lambda: supervisor.pids().get("web") not in (None, first))
    assert httpx.get(address, timeout=20).text == "hello"


def test_the_address_is_one_this_machine_can_reach() -> None:
    with listen("0.0.0.0", 0) as everywhere, listen("127.0.0.1", 0) as here:
        assert address_of(everywhere).startswith("http://127.0.0.1:")
        assert address_of(here).startswith("http://127.0.0.1:")
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", here.getsockname()[1])
    if socket.has_ipv6:
        try:
            six = listen("::1", 0)
        except OSError:
            return  # this machine has no IPv6 loopback
        with six:
            assert address_of(six).startswith("http://[::1]:")
