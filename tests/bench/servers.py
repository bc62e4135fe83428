"""Web processes to send to: the gateway's own, and the floor's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.bench.floors import LeanQueue
from tests.bench.orders import ACCOUNT
from tests.bench.world import World, end, until
from workers.web import address_of, listen


@dataclass(frozen=True)
class Server:
    """A web process that listens, and the key to it."""

    here: World
    address: str
    key: str

    def load(self, connections: int, requests: int, prefix: str) -> dict[str, Any]:
        """Run the load generator against it; every request must be answered 202."""
        arguments = [self.address, str(connections), str(requests), prefix, self.key]
        command = [sys.executable, "-P", "-m", "tests.bench.load", *arguments]
        ran = subprocess.run(command, env=self.here.environment, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
        measured: dict[str, Any] = json.loads(ran.stdout)
        assert measured["statuses"] == {"202": requests}, measured
        return measured


@contextmanager
def our_server(here: World) -> Iterator[Server]:
    """The gateway's web process, ready."""
    listening = listen("127.0.0.1", 0)
    address = address_of(listening)
    _, key = here.services.store.keys.create(ACCOUNT, actor="bench")
    command = [sys.executable, "-P", "-m", "workers.main", "web", "--listen-fd", str(listening.fileno())]
    with _running(command, here, listening.fileno()):
        until(lambda: _answers(f"{address}/readyz"), 30, "the web process is ready", 0.05)
        yield Server(here, address, key)
    listening.close()


@contextmanager
def floor_server(here: World, lean_url: str) -> Iterator[Server]:
    """Waitress with a group-commit insert."""
    lean = LeanQueue(lean_url)
    lean.create()
    lean.close()
    listening = listen("127.0.0.1", 0)
    address = address_of(listening)
    command = [sys.executable, "-P", "-m", "tests.bench.floor_web", lean_url, str(listening.fileno())]
    with _running(command, here, listening.fileno()):
        yield Server(here, address, "none")
    listening.close()


@contextmanager
def _running(command: list[str], here: World, descriptor: int) -> Iterator[None]:
    process = subprocess.Popen(command, env=here.environment, pass_fds=(descriptor,))
    try:
        yield
    finally:
        end(process)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=1).status_code == 200
    except httpx.TransportError:
        return False
