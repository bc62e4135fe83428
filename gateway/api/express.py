"""The express door: an order that needs nothing but keeping, without Flask and without a thread of its own.

Nearly all that comes is `POST /v1/orders`. Where everything that is asked of it is at hand (a live key and the
account's terms, looked up a moment ago, a share of the rate), it is read and handed to intake's writer by the thread
that received it, which goes on receiving; the answer is written when the commit is through. So many orders cost few
changes of thread.

Everything else goes the usual way, and so does what is refused before it is kept: refusals have their words there.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Protocol
from wsgiref.handlers import format_date_time

from flask import Response

from gateway.api.access import closing_headers, note
from gateway.api.bodies import MEDIA_TYPES
from gateway.api.door import KEY_TEXT, Caller, Door, bearer
from gateway.api.orders import ORDERS_PATH, accepted_answer, answering, refuse_unkept
from gateway.api.problems import answer_to
from gateway.intake import Arrival, message_of
from gateway.store.arrivals import MOST, Kept, NewMessage
from gateway.store.intake import Keeping
from mappings.own_format import formats_of
from mappings.revision import MappingRevision

MAX_BYTES = 65_536
"""Larger bodies take a while to read, and nobody else is received meanwhile."""
_ID = "0" * 28
_DATE = "Thu, 01 Jan 1970 00:00:00 GMT"
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")

logger = logging.getLogger(__name__)


class Received(Protocol):
    """A request as waitress has received it, body and all."""

    command: str
    path: str
    query: str
    version: str
    url_scheme: str
    chunked: bool
    content_length: int
    headers: Mapping[str, str]
    """By name in capitals, with underscores."""

    def get_body_stream(self) -> Readable:
        """The body."""


class Readable(Protocol):
    """What can be read."""

    def read(self) -> bytes:
        """All of it that wasn't read yet."""

    def seek(self, at: int, /) -> object:
        """Have it read from there on."""


class Express:
    """One process's express door."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._receipts = door.services.store.receipts
        self._max_bytes = min(MAX_BYTES, door.services.limits.max_body_bytes)
        self._taken: deque[Keeping] = deque()
        self._accepted: dict[tuple[str, bool], bytes] = {}

    def take(self, request: Received, done: Callable[[ExpressAnswer], None]) -> bool:
        """Take the request in, to be kept with the next `submit`; `done` is called once, by another thread, when its
        answer is known. False where it goes the usual way: then nothing was done. Waits for nothing."""
        if request.path != ORDERS_PATH or request.command != "POST" or not _is_plain(request):
            return False
        if not 0 < request.content_length <= self._max_bytes:
            return False
        started = time.perf_counter()
        try:
            known = self._sender(request)
            received_at = None if known is None else self._receipts.at_hand()
            if known is None or received_at is None:
                return False
            caller, mapping = known
            answer = ExpressAnswer(self, caller, started)
            message = message_of(_arrival(request, caller, mapping), lambda: received_at)
            self._taken.append(Keeping(message, lambda keeping: self._kept(answer.of(keeping), done)))
        except Exception:  # the usual way meets it again, and has an answer for it
            logger.exception("not taken at the express door: a bug")
            request.get_body_stream().seek(0)  # it may have been read
            return False
        if len(self._taken) >= MOST:
            self.submit()
        return True

    def submit(self) -> None:
        """Have what was taken kept, all of it together: a commit for each would cost more than what it waits."""
        taken: list[Keeping] = []
        while self._taken:
            taken.append(self._taken.popleft())
        if taken:
            self._door.services.store.intake.begin(taken)

    def _kept(self, answer: ExpressAnswer, done: Callable[[ExpressAnswer], None]) -> None:
        """Called by intake's writer: have it answered, then ring for it."""
        done(answer)
        if answer.rings_in is not None:
            self._door.bell.ring(answer.rings_in)

    def _sender(self, request: Received) -> tuple[Caller, MappingRevision] | None:
        """Who sent it and in which terms, where that can be told without asking anybody. Its body is not read."""
        headers, door = request.headers, self._door
        sent_type = headers.get("CONTENT_TYPE", "")
        key = headers.get("IDEMPOTENCY_KEY")
        if sent_type not in MEDIA_TYPES or (key is not None and not KEY_TEXT.fullmatch(key)):
            return None
        caller = door.known_caller(bearer(headers.get("AUTHORIZATION", "")))
        mapping = door.known_mapping(caller.account_id) if caller else None
        if caller is None or mapping is None:
            return None
        account = mapping.account
        if not door.rate.is_at_hand(account.id, account.policies.order_rate_per_minute):
            return None
        return caller, mapping

    def answer(self, caller: Caller, keeping: Keeping, started: float) -> bytes:
        """The whole HTTP message for what became of it."""
        kept = keeping.kept
        if kept is not None and _is_plainly_accepted(kept, keeping.message):
            message, status = self._accepted_message(kept.message_id, kept.status, duplicate=kept.duplicate), 202
        else:
            response = self._response(caller, keeping)
            message, status = http_message(response), response.status_code
        note(self._door.metrics, "POST", ORDERS_PATH, status, time.perf_counter() - started, caller.key_id)
        return message

    def _response(self, caller: Caller, keeping: Keeping) -> Response:
        """What the usual way would answer."""
        try:
            kept = keeping.result()
            refuse_unkept(kept, keeping.message.unreadable)
            message_id, status = answering(self._door.services.store.messages, caller.account_id, kept)
            return accepted_answer(message_id, status, duplicate=kept.duplicate, children=kept.children)
        except Exception as failure:  # as the application does with whatever a route raises
            return answer_to(failure, posting=True)

    def _accepted_message(self, message_id: str, status: str, *, duplicate: bool) -> bytes:
        """202, of a pattern that the usual way made."""
        pattern = self._accepted.get((status, duplicate))
        if pattern is None:
            pattern = http_message(accepted_answer(_ID, status, duplicate=duplicate), _DATE)
            self._accepted[status, duplicate] = pattern
        return pattern.replace(_ID.encode(), message_id.encode()).replace(_DATE.encode(), _today(int(time.time())))


class ExpressAnswer:
    """An answer on its way: `is_ready` once it can be worded without asking anybody."""

    __slots__ = ("_caller", "_express", "_keeping", "_started")

    def __init__(self, express: Express, caller: Caller, started: float) -> None:
        self._express, self._caller, self._started = express, caller, started
        self._keeping: Keeping | None = None

    def of(self, keeping: Keeping) -> ExpressAnswer:
        """To what became of this message."""
        self._keeping = keeping
        return self

    @property
    def rings_in(self) -> int | None:
        """The lane in which something waits for a worker because of it."""
        keeping = self._keeping
        return keeping.message.lane if keeping and keeping.kept and keeping.kept.rings else None

    @property
    def is_ready(self) -> bool:
        """Whether `message` asks nobody."""
        keeping = self._keeping
        return keeping is not None and (keeping.kept is None or keeping.kept.status != "duplicate")

    def message(self) -> bytes:
        """The whole HTTP message."""
        if self._keeping is None:
            raise AssertionError("asked before it was done")
        return self._express.answer(self._caller, self._keeping, self._started)


def _is_plainly_accepted(kept: Kept, message: NewMessage) -> bool:
    """Whether the answer says nothing but the message's id and status."""
    return not (kept.key_conflict or kept.children or message.unreadable or kept.status == "duplicate")


def _arrival(request: Received, caller: Caller, mapping: MappingRevision) -> Arrival:
    return Arrival(
        account=mapping.account,
        test=caller.test,
        body=request.get_body_stream().read(),
        source="http",
        media_type=request.headers["CONTENT_TYPE"],
        idempotency_key=request.headers.get("IDEMPOTENCY_KEY"),
        formats=formats_of(mapping),
        revision=mapping.number,
    )


def _is_plain(request: Received) -> bool:
    """Nothing about the request needs more than keeping its body: no query, no coding, no connection to be closed."""
    headers = request.headers
    return (
        not request.query
        and request.version == "1.1"
        and request.url_scheme == "http"
        and not request.chunked
        and "CONTENT_ENCODING" not in headers
        and headers.get("CONNECTION", "keep-alive").lower() == "keep-alive"
        and _HOST.fullmatch(headers.get("HOST", "")) is not None
    )


def http_message(response: Response, date: str | None = None) -> bytes:
    """An answer as it goes over the wire, as the server would write it."""
    body = response.get_data()
    headers = [*response.headers.items(), *closing_headers(over_tls=False)]
    headers.append(("Date", date or format_date_time(time.time())))
    lines = [f"HTTP/1.1 {response.status}", *_sorted(headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _sorted(headers: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name}: {value}" for name, value in sorted(headers, key=lambda header: header[0])]


@lru_cache(maxsize=4)
def _today(second: int) -> bytes:
    """The Date header's value (RFC 9110 5.6.7)."""
    return format_date_time(second).encode()
