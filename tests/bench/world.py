"""A gateway to measure: a real store filled with the demo's accounts and stock for everyone, and its real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psutil

from config.settings import PREFIX, Settings
from gateway.accounts import publish_catalogue, publish_folder
from gateway.bootstrap import build_services, demo_folder
from gateway.embedded_redis import EmbeddedRedis, start
from gateway.services import Services
from gateway.store.arrivals import MOST, NewMessage
from gateway.store.statements import fetch
from mappings.files.tables import read_catalogue
from mappings.revision import StockRow
from tests.bench.orders import ACCOUNT, PRODUCTS
from tests.harness.accounts import demo_account

ROOT = Path(__file__).resolve().parents[2]
_PLENTY = Decimal(10) ** 15


@dataclass
class World:
    """One gateway's services in this process, and how its other processes are started."""

    settings: Settings
    services: Services

    @property
    def environment(self) -> dict[str, str]:
        """The settings as the gateway's processes read them."""
        told = {
            "DATA_DIR": str(self.settings.data_dir),
            "DATABASE_URL": self.settings.database,
            "REDIS_URL": self.services.lanes.url,
            "LOG_LEVEL": "WARNING",
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return {**clean, "PYTHONPATH": str(ROOT), **{PREFIX + name: value for name, value in told.items()}}

    def keep(self, messages: Sequence[NewMessage]) -> None:
        """Store them durably, as intake does, without ringing."""
        for start_at in range(0, len(messages), MOST):
            self.services.store.intake.keep_all(messages[start_at : start_at + MOST])

    def is_idle(self) -> bool:
        """Whether nothing waits and nobody works."""
        with self.services.store.database.read() as connection:
            for query in (
                "SELECT 1 FROM messages WHERE status = 'received' AND not_before IS NULL LIMIT 1",
                "SELECT 1 FROM leases l JOIN messages m ON m.lease_id = l.id AND m.status = 'processing' LIMIT 1",
            ):
                if fetch(connection, query):
                    return False
        return True

    def answered(self) -> int:
        """How many documents have been made."""
        with self.services.store.database.read() as connection:
            return int(fetch(connection, "SELECT count(*) FROM documents")[0][0])

    @contextmanager
    def process(self, *arguments: str) -> Iterator[psutil.Popen]:
        """One of the gateway's own processes, ended afterwards. It must not have ended by itself."""
        command = [sys.executable, "-P", "-m", "workers.main", *arguments]
        running = psutil.Popen(command, env=self.environment, stdout=subprocess.DEVNULL)
        try:
            yield running
            assert running.poll() is None, f"{arguments} ended by itself with {running.returncode}"
        finally:
            end(running)


@contextmanager
def world(folder: Path, database_url: str | None = None) -> Iterator[World]:
    """A gateway with the demo's accounts, no rate limit, and more stock than can be ordered. Its folder is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    redis = EmbeddedRedis(folder / "redis")
    server = start(redis)
    clean = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(PREFIX)}
    try:
        url = database_url or f"sqlite:///{folder / 'gateway.db'}"
        settings = Settings(data_dir=folder, database_url=url, redis_url=redis.url)
        services = build_services(settings, worker_name="bench", upgrade=True)
        _fill(services)
        try:
            yield World(settings, services)
        finally:
            services.lanes.close()
            services.store.close()
    finally:
        os.environ.update(clean)
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)  # pytest keeps folders, and a million messages are 4 GB


def end(process: subprocess.Popen[bytes] | psutil.Popen) -> None:
    """Stop a process; one that doesn't in 15 s is killed."""
    process.terminate()
    try:
        process.wait(15)
    except (subprocess.TimeoutExpired, psutil.TimeoutExpired):
        process.kill()
        process.wait()


def _fill(services: Services) -> None:
    store, demo = services.store, demo_folder()
    publish_catalogue(store, read_catalogue(demo), author="bench", reason="benchmark")
    now = datetime.now(UTC)
    store.stock.record([StockRow(product, "HAMBURG", now, _PLENTY) for product in PRODUCTS])
    publish_folder(store, demo_account(ACCOUNT), author="bench", reason="benchmark")


def until(condition: Callable[[], object], seconds: float, what: str, pause: float = 0.005) -> float:
    """When the condition first held (`time.perf_counter`). Fails where it doesn't in time."""
    deadline = time.perf_counter() + seconds
    while not condition():
        assert time.perf_counter() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)
    return time.perf_counter()
