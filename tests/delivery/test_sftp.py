"""What is SFTP's own: a file appears whole or not at all, and only at the server that was meant. What every way out
bears is tried in `conformance`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from gateway.delivery import TRANSPORTS
from gateway.delivery.guard import AddressGuard
from gateway.delivery.http import HttpCaller
from gateway.delivery.transport import Means, Result
from gateway.named_secrets import NamedSecrets
from tests.delivery.sftp_server import OURS, PINNED, STRANGER, Server
from tests.delivery.test_over_http import means_with, parcel

SECRETS = NamedSecrets(
    {
        "OURS": OURS.export_private_key().decode(),
        "STRANGER": STRANGER.export_private_key().decode(),
        "WORD": "sésame",
        "OTHER": "other",
    }
)


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


def test_a_document_is_put_whole_under_its_name(serve: Any) -> None:
    server = serve()
    result = sent(server)
    name = "order_response_OR-00000001_019abc.xml"
    assert (result.outcome, result.detail) == ("delivered", f"put as {name}")
    assert server.files() == {f"in/{name}": parcel().body}
    assert server.log == [f"open in/.{name}.part", f"rename in/{name}"]


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


def test_where_the_first_address_does_not_answer_the_next_is_tried(serve: Any) -> None:
    server = serve()
    guard = AddressGuard(["127.0.0.0/8"], lambda _host, _port: ["127.0.0.99", "127.0.0.1"])
    means = Means(guard, HttpCaller(guard), SECRETS, 5.0)
    assert sent(server, means, sftp=f"sftp://us@files.example:{server.port}/in").outcome == "delivered"
