"""What accounts' systems say of our documents: each word kept once, and what it makes of the document."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.store.answers import Said, write_said
from gateway.store.database import Collision, Database
from gateway.store.delivery_problems import overdue_query
from gateway.store.documents import named_of_query
from gateway.store.ids import now_us
from gateway.store.statements import fetch
from gateway.store.store import Store
from schemas.documents.application_response import Word
from tests.store.test_sending import claim, database, lease, put, rows, run_all, sending, told
from tests.store.words import receipt, say

__all__ = ["database", "lease", "sending"]


def stands(store: Store, document: str) -> tuple[str, str | None]:
    found = store.deliveries.one(document)
    assert found is not None
    return found.status, found.code


def problems(store: Store) -> list[tuple[str, int]]:
    return [(one.code, one.documents) for one in store.delivery_problems.all()]


@pytest.mark.parametrize(
    ("word", "status", "code"),
    [
        ("received", "received", None),
        ("in_process", "received", None),
        ("accepted", "received", None),
        ("conditionally_accepted", "received", None),
        ("paid", "received", None),
        ("rejected", "rejected", "document_rejected"),
        ("queried", "queried", "document_queried"),
    ],
)
def test_a_word_says_how_a_document_stands(
    store: Store, database: Database, word: Any, status: str, code: str | None
) -> None:
    (document,) = put(database)
    run_all(database, "UPDATE deliveries SET status = 'delivered'")
    say(store, document, word, "because")
    assert stands(store, document) == (status, code)
    assert problems(store) == ([(code, 1)] if code else [])
    (kept,) = store.deliveries.receipts(document)
    assert (kept.number, kept.kind, kept.word) == (1, "application_response", word)


def test_the_latest_judgement_counts_whenever_it_is_read(store: Store, database: Database) -> None:
    (document,) = put(database)
    now = now_us()
    say(store, document, "accepted", at=now)
    say(store, document, "rejected", at=now - 5_000_000)
    assert stands(store, document) == ("received", None)
    say(store, document, "rejected", "the price", at=now + 5_000_000)
    assert stands(store, document) == ("rejected", "document_rejected")
    receipt(store, document)
    assert stands(store, document) == ("rejected", "document_rejected"), "that it is there is no judgement"
    say(store, document, "accepted", "as agreed on the phone", at=now + 9_000_000)
    assert stands(store, document) == ("received", None)
    assert [one.number for one in store.deliveries.receipts(document)] == [1, 2, 3, 4, 5]


def test_that_a_document_is_in_process_answers_a_question_and_takes_no_refusal_back(
    store: Store, database: Database
) -> None:
    """A partner's two messages of one second may come in either order."""
    refused, asked, taken = put(database, 3)
    now = now_us()
    for number, document in enumerate((refused, asked, taken)):
        say(store, document, "queried" if document == asked else "rejected", at=now, number=f"A-{number}")
    say(store, taken, "accepted", at=now + 1, number="A-4")
    for number, document in enumerate((refused, asked, taken)):
        say(store, document, "in_process", at=now + 2, number=f"B-{number}")
    assert stands(store, refused) == ("rejected", "document_rejected")
    assert stands(store, asked) == stands(store, taken) == ("received", None)
    say(store, asked, "rejected", at=now + 1, number="C-1")
    assert stands(store, asked) == ("rejected", "document_rejected"), "said before it, read behind it"
    say(store, refused, "accepted", at=now + 3, number="C-2")
    assert stands(store, refused) == ("received", None)


def test_what_a_batch_says_is_kept_well_within_its_lease(store: Store, database: Database) -> None:
    """Of fifty messages each may speak of 500 documents: a statement for each word took PostgreSQL half a minute."""
    documents = put(database, 100)
    run_all(database, "UPDATE deliveries SET answer_due_at = 1")
    words: list[Word] = ["accepted", "rejected", "received", "in_process"]
    said = [
        Said(document_id=one, account_id="acme", at=at, kind="application_response", word=words[at % 4], number=f"{at}")
        for one in documents
        for at in range(100)
    ]
    began = time.monotonic()
    with database.write() as connection:
        first = write_said(connection, said)
    assert time.monotonic() - began < 5
    assert first == [*range(100)] * 100
    assert {stands(store, one) for one in documents} == {("rejected", "document_rejected")}
    assert [one.number for one in store.deliveries.receipts(documents[-1])] == [*range(1, 101)]
    assert rows(database, "DISTINCT answer_due_at", "deliveries") == [(None,)]


def test_the_same_word_is_kept_once(store: Store, database: Database) -> None:
    (document,) = put(database)
    first = say(store, document, "rejected", "the price", number="AR-1")
    assert say(store, document, "rejected", "the price", number="AR-1") == first
    say(store, document, "rejected", "the price", number="AR-2")
    assert len(store.deliveries.receipts(document)) == 2


@pytest.mark.parametrize("between", ["another word", "sent again"])
def test_a_refusal_without_a_number_counts_again(store: Store, database: Database, between: str) -> None:
    """Nothing but its number tells a resend from the same word said anew: no refusal is lost for want of one."""
    (document,) = put(database)
    run_all(database, "UPDATE deliveries SET status = 'delivered', transport = 'webhook'")
    first = say(store, document, "rejected", "the price")
    assert say(store, document, "rejected", "the price") == first
    if between == "another word":
        say(store, document, "accepted")
    else:
        store.deliveries.retry([document], "kim", "credited")
        run_all(database, "UPDATE deliveries SET status = 'delivered'")
    again = say(store, document, "rejected", "the price")
    assert again > first
    assert stands(store, document) == ("rejected", "document_rejected")
    assert say(store, document, "rejected", "the price") == again
    kept = [one.word for one in store.deliveries.receipts(document)]
    assert kept == (["rejected", "accepted", "rejected"] if between == "another word" else ["rejected", "rejected"])


def test_a_refusal_that_is_settled_is_not_opened_by_its_resend(store: Store, database: Database) -> None:
    (document,) = put(database)
    say(store, document, "rejected", "the price")
    store.deliveries.dismiss([document], "kim", "credited")
    say(store, document, "rejected", "the price")
    assert stands(store, document) == ("dismissed", None)
    assert len(store.deliveries.receipts(document)) == 1


def test_an_old_refusal_with_its_number_is_a_resend(store: Store, database: Database) -> None:
    (document,) = put(database)
    say(store, document, "rejected", "the price", number="AR-1")
    say(store, document, "accepted", number="AR-2")
    say(store, document, "rejected", "the price", number="AR-1")
    assert stands(store, document) == ("received", None)


def test_the_same_word_at_once_from_many_is_kept_once(store: Store, database: Database) -> None:
    (document,) = put(database)
    run_all(database, "UPDATE deliveries SET status = 'delivered'")
    ready = threading.Barrier(8)

    def speak(number: int) -> int:
        ready.wait()
        for _ in range(20):
            try:
                return say(store, document, "rejected", f"reason {number % 2}")
            except Collision:
                continue
        raise AssertionError("never kept")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(speak, range(8)))
    assert sorted(one.number for one in store.deliveries.receipts(document)) == [1, 2]


@pytest.mark.parametrize("word", ["received", "rejected", "queried"])
def test_a_word_that_comes_before_the_attempts_answer_stands(
    store: Store, database: Database, lease: str, word: Any
) -> None:
    """The partner may answer by another way while the call that brought the document is still open."""
    (document,) = put(database)
    (one,) = claim(store.sending, lease)
    say(store, document, word)
    before = stands(store, document)
    store.sending.save(lease, [told(one, "delivered", "delivered")], "worker-1")
    assert stands(store, document) == before
    assert [attempt.outcome for attempt in store.deliveries.attempts(document)] == ["delivered"]
    assert rows(database, "lease_id", "deliveries") == [(None,)]


def test_a_word_ends_the_tries(store: Store, database: Database, lease: str) -> None:
    (document,) = put(database)
    say(store, document, "received")
    assert claim(store.sending, lease) == []
    assert stands(store, document) == ("received", None)


def test_an_attempt_is_told_of_though_its_document_is_sent_again_meanwhile(
    store: Store, database: Database, lease: str
) -> None:
    """A refusal comes another way while the call is still open, and one of us has it sent again at once."""
    (document,) = put(database)
    run_all(database, "UPDATE deliveries SET transport = 'webhook'")
    (one,) = claim(store.sending, lease)
    say(store, document, "rejected")
    assert store.deliveries.retry([document], "kim", "mended") == [document]
    store.sending.save(lease, [told(one, "failed", "waiting", wait_seconds=3600.0)], "worker-1")
    assert [attempt.outcome for attempt in store.deliveries.attempts(document)] == ["failed"]
    assert rows(database, "status, lease_id, not_before", "deliveries") == [("waiting", None, 0)]


def test_a_lost_attempt_is_told_of_once_though_a_word_came(store: Store, database: Database, lease: str) -> None:
    """Two processes find it at once; the account's word, which came before both, stands."""
    (document,) = put(database)
    (one,) = claim(store.sending, lease)
    say(store, document, "accepted")
    store.sending.end(lease)
    for worker in ("worker-2", "worker-3"):
        store.sending.save_lost([told(one, "unknown", "waiting", wait_seconds=0.0)], worker)
    assert [attempt.worker for attempt in store.deliveries.attempts(document)] == ["worker-2"]
    assert stands(store, document) == ("received", None)


def test_what_is_not_answered_in_time_is_a_problem_until_anything_is_said(store: Store, database: Database) -> None:
    late, in_time, unexpected = put(database, 3)
    run_all(database, "UPDATE deliveries SET status = 'delivered'")
    run_all(database, f"UPDATE deliveries SET answer_due_at = {now_us() - 1} WHERE document_id = '{late}'")
    run_all(database, f"UPDATE deliveries SET answer_due_at = {now_us() + 10**12} WHERE document_id = '{in_time}'")
    (problem,) = store.delivery_problems.all()
    assert (problem.account_id, problem.code, problem.documents) == ("acme", "answer_overdue", 1)
    assert [one for one, _ in store.delivery_problems.documents(problem)] == [late]
    assert store.delivery_problems.all(fingerprint=problem.fingerprint) == [problem]
    assert store.delivery_problems.all("another") == []
    say(store, late, "in_process")
    assert store.delivery_problems.all() == []
    assert stands(store, unexpected) == ("delivered", None)


def test_the_time_to_answer_begins_when_a_document_arrives(store: Store, database: Database, lease: str) -> None:
    (document,) = put(database)
    hour = 3_600_000_000
    run_all(database, f"UPDATE documents SET created_at = {now_us() - 10 * hour}")
    run_all(database, f"UPDATE deliveries SET answer_due_at = {now_us() - 6 * hour}")
    assert store.delivery_problems.all() == [], "nothing is expected of what hasn't arrived"
    assert store.deliveries.dismiss([document], "kim", "x") == []
    (one,) = claim(store.sending, lease)
    store.sending.save(lease, [told(one)], "worker-1")
    found = store.deliveries.one(document)
    assert found is not None
    assert found.answer_due_at is not None
    assert 3.9 * hour < found.answer_due_at - now_us() < 4.1 * hour
    assert store.delivery_problems.all() == []


def test_what_was_refused_once_it_was_read_goes_again_by_name_alone(store: Store, database: Database) -> None:
    at_the_door, read, asked = put(database, 3)
    run_all(database, "UPDATE deliveries SET status = 'rejected', code = 'delivery_rejected'")
    say(store, read, "rejected")
    say(store, asked, "queried")
    assert [one for some in store.deliveries.stuck() for one in some] == [at_the_door]
    assert store.deliveries.retry([read], "kim", "mended there") == [read]


def test_what_is_settled_is_dismissed(store: Store, database: Database) -> None:
    refused, late, well = put(database, 3)
    run_all(database, "UPDATE deliveries SET status = 'delivered'")
    say(store, refused, "rejected")
    run_all(database, f"UPDATE deliveries SET answer_due_at = {now_us() - 1} WHERE document_id = '{late}'")
    dismissed = store.deliveries.dismiss([refused, late, well], "kim", "credited by CN-7")
    assert dismissed == sorted([refused, late])
    assert problems(store) == []
    assert [stands(store, one) for one in (refused, late, well)] == [
        ("dismissed", None),
        ("delivered", None),
        ("delivered", None),
    ]
    (event,) = store.audit.of(f"delivery/{refused}")
    assert (event["kind"], event["actor"], event["body"]["reason"]) == ("dismissed", "kim", "credited by CN-7")
    assert store.deliveries.dismiss([refused], "kim", "again") == []
    say(store, refused, "rejected", "once more")
    assert problems(store) == [("document_rejected", 1)], "what comes after counts"


def test_what_is_overdue_is_found_by_its_index(store: Store) -> None:
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    text, named = overdue_query(None, now_us())
    with store.database.read() as connection:
        if not store.database.is_sqlite:
            fetch(connection, "SELECT set_config('enable_seqscan', 'off', true)")
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {text}", named))
    assert "ix_deliveries_unanswered" in plan


def test_documents_are_found_by_number_and_not_among_all_of_the_account(store: Store, database: Database) -> None:
    put(database, 3)
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.read() as connection:
        text, named = named_of_query(connection, "acme", ["OR-1"], test_key=False)
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {text}", named))
    assert "mailbox" not in plan
    assert "order_number" not in plan
    assert plan.count("uq_documents_") == 2 or plan.count("autoindex_documents_") == 2, plan


def test_who_said_it_first_is_known(store: Store, database: Database) -> None:
    (document,) = put(database)
    said = Said(document_id=document, account_id="acme", at=1, kind="status_update", word="paid", message_id="m-1")
    assert store.answers.said_by([said]) == []
    store.answers.keep(said)
    assert store.answers.said_by([said]) == ["m-1"]
