"""Waitress, where it would answer by itself: what it refuses is refused in the application's own words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError, TransferEncodingNotImplemented
from waitress.task import ErrorTask


@runtime_checkable
class Refusing(Protocol):
    """An application that has words for requests which never reach it."""

    def refusal(self, status: int, reason: str) -> tuple[str, Sequence[tuple[str, str]], bytes]:
        """Status line, headers and body for a request refused by the server. `reason` is a few words."""


class Request(HTTPRequestParser):
    """A request that is no HTTP is bad input: 400, never a 5xx, and never a connection closed without a word."""

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except TransferEncodingNotImplemented as error:
            raise ParsingError("Transfer-Encoding can only be chunked") from error
        except ValueError as error:  # such as an address that is none, or a length of 5,000 digits
            raise ParsingError("The request line or Content-Length can't be read") from error


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
        self.status, headers, body = words.refusal(error.code, reason)
        self.response_headers = list(headers)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):
    """A connection. Its `server` has the application as `words`."""

    parser_class = Request
    error_task_class = RefusedTask
