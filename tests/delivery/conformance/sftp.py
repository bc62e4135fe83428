"""SFTP: the partner is a folder, and a document is there once it has its name."""

from __future__ import annotations

import asyncio
import functools
import socket
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import asyncssh

from gateway.delivery.transport import Parcel
from tests.delivery.conformance.adapter import Adapter, Opened, Taken, Unusable
from tests.delivery.conformance.days import FLOOD, NO_TEXT, WORDS, Day
from tests.delivery.conformance.wrong_sockets import WRONG_DAYS, wrong_server
from tests.delivery.sftp_server import OURS, PASSWORD, PINNED, STRANGER, Server

_PART = 100_000


class _OverSftp(Adapter):
    way = "sftp"
    inapplicable: ClassVar[Mapping[str, str]] = {
        Day.REJECTS: "SFTP has no word for never: SSH_FX_FAILURE is said of a full disk as of a bad document"
    }
    outcomes: ClassVar[Mapping[Day, str]] = {Day.DEAF: "failed"}  # it hasn't its name yet
    seconds = 2.0
    """Long enough for an SSH handshake on a busy machine."""
    login = "key"

    def identity(self, parcel: Parcel) -> str:
        return f"in/{parcel.filename}"

    @contextmanager
    def listening(self, day: Day, folder: Path) -> Iterator[Opened]:
        if day in WRONG_DAYS:
            with wrong_server(day, b"welcome, whoever you are\r\n") as server:
                yield self._opened(
                    server.port, connections=lambda: server.connections, flooded=lambda: server.sent_bytes
                )
            return
        (folder / "in").mkdir(exist_ok=True)
        moment = _Moments()
        opened = Server(folder, **moment.of(day), **self._refusals(day))
        try:
            yield self._opened(
                opened.port,
                taken=lambda: [Taken(*one) for one in opened.files().items()],
                connections=lambda: opened.connections,
                flooded=lambda: moment.sent_bytes,
            )
        finally:
            opened.close()

    def _opened(self, port: int, **known: Any) -> Opened:
        terms = {"sftp": f"sftp://us@127.0.0.1:{port}/in", "host_key": PINNED, self.login: "KEY"}
        return Opened(terms, **known)

    def _refusals(self, day: Day) -> dict[str, Exception]:
        said: dict[Day, str | bytes] = {Day.BUSY: WORDS, Day.ECHOES: f"hello, {PASSWORD}", Day.ODD: NO_TEXT}
        return {"open": asyncssh.SFTPFailure(said[day])} if day in said else {}  # type: ignore[arg-type]


class SftpKey(_OverSftp):
    name = "sftp, key"
    inapplicable: ClassVar[Mapping[str, str]] = {
        **_OverSftp.inapplicable,
        Day.ECHOES: "the key signs and doesn't travel",
    }

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"KEY": OURS.export_private_key().decode()}

    @property
    def wrong_secrets(self) -> Mapping[str, str]:
        return {"KEY": STRANGER.export_private_key().decode()}

    @property
    def unusable(self) -> Sequence[Unusable]:
        broken = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n-----END OPENSSH PRIVATE KEY-----\n"
        return [
            *(Unusable(one, "canary") for one in ("canary", "canary\udcff", broken)),
            Unusable(_locked(), _locked()[100:140]),
        ]

    def canaries(self) -> Iterable[str]:
        return [line for line in self.secrets["KEY"].splitlines() if len(line) > 20 and "-----" not in line]


class SftpPassword(_OverSftp):
    name = "sftp, password"
    login = "password"

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"KEY": PASSWORD}

    @property
    def wrong_secrets(self) -> Mapping[str, str]:
        return {"KEY": "resté fermé"}

    @property
    def unusable(self) -> Sequence[Unusable]:
        return [Unusable("canary\udcff", "canary")]


@functools.cache
def _locked() -> str:
    """The key with a password, which nobody can give it."""
    return OURS.export_private_key("pkcs8-pem", passphrase="sesame").decode()


class _Moments:
    """What the server does before a file is opened, and when it has its name."""

    def __init__(self) -> None:
        self.sent_bytes = 0

    def of(self, day: Day) -> dict[str, Callable[[Any], Any]]:
        before = {Day.CLOSES_BEFORE: self.abort, Day.DEAF: self.hear_nothing}
        after = {
            Day.HANGS: self.hang,
            Day.DRIPS_ANSWER: self.drip,
            Day.RESETS: self.reset,
            Day.CLOSES: self.abort,
            Day.HALF_ANSWER: self.say_half,
            Day.FLOODS_ANSWER: self.flood,
            Day.HANGS_AFTER: self.hear_nothing,
        }
        moments = {"before_open": before.get(day), "after_rename": after.get(day)}
        return {name: one for name, one in moments.items() if one is not None}

    async def abort(self, channel: Any) -> None:
        channel.get_connection().abort()

    async def reset(self, channel: Any) -> None:
        connected = channel.get_connection().get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        channel.get_connection().abort()

    async def hear_nothing(self, channel: Any) -> None:
        """From now on, though it still says what it has to say."""
        channel.get_connection()._transport.pause_reading()

    async def hang(self, channel: Any) -> None:
        await asyncio.Event().wait()

    async def drip(self, channel: Any) -> None:
        while True:
            channel.get_connection().send_debug("wait")
            await asyncio.sleep(0.05)

    async def say_half(self, channel: Any) -> None:
        """The length of an answer, and less than that of it."""
        channel.write((50).to_bytes(4, "big") + b"\x65\0\0")
        await asyncio.sleep(0)
        channel.get_connection().close()

    async def flood(self, channel: Any) -> None:
        """An answer that is longer than any of the protocol."""
        channel.write((0xFFFFFFFF).to_bytes(4, "big"))
        while self.sent_bytes < FLOOD and not channel.is_closing():
            channel.write(b"x" * _PART)
            self.sent_bytes += _PART
            await asyncio.sleep(0.01)
