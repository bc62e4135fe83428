"""The same order again: one order, one answer, however it is written and whatever became of it before."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from gateway.judging import foresee
from gateway.pipeline import drain
from mappings.files.account_folder import read_account
from mappings.revision import ItemRow
from tests.examples.order_lines import BOLTS, HAMMERS, line, order
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, ORDERS, SmallGateway, outcomes

PINE, BIRCH = "pine-hardware", "birch-timber"
UBL_ORDER = ORDERS / "birch-timber.xml"
NEW_ITEM = order(BOLTS, line("2", "PH-0901", "2", "STUK"))
"""PH-0901 is in nobody's items.csv, until `learn` puts it there."""


def other_spelling(sent: dict[str, Any]) -> bytes:
    """The same order with its members the other way round, indented, and its decimals with zeros."""
    turned = dict(reversed(sent.items()))
    turned["lines"] = [
        {name: f"{value}.00" if name == "quantity" else value for name, value in reversed(one.items())}
        for one in sent["lines"]
    ]
    return json.dumps(turned, indent=4).encode()


def learn(gateway: SmallGateway) -> None:
    """Correct the mapping: PH-0901 is a hand saw."""
    folder = read_account(ACCOUNTS / PINE)
    gateway.publish(replace(folder, items=(*folder.items, ItemRow("PH-0901", None, "SAW-600"))))


def everything(gateway: SmallGateway) -> dict[str, int]:
    """Status → how many messages have it."""
    counted: dict[str, int] = {}
    for message in gateway.store.messages.page(limit=1_000):
        counted[message.status] = counted.get(message.status, 0) + 1
    return counted


def answers(gateway: SmallGateway, account: str = PINE) -> list[str]:
    """The order numbers of every order response in the account's mailbox, oldest first."""
    page = gateway.store.documents.page(account, kind="order_response", order_number=None, after=None, limit=1_000)
    return [str(document.order_number) for document in page]


def taken(gateway: SmallGateway, product: str) -> Decimal:
    """Base units of a product that were taken at all sites."""
    positions = gateway.store.stock.load([product], [PINE]).positions.values()
    return sum((position.taken for position in positions), Decimal(0))


# --- after it was answered ---------------------------------------------------------------------------------------
def test_the_same_bytes_again(gateway: SmallGateway) -> None:
    sent = json.dumps(order(BOLTS)).encode()
    first = gateway.settle(PINE, sent)
    again = gateway.post(PINE, sent)
    assert (again.status_code, again.json["duplicate"]) == (202, True)
    assert (again.json["message_id"], again.json["status"]) == (first.id, "done")
    assert gateway.work() == 0
    assert everything(gateway) == {"done": 1, "duplicate": 1}
    assert answers(gateway) == ["PH-4001"]
    assert taken(gateway, "BOLT-M8") == 200


def test_the_same_bytes_before_anybody_worked_on_them(gateway: SmallGateway) -> None:
    sent = json.dumps(order(BOLTS)).encode()
    first = gateway.send(PINE, sent)
    again = gateway.post(PINE, sent)
    assert (again.json["message_id"], again.json["status"], again.json["duplicate"]) == (first, "received", True)
    assert gateway.work() == 1
    assert answers(gateway) == ["PH-4001"]


def test_the_same_content_written_otherwise(gateway: SmallGateway) -> None:
    first = gateway.settle(PINE, order(BOLTS, HAMMERS))
    second = gateway.settle(PINE, other_spelling(order(BOLTS, HAMMERS)))
    assert (second.status, second.duplicate_of) == ("duplicate", first.id)
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    shown = gateway.client.get(f"/v1/messages/{second.id}", headers=headers).json
    assert [document["order_number"] for document in shown["documents"]] == ["PH-4001"], "the first one's answer"
    assert answers(gateway) == ["PH-4001"]
    assert taken(gateway, "BOLT-M8") == 200


def test_the_same_ubl_order_with_other_prefixes_and_white_space(gateway: SmallGateway) -> None:
    sent = UBL_ORDER.read_bytes()
    first = gateway.settle(BIRCH, sent)
    assert first.status == "done"
    otherwise = sent.replace(b"cbc:", b"b:").replace(b":cbc=", b":b=").replace(b"\n", b"\n\t").replace(b'"', b"'")
    second = gateway.settle(BIRCH, otherwise)
    assert (second.status, second.duplicate_of) == ("duplicate", first.id)
    assert answers(gateway, BIRCH) == ["BT-900"]


def test_an_idempotency_key_again(gateway: SmallGateway) -> None:
    """With or without the key, the content is the same; the first message answers for all of them."""
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    body = json.dumps(order(BOLTS))
    sent = [
        gateway.client.post("/v1/orders", data=body, headers=headers | key).json
        for key in ({"Idempotency-Key": "a"}, {"Idempotency-Key": "a"}, {"Idempotency-Key": "b"}, {})
    ]
    assert {one["message_id"] for one in sent} == {sent[0]["message_id"]}
    assert [one.get("duplicate", False) for one in sent] == [False, True, True, True]
    assert gateway.work() == 1
    assert answers(gateway) == ["PH-4001"]


def test_a_test_and_another_account_are_no_resends(gateway: SmallGateway) -> None:
    """A test of the same content is its own, and so is another account's order of the same number."""
    live = gateway.settle(PINE, order(BOLTS))
    test = gateway.settle(PINE, order(BOLTS), test=True)
    other = gateway.settle(BIRCH, order(line("1", "BT-7002", "3"), currency="SEK", buyer=None, ship_to=None))
    assert (live.status, test.status, test.duplicate_of) == ("done", "done", None)
    assert (other.order_number, other.duplicate_of) == ("PH-4001", None)
    assert gateway.response(test.id).test
    assert taken(gateway, "BOLT-M8") == 200, "a test takes nothing"


# --- after it was held -------------------------------------------------------------------------------------------
def test_a_resend_after_the_mapping_was_corrected_is_answered_once(gateway: SmallGateway) -> None:
    sent = json.dumps(NEW_ITEM).encode()
    held = gateway.settle(PINE, sent)
    assert (held.status, answers(gateway)) == ("held", [])
    learn(gateway)
    again = gateway.post(PINE, sent)
    assert (again.json["message_id"], again.json["duplicate"]) == (held.id, True)
    gateway.work()
    answered = gateway.message(held.id)
    assert (answered.status, answered.run) == ("done", 2)
    assert answered.mapping_revision == 2, "under the mapping that is published now"
    assert gateway.faults(held.id) == [], "the faults of its last run"
    assert outcomes(gateway.response(held.id)) == {"1": [("accepted", "4", "DOOS")], "2": [("accepted", "2", "STUK")]}
    assert gateway.post(PINE, sent).json["status"] == "done"
    assert everything(gateway) == {"done": 1, "duplicate": 2}
    assert answers(gateway) == ["PH-4001"]


def test_a_resend_written_otherwise_after_the_mapping_was_corrected(gateway: SmallGateway) -> None:
    """Only its content shows whose resend it is: the held message is tried again, and answers for both."""
    held = gateway.settle(PINE, NEW_ITEM)
    learn(gateway)
    second = gateway.settle(PINE, other_spelling(NEW_ITEM))
    assert (second.status, second.duplicate_of) == ("duplicate", held.id)
    assert gateway.message(held.id).status == "done"
    assert answers(gateway) == ["PH-4001"]
    assert taken(gateway, "SAW-600") == 2


def test_a_resend_of_what_is_still_wrong_is_held_still(gateway: SmallGateway) -> None:
    sent = json.dumps(NEW_ITEM).encode()
    held = gateway.settle(PINE, sent)
    gateway.settle(PINE, sent)
    gateway.settle(PINE, other_spelling(NEW_ITEM))
    assert gateway.message(held.id).status == "held"
    assert gateway.faults(held.id) == [("unknown_item", "/lines/1/buyer_item")]
    assert everything(gateway) == {"held": 1, "duplicate": 2}
    assert answers(gateway) == []


def test_other_content_while_the_first_is_held(gateway: SmallGateway) -> None:
    """Whichever is answered first stands; the other one is never a second order."""
    held = gateway.settle(PINE, NEW_ITEM)
    other = gateway.settle(PINE, order(BOLTS))
    assert (gateway.message(held.id).status, other.status) == ("held", "done")
    learn(gateway)
    gateway.settle(PINE, NEW_ITEM)
    assert gateway.message(held.id).status == "held"
    assert gateway.faults(held.id) == [("order_number_reused", "/order_number")]
    assert answers(gateway) == ["PH-4001"]
    assert len(gateway.store.orders.by_number(PINE, "PH-4001")) == 1


# --- after it was rejected ---------------------------------------------------------------------------------------
def test_a_resend_of_a_rejected_order_is_judged_afresh(gateway: SmallGateway) -> None:
    sent = json.dumps(order(line("1", "PH-0101", "70", "STUK"))).encode()
    rejected = gateway.settle(PINE, sent)
    gateway.set_policies(PINE, fractional_unit="round_up")
    again = gateway.settle(PINE, sent)
    assert (rejected.status, again.status) == ("rejected", "done")
    assert (gateway.message(rejected.id).status, again.duplicate_of) == ("rejected", None)
    assert [gateway.response(one.id).outcome for one in (rejected, again)] == ["rejected", "changed"]
    assert gateway.response(rejected.id).number != gateway.response(again.id).number
    assert gateway.post(PINE, sent).json["message_id"] == again.id, "now it is answered"


def test_an_order_that_its_sender_did_not_correct_is_rejected_again(gateway: SmallGateway) -> None:
    sent = order(line("1", "PH-0101", "70", "STUK"))
    both = [gateway.settle(PINE, sent), gateway.settle(PINE, other_spelling(sent))]
    assert [message.status for message in both] == ["rejected", "rejected"]
    assert answers(gateway) == ["PH-4001", "PH-4001"]
    assert gateway.store.orders.by_number(PINE, "PH-4001") == []


def test_a_corrected_order_under_the_number_of_a_rejected_one(gateway: SmallGateway) -> None:
    """No order stands under the number, so it is free."""
    assert gateway.settle(PINE, order(line("1", "PH-0101", "70", "STUK"))).status == "rejected"
    assert gateway.settle(PINE, order(line("1", "PH-0101", "100", "STUK"))).status == "done"


def test_unreadable_bytes_are_refused_as_often_as_they_come(gateway: SmallGateway) -> None:
    both = [gateway.post(PINE, b'{"order_number": ') for _ in range(2)]
    assert [answer.status_code for answer in both] == [400, 400]
    assert both[0].json["message_id"] != both[1].json["message_id"]
    assert everything(gateway) == {"rejected": 2}


def test_bytes_that_came_as_an_attachment_are_an_order_of_their_own(gateway: SmallGateway) -> None:
    """An order may carry another document's file; sent as an order, that file is judged like any other, once."""
    sent = UBL_ORDER.read_bytes()
    other = sent.replace(b"BT-900", b"BT-901")
    attachment = (
        b"<cac:AdditionalDocumentReference><cbc:ID>901</cbc:ID><cac:Attachment>"
        b"<cbc:EmbeddedDocumentBinaryObject mimeCode='application/xml' filename='901.xml'>%s"
        b"</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference><cac:BuyerCustomerParty>"
    ) % base64.b64encode(other)
    carrying = gateway.settle(BIRCH, sent.replace(b"<cac:BuyerCustomerParty>", attachment, 1))
    order_of_its_own = gateway.settle(BIRCH, other)
    assert (carrying.status, order_of_its_own.status) == ("done", "done")
    assert carrying.id != order_of_its_own.id
    assert gateway.store.messages.body(order_of_its_own.id) == other
    assert gateway.post(BIRCH, other).json["message_id"] == order_of_its_own.id
    assert answers(gateway, BIRCH) == ["BT-900", "BT-901"]


# --- in one batch ------------------------------------------------------------------------------------------------
def test_fifty_at_once_with_the_same_content_twice(gateway: SmallGateway) -> None:
    """One claim: 49 orders of one box each where there are 24 boxes, and the first of them once more at the end."""
    box = line("1", "PH-0101", "1", "DOOS", "6.00")
    numbers = [f"PH-{number:02}" for number in range(1, 50)]
    sent = [gateway.send(PINE, order(box, number=number)) for number in numbers]
    again = gateway.send(PINE, other_spelling(order(box, number="PH-01")))
    assert drain(gateway.services, ALL_LANES, lambda: None, batches=1) == 50
    assert gateway.message(again).duplicate_of == sent[0]
    assert everything(gateway) == {"done": 49, "duplicate": 1}
    assert sorted(answers(gateway)) == numbers
    responses = gateway.responses(sent)
    assert len({response.number for response in responses}) == 49
    statuses = [one.status for response in responses for one in response.lines[0].outcomes]
    assert (statuses.count("accepted"), statuses.count("backordered")) == (24, 25)
    assert taken(gateway, "BOLT-M8") == 1_200


def test_the_same_number_twice_in_one_batch_with_other_content(gateway: SmallGateway) -> None:
    first = gateway.send(PINE, order(BOLTS))
    second = gateway.send(PINE, order(BOLTS | {"quantity": "5"}))
    assert drain(gateway.services, ALL_LANES, lambda: None, batches=1) == 2
    assert [gateway.message(one).status for one in (first, second)] == ["done", "held"]
    assert gateway.faults(second) == [("order_number_reused", "/order_number")]
    assert answers(gateway) == ["PH-4001"]


def test_the_same_content_twice_in_one_batch_that_is_held(gateway: SmallGateway) -> None:
    first = gateway.send(PINE, NEW_ITEM)
    second = gateway.send(PINE, other_spelling(NEW_ITEM))
    gateway.work()
    assert gateway.message(first).status == "held"
    assert gateway.message(second).duplicate_of == first
    learn(gateway)
    gateway.settle(PINE, NEW_ITEM)
    assert answers(gateway) == ["PH-4001"]


def test_the_audit_chain_holds_after_all_of_it(gateway: SmallGateway) -> None:
    """Held, resent twice in two spellings, corrected, answered: every event follows from the one before it."""
    for sent in (NEW_ITEM, other_spelling(NEW_ITEM), NEW_ITEM):
        gateway.settle(PINE, sent)
    learn(gateway)
    gateway.settle(PINE, other_spelling(NEW_ITEM))
    assert answers(gateway) == ["PH-4001"]
    assert list(gateway.store.audit.broken()) == []


def test_a_replay_is_foreseen_with_the_order_book(gateway: SmallGateway) -> None:
    """The corrected order came under the same number meanwhile; no number is drawn for looking."""
    held = gateway.settle(PINE, NEW_ITEM)
    early = gateway.settle(PINE, order(BOLTS, number="PH-4002", function="change", version=2))
    gateway.settle(PINE, order(BOLTS))
    learn(gateway)
    numbers = gateway.services.store.numbers
    before = numbers.take("order_response", 1)
    bodies = [(gateway.message(one.id), gateway.store.messages.body(one.id)) for one in (held, early)]
    judged = foresee(gateway.services, [(message, body) for message, body in bodies if body is not None])
    assert [(one.status, [fault.code for fault in one.faults]) for one in judged if one] == [
        ("held", ["order_number_reused"]),
        ("received", []),
    ]
    assert numbers.take("order_response", 1)[0] == before[0] + 1
