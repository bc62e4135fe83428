"""Documents reach their account's system, at least once, under one id, or somebody is told."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from gateway.store.statements import fetch
from tests.delivery.conftest import PINE, Begin, agree
from tests.delivery.partner import (
    Behaviour,
    Call,
    closes_having_taken,
    drips,
    hangs,
    partner,
    resets_at_once,
    resets_having_taken,
    says,
    says_a_gigabyte,
)
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import SmallGateway
from tests.harness.waiting import until

AT_ONCE = ["0s"] * 9


def rows(gateway: SmallGateway, query: str) -> list[Any]:
    with gateway.store.database.read() as connection:
        return [tuple(row) for row in fetch(connection, query)]


def statuses(gateway: SmallGateway) -> Counter[str]:
    return Counter(dict(rows(gateway, "SELECT status, count(*) FROM deliveries GROUP BY status")))


def settled(gateway: SmallGateway, status: str, count: int = 1, seconds: float = 20.0) -> None:
    until(lambda: statuses(gateway)[status] == count, seconds, f"{count} deliveries {status}")


def send(gateway: SmallGateway, count: int) -> None:
    """So many orders, each answered."""
    for number in range(count):
        gateway.send(PINE, order(BOLTS, number=f"PH-{number:05d}"))
    while gateway.work():
        pass


def once(first: Behaviour) -> Behaviour:
    """Each document meets this the first time, and is taken from then on."""
    met: set[str] = set()
    looking = threading.Lock()

    def behave(call: Call) -> None:
        document = call.headers["webhook-id"]
        with looking:
            is_new = document not in met
            met.add(document)
        (first if is_new else says(200))(call)

    return behave


def test_an_order_response_arrives_as_it_is_and_is_told_of(on_either: SmallGateway, begin: Begin) -> None:
    with partner() as there:
        agree(on_either, {"webhook": there.url("/edi"), "secret": "OLD"})
        deliverer = begin(on_either)
        send(on_either, 1)
        deliverer.wake()
        settled(on_either, "delivered")
    (request,) = there.requests
    ((document_id, body),) = rows(on_either, "SELECT id, body FROM documents")
    assert (request.document_id, request.body) == (document_id, bytes(body))
    ((outcome, detail, endpoint, number),) = rows(
        on_either, "SELECT outcome, detail, endpoint, number FROM delivery_attempts"
    )
    assert (outcome, detail, endpoint, number) == ("delivered", "HTTP 200", there.url("/edi"), 1)


@pytest.mark.parametrize(
    "behaviour",
    [
        says(500),
        says(301, b"", "Location: http://169.254.169.254/"),
        says(404),
        hangs,
        drips,
        resets_at_once,
        resets_having_taken,
        closes_having_taken,
    ],
    ids=["500", "301", "404", "hangs", "drips", "resets", "resets late", "closes"],
)
def test_what_a_bad_partner_makes_of_it_is_the_same_document_again(
    gateway: SmallGateway, begin: Begin, behaviour: Behaviour
) -> None:
    with partner({"/edi": once(behaviour)}) as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"}, delivery_waits=AT_ONCE)
        send(gateway, 8)
        begin(gateway, seconds=0.4)
        settled(gateway, "delivered", 8)
    ids = {row[0] for row in rows(gateway, "SELECT id FROM documents")}
    assert set(there.had()) == ids
    bodies = {(one.document_id, one.body) for one in there.requests}
    assert len(bodies) == 8


def test_an_endless_answer_is_an_answer(gateway: SmallGateway, begin: Begin) -> None:
    with partner({"/edi": says_a_gigabyte}) as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"})
        send(gateway, 2)
        begin(gateway)
        settled(gateway, "delivered", 2)
    assert there.sent_bytes < 100_000_000


def test_giving_up_is_told_with_the_last_word(gateway: SmallGateway, begin: Begin) -> None:
    with partner({"/edi": says(404, b"no such place")}) as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"}, delivery_waits=["0s", "0s"])
        send(gateway, 1)
        begin(gateway)
        settled(gateway, "given_up")
    assert rows(gateway, "SELECT attempts, code, detail FROM deliveries") == [(3, "delivery_failed", "HTTP 404")]
    attempts = rows(gateway, "SELECT number, outcome, answer FROM delivery_attempts ORDER BY number")
    assert attempts == [(number, "failed", "no such place") for number in (1, 2, 3)]


def test_a_rejection_is_not_tried_again(gateway: SmallGateway, begin: Begin) -> None:
    with partner({"/edi": says(422, b"unknown order")}) as there:
        agree(gateway, {"https": there.url("/edi"), "bearer": "OLD"}, delivery_waits=AT_ONCE)
        send(gateway, 1)
        begin(gateway)
        settled(gateway, "rejected")
        assert rows(gateway, "SELECT code, detail FROM deliveries") == [("delivery_rejected", "HTTP 422")]
    assert len(there.requests) == 1


def test_an_endpoint_that_wants_nothing_more_is_left_alone(gateway: SmallGateway, begin: Begin) -> None:
    with partner({"/edi": says(410)}) as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"}, delivery_waits=AT_ONCE)
        send(gateway, 1)
        deliverer = begin(gateway)
        until(lambda: rows(gateway, "SELECT code FROM deliveries") == [("endpoint_gone",)], 10, "its 410")
        gateway.settle(PINE, order(BOLTS, number="PH-90000"))
        agree(gateway, {"webhook": there.url("/new"), "secret": "OLD"}, delivery_waits=AT_ONCE)
        deliverer.wake()
        settled(gateway, "delivered", 2)
    assert [one.path for one in there.requests] == ["/edi", "/new", "/new"]
    assert rows(gateway, "SELECT code FROM deliveries WHERE code IS NOT NULL") == []


def test_terms_that_cannot_be_used_hold_it_and_mended_ones_send_it(gateway: SmallGateway, begin: Begin) -> None:
    with partner() as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "MISSING"})
        send(gateway, 1)
        deliverer = begin(gateway)
        settled(gateway, "held")
        assert rows(gateway, "SELECT code, detail FROM deliveries") == [
            ("delivery_terms", "the secret MISSING isn't set: `gateway secrets set MISSING`")
        ]
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"})
        deliverer.wake()
        settled(gateway, "delivered")


def test_an_address_inside_is_refused_and_said_so(gateway: SmallGateway, begin: Begin) -> None:
    agree(gateway, {"webhook": "http://169.254.169.254/latest", "secret": "OLD"}, delivery_waits=[])
    send(gateway, 1)
    begin(gateway)
    settled(gateway, "given_up")
    said = "169.254.169.254 is a link-local address: only public addresses are called"
    assert rows(gateway, "SELECT detail FROM deliveries") == [(said,)]


def test_a_new_address_is_where_it_goes_at_the_next_attempt(gateway: SmallGateway, begin: Begin) -> None:
    with partner({"/old": says(500)}) as there:
        agree(gateway, {"webhook": there.url("/old"), "secret": "OLD"}, delivery_waits=["1h"])
        send(gateway, 1)
        deliverer = begin(gateway)
        until(lambda: there.requests, 10, "the first attempt")
        agree(gateway, {"webhook": there.url("/new"), "secret": "OLD"}, delivery_waits=["1h"])
        deliverer.wake()
        settled(gateway, "delivered")
    assert [one.path for one in there.requests] == ["/old", "/new"]


def test_new_terms_that_lead_to_the_same_place_try_nothing_sooner(gateway: SmallGateway, begin: Begin) -> None:
    with partner({"/edi": says(500)}) as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"}, delivery_waits=["1h"])
        send(gateway, 1)
        deliverer = begin(gateway)
        settled(gateway, "waiting")
        until(lambda: rows(gateway, "SELECT 1 FROM delivery_attempts"), 10, "the first attempt is told of")
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"}, delivery_waits=["1h"], acknowledge_within="9h")
        gateway.send(PINE, order(BOLTS, number="PH-77777"))
        gateway.work()
        deliverer.wake()
        until(lambda: len(there.requests) == 2, 10, "the other document is tried")
    assert len(there.had()) == 2


def test_an_account_that_comes_for_its_documents_is_sent_none(gateway: SmallGateway, begin: Begin) -> None:
    with partner() as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"})
        send(gateway, 1)
        agree(gateway, "mailbox")
        begin(gateway)
        settled(gateway, "available")
    assert there.requests == []


@pytest.mark.parametrize("in_turn", [True, False])
def test_documents_of_an_order_arrive_in_turn_where_the_account_asks(
    gateway: SmallGateway, begin: Begin, in_turn: bool
) -> None:
    failing: list[str] = []

    def behave(call: Call) -> None:
        is_down = call.headers["webhook-id"] in failing
        says(503 if is_down else 200)(call)

    with partner({"/edi": behave}) as there:
        policies = {"delivery_in_turn": in_turn, "same_number_other_content": "change", "delivery_waits": ["1h"]}
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"}, **policies)
        gateway.settle(PINE, order(BOLTS, number="PH-1"))
        failing += [row[0] for row in rows(gateway, "SELECT id FROM documents")]
        gateway.settle(PINE, order(BOLTS | {"quantity": "5"}, number="PH-1"))
        gateway.settle(PINE, order(BOLTS, number="PH-2"))
        first, second, other = (row[0] for row in rows(gateway, "SELECT id FROM documents ORDER BY position"))
        deliverer = begin(gateway)
        until(lambda: {first, other} <= set(there.had()), 10, "the first of each order is tried")
        settled(gateway, "delivered", 1 if in_turn else 2)
        assert (second in there.had()) is not in_turn
        refused = f"SELECT 1 FROM deliveries WHERE document_id = '{first}' AND status = 'waiting' AND attempts = 1"
        until(lambda: rows(gateway, refused), 10, "what became of the first is saved")
        failing.clear()
        gateway.store.deliveries.retry([first], "test", "it is up again", statuses=["waiting"])
        deliverer.wake()
        settled(gateway, "delivered", 3)
    came = [one.document_id for one in there.requests]
    assert not in_turn or came.index(second) > came.index(first, came.index(first) + 1)


def test_one_that_hangs_keeps_nobody_else_waiting(gateway: SmallGateway, begin: Begin) -> None:
    with partner({"/hangs": hangs}) as there:
        agree(gateway, {"webhook": there.url("/hangs"), "secret": "OLD"})
        send(gateway, 12)
        deliverer = begin(gateway, seconds=30.0)
        until(lambda: len(there.requests) == 8, 10, "as many calls as one endpoint gets at once")
        agree(gateway, {"webhook": there.url("/well"), "secret": "OLD"})
        for number in range(20):
            gateway.send(PINE, order(BOLTS, number=f"PH-9{number:04d}"))
        while gateway.work():
            pass
        deliverer.wake()
        settled(gateway, "delivered", 24, seconds=10)
        assert statuses(gateway)["sending"] == 8
        there.let_go.set()
        settled(gateway, "delivered", 32)
