"""The real gateway as processes of its own: everything under the supervisor, or its parts one by one.

Whatever was started is ended by its pid, and nothing is left behind.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import psutil
import redis

from config.settings import PREFIX, Settings
from gateway.embedded_redis import EmbeddedRedis
from tests.harness.waiting import until

ROOT = Path(__file__).resolve().parents[2]
_MAIN = "workers.main"
DRIVER = "tests.harness.driver"
_BUGS = re.compile(r"Traceback|: a bug|CRITICAL| could not be started")


def environment(data: Path, **told: object) -> dict[str, str]:
    """This process's environment without settings of its own, with these ones (`lease_seconds=3`), and with secrets
    that accounts name (`secret_hub="…"`)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    settings = {f"{PREFIX}{name.upper()}": str(value) for name, value in told.items()}
    unknown = {name for name in told if not name.startswith("secret_")} - set(Settings.model_fields)
    if unknown:
        raise ValueError(f"no such settings: {unknown}")
    return {**kept, "PYTHONPATH": str(ROOT), f"{PREFIX}DATA_DIR": str(data), **settings}


class Processes:
    """Processes with one environment and one log, ended at the end whatever happened."""

    def __init__(self, folder: Path, env: Mapping[str, str], *, module: str = _MAIN) -> None:
        self.folder = folder
        self.env = dict(env)
        self.module = module
        self.log = folder / "log"
        self._log_file = self.log.open("ab")
        self._started: list[subprocess.Popen[str]] = []
        self._seen: dict[int, psutil.Process] = {}

    def start(self, *arguments: str, **more: object) -> subprocess.Popen[str]:
        """`python -m workers.main ARGUMENTS`, or the driver's in its place; its standard error goes to the log."""
        process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-P", "-m", self.module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=more.pop("stdout", subprocess.DEVNULL),  # type: ignore[call-overload]
            stderr=self._log_file,
            env=self.env,
            cwd=self.folder,
            text=True,
            **more,
        )
        self._started.append(process)
        return process

    def everyone(self) -> list[psutil.Process]:
        """Every process alive of those started here, and their children."""
        alive = []
        for process in self._started:
            with contextlib.suppress(psutil.NoSuchProcess):
                root = psutil.Process(process.pid)
                alive += [root, *root.children(recursive=True)]
        self._seen.update({process.pid: process for process in alive})
        return alive

    def said(self) -> str:
        """The log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def bugs(self) -> list[str]:
        """Lines of the log that no fault from outside explains, with some of what follows them."""
        lines = self.said().splitlines()
        return [" / ".join(lines[at : at + 30])[:3000] for at, line in enumerate(lines) if _BUGS.search(line)]

    def end(self) -> None:
        """Kill what is left."""
        self.everyone()
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        for seen in self._seen.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                seen.kill()
        self._log_file.close()


class Gateway(Processes):
    """`up`: web, workers, scheduler and a private Redis under the supervisor."""

    def __init__(self, folder: Path, database_url: str, *, workers: int = 2, faults: str = "", **told: object) -> None:
        """`faults` makes the workers run under the driver that injects them (see `driver.py`)."""
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "var"
        defaults = {"lease_seconds": 3, "heartbeat_seconds": 5, "sweep_seconds": 0.3, "log_level": "WARNING"}
        env = environment(self.data, **{**defaults, **told, "database_url": database_url, "workers": workers})
        super().__init__(folder, env | {"HARNESS_FAULTS": faults}, module=DRIVER if faults else _MAIN)
        self.redis = EmbeddedRedis(self.data / "redis")
        began = time.monotonic()
        self.process = self.start("up", "--port", "0", stdout=subprocess.PIPE)
        line = self.process.stdout.readline() if self.process.stdout else ""
        if "Serving at" not in line:
            raise AssertionError(f"the gateway did not start: {line!r} {self.said()}")
        self.address = line.split()[2]
        until(self.is_ready, 60, "the gateway is ready")
        self.start_seconds = time.monotonic() - began
        """How long this machine takes, at this hour, to start its parts."""

    def is_ready(self) -> bool:
        """Whether it can store and Redis answers."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.address}/readyz", timeout=10, trust_env=False).json().get("redis") == "up"
        return False

    def parts(self, kind: str) -> list[psutil.Process]:
        """The living processes of a kind: web, worker, scheduler, or `--unixsocket` for Redis."""
        found = []
        for process in self.everyone():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if kind in words(process) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def kill(self, kind: str) -> int | None:
        """`kill -9` one process of a kind; its pid, or None where there is none just now."""
        for process in self.parts(kind):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
                return process.pid
        return None

    def flush_redis(self) -> bool:
        """FLUSHALL; False where Redis is away."""
        with contextlib.closing(redis.Redis.from_url(self.redis.url, socket_timeout=5)) as client:
            try:
                return bool(client.flushall())
            except redis.RedisError:
                return False

    def delete_redis(self) -> None:
        """Kill Redis and delete its folder with everything in it."""
        self.kill("--unixsocket")
        shutil.rmtree(self.redis.folder, ignore_errors=True)

    def stop(self) -> None:
        """Ask it to end and check that it leaves no process behind."""
        self.everyone()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=40)
        left = [process.pid for process in self._seen.values() if _is_alive(process)]
        if code != 0 or left:
            raise AssertionError(f"the gateway ended with {code} and left {left}")


def words(process: psutil.Process) -> list[str]:
    """Of its command line, or of the title that it has given itself."""
    return " ".join(process.cmdline()).split()


def _is_alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@contextlib.contextmanager
def running(gateway: Gateway) -> Iterator[Gateway]:
    """The gateway, stopped in order where all went well, and ended in any case; its log is shown where it didn't."""
    try:
        yield gateway
        gateway.stop()
    except BaseException:
        print(gateway.said()[-6000:])
        raise
    finally:
        gateway.end()


@contextlib.contextmanager
def ended(processes: Processes) -> Iterator[Processes]:
    """Processes that are killed at the end; their log is shown where something went wrong."""
    try:
        yield processes
    except BaseException:
        print(processes.said()[-6000:])
        raise
    finally:
        processes.end()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def answers(address: str) -> bool:
    """Whether the gateway there can store."""
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{address}/readyz", timeout=10, trust_env=False).status_code == 200
    return False
