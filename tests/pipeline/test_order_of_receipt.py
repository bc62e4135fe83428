"""Changes that say no number are made in the order in which they were received, whichever a worker reaches first."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from gateway.judging import foresee
from gateway.pipeline import process
from gateway.store.changes import Changes
from gateway.store.queue import Claim
from gateway.store.statements import fetch, run
from gateway.trade.amendment import Receipt, Standing, When, when
from schemas.documents.order import Order
from tests.examples.order_lines import BOLTS, HAMMERS, line, order
from tests.examples.small_gateway import ALL_LANES, SmallGateway
from tests.examples.threads import PINE, cancel, change, confirmed, ledger, settle, taken
from tests.harness.replaying import judge_again


def bolts(quantity: str, **said: Any) -> dict[str, Any]:
    return {**BOLTS, "quantity": quantity, **said}


def unnumbered(*lines: dict[str, Any]) -> dict[str, Any]:
    return change(*lines, version=0)


def send_keyed(gateway: SmallGateway, asked: dict[str, Any], key: str) -> str:
    """Send under this Idempotency-Key; the message that answers for it."""
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}", "Idempotency-Key": key}
    answer = gateway.client.post("/v1/orders", data=json.dumps(asked).encode(), headers=headers)
    assert answer.status_code in (200, 202)
    return str(answer.json["message_id"])


def by_line(quantity: str) -> dict[str, Any]:
    return unnumbered(bolts(quantity, action="change"))


def claim_next(gateway: SmallGateway, worker: str) -> Claim:
    """One message, as this worker takes it in hand."""
    claim = gateway.store.queue.claim(worker, ALL_LANES, 1)
    assert claim is not None
    return claim


def lose(gateway: SmallGateway) -> None:
    """The leases of workers that are gone have run out."""
    with gateway.store.database.write() as connection:
        run(connection, "UPDATE leases SET until = ?", [(0,)])
    gateway.store.queue.sweep()


def settle_behind(gateway: SmallGateway, first: dict[str, Any], second: dict[str, Any]) -> tuple[str, str]:
    """The second is settled while the first is in the hand of a worker that dies, and is settled then."""
    one = gateway.send(PINE, first)
    claim_next(gateway, "dead")
    other = gateway.settle(PINE, second).id
    lose(gateway)
    gateway.work()
    return one, other


def is_stale(gateway: SmallGateway, message_id: str) -> bool:
    """Kept, not answered, and told what was received after it."""
    stands = gateway.message(message_id)
    return (
        (stands.status, stands.order_id) == ("done", None)
        and gateway.faults(message_id) == [("stale_change", "/order_number")]
        and gateway.responses([message_id]) == []
    )


# --- the whole order said anew ----------------------------------------------------------------------------------------
ANEW = [
    pytest.param({}, order(BOLTS), unnumbered(bolts("5")), unnumbered(bolts("8")), id="changes"),
    pytest.param(
        {"same_number_other_content": "change"}, order(BOLTS), order(bolts("5")), order(bolts("8")), id="orders"
    ),
    pytest.param({"same_number_other_content": "change"}, None, order(bolts("5")), order(bolts("8")), id="first order"),
]


@pytest.mark.parametrize(("policies", "stands", "first", "second"), ANEW)
def test_two_workers_in_the_other_order(
    on_either: SmallGateway,
    policies: dict[str, Any],
    stands: dict[str, Any] | None,
    first: dict[str, Any],
    second: dict[str, Any],
) -> None:
    on_either.set_policies(PINE, **policies)
    if stands is not None:
        on_either.settle(PINE, stands)
    one, other = on_either.send(PINE, first), on_either.send(PINE, second)
    claims = [claim_next(on_either, worker) for worker in ("a", "b")]
    assert [claim.messages[0].id for claim in claims] == [one, other]
    for claim in reversed(claims):
        process(on_either.services, claim)
    assert on_either.message(other).status == "done"
    assert is_stale(on_either, one)
    (told,) = on_either.store.messages.faults(one)
    assert other in told.detail
    assert confirmed(on_either) == {"1": ("8", "8", "0")}
    assert taken(on_either, "BOLT-M8") == 400
    assert list(on_either.store.audit.broken()) == []


@pytest.mark.parametrize(("policies", "stands", "first", "second"), ANEW)
def test_a_worker_dies_with_the_first_in_hand(
    gateway: SmallGateway,
    policies: dict[str, Any],
    stands: dict[str, Any] | None,
    first: dict[str, Any],
    second: dict[str, Any],
) -> None:
    gateway.set_policies(PINE, **policies)
    if stands is not None:
        gateway.settle(PINE, stands)
    one, _ = settle_behind(gateway, first, second)
    assert is_stale(gateway, one)
    assert confirmed(gateway) == {"1": ("8", "8", "0")}


def test_a_change_that_came_before_its_order_is_no_later_one(on_either: SmallGateway) -> None:
    """What waits for its order is made when that comes, and in the order in which it was received."""
    early = [on_either.send(PINE, one) for one in (unnumbered(bolts("5")), by_line("6"), by_line("7"))]
    on_either.work()
    on_either.settle(PINE, order(BOLTS, HAMMERS))
    on_either.work()
    assert [on_either.message(one).status for one in early] == ["done"] * 3
    assert confirmed(on_either)["1"] == ("7", "7", "0")


def test_numbers_go_before_receipt(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS))
    one, other = settle_behind(gateway, change(bolts("5"), version=3), change(bolts("8"), version=2))
    assert [gateway.faults(each) for each in (one, other)] == [[], []]
    assert confirmed(gateway) == {"1": ("5", "5", "0")}


@pytest.mark.parametrize("says", [lambda quantity: unnumbered(bolts(quantity)), by_line], ids=["all", "some lines"])
def test_the_clock_is_set_back_between_two_changes(
    on_either: SmallGateway, today: time_machine.Traveller, says: Callable[[str], dict[str, Any]]
) -> None:
    settle(on_either, order(BOLTS))
    today.shift(timedelta(seconds=60))
    one = on_either.settle(PINE, says("5"))
    today.shift(timedelta(minutes=-10))
    other = on_either.settle(PINE, says("8"))
    assert [(each.status, on_either.faults(each.id)) for each in (one, other)] == [("done", [])] * 2
    assert confirmed(on_either) == {"1": ("8", "8", "0")}
    assert list(on_either.store.audit.broken()) == []


# --- held, and judged again -------------------------------------------------------------------------------------------
def hold_and_correct(gateway: SmallGateway) -> str:
    """An unnumbered change is held for its price, and what its sender sends instead is applied; the held one, whose
    price is right by now."""
    settle(gateway, order(BOLTS))
    dear = gateway.settle(PINE, unnumbered(bolts("20", price={"amount": "6.30"})))
    assert gateway.faults(dear.id) == [("price_mismatch", "/lines/0/price/amount")]
    settle(gateway, unnumbered(bolts("6")))
    gateway.set_policies(PINE, price_tolerance_percent="20")
    return dear.id


def test_a_late_resend_of_a_held_change(on_either: SmallGateway) -> None:
    held = hold_and_correct(on_either)
    again = on_either.settle(PINE, unnumbered(bolts("20", price={"amount": "6.30"})))
    assert again.id == held
    assert is_stale(on_either, held)
    assert confirmed(on_either) == {"1": ("6", "6", "0")}


def test_a_replay_of_a_held_change(on_either: SmallGateway) -> None:
    held = hold_and_correct(on_either)
    body = on_either.store.messages.body(held)
    assert body is not None
    (foreseen,) = foresee(on_either.services, [(on_either.message(held), body)])
    assert foreseen is not None
    assert (foreseen.status, [fault.code for fault in foreseen.faults]) == ("done", ["stale_change"])
    judge_again(on_either.store, held, "the price is right")
    on_either.work()
    assert is_stale(on_either, held)
    assert confirmed(on_either) == {"1": ("6", "6", "0")}


@pytest.mark.parametrize("written", ["20", "20.0"])
def test_a_held_change_that_is_sent_anew_is_one_of_its_own(on_either: SmallGateway, written: str) -> None:
    """Under a key of its own, in the same bytes or others: its sender wants it now."""

    def keyed(asked: dict[str, Any], key: str) -> str:
        sent = send_keyed(on_either, asked, key)
        on_either.work()
        return sent

    settle(on_either, order(BOLTS))
    held = keyed(unnumbered(bolts("20", price={"amount": "6.30"})), "k-1")
    assert on_either.message(held).status == "held"
    assert keyed(unnumbered(bolts("20", price={"amount": "6.30"})), "k-2") == held, "nothing else came meanwhile"
    keyed(unnumbered(bolts("6")), "k-3")
    on_either.set_policies(PINE, price_tolerance_percent="20")
    anew = keyed(unnumbered(bolts(written, price={"amount": "6.30"})), "k-4")
    assert anew != held
    assert (on_either.message(anew).status, on_either.message(held).status) == ("done", "held")
    assert ledger(on_either)["1"].ordered == 20


def test_a_stale_change_that_is_sent_anew_is_one_of_its_own(on_either: SmallGateway) -> None:
    """In the same bytes, under a key of its own; under its own key it is still the stale one."""
    settle(on_either, order(BOLTS))
    one, other = (
        send_keyed(on_either, unnumbered(bolts(quantity)), key) for quantity, key in (("5", "k-1"), ("8", "k-2"))
    )
    claims = [claim_next(on_either, worker) for worker in ("a", "b")]
    for claim in reversed(claims):
        process(on_either.services, claim)
    assert is_stale(on_either, one)
    assert send_keyed(on_either, unnumbered(bolts("5")), "k-1") == one
    assert confirmed(on_either) == {"1": ("8", "8", "0")}
    anew = send_keyed(on_either, unnumbered(bolts("5")), "k-3")
    on_either.work()
    assert anew not in (one, other)
    assert on_either.message(anew).status == "done"
    assert confirmed(on_either) == {"1": ("5", "5", "0")}


@pytest.mark.parametrize("with_it", [False, True])
def test_a_stale_change_that_comes_again_is_stale_still(on_either: SmallGateway, *, with_it: bool) -> None:
    """In other bytes, with no id that tells it from a retry; also where the retry is settled beside the first."""
    again = json.dumps(unnumbered(bolts("5")), indent=1).encode()
    settle(on_either, order(BOLTS))
    one = on_either.send(PINE, unnumbered(bolts("5")))
    claim_next(on_either, "dead")
    on_either.settle(PINE, unnumbered(bolts("8")))
    lose(on_either)
    if not with_it:
        on_either.work()
    retry = on_either.settle(PINE, again)
    assert is_stale(on_either, one)
    assert (retry.status, retry.duplicate_of) == ("duplicate", one)
    assert confirmed(on_either) == {"1": ("8", "8", "0")}
    numbered = on_either.settle(PINE, change(bolts("5"), version=2))
    assert (numbered.status, confirmed(on_either)) == ("done", {"1": ("5", "5", "0")})


@pytest.mark.parametrize("between", ["all", "by line"])
def test_a_retry_that_is_read_before_the_first_is_no_later_change(on_either: SmallGateway, between: str) -> None:
    """The first is in the hand of a worker that dies: what was received between the two stands, whatever it says."""
    settle(on_either, order(BOLTS))
    one = on_either.send(PINE, unnumbered(bolts("5")))
    claim_next(on_either, "dead")
    other = on_either.send(PINE, unnumbered(bolts("8")) if between == "all" else by_line("8"))
    later = claim_next(on_either, "slow")
    retry = on_either.settle(PINE, json.dumps(unnumbered(bolts("5")), indent=1).encode())
    assert confirmed(on_either) == {"1": ("5", "5", "0")}
    process(on_either.services, later)
    assert on_either.message(other).status == "received"
    lose(on_either)
    on_either.work()
    on_either.wake()
    on_either.work()
    assert [on_either.message(one_of).status for one_of in (one, other, retry.id)] == ["duplicate", "done", "done"]
    assert on_either.faults(other) == []
    assert confirmed(on_either) == {"1": ("8", "8", "0")}


def test_a_resend_of_an_earlier_version_makes_no_later_one_older(on_either: SmallGateway) -> None:
    """5, 8, and 5 meant anew; then comes the first 5 once more, which was received before the 8."""
    settle(on_either, order(BOLTS))
    send_keyed(on_either, unnumbered(bolts("5")), "k-1")
    on_either.work()
    on_either.send(PINE, json.dumps(unnumbered(bolts("5")), indent=1).encode())
    claim_next(on_either, "dead")
    on_either.settle(PINE, unnumbered(bolts("8")))
    between = on_either.send(PINE, unnumbered(bolts("6")))
    claim_next(on_either, "dead too")
    send_keyed(on_either, unnumbered(bolts("5")), "k-2")
    on_either.work()
    lose(on_either)
    on_either.work()
    on_either.wake()
    on_either.work()
    assert is_stale(on_either, between)
    assert confirmed(on_either) == {"1": ("5", "5", "0")}


# --- some lines only --------------------------------------------------------------------------------------------------
def test_a_retry_that_waits_does_not_take_the_place_of_the_first(on_either: SmallGateway) -> None:
    """Both wait for what was received before them, and so does what was received between them."""
    settle(on_either, order(BOLTS, HAMMERS))
    on_either.send(PINE, order(HAMMERS, number="PH-4009"))
    claim_next(on_either, "dead")
    one, between = (on_either.send(PINE, by_line(quantity)) for quantity in ("5", "8"))
    retry = on_either.send(PINE, json.dumps(by_line("5"), indent=1).encode())
    for message_id in (retry, between, one):  # each is looked at, the last one first, and waits
        with on_either.store.database.write() as connection:
            run(connection, "UPDATE messages SET not_before = 0 WHERE id <> ? AND status = 'received'", [(message_id,)])
            run(connection, "UPDATE messages SET not_before = NULL WHERE id = ?", [(message_id,)])
        on_either.work()
    assert [on_either.message(message_id).status for message_id in (one, between)] == ["received"] * 2
    lose(on_either)
    for message_id in (one, between, retry):
        with on_either.store.database.write() as connection:
            run(connection, "UPDATE messages SET not_before = NULL WHERE id = ?", [(message_id,)])
        on_either.work()
    on_either.wake()
    on_either.work()
    statuses = [on_either.message(message_id).status for message_id in (one, between, retry)]
    assert statuses == ["done", "done", "duplicate"]
    assert confirmed(on_either)["1"] == ("8", "8", "0")


def test_what_says_some_lines_waits_for_what_another_worker_has(on_either: SmallGateway) -> None:
    settle(on_either, order(BOLTS, HAMMERS))
    gone = unnumbered({**HAMMERS, "action": "delete"})
    one, other = on_either.send(PINE, unnumbered(bolts("5"), HAMMERS)), on_either.send(PINE, gone)
    claims = [claim_next(on_either, worker) for worker in ("a", "b")]
    process(on_either.services, claims[1])
    assert on_either.message(other).status == "received"
    process(on_either.services, claims[0])
    on_either.work()
    assert [on_either.message(each).status for each in (one, other)] == ["done", "done"]
    assert confirmed(on_either) == {"1": ("5", "5", "0"), "2": ("3", "0", "3")}
    assert list(on_either.store.audit.broken()) == []


def test_it_waits_for_what_is_in_another_lane(on_either: SmallGateway) -> None:
    settle(on_either, order(BOLTS))
    one, other = on_either.send(PINE, by_line("5")), on_either.send(PINE, by_line("8"))
    with on_either.store.database.write() as connection:
        run(connection, "UPDATE messages SET lane = 0 WHERE id = ?", [(other,)])
    claim = claim_next(on_either, "a")
    assert claim.messages[0].id == other
    process(on_either.services, claim)
    assert on_either.message(other).status == "received"
    on_either.work()
    on_either.work()
    assert [on_either.message(each).status for each in (one, other)] == ["done", "done"]
    assert confirmed(on_either) == {"1": ("8", "8", "0")}


def wait_behind(gateway: SmallGateway) -> tuple[str, Claim]:
    """A change line by line waits for what another worker has in hand, which is of another order."""
    settle(gateway, order(BOLTS))
    gateway.send(PINE, order(HAMMERS, number="PH-4002"))
    in_hand = claim_next(gateway, "a")
    changed = gateway.send(PINE, by_line("5"))
    process(gateway.services, claim_next(gateway, "b"))
    assert gateway.message(changed).status == "received"
    return changed, in_hand


def test_it_waits_for_one_that_waits(on_either: SmallGateway) -> None:
    """Also once nothing is unread any more."""
    one, in_hand = wait_behind(on_either)
    told = on_either.client.get(f"/v1/messages/{one}", headers={"Authorization": f"Bearer {on_either.key(PINE)}"}).json
    assert (told["status"], told["waits_for"]) == ("received", None), "no order, and no version of one"
    process(on_either.services, in_hand)
    other = on_either.send(PINE, by_line("8"))
    process(on_either.services, claim_next(on_either, "b"))
    assert on_either.message(other).status == "received"
    on_either.wake()
    on_either.work()
    assert [on_either.message(each).status for each in (one, other)] == ["done", "done"]
    assert confirmed(on_either) == {"1": ("8", "8", "0")}


def test_it_waits_for_one_that_waits_when_a_minute_is_over(
    on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    """The two may be looked at in any order then; what is known to be of this order is not passed over."""
    one, _ = wait_behind(on_either)
    other = on_either.settle(PINE, by_line("8")).id
    today.shift(timedelta(seconds=61))
    with on_either.store.database.write() as connection:
        run(connection, "UPDATE messages SET not_before = NULL WHERE id = ?", [(other,)])
    process(on_either.services, claim_next(on_either, "b"))
    assert on_either.message(other).status == "received"
    on_either.wake()
    on_either.work()
    assert [on_either.message(each).status for each in (one, other)] == ["done", "done"]
    assert confirmed(on_either) == {"1": ("8", "8", "0")}


def test_the_other_worker_ends_while_one_claim_is_worked_on(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of the claim's two changes waits, and what it waited for is done when the second's turn comes."""
    settle(on_either, order(BOLTS))
    on_either.send(PINE, order(HAMMERS, number="PH-4002"))
    in_hand = claim_next(on_either, "a")
    both = [on_either.send(PINE, by_line(quantity)) for quantity in ("5", "8")]
    claim = on_either.store.queue.claim("b", ALL_LANES, 2)
    assert claim is not None
    save, is_first = on_either.store.queue.save, True

    def save_then_end_the_other(saved: Claim, changes: Changes) -> None:
        nonlocal is_first
        save(saved, changes)
        if is_first:
            is_first = False
            process(on_either.services, in_hand)

    monkeypatch.setattr(on_either.store.queue, "save", save_then_end_the_other)
    process(on_either.services, claim)
    assert [on_either.message(each).status for each in both] == ["received", "received"]
    on_either.wake()
    on_either.work()
    assert [on_either.message(each).status for each in both] == ["done", "done"]
    assert confirmed(on_either) == {"1": ("8", "8", "0")}


def test_it_waits_for_nothing_that_is_of_another_order(on_either: SmallGateway) -> None:
    """As far as that is known: what waits for its own order was read, what came later matters to nobody."""
    settle(on_either, order(BOLTS))
    on_either.settle(PINE, {**cancel(), "order_number": "PH-4002"})
    changed = on_either.send(PINE, by_line("5"))
    on_either.send(PINE, order(BOLTS, number="PH-4003"))
    process(on_either.services, claim_next(on_either, "a"))
    assert on_either.message(changed).status == "done"


def test_it_waits_a_minute_and_what_comes_then_is_held(on_either: SmallGateway, today: time_machine.Traveller) -> None:
    settle(on_either, order(BOLTS))
    one = on_either.send(PINE, by_line("5"))
    claim_next(on_either, "dead")
    other = on_either.settle(PINE, by_line("8")).id
    assert on_either.message(other).status == "received"
    today.shift(timedelta(seconds=61))
    on_either.wake()
    on_either.work()
    assert on_either.message(other).status == "done"
    lose(on_either)
    on_either.work()
    assert (on_either.message(one).status, on_either.faults(one)) == ("held", [("change_overtaken", "/order_number")])
    assert on_either.responses([one]) == []
    judge_again(on_either.store, one, "again")
    on_either.work()
    assert on_either.message(one).status == "held", "by whoever it is judged again"
    assert confirmed(on_either) == {"1": ("8", "8", "0")}
    (told,) = on_either.store.messages.faults(one)
    assert told.expected == "what is meant now, sent anew as version 2"
    anew = on_either.settle(PINE, change(bolts("5", action="change"), version=2))
    assert (anew.id != one, anew.status) == (True, "done")
    assert confirmed(on_either) == {"1": ("5", "5", "0")}


def test_some_lines_of_what_was_said_anew_since_are_stale(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS))
    one, _ = settle_behind(gateway, by_line("5"), unnumbered(bolts("8")))
    assert is_stale(gateway, one)
    assert confirmed(gateway) == {"1": ("8", "8", "0")}


def test_one_claim_is_worked_on_as_it_was_received(on_either: SmallGateway) -> None:
    """Also where the later one is more urgent."""
    settle(on_either, order(BOLTS, HAMMERS))
    one, other = on_either.send(PINE, by_line("5")), on_either.send(PINE, by_line("8"))
    between = on_either.send(PINE, order(line("1", "PH-0107", "4", "STUK"), number="PH-4002"))
    with on_either.store.database.write() as connection:
        run(connection, "UPDATE messages SET due_at = received_at - 1000 WHERE id = ?", [(other,)])
    on_either.work()
    assert [on_either.message(each).status for each in (one, other, between)] == ["done"] * 3
    assert confirmed(on_either)["1"] == ("8", "8", "0")


def test_what_made_a_version_before_it_was_kept_is_taken_for_some_lines(gateway: SmallGateway) -> None:
    settle(gateway, order(BOLTS))
    one = gateway.send(PINE, unnumbered(bolts("5")))
    claim_next(gateway, "dead")
    settle(gateway, unnumbered(bolts("8")))
    with gateway.store.database.write() as connection:
        assert [row[0] for row in fetch(connection, "SELECT says_all FROM order_versions")] == [1, 1]
        run(connection, "UPDATE order_versions SET says_all = NULL WHERE version > ?", [(0,)])
    lose(gateway)
    gateway.work()
    assert gateway.faults(one) == [("change_overtaken", "/order_number")]


# --- cancellations ----------------------------------------------------------------------------------------------------
def test_a_cancellation_is_made_whatever_came_behind_it(gateway: SmallGateway) -> None:
    """In the order of receipt the change would have been refused, and the order would be cancelled as well."""
    settle(gateway, order(BOLTS))
    one, other = settle_behind(gateway, cancel(), unnumbered(bolts("8")))
    assert [gateway.message(each).status for each in (one, other)] == ["done", "done"]
    assert confirmed(gateway) == {"1": ("8", "0", "8")}
    assert taken(gateway, "BOLT-M8") == 0


@pytest.mark.parametrize(("judged_again", "expected"), [(False, "next"), (True, "overtaken")])
def test_a_cancellation_that_lay_held_is_asked_about(gateway: SmallGateway, judged_again: bool, expected: When) -> None:
    _, changed = settle(gateway, order(BOLTS), unnumbered(bolts("8")))
    standing = standing_of(gateway, str(changed.order_id))
    asked, before = Order.model_validate(cancel()), Receipt(changed.received_at - 1, "")
    assert when(standing, asked, before, judged_again=judged_again) == expected
    assert when(standing, asked, Receipt(changed.received_at + 1, ""), judged_again=judged_again) == "next"


def standing_of(gateway: SmallGateway, order_id: str) -> Standing:
    return gateway.store.threads.standing([order_id])[order_id]
