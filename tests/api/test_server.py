"""Over a real server on the loopback: what only a server does, such as chunks and bodies that break off."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import httpx
import pytest

from tests.api.builders import MEGABYTE, Gateway, Sender, order


def chunks(body: bytes) -> Iterator[bytes]:
    """The body in pieces, so that no length is declared."""
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


def test_chunks_are_taken_up_to_the_limit(gateway: Gateway, acme: Sender, address: str) -> None:
    headers = {**acme.headers, "Content-Type": "application/json"}
    body = json.dumps(order()).encode().ljust(900_000)
    taken = httpx.post(f"{address}/v1/orders", content=chunks(body), headers=headers)
    assert taken.status_code == 202
    assert gateway.services.store.messages.body(taken.json()["message_id"]) == body
    for size in (MEGABYTE + 1, 3 * MEGABYTE):
        refused = httpx.post(f"{address}/v1/orders", content=chunks(body.ljust(size)), headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
        assert refused.headers["Content-Type"] == "application/problem+json"
    assert len(gateway.services.store.messages.page()) == 1


def test_a_request_that_breaks_off_is_no_order(gateway: Gateway, acme: Sender, address: str) -> None:
    body = json.dumps(order()).encode()
    head = f"POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {acme.key}\r\n"
    at = urlsplit(address)
    for framing, sent in (
        (f"Content-Length: {len(body) + 1}\r\n\r\n", body),
        ("Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%s\r\n" % (len(body), body)),
    ):
        with socket.create_connection((at.hostname, at.port)) as connection:
            connection.sendall((head + "Content-Type: application/json\r\n" + framing).encode() + sent)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(10)
            while connection.recv(1000):
                pass
    assert httpx.get(f"{address}/healthz").status_code == 200
    assert gateway.services.store.messages.page() == []


def test_an_order_goes_in_and_its_answer_comes_out(gateway: Gateway, acme: Sender, address: str) -> None:
    with httpx.Client(base_url=address, headers=acme.headers) as client:
        taken = client.post("/v1/orders", json=order("PO/1"))
        gateway.work()
        assert client.get(taken.headers["Location"]).json()["status"] == "done"
        assert client.get("/v1/orders/PO%2F1").json()["order_number"] == "PO/1"
        answered = client.post("/v1/orders?wait=5", json=order("PO/1"))
        assert (answered.status_code, answered.json()["order_number"]) == (200, "PO/1")
        assert "server" not in {name.lower() for name in answered.headers}


# --- what the server itself refuses ------------------------------------------------------------
POST = "POST /v1/orders HTTP/1.1\r\nHost: x\r\n"
UNREAD = [
    pytest.param("NONSENSE\r\n\r\n", 400, "bad_parameter", id="no request line"),
    pytest.param("get / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_parameter", id="a method in small letters"),
    pytest.param("GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_parameter", id="an address that is none"),
    pytest.param("GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400, "bad_parameter", id="a header that is none"),
    pytest.param(f"{POST}Content-Length: ten\r\n\r\n", 400, "bad_parameter", id="a length in words"),
    pytest.param(f"{POST}Content-Length: -1\r\n\r\n", 400, "bad_parameter", id="a length below nothing"),
    pytest.param(f"{POST}Content-Length: {'9' * 5000}\r\n\r\n", 400, "bad_parameter", id="a length of 5,000 digits"),
    pytest.param(f"{POST}Content-Length: 5000000\r\n\r\n", 413, "body_too_large", id="a length far over the limit"),
    pytest.param(f"{POST}Transfer-Encoding: xchunked\r\n\r\n", 400, "bad_parameter", id="another transfer encoding"),
    pytest.param(f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n", 400, "bad_parameter", id="one that is a list"),
    pytest.param(
        f"{POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad_parameter",
        id="two lengths",
    ),
    pytest.param(f"{POST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "bad_parameter", id="a chunk without a size"),
    pytest.param(
        f"{POST}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}more\r\n", 400, "bad_parameter", id="a chunk that goes on"
    ),
    pytest.param(f"{POST}X: ".ljust(262_144, "x"), 431, "bad_parameter", id="headers without an end"),
    pytest.param("GET /healthz HTTP/1.1\r\n\r\n", 400, "bad_parameter", id="no host"),
    pytest.param("GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "bad_parameter", id="two hosts"),
    pytest.param("GET /healthz HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n", 400, "bad_parameter", id="a host twice"),
    pytest.param("GET /healthz HTTP/1.0\r\nHost:\r\nHost: x\r\n\r\n", 400, "bad_parameter", id="none and one"),
    pytest.param("GET /healthz HTTP/1.1\r\nHost: x/y\r\n\r\n", 400, "bad_parameter", id="a host that is none"),
    pytest.param("GET /healthz\r\nHost: x\r\n\r\n", 400, "bad_parameter", id="no version"),
    pytest.param("GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n", 505, "bad_parameter", id="another version"),
    pytest.param("GET /healthz HTTP/1.2\r\nHost: x\r\n\r\n", 505, "bad_parameter", id="a version yet to come"),
]


@pytest.mark.parametrize(
    "head",
    ["HTTP/1.0", "HTTP/1.1\r\nHost:", *(f"HTTP/1.1\r\nHost: {host}" for host in ("[::1]:8080", "gate_way.example:80"))],
)
def test_a_request_with_a_host_that_is_one_is_answered(address: str, head: str) -> None:
    assert _exchange(address, f"GET /healthz {head}\r\nConnection: close\r\n\r\n".encode()).status_code == 200


@pytest.mark.parametrize(("sent", "status", "code"), UNREAD)
def test_what_is_no_request_is_refused_in_our_words(
    gateway: Gateway, address: str, sent: str, status: int, code: str
) -> None:
    answered = _exchange(address, sent.encode())
    problem = answered.json()
    assert (answered.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answered.headers["Content-Type"] == "application/problem+json"
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
    assert answered.headers["Connection"] == "close"
    assert problem["type"] == f"/v1/docs/faults/{code}"
    assert len(problem["detail"]) > 10
    assert gateway.services.store.messages.page() == []
    counted = f'gateway_http_requests_total{{method="other",route="unmatched",status="{status}"}} 1.0'
    assert counted in httpx.get(f"{address}/metrics").text


def test_a_refusal_repeats_no_header(gateway: Gateway, acme: Sender, address: str) -> None:
    answered = _exchange(address, f"{POST}Authorization: Bearer\n {acme.key}\r\n\r\n".encode())
    assert answered.status_code == 400
    assert acme.key not in answered.text


def _exchange(address: str, sent: bytes) -> httpx.Response:
    """What comes back for these very bytes, until the server closes the connection."""
    at = urlsplit(address)
    received = b""
    with socket.create_connection((at.hostname, at.port), timeout=10) as connection:
        connection.sendall(sent)
        while piece := connection.recv(65_536):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert int(headers["Content-Length"]) == len(body)
    return httpx.Response(int(first.split()[1]), headers=headers, content=body)


def test_odd_numbers_are_asked_for_over_the_wire(gateway: Gateway, acme: Sender, address: str) -> None:
    numbers = ["/x1", "//x", "x/", "x\ny", "x\ty", "x?y#z", "%2F", ".."]
    for number in numbers:
        gateway.send(acme, order(number))
    gateway.work()
    at = urlsplit(address)
    for number in numbers:
        connection = HTTPConnection(at.hostname or "", at.port)  # sends the path as it is; httpx would mend it
        connection.request("GET", f"/v1/orders/{quote(number, safe='')}", headers=acme.headers)
        answered = connection.getresponse()
        assert (answered.status, json.loads(answered.read())["order_number"]) == (200, number)
        connection.close()
