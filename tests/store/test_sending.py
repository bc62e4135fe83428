"""Documents on their way out, on either database: claimed by endpoints in turn, told of once, and never lost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.leases import LeaseLost
from gateway.store.outbox import Outbound
from gateway.store.sending import MOST_BYTES, OUTAGES, Attempted, ClaimedDelivery, Led, Sending
from gateway.store.statements import fetch, insert, run
from gateway.store.store import Store
from gateway.store.tables import deliveries, documents

HERE, THERE = "https://here.example/edi", "https://there.example/edi"


@pytest.fixture
def database(store: Store) -> Database:
    return store.database


@pytest.fixture
def sending(store: Store) -> Sending:
    return store.sending


@pytest.fixture
def lease(sending: Sending) -> str:
    return sending.begin("worker-1")


def put(database: Database, count: int = 1, endpoint: str | None = HERE, thread: str | None = None) -> list[str]:
    """So many documents that wait, oldest first."""
    rows = [_outbound(f"{now_us()}-{number}", thread).rows(now_us()) for number in range(count)]
    with database.write() as connection:
        insert(connection, documents, [row[1] for row in rows])
        insert(connection, deliveries, [row[2] for row in rows])
        text = "UPDATE deliveries SET endpoint = ?, thread = ?, not_before = 0 WHERE document_id = ?"
        if endpoint is not None:
            run(connection, text, [(endpoint, thread, row[0]) for row in rows])
    return [row[0] for row in rows]


def _outbound(number: str, thread: str | None) -> Outbound:
    return Outbound(
        account_id="acme",
        kind="order_response",
        number=number,
        source="message",
        order_id=None,
        order_number=thread or "PO-1",
        test=False,
        revision=1,
        format_name="json-1",
        media_type="application/json",
        body=b"{}",
        canonical="{}",
        transport="webhook",
    )


def claim(sending: Sending, lease: str, room: int = 50, most: int = 50) -> list[ClaimedDelivery]:
    return sending.claim(lease, room, lambda _, is_probe: 1 if is_probe else most)


def told(one: ClaimedDelivery, outcome: str = "delivered", status: str | None = None, **more: Any) -> Attempted:
    known = {"milliseconds": 3, "detail": outcome, "answer": None, "began_at": now_us()}
    return Attempted(
        document_id=one.document_id,
        attempt=one.attempt,
        endpoint=one.endpoint,
        outcome=outcome,
        status=status or outcome,
        **{**known, **more},
    )


def rows(database: Database, what: str, where: str = "1 = 1", named: Sequence[Any] = ()) -> list[Any]:
    with database.read() as connection:
        return [tuple(row) for row in fetch(connection, f"SELECT {what} FROM {where}", named)]


def test_a_document_is_claimed_once_and_told_of_once(database: Database, sending: Sending, lease: str) -> None:
    (document,) = put(database)
    (one,) = claim(sending, lease)
    assert (one.document_id, one.attempt, one.body, claim(sending, lease)) == (document, 1, b"{}", [])
    sending.save(lease, [told(one)], "worker-1")
    sending.save(lease, [told(one)], "worker-1")
    assert rows(database, "status, attempts, lease_id", "deliveries") == [("delivered", 1, None)]
    assert rows(database, "number, outcome, worker", "delivery_attempts") == [(1, "delivered", "worker-1")]
    assert claim(sending, lease) == []


def test_two_processes_never_have_the_same(database: Database, sending: Sending, lease: str) -> None:
    put(database, 20)
    other = Sending(database)
    mine, theirs = claim(sending, lease, 8), other.claim(other.begin("worker-2"), 50, lambda *_: 50)
    assert len(mine) == 8
    assert len(theirs) == 12
    assert not {one.document_id for one in mine} & {one.document_id for one in theirs}


def test_endpoints_are_served_in_turn_and_each_up_to_its_room(database: Database, sending: Sending, lease: str) -> None:
    put(database, 30, HERE)
    put(database, 3, THERE)
    assert [one.endpoint for one in claim(sending, lease, 5, most=4)] == [HERE] * 4 + [THERE]
    assert [one.endpoint for one in claim(sending, lease, 5, most=4)] == [HERE] * 4 + [THERE]
    assert [one.endpoint for one in claim(sending, lease, 1, most=4)] == [HERE]
    assert [one.endpoint for one in claim(sending, lease, 1, most=4)] == [THERE]


def test_large_documents_to_one_endpoint_go_a_few_together(database: Database, sending: Sending, lease: str) -> None:
    put(database, 4, HERE)
    (other,) = put(database, 1, THERE)
    with database.write() as connection:
        run(connection, "UPDATE documents SET body = ?", [(bytes(MOST_BYTES // 2),)])
    claimed = claim(sending, lease)
    assert [one.endpoint for one in claimed] == [HERE, HERE, THERE]
    assert claimed[-1].document_id == other
    with database.write() as connection:
        run(connection, "UPDATE documents SET body = ?", [(bytes(MOST_BYTES + 1),)])
    assert len(claim(sending, lease)) == 1


def test_one_that_failed_waits_and_comes_again_under_its_id(database: Database, sending: Sending, lease: str) -> None:
    (document,) = put(database)
    (one,) = claim(sending, lease)
    sending.save(lease, [told(one, "failed", "waiting", wait_seconds=3600.0)], "worker-1")
    assert claim(sending, lease) == []
    assert not sending.is_due()
    run_all(database, "UPDATE deliveries SET not_before = not_before - 3600000")
    assert sending.is_due()
    (again,) = claim(sending, lease)
    assert (again.document_id, again.attempt) == (document, 2)


def run_all(database: Database, text: str) -> None:
    with database.write() as connection:
        run(connection, text, [()])


def test_a_process_that_is_gone_leaves_an_unknown_attempt_and_nothing_is_lost(
    database: Database, sending: Sending, lease: str
) -> None:
    (document,) = put(database)
    claim(sending, lease)
    assert sending.recover() == []
    run_all(database, "DELETE FROM leases")
    (lost,) = sending.recover()
    assert (lost.document_id, lost.attempt) == (document, 1)
    unknown = told(lost, "unknown", "waiting", wait_seconds=0.0)
    sending.save_lost([unknown], "worker-2")
    sending.save_lost([unknown], "worker-3")
    assert rows(database, "outcome, worker", "delivery_attempts") == [("unknown", "worker-2")]
    (again,) = claim(sending, sending.begin("worker-2"))
    assert (again.document_id, again.attempt) == (document, 2)


def test_a_lease_that_is_over_tells_nothing(database: Database, sending: Sending, lease: str) -> None:
    put(database)
    (one,) = claim(sending, lease)
    run_all(database, "UPDATE leases SET until = 0")
    with pytest.raises(LeaseLost):
        sending.extend(lease)
    with pytest.raises(LeaseLost):
        sending.save(lease, [told(one)], "worker-1")
    assert rows(database, "status", "deliveries") == [("sending",)]
    assert rows(database, "count(*)", "delivery_attempts") == [(0,)]


def test_what_was_taken_over_meanwhile_is_not_told_by_the_first(
    database: Database, sending: Sending, lease: str
) -> None:
    put(database)
    (one,) = claim(sending, lease)
    run_all(database, "UPDATE deliveries SET status = 'waiting', not_before = 0")
    other = sending.begin("worker-2")
    (again,) = claim(sending, other)
    sending.save(lease, [told(one)], "worker-1")
    assert rows(database, "status, attempts", "deliveries") == [("sending", 2)]
    sending.save(other, [told(again)], "worker-2")
    assert rows(database, "number, worker", "delivery_attempts") == [(2, "worker-2")]


def test_a_receipt_that_comes_while_it_is_sent_stays(database: Database, sending: Sending, lease: str) -> None:
    put(database)
    (one,) = claim(sending, lease)
    run_all(database, "UPDATE deliveries SET status = 'received'")
    sending.save(lease, [told(one, "unknown", "waiting", wait_seconds=5.0)], "worker-1")
    assert rows(database, "status", "deliveries") == [("received",)]
    assert rows(database, "outcome", "delivery_attempts") == [("unknown",)]


# --- where to ---------------------------------------------------------------------------------------------------
def test_new_documents_are_led_and_what_cannot_be_is_looked_at_again(
    database: Database, sending: Sending, lease: str
) -> None:
    first, second, third = put(database, 3, endpoint=None)
    assert claim(sending, lease) == []
    assert [one.document_id for one in sending.unled(10)] == sorted([first, second, third])
    sending.lead(
        [
            Led(document_id=first, transport="webhook", endpoint=HERE),
            Led(document_id=second, transport="mailbox", status="available"),
            Led(document_id=third, transport="webhook", status="held", code="delivery_terms", detail="no secret"),
        ]
    )
    assert sending.unled(10) == []
    assert [one.document_id for one in claim(sending, lease)] == [first]
    sending.reconsider()
    assert [one.document_id for one in sending.unled(10)] == [third]


def test_what_is_to_go_elsewhere_is_given_back_untried(database: Database, sending: Sending, lease: str) -> None:
    (document,) = put(database)
    claim(sending, lease)
    sending.release(lease, [document])
    assert rows(database, "status, attempts, endpoint", "deliveries") == [("waiting", 0, None)]


def test_documents_of_an_order_go_in_turn_where_that_is_asked(database: Database, sending: Sending, lease: str) -> None:
    first = put(database, 1, HERE, "PO-1")[0]
    second = put(database, 1, THERE, "PO-1")[0]
    other = put(database, 1, HERE, "PO-2")[0]
    claimed = {one.document_id: one for one in claim(sending, lease)}
    assert set(claimed) == {first, other}
    sending.save(lease, [told(claimed[first], "failed", "waiting", wait_seconds=60.0)], "worker-1")
    assert claim(sending, lease) == []
    run_all(database, "UPDATE deliveries SET not_before = 0")
    (again,) = claim(sending, lease)
    sending.save(lease, [told(again, "failed", "given_up", code="delivery_failed")], "worker-1")
    assert [one.document_id for one in claim(sending, lease)] == [second]


def test_one_that_is_to_be_led_anew_still_comes_first(database: Database, sending: Sending, lease: str) -> None:
    first, _ = (put(database, 1, HERE, "PO-1")[0] for _ in range(2))
    assert [one.document_id for one in claim(sending, lease)] == [first]
    sending.release(lease, [first])
    assert claim(sending, lease) == []
    sending.lead([Led(document_id=first, transport="webhook", endpoint=HERE, thread="PO-1")])
    assert [one.document_id for one in claim(sending, lease)] == [first]


# --- breakers ---------------------------------------------------------------------------------------------------
def fail(sending: Sending, lease: str, times: int) -> None:
    for one in claim(sending, lease, times, most=times):
        outage = told(one, "failed", "waiting", wait_seconds=3600.0, is_outage=True)
        sending.save(lease, [outage], "worker-1")


def test_what_was_held_has_all_its_tries_once_it_is_mended(database: Database, sending: Sending, lease: str) -> None:
    """However often it was looked at meanwhile: none of that was a try."""
    (document,) = put(database)
    for attempt in (1, 2, 3):
        (one,) = claim(sending, lease)
        assert (one.document_id, one.attempt, one.tries) == (document, attempt, 1)
        sending.save(lease, [told(one, "failed", "held", code="delivery_terms")], "worker-1")
        sending.reconsider()
        sending.lead([Led(document_id=document, transport="webhook", endpoint=HERE)])
    (one,) = claim(sending, lease)
    assert (one.attempt, one.tries) == (4, 1)


def test_of_several_processes_one_tries_an_endpoint_that_rested(
    database: Database, sending: Sending, lease: str
) -> None:
    put(database, 20, HERE)
    fail(sending, lease, OUTAGES)
    run_all(database, "UPDATE endpoints SET open_until = 0")
    run_all(database, "UPDATE deliveries SET not_before = 0")
    leases = [sending.begin(f"worker-{number}") for number in range(4)]
    run_all(database, f"UPDATE deliveries SET endpoint = '{HERE}'")
    ready = threading.Barrier(4)

    def probe(own: str) -> int:
        ready.wait()
        return len(Sending(database).claim(own, 50, lambda _, is_probe: 1 if is_probe else 50))

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(probe, leases)) == 1
    assert claim(sending, lease) == []


def test_an_endpoint_that_fails_again_and_again_rests_and_is_tried_with_one(
    database: Database, sending: Sending, lease: str
) -> None:
    put(database, 20, HERE)
    (elsewhere,) = put(database, 1, THERE)
    fail(sending, lease, OUTAGES - 1)
    assert len(claim(sending, lease, 1)) == 1
    run_all(database, "UPDATE deliveries SET status = 'waiting', attempts = 0 WHERE status = 'sending'")
    fail(sending, lease, 1)
    assert [one.document_id for one in claim(sending, lease)] == [elsewhere]
    assert not sending.is_due()
    assert rows(database, "failures, detail, failing_since IS NULL", "endpoints") == [(OUTAGES, "failed", False)]
    run_all(database, "UPDATE endpoints SET open_until = 0")
    (probe,) = claim(sending, lease)
    sending.save(lease, [told(probe, "failed", "waiting", wait_seconds=3600.0, is_outage=True)], "worker-1")
    assert claim(sending, lease) == []
    assert rows(database, "failures", "endpoints") == [(OUTAGES + 1,)]


def test_once_it_is_back_all_that_waited_for_it_waits_no_more(database: Database, sending: Sending, lease: str) -> None:
    put(database, 10, HERE)
    fail(sending, lease, OUTAGES)
    run_all(database, "UPDATE endpoints SET open_until = 0")
    (probe,) = claim(sending, lease)
    sending.save(lease, [told(probe)], "worker-1")
    assert rows(database, "count(*)", "endpoints") == [(0,)]
    assert len(claim(sending, lease)) == 9


def test_an_answer_that_is_no_outage_counts_for_nothing(database: Database, sending: Sending, lease: str) -> None:
    put(database, 20, HERE)
    fail(sending, lease, OUTAGES - 1)
    (one,) = claim(sending, lease, 1)
    sending.save(lease, [told(one, "rejected", code="delivery_rejected")], "worker-1")
    fail(sending, lease, OUTAGES - 1)
    assert len(claim(sending, lease)) > 1


def test_an_endpoint_that_wants_nothing_more_gets_nothing_more(
    database: Database, sending: Sending, lease: str
) -> None:
    put(database, 3, HERE)
    (one,) = claim(sending, lease, 1)
    gone = told(one, "gone", "waiting", wait_seconds=0.0, code="endpoint_gone", is_gone=True)
    sending.save(lease, [gone], "worker-1")
    assert claim(sending, lease) == []
    assert not sending.is_due()
    assert rows(database, "status, code", "deliveries WHERE code IS NOT NULL") == [("waiting", "endpoint_gone")]


def test_what_waited_by_the_clock_of_another_boot_waits_no_more(database: Database, sending: Sending) -> None:
    put(database)
    run_all(database, "UPDATE deliveries SET not_before = 999999999999999, not_before_boot = 'before'")
    assert len(claim(sending, sending.begin("worker-1"))) == 1
