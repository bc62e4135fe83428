"""A message's document is corrected by a person: the original stays as it came, its copy is judged in its place, and
the sender's resend of the original is answered by that. On both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.resubmitting.comparing import look
from gateway.resubmitting.correcting import Erased, Original, OwnEdit, Unfit, agree, correct, original_of
from gateway.states import ImpossibleMove
from gateway.store.database import Collision
from gateway.store.messages import StoredMessage
from gateway.store.resubmissions import NotWaiting, Resubmission, SameBytes
from gateway.store.statements import run
from tests.examples.order_lines import BOLTS, SAWS, line, order
from tests.examples.small_gateway import SmallGateway
from tests.examples.threads import PINE
from tests.harness.replaying import judge_again
from tests.pipeline.test_envelopes import BIRCH, UNKNOWN, enveloped, respelt
from tests.pipeline.test_envelopes import order as birch_order

UNKNOWN_SAW = {**SAWS, "buyer_item": "PH-0170"}


def held(gateway: SmallGateway) -> StoredMessage:
    """An order in which an item was mistyped."""
    message = gateway.settle(PINE, order(BOLTS, UNKNOWN_SAW))
    assert message.status == "held"
    return message


def original(gateway: SmallGateway, message_id: str) -> Original:
    found = original_of(gateway.services, None, message_id)
    assert found is not None
    return found


def ask(gateway: SmallGateway, message_id: str, edited: bytes, actor: str = "user Ann") -> Resubmission:
    return correct(gateway.services, original(gateway, message_id), edited, "a typo, says the buyer", actor)


def put_right(gateway: SmallGateway, message_id: str) -> bytes:
    body = gateway.store.messages.body(message_id)
    assert body is not None
    return body.replace(b"PH-0170", b"PH-0107")


def stands(gateway: SmallGateway) -> None:
    """Every chain holds."""
    assert list(gateway.store.audit.broken()) == []


def kinds(gateway: SmallGateway, message_id: str) -> list[str]:
    return [one["kind"] for one in gateway.store.audit.of(message_id)]


def test_a_second_person_agrees_and_the_copy_is_answered_in_the_originals_place(on_either: SmallGateway) -> None:
    gateway, message = on_either, held(on_either)
    asked = ask(gateway, message.id, put_right(gateway, message.id))
    assert (asked.status, asked.touches) == ("waiting", ("item",))
    assert [(one.path, one.before, one.after, one.line_number) for one in asked.differences] == [
        ("/lines/*/buyer_item", "PH-0170", "PH-0107", "2")
    ]
    assert [one.id for one in gateway.store.resubmissions.waiting()] == [asked.id]
    with pytest.raises(OwnEdit):
        agree(gateway.services, asked, "user Ann")
    child_id = agree(gateway.services, asked, "user Bob", "seen the mail")
    assert gateway.work() == 1
    child, before = gateway.message(child_id), gateway.message(message.id)
    assert (child.status, child.parent_id, child.order_number) == ("done", message.id, "PH-4001")
    assert (child.received_at, child.due_at) == (message.received_at, message.due_at)
    assert (before.status, before.duplicate_of) == ("superseded", child_id)
    assert gateway.store.messages.body(message.id) != gateway.store.messages.body(child_id)
    assert kinds(gateway, message.id) == ["received", "held", "edit asked for", "supersede"]
    told = gateway.store.audit.of(message.id)[-1]
    assert (told["actor"], told["body"]["asked_by"], told["body"]["reason"]) == (
        "user Bob",
        "user Ann",
        "a typo, says the buyer",
    )
    first = gateway.store.audit.of(child_id)[0]
    assert (first["actor"], first["body"]["edited_from"]) == ("user Bob", message.id)
    with pytest.raises(NotWaiting):
        agree(gateway.services, asked, "user Cem")
    stands(gateway)


def test_what_no_policy_checks_needs_nobody_else(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.set_policies(PINE, second_person=["price", "quantity"])
    message = held(gateway)
    done = ask(gateway, message.id, put_right(gateway, message.id))
    assert (done.status, done.touches) == ("resubmitted", ())
    gateway.work()
    assert done.child_id is not None
    assert gateway.message(done.child_id).status == "done"
    stands(gateway)


def test_the_senders_resend_of_the_original_is_answered_by_the_copy(on_either: SmallGateway) -> None:
    gateway, message = on_either, held(on_either)
    asked = ask(gateway, message.id, put_right(gateway, message.id))
    child_id = agree(gateway.services, asked, "user Bob")
    gateway.work()
    again = gateway.post(PINE, json.dumps(order(BOLTS, UNKNOWN_SAW)).encode())
    assert (again.json["message_id"], again.json["duplicate"]) == (child_id, True)
    respelled = gateway.settle(PINE, json.dumps(order(BOLTS, UNKNOWN_SAW), indent=1).encode())
    assert (respelled.status, respelled.duplicate_of) == ("duplicate", child_id)
    assert len(gateway.store.orders.by_number(PINE, "PH-4001")) == 1
    answers = gateway.store.messages.answering(gateway.message(message.id))
    assert answers == [child_id]
    stands(gateway)


def test_a_transmissions_id_goes_on_standing_for_the_original(on_either: SmallGateway) -> None:
    gateway = on_either
    body = enveloped("E-1", birch_order("BT-1", UNKNOWN))
    message = gateway.settle(BIRCH, body)
    assert message.status == "held"
    asked = ask(gateway, message.id, body.replace(b"BT-9999", b"BT-7002"))
    child_id = agree(gateway.services, asked, "user Bob")
    gateway.work()
    assert gateway.message(child_id).status == "done"
    again = gateway.settle(BIRCH, respelt(body))
    assert (again.status, again.duplicate_of) == ("duplicate", child_id)
    other = gateway.settle(BIRCH, enveloped("E-1", birch_order("BT-2")))
    assert gateway.faults(other.id) == [("envelope_id_reused", "")]


def test_one_order_of_a_body_of_several_is_corrected_alone(on_either: SmallGateway) -> None:
    gateway = on_either
    two = [order(BOLTS, number="PH-1"), order(UNKNOWN_SAW, number="PH-2")]
    body = gateway.settle(PINE, json.dumps(two).encode())
    first, second = gateway.store.messages.children(body.id)
    assert (first.status, second.status) == ("done", "held")
    asked = ask(gateway, second.message_id, put_right(gateway, second.message_id))
    child_id = agree(gateway.services, asked, "user Bob")
    gateway.work()
    now = gateway.store.messages.children(body.id)
    assert [(one.part, one.message_id, one.status) for one in now] == [
        (1, first.message_id, "done"),
        (2, child_id, "done"),
    ]
    assert gateway.message(child_id).order_number == "PH-2"
    stands(gateway)


def test_a_copy_can_be_corrected_in_turn(on_either: SmallGateway) -> None:
    gateway, message = on_either, held(on_either)
    wrong = gateway.store.messages.body(message.id)
    assert wrong is not None
    first = agree(gateway.services, ask(gateway, message.id, wrong.replace(b"PH-0170", b"PH-0171")), "user Bob")
    gateway.work()
    assert gateway.message(first).status == "held"
    second = agree(gateway.services, ask(gateway, first, put_right(gateway, message.id)), "user Bob")
    gateway.work()
    assert gateway.message(second).status == "done"
    assert [gateway.message(one).duplicate_of for one in (message.id, first)] == [second, second]
    again = gateway.post(PINE, wrong)
    assert again.json["message_id"] == second
    stands(gateway)


def test_it_is_of_the_run_that_was_edited(on_either: SmallGateway) -> None:
    gateway, message = on_either, held(on_either)
    found, right = original(gateway, message.id), put_right(gateway, message.id)
    asked = ask(gateway, message.id, right)
    with pytest.raises(Collision):
        ask(gateway, message.id, right, "user Cem")
    judge_again(gateway.store, message.id)
    with pytest.raises(NotWaiting):
        agree(gateway.services, asked, "user Bob")
    with pytest.raises((Collision, ImpossibleMove)):
        correct(gateway.services, found, right, "again", "user Ann")
    gateway.work()
    assert gateway.message(message.id).status == "held"
    assert ask(gateway, message.id, right).status == "waiting", "the first stands in nobody's way"
    stands(gateway)


MOVES: dict[str, tuple[Callable[[SmallGateway, StoredMessage], object], str]] = {
    "it is replayed": (lambda gateway, message: judge_again(gateway.store, message.id), "judged again"),
    "it is dismissed": (
        lambda gateway, message: gateway.store.messages.dismiss(message.id, "user Dee", "no"),
        "dismissed",
    ),
    "its sender sends it again": (
        lambda gateway, message: gateway.send(PINE, gateway.store.messages.body(message.id) or b""),
        "judged again",
    ),
}


@pytest.mark.parametrize("move", MOVES)
def test_a_correction_that_waits_while_its_message_goes_on_is_outdated_by_itself(
    on_either: SmallGateway, move: str
) -> None:
    gateway, message = on_either, held(on_either)
    asked = ask(gateway, message.id, put_right(gateway, message.id))
    act, said = MOVES[move]
    act(gateway, message)
    found = gateway.store.resubmissions.one(asked.id)
    assert found is not None
    assert (found.status, found.decided_why) == (
        "outdated",
        f"The message was {said}{' meanwhile' * (said != 'dismissed')}.",
    )
    assert gateway.store.resubmissions.waiting() == [], "nobody is asked to agree to it any more"
    with pytest.raises(NotWaiting):
        gateway.store.resubmissions.close(asked, "withdrawn", "user Ann", "too late")
    gateway.work()
    assert gateway.store.problems.astray() == []
    stands(gateway)


REFUSED: dict[str, tuple[Any, str]] = {
    "nothing was edited": (lambda body: body, "SameBytes"),
    "it can't be read": (lambda body: body[:-1], "json_not_valid"),
    "it is empty": (lambda _: b"", "empty_body"),
    "it is several now": (lambda body: b"[" + body + b"," + body.replace(b"PH-4001", b"PH-4002") + b"]", "unsupported"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_take_its_place_is_refused(on_either: SmallGateway, name: str) -> None:
    gateway, message = on_either, held(on_either)
    make, said = REFUSED[name]
    body = gateway.store.messages.body(message.id)
    with pytest.raises((Unfit, SameBytes)) as caught:
        ask(gateway, message.id, make(body))
    codes = "".join(fault.code for fault in caught.value.faults) if isinstance(caught.value, Unfit) else "SameBytes"
    assert said in codes
    assert gateway.message(message.id).status == "held"
    assert gateway.count_messages() == 1
    stands(gateway)


def test_only_what_waits_for_somebody_can_be_corrected(on_either: SmallGateway) -> None:
    gateway = on_either
    done = gateway.settle(PINE, order(BOLTS))
    with pytest.raises(ImpossibleMove):
        original_of(gateway.services, None, done.id)
    assert original_of(gateway.services, "acme", done.id) is None
    assert original_of(gateway.services, None, "nothing") is None
    message = gateway.settle(PINE, order(UNKNOWN_SAW, number="PH-7"))
    with gateway.store.database.write() as connection:
        run(connection, "UPDATE payloads SET body = NULL, erased_at = 1 WHERE message_id = ?", [(message.id,)])
    with pytest.raises(Erased):
        original_of(gateway.services, None, message.id)


def test_a_refused_document_can_be_corrected_too(on_either: SmallGateway) -> None:
    """What can't be compared field by field is for a second person whatever it changes."""
    gateway = on_either
    message = gateway.settle(PINE, order({**BOLTS, "quantity": "0"}))
    assert message.status == "rejected"
    body = gateway.store.messages.body(message.id)
    assert body is not None
    asked = ask(gateway, message.id, body.replace(b'"0"', b'"4"'))
    assert asked.touches == ("price", "quantity", "ship_to", "item")
    child_id = agree(gateway.services, asked, "user Bob")
    gateway.work()
    assert gateway.message(child_id).status == "done"
    stands(gateway)


def test_what_would_come_of_it_is_foreseen_and_nothing_is_done(on_either: SmallGateway) -> None:
    gateway, message = on_either, held(on_either)
    body, right = gateway.store.messages.body(message.id), put_right(gateway, message.id)
    assert body is not None
    seen = look(gateway.services, message, body, right)
    assert seen.before is not None
    assert seen.after is not None
    assert (seen.before.status, seen.after.status) == ("held", "done")
    assert [(one.sign, "PH-01" in one.text) for one in seen.lines if one.sign in "+-"] == [("-", True), ("+", True)]
    assert gateway.count_messages() == 1


@pytest.mark.parametrize(
    ("changed", "touches"),
    [
        ({"quantity": "5"}, ("quantity",)),
        ({"unit": "STUK"}, ("quantity",)),
        ({"price": {"amount": "6.01"}}, ("price",)),
        ({"description": "bolts"}, ()),
        ({"line_number": "9"}, ("price", "quantity", "ship_to", "item")),
    ],
)
def test_what_it_touches_is_told_by_the_fields(
    gateway: SmallGateway, changed: dict[str, Any], touches: tuple[str, ...]
) -> None:
    message = gateway.settle(PINE, order(BOLTS, line("2", "PH-0170", "1", "STUK")))
    body = json.dumps(order({**BOLTS, **changed}, line("2", "PH-0170", "1", "STUK"))).encode()
    assert look(gateway.services, message, gateway.store.messages.body(message.id) or b"", body).touches == touches


def test_another_place_is_for_a_second_person(gateway: SmallGateway) -> None:
    message = held(gateway)
    body = json.dumps(order(BOLTS, UNKNOWN_SAW, ship_to={"id": "YARD-2"})).encode()
    assert look(gateway.services, message, gateway.store.messages.body(message.id) or b"", body).touches == ("ship_to",)
