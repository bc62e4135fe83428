"""Deliveries as people see them, and having them sent again, on either database."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from gateway.store.database import Database
from gateway.store.deliveries import COUNTS, OPEN, STATUSES, STUCK, newest
from gateway.store.ids import now_us
from gateway.store.sending import OUTAGES, Led, Sending
from gateway.store.statements import fetch
from gateway.store.store import Store
from tests.store.test_sending import HERE, THERE, claim, database, fail, lease, put, rows, run_all, sending, told
from tests.store.words import receipt

__all__ = ["database", "lease", "sending"]


def settle(store: Store, lease: str, document: str, status: str, code: str) -> None:
    """The document's next attempt ends so."""
    (one,) = [each for each in claim(store.sending, lease) if each.document_id == document]
    outcome = {"given_up": "failed", "held": "failed"}.get(status, status)
    store.sending.save(lease, [told(one, outcome, status, code=code, detail=f"{status} it", answer="no")], "worker-1")


def broken(store: Store) -> list[str]:
    """What is wrong with the chains; the documents here came of no message."""
    return [said for said in store.audit.broken() if said != "message message: its whole chain is gone"]


def test_a_page_is_newest_first_and_goes_on_behind_a_document(store: Store, database: Database) -> None:
    first, second, third = sorted(put(database, 3))
    assert [one.document_id for one in store.deliveries.page(limit=2)] == [third, second]
    assert [one.document_id for one in store.deliveries.page(limit=2, before=second)] == [first]
    assert store.deliveries.page(account_id="other") == []
    assert store.deliveries.page(account_id="acme", status="given_up") == []
    run_all(database, f"UPDATE deliveries SET status = 'given_up' WHERE document_id = '{second}'")
    assert [one.document_id for one in store.deliveries.page(account_id="acme", status="given_up")] == [second]
    assert [one.document_id for one in store.deliveries.page(account_id="acme")] == [third, second, first]


def test_what_lies_in_mailboxes_is_no_delivery(store: Store, database: Database) -> None:
    (document,) = put(database, 1, endpoint=None)
    store.sending.lead([Led(document_id=document, transport="mailbox", status="available")])
    assert store.deliveries.page() == []
    found = store.deliveries.one(document)
    assert found is not None
    assert (found.transport, found.status, found.next_attempt_at) == ("mailbox", "available", None)
    assert store.deliveries.one("none") is None


@pytest.mark.parametrize(("account", "before"), list(product([None, "acme"], [None, "f"])))
def test_a_page_is_found_by_its_index(store: Store, account: str | None, before: str | None) -> None:
    query, named = newest(STATUSES, account, before, 50)
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.read() as connection:
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {query}", named))
    assert ("ix_deliveries_status" if account is None else "ix_deliveries_account") in plan
    assert "SCAN deliveries" not in plan
    assert "Seq Scan" not in plan


def test_one_that_waits_tells_when_it_is_tried_and_the_last_word(store: Store, database: Database, lease: str) -> None:
    (document,) = put(database)
    (one,) = claim(store.sending, lease)
    later = told(one, "failed", "waiting", wait_seconds=3600.0, detail="HTTP 500", answer="down")
    store.sending.save(lease, [later], "worker-1")
    (found,) = store.deliveries.page()
    assert (found.attempts, found.detail, found.code) == (1, "HTTP 500", None)
    assert found.next_attempt_at is not None
    assert abs(found.next_attempt_at - now_us() - 3_600_000_000) < 60_000_000
    (attempt,) = store.deliveries.attempts(document)
    assert (attempt.outcome, attempt.answer, attempt.endpoint) == ("failed", "down", HERE)
    run_all(database, "UPDATE deliveries SET not_before = 0")
    found = store.deliveries.page()[0]
    assert found.next_attempt_at is not None
    assert found.next_attempt_at <= now_us()


def test_receipts_are_told(store: Store, database: Database) -> None:
    (document,) = put(database)
    run_all(database, "UPDATE deliveries SET status = 'given_up', code = 'delivery_failed'")
    at = receipt(store, document)
    assert [(one.number, one.at, one.kind) for one in store.deliveries.receipts(document)] == [(1, at, "receipt")]
    assert rows(database, "status, code", "deliveries") == [("received", None)]


def test_how_many_stand_how_and_how_long_the_oldest_is_due(store: Store, database: Database, lease: str) -> None:
    assert store.deliveries.oldest_due_seconds() is None
    assert store.deliveries.by_status() == dict.fromkeys(OPEN, 0)
    put(database, 4, endpoint=None)
    later, given_up, oldest, delivered = put(database, 4)
    run_all(database, f"UPDATE documents SET created_at = created_at - 90000000 WHERE id = '{later}'")
    run_all(database, f"UPDATE deliveries SET not_before = not_before + 9000000000000 WHERE document_id = '{later}'")
    run_all(database, f"UPDATE deliveries SET status = 'given_up' WHERE document_id = '{given_up}'")
    run_all(database, f"UPDATE deliveries SET status = 'delivered' WHERE document_id = '{delivered}'")
    run_all(database, f"DELETE FROM deliveries WHERE status = 'waiting' AND document_id NOT IN ('{later}', '{oldest}')")
    run_all(database, f"UPDATE documents SET created_at = created_at - 50000000 WHERE id = '{oldest}'")
    age = store.deliveries.oldest_due_seconds()
    assert age is not None
    assert 50 <= age < 90
    assert store.deliveries.by_status() == dict.fromkeys(OPEN, 0) | {"waiting": 2, "given_up": 1}


def test_documents_are_counted_by_their_index(store: Store) -> None:
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.read() as connection:
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {COUNTS}"))
    assert "ix_deliveries_status" in plan or "ix_deliveries_account" in plan


# --- once more --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", STUCK)
def test_a_person_has_it_sent_again_with_all_its_waits(
    store: Store, database: Database, lease: str, status: str
) -> None:
    (document,) = put(database)
    settle(store, lease, document, status, code="delivery_failed")
    assert store.deliveries.retry([document], "cli/ann", "their server is back") == [document]
    assert store.deliveries.retry([document], "cli/ann", "again") == []
    found = store.deliveries.one(document)
    assert found is not None
    assert (found.status, found.code, found.endpoint, found.attempts) == ("waiting", None, None, 1)
    store.sending.lead([Led(document_id=document, transport="webhook", endpoint=THERE)])
    (one,) = claim(store.sending, lease)
    assert (one.attempt, one.tries, one.endpoint) == (2, 1, THERE)
    events = store.audit.of(f"delivery/{document}")
    assert [(event["kind"], event["actor"], event["body"]) for event in events] == [
        ("retried", "cli/ann", {"reason": "their server is back", "status": status, "code": "delivery_failed"})
    ]
    assert broken(store) == []


@pytest.mark.parametrize("status", ["waiting", "sending", "delivered", "received"])
def test_what_is_on_its_way_or_there_is_not_sent_again(store: Store, database: Database, status: str) -> None:
    (document,) = put(database)
    run_all(database, f"UPDATE deliveries SET status = '{status}'")
    assert store.deliveries.retry([document], "cli", "why not") == []
    assert rows(database, "status", "deliveries") == [(status,)]


def test_one_that_waits_for_its_next_attempt_may_be_named(store: Store, database: Database, lease: str) -> None:
    (document,) = put(database)
    (one,) = claim(store.sending, lease)
    store.sending.save(lease, [told(one, "failed", "waiting", wait_seconds=3600.0)], "worker-1")
    assert store.deliveries.retry([document], "cli", "now", statuses=("waiting",)) == [document]
    assert store.sending.is_due()


def test_what_is_stuck_is_found_by_account_and_endpoint_however_much_it_is(store: Store, database: Database) -> None:
    here, there = put(database, 450, HERE), put(database, 3, THERE)
    run_all(database, "UPDATE deliveries SET status = 'given_up', code = 'delivery_failed'")
    run_all(database, f"UPDATE deliveries SET status = 'held' WHERE document_id = '{here[0]}'")

    def found(**wanted: Any) -> list[str]:
        return [one for some in store.deliveries.stuck(**wanted) for one in some]

    assert sorted(found()) == sorted(here + there)
    assert len(found()) == 453
    assert sorted(found(endpoint=THERE)) == sorted(there)
    assert found(account_id="other") == []
    assert found(account_id="acme", statuses=["held"]) == [here[0]]


# --- endpoints --------------------------------------------------------------------------------------------------
def test_an_endpoint_that_was_gone_is_sent_to_again(store: Store, database: Database, lease: str) -> None:
    put(database, 2, HERE)
    (one,) = claim(store.sending, lease, 1)
    gone = told(one, "gone", "waiting", wait_seconds=0.0, code="endpoint_gone", is_gone=True)
    store.sending.save(lease, [gone], "worker-1")
    (endpoint,) = store.deliveries.endpoints()
    assert endpoint.gone_at is not None
    assert (endpoint.endpoint, endpoint.rests_until) == (HERE, None)
    assert claim(store.sending, lease) == []
    assert store.deliveries.enable(HERE, "cli/ann", "they moved back")
    assert store.deliveries.endpoints(HERE) == []
    assert sorted(one.tries for one in claim(store.sending, lease)) == [1, 1]
    assert rows(database, "code", "deliveries WHERE code IS NOT NULL") == []
    (event,) = store.audit.of(f"endpoint/{HERE}")
    assert (event["kind"], event["actor"], event["body"]) == ("enabled", "cli/ann", {"reason": "they moved back"})
    assert not store.deliveries.enable(HERE, "cli/ann", "once more")
    assert broken(store) == []


def test_an_endpoint_that_rests_says_until_when(store: Store, database: Database, sending: Sending, lease: str) -> None:
    put(database, 10, HERE)
    fail(sending, lease, OUTAGES)
    (endpoint,) = store.deliveries.endpoints()
    assert (endpoint.failures, endpoint.gone_at, endpoint.detail) == (OUTAGES, None, "failed")
    assert endpoint.rests_until is not None
    assert endpoint.failing_since is not None
    assert endpoint.failing_since < now_us() < endpoint.rests_until < now_us() + 60_000_000
    run_all(database, "UPDATE endpoints SET open_until = 0")
    assert store.deliveries.endpoints()[0].rests_until is None
