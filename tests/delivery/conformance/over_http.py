"""What the partners over HTTP have in common: the days, told by their answers."""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from gateway.delivery.transport import Parcel
from tests.delivery.conformance.adapter import Adapter, Opened, Taken
from tests.delivery.conformance.days import FLOOD, NO_TEXT, WORDS, Day
from tests.delivery.conformance.wrong_sockets import WRONG_DAYS, wrong_server
from tests.delivery.partner import (
    Behaviour,
    Call,
    Partner,
    Request,
    closes_having_taken,
    drips,
    hangs,
    resets_having_taken,
)

IN_ONE_BREATH = "the document goes with the request: there is no moment between them"
SPEAKS_SECOND = "over HTTP the partner speaks second: what it says is its answer"


class OverHttp(Adapter, ABC):
    """Subclasses say who is let in, and how their protocol says yes and no."""

    inapplicable: ClassVar[Mapping[str, str]] = {Day.FLOODS: SPEAKS_SECOND, Day.CLOSES_BEFORE: IN_ONE_BREATH}
    outcomes: ClassVar[Mapping[Day, str]] = {
        # something was sent, and a system keeps it for whoever reads it later
        Day.RESETS_AT_ONCE: "failed|unknown",
        Day.SILENT: "unknown",
        Day.DRIPS: "unknown",
        # the status is known, whatever becomes of the rest
        Day.FLOODS_ANSWER: "delivered",
        Day.HALF_ANSWER: "delivered",
    }
    path = "/edi"

    def tls(self) -> ssl.SSLContext | None:
        """How the server is secured; None: not at all."""
        return None

    @abstractmethod
    def lets_in(self, request: Request) -> bool:
        """Whether the request brings what lets us in."""

    @abstractmethod
    def further_terms(self) -> dict[str, Any]:
        """What stands beside the URL."""

    def says(self, day: Day, said: bytes = b"") -> tuple[int, bytes]:
        """(status, body) of the answer by which the partner says so."""
        statuses = {Day.REJECTS: 422, Day.BUSY: 503, Day.SHUT: 401, Day.ECHOES: 500, Day.ODD: 500}
        return statuses.get(day, 200), said

    def told(self, request: Request) -> bytes:
        """What a partner that repeats everything says."""
        return repr(request.headers).encode() + request.body

    def taken_of(self, request: Request) -> Taken:
        return Taken(request.document_id, request.body)

    def identity(self, parcel: Parcel) -> str:
        return parcel.document_id

    @contextmanager
    def listening(self, day: Day, folder: Path) -> Iterator[Opened]:
        if day in WRONG_DAYS:
            with wrong_server(day) as server:
                yield self._opened(server.port, connections=lambda: server.connections)
            return
        there = _Counting(
            {self.path: _deaf if day is Day.DEAF else self._at_the_door(self._behaviour(day))},
            self.tls(),
            drip_seconds=0.02,
        )
        try:
            yield self._opened(
                there.port,
                taken=lambda: [self.taken_of(one) for one in there.requests],
                connections=lambda: there.connections,
                flooded=lambda: there.sent_bytes,
            )
        finally:
            there.close()

    def _opened(self, port: int, **known: Any) -> Opened:
        scheme = "https" if self.tls() else "http"
        return Opened({self.way: f"{scheme}://127.0.0.1:{port}{self.path}", **self.further_terms()}, **known)

    def _at_the_door(self, behaviour: Behaviour) -> Behaviour:
        """Whoever isn't let in is told so, and what it brought is put aside by nobody."""

        def behave(call: Call) -> None:
            request = call.read()
            if self.lets_in(request):
                behaviour(call)
            else:
                call.answer(*self.says(Day.SHUT, b"who are you?"))

        return behave

    def _behaviour(self, day: Day) -> Behaviour:
        def answers(call: Call) -> None:
            request = call.read()
            if day is Day.WELL:
                call.take()
            said = {Day.ECHOES: self.told(request), Day.ODD: NO_TEXT, Day.WELL: b""}.get(day, WORDS.encode())
            call.answer(*self.says(day, said))

        special: dict[Day, Behaviour] = {
            Day.HANGS: hangs,
            Day.RESETS: resets_having_taken,
            Day.CLOSES: closes_having_taken,
            Day.DRIPS_ANSWER: drips,
            Day.HALF_ANSWER: self._says_half,
            Day.FLOODS_ANSWER: self._floods,
            Day.HANGS_AFTER: self._hangs_after,
        }
        return special.get(day, answers)

    def _says_half(self, call: Call) -> None:
        """The whole head, and half of what it says there is behind it."""
        call.take()
        status, body = self.says(Day.WELL)
        head = b"HTTP/1.1 %d So\r\nContent-Length: %d\r\n\r\n" % (status, len(body) or 2)
        call.connection.sendall(head + body[: len(body) // 2])
        call.keeps = False

    def _floods(self, call: Call) -> None:
        call.take()
        part = b" " * 1_000_000
        call.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % FLOOD)
        while call.partner.sent_bytes < FLOOD and not call.partner.let_go.is_set():
            call.connection.sendall(part)
            call.partner.sent_bytes += len(part)
        call.keeps = False

    def _hangs_after(self, call: Call) -> None:
        call.take()
        status, body = self.says(Day.WELL)
        chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
        call.connection.sendall(b"HTTP/1.1 %d So\r\nTransfer-Encoding: chunked\r\n\r\n%s" % (status, chunk))
        call.partner.let_go.wait(60)
        call.keeps = False


def _deaf(call: Call) -> None:
    """Reads the head, which it must, and nothing behind it."""
    call.partner.let_go.wait(60)
    call.keeps = False


class _Counting(Partner):
    """Counts who connects."""

    connections = 0

    def _serve(self, connection: Any) -> None:
        self.connections += 1
        super()._serve(connection)
