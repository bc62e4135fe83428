"""An order that can't be read whole is refused by its number, in the account's format, so that its sender knows."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import ORDERS, SmallGateway

PINE, BIRCH = "pine-hardware", "birch-timber"
UBL_ORDER = (ORDERS / "birch-timber.xml").read_bytes()


def test_a_json_order_without_a_good_quantity_is_answered(gateway: SmallGateway) -> None:
    message = gateway.settle(PINE, order({**BOLTS, "quantity": "0"}))
    assert (message.status, message.order_number) == ("rejected", "PH-4001")
    response = gateway.response(message.id)
    assert (response.outcome, response.order_number, response.lines) == ("rejected", "PH-4001", ())
    assert "quantity" in (response.note or "")
    assert gateway.store.orders.by_number(PINE, "PH-4001") == []
    corrected = gateway.settle(PINE, order(BOLTS))
    assert corrected.status == "done"


def test_a_ubl_order_is_answered_in_ubl_that_is_valid(gateway: SmallGateway, schemas_dir: Path) -> None:
    start = UBL_ORDER.index(b"<cbc:Quantity")
    end = UBL_ORDER.index(b"</cbc:Quantity>", start)
    wrong = UBL_ORDER[: UBL_ORDER.index(b">", start) + 1] + b"ten" + UBL_ORDER[end:]
    message = gateway.settle(BIRCH, wrong)
    (document,) = gateway.store.documents.of_messages([message.id])
    body = gateway.store.documents.body(document.id)
    schema = etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / "UBL-OrderResponse-2.1.xsd"))
    schema.assertValid(etree.fromstring(body))
    assert b"ten" in body
    assert document.format != "json-1"
    assert b"<cbc:DocumentCurrencyCode>SEK</cbc:DocumentCurrencyCode>" in body


def test_the_refusal_is_in_the_orders_currency_where_that_can_be_read(gateway: SmallGateway) -> None:
    wrong = {**BOLTS, "quantity": "0"}
    for number, (said, read) in enumerate([("EUR", "EUR"), ("euro", None)]):
        message = gateway.settle(PINE, order(wrong, order_number=f"PH-{number}", currency=said))
        assert gateway.response(message.id).currency == read


def test_the_wait_gets_the_refusal(gateway: SmallGateway) -> None:
    body = order({**BOLTS, "quantity": "-1"})
    message = gateway.settle(PINE, body)
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    mailbox = gateway.client.get(f"/v1/documents?message_id={message.id}", headers=headers).json
    assert [one["order_number"] for one in mailbox["documents"]] == ["PH-4001"]
    assert gateway.client.get(mailbox["documents"][0]["href"], headers=headers).status_code == 200


def test_a_number_that_can_not_be_read_is_no_answer(gateway: SmallGateway) -> None:
    message = gateway.settle(PINE, order(BOLTS, order_number=7))
    assert message.status == "rejected"
    assert gateway.responses([message.id]) == []
