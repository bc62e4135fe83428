"""The web process: waitress on a socket that may be handed down, so that a web process that is replaced refuses nobody.

On SIGTERM it takes no more connections, answers what it has, and ends.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

import waitress.server

from workers.waitress_parts import Channel, Dispatcher, Finished, Taking

_BACKLOG = 1024
_SEND_BYTES = 18_000
"""Waitress spins on writable sockets below this: 1.4 × at 16 connections, 3 × at 32 (measured)."""
_LOOP_SECONDS = 0.5
_DRAIN_SECONDS = 8.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebLimits:
    """What the server holds at most."""

    threads: int
    connections: int
    max_body_bytes: int
    busy_seconds: float = 6.0
    """How long all threads may be busy before the heartbeat stops: longer than they wait for a locked database."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError where the address is taken or isn't ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=host == "::")


def address_of(listening: socket.socket) -> str:
    """`http://host:port` at which this machine reaches the socket."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    application: WSGIApplication,
    listening: socket.socket,
    limits: WebLimits,
    beat: Callable[[], None],
    stop: threading.Event,
    on_stop: Callable[[Callable[[], None]], None] = lambda _: None,
) -> None:
    """Answer requests until `stop` is set. `on_stop` is given a function that wakes the loop, for a signal handler."""
    server = _server(application, listening, limits)
    on_stop(lambda: _wake(server))
    threads = _Threads(server.task_dispatcher, limits.busy_seconds)
    while not stop.is_set():
        _turn(server, _LOOP_SECONDS)
        if threads.come_free():
            beat()
    _finish(server, beat)


def _turn(server: Any, seconds: float) -> None:
    """Once round: receive and send what can be, waiting so long for the first of it."""
    server.asyncore.loop(timeout=seconds, map=server._map, use_poll=True, count=1)
    if server.finished is not None:
        server.finished.turn()


def _server(application: WSGIApplication, listening: socket.socket, limits: WebLimits) -> Any:
    dispatcher = Dispatcher()
    dispatcher.set_thread_count(limits.threads)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="send_bytes", category=DeprecationWarning)
        server: Any = waitress.server.create_server(
            application,
            _dispatcher=dispatcher,
            sockets=[listening],
            threads=limits.threads,
            connection_limit=limits.connections,
            backlog=_BACKLOG,
            send_bytes=_SEND_BYTES,
            # The application answers 413 in the API's own words; this only bounds what is buffered for it.
            max_request_body_size=4 * limits.max_body_bytes,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=True,
            ident="",
            expose_tracebacks=False,
        )
    server.channel_class = Channel
    server.words = application
    server.is_ending = False
    express: Taking | None = getattr(application, "express", None)
    server.finished = None if express is None else Finished(server, express)
    return server


def _wake(server: Any) -> None:
    """End the loop's wait; after its end there is nothing to wake."""
    with contextlib.suppress(OSError):
        if not server.trigger._closed:
            server.pull_trigger()


def _finish(server: Any, beat: Callable[[], None]) -> None:
    server.accepting = False
    server.is_ending = True
    server.del_channel(server._map)
    deadline = time.monotonic() + _DRAIN_SECONDS
    while _is_answering(server) and time.monotonic() < deadline:
        _turn(server, 0.05)
        for channel in list(server.active_channels.values()):
            channel.will_close = channel.will_close or channel.is_idle()
        beat()
    server.task_dispatcher.shutdown(timeout=1)
    server.asyncore.close_all(server._map, ignore_all=True)


def _is_answering(server: Any) -> bool:
    return any(channel.requests or channel.total_outbufs_len for channel in list(server.active_channels.values()))


class _Threads:
    """Whether a thread of the server still comes free. A server whose threads all hang must not go on beating.

    A task like a request's, but the next one to be taken: a queue of requests that get on says nothing against them.
    """

    def __init__(self, dispatcher: Any, busy_seconds: float) -> None:
        self._dispatcher = dispatcher
        self._busy_seconds = busy_seconds
        self._last_free = time.monotonic()
        self._is_asked = False

    def come_free(self) -> bool:
        now = time.monotonic()
        if not self._is_asked and now - self._last_free >= _LOOP_SECONDS:
            self._is_asked = True
            with self._dispatcher.lock:
                self._dispatcher.queue.appendleft(self)
                self._dispatcher.queue_cv.notify()
        return now - self._last_free < self._busy_seconds

    def service(self) -> None:
        """Called by the first thread that is free."""
        self._last_free = time.monotonic()
        self._is_asked = False

    def cancel(self) -> None:
        """Called at the end, where no thread came."""
