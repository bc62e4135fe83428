"""Kinds of orders over the whole path: tests, which leave no trace but their answer, and consignment."""

from __future__ import annotations

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
