"""A resend of what a program settled that read less of it: the same content, though its digest is another by now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway import rereading
from gateway import work as work_module
from gateway.store.messages import Messages
from gateway.store.statements import run
from schemas.documents.order import Order, content_digest
from tests.examples.order_lines import BOLTS, HAMMERS, order
from tests.examples.small_gateway import SmallGateway
from tests.examples.threads import PINE, change, confirmed, taken
from tests.pipeline.test_envelopes import BIRCH, UNKNOWN, enveloped, learn, respelt
from tests.pipeline.test_envelopes import order as ubl_order

BOXES = {**BOLTS, "pack_size": "50", "pack_unit": "STUK"}
PACK = ("<cbc:Name>Skruv", '<cbc:PackQuantity unitCode="C62">50</cbc:PackQuantity><cbc:Name>Skruv')


def boxes(quantity: str) -> dict[str, Any]:
    return {**BOXES, "quantity": quantity}


def respaced(asked: Any) -> bytes:
    """The same content in other bytes."""
    return json.dumps(asked, indent=1).encode()


@contextmanager
def program_of_before() -> Iterator[None]:
    """Settled meanwhile as by a program that didn't read what a document says of its packs."""

    def digest(read: Order, _canonical: bytes | None = None) -> bytes:
        nothing = {"pack_size": None, "pack_unit": None, "pack_unit_code": None}
        return content_digest(
            read.model_copy(update={"lines": tuple(line.model_copy(update=nothing) for line in read.lines)})
        )

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(work_module, "content_digest", digest)
        patched.setattr(rereading, "_known", rereading._Known())
        yield


def test_a_resend_is_a_duplicate(on_either: SmallGateway) -> None:
    with program_of_before():
        first = on_either.settle(PINE, order(BOXES))
    again = on_either.settle(PINE, respaced(order(BOXES)))
    assert (first.status, again.status, again.duplicate_of) == ("done", "duplicate", first.id)
    assert taken(on_either, "BOLT-M8") == 200


def test_other_content_is_held_still(on_either: SmallGateway) -> None:
    with program_of_before():
        on_either.settle(PINE, order(BOXES))
    held = on_either.settle(PINE, order(boxes("5")))
    assert (held.status, on_either.faults(held.id)) == ("held", [("order_number_reused", "/order_number")])


def test_what_is_erased_is_not_read(on_either: SmallGateway) -> None:
    with program_of_before():
        on_either.settle(PINE, order(BOXES))
    with on_either.store.database.write() as connection:
        run(connection, "UPDATE payloads SET body = NULL, erased_at = ?", [(1,)])
    held = on_either.settle(PINE, respaced(order(BOXES)))
    assert on_either.faults(held.id) == [("order_number_reused", "/order_number")]


def test_an_earlier_version_does_not_bring_the_order_back(on_either: SmallGateway) -> None:
    on_either.set_policies(PINE, same_number_other_content="change")
    with program_of_before():
        for quantity in ("4", "6"):
            on_either.settle(PINE, order(boxes(quantity)))
    assert on_either.settle(PINE, respaced(order(boxes("4")))).status == "duplicate"
    assert confirmed(on_either) == {"1": ("6", "6", "0")}
    on_either.settle(PINE, order(boxes("7")))
    for quantity in ("4", "6"):
        assert on_either.settle(PINE, respaced([order(boxes(quantity))])).status == "duplicate"
    assert confirmed(on_either) == {"1": ("7", "7", "0")}


def test_a_change_that_comes_again(on_either: SmallGateway) -> None:
    with program_of_before():
        on_either.settle(PINE, order(BOXES))
        made = on_either.settle(PINE, change(boxes("6")))
    again = on_either.settle(PINE, respaced(change(boxes("6"))))
    assert (again.status, again.duplicate_of) == ("duplicate", made.id)
    other = on_either.settle(PINE, change(boxes("7")))
    assert on_either.faults(other.id) == [("version_reused", "/version")]


def test_orders_of_one_body(on_either: SmallGateway) -> None:
    both = [order(BOXES), order(boxes("5"), number="PH-4002")]
    with program_of_before():
        on_either.settle(PINE, json.dumps(both).encode())
    sent = on_either.send(PINE, respaced(both))
    on_either.work()
    assert [child.status for child in on_either.store.messages.children(sent)] == ["duplicate", "duplicate"]
    assert taken(on_either, "BOLT-M8") == 450


def test_the_envelope_of_what_is_held(on_either: SmallGateway) -> None:
    body = enveloped("E-1", ubl_order("BT-1", PACK, UNKNOWN))
    with program_of_before():
        held = on_either.settle(BIRCH, body)
    learn(on_either)
    again = on_either.settle(BIRCH, respelt(body))
    assert (held.status, again.status, again.duplicate_of) == ("held", "duplicate", held.id)
    assert on_either.message(held.id).status == "done"


def test_nothing_is_read_again_where_nothing_is_contradicted(
    gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def body(_messages: Messages, message_id: str) -> bytes:
        raise AssertionError(message_id)

    monkeypatch.setattr(Messages, "body", body)
    statuses = [
        gateway.settle(PINE, sent).status
        for sent in (order(BOXES), respaced(order(BOXES)), change(boxes("6"), HAMMERS), change(boxes("7"), version=3))
    ]
    assert statuses == ["done", "duplicate", "done", "done"]
