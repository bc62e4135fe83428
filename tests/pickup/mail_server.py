"""A real IMAP server on loopback, with one mailbox in memory. Tests look into it as a person would, over IMAP."""

from __future__ import annotations

import asyncio
import imaplib
import re
import ssl
import threading
from argparse import Namespace
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import Any

from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, DictBackend, Login
from pymap.imap import IMAPServer
from pysasl.hashing import BuiltinHash

from tests.pickup.mails import raw

USER, PASSWORD = "orders@us.example", "sésame, ouvre-toi"


class MailServer:
    """In a thread of its own. `tls` is its certificate; `encrypted` whether it speaks TLS from the beginning, else it
    offers STARTTLS. `lacks` are capabilities that it hides, and doesn't have."""

    def __init__(
        self, tls: ssl.SSLContext | None = None, *, encrypted: bool = False, lacks: Sequence[str] = ()
    ) -> None:
        self._tls, self._encrypted, self._lacks = tls, encrypted, [one.encode() for one in lacks]
        self._sessions: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port: int = self._do(self._start())

    def _do(self, awaited: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(awaited, self._loop).result(10)

    async def _start(self) -> int:
        lacks = self._lacks

        class Lacking(Config):
            @property
            def login_capability(self) -> Sequence[bytes]:
                return [one for one in super().login_capability if one not in lacks]

        known = Namespace(
            host="127.0.0.1",
            port=0,
            debug=False,
            cert=None,
            key=None,
            tls=self._tls is not None and not self._encrypted,
            demo_data=False,
            demo_user=USER,
            demo_password=PASSWORD,
            passlib_cfg=None,
            proxy_protocol="noop",
        )
        config = Lacking.from_args(
            known,
            invalid_user_sleep=0.0,
            hash_context=BuiltinHash(rounds=1),
            ssl_context=self._tls or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        )
        config.apply_context()
        login = Login(config)
        await DictBackend._add_demo_user(config, login)
        answer = IMAPServer(login, config)

        async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._sessions.add(task)
            try:
                await answer(reader, writer, SocketInfo.get(writer, None, unique_id=b"test"))
            except ssl.SSLError:
                pass  # who doesn't trust us hangs up
            finally:
                self._sessions.discard(task)

        self._server = await asyncio.start_server(session, "127.0.0.1", 0, ssl=self._tls if self._encrypted else None)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        if self._loop.is_closed():
            return

        async def end() -> None:
            self._server.close()
            for one in list(self._sessions):
                one.cancel()
            if self._sessions:
                await asyncio.wait(self._sessions, timeout=5)
            await self._server.wait_closed()

        self._do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # --- as a person's mail program does -----------------------------------------------------------------------
    def _asked(self, ask: Callable[[imaplib.IMAP4], Any]) -> Any:
        if self._encrypted:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            client: imaplib.IMAP4 = imaplib.IMAP4_SSL("127.0.0.1", self.port, ssl_context=context, timeout=10)
        else:
            client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
            if self._tls is not None:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                client.starttls(context)
        with client:
            client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            return ask(client)

    def put(self, message: EmailMessage | bytes, folder: str = "INBOX", flags: str = "") -> None:
        """A mail comes. The folder's name is as IMAP has it (modified UTF-7)."""
        sent = message if isinstance(message, bytes) else raw(message)
        assert self._asked(lambda client: client.append(f'"{folder}"', flags, None, sent))[0] == "OK"

    def make(self, folder: str) -> None:
        assert self._asked(lambda client: client.create(f'"{folder}"'))[0] == "OK"

    def folders(self) -> list[str]:
        lines = self._asked(lambda client: client.list())[1]
        return sorted(line.decode().split(' "/" ')[1].strip('"') for line in lines if line)

    def mails(self, folder: str = "INBOX") -> list[bytes]:
        """The mails there that aren't marked as deleted, whole."""

        def ask(client: imaplib.IMAP4) -> list[bytes]:
            if client.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            numbers = client.search(None, "UNDELETED")[1][0].split()
            return [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in numbers]

        return list(self._asked(ask))

    def subjects(self, folder: str = "INBOX") -> list[str]:
        return [re.search(rb"(?im)^Subject: (.*?)\r?$", one)[1].decode() for one in self.mails(folder)]  # type: ignore[index]

    def delete(self, folder: str = "INBOX") -> None:
        """All mails there go."""

        def ask(client: imaplib.IMAP4) -> None:
            client.select(f'"{folder}"')
            client.store("1:*", "+FLAGS", "\\Deleted")
            client.expunge()

        self._asked(ask)
