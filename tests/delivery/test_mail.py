"""What is e-mail's own: how a document is put into one, and what each word of the server says. What every way out bears
is tried in `conformance`."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller

from gateway.delivery import TRANSPORTS
from gateway.delivery.mail import MailServer
from gateway.delivery.transport import Means, Result
from gateway.named_secrets import NO_SECRETS
from tests.delivery.postbox import Postbox, free_port, mail_server
from tests.delivery.test_over_http import means_with, parcel

SENDER = "edi@halden.example"


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


def test_a_test_says_so(postbox: Postbox, means: Means) -> None:
    sent(means, test=True)
    assert postbox.kept[0]["Subject"].startswith("TEST: ")


@pytest.mark.parametrize(
    ("where", "answer", "outcome"),
    [
        ("in@acme.example", "550 no such mailbox", "rejected"),
        ("in@acme.example", "451 try later", "failed"),
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


@contextmanager
def scripted(*answers: bytes, host: str = "127.0.0.1") -> Iterator[int]:
    """The port of a server that says one thing after the other, whatever it hears; then it drips for ever."""
    gone = threading.Event()

    def talk(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError):
            for answer in answers:
                connection.sendall(answer)
                connection.recv(65_536)
            while not gone.wait(0.02):
                connection.sendall(b"2")

    with socket.create_server((host, 0)) as listening:
        thread = threading.Thread(target=talk, args=(listening,), daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        gone.set()
    thread.join(10)


HELLO, EHLO = b"220 hello\r\n", b"250 hello\r\n"
OFFERED = (HELLO, EHLO, b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n")


@pytest.mark.parametrize(
    "answers",
    [
        (b"554 no SMTP service here\r\n",),
        (HELLO, b"550 not you\r\n", b"550 not you\r\n"),
        (HELLO, b"250-hello\r\n250 AUTH PLAIN\r\n", b"554 not with that\r\n"),
        (HELLO, b"250-hello\r\n250 AUTH CRAM-MD5\r\n", b"334 a\r\n"),
    ],
    ids=["greeting", "hello", "password", "challenge"],
)
def test_a_server_that_does_not_talk_with_us_rejects_no_document(answers: tuple[bytes, ...]) -> None:
    with scripted(*answers) as port:
        result = sent(mail_means(port, url="smtp://us:word@127.0.0.1"))
    assert (result.outcome, result.is_outage) == ("failed", True)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"250 queued\r\n", "delivered"),
        (b"252 will try\r\n", "delivered"),
        (b"354 go on\r\n", "unknown"),
        (b"hello\r\n", "unknown"),
        (b"2500 so\r\n", "unknown"),
        (b"450 busy\r\n", "failed"),
        (b"554 never\r\n", "rejected"),
    ],
)
def test_what_is_said_of_what_was_sent(answer: bytes, outcome: str) -> None:
    with scripted(*OFFERED, answer) as port:
        assert sent(mail_means(port)).outcome == outcome


def test_who_drips_within_the_handshake_after_starttls_is_left_at_the_deadline() -> None:
    hello = (HELLO, b"250-hello\r\n250 STARTTLS\r\n", b"220 go on\r\n\x16\x03\x03\x40\x00")
    with scripted(*hello, host="127.0.0.2") as port:
        started = time.monotonic()
        result = sent(mail_means(port, seconds=0.5, url="smtp://127.0.0.2"))
        assert time.monotonic() - started < 1.5
    assert (result.outcome, result.is_outage) == ("failed", True)


def test_an_encrypted_server_that_nobody_vouches_for_is_sent_nothing(postbox: Postbox) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.2").configure_cert(context)
    with mail_server(postbox, "us", "word", "127.0.0.2", ssl_context=context) as port:
        result = sent(mail_means(port, url="smtps://us:word@127.0.0.2"))
    assert (result.outcome, result.is_outage, postbox.kept) == ("failed", True, [])


def test_whatever_it_is_called_only_seven_bits_are_sent(postbox: Postbox, means: Means) -> None:
    sent(means, number="Ø-1", order_number="注文", body="ß".encode())
    (message,) = postbox.raw
    assert message.isascii()
