"""The private Redis: real server, private socket, durable enough, and empty rather than dead."""

from __future__ import annotations

import logging
import shutil
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from gateway.embedded_redis import EmbeddedRedis, EmbeddedRedisFailed, redis_url, start


def test_it_is_private_and_keeps_what_it_is_told(valkey) -> None:
    client = valkey.client()
    settings = client.config_get("*")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["port"] == "0"
    assert stat.S_IMODE(valkey.server.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(valkey.server.socket_path.stat().st_mode) == 0o700


def test_a_folder_with_a_space_and_a_percent_sign_has_a_url_that_works() -> None:
    with tempfile.TemporaryDirectory(prefix="a b%41") as folder:
        server = EmbeddedRedis(Path(folder) / "redis")
        process = start(server)
        try:
            assert redis.Redis.from_url(server.url).ping()
        finally:
            process.kill()
            process.wait()


def test_its_folder_is_made_anew_while_somebody_deletes_it(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / "redis")
    done = threading.Event()

    def delete() -> None:
        while not done.is_set():
            shutil.rmtree(server.folder, ignore_errors=True)

    deleting = threading.Thread(target=delete)
    deleting.start()
    try:
        for _ in range(300):
            server.prepare()
    finally:
        done.set()
        deleting.join()


def test_a_killed_server_comes_back_with_its_jobs(valkey) -> None:
    valkey.client().lpush("queue", "job")
    valkey.kill()
    valkey.start()
    assert valkey.client().lrange("queue", 0, -1) == [b"job"]


def test_a_predecessor_that_still_runs_is_replaced(valkey, caplog: pytest.LogCaptureFixture) -> None:
    before = valkey.process
    valkey.client().set("kept", "yes")
    with caplog.at_level(logging.WARNING):
        valkey.start()
    assert before.wait(timeout=5) == 0
    assert "earlier run" in caplog.text
    assert valkey.client().get("kept") == b"yes"


def test_broken_files_are_put_aside_and_it_starts_empty(valkey, caplog: pytest.LogCaptureFixture) -> None:
    valkey.client().set("lost", "yes")
    valkey.kill()
    for part in (valkey.server.folder / "appendonlydir").iterdir():
        part.write_bytes(b"not an append-only file" * 100)
    with caplog.at_level(logging.ERROR):
        valkey.start()
    assert valkey.client().get("lost") is None
    (aside,) = valkey.server.folder.parent.glob("redis-broken-*")
    assert (aside / "appendonlydir").is_dir()
    assert str(aside) in caplog.text


def test_a_deleted_folder_is_noticed_and_made_anew(valkey) -> None:
    assert valkey.server.folder_is_whole()
    for part in sorted(valkey.server.folder.rglob("*"), reverse=True):
        part.rmdir() if part.is_dir() else part.unlink()
    valkey.server.folder.rmdir()
    assert not valkey.server.folder_is_whole()
    valkey.kill()
    valkey.start()
    assert valkey.client().ping()


@pytest.fixture
def deep_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as root:
        yield Path(root) / ("d" * 60) / ("e" * 60) / "redis"


def test_a_socket_path_that_is_too_long_moves_to_a_short_private_folder(deep_folder: Path) -> None:
    server = EmbeddedRedis(deep_folder)
    assert len(str(server.socket_path)) <= 100
    process = start(server)
    try:
        assert stat.S_IMODE(server.socket_path.parent.stat().st_mode) == 0o700
        assert redis.Redis.from_url(server.url).ping()
        assert (deep_folder / "appendonlydir").is_dir()
    finally:
        process.kill()
        process.wait()
        server.socket_path.unlink()
        server.socket_path.parent.rmdir()


def test_somebody_elses_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = EmbeddedRedis(tmp_path / "redis")
    monkeypatch.setattr("os.getuid", lambda: 12345)
    with pytest.raises(EmbeddedRedisFailed, match="belongs to somebody else"):
        server.prepare()


def test_the_url_that_is_told_wins(tmp_path: Path) -> None:
    assert redis_url("redis://elsewhere/1", tmp_path) == "redis://elsewhere/1"
    assert redis_url(None, tmp_path).startswith("unix://")


def test_it_stops_waiting_for_a_command_that_ends(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / "redis")
    with pytest.raises(EmbeddedRedisFailed):
        start(server, launch=lambda _: subprocess.Popen(["false"]))
