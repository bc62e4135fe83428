"""A real private Redis per test, and a way to wait for a condition."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from gateway.embedded_redis import EmbeddedRedis, start


class Valkey:
    """A private Redis that a test may kill and start again."""

    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedRedis(folder)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.server.url

    def start(self) -> None:
        self.process = start(self.server)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with tempfile.TemporaryDirectory(prefix="lanes ") as folder:
        server = Valkey(Path(folder) / "redis")
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture
def until() -> Callable[..., None]:
    """`until(condition, seconds)`: return as soon as it holds, fail where it doesn't in time."""

    def wait(condition: Callable[[], object], seconds: float = 10.0, what: str = "") -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"not within {seconds} s: {what or condition}")
            time.sleep(0.005)

    return wait
