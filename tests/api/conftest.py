"""The application with SQLite; Redis is away unless a test asks for one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.embedded_redis import EmbeddedRedis, start
from tests.api.builders import Gateway, Sender, services_at


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """An application without Redis: nobody listens on its socket."""
    opened = Gateway(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", f"unix://{tmp_path / 'nobody.sock'}"))
    yield opened
    opened.close()


@pytest.fixture
def acme(gateway: Gateway) -> Sender:
    """An account that sends json-1 and UBL, and gets its answers in the format of its order."""
    return gateway.account("acme", inbound={"formats": ["json-1", "ubl-2.1"]})


@pytest.fixture
def delta(gateway: Gateway) -> Sender:
    """Another account, of json-1 alone."""
    return gateway.account("delta")


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A private Redis of this test."""
    with tempfile.TemporaryDirectory(prefix="api ") as folder:
        server = EmbeddedRedis(Path(folder) / "redis")
        process = start(server)
        try:
            yield server.url
        finally:
            process.kill()
            process.wait()
