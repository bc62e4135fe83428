"""Two processes that send, and many endpoints: what one does late, or is told at once, takes nothing from others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.store.database import Collision, Database
from gateway.store.leases import LeaseLost
from gateway.store.sending import OUTAGES, Attempted, Led, Sending
from gateway.store.statements import run
from tests.harness.waiting import until
from tests.store.test_sending import HERE, THERE, claim, database, lease, put, rows, run_all, sending, told

__all__ = ["database", "lease", "sending"]


def outage(sending: Sending, lease: str, count: int) -> list[Attempted]:
    return [
        told(one, "failed", "waiting", wait_seconds=3600.0, is_outage=True)
        for one in claim(sending, lease, count, most=count)
    ]


def test_calls_that_fail_together_are_no_longer_rest_than_calls_that_fail_in_turn(
    database: Database, sending: Sending, lease: str
) -> None:
    """Eight calls to one endpoint hang and fail in the same second: it rests as long as after five in turn."""
    put(database, 20, HERE)
    sending.save(lease, outage(sending, lease, 8), "worker-1")
    assert rows(database, "failures", "endpoints") == [(OUTAGES,)]


def test_calls_that_were_begun_before_it_rested_do_not_lengthen_its_rest(
    database: Database, sending: Sending, lease: str
) -> None:
    put(database, 20, HERE)
    several = outage(sending, lease, 8)
    sending.save(lease, several[:5], "worker-1")
    rest = rows(database, "failures, open_until", "endpoints")
    sending.save(lease, several[5:], "worker-1")
    assert rows(database, "failures, open_until", "endpoints") == rest


def test_two_processes_count_an_endpoints_outages_together(database: Database, sending: Sending, lease: str) -> None:
    put(database, 8, HERE)
    other = Sending(database)
    theirs = other.begin("worker-2")
    first, second = outage(sending, lease, 4), outage(other, theirs, 4)
    for mine, others in zip(first[:2], second[:2], strict=True):
        sending.save(lease, [mine], "worker-1")
        other.save(theirs, [others], "worker-2")
    assert rows(database, "failures", "endpoints") == [(4,)]


def test_two_processes_tell_of_the_same_endpoints_at_once(database: Database, sending: Sending, lease: str) -> None:
    """In whatever order their results came: nothing is lost, and neither waits for the other for ever."""
    for _ in range(4):
        put(database, 10, HERE)
        put(database, 10, THERE)
    other = Sending(database)
    theirs = other.begin("worker-2")
    mine, others = outage(sending, lease, 40), outage(other, theirs, 40)
    begin = threading.Barrier(2)

    def tell(who: Sending, under: str, results: list[Attempted]) -> None:
        begin.wait(10)
        for start in range(0, len(results), 4):
            while True:
                try:
                    who.save(under, results[start : start + 4], under)
                    break
                except Collision:  # as the deliverer does
                    continue

    with ThreadPoolExecutor(2) as pool:
        for ended in [pool.submit(tell, sending, lease, mine), pool.submit(tell, other, theirs, others[::-1])]:
            ended.result(timeout=60)
    assert rows(database, "count(*)", "delivery_attempts") == [(80,)]
    assert rows(database, "count(*)", "deliveries WHERE status = 'waiting'") == [(80,)]


def test_nothing_is_claimed_under_a_lease_that_is_over(database: Database, sending: Sending, lease: str) -> None:
    put(database)
    run_all(database, "UPDATE leases SET until = 0")
    with pytest.raises(LeaseLost):
        claim(sending, lease)
    assert rows(database, "status, attempts", "deliveries") == [("waiting", 0)]


def test_who_leads_a_document_late_changes_nothing_of_it(database: Database, sending: Sending, lease: str) -> None:
    (document,) = put(database, endpoint=None)
    sending.lead([Led(document_id=document, transport="webhook", endpoint=HERE)])
    (one,) = claim(sending, lease)
    sending.save(lease, [told(one, "failed", "waiting", wait_seconds=3600.0)], "worker-1")
    sending.lead([Led(document_id=document, transport="webhook", endpoint=THERE)])
    assert rows(database, "endpoint", "deliveries") == [(HERE,)]
    assert claim(sending, lease) == []


def test_behind_a_thousand_endpoints_that_rest_another_is_served(
    database: Database, sending: Sending, lease: str
) -> None:
    for number in range(1_001):
        put(database, 1, f"https://rests.example/{number:04d}")
    (well,) = put(database, 1, "https://well.example/edi")
    text = (
        "INSERT INTO endpoints (endpoint, failures, gone_at) SELECT endpoint, 0, 1 FROM deliveries WHERE endpoint <> "
    )
    run_all(database, text + "'https://well.example/edi'")
    found = [one.document_id for _ in range(4) for one in claim(sending, lease)]
    assert found == [well]


def test_an_account_with_a_backlog_keeps_no_other_from_being_led(database: Database, sending: Sending) -> None:
    put(database, 30, endpoint=None)
    (other,) = put(database, 1, endpoint=None)
    with database.write() as connection:
        run(connection, "UPDATE deliveries SET account_id = 'zebra' WHERE document_id = ?", [(other,)])
    led: list[str] = []
    for _ in range(2):
        some = sending.unled(10)
        sending.lead([Led(document_id=one.document_id, transport="webhook", endpoint=HERE) for one in some])
        led += [one.document_id for one in some]
    assert other in led
    while some := sending.unled(10):
        sending.lead([Led(document_id=one.document_id, transport="webhook", endpoint=HERE) for one in some])
        led += [one.document_id for one in some]
    assert len(set(led)) == len(led) == 31
    assert [one for one in led if one != other] == sorted(set(led) - {other})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # in SQLite one writes at a time
def test_results_and_what_is_said_of_the_same_documents_wait_for_each_other_in_turn(
    database: Database, sending: Sending, lease: str
) -> None:
    """Whoever writes of several documents does so in their order: neither is refused as a deadlock."""
    put(database, 2, HERE)
    first, second = sorted(claim(sending, lease, 2), key=lambda one: one.document_id)
    results = [told(one, "delivered", "delivered") for one in (second, first)]
    lock = "UPDATE deliveries SET updated_at = updated_at WHERE document_id = ?"
    with ThreadPoolExecutor(1) as pool:
        with database.write() as connection:
            run(connection, lock, [(first.document_id,)])
            saved = pool.submit(sending.save, lease, results, "worker-1")
            until(lambda: _waits(database), 30, "the results wait for the first document")
            run(connection, lock, [(second.document_id,)])
        saved.result(timeout=60)
    assert rows(database, "status", "deliveries") == [("delivered",)] * 2


def _waits(database: Database) -> bool:
    return bool(rows(database, "1", "pg_locks WHERE NOT granted"))
