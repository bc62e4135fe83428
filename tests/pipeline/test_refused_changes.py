"""A change of one line that is refused leaves that line as it stands; the others go on, and nobody loses anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import time_machine

from mappings.files.account_folder import read_account
from mappings.revision import StockRow
from schemas.documents.order_response import OrderResponse
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, line, order
from tests.examples.small_gateway import ACCOUNTS, TODAY, SmallGateway, outcomes
from tests.examples.threads import PINE, change, confirmed, ledger, settle, taken

DEAR_BOLTS = line("1", "PH-0101", "6", "DOOS", "99")
SAWS_1 = line("1", "PH-0107", "4", "STUK", "18.00")
SAWS_2 = line("2", "PH-0107", "6", "STUK", "18.00")


def check_sums(gateway: SmallGateway, response: OrderResponse) -> None:
    """A line's outcomes sum to what is ordered of it now, raised included."""
    lines = ledger(gateway)
    for one in response.lines:
        told = sum((outcome.quantity for outcome in one.outcomes), Decimal(0))
        assert told == lines[one.line_number].ordered + lines[one.line_number].raised, one


def settle_change(gateway: SmallGateway, *lines: dict[str, Any], **header: Any) -> OrderResponse:
    """The answer to a change that is applied."""
    changed = gateway.settle(PINE, change(*lines, **header))
    assert changed.status == "done", gateway.faults(changed.id)
    response = gateway.response(changed.id)
    check_sums(gateway, response)
    return response


# --- refused for its faults -----------------------------------------------------------------------------------------
def test_a_line_that_grows_at_a_bad_price_keeps_what_it_had(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, price_mismatch="reject_line")
    settle(gateway, order(BOLTS, HAMMERS))
    told = settle_change(gateway, DEAR_BOLTS, {**HAMMERS, "quantity": "5"})
    assert outcomes(told) == {"1": [("changed", "4", "DOOS")], "2": [("accepted", "5", "STUK")]}
    assert told.outcome == "changed"
    reason = str(told.lines[0].outcomes[0].reason)
    assert "99" in reason
    assert reason.endswith("The line stands as it was.")
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("5", "5", "0")}
    assert (taken(gateway, "BOLT-M8"), taken(gateway, "HAMMER-16")) == (200, 5)
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    assert stands.version == 2
    assert '"quantity":"4"' in gateway.store.orders.versions(stands.id)[-1].canonical
    later = settle_change(gateway, {**BOLTS, "quantity": "5"}, HAMMERS, version=3)
    assert outcomes(later)["1"] == [("accepted", "5", "DOOS")]


def test_another_item_at_fault_leaves_the_line_with_its_item(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, unknown_item="reject_line")
    settle(gateway, order(BOLTS, HAMMERS))
    told = settle_change(gateway, line("1", "NOBODY-KNOWS", "9", "STUK"), {**HAMMERS, "quantity": "5"})
    assert outcomes(told)["1"] == [("changed", "4", "DOOS")]
    assert told.lines[0].buyer_item == "PH-0101"
    assert ledger(gateway)["1"].product == "BOLT-M8"


def test_a_back_order_is_kept_as_well(gateway: SmallGateway) -> None:
    """And is told as one."""
    gateway.set_policies(PINE, price_mismatch="reject_line")
    settle(gateway, order(SAWS, {**SAWS, "line_number": "3", "quantity": "5"}))
    dear = line("3", "PH-0107", "6", "STUK", "99")
    told = settle_change(gateway, SAWS, dear, {**HAMMERS, "line_number": "4"}, other_lines="kept")
    assert outcomes(told)["3"] == [("backordered", "5", "STUK")]
    assert "99" in str(told.lines[1].outcomes[0].reason)
    assert ledger(gateway)["3"].backordered == 5


def test_a_change_of_which_nothing_is_left_is_refused(gateway: SmallGateway) -> None:
    """Its version is free for the corrected one."""
    gateway.set_policies(PINE, price_mismatch="reject_line")
    settle(gateway, order(BOLTS, HAMMERS))
    refused = gateway.settle(PINE, change(DEAR_BOLTS, HAMMERS, change_number="C-1"))
    response = gateway.response(refused.id)
    assert (refused.status, response.outcome, response.change_number) == ("rejected", "rejected", "C-1")
    assert "Line 1: " in str(response.note)
    assert gateway.faults(refused.id) == [("price_mismatch", "/lines/0/price/amount")]
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "3", "0")}
    told = settle_change(gateway, {**BOLTS, "quantity": "6"}, HAMMERS)
    assert outcomes(told)["1"] == [("accepted", "6", "DOOS")]


def test_a_line_goes_though_the_change_of_the_other_is_refused(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, price_mismatch="reject_line")
    settle(gateway, order(BOLTS, HAMMERS))
    told = settle_change(gateway, DEAR_BOLTS)
    assert outcomes(told) == {"1": [("changed", "4", "DOOS")], "2": [("cancelled", "3", "STUK")]}
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "0", "3")}


def test_a_line_that_would_be_put_on_hold_holds_the_change(gateway: SmallGateway) -> None:
    """What was confirmed isn't given away while one of our people looks up an item."""
    gateway.set_policies(PINE, unknown_item="hold_line")
    settle(gateway, order(BOLTS, HAMMERS))
    held = gateway.settle(PINE, change(line("1", "NOBODY-KNOWS", "9", "STUK"), HAMMERS))
    assert (held.status, gateway.faults(held.id)) == ("held", [("unknown_item", "/lines/0/buyer_item")])
    assert confirmed(gateway)["1"] == ("4", "4", "0")


def test_a_back_order_that_the_change_leaves_alone_is_not_refused(gateway: SmallGateway) -> None:
    """The contract's price of what is back-ordered is another one by now: it waits, and nothing is lost."""
    gateway.set_policies(PINE, price_mismatch="reject_line")
    saws = {**SAWS, "line_number": "3", "quantity": "5"}
    settle(gateway, order(BOLTS, SAWS, saws))
    folder = read_account(ACCOUNTS / PINE)
    policies = folder.account.policies.model_copy(update={"price_mismatch": "reject_line"})
    prices = tuple(replace(row, price=row.price * 2) if row.product == "SAW-600" else row for row in folder.prices)
    gateway.publish(replace(folder, account=folder.account.model_copy(update={"policies": policies}), prices=prices))
    told = settle_change(gateway, {**BOLTS, "quantity": "5"}, SAWS, saws)
    assert outcomes(told)["3"] == [("backordered", "5", "STUK")]
    assert {number: (one.confirmed, one.backordered) for number, one in ledger(gateway).items()} == {
        "1": (5, 0),
        "2": (10, 5),
        "3": (0, 5),
    }


# --- refused for the stock --------------------------------------------------------------------------------------------
def test_a_line_of_which_no_more_can_come_keeps_what_it_had(gateway: SmallGateway) -> None:
    """It may come neither in parts nor later, so growing beyond the stock is refused."""
    whole = {"partial_allowed": False, "backorder_allowed": False}
    settle(gateway, order({**SAWS_1, **whole}, HAMMERS))
    told = settle_change(gateway, {**SAWS_1, **whole, "quantity": "11"}, {**HAMMERS, "quantity": "5"})
    assert outcomes(told) == {"1": [("changed", "4", "STUK")], "2": [("accepted", "5", "STUK")]}
    assert taken(gateway, "SAW-600") == 4


def test_an_order_that_ships_complete_stands_where_it_can_t_grow(gateway: SmallGateway) -> None:
    """It goes as a whole or not at all, and so does what changes it."""
    gateway.set_policies(PINE, partial="ship_and_cancel")
    complete = {"partial_allowed": False}
    settle(gateway, order(SAWS_1, HAMMERS, **complete))
    refused = gateway.settle(PINE, change({**SAWS_1, "quantity": "11"}, {**HAMMERS, "quantity": "5"}, **complete))
    assert (refused.status, gateway.response(refused.id).outcome) == ("rejected", "rejected")
    assert "not in stock" in str(gateway.response(refused.id).note)
    assert gateway.faults(refused.id) == [("change_refused", "/lines/0"), ("change_refused", "/lines/1")]
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "3", "0")}
    assert (taken(gateway, "SAW-600"), taken(gateway, "HAMMER-16")) == (4, 3)


def test_what_a_line_gives_back_is_there_for_the_lines_before_it(gateway: SmallGateway) -> None:
    """NORTH has 10: line 1 grows by what line 2 gives back."""
    settle(gateway, order(SAWS_1, SAWS_2))
    told = settle_change(gateway, {**SAWS_1, "quantity": "8"}, {**SAWS_2, "quantity": "2"})
    assert outcomes(told) == {"1": [("accepted", "8", "STUK")], "2": [("accepted", "2", "STUK")]}
    assert taken(gateway, "SAW-600") == 10


def test_a_line_that_becomes_another_item_gives_its_stock_to_the_lines_before_it(gateway: SmallGateway) -> None:
    settle(gateway, order(SAWS_1, SAWS_2))
    told = settle_change(gateway, {**SAWS_1, "quantity": "10"}, HAMMERS)
    assert outcomes(told) == {"1": [("accepted", "10", "STUK")], "2": [("accepted", "3", "STUK")]}


def test_what_was_confirmed_stays_though_less_is_counted_by_now(gateway: SmallGateway) -> None:
    """A count that is lower than what is promised takes nothing back from a line that the change leaves alone."""
    settle(gateway, order(SAWS_1, HAMMERS))
    gateway.store.stock.record([StockRow("SAW-600", "NORTH", TODAY, Decimal(2))])
    told = settle_change(gateway, SAWS_1, {**HAMMERS, "quantity": "5"})
    assert outcomes(told)["1"] == [("accepted", "4", "STUK")]
    fewer = settle_change(gateway, {**SAWS_1, "quantity": "3"}, HAMMERS, version=3)
    assert outcomes(fewer)["1"] == [("accepted", "3", "STUK")]
    assert taken(gateway, "SAW-600") == 3


# --- dates -----------------------------------------------------------------------------------------------------------
def test_a_date_that_the_change_leaves_alone_is_not_judged_again(
    gateway: SmallGateway, today: time_machine.Traveller
) -> None:
    """It was fine when the order came, and is over when the change comes."""
    gateway.set_policies(PINE, past_date="hold")
    window = {"requested_delivery": {"start": "2026-11-30", "end": "2026-12-01"}}
    own = {**HAMMERS, "requested_delivery": {"start": "2026-12-02"}}
    settle(gateway, order(BOLTS, own, **window))
    today.shift(timedelta(days=20))
    settle_change(gateway, {**BOLTS, "quantity": "5"}, {**own, "quantity": "4"}, **window)
    assert confirmed(gateway) == {"1": ("5", "5", "0"), "2": ("4", "4", "0")}
    past = {"requested_delivery": {"start": "2026-12-03"}}
    held = gateway.settle(PINE, change({**BOLTS, **past}, own, version=3, **window))
    assert (held.status, gateway.faults(held.id)) == ("held", [("past_date", "/lines/0/requested_delivery/start")])
    held = gateway.settle(PINE, change(BOLTS, own, version=4, **past))
    assert (held.status, gateway.faults(held.id)) == ("held", [("past_date", "/requested_delivery/start")])


def test_what_was_confirmed_in_time_is_not_too_late_by_a_change_of_another_line(
    gateway: SmallGateway, today: time_machine.Traveller
) -> None:
    limit = {"cancel_after": "2026-12-01"}
    settle(gateway, order(BOLTS, HAMMERS, **limit))
    today.shift(timedelta(days=20))
    told = settle_change(gateway, BOLTS, **limit)
    assert outcomes(told) == {"1": [("accepted", "4", "DOOS")], "2": [("cancelled", "3", "STUK")]}
    more = gateway.settle(PINE, change({**BOLTS, "quantity": "5"}, version=3, **limit))
    assert more.status == "rejected"
    assert confirmed(gateway)["1"] == ("4", "4", "0")
