"""The application with SQLite; Redis is away unless a test asks for one."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.embedded_redis import EmbeddedRedis, start
from gateway.store import database
from tests.api.builders import MEGABYTE, Gateway, Sender, services_at
from workers.web import WebLimits, address_of, listen, serve


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


@pytest.fixture
def address(gateway: Gateway) -> Iterator[str]:
    """Where the application is served by waitress, as in production."""
    with served(gateway) as found:
        yield found


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """An application whose SQLite waits a fifth of a second for a lock instead of five."""
    opened = Gateway(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", f"unix://{tmp_path / 'nobody.sock'}"))
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    opened.services.store.database.engine.dispose()  # those that were opened before would be patient
    yield opened
    opened.close()


@contextlib.contextmanager
def served(gateway: Gateway) -> Iterator[str]:
    """The application behind our server; its address."""
    stop, wake = threading.Event(), []
    listening = listen("127.0.0.1", 0)
    limits = WebLimits(threads=4, connections=50, max_body_bytes=MEGABYTE)
    serving = threading.Thread(target=serve, args=(gateway.app, listening, limits, lambda: None, stop, wake.append))
    serving.start()
    try:
        yield address_of(listening)
    finally:
        stop.set()
        for each in wake:
            with contextlib.suppress(OSError):  # it has seen `stop` by itself, and is gone
                each()
        serving.join(timeout=15)
        listening.close()
    assert not serving.is_alive()
