"""The web process answers what it has when it is asked to end, and takes nothing more."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from workers.web import address_of, listen

SCRIPT = Path(__file__).with_name("web_process.py")


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
