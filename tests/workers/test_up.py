"""The real parts together: what `up` starts, replaces and stops, and a worker that settles what waits."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from redis import Redis

from config.settings import PREFIX, Settings
from gateway.bootstrap import build_services
from gateway.embedded_redis import EmbeddedRedis
from gateway.services import Services
from gateway.store.arrivals import NewMessage
from gateway.store.ids import now_us
from workers.sweep import sweep_once

COMMAND = [sys.executable, "-P", "-m", "workers.main"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


class Up:
    """A running `up` and what it said."""

    def __init__(self, folder: Path) -> None:
        self.log = (folder / "log").open("w+")
        command = [*COMMAND, "up", "--data", str(folder / "var"), "--port", "0", "--workers", "2"]
        environment = {**os.environ, "GATEWAY_HEARTBEAT_SECONDS": "3"}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment, cwd=folder
        )
        self.address = self.process.stdout.readline().split()[2]
        self.everyone = {self.process.pid}

    def part(self, name: str) -> psutil.Process | None:
        """The process whose command line has this word."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            self.everyone.add(child.pid)
            with contextlib.suppress(psutil.NoSuchProcess):  # it ends just now
                if name in " ".join(child.cmdline()).split():
                    return child
        return None

    def parts(self) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.everyone.update(child.pid for child in children)
        return children

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.address}/readyz", timeout=10).json() == {"status": "ready", "redis": "up"}
        except httpx.TransportError:
            return False


@pytest.fixture
def up(tmp_path: Path, until) -> Iterator[Up]:
    folder = tmp_path / "with a space"
    folder.mkdir()
    running = Up(folder)
    try:
        until(running.is_ready, 20)
        until(lambda: len(running.parts()) == 6, 20, "redis, web, scheduler, two workers and what sends run")
        yield running
    finally:
        running.process.kill()
        running.process.communicate()
        running.log.close()


def left_over(up: Up) -> list[int]:
    return [pid for pid in up.everyone if psutil.pid_exists(pid)]


def test_ctrl_c_leaves_no_process(up: Up) -> None:
    up.parts()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(timeout=15) == 0
    assert left_over(up) == []


def test_a_killed_up_leaves_no_process(up: Up, until) -> None:
    up.parts()
    up.process.kill()
    up.process.wait()
    until(lambda: left_over(up) == [], 5)


def test_nobody_is_refused_while_the_web_process_is_replaced(up: Up) -> None:
    for _ in range(2):
        up.part("web").kill()
        assert httpx.get(f"{up.address}/healthz", timeout=30).status_code == 200


def test_a_deleted_redis_comes_back_while_orders_can_be_stored(up: Up, tmp_path: Path, until) -> None:
    redis_folder = tmp_path / "with a space" / "var" / "redis"
    before = up.part("--unixsocket").pid
    for path in sorted(redis_folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    redis_folder.rmdir()
    assert httpx.get(f"{up.address}/readyz", timeout=10).status_code == 200, "it can store without Redis"
    until(lambda: up.part("--unixsocket") and up.part("--unixsocket").pid != before)
    until(up.is_ready)


def test_a_stopped_worker_is_replaced(up: Up, tmp_path: Path, until) -> None:
    redis = Redis.from_url(EmbeddedRedis(tmp_path / "with a space" / "var" / "redis").url)

    def all_have_beaten() -> bool:
        workers = [redis.hgetall(f"rq:worker:{key.decode().split(':')[-1]}") for key in redis.smembers("rq:workers")]
        return len(workers) == 3 and all(each[b"last_heartbeat"] != each[b"birth"] for each in workers)

    until(all_have_beaten, 20)
    worker = up.part("worker")
    worker.suspend()
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, 8)
    until(lambda: len(up.parts()) == 6)


def test_one_data_folder_and_one_port_serve_one_gateway(up: Up, tmp_path: Path) -> None:
    def start(data: Path, port: str) -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, "up", "--data", str(data), "--port", port]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)

    same_folder = start(tmp_path / "with a space" / "var", "0")
    assert (same_folder.returncode, "in use" in same_folder.stderr) == (4, True)
    same_port = start(tmp_path / "other", up.address.rsplit(":", 1)[1])
    assert (same_port.returncode, "Can't listen" in same_port.stderr) == (4, True)


def test_a_setting_that_is_wrong_is_named(monkeypatch) -> None:
    monkeypatch.setenv("GATEWAY_LEASE_SECONDS", "soon")
    ran = subprocess.run([*COMMAND, "scheduler"], capture_output=True, text=True, timeout=20, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("GATEWAY_LEASE_SECONDS: ")


@pytest.fixture
def services(valkey, tmp_path: Path) -> Iterator[Services]:
    built = build_services(Settings(data_dir=tmp_path / "var", redis_url=valkey.url), upgrade=True)
    yield built
    built.store.close()
    built.lanes.close()


def keep(services: Services, lane: int, body: bytes = b"{}") -> str:
    """A message of an account that has no mapping yet, which is held as soon as a worker has looked at it."""
    digest = hashlib.sha256(body).digest()
    due_at = now_us() + 3_600_000_000
    message = NewMessage("nobody-yet", False, lane, due_at, "test", "json-1", "application/json", body, digest)
    return services.store.intake.keep(message).message_id


def test_the_sweep_rings_for_what_waits_without_a_ring(valkey, services: Services) -> None:
    client = valkey.client()
    assert sweep_once(services) == frozenset()
    assert not [name for name in ("critical", "high", "standard", "bulk") if client.llen(f"rq:queue:{name}")]
    keep(services, 2)
    for _ in range(3):
        assert sweep_once(services) == {2}
    assert client.llen("rq:queue:standard") == 1
    assert client.llen("rq:queue:high") == 0


def test_the_sweep_does_its_part_without_redis(valkey, services: Services) -> None:
    keep(services, 2)
    valkey.kill()
    assert sweep_once(services) == {2}


CLAIM_AND_STOP = """
import os, signal, sys
from gateway.store.store import Store
from workers.names import worker_name
print(len(Store(sys.argv[1]).queue.claim(worker_name(), (0, 1, 2, 3), 50).messages), flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_the_sweep_gives_back_what_a_killed_worker_held_long_before_its_lease_is_over(services: Services) -> None:
    ids = [keep(services, 2, body) for body in (b"{}", b"{} ")]
    url = str(services.store.database.url)
    held = subprocess.Popen([sys.executable, "-c", CLAIM_AND_STOP, url], stdout=subprocess.PIPE, text=True)
    assert held.stdout.readline() == "2\n"
    assert sweep_once(services) == frozenset(), "a worker that is only stopped keeps them until its lease is over"
    held.kill()
    held.communicate()
    assert sweep_once(services) == {2}
    assert [status(services, one) for one in ids] == ["received", "received"]


@pytest.fixture
def worker(services: Services, valkey, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    hired: list[subprocess.Popen[bytes]] = []
    told = {"GATEWAY_DATA_DIR": str(tmp_path / "var"), "GATEWAY_REDIS_URL": valkey.url}

    def hire(*arguments: str) -> subprocess.Popen[bytes]:
        hired.append(subprocess.Popen([*COMMAND, "worker", *arguments], env={**os.environ, **told}))
        return hired[-1]

    yield hire
    for process in hired:
        process.kill()
        process.wait()


def status(services: Services, message_id: str) -> str:
    with services.store.database.read() as connection:
        query = "SELECT status FROM messages WHERE id = ?"
        return str(connection.exec_driver_sql(query, (message_id,)).scalar_one())


def test_a_burst_settles_what_waits_in_its_lanes_and_ends(services: Services, worker) -> None:
    urgent, later = keep(services, 0), keep(services, 3, b"{} ")
    assert worker("--burst", "--lanes", "critical,high").wait(timeout=20) == 0
    assert (status(services, urgent), status(services, later)) == ("held", "received")
    assert worker("--burst").wait(timeout=20) == 0
    assert status(services, later) == "held"


def test_a_worker_settles_without_redis_and_with_it(services: Services, valkey, worker, until) -> None:
    valkey.kill()
    worker()
    first = keep(services, 1)
    until(lambda: status(services, first) == "held", 20)
    valkey.start()
    second = keep(services, 1, b"{} ")
    until(lambda: services.lanes.ring(1), 5)
    until(lambda: status(services, second) == "held", 5)


def test_ports_are_free_again(up: Up) -> None:
    host, port = up.address.removeprefix("http://").split(":")
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(timeout=15) == 0
    deadline = time.monotonic() + 1
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((host, int(port)))
    assert time.monotonic() < deadline


def test_a_data_folder_that_cannot_be_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = [*COMMAND, "up", "--data", str(tmp_path / "file" / "var"), "--port", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("The data folder can't be used: ")
    assert "Traceback" not in ended.stderr
