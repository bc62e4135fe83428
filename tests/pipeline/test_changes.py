"""Changes and cancellations on an order's thread: what they do to its lines, its stock and its answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from gateway.pipeline import drain
from gateway.services import Limits
from gateway.store.queue import WorkQueue
from mappings.files.account_folder import read_account
from mappings.revision import ItemRow
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, line, order
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, SmallGateway, outcomes
from tests.examples.threads import PINE, cancel, change, confirmed, ledger, settle, ship, taken


# --- changes that replace the order ---------------------------------------------------------------------------------
def test_a_change_replaces_the_order(gateway: SmallGateway) -> None:
    more = line("1", "PH-0101", "6", "DOOS", "6.00")
    first, second = settle(gateway, order(BOLTS, HAMMERS), change(more))
    assert (first.status, second.status, gateway.faults(second.id)) == ("done", "done", [])
    assert confirmed(gateway) == {"1": ("6", "6", "0"), "2": ("3", "0", "3")}
    assert (taken(gateway, "BOLT-M8"), taken(gateway, "HAMMER-16")) == (300, 0)
    response = gateway.response(second.id)
    assert (response.outcome, response.order_version) == ("accepted", 2)
    assert outcomes(response) == {"1": [("accepted", "6", "DOOS")], "2": [("cancelled", "3", "STUK")]}
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    assert (stands.version, stands.status, stands.message_id) == (2, "open", second.id)
    assert list(gateway.store.audit.broken()) == []


def test_a_line_that_grows_takes_nothing_from_its_neighbours(gateway: SmallGateway) -> None:
    """SAW-600 has 10 at NORTH: 6 are line 2's and stay so, whatever line 1 wants."""
    first, second = line("1", "PH-0107", "4", "STUK", "18.00"), line("2", "PH-0107", "6", "STUK", "18.00")
    _, changed = settle(gateway, order(first, second), change({**first, "quantity": "9"}, second))
    assert outcomes(gateway.response(changed.id)) == {
        "1": [("accepted", "4", "STUK"), ("backordered", "5", "STUK")],
        "2": [("accepted", "6", "STUK")],
    }
    assert taken(gateway, "SAW-600") == 10
    assert [one.backordered for one in ledger(gateway).values()] == [5, 0]


def test_what_is_given_back_is_there_for_others(gateway: SmallGateway) -> None:
    settle(gateway, order(SAWS), change({**SAWS, "quantity": "2"}))
    assert taken(gateway, "SAW-600") == 2
    other = gateway.settle(PINE, order({**SAWS, "quantity": "8"}, number="PH-4002"))
    assert outcomes(gateway.response(other.id)) == {"2": [("accepted", "8", "STUK")]}


def test_what_was_confirmed_is_not_judged_anew(gateway: SmallGateway) -> None:
    """The contract's price of the unchanged line is another one by now."""
    gateway.set_policies(PINE, price_mismatch="reject_line")
    settle(gateway, order(BOLTS, HAMMERS))
    gateway.set_policies(PINE, price_mismatch="reject_line", price_tolerance_percent="0")
    changed = gateway.settle(PINE, change({**BOLTS, "quantity": "5"}, HAMMERS, line("3", "PH-0102", "3", "STUK", "99")))
    assert outcomes(gateway.response(changed.id)) == {
        "1": [("accepted", "5", "DOOS")],
        "2": [("accepted", "3", "STUK")],
        "3": [("rejected", "3", "STUK")],
    }
    assert gateway.faults(changed.id) == [("price_mismatch", "/lines/2/price/amount")]


def test_another_item_in_the_line(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS), change(line("1", "PH-0102", "3", "STUK", "11.50")))
    assert (taken(gateway, "BOLT-M8"), taken(gateway, "HAMMER-16")) == (0, 3)
    assert confirmed(gateway) == {"1": ("3", "3", "0")}
    assert ledger(gateway)["1"].product == "HAMMER-16"


def test_a_change_that_is_refused_moves_nothing(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS))
    refused = gateway.settle(PINE, change(line("1", "PH-0101", "5", "DOOS", "6.00"), buyer={"id": "1"}))
    assert (refused.status, gateway.faults(refused.id)[0][0]) == ("rejected", "wrong_buyer")
    assert confirmed(gateway) == {"1": ("4", "4", "0")}
    assert taken(gateway, "BOLT-M8") == 200


@pytest.mark.parametrize("action", ["change", None])
def test_a_change_into_another_currency_is_held(gateway: SmallGateway, action: str | None) -> None:
    """The account buys in two currencies, and 11.50 of the one is half of what is agreed in the other."""
    folder = read_account(ACCOUNTS / PINE)
    in_dollars = tuple(replace(row, currency="USD", price=2 * row.price) for row in folder.prices)
    gateway.publish(replace(folder, prices=(*folder.prices, *in_dollars)))
    dearer = {**BOLTS, "quantity": "5", "price": {"amount": "12.00"}} | ({"action": action} if action else {})
    others = () if action else (HAMMERS,)
    _, changed = settle(gateway, order(BOLTS, HAMMERS), change(dearer, *others, currency="USD"))
    assert (changed.status, gateway.faults(changed.id)) == ("held", [("change_unclear", "/currency")])
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "3", "0")}


@pytest.mark.parametrize(("first", "then"), [(None, "EUR"), ("EUR", None), (None, None)])
def test_the_accounts_own_currency_need_not_be_named(
    gateway: SmallGateway, first: str | None, then: str | None
) -> None:
    _, changed = settle(gateway, order(BOLTS, currency=first), change({**BOLTS, "quantity": "5"}, currency=then))
    assert (changed.status, confirmed(gateway)) == ("done", {"1": ("5", "5", "0")})


def test_a_change_line_by_line_leaves_the_currency(gateway: SmallGateway) -> None:
    folder = read_account(ACCOUNTS / PINE)
    gateway.publish(replace(folder, prices=tuple(replace(row, currency="USD") for row in folder.prices)))
    more = {**BOLTS, "quantity": "5", "action": "change"}
    _, changed = settle(gateway, order(BOLTS, currency="USD"), change(more, currency=None))
    assert (changed.status, gateway.response(changed.id).currency) == ("done", "USD")


# --- line by line -----------------------------------------------------------------------------------------------------
def test_a_change_made_line_by_line(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS, HAMMERS))
    bits = {**line("3", "PH-0103", "8", "STUK"), "action": "add"}
    changed = gateway.settle(
        PINE, change({**BOLTS, "quantity": "2", "action": "change"}, {**HAMMERS, "action": "delete"}, bits)
    )
    assert gateway.faults(changed.id) == []
    assert confirmed(gateway) == {"1": ("2", "2", "0"), "2": ("3", "0", "3"), "3": ("8", "8", "0")}
    again = gateway.settle(PINE, change({**bits, "action": "nothing", "quantity": "99"}, version=3))
    assert again.status == "done"
    assert confirmed(gateway)["3"] == ("8", "8", "0")


def test_a_change_that_deletes_every_line_cancels_the_order(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS), change({**BOLTS, "action": "delete"}))
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    assert (stands.status, confirmed(gateway)) == ("cancelled", {"1": ("4", "0", "4")})
    late = gateway.settle(PINE, change(BOLTS, version=7))
    assert gateway.faults(late.id) == [("order_cancelled", "/order_number")]


def test_lines_that_there_are_not(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS))
    changed = gateway.settle(PINE, change({**HAMMERS, "action": "delete"}, {**BOLTS, "action": "add"}))
    assert changed.status == "rejected"
    assert gateway.faults(changed.id) == [
        ("unknown_line", "/lines/0/line_number"),
        ("line_exists", "/lines/1/line_number"),
    ]
    assert gateway.response(changed.id).outcome == "rejected"
    assert confirmed(gateway) == {"1": ("4", "4", "0")}


# --- cancellations ----------------------------------------------------------------------------------------------------
def test_a_cancellation(gateway: SmallGateway) -> None:
    _, changed, cancelled = settle(
        gateway, order(BOLTS, SAWS), change(BOLTS, SAWS, change_number="C-1"), cancel(change_number="C-2")
    )
    assert (cancelled.status, gateway.response(cancelled.id).outcome) == ("done", "accepted")
    assert [gateway.response(one.id).change_number for one in (changed, cancelled)] == ["C-1", "C-2"]
    assert confirmed(gateway) == {"1": ("4", "0", "4"), "2": ("15", "0", "15")}
    assert (taken(gateway, "BOLT-M8"), taken(gateway, "SAW-600")) == (0, 0)
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    assert (stands.status, stands.version) == ("cancelled", 3)
    assert gateway.settle(PINE, cancel(change_number="C-2")).id == cancelled.id
    again = gateway.settle(PINE, {**cancel(change_number="C-2"), "rush": False})
    assert (again.status, again.duplicate_of) == ("duplicate", cancelled.id)
    late = gateway.settle(PINE, change(BOLTS, version=7))
    assert (late.status, gateway.faults(late.id)) == ("rejected", [("order_cancelled", "/order_number")])


def test_a_cancellation_that_says_nothing_but_the_number(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS))
    bare = {"function": "cancel", "order_number": "PH-4001"}
    assert gateway.settle(PINE, bare).status == "done"
    assert confirmed(gateway) == {"1": ("4", "0", "4")}


def test_what_has_shipped_stands(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS, HAMMERS))
    ship(gateway, "1", "3")
    less = gateway.settle(PINE, change({**BOLTS, "quantity": "2"}, {**HAMMERS, "quantity": "5"}))
    told = gateway.response(less.id)
    assert outcomes(told) == {"1": [("changed", "4", "DOOS")], "2": [("accepted", "5", "STUK")]}
    assert "3 DOOS of the line have shipped" in str(told.lines[0].outcomes[0].reason)
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("5", "5", "0")}
    part = gateway.settle(PINE, cancel())
    assert gateway.response(part.id).outcome == "changed"
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("5", "0", "5")}
    refused = gateway.settle(PINE, {**cancel(), "note": "really"})
    assert (refused.status, gateway.response(refused.id).outcome) == ("rejected", "rejected")
    (why,) = gateway.store.messages.faults(refused.id)
    assert (why.code, why.path, why.value) == ("change_refused", "/order_number", "1")
    assert why.detail in str(gateway.response(refused.id).note)
    enough = gateway.settle(PINE, change({**BOLTS, "quantity": "3"}, version=9))
    assert outcomes(gateway.response(enough.id))["1"] == [("accepted", "3", "DOOS")]
    assert confirmed(gateway)["1"] == ("3", "3", "0")


def test_a_line_that_a_cancellation_leaves_is_told_as_it_stands(gateway: SmallGateway) -> None:
    """10 saws are confirmed and 5 follow later: the answer never says more than the ledger."""
    settle(gateway, order(BOLTS, SAWS))
    ship(gateway, "2", "2")
    told = gateway.response(gateway.settle(PINE, cancel()).id)
    assert outcomes(told)["2"] == [("changed", "10", "STUK"), ("backordered", "5", "STUK")]
    assert [str(one.reason)[:6] for one in told.lines[1].outcomes] == ["2 STUK", "None"]
    assert (ledger(gateway)["2"].confirmed, ledger(gateway)["2"].backordered) == (10, 5)


def test_a_raised_line_that_a_cancellation_leaves_is_told_with_what_was_added(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, fractional_unit="round_up")
    settle(gateway, order(line("1", "PH-0101", "70", "STUK"), HAMMERS))
    ship(gateway, "1", "50")
    told = gateway.response(gateway.settle(PINE, cancel()).id)
    assert outcomes(told) == {"1": [("changed", "100", "STUK")], "2": [("cancelled", "3", "STUK")]}
    assert (ledger(gateway)["1"].ordered, ledger(gateway)["1"].raised) == (70, 30)


# --- the thread's order -----------------------------------------------------------------------------------------------
def test_a_stale_change_is_kept_and_does_nothing(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS), change({**BOLTS, "quantity": "6"}, version=5))
    stale = gateway.settle(PINE, change({**BOLTS, "quantity": "9"}, version=3))
    assert (stale.status, gateway.faults(stale.id)) == ("done", [("stale_change", "/version")])
    assert gateway.responses([stale.id]) == []
    assert confirmed(gateway) == {"1": ("6", "6", "0")}


def test_the_first_change_may_be_number_one(gateway: SmallGateway) -> None:
    """As UBL's senders mostly count, who don't count the order itself."""
    settle(gateway, order(BOLTS), *(change({**BOLTS, "quantity": str(4 + n)}, version=n) for n in (1, 2, 3)))
    assert confirmed(gateway) == {"1": ("7", "7", "0")}
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    assert stands.version == 4
    stale = gateway.settle(PINE, change({**BOLTS, "quantity": "9"}, version=2))
    assert gateway.faults(stale.id) == [("stale_change", "/version")]


def test_a_version_with_other_content_is_held(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS), change({**BOLTS, "quantity": "6"}, version=5))
    other = gateway.settle(PINE, change({**BOLTS, "quantity": "9"}, version=5))
    assert (other.status, gateway.faults(other.id)) == ("held", [("version_reused", "/version")])


def test_resends_of_what_was_replaced_are_answered_by_what_stands(gateway: SmallGateway) -> None:
    first, second, third = settle(
        gateway, order(BOLTS), change({**BOLTS, "quantity": "6"}), change({**BOLTS, "quantity": "7"}, version=3)
    )
    for sent in (order(BOLTS), change({**BOLTS, "quantity": "6.0"})):
        again = gateway.settle(PINE, {**sent, "lines": [{**sent["lines"][0], "description": None}]})
        assert (again.status, again.duplicate_of) == ("duplicate", third.id)
    assert gateway.settle(PINE, order(BOLTS)).id == third.id, "also in equal bytes"
    assert confirmed(gateway) == {"1": ("7", "7", "0")}
    assert [one.status for one in (first, second, third)] == ["done"] * 3


def test_a_change_that_comes_first_waits_for_its_order(gateway: SmallGateway) -> None:
    early = gateway.send(PINE, change({**BOLTS, "quantity": "6"}))
    gateway.work()
    assert gateway.message(early).status == "received"
    assert gateway.work() == 0, "it waits"
    again = gateway.settle(PINE, change({**BOLTS, "quantity": "6.00"}))
    assert (again.status, again.duplicate_of) == ("duplicate", early)
    gateway.settle(PINE, order(BOLTS))
    gateway.work()
    assert gateway.message(early).status == "done"
    assert confirmed(gateway) == {"1": ("6", "6", "0")}
    assert list(gateway.store.audit.broken()) == []


def test_a_change_made_line_by_line_waits_for_the_one_before(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS, HAMMERS))
    third = gateway.send(PINE, change({**HAMMERS, "action": "delete"}, version=3))
    gateway.work()
    assert gateway.message(third).status == "received"
    gateway.settle(PINE, change({**BOLTS, "quantity": "5", "action": "change"}))
    gateway.work()
    assert gateway.message(third).status == "done"
    assert confirmed(gateway) == {"1": ("5", "5", "0"), "2": ("3", "0", "3")}


def test_a_message_tells_what_it_waits_for(on_either: SmallGateway) -> None:
    """And until when; not any more once it is settled, nor when it is judged again."""
    headers = {"Authorization": f"Bearer {on_either.key(PINE)}"}

    def waits_for(message_id: str) -> Any:
        shown: Any = on_either.client.get(f"/v1/messages/{message_id}", headers=headers)
        wait = shown.json["waits_for"]
        if wait is not None:
            came, until = (datetime.fromisoformat(at) for at in (shown.json["received_at"], wait.pop("until")))
            assert until - came == timedelta(hours=24)
        return wait

    early = on_either.send(PINE, change(BOLTS, number="PH-4002"))
    assert waits_for(early) is None, "nobody has read it yet"
    on_either.work()
    assert waits_for(early) == {"order_number": "PH-4002", "version": None}
    settle(on_either, order(BOLTS, HAMMERS))
    third = on_either.settle(PINE, change({**HAMMERS, "action": "delete"}, version=3))
    assert waits_for(third.id) == {"order_number": "PH-4001", "version": 2}
    (_, waits) = on_either.store.audit.of(third.id)
    assert waits["body"] == {"order_number": "PH-4001", "version": 2}
    settle(on_either, change({**BOLTS, "quantity": "5", "action": "change"}), order(BOLTS, number="PH-4002"))
    on_either.work()
    assert [on_either.message(one).status for one in (early, third.id)] == ["done", "done"]
    assert [waits_for(one) for one in (early, third.id)] == [None, None]


def test_nobody_waits_for_ever(gateway: SmallGateway, today: time_machine.Traveller) -> None:
    early = gateway.send(PINE, change(BOLTS))
    gateway.work()
    today.shift(timedelta(hours=24, minutes=1))
    gateway.wake()
    gateway.work()
    assert gateway.message(early).waits_for_version is None
    assert (gateway.message(early).status, gateway.faults(early)) == ("rejected", [("unknown_order", "/order_number")])
    response = gateway.response(early)
    assert (response.outcome, response.order_number) == ("rejected", "PH-4001")


def test_order_and_changes_in_one_batch(gateway: SmallGateway) -> None:
    sent = [
        change({**BOLTS, "quantity": "6"}),
        order(BOLTS),
        order(HAMMERS, number="PH-4002"),
        change({**BOLTS, "quantity": "7"}, version=3),
    ]
    messages = [gateway.send(PINE, one) for one in sent]
    gateway.work()
    gateway.work()
    assert [gateway.message(one).status for one in messages] == ["done"] * 4
    assert confirmed(gateway)["1"][0] in ("6", "7")
    assert taken(gateway, "BOLT-M8") == ledger(gateway)["1"].confirmed * 50


def test_the_same_number_with_other_content_is_a_change_where_agreed(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, same_number_other_content="change")
    first, second = settle(gateway, order(BOLTS), order({**BOLTS, "quantity": "6"}))
    assert (first.status, second.status) == ("done", "done")
    assert confirmed(gateway) == {"1": ("6", "6", "0")}
    again = gateway.settle(PINE, order({**BOLTS, "quantity": "4.0"}))
    assert (again.status, again.duplicate_of) == ("duplicate", second.id)


# --- both databases, and two at once ----------------------------------------------------------------------------------
def test_a_thread_on_either_database(on_either: SmallGateway) -> None:
    early = on_either.send(PINE, change({**SAWS, "quantity": "4"}, BOLTS))
    on_either.work()
    settle(on_either, order(BOLTS))
    on_either.work()
    assert on_either.message(early).status == "done"
    assert confirmed(on_either) == {"1": ("4", "4", "0"), "2": ("4", "4", "0")}
    settle(on_either, change({**SAWS, "quantity": "2", "action": "change"}, version=3), cancel())
    assert confirmed(on_either) == {"1": ("4", "0", "4"), "2": ("2", "0", "2")}
    assert (taken(on_either, "BOLT-M8"), taken(on_either, "SAW-600")) == (0, 0)
    assert list(on_either.store.audit.broken()) == []


def test_two_workers_at_one_order(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second decided while the first was deciding: the first finds the order changed, and decides again."""
    settle(on_either, order(BOLTS))
    on_either.services = replace(on_either.services, limits=Limits(batch_size=1))
    for version, count in ((2, "6"), (3, "8")):
        on_either.send(PINE, change({**BOLTS, "quantity": count}, version=version))
    save, calls = WorkQueue.save, []

    def save_second_first(queue: WorkQueue, *arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            assert drain(on_either.services, ALL_LANES, lambda: None, batches=1) == 1
        save(queue, *arguments)

    monkeypatch.setattr(WorkQueue, "save", save_second_first)
    on_either.work()
    assert len(calls) == 3, "the first was decided twice"
    assert confirmed(on_either) == {"1": ("8", "8", "0")}
    assert taken(on_either, "BOLT-M8") == 400
    statuses = [message.status for message in on_either.store.messages.page(limit=10)]
    assert statuses == ["done", "done", "done"]


def test_a_test_changes_a_test(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(BOLTS), test=True)
    changed = gateway.settle(PINE, change({**BOLTS, "quantity": "6"}), test=True)
    assert outcomes(gateway.response(changed.id)) == {"1": [("accepted", "6", "DOOS")]}
    assert taken(gateway, "BOLT-M8") == 0


def test_the_thread_shows_its_versions(gateway: SmallGateway) -> None:
    """And the items of a line that was deleted since."""
    first, second = settle(gateway, order(BOLTS, HAMMERS), change(BOLTS))
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    thread = gateway.client.get("/v1/orders/PH-4001", headers=headers).json
    assert thread["versions"] == [
        {"version": 1, "order_version": 1, "message_id": first.id},
        {"version": 2, "order_version": 2, "message_id": second.id},
    ]
    assert [(one["buyer_item"], one["confirmed"], one["cancelled"]) for one in thread["lines"]] == [
        ("PH-0101", "4", "0"),
        ("PH-0102", "0", "3"),
    ]


# --- what no change may do by the way ---------------------------------------------------------------------------------
def test_a_line_on_hold_stays_on_hold(gateway: SmallGateway) -> None:
    """Its fault is judged again, though the change says nothing of the line."""
    gateway.set_policies(PINE, unknown_item="hold_line")
    unpriced = line("2", "PH-0101", "4", "DOOS", "0.01")
    gateway.set_policies(PINE, unknown_item="hold_line", price_mismatch="reject_line")
    settle(gateway, order(BOLTS, line("2", "NOBODY-KNOWS", "3", "STUK")), change(BOLTS, unpriced, note="more"))
    assert confirmed(gateway)["2"][:2] == ("3", "0")
    assert ledger(gateway)["2"].backordered == 3
    held = gateway.settle(PINE, order(BOLTS, line("2", "NOBODY-KNOWS", "3", "STUK"), number="PH-4002"))
    assert outcomes(gateway.response(held.id))["2"] == [("backordered", "3", "STUK")]
    folder = read_account(ACCOUNTS / PINE)
    gateway.publish(replace(folder, items=(*folder.items, ItemRow("NOBODY-KNOWS", None, "SAW-600"))))
    again = change(BOLTS, line("2", "NOBODY-KNOWS", "3", "STUK", "0.01"), number="PH-4002", note="only a note")
    assert gateway.settle(PINE, again).status in ("held", "rejected")


def test_a_cancellation_means_the_order_that_it_says(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, order_key=["buyer", "order_number", "ship_to"])
    settle(gateway, order(BOLTS))
    elsewhere = gateway.send(PINE, {**cancel(), "ship_to": {"id": "YARD-2"}})
    gateway.work()
    assert gateway.message(elsewhere).status == "received", "it waits for an order that goes there"
    assert confirmed(gateway) == {"1": ("4", "4", "0")}
    silent = {name: value for name, value in cancel().items() if name != "ship_to"}
    assert gateway.settle(PINE, silent).status == "done"
    assert confirmed(gateway) == {"1": ("4", "0", "4")}


def test_a_change_leaves_the_kind_of_order(gateway: SmallGateway) -> None:
    """A blanket order is no order to deliver because its change doesn't say so again."""
    settle(gateway, order(BOLTS, order_type="blanket", contract="C-1"), change({**BOLTS, "quantity": "6"}))
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    (only,) = gateway.store.orders.ledger(stands.id)
    assert (stands.order_type, only.ordered, only.open, only.confirmed) == ("blanket", 6, 6, 0)
    assert taken(gateway, "BOLT-M8") == 0
    assert '"order_type":"blanket"' in gateway.store.orders.versions(stands.id)[-1].canonical


def test_no_change_confirms_less_than_has_shipped(gateway: SmallGateway) -> None:
    """The line may come in one part only, so that all of it would wait for the next receipt."""
    whole = {**SAWS, "quantity": "4", "partial_allowed": False}
    settle(gateway, order(whole, BOLTS))
    ship(gateway, "2", "3")
    held = gateway.settle(PINE, change({**whole, "quantity": "12"}, BOLTS))
    assert (held.status, gateway.responses([held.id])) == ("held", [])
    assert {code for code, _ in gateway.faults(held.id)} == {"unsupported_document"}
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("4", "4", "0")}
    assert (taken(gateway, "BOLT-M8"), taken(gateway, "SAW-600")) == (200, 4)


def test_a_change_without_a_number_takes_none_of_the_senders(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS), *(change({**BOLTS, "quantity": count}, version=0) for count in ("6", "7")))
    numbered = gateway.settle(PINE, change({**BOLTS, "quantity": "8"}, version=2))
    assert (numbered.status, gateway.faults(numbered.id)) == ("done", [])
    assert confirmed(gateway) == {"1": ("8", "8", "0")}
    settle(gateway, cancel())
    for version in (2, 3):
        late = gateway.settle(PINE, change({**BOLTS, "quantity": "9"}, version=version))
        assert (late.status, gateway.faults(late.id)) == ("rejected", [("order_cancelled", "/order_number")])


def test_a_change_that_wants_no_answer_leaves_the_orders_status(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, decision="backoffice")
    silent = {"response_requested": False}
    settle(gateway, order(BOLTS, **silent), change({**BOLTS, "quantity": "6"}, **silent))
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    assert (stands.status, stands.outcome, stands.version) == ("awaiting_decision", "received", 2)
