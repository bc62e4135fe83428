"""A partner's endpoint on loopback, as it behaves on a bad day: it answers, hangs, drips, resets, or says too much.

It notes every whole request that it got, so that a test can ask what the partner has.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

ANSWER = b"HTTP/1.1 %d %s\r\nContent-Length: %d\r\n%s\r\n%s"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, whole."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document_id(self) -> str:
        return self.headers.get("webhook-id") or self.headers.get("document-id", "")


def response(code: int, text: str = "So", said: str = "") -> bytes:
    """A cXML Response with its Status, as a partner writes it."""
    return (
        '<?xml version="1.0"?><!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.060/cXML.dtd">'
        f'<cXML payloadID="r" timestamp="2026-11-26T08:00:00+00:00"><Response><Status code="{code}" text="{text}">'
        f"{escape(said)}</Status></Response></cXML>"
    ).encode()


Behaviour = Callable[["Call"], None]


@dataclass(slots=True)
class Call:
    """A request as a behaviour sees it: it may read it, answer it, or do something else."""

    connection: socket.socket
    partner: Partner
    path: str
    headers: dict[str, str]
    rest: bytes
    keeps: bool = True
    whole: Request | None = None

    def take(self) -> Request:
        """The whole request, noted."""
        request = self.read()
        self.partner.note(request)
        return request

    def read(self) -> Request:
        """The whole request, of which nobody has taken note yet."""
        if self.whole is None:
            self.whole = self._read()
        return self.whole

    def _read(self) -> Request:
        length = int(self.headers.get("content-length", "0"))
        body = bytearray(self.rest)
        while len(body) < length:
            part = self.connection.recv(65_536)
            if not part:
                break
            body += part
        return Request(self.path, self.headers, bytes(body))

    def answer(self, status: int, body: bytes = b"", headers: str = "") -> None:
        told = headers.encode() + (b"\r\n" if headers else b"")
        self.connection.sendall(ANSWER % (status, b"So", len(body), told, body))

    def reset(self) -> None:
        """RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.keeps = False


def says(status: int, body: bytes = b"", headers: str = "") -> Behaviour:
    def behave(call: Call) -> None:
        call.take()
        call.answer(status, body, headers)

    return behave


def hangs(call: Call) -> None:
    """Takes the request and says nothing until it is let go."""
    call.take()
    call.partner.let_go.wait(60)
    call.keeps = False


def drips(call: Call) -> None:
    """A byte of its answer at a time, for ever."""
    call.take()
    try:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n" + b"X-Slow: 1\r\n" * 1000:
            call.connection.sendall(bytes([byte]))
            if call.partner.let_go.wait(call.partner.drip_seconds):
                break
    except OSError:
        pass
    call.keeps = False


def resets_at_once(call: Call) -> None:
    """Before it has read the request."""
    call.reset()


def resets_having_taken(call: Call) -> None:
    """The request is taken; its answer never comes."""
    call.take()
    call.reset()


def closes_having_taken(call: Call) -> None:
    """The same with an ordinary end."""
    call.take()
    call.keeps = False


def says_a_gigabyte(call: Call) -> None:
    """An answer that nobody would read to its end."""
    call.take()
    part = b"x" * 1_000_000
    try:
        call.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        for _ in range(1000):
            call.connection.sendall(part)
            call.partner.sent_bytes += len(part)
    except OSError:
        pass
    call.keeps = False


@dataclass
class Partner:
    """The server. `behaviours` by path; any other path is answered 200."""

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    drip_seconds: float = 0.05
    sent_bytes: int = 0
    let_go: threading.Event = field(default_factory=threading.Event)
    requests: list[Request] = field(default_factory=list)
    _noting: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listening.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/") -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}{path}"

    def note(self, request: Request) -> None:
        with self._noting:
            self.requests.append(request)

    def had(self) -> Counter[str]:
        """Document id → how often it came."""
        with self._noting:
            return Counter(one.document_id for one in self.requests)

    def close(self) -> None:
        self.let_go.set()
        with contextlib.suppress(OSError):  # it was closed before
            self._listening.shutdown(socket.SHUT_RDWR)  # which ends the accept that waits
        self._listening.close()
        for one in list(self._open):
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self._open.add(connection)
            while call := self._next(connection):
                self.behaviours.get(call.path, says(200))(call)
                if not call.keeps:
                    break
        except OSError:
            pass
        finally:
            self._open.discard(connection)
            connection.close()

    def _next(self, connection: socket.socket) -> Call | None:
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(65_536)
            if not part:
                return None
            head += part
        head, _, rest = head.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        named = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in named}
        return Call(connection, self, first.split()[1], headers, rest)


@contextmanager
def partner(behaviours: dict[str, Behaviour] | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Partner]:
    """A partner that ends with the block."""
    opened = Partner(behaviours or {}, tls)
    try:
        yield opened
    finally:
        opened.close()
