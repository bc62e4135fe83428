"""Tests of drafts: claimed by one worker at a time, gone on with by another, cancelled. On SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from gateway.store.draft_tests import KEPT, ClaimedTest, DraftTest
from gateway.store.statements import run
from gateway.store.store import Store


def begin(store: Store, account_id: str = "acme", version: int = 1) -> str:
    return store.draft_tests.begin(account_id, 3, version, 200, 150, actor="user Kim")


def claim(store: Store, worker: str = "w1") -> ClaimedTest:
    claimed = store.draft_tests.claim(worker)
    assert claimed is not None
    return claimed


def lose(store: Store) -> None:
    """Whoever works at a chunk is over its time."""
    with store.database.write() as connection:
        run(connection, "UPDATE draft_tests SET lease_until = ? WHERE lease_id IS NOT NULL", [(0,)])


def status(store: Store, test_id: str) -> str:
    found = store.draft_tests.found(test_id)
    assert found is not None
    return found[0].status


def test_a_test_is_done_chunk_by_chunk_by_one_worker_at_a_time(store: Store) -> None:
    test_id = begin(store)
    first = claim(store)
    assert (first.test.id, first.test.done, first.result) == (test_id, 0, None)
    assert not store.draft_tests.leases.waits()
    assert store.draft_tests.claim("w2") is None
    assert store.draft_tests.save(first, "running", 50, "m-50", '{"x": 1}', 0)
    second = claim(store, "w2")
    assert (second.test.done, second.test.cursor, second.result) == (50, "m-50", '{"x": 1}')
    assert not store.draft_tests.save(first, "running", 99, "m-99", "{}", 0)
    assert store.draft_tests.save(second, "done", 160, "m-160", "{}", 0)
    found = store.draft_tests.found(test_id)
    assert found is not None
    assert (found[0].status, found[0].done, found[0].total, found[1]) == ("done", 160, 160, "{}")
    assert found[0].ended_at is not None
    assert not store.draft_tests.leases.waits()


def test_one_that_was_done_elsewhere_is_the_newest_and_nobody_does_it(store: Store) -> None:
    begin(store)
    ran = DraftTest("t-9", "acme", 3, 2, 200, "done", 150, 150, 4, None, None, "kim@desk", 7, None)
    store.draft_tests.keep(ran, '{"x": 1}')
    found = store.draft_tests.found("t-9")
    assert found is not None
    assert (found[0].status, found[0].newly_failing, found[0].version, found[1]) == ("done", 4, 2, '{"x": 1}')
    assert (found[0].asked_by, found[0].asked_at, found[0].ended_at is None) == ("kim@desk", 7, False)
    assert claim(store).test.version == 1
    assert not store.draft_tests.leases.waits()


def test_the_oldest_is_done_first_and_the_same_is_asked_for_once(store: Store) -> None:
    first = begin(store)
    other = begin(store, "delta")
    assert begin(store) == first
    assert claim(store).test.id == first
    assert claim(store).test.id == other
    assert [one["kind"] for one in store.audit.of("draft/acme")] == ["draft test asked for"]


def test_another_of_the_account_ends_the_one_that_is_open(store: Store) -> None:
    first = begin(store)
    claimed = claim(store)
    other = begin(store, version=2)
    assert other != first
    assert not store.draft_tests.save(claimed, "running", 50, "m-50", "{}", 0)
    assert (status(store, first), status(store, other)) == ("cancelled", "waiting")
    assert claim(store).test.id == other


def test_what_a_lost_worker_had_another_goes_on_with(store: Store) -> None:
    begin(store)
    lost = claim(store)
    lose(store)
    assert store.draft_tests.leases.waits()
    taken = claim(store, "w2")
    assert taken.test.id == lost.test.id
    assert not store.draft_tests.save(lost, "done", 150, "m", "{}", 0)
    assert store.draft_tests.leases.lessees() == ["w2"]
    assert store.draft_tests.leases.end_leases(["w1", "w2"]) == 1
    assert store.draft_tests.leases.waits()


def test_one_that_ends_its_workers_fails(store: Store) -> None:
    test_id = begin(store)
    for _ in range(3):
        claim(store)
        lose(store)
    assert store.draft_tests.claim("w9") is None
    assert status(store, test_id) == "failed"


def test_a_test_is_cancelled_once_and_nothing_of_the_chunk_at_hand_is_kept(store: Store) -> None:
    test_id = begin(store)
    claimed = claim(store)
    assert store.draft_tests.cancel(test_id, actor="user Kim")
    assert not store.draft_tests.cancel(test_id, actor="user Kim")
    assert not store.draft_tests.save(claimed, "running", 50, "m-50", "{}", 0)
    assert (status(store, test_id), store.draft_tests.leases.waits()) == ("cancelled", False)


@pytest.mark.parametrize("more", [0, 5])
def test_the_last_of_an_account_are_kept(store: Store, more: int) -> None:
    for version in range(KEPT + more):
        store.draft_tests.cancel(begin(store, version=version), actor="test")
    kept = store.draft_tests.of_account("acme", 100)
    assert [one.version for one in kept] == list(range(more, KEPT + more))[::-1]
