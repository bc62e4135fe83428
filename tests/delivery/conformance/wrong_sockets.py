"""Servers that don't even begin to speak their protocol."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.delivery.conformance.days import FLOOD, Day

_PART = 1_000_000


@dataclass
class WrongServer:
    """Does the same with each connection."""

    behave: Callable[[WrongServer, socket.socket], None]
    host: str = "127.0.0.1"
    sent_bytes: int = 0
    connections: int = 0
    let_go: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listening = socket.create_server((self.host, 0), backlog=64)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.let_go.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.behave(self, connection)


def silent(server: WrongServer, connection: socket.socket) -> None:
    server.let_go.wait(60)


def resets(server: WrongServer, connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drips(server: WrongServer, connection: socket.socket) -> None:
    while not server.let_go.wait(0.05):
        connection.sendall(b"2")


def floods_with(line: bytes) -> Callable[[WrongServer, socket.socket], None]:
    part = line * (_PART // len(line))

    def behave(server: WrongServer, connection: socket.socket) -> None:
        while server.sent_bytes < FLOOD and not server.let_go.is_set():
            connection.sendall(part)
            server.sent_bytes += len(part)

    return behave


@contextmanager
def wrong_server(day: Day, flood: bytes = b"", host: str = "127.0.0.1") -> Iterator[WrongServer]:
    """A server that ends with the block; on a day on which nobody listens it has ended before."""
    behaviours = {
        Day.AWAY: silent,
        Day.SILENT: silent,
        Day.RESETS_AT_ONCE: resets,
        Day.DRIPS: drips,
        Day.FLOODS: floods_with(flood or b"x"),
    }
    server = WrongServer(behaviours[day], host)
    if day is Day.AWAY:
        server.close()
    try:
        yield server
    finally:
        server.close()


WRONG_DAYS = frozenset((Day.AWAY, Day.SILENT, Day.RESETS_AT_ONCE, Day.DRIPS, Day.FLOODS))
"""Days that need no server of the protocol."""
