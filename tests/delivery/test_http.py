"""One call to a partner: what it answered. What is known of the document where it behaves badly is tried for every way
out in `conformance`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.delivery.guard import AddressGuard
from gateway.delivery.http import MOST_OF_AN_ANSWER, HttpCaller
from tests.delivery.partner import (
    Behaviour,
    Partner,
    partner,
    says,
    says_a_gigabyte,
)

BEHAVIOURS: dict[str, Behaviour] = {
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
    assert (reply.status, reply.body, reply.is_whole) == (500, b"down", True)
    assert reply.headers["retry-after"] == "7"
    (request,) = there.requests
    assert (request.body, request.headers["content-type"]) == (b"<a/>", "text/xml")
    assert request.headers["host"] == f"127.0.0.1:{there.port}"


def test_a_redirect_is_not_followed(there: Partner, caller: HttpCaller) -> None:
    assert caller.post(there.url("/301"), {}, b"x", seconds=5).status == 301
    assert len(there.requests) == 1


def test_of_a_gigabyte_the_beginning_is_read(there: Partner, caller: HttpCaller) -> None:
    reply = caller.post(there.url("/gigabyte"), {}, b"x", seconds=20)
    assert (reply.status, len(reply.body), reply.is_whole) == (200, MOST_OF_AN_ANSWER, False)


def test_connections_are_kept_open_between_calls(there: Partner, caller: HttpCaller) -> None:
    for _ in range(5):
        assert caller.post(there.url("/ok"), {}, b"x", seconds=5).status == 200
    assert len(there._open) == 1
