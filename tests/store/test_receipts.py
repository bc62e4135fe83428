"""The clock of receipts: later messages have later times, in every process, whatever the wall clock does."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from gateway.store import receipts
from gateway.store.arrivals import NewMessage
from gateway.store.ids import new_id, now_us
from gateway.store.receipts import ReceiptClock
from gateway.store.store import Store
from tests.examples.small_gateway import TODAY

TEN_MINUTES = timedelta(minutes=10)
TWO_DAYS = timedelta(days=2)


@pytest.fixture
def wall() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(TODAY) as traveller:
        yield traveller


def receive(store: Store, clock: ReceiptClock) -> int:
    """Keep a message, received now."""
    at = clock.now()
    body = str(at).encode()
    digest = hashlib.sha256(body).digest()
    given = {"id": new_id(at), "received_at": at}
    store.intake.keep(NewMessage("acme", False, 1, at, "test", "json-1", None, body, digest, **given))  # type: ignore[arg-type]
    return at


def test_one_process_never_gives_a_time_twice(store: Store, wall: time_machine.Traveller) -> None:
    clock = ReceiptClock(store.database)
    given = [clock.now(), clock.now()]
    wall.shift(-TEN_MINUTES)
    given += [clock.now(), clock.now()]
    wall.shift(TEN_MINUTES + timedelta(seconds=1))
    before = now_us()
    given.append(clock.now())
    assert given == sorted(set(given))
    assert before <= given[-1] <= now_us(), "it shows the time again"


def test_no_process_gives_an_earlier_time_than_another(store: Store, wall: time_machine.Traveller) -> None:
    one, other = ReceiptClock(store.database), ReceiptClock(store.database)
    given = [receive(store, one), receive(store, other)]
    wall.shift(timedelta(seconds=60))
    given.append(receive(store, one))
    wall.shift(-TEN_MINUTES)
    given += [receive(store, clock) for clock in (other, one, other, ReceiptClock(store.database), one)]
    assert given == sorted(set(given))
    found = [stored.received_at for stored in store.messages.page(limit=10)]
    assert found[:5] == given[:-6:-1], "their ids sort as their times do"


def test_the_database_is_asked_at_first_and_after_a_step_back_only(store: Store, wall: time_machine.Traveller) -> None:
    clock = ReceiptClock(store.database)
    assert clock.at_hand() is None
    receive(store, clock)
    assert clock.at_hand() is not None
    wall.shift(TEN_MINUTES)
    assert clock.at_hand() is not None
    receive(store, clock)
    wall.shift(-TEN_MINUTES)
    assert clock.at_hand() is None
    receive(store, clock)
    assert clock.at_hand() is None, "another process may have given a time meanwhile"
    wall.shift(TEN_MINUTES + timedelta(seconds=1))
    assert clock.at_hand() is not None


def test_a_clock_that_was_wrong_by_days_is_not_followed(store: Store, wall: time_machine.Traveller) -> None:
    clock = ReceiptClock(store.database)
    receive(store, clock)
    wall.shift(TWO_DAYS)
    receive(store, clock)
    wall.shift(-TWO_DAYS + timedelta(seconds=1))
    before = now_us()
    given = [receive(store, clock), receive(store, ReceiptClock(store.database))]
    assert before <= given[0] < given[1] < now_us() + 1000
    assert clock.at_hand() is not None


def test_a_process_that_is_held_up_between_two_clocks_does_not_take_it_for_a_step_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ReceiptClock(store.database)
    receive(store, clock)
    read, held_up = now_us, [5_000, 5_000, 0]

    def late() -> int:
        at = read()
        pause = held_up.pop() if held_up else 0
        until = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + 1000 * pause
        while time.clock_gettime_ns(time.CLOCK_BOOTTIME) < until:
            pass
        return at

    monkeypatch.setattr(receipts, "now_us", late)
    assert [clock.at_hand() is not None for _ in range(3)] == [True] * 3
    assert held_up == []
