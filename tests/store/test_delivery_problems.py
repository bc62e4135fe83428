"""What doesn't reach its account's system until somebody acts, by cause, on either database."""

from __future__ import annotations

import pytest

from gateway.store.database import Database
from gateway.store.delivery_problems import stuck_query
from gateway.store.sending import Led
from gateway.store.statements import fetch
from gateway.store.store import Store
from tests.store.test_sending import HERE, THERE, claim, database, lease, put, run_all, sending, told
from tests.store.words import receipt

__all__ = ["database", "lease", "sending"]


def end(store: Store, lease: str, documents: list[str], status: str, code: str, detail: str) -> None:
    """Each of these documents' next attempts ends so."""
    outcome = {"given_up": "failed", "held": "failed"}.get(status, status)
    ended = [
        told(one, outcome, status, code=code, detail=detail)
        for one in claim(store.sending, lease)
        if one.document_id in documents
    ]
    assert len(ended) == len(documents)
    store.sending.save(lease, ended, "worker-1")


def test_equal_causes_are_one_problem(store: Store, database: Database, lease: str) -> None:
    given_up = sorted(put(database, 3, HERE))
    end(store, lease, given_up, "given_up", "delivery_failed", "HTTP 404")
    refused = put(database, 1, HERE)
    end(store, lease, refused, "rejected", "delivery_rejected", "HTTP 422")
    elsewhere = put(database, 1, THERE)
    end(store, lease, elsewhere, "given_up", "delivery_failed", "HTTP 500")
    found = store.delivery_problems.all()
    assert [(one.code, one.endpoint, one.documents) for one in found] == [
        ("delivery_failed", HERE, 3),
        ("delivery_failed", THERE, 1),
        ("delivery_rejected", HERE, 1),
    ]
    assert (found[0].last_document_id, found[0].detail) == (given_up[-1], "HTTP 404")
    assert found[0].first_at <= found[0].last_at
    assert [one for one, _ in store.delivery_problems.documents(found[0])] == given_up
    assert store.delivery_problems.documents(found[0], limit=1)[0][0] == given_up[0]
    assert store.delivery_problems.all("acme") == found
    assert store.delivery_problems.all("other") == []
    assert store.delivery_problems.all(fingerprint=found[1].fingerprint) == [found[1]]
    assert len({one.fingerprint for one in found}) == 3


def test_what_is_held_stays_a_problem_while_it_is_looked_at_again(store: Store, database: Database) -> None:
    (document,) = put(database, 1, endpoint=None)
    held = Led(document_id=document, transport="webhook", status="held", code="delivery_terms", detail="no secret")
    store.sending.lead([held])
    (problem,) = store.delivery_problems.all()
    assert (problem.code, problem.endpoint, problem.detail) == ("delivery_terms", None, "no secret")
    store.sending.reconsider()
    assert store.delivery_problems.all() == [problem]
    assert store.delivery_problems.documents(problem)[0][0] == document
    store.sending.lead([Led(document_id=document, transport="webhook", endpoint=HERE)])
    assert store.delivery_problems.all() == []


def test_all_that_is_to_go_to_an_endpoint_that_is_gone_is_one_problem(
    store: Store, database: Database, lease: str
) -> None:
    waiting = sorted(put(database, 3, HERE))
    (one,) = claim(store.sending, lease, 1)
    gone = told(one, "gone", "waiting", wait_seconds=0.0, code="endpoint_gone", is_gone=True, detail="HTTP 410")
    store.sending.save(lease, [gone], "worker-1")
    (problem,) = store.delivery_problems.all("acme")
    assert (problem.code, problem.endpoint, problem.documents) == ("endpoint_gone", HERE, 3)
    assert problem.detail == "HTTP 410"
    assert [each for each, _ in store.delivery_problems.documents(problem)] == waiting
    store.deliveries.enable(HERE, "cli", "back")
    assert store.delivery_problems.all() == []


def test_what_is_sent_again_or_there_is_none(store: Store, database: Database, lease: str) -> None:
    again, had, well = put(database, 3, HERE)
    end(store, lease, [again, had, well], "given_up", "delivery_failed", "HTTP 404")
    store.deliveries.retry([again], "cli", "mended")
    receipt(store, had)
    run_all(database, f"UPDATE deliveries SET status = 'delivered' WHERE document_id = '{well}'")
    assert store.delivery_problems.all() == []


@pytest.mark.parametrize("account", [None, "acme"])
def test_problems_are_found_by_what_is_stuck(store: Store, account: str | None) -> None:
    query, named = stuck_query(account)
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.read() as connection:
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {query}", named))
    assert "ix_deliveries_stuck" in plan
