"""Several orders in one body: a message for each under one parent, and a bad one holds up none of the others. On both
databases."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest

from gateway.commands.messages import _canonical
from gateway.intake import Arrival, message_of
from gateway.pipeline import process
from gateway.store.arrivals import Child, Group, Kept
from gateway.store.database import Collision
from gateway.store.intake import Keeping
from gateway.store.messages import StoredMessage
from mappings.fieldmaps import reading as own_reading
from mappings.files.account_folder import read_account
from schemas.faults import DocumentRejected
from schemas.formats import ReadPart
from schemas.formats.json_1 import JSON_1
from schemas.formats.registry import FORMATS
from schemas.formats.ubl_2_1 import codec
from schemas.safe_json.reader import read_json
from tests.examples.order_lines import BOLTS, HAMMERS, order
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, ORDERS, SmallGateway
from tests.harness.replaying import judge_again

PINE, BIRCH = "pine-hardware", "birch-timber"
UBL = (ORDERS / "birch-timber.xml").read_text("utf-8").partition("?>\n")[2]
ENVELOPE = """<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">
<StandardBusinessDocumentHeader><DocumentIdentification><InstanceIdentifier>T-1</InstanceIdentifier>
</DocumentIdentification></StandardBusinessDocumentHeader>
{}</StandardBusinessDocument>"""
UNKNOWN = {"line_number": "1", "buyer_item": "PH-NEW", "quantity": "3"}
"""An item that is in nobody's items.csv until `learn`: held."""
SHORT_MAP = """reads: json
orders: A
order:
  order_number: {from: no, required: true}
  ship_to: {id: to}
  lines: {each: rows, line_number: {position: {}}, buyer_item: art, quantity: qty}
"""
REFUSED = HAMMERS | {"quantity": "0"}


def batch(*orders: dict[str, Any]) -> bytes:
    return json.dumps(orders).encode()


def post(gateway: SmallGateway, body: bytes, account: str = PINE) -> Any:
    answer = gateway.post(account, body)
    assert answer.status_code == 202, answer.text
    gateway.work()
    return answer.json


def children(gateway: SmallGateway, answer: Any) -> list[StoredMessage]:
    """The children that the answer names, as they stand now."""
    found = [gateway.message(child["message_id"]) for child in answer["children"]]
    assert [child["part"] for child in answer["children"]] == list(range(1, len(found) + 1))
    return found


def statuses(messages: Sequence[StoredMessage]) -> list[str]:
    return [one.status for one in messages]


def learn(gateway: SmallGateway) -> None:
    """Correct the mapping: PH-NEW is what PH-0102 is."""
    folder = read_account(ACCOUNTS / PINE)
    known = next(row for row in folder.items if row.account_sku == "PH-0102")
    gateway.publish(replace(folder, items=(*folder.items, replace(known, account_sku="PH-NEW", gtin=None))))


def show(gateway: SmallGateway, message_id: str, account: str = PINE) -> Any:
    headers = {"Authorization": f"Bearer {gateway.key(account)}"}
    return gateway.client.get(f"/v1/messages/{message_id}", headers=headers).json


def test_each_order_of_a_body_is_a_message_with_its_own_answer(on_either: SmallGateway) -> None:
    answer = post(on_either, batch(order(BOLTS, number="PH-1"), order(HAMMERS, number="PH-2")))
    assert (answer["status"], "duplicate" in answer) == ("done", False)
    assert [(child["status"], child["order_number"]) for child in answer["children"]] == [("received", None)] * 2
    first, second = children(on_either, answer)
    assert (first.order_number, second.order_number) == ("PH-1", "PH-2")
    assert [on_either.response(one.id).order_number for one in (first, second)] == ["PH-1", "PH-2"]
    assert on_either.responses([answer["message_id"]]) == []
    parent, child = show(on_either, answer["message_id"]), show(on_either, second.id)
    assert (parent["status"], parent["part"], parent["parent"]) == ("done", None, None)
    assert [(one["message_id"], one["status"], one["order_number"]) for one in parent["children"]] == [
        (first.id, "done", "PH-1"),
        (second.id, "done", "PH-2"),
    ]
    assert (child["parent"], child["part"], child["children"]) == (answer["message_id"], 2, [])
    assert list(on_either.store.audit.verification().broken()) == []


def test_the_documents_of_a_body_are_those_of_its_orders(on_either: SmallGateway) -> None:
    """By the body's link and in its message; also where an order in it, or all of it, came before."""
    headers = {"Authorization": f"Bearer {on_either.key(PINE)}"}

    def mailbox(answer: Any) -> list[str]:
        page: Any = on_either.client.get(answer["links"]["documents"], headers=headers)
        assert page.json["next"] is None
        assert page.json["documents"] == show(on_either, answer["message_id"])["documents"]
        return [one["order_number"] for one in page.json["documents"]]

    alone = post(on_either, json.dumps(order(BOLTS, number="PH-1")).encode())
    assert mailbox(alone) == ["PH-1"]
    orders = [order(BOLTS, number="PH-1"), order(HAMMERS, number="PH-2"), order(UNKNOWN, number="PH-3")]
    first = post(on_either, batch(*orders))
    assert statuses(children(on_either, first)) == ["duplicate", "done", "held"]
    assert mailbox(first) == ["PH-1", "PH-2"]
    repeated, second, held = first["children"]
    assert [mailbox(one) for one in (repeated, second, held)] == [["PH-1"], ["PH-2"], []]
    again = post(on_either, batch(*orders))
    assert mailbox(again) == ["PH-1", "PH-2"]
    only: Any = on_either.client.get(f"{first['links']['documents']}&order_number=PH-2", headers=headers)
    assert [one["order_number"] for one in only.json["documents"]] == ["PH-2"]
    others = {"Authorization": f"Bearer {on_either.key(BIRCH)}"}
    theirs: Any = on_either.client.get(first["links"]["documents"], headers=others)
    assert theirs.json == {"documents": [], "next": None}


def test_a_bad_order_holds_up_none_of_its_siblings(on_either: SmallGateway) -> None:
    unread = order({**HAMMERS, "quantity": "many"}, number="PH-2")
    answer = post(on_either, batch(order(BOLTS, number="PH-1"), unread, order(UNKNOWN, number="PH-3"), {"lines": 4}))
    found = children(on_either, answer)
    assert statuses(found) == ["done", "rejected", "held", "rejected"]
    (fault,) = on_either.store.messages.faults(found[1].id)
    assert (fault.code, fault.path, fault.location) == ("not_a_number", "/lines/0/quantity", "/1/lines/0/quantity")
    assert on_either.response(found[1].id).outcome == "rejected"
    (fault,) = on_either.store.messages.faults(found[2].id)
    assert (fault.code, fault.path, fault.location) == ("unknown_item", "/lines/0/buyer_item", "/2/lines/0/buyer_item")
    assert {code for code, _ in on_either.faults(found[3].id)} == {"missing_field", "bad_value"}
    assert json.loads(_canonical(on_either.services, found[2]))["order_number"] == "PH-3"
    with pytest.raises(DocumentRejected):
        _canonical(on_either.services, found[3])


def test_the_same_body_again_is_each_order_again(on_either: SmallGateway) -> None:
    body = batch(order(BOLTS, number="PH-1"), order(UNKNOWN, number="PH-2"), order(REFUSED, number="PH-3"))
    first = post(on_either, body)
    assert statuses(children(on_either, first)) == ["done", "held", "rejected"]
    learn(on_either)
    again = post(on_either, body)
    assert (again["message_id"], again["duplicate"]) == (first["message_id"], True)
    assert [(child["status"], child["order_number"]) for child in again["children"]] == [
        ("done", "PH-1"),
        ("received", "PH-2"),
        ("received", None),
    ]
    before, after = children(on_either, first), children(on_either, again)
    assert [one.id for one in after[:2]] == [one.id for one in before[:2]]
    assert after[2].id != before[2].id, "what was rejected is judged afresh"
    assert statuses(after) == ["done", "done", "rejected"]
    assert after[2].parent_id == first["message_id"]
    third = post(on_either, body)
    assert [child["message_id"] for child in third["children"][:2]] == [one.id for one in after[:2]]
    assert len(on_either.store.messages.children(first["message_id"])) == 3
    assert list(on_either.store.audit.verification().broken()) == []


def test_a_corrected_body_has_one_new_order(on_either: SmallGateway) -> None:
    good = order(BOLTS, number="PH-1")
    first = post(on_either, batch(good, order(REFUSED, number="PH-2")))
    corrected = post(on_either, batch(order(HAMMERS, number="PH-2"), good))
    assert statuses(children(on_either, corrected)) == ["done", "duplicate"]
    repeated = children(on_either, corrected)[1]
    assert repeated.duplicate_of == children(on_either, first)[0].id
    again = post(on_either, batch(order(HAMMERS, number="PH-2"), good))
    assert again["children"][1]["message_id"] == repeated.duplicate_of, "the one that answers for it"
    assert len(on_either.store.orders.by_number(PINE, "PH-1")) == 1


def test_one_number_twice_in_a_body_is_one_order(on_either: SmallGateway) -> None:
    answer = post(
        on_either, batch(*[order(BOLTS, number="PH-1")] * 2, order(HAMMERS, number="PH-1"), order(BOLTS, number="PH-2"))
    )
    found = children(on_either, answer)
    assert statuses(found) == ["done", "duplicate", "held", "done"]
    assert on_either.faults(found[2].id) == [("order_number_reused", "/order_number")]


def test_the_orders_of_an_envelope(on_either: SmallGateway) -> None:
    body = ENVELOPE.format(UBL + UBL.replace("BT-900", "BT-901")).encode()
    answer = post(on_either, body, BIRCH)
    found = children(on_either, answer)
    assert statuses(found) == ["done", "done"]
    assert [one.order_number for one in found] == ["BT-900", "BT-901"]
    again = post(on_either, body.replace(b"\n", b"\n "), BIRCH)
    assert statuses(children(on_either, again)) == ["duplicate", "duplicate"]
    other = ENVELOPE.format(UBL.replace("BT-900", "BT-902") + UBL.replace("BT-900", "BT-901")).encode()
    reused, repeated = children(on_either, post(on_either, other, BIRCH))
    assert (reused.status, repeated.status) == ("held", "duplicate")
    (fault,) = on_either.store.messages.faults(reused.id)
    assert (fault.code, fault.value) == ("envelope_id_reused", "T-1")
    assert fault.detail.startswith("The InstanceIdentifier T-1 came before")


def test_the_orders_of_an_envelope_are_found_by_its_id(on_either: SmallGateway) -> None:
    def enveloped(envelope_id: str, first: str, second: str) -> bytes:
        both = UBL.replace("BT-900", first) + UBL.replace("BT-900", second)
        return ENVELOPE.format(both).replace("T-1", envelope_id).encode()

    for other in ("T-1!", "T-10", "T-1x", "T"):  # beside it in the order of ids
        post(on_either, enveloped(other, f"{other}-1", f"{other}-2"), BIRCH)
    answer = post(on_either, enveloped("T-1", "BT-901", "BT-902"), BIRCH)
    messages = on_either.store.messages
    expected = {answer["message_id"], *(child["message_id"] for child in answer["children"])}
    for account in (None, BIRCH):
        assert {one.id for one in messages.find("T-1", account)} == expected
    assert messages.find("T-1", PINE) == []


def test_a_long_id_of_an_envelope_is_its_orders(on_either: SmallGateway) -> None:
    sent = "T" * 300
    body = ENVELOPE.format(UBL + UBL.replace("BT-900", "BT-901")).replace("T-1", sent).encode()
    answer = post(on_either, body, BIRCH)
    assert {one["message_id"] for one in answer["children"]} < {one.id for one in on_either.store.messages.find(sent)}


def test_a_body_has_a_limit_of_orders(on_either: SmallGateway) -> None:
    line = json.dumps(order(BOLTS, number="PH-{}"))
    answer = on_either.post(PINE, f"[{','.join([line] * 2_001)}]".encode())
    assert (answer.status_code, answer.json["code"]) == (400, "too_many_orders")
    assert on_either.message(answer.json["message_id"]).status == "rejected"
    assert on_either.count_messages() == 1


def test_waiting_is_for_all_of_them(on_either: SmallGateway) -> None:
    """Nobody works here, so the wait ends with what is known by then."""
    headers = {"Authorization": f"Bearer {on_either.key(PINE)}"}
    body = batch(order(BOLTS, number="PH-1"), order(HAMMERS, number="PH-2"))
    answer = on_either.client.post("/v1/orders?wait=0.2", data=body, headers=headers)
    assert answer.status_code == 202
    assert [child["status"] for child in answer.json["children"]] == ["received", "received"]
    on_either.work()
    again = on_either.client.post("/v1/orders?wait=20", data=body, headers=headers)
    assert (again.status_code, again.json["duplicate"]) == (202, True)
    assert [child["status"] for child in again.json["children"]] == ["done", "done"]


def test_a_body_is_judged_without_effect_order_by_order(on_either: SmallGateway) -> None:
    headers = {"Authorization": f"Bearer {on_either.key(PINE)}"}
    body = batch(order(BOLTS, number="PH-1"), order(UNKNOWN, number="PH-2"))
    judged = on_either.client.post("/v1/orders/validate", data=body, headers=headers).json
    assert (judged["order"], judged["lines"], judged["faults"]) == (None, [], [])
    first, second = judged["orders"]
    assert (first["order"]["order_number"], first["faults"]) == ("PH-1", [])
    assert [fault["location"] for fault in second["faults"]] == ["/1/lines/0/buyer_item"]
    assert on_either.count_messages() == 0


def test_a_bug_at_one_order_is_not_its_siblings(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_parts(body: bytes, parts: Collection[int]) -> dict[int, ReadPart]:
        if 2 in parts:
            raise ZeroDivisionError("a bug")
        return JSON_1.read_parts(body, parts)

    monkeypatch.setitem(FORMATS, "json-1", replace(JSON_1, read_parts=read_parts))  # type: ignore[arg-type]
    answer = post(on_either, batch(*(order(BOLTS, number=f"PH-{n}") for n in range(3))))
    found = children(on_either, answer)
    assert statuses(found) == ["done", "failed", "done"]
    assert on_either.faults(found[1].id) == [("internal_error", "")]


def test_hundreds_of_orders_are_read_a_few_times_only(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    readings: list[int] = []

    def read_parts(body: bytes, parts: Collection[int]) -> dict[int, ReadPart]:
        readings.append(len(parts))
        return JSON_1.read_parts(body, parts)

    monkeypatch.setitem(FORMATS, "json-1", replace(JSON_1, read_parts=read_parts))  # type: ignore[arg-type]
    answer = post(on_either, batch(*(order(BOLTS, number=f"PH-{n}") for n in range(300))))
    assert set(statuses(children(on_either, answer))) == {"done"}
    assert sum(readings) == 300
    assert len(readings) == 6


def test_places_are_told_of_a_whole_claim_with_a_few_readings(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read for each held order, a body of 2,000 would take time in the square of its size."""
    count, most = 120, on_either.services.limits.batch_size
    claims = -(-count // most)
    own = read_account(ACCOUNTS / "linden-works")
    on_either.publish(replace(own, maps={**own.maps, "order_map.yaml": SHORT_MAP}))
    layout = {"A": [{"no": f"L-{n}", "to": "HALA-3", "rows": [{"art": "NOBODYS", "qty": 3}]} for n in range(count)]}
    envelope = ENVELOPE.format(
        "".join(UBL.replace("BT-900", f"BT-{n}").replace("BT-7002", "BT-NEW") for n in range(count))
    )
    lines_before_item = UBL[UBL.index("BT-900") : UBL.index("BT-7002")].count("\n")
    readings: list[int] = []
    for module, name in ((own_reading, "read_json"), (codec, "parse")):
        read = getattr(module, name)

        def counted(body: bytes, *known: Any, read: Any = read, **named: Any) -> Any:
            readings.append(len(body))
            return read(body, *known, **named)

        monkeypatch.setattr(module, name, counted)
    for account, body, place in (
        ("linden-works", json.dumps(layout).encode(), "/A/{}/rows/0/art"),
        (BIRCH, envelope.encode(), "line {}: cac:OrderLine[1]/"),
    ):
        readings.clear()
        found = children(on_either, post(on_either, body, account))
        assert set(statuses(found)) == {"held"}
        assert claims < len(readings) <= 1 + 3 * claims, "once at the door; counted, read and placed in each claim"
        for index in (0, 1, count - 1):
            (fault,) = (one for one in on_either.store.messages.faults(found[index].id) if one.code == "unknown_item")
            line = envelope[: envelope.index(f"<cbc:ID>BT-{index}</cbc:ID>")].count("\n") + 1 + lines_before_item
            assert fault.location.startswith(place.format(line if account == BIRCH else index))


@pytest.mark.parametrize(("orders", "status"), [("[A[0]]", "held"), ("B", "rejected")])
def test_a_claim_is_counted_once_under_rules_that_find_other_orders(
    gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch, orders: str, status: str
) -> None:
    own = read_account(ACCOUNTS / "linden-works")
    gateway.publish(replace(own, maps={**own.maps, "order_map.yaml": SHORT_MAP}))
    layout = {"A": [{"no": f"L-{n}", "to": "HALA-3", "rows": [{"art": "NOBODYS", "qty": 3}]} for n in range(9)]}
    answer = post(gateway, json.dumps(layout).encode(), "linden-works")
    changed = SHORT_MAP.replace("orders: A", f'orders: "{orders}"')
    gateway.publish(replace(own, maps={**own.maps, "order_map.yaml": changed}))
    for child in children(gateway, answer):
        judge_again(gateway.store, child.id)
    readings: list[int] = []

    def counted(body: bytes, **named: Any) -> Any:
        readings.append(len(body))
        return read_json(body, **named)

    monkeypatch.setattr(own_reading, "read_json", counted)
    gateway.work()
    assert statuses(children(gateway, answer)) == [status] * 9
    assert len(readings) == 1


def test_each_decision_of_a_batch_beats(on_either: SmallGateway) -> None:
    """So that a batch of slow ones keeps its lease."""
    on_either.post(PINE, batch(*(order(UNKNOWN, number=f"PH-{n}") for n in range(4))))
    claim = on_either.store.queue.claim("a worker", ALL_LANES, 50)
    assert claim is not None
    beats: list[int] = []
    assert process(on_either.services, claim, lambda: beats.append(1)) == 4
    assert len(beats) == 8, "before each is read, and before each is decided"


def test_a_resend_in_the_same_commit_has_the_same_children(on_either: SmallGateway) -> None:
    account = read_account(ACCOUNTS / PINE).account
    body = batch(order(BOLTS, number="PH-1"), order(HAMMERS, number="PH-2"))
    messages = [message_of(Arrival(account, False, body, "test")) for _ in range(3)]
    first, *others = on_either.store.intake.keep_all(messages)
    assert first is not None
    for other in others:
        assert other is not None
        assert (other.duplicate, other.children) == (True, first.children)
    assert all(isinstance(child, Child) for child in first.children)
    on_either.work()
    assert {one.order_number for one in on_either.store.messages.page(status="done")} == {"PH-1", "PH-2", None}


def test_an_order_twice_in_a_held_body_is_tried_again_once(on_either: SmallGateway) -> None:
    """Its second order repeats the first, so that one message answers for both; a resend is no reason to fail."""
    body = batch(*[order(UNKNOWN, number="PH-1")] * 2)
    first = post(on_either, body)
    assert statuses(children(on_either, first)) == ["held", "duplicate"]
    learn(on_either)
    again = post(on_either, body)
    assert [child["status"] for child in again["children"]] == ["received", "received"]
    assert {child["message_id"] for child in again["children"]} == {first["children"][0]["message_id"]}
    assert children(on_either, again)[0].status == "done"
    assert list(on_either.store.audit.verification().broken()) == []


def test_a_body_and_one_of_its_orders_by_itself_come_again_together(on_either: SmallGateway) -> None:
    """In one commit, whichever is first."""
    account = read_account(ACCOUNTS / PINE).account
    alone = json.dumps(order(UNKNOWN, number="PH-1")).encode()
    body = batch(order(UNKNOWN, number="PH-1"), order(UNKNOWN, number="PH-2"))
    for sent in (alone, body):
        post(on_either, sent)
    for both in ((alone, body), (body, alone)):
        kept = on_either.store.intake.keep_all([message_of(Arrival(account, False, one, "test")) for one in both])
        assert [one.duplicate for one in kept if one] == [True, True]
        assert on_either.work() == 2
    assert list(on_either.store.audit.verification().broken()) == []


def test_one_that_can_not_be_stored_fails_none_of_its_group(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process keeps storing one of three orders of two accounts just before us: only that one is refused."""
    account = read_account(ACCOUNTS / PINE).account
    bodies = [json.dumps(order(BOLTS, number=f"PH-{n}")).encode() for n in range(3)]
    messages = [message_of(Arrival(account, False, one, "test")) for one in bodies]
    keep, contended = Group.keep, messages[1].id

    def keep_or_collide(group: Group) -> list[Kept]:
        if contended in {draft.message.id for draft in group.drafts}:
            raise Collision("stored just now")
        return keep(group)

    monkeypatch.setattr(Group, "keep", keep_or_collide)
    ended: list[Keeping] = []
    done = threading.Event()

    def note(keeping: Keeping) -> None:
        ended.append(keeping)
        if len(ended) == len(messages):
            done.set()

    on_either.store.intake.begin([Keeping(message, note) for message in messages])
    assert done.wait(20)
    told = {one.message.id: one.kept is not None for one in ended}
    assert told == {messages[0].id: True, messages[1].id: False, messages[2].id: True}
