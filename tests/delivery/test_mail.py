"""E-mail against a real mail server on loopback."""

from __future__ import annotations

import contextlib
import email
import socket
import threading
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from gateway.delivery import TRANSPORTS
from gateway.delivery.mail import MailServer
from gateway.delivery.transport import Means, Result
from gateway.named_secrets import NO_SECRETS
from mappings.transports import BadTerms
from tests.delivery.test_over_http import means_with, parcel

SENDER = "edi@halden.example"


class Postbox:
    """Keeps what comes, and answers as it is told."""

    def __init__(self) -> None:
        self.kept: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.answers: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers.get("DATA") == "hang up":
            server.transport.abort()
            return "250 OK"
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.kept.append(message)
        self.to.append(envelope.rcpt_tos)
        return self.answers.get("DATA", "250 queued as 17")


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def means(postbox: Postbox) -> Iterator[Means]:
    controller = Controller(postbox, hostname="127.0.0.1", port=0, ready_timeout=10)
    controller.port = free_port()
    controller.start()
    yield mail_means(controller.port)
    controller.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def mail_means(port: int, seconds: float = 5.0, url: str = "smtp://127.0.0.1") -> Means:
    known = means_with(NO_SECRETS, seconds)
    return Means(known.guard, known.http, known.secrets, seconds, MailServer.of(f"{url}:{port}", SENDER))


def sent(means: Means, address: Any = "in@acme.example", **changed: Any) -> Result:
    return TRANSPORTS["email"].send(parcel(**changed), {"email": address}, means)


def test_a_document_comes_as_an_attachment(postbox: Postbox, means: Means) -> None:
    result = sent(means, ["in@acme.example", "copy@acme.example"])
    assert (result.outcome, result.detail) == ("delivered", "SMTP 250: queued as 17")
    (message,), (to,) = postbox.kept, postbox.to
    assert to == ["in@acme.example", "copy@acme.example"]
    assert message["Subject"] == "Order response OR-00000001 for order PO-1\u00e9"
    assert (message["From"], message["To"]) == (SENDER, "in@acme.example, copy@acme.example")
    assert message["Message-ID"] == "<019abc@halden.example>"
    (attachment,) = message.iter_attachments()
    assert attachment.get_content() == parcel().body
    assert attachment.get_content_type() == "application/xml"
    assert attachment.get_filename() == "order_response_OR-00000001_019abc.xml"


def test_the_same_document_has_the_same_message_id_and_a_test_says_so(postbox: Postbox, means: Means) -> None:
    for test in (False, True):
        sent(means, test=test)
    assert len({message["Message-ID"] for message in postbox.kept}) == 1
    assert postbox.kept[1]["Subject"].startswith("TEST: ")


@pytest.mark.parametrize(
    ("where", "answer", "outcome"),
    [
        ("in@acme.example", "550 no such mailbox", "rejected"),
        ("in@acme.example", "451 try later", "failed"),
        ("DATA", "552 too large", "rejected"),
        ("DATA", "450 busy", "failed"),
        ("DATA", "hang up", "unknown"),
    ],
)
def test_what_the_server_says_counts(postbox: Postbox, means: Means, where: str, answer: str, outcome: str) -> None:
    postbox.answers[where] = answer
    assert sent(means).outcome == outcome


def test_where_one_of_several_is_not_taken_nobody_has_it(postbox: Postbox, means: Means) -> None:
    postbox.answers["two@acme.example"] = "550 never heard of"
    result = sent(means, ["in@acme.example", "two@acme.example"])
    assert (result.outcome, result.detail) == ("rejected", "SMTP 550: two@acme.example: never heard of")
    assert postbox.kept == []


def test_a_number_with_odd_characters_cannot_add_headers(postbox: Postbox, means: Means) -> None:
    sent(means, number="OR-1\r\nBcc: thief@evil.example", order_number="P\nO")
    (message,) = postbox.kept
    assert message["Bcc"] is None
    assert message["Subject"] == "Order response OR-1 Bcc: thief@evil.example for order P O"


def test_who_is_not_let_in(postbox: Postbox) -> None:
    def nobody(*_: Any) -> AuthResult:
        return AuthResult(success=False)

    controller = Controller(
        postbox, hostname="127.0.0.1", port=free_port(), authenticator=nobody, auth_require_tls=False
    )
    controller.start()
    try:
        result = sent(mail_means(controller.port, url="smtp://us:word@127.0.0.1"))
    finally:
        controller.stop()
    assert (result.outcome, result.is_outage) == ("failed", True)
    assert "word" not in result.detail


def test_a_server_that_is_away_or_says_nothing_is_left_at_the_deadline() -> None:
    assert sent(mail_means(free_port())).outcome == "failed"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = sent(mail_means(silent.getsockname()[1], seconds=0.5))
    assert (result.outcome, result.is_outage) == ("failed", True)


def test_a_server_that_drips_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as dripping:
        gone = threading.Event()

        def drip() -> None:
            connection, _ = dripping.accept()
            with connection, contextlib.suppress(OSError):
                while not gone.wait(0.05):
                    connection.sendall(b"2")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        result = sent(mail_means(dripping.getsockname()[1], seconds=0.5))
        gone.set()
        thread.join(10)
    assert result.outcome == "failed"


def test_without_a_mail_server_it_is_our_fault() -> None:
    with pytest.raises(BadTerms, match="no mail server is set"):
        sent(means_with(NO_SECRETS))


@pytest.mark.parametrize(
    ("url", "sender"), [("http://mail", SENDER), ("smtp://", SENDER), ("mail.example", SENDER), ("smtp://mail", "us")]
)
def test_a_mail_server_that_is_none(url: str, sender: str) -> None:
    with pytest.raises(ValueError, match="smtp://HOST"):
        MailServer.of(url, sender)


def test_where_mail_leaves() -> None:
    server = MailServer.of("smtps://us%40acme:w%3Ard@mail.example", SENDER)
    assert (server.host, server.port, server.user, server.password) == ("mail.example", 465, "us@acme", "w:rd")
    assert "w:rd" not in repr(server)
