"""The web process: waitress on a socket that may be handed down, so that a web process that is replaced refuses nobody.

On SIGTERM it takes no more connections, answers what it has, and ends.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

import waitress.server

_BACKLOG = 1024
_SEND_BYTES = 18_000
"""Waitress spins on writable sockets below this: 1.4 × at 16 connections, 3 × at 32 (measured)."""
_LOOP_SECONDS = 1.0
_SELF_TEST_SECONDS = 5.0
_SELF_TEST_SILENCE = 60.0
_DRAIN_SECONDS = 8.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebLimits:
    """What the server holds at most."""

    threads: int
    connections: int
    max_body_bytes: int


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
    on_stop(server.pull_trigger)
    with _self_test(listening, stop) as works:
        while not stop.is_set():
            server.asyncore.loop(timeout=_LOOP_SECONDS, map=server._map, use_poll=True, count=1)
            if works():
                beat()
    _finish(server, beat)


def _server(application: WSGIApplication, listening: socket.socket, limits: WebLimits) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="send_bytes", category=DeprecationWarning)
        return waitress.server.create_server(
            application,
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


def _finish(server: Any, beat: Callable[[], None]) -> None:
    server.accepting = False
    server.del_channel(server._map)
    deadline = time.monotonic() + _DRAIN_SECONDS
    while _is_answering(server) and time.monotonic() < deadline:
        server.asyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)
        beat()
    server.task_dispatcher.shutdown(timeout=1)
    server.asyncore.close_all(server._map, ignore_all=True)


def _is_answering(server: Any) -> bool:
    return any(channel.requests or channel.total_outbufs_len for channel in list(server.active_channels.values()))


@contextlib.contextmanager
def _self_test(listening: socket.socket, stop: threading.Event) -> Iterator[Callable[[], bool]]:
    """Ask our own /healthz now and then: a server whose threads all hang must not go on beating for ever."""
    host, port = address_of(listening).removeprefix("http://").rsplit(":", 1)
    last_answer = time.monotonic()

    def ask() -> None:
        nonlocal last_answer
        while not stop.wait(_SELF_TEST_SECONDS):
            if _is_healthy(host, int(port)):
                last_answer = time.monotonic()

    threading.Thread(target=ask, name="self-test", daemon=True).start()
    yield lambda: time.monotonic() - last_answer < _SELF_TEST_SILENCE


def _is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host.strip("[]"), port, timeout=_SELF_TEST_SILENCE / 2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
