"""An SBDH InstanceIdentifier again: a resend where the content is equal, a person's question where it is other. On both
databases."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from gateway import pipeline
from gateway.bookkeeping import Books
from gateway.store.changes import Changes
from gateway.store.messages import StoredMessage
from gateway.store.queue import Claim, WorkQueue
from mappings.files.account_folder import read_account
from mappings.revision import ItemRow
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, ORDERS, TODAY, SmallGateway
from tests.harness.replaying import judge_again

BIRCH = "birch-timber"
UBL = (ORDERS / "birch-timber.xml").read_text("utf-8").partition("?>\n")[2]
REUSED = ("envelope_id_reused", "")
ENVELOPE = """<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">
<StandardBusinessDocumentHeader><DocumentIdentification><InstanceIdentifier> {id} </InstanceIdentifier>
</DocumentIdentification></StandardBusinessDocumentHeader>
{order}</StandardBusinessDocument>"""


def order(number: str, *changes: tuple[str, str]) -> str:
    """BT-900 under another number, with these texts changed."""
    text = UBL.replace("BT-900", number)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def enveloped(envelope_id: str, document: str) -> bytes:
    """The document in an envelope of this id."""
    return ENVELOPE.format(id=envelope_id, order=document).encode()


def respelt(body: bytes) -> bytes:
    """The same content in other bytes."""
    return body.replace(b"cbc:", b"b:").replace(b":cbc=", b":b=").replace(b"\n", b"\n\t")


UNKNOWN = ("BT-7002", "BT-9999")
"""An item that is in nobody's items.csv, until `learn` puts it there: held."""
REFUSED = ('<cbc:Quantity unitCode="C62">3<', '<cbc:Quantity unitCode="C62">0<')
"""Nothing is ordered: rejected."""


def learn(gateway: SmallGateway) -> None:
    """Correct the mapping: BT-9999 is what BT-7002 is."""
    folder = read_account(ACCOUNTS / BIRCH)
    product = next(row.product for row in folder.items if row.account_sku == "BT-7002")
    gateway.publish(replace(folder, items=(*folder.items, ItemRow("BT-9999", None, product))))


def numbers(gateway: SmallGateway) -> list[str]:
    """The order numbers of every order response in the mailbox."""
    page = gateway.store.documents.page(BIRCH, kind="order_response", order_number=None, after=None, limit=1_000)
    return sorted(str(document.order_number) for document in page)


def orders(gateway: SmallGateway, number: str) -> int:
    """How many orders of this number are on the books."""
    return len(gateway.store.orders.by_number(BIRCH, number))


def settle(gateway: SmallGateway, body: bytes) -> StoredMessage:
    return gateway.settle(BIRCH, body)


# --- equal content ---------------------------------------------------------------------------------------------------
def test_the_same_envelope_in_other_bytes(on_either: SmallGateway) -> None:
    body = enveloped("E-1", order("BT-1"))
    first, second = settle(on_either, body), settle(on_either, respelt(body))
    assert (first.status, second.status, second.duplicate_of) == ("done", "duplicate", first.id)
    assert numbers(on_either) == ["BT-1"]


def test_the_same_envelope_long_after_its_order_number_is_free_again(
    on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    """Without the id it would be a new order by then; with it, it is the transmission of last year."""
    on_either.set_policies(BIRCH, order_number_reuse_months=1)
    body = enveloped("E-1", order("BT-1"))
    first = settle(on_either, body)
    today.move_to(TODAY + timedelta(days=40))
    again = settle(on_either, respelt(body))
    assert (again.status, again.duplicate_of) == ("duplicate", first.id)
    another = settle(on_either, enveloped("E-2", order("BT-1")))
    assert (another.status, orders(on_either, "BT-1")) == ("done", 2)


def test_after_it_was_held_it_is_tried_again(on_either: SmallGateway) -> None:
    body = enveloped("E-1", order("BT-1", UNKNOWN))
    held = settle(on_either, body)
    learn(on_either)
    again = settle(on_either, respelt(body))
    assert (held.status, again.status, again.duplicate_of) == ("held", "duplicate", held.id)
    assert (on_either.message(held.id).status, on_either.message(held.id).run) == ("done", 2)
    assert numbers(on_either) == ["BT-1"]
    assert list(on_either.store.audit.broken()) == []


def test_after_it_was_rejected_it_is_judged_afresh(on_either: SmallGateway) -> None:
    """Also with other content: nothing stands under the id, so the corrected order may use it."""
    body = enveloped("E-1", order("BT-1", REFUSED))
    refused = [settle(on_either, body), settle(on_either, respelt(body))]
    assert [(one.status, one.duplicate_of) for one in refused] == [("rejected", None)] * 2
    corrected = settle(on_either, enveloped("E-1", order("BT-1")))
    assert (corrected.status, orders(on_either, "BT-1")) == ("done", 1)
    assert on_either.faults(settle(on_either, enveloped("E-1", order("BT-2"))).id) == [REUSED], "now it stands"


def test_after_a_person_closed_it_the_id_is_free(on_either: SmallGateway) -> None:
    held = settle(on_either, enveloped("E-1", order("BT-1", UNKNOWN)))
    on_either.store.messages.dismiss(held.id, "t", "ordered by mistake")
    assert settle(on_either, enveloped("E-1", order("BT-2"))).status == "done"


def test_several_resends_in_one_batch_try_it_again_once(on_either: SmallGateway) -> None:
    body = enveloped("E-1", order("BT-1", UNKNOWN))
    held = settle(on_either, body)
    learn(on_either)
    resends = [on_either.send(BIRCH, again) for again in (respelt(body), respelt(respelt(body)), body + b"\n ")]
    assert pipeline.drain(on_either.services, ALL_LANES, lambda: None, batches=1) == 3
    on_either.work()
    assert [on_either.message(one).duplicate_of for one in resends] == [held.id] * 3
    assert (on_either.message(held.id).status, on_either.message(held.id).run) == ("done", 2)
    assert numbers(on_either) == ["BT-1"]


# --- other content ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", ["BT-2", "BT-1"])
def test_other_content_is_held_and_the_first_stands(on_either: SmallGateway, number: str) -> None:
    """Under another number and under its own, for which there is a fault of its own."""
    first = settle(on_either, enveloped("E-1", order("BT-1")))
    second = settle(on_either, enveloped("E-1", order(number, ("Hammare", "Hammer"))))
    assert (first.status, second.status, second.duplicate_of) == ("done", "held", None)
    reused = [("order_number_reused", "/order_number")] if number == "BT-1" else []
    assert on_either.faults(second.id) == [*reused, REUSED]
    fault = on_either.store.messages.faults(second.id)[-1]
    assert fault.value == "E-1"
    assert f"(message {first.id})" in fault.detail
    assert numbers(on_either) == ["BT-1"]
    assert orders(on_either, "BT-1") == 1
    found = on_either.store.messages.find("E-1")
    assert {one.id for one in found} == {first.id, second.id}, "both are found by the id"


def test_it_stays_held_however_often_it_is_judged(on_either: SmallGateway) -> None:
    """By a replay, by the same bytes and by the same content in other bytes; the first one answers for its own."""
    body, other = enveloped("E-1", order("BT-1")), enveloped("E-1", order("BT-2"))
    first, second = settle(on_either, body), settle(on_either, other)
    judge_again(on_either.store, second.id)
    on_either.work()
    for again in (other, respelt(other)):
        settle(on_either, again)
        assert on_either.message(second.id).status == "held"
        assert on_either.faults(second.id) == [REUSED]
    assert settle(on_either, respelt(body)).duplicate_of == first.id
    assert numbers(on_either) == ["BT-1"]
    assert list(on_either.store.audit.broken()) == []


def test_other_content_while_the_first_is_held(on_either: SmallGateway) -> None:
    """Whether it will be an order is not known yet; the second one isn't one meanwhile."""
    first = settle(on_either, enveloped("E-1", order("BT-1", UNKNOWN)))
    second = settle(on_either, enveloped("E-1", order("BT-2")))
    assert [on_either.message(one.id).status for one in (first, second)] == ["held", "held"]
    learn(on_either)
    judge_again(on_either.store, first.id)
    on_either.work()
    assert on_either.message(first.id).status == "done", "its own id is no other's"
    assert numbers(on_either) == ["BT-1"]


def test_a_resend_keeps_the_id_that_it_came_with(on_either: SmallGateway) -> None:
    """The second came under E-2 and had no effect; other content under E-2 is noticed all the same."""
    first = settle(on_either, order("BT-1").encode())
    second = settle(on_either, enveloped("E-2", order("BT-1")))
    assert second.duplicate_of == first.id
    other = settle(on_either, enveloped("E-2", order("BT-2")))
    assert on_either.faults(other.id) == [REUSED]
    assert f"(message {first.id})" in on_either.store.messages.faults(other.id)[0].detail, "who answers for it"


def test_what_failed_before_it_was_decided_holds_no_id(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one is the first order under the id; the failed one is held when it is judged again."""
    with monkeypatch.context() as broken:
        broken.setattr(Books, "number", lambda *_: 1 / 0)
        failed = settle(on_either, enveloped("E-1", order("BT-1")))
    assert failed.status == "failed"
    assert settle(on_either, enveloped("E-1", order("BT-2"))).status == "done"
    judge_again(on_either.store, failed.id)
    on_either.work()
    assert (on_either.message(failed.id).status, on_either.faults(failed.id)) == ("held", [REUSED])
    assert numbers(on_either) == ["BT-2"]


def test_a_test_and_another_account_have_ids_of_their_own(on_either: SmallGateway) -> None:
    assert settle(on_either, enveloped("E-1", order("BT-1"))).status == "done"
    assert on_either.settle(BIRCH, enveloped("E-1", order("BT-2")), test=True).status == "done"
    folder = read_account(ACCOUNTS / BIRCH)
    on_either.publish(replace(folder, account=folder.account.model_copy(update={"id": "birch-south"})))
    assert on_either.settle("birch-south", enveloped("E-1", order("BT-3"))).status == "done"


@pytest.mark.parametrize("length", [301, 3_000])
def test_an_id_that_is_longer_than_any_index_takes(on_either: SmallGateway, length: int) -> None:
    """Known by its digest. Random, because a repeated letter would be packed into the index."""
    import random

    sent = "".join(random.Random(length).choices("abcdefghijklmnopqrstuvwxyzäöüß0123456789", k=length))
    body = enveloped(sent, order("BT-1"))
    first, second = settle(on_either, body), settle(on_either, respelt(body))
    assert (first.status, second.duplicate_of) == ("done", first.id)
    assert on_either.faults(settle(on_either, enveloped(sent, order("BT-2"))).id) == [REUSED]
    assert settle(on_either, enveloped(sent[:-1] + "!", order("BT-3"))).status == "done", "another one, to its end"


# --- at once ---------------------------------------------------------------------------------------------------------
def test_two_in_one_batch(on_either: SmallGateway) -> None:
    body, other = enveloped("E-1", order("BT-1")), enveloped("E-1", order("BT-2"))
    sent = [on_either.send(BIRCH, one) for one in (body, respelt(body), other, respelt(other))]
    assert pipeline.drain(on_either.services, ALL_LANES, lambda: None, batches=1) == 4
    on_either.work()
    first, again, second, second_again = (on_either.message(one) for one in sent)
    assert [first.status, second.status] == ["done", "held"]
    assert [again.duplicate_of, second_again.duplicate_of] == [first.id, second.id]
    assert on_either.faults(second.id) == [REUSED]
    assert numbers(on_either) == ["BT-1"]


def test_two_in_one_batch_of_which_the_first_is_held(on_either: SmallGateway) -> None:
    sent = [on_either.send(BIRCH, enveloped("E-1", order(*one))) for one in (("BT-1", UNKNOWN), ("BT-2",))]
    on_either.work()
    assert [on_either.message(one).status for one in sent] == ["held", "held"]
    assert on_either.faults(sent[1]) == [REUSED]


def test_two_in_one_batch_of_which_the_first_is_rejected(on_either: SmallGateway) -> None:
    sent = [on_either.send(BIRCH, enveloped("E-1", order(*one))) for one in (("BT-1", REFUSED), ("BT-1",))]
    on_either.work()
    assert [on_either.message(one).status for one in sent] == ["rejected", "done"]


@pytest.mark.parametrize("respells", [False, True])
def test_two_workers_at_once(
    on_either: SmallGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, respells: bool
) -> None:
    """Each decided before the other had saved: one stands, and the other is decided again on what stands by then."""
    url = on_either.store.database.url.render_as_string(hide_password=False)
    second = SmallGateway.at(url, tmp_path)
    body = enveloped("E-1", order("BT-1"))
    # Held, so that only the envelope's id tells them apart from two strangers: a held order has no number on the books.
    other = respelt(enveloped("E-1", order("BT-1", UNKNOWN))) if respells else enveloped("E-1", order("BT-2"))
    body = enveloped("E-1", order("BT-1", UNKNOWN)) if respells else body
    sent = [on_either.send(BIRCH, one) for one in (body, other)]
    both_decided, save, waited = threading.Barrier(2), WorkQueue.save, set()

    def save_together(queue: WorkQueue, claim: Claim, changes: Changes) -> None:
        if claim.lease_id not in waited:
            waited.add(claim.lease_id)
            both_decided.wait(30)
        save(queue, claim, changes)

    claims = [(one.services, one.store.queue.claim("w", ALL_LANES, 1)) for one in (on_either, second)]
    monkeypatch.setattr(WorkQueue, "save", save_together)
    with ThreadPoolExecutor(2) as threads:
        work = threads.map(lambda one: pipeline.process(*one), claims)
        assert list(work) == [1, 1]
    found = [on_either.message(one) for one in sent]
    if respells:
        (repeated,) = [one for one in found if one.status == "duplicate"]
        assert {one.id for one in found} == {repeated.id, repeated.duplicate_of}
        assert on_either.message(str(repeated.duplicate_of)).status == "received", "tried again"
    else:
        assert Counter(one.status for one in found) == {"done": 1, "held": 1}
        (held,) = [one for one in found if one.status == "held"]
        assert on_either.faults(held.id) == [REUSED]
        assert len(numbers(on_either)) == 1
    assert list(on_either.store.audit.broken()) == []
    second.close()


# --- whom the envelope is for -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("receiver", "is_ours"),
    [
        ('<Identifier Authority="iso6523-actorid-upis">0088:9521234009993</Identifier>', True),
        ('<Identifier Authority="iso6523-actorid-upis">0088:4099999000002</Identifier>', False),
        ('<Identifier Authority="iso6523-actorid-upis">0192:9521234009993</Identifier>', False),
        ('<Identifier Authority="EAN.UCC">4099999000002</Identifier>', False),
        ("<Identifier>their word for us</Identifier>", True),
    ],
)
def test_an_envelope_for_somebody_else(gateway: SmallGateway, receiver: str, is_ours: bool) -> None:
    header = b"<StandardBusinessDocumentHeader>"
    told = header + f"<Receiver>{receiver}</Receiver>".encode()
    message = gateway.settle(BIRCH, enveloped("E-1", order("BT-901")).replace(header, told))
    faults = [(fault.code, fault.location) for fault in gateway.store.messages.faults(message.id)]
    place = "StandardBusinessDocumentHeader/Receiver/Identifier"
    assert (message.status, faults) == (("done", []) if is_ours else ("rejected", [("wrong_recipient", place)]))
