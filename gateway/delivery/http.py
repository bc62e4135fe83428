"""One call to a partner's HTTP endpoint: to an address that was looked at, under one deadline, with a bounded answer.

Redirects are not followed. Where a call fails it is told apart whether the partner can have got the document: a
connection that was never made sends nothing, and an answer that was lost may follow on a document that arrived.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpcore

from gateway.delivery.guard import AddressGuard, AddressRefused, HostUnknown

MOST_OF_AN_ANSWER = 65_536
"""Bytes of an answer that are read: beyond them nothing is that a partner has to say of a document."""
_CONNECTIONS = 1_024
"""More than there may be calls at once (`delivery_threads`): none waits for another's connection."""
_KEPT_OPEN = 64
_IDLE_SECONDS = 20.0
_SAID = 300
"""Characters that are kept of an error: it may repeat what the partner sent."""

Connect = Callable[..., httpcore.NetworkStream]


class NotSent(Exception):
    """The partner can't have got it: nothing was sent."""


class AnswerLost(Exception):
    """Something was sent, and no whole answer came: whether the partner has it isn't known."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the partner answered. Header names are small; a body beyond MOST_OF_AN_ANSWER is cut."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = True
    """Whether it came to its end."""


class _Clock(threading.local):
    """When the call that this thread makes must be over, by the monotonic clock."""

    ends: float = 0.0
    has_sent: bool = False

    def left(self, asked: float | None) -> float:
        """Seconds for the next step. Raises nothing: a step that has none left times out at once."""
        left = max(0.001, self.ends - time.monotonic())
        return left if asked is None else min(asked, left)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends with the deadline of the call that uses it at the time."""

    def __init__(self, stream: httpcore.NetworkStream, clock: _Clock) -> None:
        self._stream, self._clock = stream, clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._clock.is_over:
            raise httpcore.ReadTimeout("the whole call took too long")
        return self._stream.read(max_bytes, self._clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """In parts: each may take no longer than what is left."""
        view = memoryview(buffer)
        for start in range(0, len(view), _PART):
            if self._clock.is_over:
                raise httpcore.WriteTimeout("the whole call took too long")
            self._clock.has_sent = True
            self._stream.write(bytes(view[start : start + _PART]), self._clock.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._clock.left(timeout))
        return _Stream(secured, self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


_PART = 65_536


class _Backend(httpcore.NetworkBackend):
    """Connects to addresses that the guard has looked at, and to no other."""

    def __init__(self, guard: AddressGuard, clock: _Clock, connect: Connect) -> None:
        self._guard, self._clock, self._connect = guard, clock, connect

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._guard.addresses(host, port, self._clock.left(timeout))
        for number, address in enumerate(addresses, 1):
            left = self._clock.left(timeout)
            try:
                stream = self._connect(address, port, timeout=left / (len(addresses) - number + 1))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
            else:
                return _Stream(stream, self._clock)
        raise httpcore.ConnectError(f"{host} has no address")


class HttpCaller:
    """Posts documents. Connections are kept open between calls to the same endpoint. Safe between threads."""

    def __init__(self, guard: AddressGuard, connect: Connect | None = None) -> None:
        self._guard = guard
        self._connect = connect or httpcore.SyncBackend().connect_tcp
        self._clock = _Clock()
        self._pools: dict[ssl.SSLContext | None, httpcore.ConnectionPool] = {}
        self._opening = threading.Lock()

    def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        seconds: float,
        context: ssl.SSLContext | None = None,
    ) -> Reply:
        """The partner's answer, within so many seconds from now to the answer's last byte. `context`: whom TLS trusts
        and which certificate is shown; by default the system's authorities, and none.

        Raises NotSent and AnswerLost; of an answer that is too long or breaks off behind its headers, the part that
        came is the answer's.
        """
        self._clock.ends, self._clock.has_sent = time.monotonic() + seconds, False
        try:
            return self._post(url, headers, body, context)
        except (AddressRefused, HostUnknown) as refused:
            raise NotSent(str(refused)) from None
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            said = str(error) or type(error).__name__
            if self._clock.has_sent and not isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout):
                raise AnswerLost(_in_words(error, said, seconds)) from None
            raise NotSent(_in_words(error, said, seconds)) from None

    def close(self) -> None:
        """Give back the connections."""
        for pool in self._pools.values():
            pool.close()

    def _post(self, url: str, headers: Mapping[str, str], body: bytes, context: ssl.SSLContext | None) -> Reply:
        host = urlsplit(url).netloc.rpartition("@")[2]
        sent = [("Host", host), ("Content-Length", str(len(body))), *headers.items()]
        with self._pool(context).stream("POST", url, headers=sent, content=body) as response:
            known = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Reply(response.status, known, *self._beginning(response))

    @staticmethod
    def _beginning(response: httpcore.Response) -> tuple[bytes, bool]:
        """The first bytes of the answer, and whether they are all: its status is known already, whatever becomes of
        the rest."""
        found = bytearray()
        try:
            for part in response.iter_stream():
                found += part
                if len(found) > MOST_OF_AN_ANSWER:
                    return bytes(found[:MOST_OF_AN_ANSWER]), False
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
            return bytes(found), False
        return bytes(found), True

    def _pool(self, context: ssl.SSLContext | None) -> httpcore.ConnectionPool:
        with self._opening:
            if context not in self._pools:
                self._pools[context] = httpcore.ConnectionPool(
                    ssl_context=context or ssl.create_default_context(),
                    max_connections=_CONNECTIONS,
                    max_keepalive_connections=_KEPT_OPEN,
                    keepalive_expiry=_IDLE_SECONDS,
                    network_backend=_Backend(self._guard, self._clock, self._connect),
                )
            return self._pools[context]


def _in_words(error: Exception, said: str, seconds: float) -> str:
    if isinstance(error, httpcore.TimeoutException):
        return f"no answer within {seconds:g} seconds"
    if isinstance(error, httpcore.RemoteProtocolError):
        return f"the connection ended without a whole answer ({said[:_SAID]})"
    return said[:_SAID]
