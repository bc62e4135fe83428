"""Which change comes next: the numbers that senders give, and those that they leave out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.holding import holding_faults
from gateway.services import Limits
from gateway.store.problems import OpenFault
from gateway.store.queue import WorkQueue
from gateway.trade.amendment import amend
from schemas.documents.order import Order
from tests.examples.order_lines import BOLTS, HAMMERS, order
from tests.examples.small_gateway import SmallGateway
from tests.examples.threads import PINE, change, confirmed, settle


def bolts(quantity: str) -> dict[str, Any]:
    return {**BOLTS, "quantity": quantity}


# --- orders that come as changes --------------------------------------------------------------------------------------
def test_an_older_version_of_an_order_comes_too_late(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, same_number_other_content="change")
    settle(gateway, order(BOLTS, version=2))
    late = gateway.settle(PINE, order(bolts("9"), version=1))
    assert (late.status, gateway.faults(late.id)) == ("done", [("stale_change", "/version")])
    newer = gateway.settle(PINE, order(bolts("6"), version=5))
    assert newer.status == "done"
    late = gateway.settle(PINE, order(bolts("9"), version=3))
    assert gateway.faults(late.id) == [("stale_change", "/version")]
    again = gateway.settle(PINE, order({**BOLTS, "quantity": "4.0"}, version=2))
    assert again.status == "duplicate"
    other = gateway.settle(PINE, order(bolts("7"), version=5))
    assert (other.status, gateway.faults(other.id)) == ("held", [("version_reused", "/version")])
    assert confirmed(gateway) == {"1": ("6", "6", "0")}


def test_an_order_that_says_no_version_is_the_next(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, same_number_other_content="change")
    settle(gateway, order(BOLTS), order(bolts("6")), change(bolts("7"), version=4), order(bolts("8")))
    assert confirmed(gateway) == {"1": ("8", "8", "0")}
    stale = gateway.settle(PINE, change(bolts("9"), version=3))
    assert gateway.faults(stale.id) == [("stale_change", "/version")]


def test_numbers_may_be_days_and_times(on_either: SmallGateway) -> None:
    """They are ordered by number, and are no number of versions of ours."""
    settle(on_either, order(BOLTS, version=20_261_123_001), change(bolts("6"), version=20_261_125_001))
    settle(on_either, change(bolts("7"), version=20_261_125_123_456_789), change(bolts("8"), version=2**63 - 1))
    assert confirmed(on_either) == {"1": ("8", "8", "0")}
    stale = on_either.settle(PINE, change(bolts("9"), version=20_261_125_002))
    assert on_either.faults(stale.id) == [("stale_change", "/version")]
    (stands,) = on_either.store.orders.by_number(PINE, "PH-4001")
    assert stands.version == 4
    again = on_either.settle(PINE, change(bolts("9"), version=2**63 - 1))
    assert on_either.faults(again.id) == [("version_reused", "/version")]


def test_a_change_of_the_orders_own_number_is_no_first_one(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS, version=5))
    other = gateway.settle(PINE, change(bolts("6"), version=5))
    assert gateway.faults(other.id) == [("version_reused", "/version")]


# --- one line twice in a change ---------------------------------------------------------------------------------------
def test_a_line_that_is_deleted_and_added_again(gateway: SmallGateway) -> None:
    """The codecs refuse a line number that is there twice; an account's own layout may bring one."""
    added = {**HAMMERS, "line_number": "1", "action": "add"}
    first, refused = settle(gateway, order(BOLTS, HAMMERS), change({**BOLTS, "action": "delete"}, added))
    assert gateway.faults(refused.id) == [("duplicate_line", "/lines/1/line_number")]
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "3", "0")}
    standing = gateway.store.threads.standing([str(first.order_id)])[str(first.order_id)]
    amended = amend(standing, Order.model_validate(change({**BOLTS, "action": "delete"}, added)))
    assert (amended.faults, amended.deleted) == ([], {})
    assert amended.order is not None
    assert {line.line_number: line.buyer_item for line in amended.order.lines} == {"1": "PH-0102", "2": "PH-0102"}
    twice = amend(standing, Order.model_validate(change({**BOLTS, "action": "change"}, {**BOLTS, "action": "delete"})))
    assert [(fault.code, fault.path) for fault in twice.faults] == [("duplicate_line", "/lines/1/line_number")]


# --- a claim of many groups -------------------------------------------------------------------------------------------
def test_a_claim_of_many_groups_keeps_its_lease(gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change of one order is saved by itself; the lease is of all of them."""
    gateway.services = replace(gateway.services, limits=Limits(lease_seconds=0.000003))
    settle(gateway, order(BOLTS))
    extended: list[int] = []
    extend = WorkQueue.extend
    monkeypatch.setattr(WorkQueue, "extend", lambda *given: (extended.append(1), extend(*given))[1])
    for version in range(2, 7):
        gateway.send(PINE, change(bolts(str(version)), version=version))
    gateway.work()
    assert confirmed(gateway) == {"1": ("6", "6", "0")}
    assert len(extended) == 5


def test_a_fault_under_terms_that_can_t_be_used_holds_its_message(gateway: SmallGateway) -> None:
    holds = holding_faults(gateway.services.terms)
    fault = OpenFault("m", PINE, 99, 0, "price_mismatch", "/lines/0/price", "f")
    assert holds(fault)
