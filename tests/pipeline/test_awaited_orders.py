"""A change or cancellation waits for an order that we have, as long as that isn't settled: it is never told that there
is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from click.testing import CliRunner

from gateway.cli import program
from gateway.judging import foresee
from gateway.store.statements import fetch, run
from mappings.files.account_folder import read_account
from tests.examples.order_lines import BOLTS, line, order
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, SmallGateway
from tests.examples.threads import PINE, cancel, change, confirmed, settle, taken
from tests.harness.replaying import judge_again

NEW_ITEM = line("1", "NEWSKU", "3", "STUK")
A_DAY = timedelta(hours=25)


def hold_order_and_cancel(gateway: SmallGateway, today: time_machine.Traveller) -> tuple[str, str]:
    """An order is held, its cancellation came, and a day is over."""
    held, cancelled = settle(gateway, order(NEW_ITEM), cancel())
    assert (held.status, cancelled.status) == ("held", "received")
    look_again(gateway, today)
    assert gateway.message(cancelled.id).status == "received"
    return held.id, cancelled.id


def look_again(gateway: SmallGateway, today: time_machine.Traveller) -> None:
    today.shift(A_DAY)
    gateway.wake()
    gateway.work()


def know_the_item(gateway: SmallGateway) -> None:
    folder = read_account(ACCOUNTS / PINE)
    gateway.publish(replace(folder, items=(*folder.items, replace(folder.items[1], account_sku="NEWSKU"))))


def test_it_is_made_when_the_order_is_replayed(on_either: SmallGateway, today: time_machine.Traveller) -> None:
    held, cancelled = hold_order_and_cancel(on_either, today)
    know_the_item(on_either)
    judge_again(on_either.store, held, "the item is known")
    on_either.work()
    on_either.work()
    assert [on_either.message(one).status for one in (held, cancelled)] == ["done", "done"]
    assert confirmed(on_either) == {"1": ("3", "0", "3")}
    assert taken(on_either, "HAMMER-16") == 0
    assert list(on_either.store.audit.broken()) == []


def dismiss(gateway: SmallGateway, held: str) -> None:
    gateway.store.messages.dismiss(held, "test", "not wanted")


def reject(gateway: SmallGateway, held: str) -> None:
    gateway.set_policies(PINE, unknown_item="reject_line")
    judge_again(gateway.store, held, "not ours")
    gateway.work()
    assert gateway.message(held).status == "rejected"


@pytest.mark.parametrize("end", [dismiss, reject])
def test_it_hears_when_the_order_will_not_come(
    on_either: SmallGateway, today: time_machine.Traveller, end: Callable[[SmallGateway, str], None]
) -> None:
    held, cancelled = hold_order_and_cancel(on_either, today)
    end(on_either, held)
    on_either.work()
    assert (on_either.message(cancelled).status, on_either.faults(cancelled)) == (
        "rejected",
        [("unknown_order", "/order_number")],
    )


def test_two_that_wait_are_no_order_to_each_other(on_either: SmallGateway, today: time_machine.Traveller) -> None:
    waiting = settle(on_either, cancel(), change(BOLTS))
    look_again(on_either, today)
    assert [on_either.message(one.id).status for one in waiting] == ["rejected", "rejected"]


def test_an_order_that_is_judged_again_is_waited_for(on_either: SmallGateway, today: time_machine.Traveller) -> None:
    """Another worker has it at that moment."""
    held, cancelled = hold_order_and_cancel(on_either, today)
    judge_again(on_either.store, held, "again")
    assert on_either.store.queue.claim("another", ALL_LANES, 1) is not None
    look_again(on_either, today)
    assert on_either.message(cancelled).status == "received"


def test_what_is_looked_at_for_the_first_time_waits(on_either: SmallGateway, today: time_machine.Traveller) -> None:
    """After a day without workers its order may be at another one, unread."""
    made = on_either.send(PINE, order(BOLTS))
    assert on_either.store.queue.claim("another", ALL_LANES, 1) is not None
    cancelled = on_either.send(PINE, cancel())
    today.shift(A_DAY)
    on_either.work()
    assert on_either.message(cancelled).status == "received"
    with on_either.store.database.write() as connection:
        run(connection, "UPDATE leases SET until = ?", [(0,)])
    on_either.store.queue.sweep()
    on_either.work()
    on_either.work()
    assert [on_either.message(one).status for one in (made, cancelled)] == ["done", "done"]
    assert confirmed(on_either) == {"1": ("4", "0", "4")}


OTHER_BUYER = {"id": "9521234007777", "scheme": "0088"}


def know_the_buyer(gateway: SmallGateway) -> None:
    folder = read_account(ACCOUNTS / PINE)
    told = folder.account.model_dump(mode="json", by_alias=True)
    told["identifiers"] = [*told["identifiers"], OTHER_BUYER]
    gateway.publish(replace(folder, account=type(folder.account).model_validate(told)))


def test_what_waits_when_it_is_judged_again_does_not_wait_for_itself(
    on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    refused = on_either.settle(PINE, change(BOLTS, buyer=OTHER_BUYER)).id
    assert on_either.message(refused).status == "rejected"
    know_the_buyer(on_either)
    judge_again(on_either.store, refused, "the buyer is known")
    on_either.work()
    assert on_either.message(refused).status == "received"
    look_again(on_either, today)
    assert (on_either.message(refused).status, on_either.faults(refused)) == (
        "rejected",
        [("unknown_order", "/order_number")],
    )
    with on_either.store.database.read() as connection:
        query = "SELECT kind FROM events WHERE stream = ? ORDER BY number"
        kinds = [row[0] for row in fetch(connection, query, [refused])]
    assert kinds == ["received", "rejected", "replay", "waits", "rejected"]
    assert list(on_either.store.audit.broken()) == []


def test_a_held_change_that_never_waited_brings_no_order(
    on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    """It is of the order at one place, and what is cancelled was to go to another."""
    on_either.set_policies(PINE, order_key=["order_number", "ship_to"])
    _, held = settle(on_either, order(BOLTS), change({**BOLTS, "price": {"amount": "6.30"}}))
    assert (held.status, on_either.faults(held.id)) == ("held", [("price_mismatch", "/lines/0/price/amount")])
    cancelled = on_either.settle(PINE, cancel(ship_to={"id": "YARD-2"})).id
    look_again(on_either, today)
    assert on_either.faults(cancelled) == [("unknown_order", "/order_number")]


def test_a_held_test_is_no_order_that_a_cancellation_waits_for(
    on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    assert on_either.settle(PINE, order(NEW_ITEM, test=True)).status == "held"
    real = on_either.settle(PINE, cancel()).id
    look_again(on_either, today)
    assert on_either.faults(real) == [("unknown_order", "/order_number")]


def test_a_held_test_is_what_the_cancellation_of_a_test_waits_for(
    on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    assert on_either.settle(PINE, order(NEW_ITEM, test=True)).status == "held"
    tried = on_either.settle(PINE, cancel(test=True)).id
    look_again(on_either, today)
    assert on_either.message(tried).status == "received"


def test_a_replay_of_the_cancellation_foresees_that_it_waits(
    gateway: SmallGateway, today: time_machine.Traveller
) -> None:
    cancelled = gateway.settle(PINE, cancel())
    look_again(gateway, today)
    settle(gateway, order(NEW_ITEM))
    stored = gateway.message(cancelled.id)
    assert stored.status == "rejected"
    (foreseen,) = foresee(gateway.services, [(stored, gateway.store.messages.body(stored.id) or b"")])
    assert foreseen is not None
    assert foreseen.status == "received"


def test_the_held_order_names_what_waits_for_it(gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    held, cancelled = settle(gateway, order(NEW_ITEM), cancel())
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(gateway.database.parent))

    def told(*arguments: str) -> str:
        return CliRunner().invoke(program, arguments).output

    says = f"a change or cancellation of its order waits for it: message {cancelled.id}"
    assert says in told("messages", "show", held.id)
    assert json.loads(told("messages", "show", "--json", held.id))["awaited_by"] == [cancelled.id]
    assert says not in told("messages", "show", cancelled.id)
    assert f"{cancelled.id} (a change or cancellation, waits for the order)" in told("orders", "show", "PH-4001")
