"""What waits for a person, grouped by cause, on both databases."""

from __future__ import annotations

from gateway.store.store import Store
from schemas.faults import Fault
from tests.store.test_conformance import arrival, claim, settled

UNKNOWN = Fault("unknown_item", "nothing is known by B", "/lines/0/buyer_item", "line 3", "B", "a row in items.csv")
REMARK = Fault("check_digit", "the GLN's check digit is wrong", "/buyer/id", "", "4012345000001", "another digit")
PRICE = Fault("price_mismatch", "2 % above the contract", "/lines/1/price/amount", "", "12.75", "12.50")


def hold(store: Store, body: bytes, *faults: Fault, account: str = "acme", event: str = "hold") -> str:
    kept = store.intake.keep(arrival(body, account))
    taken = claim(store)
    store.queue.save(taken, settled(taken.messages[0], event, faults=faults))
    return kept.message_id


def test_equal_causes_are_one_problem(store: Store) -> None:
    first = hold(store, b"1", UNKNOWN, REMARK)
    other_line = Fault(UNKNOWN.code, "again B", "/lines/7/buyer_item", "line 9", "B", UNKNOWN.expected)
    second = hold(store, b"2", other_line, PRICE)
    problems = store.problems.all()
    assert [(one.code, one.messages) for one in problems] == [("unknown_item", 2), ("price_mismatch", 1)]
    assert (problems[0].last_message_id, problems[0].detail) == (second, "again B")
    assert store.problems.messages(problems[0].fingerprint) == [first, second]
    assert store.problems.all(fingerprint=problems[1].fingerprint) == [problems[1]]


def test_accounts_are_kept_apart_and_what_is_settled_is_no_problem(store: Store) -> None:
    hold(store, b"1", UNKNOWN)
    hold(store, b"1", UNKNOWN, account="delta")
    hold(store, b"2", PRICE, event="answer")
    dismissed = hold(store, b"3", PRICE)
    store.messages.dismiss(dismissed, "cli", "no more")
    assert sorted(one.account_id for one in store.problems.all()) == ["acme", "delta"]
    assert [one.account_id for one in store.problems.all("delta")] == ["delta"]


def test_what_would_not_hold_a_message_is_no_problem_unless_nothing_else_is(store: Store) -> None:
    beside = hold(store, b"1", UNKNOWN, PRICE)
    alone = hold(store, b"2", PRICE)
    found = store.problems.all(holds=lambda one: one.code == "unknown_item")
    assert [(one.code, one.last_message_id) for one in found] == [("price_mismatch", alone), ("unknown_item", beside)]
    price = found[0].fingerprint
    assert store.problems.messages(price, holds=lambda one: one.code == "unknown_item") == [alone]
    assert store.problems.messages(price) == [beside, alone]
    assert store.problems.all(fingerprint=price, holds=lambda one: one.code == "unknown_item") == found[:1]


def test_open_messages_are_counted_by_account(store: Store) -> None:
    hold(store, b"1", UNKNOWN, PRICE)
    hold(store, b"2", PRICE)
    hold(store, b"1", UNKNOWN, account="delta")
    hold(store, b"3", PRICE, account="delta", event="answer")
    assert store.problems.counts() == {"acme": 2, "delta": 1}
    assert store.problems.counts("delta") == {"delta": 1}
    assert store.problems.counts("nobody") == {}
