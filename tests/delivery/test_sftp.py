"""SFTP against a real server on loopback: a file appears whole or not at all, and only at the server that was meant."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from gateway.delivery import TRANSPORTS
from gateway.delivery.guard import AddressGuard
from gateway.delivery.http import HttpCaller
from gateway.delivery.transport import Means, Result
from gateway.named_secrets import NamedSecrets
from mappings.transports import BadTerms
from tests.delivery.test_over_http import means_with, parcel

HOST_KEY, OURS, STRANGER = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(3))
PINNED = HOST_KEY.get_fingerprint()
SECRETS = NamedSecrets(
    {
        "OURS": OURS.export_private_key().decode(),
        "STRANGER": STRANGER.export_private_key().decode(),
        "WORD": "sésame",
        "OTHER": "other",
    }
)


class Server:
    """A server with one folder, in a thread of its own."""

    def __init__(self, root: Path, **refuses: Any) -> None:
        self.root, self.refuses = root, refuses
        self.log: list[str] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self.released = asyncio.Event()
        self._connections: list[asyncssh.SSHServerConnection] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._up.set()
        self._loop.run_forever()
        self._loop.close()

    async def _listen(self) -> None:
        server = self

        class Door(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                server._connections.append(conn)

            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("us", "sésame")

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return username == "us" and key.public_data == OURS.public_data

        class Folder(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(server.root).encode())

            def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
                server.log.append(f"open {path.decode()}")
                if "open" in server.refuses:
                    raise server.refuses["open"]
                return super().open(path, pflags, attrs)

            async def write(self, file_obj: Any, offset: int, data: bytes) -> int:
                if server.refuses.get("hangs"):
                    server.log.append("hangs")
                    await server.released.wait()
                return int(super().write(file_obj, offset, data))  # type: ignore[call-overload]  # none of its is async

            def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
                server.log.append(f"rename {newpath.decode()}")
                if "posix_rename" in server.refuses:
                    raise server.refuses["posix_rename"]
                answer = super().posix_rename(oldpath, newpath)
                if server.refuses.get("hangs up"):
                    self.channel.get_connection().abort()
                return answer

        self._server = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[HOST_KEY], server_factory=Door, sftp_factory=Folder
        )
        self.port = self._server.get_port()

    def close(self) -> None:
        async def end() -> None:
            self.released.set()
            self._server.close()
            for one in self._connections:
                one.abort()
            await self._server.wait_closed()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if others:
                await asyncio.wait(others, timeout=5)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def files(self) -> dict[str, bytes]:
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in self.root.rglob("*.xml*")}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Any]:
    opened: list[Server] = []
    (tmp_path / "in").mkdir()

    def start(**refuses: Any) -> Server:
        opened.append(Server(tmp_path, **refuses))
        return opened[-1]

    yield start
    for server in opened:
        server.close()


def sent(server: Server, means: Means | None = None, **changed: Any) -> Result:
    terms = {"sftp": f"sftp://us@127.0.0.1:{server.port}/in", "host_key": PINNED, "key": "OURS", **changed}
    terms = {name: value for name, value in terms.items() if value is not None}
    return TRANSPORTS["sftp"].send(parcel(), terms, means or means_with(SECRETS))


@pytest.mark.parametrize("login", [{"key": "OURS"}, {"key": None, "password": "WORD"}])
def test_a_document_is_put_whole_under_its_name(serve: Any, login: dict[str, Any]) -> None:
    server = serve()
    result = sent(server, **login)
    name = "order_response_OR-00000001_019abc.xml"
    assert (result.outcome, result.detail) == ("delivered", f"put as {name}")
    assert server.files() == {f"in/{name}": parcel().body}
    assert server.log == [f"open in/.{name}.part", f"rename in/{name}"]


def test_a_server_that_hangs_while_a_document_is_written_is_left_in_time(serve: Any) -> None:
    """Nor is it waited for to close the file."""
    server, results = serve(hangs=True), queue.SimpleQueue[Result]()
    means = replace(means_with(SECRETS), seconds=1.0)
    threading.Thread(target=lambda: results.put(sent(server, means)), daemon=True).start()
    result = results.get(timeout=10)
    assert (result.outcome, result.detail) == ("failed", "not done within 1 seconds")
    assert "hangs" in server.log
    assert result.is_outage


def test_the_same_document_again_is_one_file(serve: Any) -> None:
    server = serve()
    assert [sent(server).outcome, sent(server).outcome] == ["delivered", "delivered"]
    assert len(server.files()) == 1


def test_a_server_that_renames_over_nothing(serve: Any) -> None:
    server = serve(posix_rename=asyncssh.SFTPOpUnsupported("never heard of it"))
    assert [sent(server).outcome, sent(server).outcome] == ["delivered", "delivered"]
    assert list(server.files().values()) == [parcel().body]


def test_another_servers_key_is_not_believed(serve: Any) -> None:
    server = serve()
    result = sent(server, host_key=f"SHA256:{'A' * 43}")
    assert result.outcome == "failed"
    assert "the server's key isn't the one that is agreed" in result.detail
    assert server.log == []


@pytest.mark.parametrize("login", [{"key": "STRANGER"}, {"key": None, "password": "OTHER"}])
def test_who_is_not_let_in(serve: Any, login: dict[str, Any]) -> None:
    result = sent(serve(), **login)
    assert (result.outcome, result.detail, result.is_outage) == ("failed", "us isn't let in", True)


@pytest.mark.parametrize("login", [{"key": "NONE"}, {"key": "WORD"}])
def test_a_login_that_cannot_be_is_our_fault(serve: Any, login: dict[str, Any]) -> None:
    with pytest.raises(BadTerms) as raised:
        sent(serve(), **login)
    assert "sésame" not in str(raised.value)


def test_a_server_that_refuses_the_file_has_none(serve: Any) -> None:
    server = serve(open=asyncssh.SFTPPermissionDenied("the quota is used up"))
    result = sent(server)
    assert (result.outcome, result.is_outage) == ("failed", False)
    assert "the quota is used up" in result.detail
    assert server.files() == {}


def test_a_folder_that_is_not_there(serve: Any) -> None:
    server = serve()
    result = sent(server, sftp=f"sftp://us@127.0.0.1:{server.port}/nowhere")
    assert (result.outcome, server.files()) == ("failed", {})


def test_a_server_that_hangs_up_after_the_rename_may_have_it(serve: Any) -> None:
    server = serve(**{"hangs up": True})
    assert sent(server).outcome == "unknown"
    assert len(server.files()) == 1


def test_where_nobody_listens_nothing_was_sent(serve: Any) -> None:
    server = serve()
    server.close()
    result = sent(server)
    server.close = lambda: None
    assert (result.outcome, result.is_outage) == ("failed", True)


def test_a_server_that_says_nothing_is_left_at_the_deadline() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        terms = {"sftp": f"sftp://us@127.0.0.1:{silent.getsockname()[1]}/in", "host_key": PINNED, "key": "OURS"}
        result = TRANSPORTS["sftp"].send(parcel(), terms, means_with(SECRETS, 0.5))
    assert (result.outcome, result.detail) == ("failed", "not done within 0.5 seconds")


def test_an_address_inside_is_refused() -> None:
    terms = {"sftp": "sftp://us@169.254.169.254/in", "host_key": PINNED, "key": "OURS"}
    result = TRANSPORTS["sftp"].send(parcel(), terms, means_with(SECRETS))
    assert "only public addresses are called" in result.detail


def test_where_the_first_address_does_not_answer_the_next_is_tried(serve: Any) -> None:
    server = serve()
    guard = AddressGuard(["127.0.0.0/8"], lambda _host, _port: ["127.0.0.99", "127.0.0.1"])
    means = Means(guard, HttpCaller(guard), SECRETS, 5.0)
    assert sent(server, means, sftp=f"sftp://us@files.example:{server.port}/in").outcome == "delivered"
