"""One call to a partner that behaves well or badly: what it answered, or what is known of the document."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gateway.delivery.guard import AddressGuard
from gateway.delivery.http import MOST_OF_AN_ANSWER, AnswerLost, HttpCaller, NotSent
from tests.delivery.partner import (
    Behaviour,
    Partner,
    closes_having_taken,
    drips,
    hangs,
    partner,
    resets_at_once,
    resets_having_taken,
    says,
    says_a_gigabyte,
)

BEHAVIOURS: dict[str, Behaviour] = {
    "/hangs": hangs,
    "/drips": drips,
    "/resets": resets_at_once,
    "/resets-late": resets_having_taken,
    "/closes": closes_having_taken,
    "/gigabyte": says_a_gigabyte,
    "/500": says(500, b"down", "Retry-After: 7"),
    "/301": says(301, b"", "Location: http://169.254.169.254/latest"),
}


@pytest.fixture
def there() -> Iterator[Partner]:
    with partner(BEHAVIOURS) as opened:
        yield opened


@pytest.fixture
def caller() -> Iterator[HttpCaller]:
    opened = HttpCaller(AddressGuard(["127.0.0.0/8"]))
    yield opened
    opened.close()


def test_a_reply_is_its_status_headers_and_body(there: Partner, caller: HttpCaller) -> None:
    reply = caller.post(there.url("/500"), {"Content-Type": "text/xml"}, b"<a/>", seconds=5)
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (500, b"down", "7")
    (request,) = there.requests
    assert (request.body, request.headers["content-type"]) == (b"<a/>", "text/xml")
    assert request.headers["host"] == f"127.0.0.1:{there.port}"


def test_a_redirect_is_not_followed(there: Partner, caller: HttpCaller) -> None:
    assert caller.post(there.url("/301"), {}, b"x", seconds=5).status == 301
    assert len(there.requests) == 1


@pytest.mark.parametrize("path", ["/hangs", "/drips"])
def test_the_whole_call_ends_at_its_deadline(there: Partner, caller: HttpCaller, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(AnswerLost, match=r"no answer within 0\.5 seconds"):
        caller.post(there.url(path), {}, b"x", seconds=0.5)
    assert 0.4 < time.monotonic() - started < 3


@pytest.mark.parametrize("path", ["/resets", "/resets-late", "/closes"])
def test_a_call_whose_answer_is_lost_may_have_arrived(there: Partner, caller: HttpCaller, path: str) -> None:
    with pytest.raises(AnswerLost):
        caller.post(there.url(path), {}, b"x", seconds=5)


def test_of_a_gigabyte_the_beginning_is_read(there: Partner, caller: HttpCaller) -> None:
    reply = caller.post(there.url("/gigabyte"), {}, b"x", seconds=20)
    assert (reply.status, len(reply.body)) == (200, MOST_OF_AN_ANSWER)
    assert there.sent_bytes < 100_000_000


def test_where_nobody_listens_nothing_was_sent(there: Partner, caller: HttpCaller) -> None:
    there.close()
    with pytest.raises(NotSent):
        caller.post(there.url("/"), {}, b"x", seconds=5)


def test_a_large_document_to_one_who_reads_nothing_ends_at_the_deadline(caller: HttpCaller) -> None:
    with partner({"/deaf": lambda call: call.partner.let_go.wait(30) and None}) as deaf:  # type: ignore[func-returns-value]
        started = time.monotonic()
        with pytest.raises(AnswerLost, match=r"no answer within 0\.5 seconds"):
            caller.post(deaf.url("/deaf"), {}, b"x" * 50_000_000, seconds=0.5)
        assert time.monotonic() - started < 3


def test_connections_are_kept_open_between_calls(there: Partner, caller: HttpCaller) -> None:
    for _ in range(5):
        assert caller.post(there.url("/ok"), {}, b"x", seconds=5).status == 200
    assert len(there._open) == 1
