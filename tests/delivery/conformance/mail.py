"""E-mail: the partner is a mail server of ours, which lets us in by a password."""

from __future__ import annotations

import asyncio
import base64
import functools
import os
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock
from urllib.parse import quote

import trustme
from aiosmtpd.smtp import SMTP

from gateway.delivery.transport import Means, Parcel
from tests.delivery.conformance.adapter import Adapter, Opened, Taken, Unusable
from tests.delivery.conformance.days import FLOOD, NO_TEXT, WORDS, Day
from tests.delivery.conformance.wrong_sockets import WRONG_DAYS, wrong_server
from tests.delivery.postbox import Postbox, mail_server

_PASSWORD, _OTHER = "sesame-of-the-post", "sesame-of-others"
_PART = b"250-" + b"x" * 500


class MailAdapter(Adapter):
    name = way = "email"
    scheme, host = "smtp", "127.0.0.1"
    inapplicable: ClassVar[Mapping[str, str]] = {
        "an address that is refused": "the mail server is ours, told in the settings and not by an account"
    }
    seconds = 1.0
    more_than_is_buffered = 8_000_000  # of which Base64 makes eleven
    secret_name = "GATEWAY_SMTP_URL"

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"KEY": _PASSWORD}

    @property
    def wrong_secrets(self) -> Mapping[str, str]:
        return {"KEY": _OTHER}

    @property
    def unusable(self) -> Sequence[Unusable]:
        return [Unusable(one, "canary") for one in ("canary é", "canary\0", "canary\r\nX")]

    def canaries(self) -> Iterable[str]:
        told = (_PASSWORD, f"\0us\0{_PASSWORD}")
        return [_PASSWORD, *(base64.b64encode(one.encode()).decode() for one in told)]

    def identity(self, parcel: Parcel) -> str:
        return f"<{parcel.document_id}@halden.example>"

    def terms_at(self, host: str, port: int, opened: Opened) -> dict[str, Any]:
        """The server is the settings', and no account's."""
        opened.mail_url = f"{self.scheme}://us:@{host}:{port}"
        return opened.terms

    def means(self, opened: Opened, seconds: float = 20.0, **known: Any) -> Means:
        """The password stands in the settings' URL, and not among the secrets."""
        secrets = known.get("secrets") or self.secrets
        _, is_set, host = opened.mail_url.partition("@")
        if is_set:
            opened.mail_url = f"{self.scheme}://us:{quote(secrets['KEY'])}@{host}"
        return super().means(opened, seconds, **known)

    @contextmanager
    def listening(self, day: Day, folder: Path) -> Iterator[Opened]:
        if day in WRONG_DAYS:
            with wrong_server(day, b"220-welcome, whoever you are\r\n", self.host) as server:
                yield self._opened(
                    server.port, connections=lambda: server.connections, flooded=lambda: server.sent_bytes
                )
            return
        moment = _Moments()
        postbox = Postbox(**moment.of(day))
        postbox.answers |= _answers(day)
        known = {"host": self.host, "data_size_limit": 100_000_000, **self.tls()}
        with mail_server(postbox, "us", _PASSWORD, **known) as port:
            try:
                yield self._opened(
                    port,
                    taken=lambda: [_taken(one) for one in postbox.kept],
                    connections=lambda: postbox.connections,
                    flooded=lambda: moment.sent_bytes,
                )
            finally:
                moment.end()

    def tls(self) -> dict[str, Any]:
        """How the server is secured, as its own arguments say it."""
        return {}

    def _opened(self, port: int, **known: Any) -> Opened:
        url = f"{self.scheme}://us:@{self.host}:{port}"
        return Opened({"email": "in@acme.example"}, mail_url=url, **known)


class _OverTls(MailAdapter):
    """The server's certificate is of an authority that the system trusts while this partner is open."""

    host = "127.0.0.2"
    """Not this machine by its name, so that it must be encrypted."""
    seconds = 1.5

    @contextmanager
    def listening(self, day: Day, folder: Path) -> Iterator[Opened]:
        trusted = folder / "authorities.pem"
        trusted.write_bytes(_authority().cert_pem.bytes())
        with mock.patch.dict(os.environ, {"SSL_CERT_FILE": str(trusted)}), super().listening(day, folder) as opened:
            yield opened

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        _authority().issue_cert(self.host).configure_cert(context)
        return context


class MailOverTls(_OverTls):
    name, scheme = "email, TLS from the beginning", "smtps"

    def tls(self) -> dict[str, Any]:
        return {"ssl_context": self.context()}


class MailWithStarttls(_OverTls):
    name = "email, STARTTLS"

    def tls(self) -> dict[str, Any]:
        return {"tls_context": self.context(), "require_starttls": True}


@functools.cache
def _authority() -> trustme.CA:
    return trustme.CA()


def _answers(day: Day) -> dict[str, str | bytes]:
    echo = f"451 you said {_PASSWORD}, " + " ".join(MailAdapter().canaries())
    said: dict[Day, str | bytes] = {
        Day.REJECTS: f"554 {WORDS}",
        Day.BUSY: f"451 {WORDS}",
        Day.ECHOES: echo,
        Day.ODD: b"451 " + NO_TEXT,
    }
    return {"DATA": said[day]} if day in said else {}


def _taken(message: EmailMessage) -> Taken:
    """Of what came, the document; and that nothing was added to whom it goes."""
    assert message["Bcc"] is None
    assert message["X"] is None
    (attachment,) = message.iter_attachments()
    return Taken(str(message["Message-ID"]), attachment.get_payload(decode=True))


class _Moments:
    """What the server does when it is asked for the document, and when it has it."""

    def __init__(self) -> None:
        self.sent_bytes = 0
        self._servers: list[SMTP] = []

    def of(self, day: Day) -> dict[str, Callable[[SMTP], Awaitable[None]]]:
        before = {Day.CLOSES_BEFORE: self.abort, Day.DEAF: self.hear_nothing}
        after = {
            Day.HANGS: self.hang,
            Day.DRIPS_ANSWER: self.drip,
            Day.RESETS: self.reset,
            Day.CLOSES: self.abort,
            Day.HALF_ANSWER: self.say_half,
            Day.FLOODS_ANSWER: self.flood,
            Day.HANGS_AFTER: self.hang_after,
        }
        moments = {"before_data": before.get(day), "after_data": after.get(day)}
        return {name: one for name, one in moments.items() if one is not None}

    def end(self) -> None:
        """Let go of whom is still connected."""
        for one in self._servers:
            if one.transport is not None:
                one.loop.call_soon_threadsafe(one.transport.abort)

    async def abort(self, server: SMTP) -> None:
        server.transport.abort()

    async def reset(self, server: SMTP) -> None:
        connected = server.transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.transport.abort()

    async def hear_nothing(self, server: SMTP) -> None:
        self._servers.append(server)
        server._writer.write(b"354 go on\r\n")
        await server._writer.drain()
        server.transport.pause_reading()
        await asyncio.Event().wait()

    async def hang(self, server: SMTP) -> None:
        self._servers.append(server)
        await asyncio.Event().wait()

    async def drip(self, server: SMTP) -> None:
        self._servers.append(server)
        while True:
            server._writer.write(b"2")
            await asyncio.sleep(0.05)

    async def say_half(self, server: SMTP) -> None:
        server._writer.write(b"250-queued\r\n250 as")
        await server._writer.drain()
        server._writer.close()

    async def hang_after(self, server: SMTP) -> None:
        self._servers.append(server)
        await server.push(b"250 queued as 17")
        await asyncio.Event().wait()

    async def flood(self, server: SMTP) -> None:
        lines = b"\r\n".join([_PART] * 200)
        while self.sent_bytes < FLOOD and not server.transport.is_closing():
            await server.push(lines)
            self.sent_bytes += len(lines)
