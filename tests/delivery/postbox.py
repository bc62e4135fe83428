"""A mail server on loopback that keeps what comes, and answers as it is told."""

from __future__ import annotations

import email
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Postbox:
    """`answers` by address, or to DATA; `before_data` and `after_data` are awaited with the server when it is asked
    whether it wants the document, and when it has it and before that is answered."""

    def __init__(
        self,
        before_data: Callable[[SMTP], Awaitable[None]] | None = None,
        after_data: Callable[[SMTP], Awaitable[None]] | None = None,
    ) -> None:
        self.kept: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.to: list[list[str]] = []
        self.answers: dict[str, str | bytes] = {}
        self.before_data, self.after_data = before_data, after_data
        self.connections = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str | bytes:
        answer = self.answers.get("DATA", "250 queued as 17")
        if answer[:1] not in ("4", "5", b"4", b"5"):
            message = email.message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.kept.append(message)
            self.raw.append(envelope.content)
            self.to.append(envelope.rcpt_tos)
        if self.after_data is not None:
            await self.after_data(server)
        return answer


class _Server(SMTP):
    def connection_made(self, transport: Any) -> None:
        self.event_handler.connections += 1
        super().connection_made(transport)

    async def smtp_DATA(self, arg: str) -> None:
        if self.event_handler.before_data is not None:
            await self.event_handler.before_data(self)
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        server = _Server(self.handler, **self.SMTP_kwargs)
        server._auth_required = True  # as an argument it warns of passwords that go unencrypted: here over loopback
        return server


@contextmanager
def mail_server(postbox: Postbox, user: str, password: str, host: str = "127.0.0.1", **known: Any) -> Iterator[int]:
    """The port of one that lets in this user alone, and ends with the block."""

    def lets_in(server: Any, session: Any, envelope: Any, mechanism: str, told: Any) -> AuthResult:
        is_let_in = (told.login, told.password) == (user.encode(), password.encode())
        return AuthResult(success=is_let_in, handled=False)  # the server says so

    known |= {"authenticator": lets_in, "auth_require_tls": False, "ready_timeout": 10}
    controller = _Controller(postbox, hostname=host, port=free_port(), **known)
    controller.start()
    postbox.connections = 0  # the controller tried whether it listens
    try:
        yield int(controller.port)
    finally:
        controller.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
