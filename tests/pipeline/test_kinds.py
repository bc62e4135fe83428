"""Kinds of orders over the whole path: tests, which leave no trace but their answer, and consignment."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.store.statements import fetch
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import SmallGateway, outcomes

PINE = "pine-hardware"


@pytest.mark.parametrize("kind", ["stand_alone", "consignment", "blanket"])
@pytest.mark.parametrize("is_by_key", [True, False])
def test_a_test_is_answered_and_touches_nothing(gateway: SmallGateway, kind: str, is_by_key: bool) -> None:
    """By its key, or marked in the document: no stock, no number of ours, and the real order's number stays free."""
    before = counters(gateway)
    marked = {} if is_by_key else {"test": True}
    tried = gateway.settle(PINE, order(BOLTS, order_type=kind, **marked), test=is_by_key)
    response = gateway.response(tried.id)
    assert (tried.status, response.outcome, response.test) == ("done", "accepted", True)
    assert outcomes(response) == {"1": [("accepted", "4", "DOOS")]}
    assert response.number.startswith("TEST-")
    assert (counters(gateway), taken(gateway)) == (before, 0)
    real = gateway.settle(PINE, order(BOLTS))
    assert (real.status, gateway.response(real.id).test, taken(gateway)) == ("done", False, 200)
    assert sorted(one.test for one in gateway.store.orders.by_number(PINE, "PH-4001")) == [False, True]


@pytest.mark.parametrize("is_by_key", [True, False])
def test_a_message_shows_that_it_is_a_test(on_either: SmallGateway, is_by_key: bool) -> None:
    """Once it is read, also where it waits, is refused, can't be read whole or comes again in the same bytes."""
    marked: dict[str, Any] = {} if is_by_key else {"test": True}
    on_either.set_policies(PINE, same_number_other_content="reject")
    sent = [
        order(BOLTS, **marked),
        order({**BOLTS, "quantity": "5"}, **marked),
        order({**BOLTS, "quantity": "0"}, number="PH-4002", **marked),
        order(BOLTS, number="PH-4003", function="change", version=2, **marked),
    ]
    tests = [on_either.settle(PINE, one, test=is_by_key) for one in sent]
    assert [one.status for one in tests] == ["done", "rejected", "rejected", "received"]
    assert [(one.test, one.test_key) for one in tests] == [(True, is_by_key)] * 4
    unread = on_either.response(tests[2].id)
    assert (unread.test, unread.number[:5]) == (True, "TEST-")
    again: Any = on_either.post(PINE, json.dumps(sent[0]).encode(), test=is_by_key)
    headers = {"Authorization": f"Bearer {on_either.key(PINE, test=is_by_key)}"}
    for message_id in (tests[0].id, again.json["message_id"]):
        shown: Any = on_either.client.get(f"/v1/messages/{message_id}", headers=headers)
        assert shown.json["test"] is True
    mailbox: Any = on_either.client.get(f"/v1/documents?message_id={tests[0].id}", headers=headers)
    assert [one["test"] for one in mailbox.json["documents"]] == [True]
    real = on_either.settle(PINE, order(BOLTS, number="PH-4004"))
    assert (real.test, real.test_key) == (False, False)


def test_a_test_that_can_t_be_read_is_refused_beside_a_real_order(gateway: SmallGateway) -> None:
    """It is answered: no test of this number stands, and nobody takes a test's refusal for the order's."""
    gateway.settle(PINE, order(BOLTS))
    wrong = gateway.settle(PINE, order({**BOLTS, "quantity": "0"}, test=True))
    assert (wrong.test, gateway.response(wrong.id).outcome, gateway.response(wrong.id).test) == (True, "rejected", True)


def test_consignment_is_delivered_and_keeps_its_kind(gateway: SmallGateway) -> None:
    sent = gateway.settle(PINE, order(BOLTS, order_type="consignment"))
    assert (gateway.response(sent.id).outcome, taken(gateway)) == ("accepted", 200)
    gateway.settle(PINE, order({**BOLTS, "quantity": "2"}, function="change", version=2))
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    assert (stands.order_type, stands.version, taken(gateway)) == ("consignment", 2, 100)


def counters(gateway: SmallGateway) -> list[tuple[object, ...]]:
    """The numbers that were given."""
    with gateway.store.database.read() as connection:
        return [tuple(row) for row in fetch(connection, "SELECT kind, series, value FROM counters", [])]


def taken(gateway: SmallGateway) -> int:
    """Bolts taken of the stock."""
    return int(sum(one.taken for one in gateway.store.stock.load(["BOLT-M8"], [PINE]).positions.values()))
