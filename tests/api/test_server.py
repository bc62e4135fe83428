"""Over a real server on the loopback: what only a server does, such as chunks and bodies that break off."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

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
