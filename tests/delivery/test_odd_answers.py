"""Answers and addresses that nobody would write on purpose: each is a result, and none of them a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.delivery import TRANSPORTS
from gateway.delivery.guard import AddressGuard
from gateway.delivery.http import HttpCaller
from gateway.delivery.transport import Means, Result
from gateway.named_secrets import NamedSecrets
from mappings.transports import BadTerms
from tests.delivery.partner import Behaviour, Call, partner
from tests.delivery.test_over_http import CXML, SECRETS, parcel

NOTHING = b"Content-Length: 0\r\n\r\n"
ANSWERS: dict[str, tuple[bytes, str]] = {
    "a NUL in a header": (b"HTTP/1.1 200 OK\r\nX: a\0b\r\n" + NOTHING, "unknown"),
    "a header that is none, and long": (b"HTTP/1.1 200 OK\r\n" + b"\x01" * 60_000 + b"\r\n\r\n", "unknown"),
    "a header without an end": (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", "unknown"),
    "a thousand hints before it": (b"HTTP/1.1 103 So\r\n\r\n" * 1000 + b"HTTP/1.1 200 OK\r\n" + NOTHING, "delivered"),
    "another protocol": (b"HTTP/1.1 101 So\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "unknown"),
    "chunks that are none": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nfoo", "delivered"),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", "unknown"),
    "no HTTP": (b"hello", "unknown"),
    "a status that there isn't": (b"HTTP/1.1 999 So\r\n" + NOTHING, "failed"),
    "a year that there isn't": (
        b"HTTP/1.1 503 So\r\nRetry-After: Mon, 01 Jan 99999999999 00:00:00 GMT\r\n" + NOTHING,
        "failed",
    ),
}


@pytest.fixture
def means() -> Iterator[Means]:
    guard = AddressGuard(["127.0.0.0/8"])
    http = HttpCaller(guard)
    yield Means(guard, http, NamedSecrets(SECRETS), seconds=5)
    http.close()


def raw(answer: bytes) -> Behaviour:
    def behave(call: Call) -> None:
        call.take()
        call.connection.sendall(answer)
        call.keeps = False

    return behave


def sent(means: Means, answer: bytes, way: str) -> Result:
    with partner({"/": raw(answer)}) as there:
        return TRANSPORTS[way].send(parcel(body=CXML), {way: there.url(), "secret": "OLD"}, means)


@pytest.mark.parametrize("what", ANSWERS)
def test_whatever_is_answered_is_a_result_that_can_be_kept(means: Means, what: str) -> None:
    answer, outcome = ANSWERS[what]
    result = sent(means, answer, "webhook")
    assert result.outcome == outcome
    assert "\0" not in result.detail + (result.answer or "")
    assert len(result.detail) <= 500
    assert sent(means, answer, "cxml_post").outcome in ("failed", "unknown")


@pytest.mark.parametrize("url", ["https://[::1/", "https://acme[.example/", "https://acme.example:0/"])
@pytest.mark.parametrize("way", ["cxml_post", "https", "sftp", "webhook"])
def test_a_host_that_is_none_is_our_fault(way: str, url: str) -> None:
    with pytest.raises(BadTerms, match="must be a URL"):
        TRANSPORTS[way].endpoint({way: url, "secret": "OLD"})


@pytest.mark.parametrize("host", ["acme..example", "x" * 64 + ".example", "[v1.x]", "xn--"])
def test_a_host_that_nobody_can_have_is_a_result(means: Means, host: str) -> None:
    result = TRANSPORTS["webhook"].send(parcel(), {"webhook": f"https://{host}/", "secret": "OLD"}, means)
    assert result.outcome == "failed"
    assert "has no address" in result.detail
