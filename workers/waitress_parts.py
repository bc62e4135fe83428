"""Waitress, where it is not enough: what it refuses is refused in the application's own words, and what the application
takes at once is received and answered by the server's loop, without a thread that waits for it.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError, TransferEncodingNotImplemented
from waitress.task import ErrorTask, ThreadedTaskDispatcher


@runtime_checkable
class Refusing(Protocol):
    """An application that has words for requests which never reach it."""

    def refusal(self, status: int, reason: str, path: str = "") -> tuple[str, Sequence[tuple[str, str]], bytes]:
        """Status line, headers and body for a request refused by the server. `reason` is a few words; `path` the
        address that it was for, where that could be read."""


class Answer(Protocol):
    """What a request that was taken at once is answered."""

    @property
    def is_ready(self) -> bool:
        """Whether `message` waits for nothing."""

    def message(self) -> bytes:
        """The whole HTTP message."""


logger = logging.getLogger(__name__)

_HTTPChannel: Any = HTTPChannel
"""Its types leave out what is used here."""


class Taking(Protocol):
    """What may take a request as soon as it is received."""

    def take(self, request: Any, done: Callable[[Any], None]) -> bool:
        """True: taken, and `done` is called once with its `Answer`, by another thread. Waits for nothing."""

    def submit(self) -> None:
        """Go on with what was taken. Called by the loop, each time round."""


_SPOKEN = frozenset(("1.0", "1.1"))
_HOST = re.compile(r"[A-Za-z0-9._~%!$&'()*+;=:\[\]-]*")
"""One host (RFC 3986 3.2.2). Two headers come joined by a comma, which no name of a host has."""


class Request(HTTPRequestParser):
    """A request that is no HTTP is bad input: 400, and never a connection closed without a word. Of the 5xx it can have
    one: 505 for a version that isn't spoken here."""

    speaks_otherwise = False
    """Its version of HTTP is another than 1.0 and 1.1."""

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except TransferEncodingNotImplemented as error:
            raise ParsingError("Transfer-Encoding can only be chunked") from error
        except ValueError as error:  # such as an address that is none, or a length of 5,000 digits
            raise ParsingError("The request line or Content-Length can't be read") from error
        if self.chunked and "CONTENT_LENGTH" in self.headers:  # whoever stands between may believe the length instead
            raise ParsingError("Transfer-Encoding and Content-Length can't both be given")
        self._refuse_other_version()
        self._refuse_unclear_host()

    def _refuse_other_version(self) -> None:
        """RFC 9112 2.3. Without a version it is no request line (section 3)."""
        if self.version in _SPOKEN:
            return
        self.speaks_otherwise = bool(self.version)
        raise ParsingError("HTTP/1.0 and HTTP/1.1 are spoken here; the request line must end in one of them")

    def _refuse_unclear_host(self) -> None:
        """RFC 9112 3.2: whoever stands between may take another host for the one that is meant."""
        host = self.headers.get("HOST")
        if host is None and self.version == "1.1":
            raise ParsingError("A request of HTTP/1.1 must have a Host header")
        if host is not None and not _HOST.fullmatch(host):
            raise ParsingError("There must be one Host header, with the name of one host")


class RefusedTask(ErrorTask):
    """The answer to a request that the server refused."""

    def execute(self) -> None:
        server: Any = self.channel.server
        request: Any = self.request
        words, error = server.words, request.error
        if not isinstance(words, Refusing):
            super().execute()
            return
        reason = error.body.partition(' "')[0]  # waitress quotes the line, which may be the one with the key
        code = 505 if request.speaks_otherwise else error.code
        self.status, headers, body = words.refusal(code, reason, getattr(request, "path", ""))
        self.response_headers = list(headers)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(_HTTPChannel):  # type: ignore[misc]
    """A connection. Its `server` has the application as `words`, and the `Finished` of what it took at once."""

    parser_class = Request
    error_task_class = RefusedTask
    unworded: Answer | None = None
    """The answer to the first request, where a thread has to word it."""

    def is_taken(self) -> bool:
        """Give the first request to whoever takes it at once; False where it needs a thread."""
        request: Any = self.requests[0]
        if self.server.is_ending:  # whoever sends more is told to do so elsewhere
            request.headers["CONNECTION"] = "close"
            return False
        finished: Finished | None = self.server.finished
        if finished is None or request.error is not None or self.unworded is not None:
            return False
        return finished.taking.take(request, lambda answer: finished.add(self, answer))

    def is_idle(self) -> bool:
        """Nothing is received, worked on or to be sent."""
        return not (self.requests or self.request or self.total_outbufs_len)

    def answer(self, answer: Answer) -> None:
        """Answer the first request, which was taken at once. Called by the server's loop."""
        if answer.is_ready:
            self._finish(answer.message())
        elif self.requests:
            self.unworded = answer
            self.server.add_task(self)

    def service(self) -> None:
        """Called by a thread of the server's."""
        if self.unworded is None:
            super().service()
            return
        answer, self.unworded = self.unworded, None
        self._finish(answer.message())
        self.server.pull_trigger()

    def _flush_some(self, do_close: bool = True) -> bool:  # waitress calls it so
        """One thread at a time: the loop flushes without a lock what a thread that asks for the next request's body is
        flushing as well, and the client would get an answer twice."""
        with self.outbuf_lock:
            return bool(super()._flush_some(do_close))

    def _finish(self, message: bytes) -> None:
        """Send the answer to the first request, and go on to the next one."""
        with self.requests_lock:
            if not self.requests:  # the connection was given up meanwhile
                return
            self.requests.pop(0).close()
            if self.connected:
                self._send(message)
            if self.connected and self.requests:
                self.server.add_task(self)
            elif self.connected and self.request is not None and self._is_waited_for():
                self.send_continue()
        self.last_activity = time.time()

    def _is_waited_for(self) -> bool:
        """Whether the next request's body comes only once it is asked for."""
        return bool(self.request.expect_continue and self.request.headers_finished and not self.sent_continue)

    def _send(self, message: bytes) -> None:
        """At once as far as the socket takes it; the loop sends the rest."""
        with self.outbuf_lock:
            if not self.total_outbufs_len:
                sent, _ = self._flush_exception(partial(self.send, message), do_close=False)
                message = message[sent or 0 :]
            if message:
                self.outbufs[-1].append(message)
                self.total_outbufs_len += len(message)
                self.current_outbuf_count += len(message)


class Finished:
    """Answers to what was taken at once, on their way to the server's loop."""

    def __init__(self, server: Any, taking: Taking) -> None:
        self.taking = taking
        self._server = server
        self._answers: deque[tuple[Channel, Answer]] = deque()
        self._is_loop_woken = False

    def add(self, channel: Channel, answer: Answer) -> None:
        """From any thread."""
        self._answers.append((channel, answer))
        if not self._is_loop_woken:
            self._is_loop_woken = True
            with contextlib.suppress(OSError, IndexError):  # the server has ended
                self._server.pull_trigger()

    def turn(self) -> None:
        """Go on with what was taken, and send the answers that there are. Called by the loop, each time round."""
        self.taking.submit()
        self._is_loop_woken = False
        while self._answers:
            channel, answer = self._answers.popleft()
            try:
                channel.answer(answer)
            except Exception:  # the connections of others must not break with this one
                logger.exception("an answer could not be written: a bug")
                channel.will_close = True
        self.taking.submit()  # what had come behind a request that is answered now


class Dispatcher(ThreadedTaskDispatcher):
    """Gives a thread to what is not taken at once."""

    def add_task(self, task: Any) -> None:
        if not (isinstance(task, Channel) and task.is_taken()):
            super().add_task(task)
