"""The express door: what it takes is answered as the usual way answers it, in order, and nobody waits for another."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.api import express
from gateway.api.express import MAX_BYTES
from gateway.lanes import LANES
from gateway.store.arrivals import Kept, NewMessage
from gateway.store.database import StoreUnavailable
from gateway.store.ids import now_us
from tests.api.builders import Gateway, Sender, order, services_at, ubl_order
from tests.api.conftest import served
from tests.api.test_outages import locked
from workers.waitress_parts import Channel

JSON = {"Content-Type": "application/json"}
USUAL = {"Content-Type": "application/json; charset=utf-8"}
"""Not plain: it goes the usual way."""


@dataclass
class Watched:
    """Says of each request whether the express door took it."""

    take: Callable[..., bool]
    said: list[bool] = field(default_factory=list)

    def __call__(self, *arguments: Any) -> bool:
        self.said.append(self.take(*arguments))
        return self.said[-1]


@pytest.fixture
def watched(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Watched:
    express = gateway.app.extensions["express"]
    watch = Watched(express.take)
    monkeypatch.setattr(express, "take", watch)
    return watch


@pytest.fixture
def client(address: str, acme: Sender, gateway: Gateway) -> Iterator[httpx.Client]:
    """One connection of an account whose key and terms were asked for a moment ago."""
    with httpx.Client(base_url=address, headers=acme.headers, timeout=20) as opened:
        assert opened.post("/v1/orders", json=order("FIRST"), headers=USUAL).status_code == 202
        yield opened


def told(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """An answer but for what differs from one message to the other."""
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    text = answer.text.replace("PO-A", "PO-B")
    for child in answer.json().get("children", ()):
        text = text.replace(child["message_id"], "CHILD")
    if message_id := answer.json().get("message_id"):
        text = text.replace(message_id, "ID")
        headers = {name: value.replace(message_id, "ID") for name, value in headers.items()}
    return answer.status_code, headers, text


BODIES = {
    "an order": json.dumps(order("PO-{way}")),
    "UBL": ubl_order("PO-{way}"),
    "broken JSON": '{{"order_number": "PO-{way}", "lines": [',
    "truncated XML": ubl_order("PO-{way}")[:300],
    "what no format begins like": "ORDER PO-{way}",
    "blanks": "   \r\n ",
    "an order without anything": '{{"way": "{way}"}}',
    "several orders": json.dumps([order("PO-{way}"), order("PO-{way}2")]),
}


@pytest.mark.parametrize("what", BODIES)
def test_both_doors_say_the_same(client: httpx.Client, watched: Watched, what: str) -> None:
    answers = []
    for way, headers in (("A", JSON), ("B", USUAL)):
        body = BODIES[what].replace("{way}", way).replace("{{", "{").replace("}}", "}")
        answers += [client.post("/v1/orders", content=body, headers=headers) for _ in range(2)]
    assert watched.said == [True, True, False, False]
    assert told(answers[0]) == told(answers[2])
    assert told(answers[1]) == told(answers[3])


def test_an_idempotency_key_means_the_same_at_both_doors(client: httpx.Client, watched: Watched) -> None:
    for way, headers in (("A", JSON), ("B", USUAL)):
        keyed = {**headers, "Idempotency-Key": f"key of {way}"}
        first = client.post("/v1/orders", json=order(f"PO-{way}"), headers=keyed)
        again = client.post("/v1/orders", json=order(f"PO-{way}"), headers=keyed)
        other = client.post("/v1/orders", json=order(f"PO-{way}2"), headers=keyed)
        assert [first.status_code, again.status_code, other.status_code] == [202, 202, 422]
        assert again.json()["duplicate"] is True
        assert other.json()["code"] == "idempotency_key_reused"
    assert watched.said == [True] * 3 + [False] * 3
    assert client.post("/v1/orders", json=order(), headers={**JSON, "Idempotency-Key": ""}).status_code == 400


def test_a_resend_of_a_resend_names_the_message_that_answers(
    gateway: Gateway, client: httpx.Client, watched: Watched
) -> None:
    first = client.post("/v1/orders", json=order("PO-1"), headers=JSON).json()
    gateway.work()
    other_bytes = json.dumps(order("PO-1"), indent=1)
    client.post("/v1/orders", content=other_bytes, headers=JSON)
    gateway.work()
    again = client.post("/v1/orders", content=other_bytes, headers=JSON).json()
    assert (again["message_id"], again["status"], again["duplicate"]) == (first["message_id"], "done", True)
    assert all(watched.said)


@pytest.mark.parametrize(
    ("query", "headers", "size"),
    [
        ("?wait=0", JSON, 0),
        ("", {**JSON, "Connection": "close"}, 0),
        ("", {**JSON, "Content-Encoding": "identity"}, 0),
        ("", {**JSON, "Authorization": "Bearer gw_live_nobody"}, 0),
        ("", {"Content-Type": "text/plain"}, 0),
        ("", JSON, MAX_BYTES + 1),
    ],
)
def test_what_is_not_plain_goes_the_usual_way(
    client: httpx.Client, watched: Watched, query: str, headers: dict[str, str], size: int
) -> None:
    body = json.dumps(order("PO-1")).encode().ljust(size)
    answered = client.post(f"/v1/orders{query}", content=body, headers=headers)
    assert watched.said == [False]
    assert answered.status_code in (202, 401, 415)


def test_a_revoked_key_is_refused_within_seconds(gateway: Gateway, client: httpx.Client, acme: Sender) -> None:
    key_id = acme.key.split("_")[2]
    assert client.post("/v1/orders", json=order("PO-1"), headers=JSON).status_code == 202
    gateway.services.store.keys.revoke(key_id, actor="test")
    assert client.post("/v1/orders", json=order("PO-2"), headers=JSON).status_code == 401


def test_the_agreed_rate_holds_at_the_express_door(address: str, gateway: Gateway, watched: Watched) -> None:
    sender = gateway.account("paced", policies={"order_rate_per_minute": 120})
    with httpx.Client(base_url=address, headers=sender.headers) as client:
        statuses = [
            client.post("/v1/orders", json=order(f"PO-{number}"), headers=JSON).status_code for number in range(130)
        ]
    assert statuses == [202] * 120 + [429] * 10


# --- one connection, many connections ----------------------------------------------------------------------------
def request(sender: Sender, number: str, path: str = "/v1/orders", method: str = "POST") -> bytes:
    """A request's bytes, as they go over the wire."""
    body = json.dumps(order(number)).encode() if method == "POST" else b""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sender.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def connected(address: str) -> socket.socket:
    at = urlsplit(address)
    return socket.create_connection((at.hostname or "", at.port or 0), timeout=20)


def answers(connection: socket.socket, count: int) -> list[tuple[int, Any]]:
    """So many answers, one behind the other."""
    found: list[tuple[int, Any]] = []
    rest = b""
    while len(found) < count:
        head, end, body = rest.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]) if end else 0
        if end and len(body) >= length:
            found.append((int(head[9:12]), json.loads(body[:length])))
            rest = body[length:]
            continue
        piece = connection.recv(65_536)
        assert piece, "the connection was closed"
        rest += piece
    return found


def test_requests_sent_at_once_are_answered_in_order(
    gateway: Gateway, client: httpx.Client, address: str, acme: Sender, watched: Watched
) -> None:
    with connected(address) as connection:
        sent = [request(acme, f"PO-{number}") for number in range(5)]
        sent.insert(2, request(acme, "", "/v1/documents", "GET"))
        connection.sendall(b"".join(sent))
        found = answers(connection, 6)
    assert [status for status, _ in found] == [202, 202, 200, 202, 202, 202]
    assert sorted(watched.said) == [False] + [True] * 5
    kept = [gateway.services.store.messages.body(answer["message_id"]) for status, answer in found if status == 202]
    assert [json.loads(body)["order_number"] for body in kept] == [f"PO-{number}" for number in range(5)]


def test_a_body_that_waits_to_be_asked_for_is_asked_for(client: httpx.Client, address: str, acme: Sender) -> None:
    head, _, body = request(acme, "PO-1").partition(b"\r\n\r\n")
    with connected(address) as connection:
        for _ in range(2):
            connection.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body)
            assert answers(connection, 1)[0][0] == 202


def test_no_answer_is_sent_twice_by_two_threads(address: str, acme: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread asks for the next body behind an answer that the loop would send just then, too."""
    send, both_send = Channel.send, threading.Event()
    senders: set[int] = set()

    def send_together(channel: Any, data: bytes, *arguments: Any, **named: Any) -> Any:
        if data.startswith(b"HTTP/1.1 200") and data.endswith(b"100 Continue\r\n\r\n"):
            senders.add(threading.get_ident())
            if len(senders) > 1:
                both_send.set()
            channel.server.pull_trigger()
            both_send.wait(0.5)
        return send(channel, data, *arguments, **named)

    monkeypatch.setattr(Channel, "send", send_together)
    head, _, body = request(acme, "PO-1").partition(b"\r\n\r\n")
    with connected(address) as connection:
        asking = head + b"\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(request(acme, "", "/healthz", "GET") + asking)
        found = b""
        while not found.endswith(b"100 Continue\r\n\r\n"):
            found += connection.recv(65_536)
        connection.sendall(body)
        while piece := connection.recv(65_536):
            found += piece
    assert [piece[:3] for piece in found.split(b"HTTP/1.1 ")[1:]] == [b"200", b"100", b"202"]
    assert not both_send.is_set()


def test_who_hangs_up_before_the_answer_has_sent_an_order_all_the_same(
    gateway: Gateway, client: httpx.Client, address: str, acme: Sender, watched: Watched, tmp_path: Path
) -> None:
    with locked(tmp_path / "gateway.db"):
        with connected(address) as connection:
            connection.sendall(request(acme, "GONE"))
            settled(lambda: watched.said == [True])
        assert client.get("/healthz").status_code == 200
    settled(lambda: len(gateway.services.store.messages.page()) == 2)
    assert client.post("/v1/orders", json=order("PO-2"), headers=JSON).status_code == 202


def settled(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    pause = threading.Event()
    for _ in range(1000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("not within ten seconds")


def test_a_locked_database_is_503_and_holds_up_nobody_else(impatient: Gateway, tmp_path: Path) -> None:
    sender = impatient.account("acme")
    with served(impatient) as address, httpx.Client(base_url=address, headers=sender.headers) as client:
        client.post("/v1/orders", json=order("PO-1"), headers=USUAL)
        watch = Watched(impatient.app.extensions["express"].take)
        impatient.app.extensions["express"].take = watch
        with locked(tmp_path / "gateway.db"):
            with connected(address) as connection:
                connection.sendall(request(sender, "PO-2"))
                settled(lambda: watch.said == [True])
                assert client.get("/healthz").status_code == 200  # answered while the other one waits
                status, problem = answers(connection, 1)[0]
            assert (status, problem["code"]) == (503, "cannot_store")
        again = client.post("/v1/orders", json=order("PO-2"), headers=JSON)
        assert (again.status_code, "duplicate" in again.json()) == (202, False)


def test_who_is_given_up_hears_of_it_while_every_thread_is_busy(
    impatient: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, intake = impatient.account("acme"), impatient.services.store.intake
    with served(impatient) as address, httpx.Client(base_url=address, headers=sender.headers) as client:
        client.post("/v1/orders", json=order("PO-1"), headers=USUAL)
        free, busy, keep = threading.Event(), threading.Semaphore(0), intake.keep

        def keep_late(message: NewMessage) -> Kept:
            busy.release()
            free.wait(20)
            return keep(message)

        monkeypatch.setattr(intake, "keep", keep_late)
        with contextlib.ExitStack() as opened:
            for number in range(4):  # as many as there are threads
                usual = request(sender, f"USUAL-{number}", "/v1/orders?wait=0")
                opened.enter_context(connected(address)).sendall(usual)
                assert busy.acquire(timeout=10)
            opened.callback(free.set)
            with locked(tmp_path / "gateway.db"), connected(address) as connection:
                connection.settimeout(10)
                connection.sendall(request(sender, "PO-2"))
                status, problem = answers(connection, 1)[0]
        assert (status, problem["code"]) == (503, "cannot_store")


def test_a_failure_of_ours_is_500_at_both_doors(
    gateway: Gateway, client: httpx.Client, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(gateway.services.store.intake, "keep_together", fail)
    for headers in (JSON, USUAL):
        answered = client.post("/v1/orders", json=order("PO-1"), headers=headers)
        assert (answered.status_code, answered.json()["code"]) == (500, "internal_error")
        assert "broken" not in answered.text
    monkeypatch.undo()
    assert client.post("/v1/orders", json=order("PO-1"), headers=JSON).status_code == 202


@pytest.mark.parametrize("size", [0, 20_000], ids=["in memory", "in a file"])
def test_what_is_given_up_after_its_body_was_read_goes_the_usual_way_whole(
    gateway: Gateway, client: httpx.Client, watched: Watched, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Found by restarts of PostgreSQL: the clock had to ask the database, and the order was answered 400."""

    def fail(*_: object) -> None:
        raise StoreUnavailable("it just went away")

    monkeypatch.setattr(express, "message_of", fail)
    answered = client.post("/v1/orders", json=order("PO-1", note="n" * size), headers=JSON)
    assert (answered.status_code, watched.said) == (202, [False])
    message = gateway.services.store.messages.one("acme", answered.json()["message_id"])
    assert message is not None
    body = gateway.services.store.messages.body(message.id)
    assert body is not None
    assert json.loads(body)["order_number"] == "PO-1"


def test_a_clock_that_would_have_to_ask_is_not_asked_by_the_loop(
    gateway: Gateway, client: httpx.Client, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipts, asking = gateway.services.store.receipts, []
    given_last = receipts._given_last

    def asked(wall: int) -> int:
        asking.append(threading.current_thread().name)
        return given_last(wall)

    monkeypatch.setattr(receipts, "_given_last", asked)
    receipts._asks_until = now_us() + 3_600_000_000
    assert client.post("/v1/orders", json=order("PO-1"), headers=JSON).status_code == 202
    assert watched.said == [False]
    assert [name.partition("-")[0] for name in asking] == ["waitress"], "its threads may wait, its loop may not"


def test_many_at_once_are_each_kept_once(gateway: Gateway, client: httpx.Client, address: str, acme: Sender) -> None:
    def send(name: int) -> None:
        with connected(address) as connection:
            for number in range(20):
                connection.sendall(request(acme, f"PO-{name}-{number}"))
                statuses.append(answers(connection, 1)[0][0])

    statuses: list[int] = []
    senders = [threading.Thread(target=send, args=(name,)) for name in range(20)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join(60)
    assert statuses == [202] * 400
    assert gateway.services.store.queue.waiting() == 401


def test_it_rings_for_what_it_kept(tmp_path: Path, redis_url: str) -> None:
    gateway = Gateway(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", redis_url))
    sender = gateway.account("acme", tier="gold")
    with served(gateway) as address, httpx.Client(base_url=address, headers=sender.headers) as client:
        client.post("/v1/orders?wait=0", json=order("PO-1"), headers=JSON)
        for name in LANES:
            gateway.services.lanes._queues[name].empty()
        assert client.post("/v1/orders", json=order("PO-2"), headers=JSON).status_code == 202
        settled(lambda: gateway.services.lanes.depths() == {"critical": 0, "high": 0, "standard": 1, "bulk": 0})
    gateway.close()


def test_who_goes_on_sending_does_not_keep_a_server_from_ending(gateway: Gateway, acme: Sender) -> None:
    """Told to close, or closed between two requests; until then each is answered."""
    taken: list[str] = []
    began = threading.Event()

    def send_on(address: str) -> None:
        with httpx.Client(base_url=address, headers=acme.headers, timeout=20) as client:
            for number in range(1_000_000):
                try:
                    number_of_mine = f"PO-{threading.get_ident()}-{number}"
                    answered = client.post("/v1/orders", json=order(number_of_mine), headers=JSON)
                except httpx.TransportError:
                    return
                assert answered.status_code == 202
                taken.append(answered.json()["message_id"])
                if number > 5:
                    began.set()

    with served(gateway) as address:
        senders = [threading.Thread(target=send_on, args=(address,)) for _ in range(3)]
        for sender in senders:
            sender.start()
        assert began.wait(20)
        ending = time.monotonic()
    assert time.monotonic() - ending < 4, "it waited for clients that never fall silent"
    for sender in senders:
        sender.join(20)
    assert gateway.services.store.queue.waiting() >= len(taken)
