"""What can't be saved ends as failed by itself, and its neighbours are answered."""

from __future__ import annotations

import pytest

from gateway import pipeline
from gateway.store.changes import Changes
from gateway.store.database import Collision
from gateway.store.queue import Claim, WorkQueue
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import SmallGateway
from tests.harness.replaying import judge_again

PINE = "pine-hardware"


def test_a_rejected_test_order_can_be_replayed(gateway: SmallGateway) -> None:
    """Its response has another number in each run, so that a second one never meets the first."""
    message = gateway.settle(PINE, order({**BOLTS, "quantity": "0"}), test=True)
    assert message.status == "rejected"
    judge_again(gateway.store, message.id)
    live = gateway.send(PINE, order(BOLTS, order_number="PH-LIVE"))
    gateway.work()
    assert gateway.message(message.id).status == "rejected"
    assert gateway.message(live).status == "done"
    numbers = [one.number for one in gateway.responses([message.id])]
    assert len(numbers) == len(set(numbers)) == 2


@pytest.mark.parametrize("error", [Collision("always"), RuntimeError("a bug")])
def test_one_that_can_never_be_saved_takes_no_neighbour_with_it(
    gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    ids = [gateway.send(PINE, order(BOLTS, order_number=f"PH-{n}")) for n in range(5)]
    poison = ids[2]
    save = WorkQueue.save

    def refusing(queue: WorkQueue, claim: Claim, changes: Changes) -> None:
        if any(row[6] == poison for row in changes.documents) or any(poison in row for row in changes.orders):
            raise error
        save(queue, claim, changes)

    monkeypatch.setattr(WorkQueue, "save", refusing)
    assert pipeline.drain(gateway.services, (0, 1, 2, 3), lambda: None) == 5
    statuses = [gateway.message(one).status for one in ids]
    assert statuses == ["done", "done", "failed", "done", "done"]
    assert [code for code, _ in gateway.faults(poison)] == ["internal_error"]
    assert list(gateway.store.audit.broken()) == []
