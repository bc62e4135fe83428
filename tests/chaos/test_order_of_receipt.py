"""Unnumbered changes of several orders with retries of them between, while three workers take them and die with some in
hand: each order ends as if its messages had been made one after the other, in the order in which they were received."""

from __future__ import annotations

import json
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gateway.pipeline import process
from gateway.services import Limits
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from gateway.terms import Terms
from tests.examples.conftest import filled, today
from tests.examples.order_lines import line, order
from tests.examples.small_gateway import ALL_LANES, SmallGateway
from tests.examples.threads import PINE
from tests.pipeline.conftest import filled_postgres, filled_today, on_either
from tests.store.conftest import postgres

__all__ = ["filled", "filled_postgres", "filled_today", "on_either", "postgres", "today"]

pytestmark = pytest.mark.chaos

FIRST_SEED = int(os.environ.get("RECEIPT_SEED", "1"))
ORDERS, WORKERS, LONGEST = 6, 3, 120.0
DIES = 0.1
"""How often a worker is gone with what it has just claimed."""


@dataclass
class Thread:
    """One order: what is sent of it, and what its lines are in the end; None where it was cancelled."""

    number: str
    sent: list[dict[str, Any]]
    ends_as: dict[str, int] | None = field(default_factory=lambda: {"1": 1, "2": 1})


def drawn(number: str, rng: random.Random) -> Thread:
    """An order, and what becomes of it. No quantity comes twice but in a retry."""
    quantities = iter(rng.sample(range(2, 60), 40))
    made = [order(saws("1", 1), saws("2", 1), number=number)]
    thread = Thread(number, [*made])
    for _ in range(rng.randint(3, 8)):
        kind = rng.choice(["all", "by line", "by line", "retry", "retry", "cancel" if rng.random() < 0.15 else "retry"])
        if kind == "retry":
            thread.sent.append(rng.choice(made))
            continue
        asked = {rng.choice("12"): next(quantities)} if kind == "by line" else {n: next(quantities) for n in "12"}
        if kind == "cancel":
            said = {**order(number=number), "function": "cancel", "version": 0}
        else:
            action = {"action": "change"} if kind == "by line" else {}
            lines = [saws(n, quantity) | action for n, quantity in asked.items()]
            said = order(*lines, number=number, function="change", version=0)
        made.append(said)
        thread.sent.append(said)
        if thread.ends_as is not None:
            thread.ends_as = None if kind == "cancel" else thread.ends_as | asked
    return thread


def saws(number: str, quantity: int) -> dict[str, Any]:
    return line(number, "PH-0107", str(quantity), "STUK")


@contextmanager
def workers(gateway: SmallGateway, seed: int) -> Iterator[None]:
    """Workers of their own stores, each of which sweeps where it finds nothing."""
    over = threading.Event()
    failures: list[BaseException] = []

    def work(number: int) -> None:
        rng = random.Random(100 * seed + number)
        store = Store(gateway.store.database.url, max_losses=1_000_000)
        limits = Limits(batch_size=rng.choice([1, 2, 4]))
        services = replace(gateway.services, store=store, terms=Terms(store), limits=limits)
        try:
            while not over.is_set():
                claim = store.queue.claim(f"worker {number}", ALL_LANES, limits.batch_size)
                if claim is None:
                    store.queue.sweep()
                    over.wait(0.02)
                elif rng.random() < DIES:
                    over.wait(0.05)
                    with store.database.write() as connection:
                        run(connection, "UPDATE leases SET until = 0 WHERE id = ?", [(claim.lease_id,)])
                else:
                    process(services, claim)
        except BaseException as failure:
            failures.append(failure)
        finally:
            store.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in threads:
            one.join()
    assert failures == []


def send_all(gateway: SmallGateway, threads: list[Thread], rng: random.Random) -> None:
    """Each order's messages in turn, the orders mixed; a retry mostly in other bytes."""
    waiting = {one.number: list(one.sent) for one in threads}
    pause = threading.Event()
    while left := [number for number, documents in waiting.items() if documents]:
        said = waiting[rng.choice(left)].pop(0)
        gateway.send(PINE, json.dumps(said, indent=rng.choice([None, 1, 2, 3])).encode())
        if rng.random() < 0.3:
            pause.wait(rng.random() / 10)


def wait_until_settled(gateway: SmallGateway) -> None:
    pause, looks = threading.Event(), int(LONGEST / 0.2)
    for _ in range(looks):
        if not gateway.store.queue.waiting():
            return
        pause.wait(0.2)
    pytest.fail(f"{gateway.store.queue.waiting()} messages aren't settled after {LONGEST} s")


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + 10))
def test_each_order_ends_as_its_messages_were_received(on_either: SmallGateway, seed: int) -> None:
    rng = random.Random(seed)
    threads = [drawn(f"R-{number}", rng) for number in range(ORDERS)]
    with workers(on_either, seed):
        send_all(on_either, threads, rng)
        wait_until_settled(on_either)
    for thread in threads:
        (stands,) = on_either.store.orders.by_number(PINE, thread.number)
        lines = {one.line_number: int(one.ordered) for one in on_either.store.orders.ledger(stands.id)}
        is_cancelled = stands.status == "cancelled"
        assert (None if is_cancelled else lines) == thread.ends_as, (thread, stands)
    with on_either.store.database.read() as connection:
        open_ones = fetch(connection, "SELECT id FROM messages WHERE status IN ('held', 'failed')")
    assert [on_either.faults(row[0]) for row in open_ones] == []
