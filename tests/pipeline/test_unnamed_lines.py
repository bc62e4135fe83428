"""Changes that leave lines of the order out without saying what that means: nothing is cancelled by omission."""

from __future__ import annotations

from typing import Any

from schemas.documents.order import Order
from schemas.formats.ubl_2_1 import UBL_2_1
from schemas.formats.ubl_2_1.order_change import render_order_change
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, order
from tests.examples.small_gateway import SmallGateway, outcomes
from tests.examples.threads import PINE, change, confirmed, settle, ship, taken

MORE_BOLTS = {**BOLTS, "quantity": "6"}


def as_ubl(*lines: dict[str, Any], **header: Any) -> bytes:
    """The change as a UBL OrderChange."""
    asked = change(*lines, **header)
    return render_order_change(Order.model_validate(asked))


def test_a_ubl_change_without_codes_does_not_say_what_becomes_of_other_lines(gateway: SmallGateway) -> None:
    (read,) = UBL_2_1.parse_orders(as_ubl(BOLTS))
    assert read.order.other_lines == "unsaid"
    (read,) = UBL_2_1.parse_orders(as_ubl({**BOLTS, "action": "change"}, HAMMERS))
    assert read.order.other_lines is None


def test_a_line_that_is_left_out_is_not_cancelled(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS, HAMMERS))
    held = gateway.settle(PINE, change(MORE_BOLTS, other_lines="unsaid"))
    assert (held.status, gateway.faults(held.id)) == ("held", [("line_not_named", "/lines")])
    (fault,) = gateway.store.messages.faults(held.id)
    assert fault.value == "2"
    assert gateway.responses([held.id]) == []
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "3", "0")}
    assert (taken(gateway, "BOLT-M8"), taken(gateway, "HAMMER-16")) == (200, 3)


def test_a_change_that_names_every_line_is_plain(gateway: SmallGateway) -> None:
    """Whether it states the whole order again or the differences, it comes to the same."""
    settle(gateway, order(BOLTS, HAMMERS))
    changed = gateway.settle(PINE, change(MORE_BOLTS, HAMMERS, {**SAWS, "line_number": "3"}, other_lines="unsaid"))
    assert (changed.status, gateway.faults(changed.id)) == ("done", [])
    assert {number: sums[1] for number, sums in confirmed(gateway).items()} == {"1": "6", "2": "3", "3": "10"}
    assert "other_lines" not in gateway.store.orders.versions(changed.order_id or "")[-1].canonical


def test_lines_that_are_closed_already_need_no_name(gateway: SmallGateway) -> None:
    """Line 2 is cancelled, and line 1 has shipped in part: that stands, whatever leaving it out meant."""
    settle(gateway, order(BOLTS, HAMMERS, {**SAWS, "line_number": "3"}), change(BOLTS, {**SAWS, "line_number": "3"}))
    ship(gateway, "1", "3")
    changed = gateway.settle(
        PINE, change({**SAWS, "line_number": "3", "quantity": "5"}, version=3, other_lines="unsaid")
    )
    assert (changed.status, gateway.faults(changed.id)) == ("done", [])
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "0", "3"), "3": ("5", "5", "0")}
    assert outcomes(gateway.response(changed.id)) == {
        "1": [("accepted", "4", "DOOS")],
        "3": [("accepted", "5", "STUK")],
    }


def test_what_it_means_may_be_agreed(gateway: SmallGateway) -> None:
    """A change that was held is replayed under the policy; the second reads the other way."""
    settle(gateway, order(BOLTS, HAMMERS))
    gateway.set_policies(PINE, unnamed_lines="keep")
    settle(gateway, change(MORE_BOLTS, other_lines="unsaid"))
    assert confirmed(gateway) == {"1": ("6", "6", "0"), "2": ("3", "3", "0")}
    gateway.set_policies(PINE, unnamed_lines="delete")
    settle(gateway, change(BOLTS, version=3, other_lines="unsaid"))
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "0", "3")}


def test_a_change_may_say_it_itself(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS, HAMMERS), change(MORE_BOLTS, other_lines="kept"))
    assert confirmed(gateway) == {"1": ("6", "6", "0"), "2": ("3", "3", "0")}
    settle(gateway, change({**BOLTS, "action": "change"}, version=3, other_lines="deleted"))
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "0", "3")}
