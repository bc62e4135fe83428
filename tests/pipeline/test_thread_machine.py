"""One order's thread under whatever comes: new, resent, changed, changed out of turn, cancelled, and a worker killed
between any two of these, before or after its commit. At every step the ledger's equations hold, each line holds exactly
the stock that was confirmed of it, and nothing is allocated without its order.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.pipeline import drain
from gateway.store.queue import WorkQueue
from gateway.store.statements import fetch, run
from tests.examples.order_lines import line, order
from tests.examples.small_gateway import ALL_LANES, TODAY, SmallGateway, fill, filled_database
from tests.store.postgres import fresh_database

PINE = "pine-hardware"
ITEMS = {"PH-0101": ("DOOS", Decimal(50)), "PH-0107": ("STUK", Decimal(1)), "PH-0103": ("STUK", Decimal(1))}
"""The account's number → its unit, and how many base units that is."""
EXAMPLES = int(os.environ.get("THREAD_EXAMPLES", "20"))
items = st.sampled_from(sorted(ITEMS))
quantities = st.sampled_from(["4", "8", "12", "40"])
numbers = st.sampled_from(["1", "2", "3"])
line_sets = st.dictionaries(numbers, st.tuples(items, quantities), min_size=1, max_size=3)
actions = st.sampled_from(["add", "change", "delete", "nothing"])
prices = st.sampled_from([None, None, "0.01"])
"""That of the contract, or one that the line is refused for."""
kills = st.sampled_from(["", "", "before", "after"])


class Killed(BaseException):
    """The worker is gone, without a word."""


def lines_of(chosen: dict[str, tuple[str, str]], price: str | None = None, **said: Any) -> list[dict[str, Any]]:
    """json-1 lines, of line number → (item, quantity); the first at this price."""
    lines = [line(number, item, count, ITEMS[item][0]) | said for number, (item, count) in sorted(chosen.items())]
    if price is not None:
        lines[0]["price"] = {"amount": price}
    return lines


class Thread(RuleBasedStateMachine):
    """The order PH-4001 and all that is sent about it."""

    open: Callable[[Path, ExitStack], SmallGateway]
    """A gateway on a new copy of the filled database, in this folder; what is to be done away with afterwards."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="thread-"))
        self.time = time_machine.travel(TODAY)
        self.time.start()
        self.left = ExitStack()
        self.gateway = type(self).open(self.folder, self.left)
        self.gateway.set_policies(PINE, partial="backorder", price_mismatch="reject_line")
        self.sent: list[dict[str, Any]] = []
        self.version = 1

    def send(self, document: dict[str, Any]) -> None:
        """One more document."""
        self.sent.append(document)
        self.gateway.send(PINE, document)

    @rule(chosen=line_sets)
    def new(self, chosen: dict[str, tuple[str, str]]) -> None:
        self.send(order(*lines_of(chosen)))

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def resend(self, data: st.DataObject) -> None:
        self.gateway.send(PINE, data.draw(st.sampled_from(self.sent)) | {"rush": False})

    @rule(chosen=line_sets, step=st.sampled_from([0, 1, 1, 2]), price=prices)
    def change(self, chosen: dict[str, tuple[str, str]], step: int, price: str | None) -> None:
        self.version += step
        self.send(order(*lines_of(chosen, price), function="change", version=self.version))

    @rule(chosen=line_sets, action=actions, step=st.sampled_from([1, 2]), price=prices)
    def change_by_line(self, chosen: dict[str, tuple[str, str]], action: str, step: int, price: str | None) -> None:
        self.version += step
        self.send(order(*lines_of(chosen, price, action=action), function="change", version=self.version))

    @rule(chosen=line_sets, other_lines=st.sampled_from([None, "kept", "unsaid"]), price=prices)
    def change_without_a_number(
        self, chosen: dict[str, tuple[str, str]], other_lines: str | None, price: str | None
    ) -> None:
        said = {"other_lines": other_lines} if other_lines else {}
        self.send(order(*lines_of(chosen, price), function="change", version=0, **said))

    @rule(item=items, more=quantities, less=quantities)
    def shift(self, item: str, more: str, less: str) -> None:
        """One line grows by what another of the same item gives back."""
        self.version += 1
        both = {"1": (item, more), "2": (item, less)}
        self.send(order(*lines_of(both), function="change", version=self.version))

    @rule(chosen=line_sets)
    def stale(self, chosen: dict[str, tuple[str, str]]) -> None:
        self.send(order(*lines_of(chosen), function="change", version=max(1, self.version - 1)))

    @rule(note=st.sampled_from(["a", "b"]))
    def cancel(self, note: str) -> None:
        self.send({**order(), "function": "cancel", "note": note})

    @rule(kill=kills)
    def work(self, kill: str) -> None:
        """A worker takes what waits; it may be killed at its commit, and then its lease runs out."""
        save = WorkQueue.save

        def killed(queue: WorkQueue, *arguments: Any) -> None:
            if kill == "after":
                save(queue, *arguments)
            raise Killed

        with pytest.MonkeyPatch.context() as patch:
            if kill:
                patch.setattr(WorkQueue, "save", killed)
            try:
                drain(self.gateway.services, ALL_LANES, lambda: None)
            except Killed:
                with self.gateway.store.database.write() as connection:
                    run(connection, "UPDATE leases SET until = ?", [(0,)])
                self.gateway.store.queue.sweep()

    @rule()
    def time_passes(self) -> None:
        self.gateway.wake()

    def rows(self, query: str) -> list[Any]:
        with self.gateway.store.database.read() as connection:
            return fetch(connection, query)

    @invariant()
    def the_books_hold(self) -> None:
        if not hasattr(self, "gateway"):
            return
        orders = {row[0] for row in self.rows("SELECT id FROM orders")}
        assert len(orders) <= 1, "one number, one order"
        held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for order_id, number, quantity in self.rows("SELECT order_id, line_number, quantity FROM stock_movements"):
            assert order_id in orders, "stock is allocated without its order"
            held[order_id, number] += Decimal(quantity)
        for order_id in orders:
            self.the_ledger_holds(order_id, held)
        responses = [row[0] for row in self.rows("SELECT number FROM documents")]
        assert len(set(responses)) == len(responses), "a number was given twice"
        assert self.rows("SELECT 1 FROM messages WHERE status = 'failed'") == []

    def the_ledger_holds(self, order_id: str, held: dict[tuple[str, str], Decimal]) -> None:
        """ordered + raised = confirmed + backordered + rejected + cancelled, none of them negative; and each line has
        taken what was confirmed of it."""
        per_unit = {"BOLT-M8": Decimal(50)}
        for one in self.gateway.store.orders.ledger(order_id):
            assert one.open == 0, one
            assert min(one.ordered, one.raised, one.confirmed, one.backordered, one.rejected, one.cancelled) >= 0, one
            base = one.confirmed * per_unit.get(one.product or "", Decimal(1))
            assert held[order_id, one.line_number] == base, (one, held)
        self.the_answer_sums(order_id)
        self.the_answers_number_the_versions(order_id)

    def the_answer_sums(self, order_id: str) -> None:
        """The outcomes of each line in the newest answer sum to what is ordered of it now."""
        ordered = {one.line_number: one.ordered + one.raised for one in self.gateway.store.orders.ledger(order_id)}
        (newest,) = self.rows("SELECT message_id FROM orders")
        for response in self.gateway.responses([newest[0]]):
            for one in response.lines:
                assert sum(outcome.quantity for outcome in one.outcomes) == ordered[one.line_number], (one, ordered)

    def the_answers_number_the_versions(self, order_id: str) -> None:
        """Each is given a higher number than the one before, which is what the thread says of it."""
        before = 0
        for version in self.gateway.store.orders.versions(order_id):
            assert version.order_version > before
            before = version.order_version
            for response in self.gateway.responses([version.message_id]):
                assert response.order_version == version.order_version

    def teardown(self) -> None:
        if not hasattr(self, "gateway"):
            return
        self.gateway.wake()
        for _ in range(3):
            drain(self.gateway.services, ALL_LANES, lambda: None)
        self.the_books_hold()
        assert list(self.gateway.store.audit.broken()) == []
        self.gateway.close()
        self.left.close()
        self.time.stop()
        shutil.rmtree(self.folder)


def run_machine(examples: int) -> None:
    machine = settings(
        max_examples=examples, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Thread, settings=machine)


def test_the_thread_holds_whatever_comes(tmp_path: Path) -> None:
    filled = filled_database(tmp_path / "filled.db")
    Thread.open = staticmethod(lambda folder, _: SmallGateway(filled, folder, max_losses=1_000_000))
    run_machine(EXAMPLES)


def test_the_thread_holds_on_postgresql(postgres: Any) -> None:
    """A quarter of the examples: each has a database of its own."""
    with fresh_database(postgres) as filled:
        fill(filled)

        def opened(folder: Path, left: ExitStack) -> SmallGateway:
            url = left.enter_context(fresh_database(postgres, like=filled))
            return SmallGateway.at(url, folder, max_losses=1_000_000)

        Thread.open = staticmethod(opened)
        run_machine(max(1, EXAMPLES // 4))
