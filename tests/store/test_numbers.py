"""Numbers without gaps: given with what they number, or not at all. On both databases."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from gateway.store.database import Collision
from gateway.store.statements import fetch, run
from gateway.store.store import Store

INVOICE = "invoice"


@pytest.fixture
def store(store: Store) -> Store:
    """A store with a table of what is numbered. No key stops a number there from coming twice."""
    with store.database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE numbered (number BIGINT NOT NULL, who TEXT NOT NULL)")
    return store


def keep(store: Store, numbers: Sequence[int], who: str = "", series: str = "") -> None:
    """Keep a document of each number, and give them, in one transaction."""
    with store.database.write() as connection:
        for number in numbers:
            run(connection, "INSERT INTO numbered (number, who) VALUES (?, ?)", [(number, who)])
            store.numbers.claim(connection, INVOICE, number, series)


def claim_in_vain(store: Store, numbers: Sequence[int]) -> None:
    """Give numbers in a transaction that is rolled back behind it."""
    with suppress(ZeroDivisionError), store.database.write() as connection:
        for number in numbers:
            store.numbers.claim(connection, INVOICE, number)
        raise ZeroDivisionError


def kept(store: Store) -> list[int]:
    with store.database.read() as connection:
        return [row[0] for row in fetch(connection, "SELECT number FROM numbered ORDER BY number")]


def test_numbers_begin_with_one_and_follow_each_other(store: Store) -> None:
    for expected in range(1, 6):
        assert store.numbers.following(INVOICE) == (expected,)
        keep(store, [expected])
    assert kept(store) == [1, 2, 3, 4, 5]


def test_reading_what_follows_gives_nothing(store: Store) -> None:
    assert [store.numbers.following(INVOICE) for _ in range(3)] == [(1,)] * 3


def test_several_are_claimed_in_one_transaction(store: Store) -> None:
    assert store.numbers.following(INVOICE, count=3) == (1, 2, 3)
    keep(store, [1, 2, 3])
    assert store.numbers.following(INVOICE, count=2) == (4, 5)


@pytest.mark.parametrize("number", [-1, 0, 1, 2, 4, 5, 900])
def test_no_number_but_the_next_is_given(store: Store, number: int) -> None:
    keep(store, [1, 2])
    with pytest.raises(Collision):
        keep(store, [number])
    assert kept(store) == [1, 2], "what was to have the number is not kept either"
    assert store.numbers.following(INVOICE) == (3,)


@pytest.mark.parametrize("number", [-1, 0, 2, 7])
def test_a_series_begins_with_one_and_nothing_else(store: Store, number: int) -> None:
    with pytest.raises(Collision):
        keep(store, [number])
    assert kept(store) == []
    assert store.numbers.following(INVOICE) == (1,)


@pytest.mark.parametrize("had", [0, 3])
def test_a_number_goes_back_with_its_transaction(store: Store, had: int) -> None:
    keep(store, range(1, had + 1))
    claim_in_vain(store, [had + 1])
    assert store.numbers.following(INVOICE) == (had + 1,)
    keep(store, [had + 1])
    assert kept(store) == list(range(1, had + 2))


def test_each_kind_and_series_has_its_own(store: Store) -> None:
    keep(store, [1, 2])
    keep(store, [1], series="2026")
    assert store.numbers.following(INVOICE) == (3,)
    assert store.numbers.following(INVOICE, "2026") == (2,)
    assert store.numbers.following("credit_note") == (1,)


def test_a_store_opened_anew_goes_on_where_it_was(store: Store, database_url: str) -> None:
    keep(store, [1, 2, 3])
    again = Store(database_url)
    assert again.numbers.following(INVOICE) == (4,)
    with pytest.raises(Collision):
        keep(again, [3])
    keep(again, [4])
    again.close()
    assert store.numbers.following(INVOICE) == (5,)


def test_numbers_that_were_taken_with_gaps_are_not_claimed_again(store: Store) -> None:
    taken = store.numbers.take(INVOICE, 3)
    (number,) = store.numbers.following(INVOICE)
    assert number > max(taken)
    keep(store, [number])
    with pytest.raises(Collision):
        keep(store, [number])


@pytest.mark.parametrize("had", [0, 1])
def test_of_two_that_read_the_same_number_one_has_it(store: Store, database_url: str, had: int) -> None:
    """Both have read before either writes: the second renders again with the next."""
    second = Store(database_url)
    keep(store, range(1, had + 1))
    mine, theirs = store.numbers.following(INVOICE), second.numbers.following(INVOICE)
    assert mine == theirs == (had + 1,)
    keep(store, mine)
    with pytest.raises(Collision):
        keep(second, theirs)
    keep(second, second.numbers.following(INVOICE))
    assert kept(store) == list(range(1, had + 3))
    second.close()


@pytest.mark.parametrize("had", [0, 1])
@pytest.mark.parametrize("commits", [True, False])
def test_whoever_meets_an_unfinished_claim_waits_for_its_end(
    store: Store, database_url: str, had: int, *, commits: bool
) -> None:
    """Where the first is rolled back its number is the second's: else it would be a hole."""
    second = Store(database_url)
    keep(store, range(1, had + 1))
    number = had + 1
    second_begins = threading.Event()

    def claim() -> None:
        second_begins.set()
        keep(second, [number], who="second")

    with ThreadPoolExecutor(1) as threads:
        with store.database.engine.connect() as first, first.begin() as transaction:
            run(first, "INSERT INTO numbered (number, who) VALUES (?, ?)", [(number, "first")])
            store.numbers.claim(first, INVOICE, number)
            claiming = threads.submit(claim)
            assert second_begins.wait(5)
            assert not claiming.done()
            (transaction.commit if commits else transaction.rollback)()
        if commits:
            with pytest.raises(Collision):
                claiming.result(10)
        else:
            claiming.result(10)
    assert kept(store) == list(range(1, number + 1))
    second.close()


def test_racing_threads_leave_no_gap_and_give_none_twice(store: Store, database_url: str) -> None:
    """Of two stores; every fifth transaction is rolled back behind its claim."""
    second = Store(database_url)
    each, at_once = 25, 8
    together = threading.Barrier(at_once)

    def run_of(who: int) -> int:
        mine, collisions = (store, second)[who % 2], 0
        together.wait(10)
        for turn in range(each):
            while True:
                numbers = mine.numbers.following(INVOICE, count=1 + turn % 2)
                try:
                    if turn % 5 == 4:
                        claim_in_vain(mine, numbers)
                    keep(mine, numbers, who=str(who))
                    break
                except Collision:
                    collisions += 1
        return collisions

    with ThreadPoolExecutor(at_once) as threads:
        collisions = sum(threads.map(run_of, range(at_once)))
    given = at_once * sum(1 + turn % 2 for turn in range(each))
    assert kept(store) == list(range(1, given + 1))
    assert store.numbers.following(INVOICE) == (given + 1,)
    assert collisions, "nobody met anybody"
    second.close()
