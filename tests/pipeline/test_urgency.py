"""Rush orders, orders that want their answer sooner, and orders that run out of time: in which lane they wait, by when
they are due, and where that is shown. On both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from gateway import pipeline
from gateway.bookkeeping import Books
from gateway.lanes import LANES
from gateway.store.database import StoreUnavailable
from gateway.store.queue import WorkQueue
from gateway.store.urgency import RUSH, TIME
from mappings.files.account_folder import read_account
from mappings.revision import ItemRow
from tests.examples.order_lines import BOLTS, line, order
from tests.examples.small_gateway import ACCOUNTS, ORDERS, TODAY, SmallGateway
from tests.harness.replaying import judge_again
from workers.sweep import sweep_once

PINE, BIRCH = "pine-hardware", "birch-timber"
CRITICAL, HIGH, STANDARD, BULK = range(len(LANES))
UNKNOWN = line("1", "PH-0901", "2", "STUK")
"""PH-0901 is in nobody's items.csv, until `learn` puts it there."""


def learn(gateway: SmallGateway) -> None:
    """Correct the mapping: PH-0901 is a hand saw."""
    folder = read_account(ACCOUNTS / PINE)
    gateway.publish(replace(folder, items=(*folder.items, ItemRow("PH-0901", None, "SAW-600"))))


def set_tier(gateway: SmallGateway, tier: str) -> None:
    """Publish pine-hardware in another tier."""
    folder = read_account(ACCOUNTS / PINE)
    gateway.publish(replace(folder, account=folder.account.model_copy(update={"tier": tier})))


def place(gateway: SmallGateway, message_id: str) -> tuple[str, int, str | None]:
    """The message's status, lane, and why it was moved up."""
    message = gateway.message(message_id)
    return message.status, message.lane, message.moved_up


def last_event(gateway: SmallGateway, message_id: str) -> tuple[str, dict[str, Any]]:
    """The newest entry of its timeline."""
    event = gateway.store.audit.of(message_id)[-1]
    return event["kind"], event["body"]


def due(gateway: SmallGateway, message_id: str) -> datetime:
    """When the answer is due."""
    return datetime.fromtimestamp(gateway.message(message_id).due_at / 1_000_000, UTC)


# --- rush orders -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("tier", "came", "waits"),
    [("platinum", HIGH, CRITICAL), ("gold", STANDARD, HIGH), ("standard", BULK, STANDARD)],
)
def test_a_rush_order_that_is_held_waits_one_lane_higher(
    on_either: SmallGateway, tier: str, came: int, waits: int
) -> None:
    set_tier(on_either, tier)
    rush = on_either.send(PINE, order(UNKNOWN, rush=True))
    usual = on_either.send(PINE, order(UNKNOWN, number="PH-2"))
    assert [place(on_either, one) for one in (rush, usual)] == [("received", came, None)] * 2, "the tier's, unread"
    on_either.work()
    assert [place(on_either, one) for one in (rush, usual)] == [("held", waits, RUSH), ("held", came, None)]
    kind, told = last_event(on_either, rush)
    assert (kind, told["lane"], told["moved_up"]) == ("held", waits, RUSH)


def test_its_next_run_is_claimed_from_there_and_moves_it_no_further(on_either: SmallGateway) -> None:
    rush = on_either.settle(PINE, order(UNKNOWN, rush=True)).id
    for run in (2, 3):
        judge_again(on_either.store, rush)
        assert pipeline.drain(on_either.services, [STANDARD, BULK], lambda: None) == 0
        assert pipeline.drain(on_either.services, [HIGH], lambda: None) == 1
        assert on_either.message(rush).run == run
        assert place(on_either, rush) == ("held", HIGH, RUSH)
    learn(on_either)
    on_either.settle(PINE, order(UNKNOWN, rush=True))
    assert place(on_either, rush) == ("done", HIGH, RUSH)
    assert list(on_either.store.audit.broken()) == []


def test_a_rush_order_that_the_gateway_failed_at(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Books, "number", lambda *_: 1 / 0)
        rush = on_either.settle(PINE, order(BOLTS, rush=True)).id
    assert place(on_either, rush) == ("failed", HIGH, RUSH)
    judge_again(on_either.store, rush)
    assert pipeline.drain(on_either.services, [HIGH], lambda: None) == 1
    assert place(on_either, rush) == ("done", HIGH, RUSH)


def test_a_rush_order_that_is_given_back(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database took no save; what was read of the order is kept all the same."""
    monkeypatch.setattr(pipeline, "_OUTAGE_PAUSE_SECONDS", 0.0)
    rush = on_either.send(PINE, order(BOLTS, rush=True, respond_by="2026-11-22"))
    with monkeypatch.context() as full:
        full.setattr(WorkQueue, "save", _refuse)
        assert pipeline.drain(on_either.services, range(4), lambda: None, batches=1) == 0
    assert place(on_either, rush) == ("received", HIGH, RUSH)
    assert on_either.message(rush).due_at == on_either.message(rush).received_at


def _refuse(*_: object) -> None:
    raise StoreUnavailable("full")


def test_a_message_that_could_not_be_read_stays_where_it_came(on_either: SmallGateway) -> None:
    unread = json.dumps(order({**BOLTS, "quantity": "many"}, rush=True)).encode()
    assert place(on_either, on_either.settle(PINE, unread).id) == ("rejected", STANDARD, None)


# --- the order's own day ---------------------------------------------------------------------------------------------
def test_the_end_of_the_validity_period_tightens_the_clock(on_either: SmallGateway) -> None:
    """An order of Monday that has 48 hours and asks for an answer on Tuesday: by midnight in Stockholm."""
    on_either.set_policies(BIRCH, acknowledge_within="48h")
    period = (
        b"<cac:ValidityPeriod><cbc:EndDate>2026-11-24</cbc:EndDate></cac:ValidityPeriod>\n  <cac:BuyerCustomerParty>"
    )
    body = (ORDERS / "birch-timber.xml").read_bytes().replace(b"<cac:BuyerCustomerParty>", period, 1)
    sent = on_either.send(BIRCH, body)
    assert due(on_either, sent) - TODAY >= timedelta(hours=48)
    on_either.work()
    assert due(on_either, sent) == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert place(on_either, sent) == ("done", HIGH, None), "most of its time is left"
    headers = {"Authorization": f"Bearer {on_either.key(BIRCH)}"}
    shown = on_either.client.get(f"/v1/messages/{sent}", headers=headers).json
    assert shown["due_at"] == "2026-11-24T23:00:00.000+00:00"
    assert last_event(on_either, sent)[1]["due_at"] == on_either.message(sent).due_at


def test_an_order_without_a_day_or_with_a_later_one_keeps_the_agreed_time(on_either: SmallGateway) -> None:
    for number, said in (("PH-1", None), ("PH-2", "2026-11-24"), ("PH-3", "9999-12-31")):
        message = on_either.settle(PINE, order(BOLTS, number=number, respond_by=said))
        assert message.due_at - message.received_at == timedelta(hours=4) // timedelta(microseconds=1)
        assert "due_at" not in last_event(on_either, message.id)[1]


def test_the_tightened_clock_orders_the_next_run(on_either: SmallGateway) -> None:
    """Both are held; the second asked for an answer by midnight, so it goes first when both are replayed."""
    on_either.set_policies(PINE, acknowledge_within="30d")
    first = on_either.settle(PINE, order(UNKNOWN, number="PH-1")).id
    second = on_either.settle(PINE, order(UNKNOWN, number="PH-2", respond_by="2026-11-23")).id
    assert due(on_either, second) == datetime(2026, 11, 23, 23, tzinfo=UTC)
    for one in (first, second):
        judge_again(on_either.store, one)
    claim = on_either.store.queue.claim("w", range(4), 1)
    assert claim is not None
    assert [message.id for message in claim.messages] == [second]


def test_a_day_that_was_over_makes_it_due_at_once_and_moves_it_up(on_either: SmallGateway) -> None:
    late = on_either.settle(PINE, order(UNKNOWN, respond_by="2026-11-01"))
    assert late.due_at == late.received_at
    assert place(on_either, late.id) == ("held", HIGH, TIME)


# --- running out of time ---------------------------------------------------------------------------------------------
def test_what_waits_too_long_moves_up_by_the_sweep(on_either: SmallGateway, today: time_machine.Traveller) -> None:
    """Four hours from ten o'clock: a quarter is left at one."""
    sent = on_either.send(PINE, order(BOLTS))
    today.move_to(TODAY + timedelta(hours=2, minutes=59))
    assert sweep_once(on_either.services) == {STANDARD}
    assert place(on_either, sent) == ("received", STANDARD, None)
    today.move_to(TODAY + timedelta(hours=3, minutes=1))
    assert HIGH in sweep_once(on_either.services), "whoever works in that lane is rung"
    assert place(on_either, sent) == ("received", HIGH, TIME)
    today.move_to(TODAY + timedelta(hours=30))
    assert sweep_once(on_either.services) == {HIGH}
    assert place(on_either, sent) == ("received", HIGH, TIME), "once in its life"
    metrics = on_either.client.get("/metrics").text
    assert 'gateway_lane_moved_up{lane="high"} 1.0' in metrics
    assert 'gateway_lane_moved_up{lane="standard"} 0.0' in metrics
    on_either.work()
    assert place(on_either, sent) == ("done", HIGH, TIME)
    assert [event["kind"] for event in on_either.store.audit.of(sent)] == ["received", "moved up", "answered"]
    assert 'gateway_lane_moved_up{lane="high"} 0.0' in on_either.client.get("/metrics").text


def test_a_lane_that_was_rung_is_rung_again_behind_the_move(
    on_either: SmallGateway, today: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker woken by the first ring passes over what is just being moved, and finds nothing."""
    on_either.send(PINE, order(BOLTS))
    today.move_to(TODAY + timedelta(hours=3, minutes=1))
    sweep_once(on_either.services)
    on_either.send(PINE, order(BOLTS, number="PH-2"))
    today.move_to(TODAY + timedelta(hours=7))
    told: list[object] = []
    move_up = on_either.store.backlog.move_up
    monkeypatch.setattr(on_either.store.backlog, "move_up", lambda now: told.append("move") or move_up(now))
    monkeypatch.setattr(on_either.services.lanes, "ring", told.append)
    sweep_once(on_either.services)
    assert told[0:4] == [HIGH, STANDARD, "move", HIGH]


def test_little_time_left_when_it_is_read_counts_as_well(
    on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    """No sweep came by; a worker reads it in its last quarter and can't answer it."""
    sent = on_either.send(PINE, order(UNKNOWN))
    today.move_to(TODAY + timedelta(hours=3, minutes=1))
    on_either.work()
    assert place(on_either, sent) == ("held", HIGH, TIME)


def test_moved_up_for_its_time_and_then_read_as_a_rush_order(
    on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    """One lane, not two; and the first reason stands."""
    sent = on_either.send(PINE, order(UNKNOWN, rush=True))
    today.move_to(TODAY + timedelta(hours=3, minutes=1))
    sweep_once(on_either.services)
    on_either.work()
    assert place(on_either, sent) == ("held", HIGH, TIME)


def test_an_account_that_is_promoted_meanwhile(on_either: SmallGateway) -> None:
    """A message never moves down, and one that was moved up stays where it is."""
    rush = on_either.settle(PINE, order(UNKNOWN, rush=True)).id
    set_tier(on_either, "standard")
    judge_again(on_either.store, rush)
    on_either.work()
    assert place(on_either, rush) == ("held", HIGH, RUSH)
    set_tier(on_either, "platinum")
    judge_again(on_either.store, rush)
    on_either.work()
    assert place(on_either, rush) == ("held", HIGH, RUSH)
