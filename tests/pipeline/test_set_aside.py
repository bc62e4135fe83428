"""What can be read, but is not handled automatically: held for a person, never failed, and nothing of it lost."""

from __future__ import annotations

import json

import pytest

from tests.examples.order_lines import BOLTS, HAMMERS, order
from tests.examples.small_gateway import ORDERS, SmallGateway

PINE, BIRCH = "pine-hardware", "birch-timber"
UBL_ORDER = (ORDERS / "birch-timber.xml").read_bytes()


def ubl_document(name: str) -> bytes:
    """The example's order under another document's name."""
    return (
        UBL_ORDER.replace(b"xsd:Order-2", f"xsd:{name}-2".encode())
        .replace(b"<Order ", f"<{name} ".encode())
        .replace(b"</Order>", f"</{name}>".encode())
    )


@pytest.mark.parametrize("name", ["OrderChange", "OrderCancellation"])
def test_a_ubl_change_or_cancellation_is_held(gateway: SmallGateway, name: str) -> None:
    body = ubl_document(name)
    first = gateway.settle(BIRCH, UBL_ORDER)
    message = gateway.settle(BIRCH, body)
    assert (first.status, message.status) == ("done", "held")
    (fault,) = gateway.store.messages.faults(message.id)
    assert (fault.code, fault.path, fault.value) == ("unsupported_document", "", name)
    assert fault.location == f"line 4: {name}"
    assert gateway.store.messages.body(message.id) == body
    assert gateway.responses([message.id]) == []


@pytest.mark.parametrize("name", ["OrderChange", "OrderCancellation"])
def test_it_is_judged_as_unsupported_without_effect(gateway: SmallGateway, name: str) -> None:
    headers = {"Authorization": f"Bearer {gateway.key(BIRCH)}"}
    judged = gateway.client.post("/v1/orders/validate", data=ubl_document(name), headers=headers)
    assert judged.status_code == 200
    assert judged.json["order"] is None
    assert [(fault["code"], fault["value"]) for fault in judged.json["faults"]] == [("unsupported_document", name)]


def test_several_orders_in_one_body_are_held_together(gateway: SmallGateway) -> None:
    """Until each becomes a message of its own, none of them is answered and the others forgotten."""
    body = json.dumps([order(BOLTS, number="PH-1"), order(HAMMERS, number="PH-2")]).encode()
    message = gateway.settle(PINE, body)
    assert message.status == "held"
    assert gateway.faults(message.id) == [("unsupported_document", "")]
    assert gateway.store.orders.by_number(PINE, "PH-1") == []


def test_an_order_without_response_is_still_an_order(gateway: SmallGateway) -> None:
    """Peppol's order-only profile takes no response; the order stands and takes its stock."""
    profile = b"<cbc:ProfileID>urn:fdc:peppol.eu:poacc:bis:order_only:3</cbc:ProfileID>\n  <cbc:ID>BT-900"
    message = gateway.settle(BIRCH, UBL_ORDER.replace(b"<cbc:ID>BT-900", profile))
    assert (message.status, gateway.responses([message.id])) == ("done", [])
    (stands,) = gateway.store.orders.by_number(BIRCH, "BT-900")
    assert stands.outcome == "changed"
