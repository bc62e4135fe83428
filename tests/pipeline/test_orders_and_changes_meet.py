"""An order and what is sent about it find each other: in one batch, at two workers, and with a party left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from lxml import etree

from gateway.accounts import published_folder
from gateway.bookkeeping import seconds_to_wait
from gateway.pipeline import drain
from gateway.services import Limits
from gateway.store import queue
from gateway.store.queue import WorkQueue
from gateway.store.statements import fetch, run
from mappings.account import SchemedId
from mappings.files.account_folder import read_account
from tests.examples.order_lines import BOLTS, HAMMERS, line, order
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, SmallGateway
from tests.examples.threads import PINE, change, confirmed, settle

BARE = {"function": "cancel", "order_number": "PH-4001"}
NO_BUYER = {"buyer": None}
ANOTHER = {"id": "68750111", "scheme": "0106"}


def name_two_buyers(gateway: SmallGateway) -> None:
    """The account has two numbers, so that an order which names neither may be of either."""
    folder = read_account(ACCOUNTS / PINE)
    another = SchemedId(id="68750111", scheme="0106")
    account = folder.account.model_copy(update={"identifiers": (*folder.account.identifiers, another)})
    gateway.publish(replace(folder, account=account))


def save_the_second_first(gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers: what is decided first is saved only once the second has been decided and saved."""
    save, calls = WorkQueue.save, []

    def save_second_first(work_queue: WorkQueue, *arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            drain(gateway.services, ALL_LANES, lambda: None, batches=1)
        save(work_queue, *arguments)

    monkeypatch.setattr(WorkQueue, "save", save_second_first)


# --- at the same time --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("sent", [[order(BOLTS), BARE], [BARE, order(BOLTS)]])
def test_an_order_and_its_cancellation_in_one_batch(gateway: SmallGateway, sent: list[dict[str, Any]]) -> None:
    """Whichever comes first: nobody waits a minute."""
    messages = [gateway.send(PINE, one) for one in sent]
    gateway.work()
    assert [gateway.message(one).status for one in messages] == ["done", "done"]
    assert confirmed(gateway) == {"1": ("4", "0", "4")}


@pytest.mark.parametrize("first", ["the order", "the cancellation"])
def test_an_order_and_its_cancellation_at_two_workers(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Each was decided without the other; whichever is saved second, the cancellation goes on at once."""
    on_either.services = replace(on_either.services, limits=Limits(batch_size=1))
    sent = [order(BOLTS), BARE] if first == "the cancellation" else [BARE, order(BOLTS)]
    messages = [on_either.send(PINE, one) for one in sent]
    save_the_second_first(on_either, monkeypatch)
    on_either.work()
    assert [on_either.message(one).status for one in messages] == ["done", "done"]
    assert confirmed(on_either) == {"1": ("4", "0", "4")}


def test_a_refused_change_never_tells_how_the_order_stood_before_another(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is decided while the order changes, and saved second: then it is decided anew, and names what stands now."""
    folder = read_account(ACCOUNTS / PINE)
    terms = folder.account.model_dump(mode="json", by_alias=True)
    terms["outbound"]["order_response"] = {"format": "cxml-1.2", "transport": "mailbox"}
    terms["policies"]["price_mismatch"] = "reject_line"
    on_either.publish(replace(folder, account=type(folder.account).model_validate(terms)))
    on_either.services = replace(on_either.services, limits=Limits(batch_size=1))
    settle(on_either, order(BOLTS))
    dear = line("1", "PH-0101", "6", "DOOS", "99")
    refused = on_either.send(PINE, change(dear, version=3))
    applied = on_either.send(PINE, change({**BOLTS, "quantity": "5"}, version=2))
    save_the_second_first(on_either, monkeypatch)
    on_either.work()
    assert [on_either.message(one).status for one in (refused, applied)] == ["rejected", "done"]
    (document,) = on_either.store.documents.of_messages([refused])
    told = etree.fromstring(on_either.store.documents.body(document.id))
    assert [item.get("quantity") for item in told.iter("ConfirmationItem")] == ["5"]
    (latest,) = on_either.store.documents.of_messages([applied])
    replaced = told.find(".//ConfirmationHeader/DocumentReference")
    assert replaced is not None
    assert str(replaced.get("payloadID")).startswith(latest.number)


# --- waiting ----------------------------------------------------------------------------------------------------
def test_an_orphan_is_looked_at_less_and_less(gateway: SmallGateway, today: time_machine.Traveller) -> None:
    orphan = gateway.send(PINE, BARE)
    looks = []
    for _ in range(6):
        assert gateway.work() == 0
        looks.append(not_before(gateway, orphan))
        gateway.wake()
        today.shift(timedelta(minutes=2))
    assert looks == pytest.approx([5, 120, 240, 360, 480, 600], abs=2)
    assert [seconds_to_wait(hours * 3_600_000_000) for hours in (-1, 0, 1, 23)] == [5, 5, 3600, 3600]


def not_before(gateway: SmallGateway, message_id: str) -> float:
    """In how many seconds the message may be claimed."""
    clock, moment = gateway.store.queue._clock.now()
    with gateway.store.database.read() as connection:
        query = f"SELECT not_before - {clock} FROM messages WHERE id = ?"
        return float(fetch(connection, query, [*moment, message_id])[0][0]) / 1000


def test_those_that_were_due_first_are_woken_first(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A storm of orphans holds nobody up: a sweep wakes so many of them, and the next one those behind."""
    monkeypatch.setattr(queue, "MOST_WOKEN", 2)
    orphans = [on_either.send(PINE, {**BARE, "order_number": f"PH-{number}"}) for number in range(5)]
    on_either.work()
    later = dict(zip(orphans, [50, 10, 40, 20, 30], strict=True))
    with on_either.store.database.write() as connection:
        for message_id, moment in later.items():
            run(connection, "UPDATE messages SET not_before = ? WHERE id = ?", [(moment, message_id)])
    woken: list[set[str]] = []
    for _ in range(3):
        on_either.store.queue.sweep()
        with on_either.store.database.read() as connection:
            woken.append({row[0] for row in fetch(connection, "SELECT id FROM messages WHERE not_before IS NULL")})
    by_time = sorted(orphans, key=later.__getitem__)
    assert woken == [set(by_time[:2]), set(by_time[:4]), set(by_time)]


def test_what_waits_by_the_clock_of_another_boot_is_due(gateway: SmallGateway) -> None:
    orphan = gateway.send(PINE, BARE)
    gateway.work()
    with gateway.store.database.write() as connection:
        run(connection, "UPDATE messages SET not_before_boot = ? WHERE id = ?", [("another", orphan)])
    gateway.store.queue.sweep()
    with gateway.store.database.read() as connection:
        assert fetch(connection, "SELECT not_before FROM messages WHERE id = ?", [orphan])[0][0] is None


# --- a party left out -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("first", "second"), [({}, NO_BUYER), (NO_BUYER, {})])
def test_a_buyer_left_out_makes_no_second_order(
    gateway: SmallGateway, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """The account has one buyer, so it is the same order with other content."""
    settle(gateway, order(BOLTS, **first))
    held = gateway.settle(PINE, order({**BOLTS, "quantity": "5"}, **second))
    assert (held.status, gateway.faults(held.id)) == ("held", [("order_number_reused", "/order_number")])
    assert confirmed(gateway) == {"1": ("4", "4", "0")}
    gateway.set_policies(PINE, same_number_other_content="change")
    changed = gateway.settle(PINE, order({**BOLTS, "quantity": "6"}, **second))
    assert changed.status == "done"
    assert confirmed(gateway) == {"1": ("6", "6", "0")}


@pytest.mark.parametrize(("first", "second"), [({}, NO_BUYER), (NO_BUYER, {})])
@pytest.mark.parametrize("together", [False, True])
def test_nobody_guesses_whose_order_it_is(
    gateway: SmallGateway, first: dict[str, Any], second: dict[str, Any], together: bool
) -> None:
    name_two_buyers(gateway)
    gateway.send(PINE, order(BOLTS, **first))
    if not together:
        gateway.work()
    held = gateway.settle(PINE, order({**BOLTS, "quantity": "5"}, **second))
    assert (held.status, gateway.faults(held.id)) == ("held", [("order_unclear", "/order_number")])
    assert confirmed(gateway) == {"1": ("4", "4", "0")}
    changed = gateway.settle(PINE, change({**BOLTS, "quantity": "6"}, **second))
    assert changed.status == "done"
    assert confirmed(gateway) == {"1": ("6", "6", "0")}


@pytest.mark.parametrize(("first", "second"), [({}, NO_BUYER), (NO_BUYER, {})])
def test_a_buyer_left_out_makes_no_second_order_at_two_workers(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Each was decided without the other: whichever is saved second finds that the number is taken."""
    name_two_buyers(on_either)
    on_either.services = replace(on_either.services, limits=Limits(batch_size=1))
    later, earlier = (on_either.send(PINE, order(BOLTS, **one)) for one in (first, second))
    save_the_second_first(on_either, monkeypatch)
    on_either.work()
    assert [on_either.message(one).status for one in (later, earlier)] == ["held", "done"]
    assert on_either.faults(later) == [("order_unclear", "/order_number")]


def test_two_buyers_use_one_number_in_one_batch(on_either: SmallGateway) -> None:
    name_two_buyers(on_either)
    buyers = [{}, {"buyer": {"id": "68750111", "scheme": "0106"}}]
    messages = [on_either.send(PINE, order(BOLTS, **buyer)) for buyer in buyers]
    on_either.work()
    assert [on_either.message(one).status for one in messages] == ["done", "done"]
    assert len(on_either.store.orders.by_number(PINE, "PH-4001")) == 2


def test_an_order_of_another_buyer_is_another_order(gateway: SmallGateway) -> None:
    name_two_buyers(gateway)
    settle(gateway, order(BOLTS))
    other = gateway.settle(PINE, order(HAMMERS, buyer={"id": "68750111", "scheme": "0106"}))
    assert other.status == "done"
    assert len(gateway.store.orders.by_number(PINE, "PH-4001")) == 2
    unclear = gateway.settle(PINE, order(HAMMERS, **NO_BUYER))
    assert gateway.faults(unclear.id) == [("order_unclear", "/order_number")]


@pytest.mark.parametrize("function", ["change", "cancel"])
def test_a_change_that_may_be_of_two_orders_is_held_at_once(
    gateway: SmallGateway, today: time_machine.Traveller, function: str
) -> None:
    """Both are there, so that nothing is waited for; with its buyer it is of one of them."""
    name_two_buyers(gateway)
    settle(gateway, order(BOLTS), order(HAMMERS, buyer=ANOTHER))
    asked = order({**HAMMERS, "quantity": "5"}, function=function, version=2)
    held = gateway.settle(PINE, {**asked, **NO_BUYER})
    assert (held.status, gateway.faults(held.id)) == ("held", [("order_unclear", "/order_number")])
    (fault,) = gateway.store.messages.faults(held.id)
    stand = gateway.store.orders.by_number(PINE, "PH-4001")
    assert all(one.message_id in fault.detail for one in stand)
    assert gateway.responses([held.id]) == []
    named = gateway.settle(PINE, {**asked, "buyer": ANOTHER})
    assert named.status == "done"
    changed = {one.version for one in gateway.store.orders.by_number(PINE, "PH-4001")}
    assert changed == {1, 2}


@pytest.mark.parametrize(("format_name", "told"), [("json-1", ["rejected"]), ("cxml-1.2", [])])
def test_a_change_of_another_buyers_order_of_the_number(
    gateway: SmallGateway, today: time_machine.Traveller, format_name: str, told: list[str]
) -> None:
    """It waits for its own order; when that never came it is refused. In cXML that would be the refusal of the order
    that stands, so nothing is sent."""
    name_two_buyers(gateway)
    folder = published_folder(gateway.store, PINE)
    assert folder is not None
    terms = folder.account.model_dump(mode="json", by_alias=True)
    terms["outbound"]["order_response"] = {"format": format_name, "transport": "mailbox"}
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))
    settle(gateway, order(BOLTS))
    early = gateway.settle(PINE, change({**BOLTS, "quantity": "5"}, buyer=ANOTHER))
    assert (early.status, gateway.faults(early.id)) == ("received", [])
    today.shift(timedelta(hours=24))
    gateway.wake()
    gateway.work()
    assert gateway.message(early.id).status == "rejected"
    (fault,) = gateway.store.messages.faults(early.id)
    assert (fault.code, "another party's" in fault.detail) == ("unknown_order", True)
    assert [one.outcome for one in gateway.responses([early.id])] == told
    assert confirmed(gateway) == {"1": ("4", "4", "0")}


def test_a_change_of_a_wrong_buyer_waits_for_nothing(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS))
    refused = gateway.settle(PINE, change({**BOLTS, "quantity": "5"}, buyer={"id": "11111111", "scheme": "0106"}))
    assert (refused.status, gateway.faults(refused.id)) == ("rejected", [("wrong_buyer", "/buyer/id")])
    assert confirmed(gateway) == {"1": ("4", "4", "0")}


def test_an_order_under_a_key_of_before_is_found(gateway: SmallGateway) -> None:
    """The account's `order_key` has a part more by now: the same order is a resend, whatever its key was."""
    first = gateway.settle(PINE, order(BOLTS))
    gateway.set_policies(PINE, order_key=["buyer", "order_number", "ship_to"])
    with gateway.store.database.write() as connection:
        run(connection, "UPDATE orders SET order_key = ?", [("\x1fPH-4001\x1fYARD-1",)])
    again = gateway.settle(PINE, order({**BOLTS, "quantity": "4.0"}))
    assert (again.status, again.duplicate_of) == ("duplicate", first.id)
    elsewhere = gateway.settle(PINE, order(BOLTS, ship_to={"id": "YARD-2"}))
    assert elsewhere.status == "done"
