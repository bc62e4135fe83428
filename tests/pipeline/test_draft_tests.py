"""A draft is tried on the last messages in chunks: watched, cancelled, ended by an edit, gone on with elsewhere."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import count

import pytest

from gateway.accounts import table_rows
from gateway.drafting import draft_tests
from gateway.drafting.draft_tests import CantTest
from gateway.drafting.drafts import edit
from gateway.effects.effects import Effects
from mappings.revision import UnitRow
from tests.examples.order_lines import line, order
from tests.examples.small_gateway import SmallGateway
from tests.pipeline.mapping_changes import effects_of, rows

PINE = "pine-hardware"
_numbers = count(1)


def send(gateway: SmallGateway, messages: int) -> None:
    for _ in range(messages):
        gateway.send(PINE, order(line("1", "PH-0101", "4", "DOOS"), number=f"PH-{next(_numbers)}"))
    gateway.work()


def make_boxes(gateway: SmallGateway, factor: str, unit: str = "DOOS") -> None:
    """A box is so many of ours in the draft."""
    (row,) = table_rows([UnitRow(unit, None, "XBX", Decimal(factor))])
    edit(
        gateway.services,
        PINE,
        lambda draft: [draft.change(row.kind, row.natural_key, draft.body(row.kind, row.natural_key), row.body)],
        author="test",
    )


def found(gateway: SmallGateway, test_id: str) -> draft_tests.Found:
    test = draft_tests.found(gateway.services, test_id)
    assert test is not None
    return test


def at_once() -> bool:
    """Something else is to be done, always."""
    return True


def run(gateway: SmallGateway) -> int:
    """Step until nothing waits; how many steps it took."""
    steps = 0
    while draft_tests.step(gateway.services, at_once):
        steps += 1
    return steps


def test_chunks_come_to_what_one_look_comes_to(on_either: SmallGateway) -> None:
    gateway = on_either
    send(gateway, 60)
    make_boxes(gateway, "2")
    test_id = draft_tests.begin(gateway.services, PINE, 200, "user Kim")
    before = found(gateway, test_id)
    assert (before.test.status, before.test.done, before.test.total) == ("waiting", 0, 60)
    assert draft_tests.step(gateway.services, at_once)
    part = found(gateway, test_id)
    assert (part.test.status, part.test.done, part.effects.orders) == ("running", 25, 25)
    assert run(gateway) == 2
    whole = found(gateway, test_id)
    assert (whole.test.status, whole.test.done, whole.effects.messages) == ("done", 60, 60)

    def twice(row: UnitRow) -> UnitRow:
        return UnitRow(row.account_unit, row.product, row.unit, Decimal(2)) if row.account_unit == "DOOS" else row

    assert whole.effects.as_json() == effects_of(gateway, PINE, rows("units", twice)).as_json()


def test_messages_that_come_meanwhile_are_not_of_it(gateway: SmallGateway) -> None:
    send(gateway, 30)
    make_boxes(gateway, "2")
    test_id = draft_tests.begin(gateway.services, PINE, 30, "user Kim")
    draft_tests.step(gateway.services, at_once)
    send(gateway, 5)
    run(gateway)
    assert found(gateway, test_id).effects.messages == 30


def test_a_killed_workers_chunk_is_done_again_and_counted_once(gateway: SmallGateway) -> None:
    send(gateway, 60)
    make_boxes(gateway, "2")
    test_id = draft_tests.begin(gateway.services, PINE, 200, "user Kim")
    draft_tests.step(gateway.services, at_once)
    assert gateway.store.draft_tests.claim("killed") is not None
    assert not draft_tests.step(gateway.services)
    assert gateway.store.draft_tests.leases.end_leases(["killed"]) == 1
    run(gateway)
    whole = found(gateway, test_id)
    assert (whole.test.status, whole.effects.messages, whole.effects.orders) == ("done", 60, 60)


def test_cancel_stops_it_and_keeps_what_came_before(gateway: SmallGateway) -> None:
    send(gateway, 60)
    make_boxes(gateway, "2")
    test_id = draft_tests.begin(gateway.services, PINE, 200, "user Kim")
    draft_tests.step(gateway.services, at_once)

    def cancels() -> bool:
        return draft_tests.cancel(gateway.services, test_id, "user Kim")

    draft_tests.step(gateway.services, cancels)
    stopped = found(gateway, test_id)
    assert (stopped.test.status, stopped.test.done, stopped.effects.messages) == ("cancelled", 25, 25)
    assert not draft_tests.step(gateway.services)


def test_an_edit_meanwhile_ends_it_as_outdated(gateway: SmallGateway) -> None:
    send(gateway, 30)
    make_boxes(gateway, "2")
    test_id = draft_tests.begin(gateway.services, PINE, 200, "user Kim")
    draft_tests.step(gateway.services, at_once)
    make_boxes(gateway, "3")
    run(gateway)
    ended = found(gateway, test_id)
    assert (ended.test.status, ended.test.done) == ("outdated", 25)


def test_what_cant_be_compared_is_said(gateway: SmallGateway) -> None:
    with pytest.raises(CantTest, match="Nothing is published yet"):
        draft_tests.begin(gateway.services, "nobody", 200, "user Kim")
    edit(
        gateway.services,
        PINE,
        lambda draft: [draft.change("terms", "", draft.body("terms", ""), json.dumps({"id": PINE}))],
        author="test",
    )
    with pytest.raises(CantTest, match="name"):
        draft_tests.begin(gateway.services, PINE, 200, "user Kim")


def test_a_draft_without_edits_changes_nothing(gateway: SmallGateway) -> None:
    send(gateway, 2)
    test_id = draft_tests.begin(gateway.services, PINE, 200, "user Kim")
    run(gateway)
    assert found(gateway, test_id).effects.as_json() == Effects(messages=2, orders=2).as_json()
