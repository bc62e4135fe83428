"""Which change comes next: the numbers that senders give, and those that they leave out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.services import Limits
from gateway.store.queue import WorkQueue
from gateway.trade.amendment import amend
from mappings.files.account_folder import read_account
from schemas.documents.order import Order
from schemas.formats.ubl_2_1.order_change import render_order_change
from tests.examples.order_lines import BOLTS, HAMMERS, order
from tests.examples.small_gateway import ACCOUNTS, SmallGateway
from tests.examples.threads import PINE, cancel, change, confirmed, settle, taken

ENVELOPE = (
    '<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">'
    "<StandardBusinessDocumentHeader><DocumentIdentification><InstanceIdentifier>{id}</InstanceIdentifier>"
    "</DocumentIdentification></StandardBusinessDocumentHeader>{order}</StandardBusinessDocument>"
)


def bolts(quantity: str) -> dict[str, Any]:
    return {**BOLTS, "quantity": quantity}


# --- orders that come as changes --------------------------------------------------------------------------------------
def test_an_older_version_of_an_order_comes_too_late(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, same_number_other_content="change")
    settle(gateway, order(BOLTS, version=2))
    late = gateway.settle(PINE, order(bolts("9"), version=1))
    assert (late.status, gateway.faults(late.id)) == ("done", [("stale_change", "/version")])
    newer = gateway.settle(PINE, order(bolts("6"), version=5))
    assert newer.status == "done"
    late = gateway.settle(PINE, order(bolts("9"), version=3))
    assert gateway.faults(late.id) == [("stale_change", "/version")]
    again = gateway.settle(PINE, order({**BOLTS, "quantity": "4.0"}, version=2))
    assert again.status == "duplicate"
    other = gateway.settle(PINE, order(bolts("7"), version=5))
    assert (other.status, gateway.faults(other.id)) == ("held", [("version_reused", "/version")])
    assert confirmed(gateway) == {"1": ("6", "6", "0")}


def test_an_order_that_says_no_version_is_the_next(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, same_number_other_content="change")
    settle(gateway, order(BOLTS), order(bolts("6")), change(bolts("7"), version=4), order(bolts("8")))
    assert confirmed(gateway) == {"1": ("8", "8", "0")}
    stale = gateway.settle(PINE, change(bolts("9"), version=3))
    assert gateway.faults(stale.id) == [("stale_change", "/version")]


def test_numbers_may_be_days_and_times(on_either: SmallGateway) -> None:
    """They are ordered by number, and are no number of versions of ours."""
    settle(on_either, order(BOLTS, version=20_261_123_001), change(bolts("6"), version=20_261_125_001))
    settle(on_either, change(bolts("7"), version=20_261_125_123_456_789), change(bolts("8"), version=2**63 - 1))
    assert confirmed(on_either) == {"1": ("8", "8", "0")}
    stale = on_either.settle(PINE, change(bolts("9"), version=20_261_125_002))
    assert on_either.faults(stale.id) == [("stale_change", "/version")]
    (stands,) = on_either.store.orders.by_number(PINE, "PH-4001")
    assert stands.version == 4
    again = on_either.settle(PINE, change(bolts("9"), version=2**63 - 1))
    assert on_either.faults(again.id) == [("version_reused", "/version")]


def test_a_change_of_the_orders_own_number_is_no_first_one(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS, version=5))
    other = gateway.settle(PINE, change(bolts("6"), version=5))
    assert gateway.faults(other.id) == [("version_reused", "/version")]


# --- what answers call them ------------------------------------------------------------------------------------------
def test_no_answer_gives_a_version_twice_or_goes_back(on_either: SmallGateway) -> None:
    """The sender's own number, or one more than the last where he says none; the thread says the same."""
    numbered = enumerate((5, 0, 0, 6, 9, 0), 4)
    sent = [order(bolts("3")), *(change(bolts(str(count)), version=said) for count, said in numbered)]
    settled = settle(on_either, *sent)
    assert [on_either.faults(one.id) for one in settled] == [[]] * 7
    told = [on_either.response(one.id).order_version for one in settled]
    assert told == [1, 5, 6, 7, 8, 9, 10]
    thread: Any = on_either.client.get("/v1/orders/PH-4001", headers={"Authorization": f"Bearer {on_either.key(PINE)}"})
    assert [(one["version"], one["order_version"]) for one in thread.json["versions"]] == [*enumerate(told, 1)]
    assert (thread.json["version"], thread.json["order_version"]) == (7, 10)
    gone = on_either.settle(PINE, cancel())
    assert on_either.response(gone.id).order_version == 11


def test_a_sender_who_numbers_his_first_change_1(gateway: SmallGateway) -> None:
    """His 2 is our 3: 2 was given to his 1."""
    settled = settle(gateway, order(BOLTS), change(bolts("6"), version=1), change(bolts("7"), version=2))
    assert [gateway.response(one.id).order_version for one in settled] == [1, 2, 3]


def test_a_refusal_names_the_number_that_it_refuses(gateway: SmallGateway) -> None:
    """Which is free for the next: nothing was made of it."""
    gateway.set_policies(PINE)
    settle(gateway, order(BOLTS), change(bolts("6"), version=5), cancel())
    late = [gateway.settle(PINE, change(bolts("7"), version=said)) for said in (7, 0)]
    assert [gateway.response(one.id).order_version for one in late] == [7, 7]


# --- there and back, without numbers ----------------------------------------------------------------------------------
def unnumbered(quantity: str) -> dict[str, Any]:
    return change(bolts(quantity), version=0)


def keyed(gateway: SmallGateway, asked: dict[str, Any], key: str) -> str:
    """Send under this Idempotency-Key, and settle; the message that answers for it."""
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}", "Idempotency-Key": key}
    answer = gateway.client.post("/v1/orders", data=json.dumps(asked).encode(), headers=headers)
    assert answer.status_code == 202, answer.text
    gateway.work()
    return str(answer.json["message_id"])


def test_what_was_said_before_is_a_resend_where_nothing_tells_them_apart(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS))
    _six, seven = settle(gateway, unnumbered("6"), unnumbered("7"))
    again = gateway.settle(PINE, unnumbered("6.0"))
    assert (again.status, again.duplicate_of) == ("duplicate", seven.id)
    assert confirmed(gateway) == {"1": ("7", "7", "0")}


@pytest.mark.parametrize("written", ["6", "6.0"])
def test_a_new_idempotency_key_makes_it_a_change_back(on_either: SmallGateway, written: str) -> None:
    """In the same bytes or in others; and a resend of any of the three is that one's."""
    settle(on_either, order(BOLTS))
    six, seven = (keyed(on_either, unnumbered(count), f"k-{count}") for count in ("6", "7"))
    back = keyed(on_either, unnumbered(written), "k-8")
    assert len({six, seven, back}) == 3
    assert taken(on_either, "BOLT-M8") == 300
    assert keyed(on_either, unnumbered(written), "k-8") == back
    keyed(on_either, unnumbered("7"), "k-7")
    assert taken(on_either, "BOLT-M8") == 300


def test_a_new_envelope_makes_it_a_change_back(gateway: SmallGateway) -> None:
    """As an SBDH's InstanceIdentifier or a payloadID does."""
    folder = read_account(ACCOUNTS / PINE)
    terms = folder.account.model_dump(mode="json", by_alias=True) | {"inbound": {"formats": ["json-1", "ubl-2.1"]}}
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))
    settle(gateway, order(BOLTS))
    settled = [gateway.settle(PINE, enveloped(count, f"id-{n}")) for n, count in enumerate(("6", "7", "6", "7"))]
    assert [one.status for one in settled] == ["done"] * 4
    assert taken(gateway, "BOLT-M8") == 350
    again = gateway.settle(PINE, enveloped("6", "id-2").replace(b"<cbc:", b" <cbc:", 1))
    assert (again.status, again.duplicate_of) == ("duplicate", settled[3].id)
    assert taken(gateway, "BOLT-M8") == 350


def enveloped(quantity: str, envelope_id: str) -> bytes:
    """A UBL change without a number, in an SBDH of this id."""
    body = render_order_change(Order.model_validate(unnumbered(quantity))).decode()
    body = body.partition("?>")[2].replace("<cbc:SequenceNumberID>0</cbc:SequenceNumberID>", "")
    return ENVELOPE.format(id=envelope_id, order=body).encode()


def test_an_order_that_comes_again_under_a_new_key_changes_nothing(gateway: SmallGateway) -> None:
    """Unless the account's orders are changes: then the first one may be meant again."""
    keyed(gateway, order(BOLTS), "k-1")
    keyed(gateway, unnumbered("6"), "k-2")
    again = gateway.message(keyed(gateway, order(BOLTS), "k-3"))
    assert (again.status, gateway.faults(again.id)) == ("held", [("order_number_reused", "/order_number")])
    assert confirmed(gateway) == {"1": ("6", "6", "0")}
    gateway.set_policies(PINE, same_number_other_content="change")
    keyed(gateway, order({**BOLTS, "quantity": "4.0"}), "k-4")
    assert taken(gateway, "BOLT-M8") == 200


# --- one line twice in a change ---------------------------------------------------------------------------------------
def test_a_line_that_is_deleted_and_added_again(gateway: SmallGateway) -> None:
    """The codecs refuse a line number that is there twice; an account's own layout may bring one."""
    added = {**HAMMERS, "line_number": "1", "action": "add"}
    first, refused = settle(gateway, order(BOLTS, HAMMERS), change({**BOLTS, "action": "delete"}, added))
    assert gateway.faults(refused.id) == [("duplicate_line", "/lines/1/line_number")]
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "3", "0")}
    standing = gateway.store.threads.standing([str(first.order_id)])[str(first.order_id)]
    amended = amend(standing, Order.model_validate(change({**BOLTS, "action": "delete"}, added)))
    assert (amended.faults, amended.deleted) == ([], {})
    assert amended.order is not None
    assert {line.line_number: line.buyer_item for line in amended.order.lines} == {"1": "PH-0102", "2": "PH-0102"}
    twice = amend(standing, Order.model_validate(change({**BOLTS, "action": "change"}, {**BOLTS, "action": "delete"})))
    assert [(fault.code, fault.path) for fault in twice.faults] == [("duplicate_line", "/lines/1/line_number")]


# --- a claim of many groups -------------------------------------------------------------------------------------------
def test_a_claim_of_many_groups_keeps_its_lease(gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change of one order is saved by itself; the lease is of all of them."""
    gateway.services = replace(gateway.services, limits=Limits(lease_seconds=0.000003))
    settle(gateway, order(BOLTS))
    extended: list[int] = []
    extend = WorkQueue.extend
    monkeypatch.setattr(WorkQueue, "extend", lambda *given: (extended.append(1), extend(*given))[1])
    for version in range(2, 7):
        gateway.send(PINE, change(bolts(str(version)), version=version))
    gateway.work()
    assert confirmed(gateway) == {"1": ("6", "6", "0")}
    assert len(extended) == 5
