"""What can be read, but is not handled automatically: held for a person, never failed, and nothing of it lost."""

from __future__ import annotations

import pytest

from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import ORDERS, SmallGateway

PINE, BIRCH = "pine-hardware", "birch-timber"
UBL_ORDER = (ORDERS / "birch-timber.xml").read_bytes()
UBL_DOCUMENTS = [("OrderChange", "change"), ("OrderCancellation", "cancel")]
REFERENCE = b"<cac:OrderReference><cbc:ID>BT-900</cbc:ID></cac:OrderReference>"


def ubl_document(name: str) -> bytes:
    """A change (line by line) or cancellation of the example's order, made of its own text."""
    body = (
        UBL_ORDER.replace(b"xsd:Order-2", f"xsd:{name}-2".encode())
        .replace(b"<Order ", f"<{name} ".encode())
        .replace(b"</Order>", f"</{name}>".encode())
        .replace(b"<cbc:ID>BT-900</cbc:ID>", b"<cbc:ID>BT-900-2</cbc:ID>" + REFERENCE, 1)
    )
    if name == "OrderCancellation":
        start, end = body.index(b"<cac:OrderLine>"), body.rindex(b"</cac:OrderLine>") + len(b"</cac:OrderLine>")
        return body[:start] + body[end:]
    return body.replace(b"<cbc:Quantity", b"<cbc:LineStatusCode>3</cbc:LineStatusCode><cbc:Quantity")


@pytest.mark.parametrize(("name", "status"), [("OrderChange", "open"), ("OrderCancellation", "cancelled")])
def test_a_ubl_change_or_cancellation_is_applied(gateway: SmallGateway, name: str, status: str) -> None:
    first = gateway.settle(BIRCH, UBL_ORDER)
    message = gateway.settle(BIRCH, ubl_document(name))
    assert (first.status, message.status, gateway.faults(message.id)) == ("done", "done", [])
    (stands,) = gateway.store.orders.by_number(BIRCH, "BT-900")
    assert (stands.message_id, stands.status, stands.version) == (message.id, status, 2)
    response = gateway.response(message.id)
    as_before = gateway.response(first.id).outcome if name == "OrderChange" else "accepted"
    assert (response.outcome, response.order_number, response.order_version) == (as_before, "BT-900", 2)


@pytest.mark.parametrize(("name", "function"), UBL_DOCUMENTS)
def test_it_is_shown_as_read_without_effect(gateway: SmallGateway, name: str, function: str) -> None:
    headers = {"Authorization": f"Bearer {gateway.key(BIRCH)}"}
    judged = gateway.client.post("/v1/orders/validate", data=ubl_document(name), headers=headers)
    assert judged.status_code == 200
    order = judged.json["order"]
    assert (order["function"], order["order_number"], order["change_number"]) == (function, "BT-900", "BT-900-2")
    assert {line.get("action") for line in order["lines"]} == ({"change"} if function == "change" else set())
    assert judged.json["faults"] == []
    assert gateway.store.orders.by_number(BIRCH, "BT-900") == []


def test_a_change_that_cannot_be_read_is_rejected_without_refusing_its_order(gateway: SmallGateway) -> None:
    first = gateway.settle(BIRCH, UBL_ORDER)
    message = gateway.settle(BIRCH, ubl_document("OrderChange").replace(b"Code>3<", b"Code>42<", 1))
    assert (message.status, gateway.responses([message.id])) == ("rejected", [])
    assert message.order_number == "BT-900"
    assert gateway.faults(message.id)[0] == ("bad_value", "/lines/0/action")
    (stands,) = gateway.store.orders.by_number(BIRCH, "BT-900")
    assert (stands.message_id, stands.status) == (first.id, "open")


@pytest.mark.parametrize("function", ["change", "cancel", "chnage", None])
def test_nothing_that_is_refused_reads_as_the_refusal_of_an_order_that_stands(
    gateway: SmallGateway, function: str | None
) -> None:
    """It is found under the order's number all the same."""
    first = gateway.settle(PINE, order(BOLTS, number="PH-1"))
    said = order({**BOLTS, "quantity": "many"}, number="PH-1") | ({"function": function} if function else {})
    message = gateway.settle(PINE, said)
    assert (message.status, message.order_number, gateway.responses([message.id])) == ("rejected", "PH-1", [])
    assert gateway.response(first.id).outcome == "accepted"
    assert [one.id for one in gateway.store.messages.find("PH-1")] == [message.id, first.id]


def test_an_order_that_is_refused_and_stands_nowhere_is_told_so(gateway: SmallGateway) -> None:
    message = gateway.settle(PINE, order({**BOLTS, "quantity": "many"}, number="PH-1"))
    assert (message.status, gateway.response(message.id).outcome) == ("rejected", "rejected")


def test_a_ubl_cancellation_of_several_orders_cancels_each(gateway: SmallGateway) -> None:
    for number in (b"900", b"901"):
        assert gateway.settle(BIRCH, UBL_ORDER.replace(b"900", number)).status == "done"
    body = ubl_document("OrderCancellation").replace(REFERENCE, REFERENCE + REFERENCE.replace(b"900", b"901"))
    gateway.settle(BIRCH, body)
    assert [gateway.store.orders.by_number(BIRCH, number)[0].status for number in ("BT-900", "BT-901")] == [
        "cancelled",
        "cancelled",
    ]


def test_an_order_without_response_is_still_an_order(gateway: SmallGateway) -> None:
    """Peppol's order-only profile takes no response; the order stands and takes its stock."""
    profile = b"<cbc:ProfileID>urn:fdc:peppol.eu:poacc:bis:order_only:3</cbc:ProfileID>\n  <cbc:ID>BT-900"
    message = gateway.settle(BIRCH, UBL_ORDER.replace(b"<cbc:ID>BT-900", profile))
    assert (message.status, gateway.responses([message.id])) == ("done", [])
    (stands,) = gateway.store.orders.by_number(BIRCH, "BT-900")
    assert stands.outcome == "changed"
