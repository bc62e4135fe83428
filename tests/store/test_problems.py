"""What waits for a person, grouped by cause, on both databases."""

from __future__ import annotations

from decimal import Decimal

from gateway.holding import holding_faults
from gateway.store.ids import now_us
from gateway.store.problems import at_risk_query, groups_query
from gateway.store.statements import fetch
from gateway.store.store import Store
from mappings.account import Policies
from schemas.faults import Fault
from tests.store.test_conformance import arrival, claim, settled

UNKNOWN = Fault("unknown_item", "nothing is known by B", "/lines/0/buyer_item", "line 3", "B", "a row in items.csv")
REMARK = Fault("check_digit", "the GLN's check digit is wrong", "/buyer/id", "", "4012345000001", "another digit")
PRICE = Fault("price_mismatch", "2 % above the contract", "/lines/1/price/amount", "", "12.75", "12.50")


PRICE_IS_FINE = Policies(price_mismatch="accept_contract_price")


def hold(store: Store, body: bytes, *faults: Fault, account: str = "acme", event: str = "hold", **known: object) -> str:
    kept = store.intake.keep(arrival(body, account))
    taken = claim(store)
    store.queue.save(taken, settled(taken.messages[0], event, faults=faults, **known))
    assert store.problems.astray() == []
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
    beside = hold(store, b"1", UNKNOWN, PRICE, policies=PRICE_IS_FINE)
    alone = hold(store, b"2", PRICE, policies=PRICE_IS_FINE)
    found = store.problems.all()
    assert [(one.code, one.last_message_id) for one in found] == [("price_mismatch", alone), ("unknown_item", beside)]
    assert store.problems.messages(found[0].fingerprint) == [alone]
    assert store.problems.of_message(beside) == [found[1].fingerprint]
    assert store.problems.all(fingerprint=found[0].fingerprint) == found[:1]


def test_what_was_judged_under_no_policies_is_held_by_all_but_remarks() -> None:
    assert holding_faults([REMARK, PRICE, UNKNOWN], None) == [1, 2]
    assert holding_faults([REMARK, PRICE, UNKNOWN], PRICE_IS_FINE) == [2]
    assert holding_faults([REMARK, PRICE], PRICE_IS_FINE) == [1], "it waits for something"
    assert holding_faults([REMARK], PRICE_IS_FINE) == [0]
    assert holding_faults([], PRICE_IS_FINE) == []


def test_what_is_at_risk_is_summed_to_the_last_digit_and_tests_count_for_nothing(store: Store) -> None:
    hold(store, b"1", UNKNOWN, PRICE, amount=Decimal("12345678901234567890.10"), currency="EUR")
    hold(store, b"2", UNKNOWN, amount=Decimal("0.0000000001"), currency="EUR")
    hold(store, b"3", UNKNOWN, amount=Decimal(7), currency="USD")
    hold(store, b"4", UNKNOWN)
    hold(store, b"5", UNKNOWN, amount=Decimal(1_000), currency="EUR", is_test=True)
    unknown, price = store.problems.all()
    assert (unknown.messages, unknown.tests, unknown.unpriced) == (5, 1, 1)
    assert unknown.worth == (("EUR", Decimal("12345678901234567890.1000000001")), ("USD", Decimal(7)))
    assert price.worth == (("EUR", Decimal("12345678901234567890.10")),)
    found = store.problems.at_risk(None, now_us())
    assert (found.messages, found.overdue, found.unpriced) == (4, 0, 1), "a message counts once"
    assert found.worth == unknown.worth
    assert found.due_at == unknown.due_at
    assert store.problems.at_risk("acme", now_us() + 7_200_000_000).overdue == 4
    assert store.problems.at_risk("delta", now_us()).messages == 0


def test_a_page_of_a_problems_messages_begins_behind_another(store: Store) -> None:
    held = [hold(store, str(number).encode(), UNKNOWN, order_number=f"PO-{number}") for number in range(5)]
    (problem,) = store.problems.all()
    first = store.problems.page(problem.fingerprint, "", 3)
    assert [one.id for one in first] == held[:3]
    assert [one.order_number for one in store.problems.page(problem.fingerprint, first[-1].id, 3)] == ["PO-3", "PO-4"]
    assert sum(store.problems.trend(problem.fingerprint, 0, 3_600_000_000).values()) == 5
    assert store.problems.trend(problem.fingerprint, now_us() + 1, 3_600_000_000) == {}


def test_pages_cost_what_is_open(store: Store) -> None:
    """No query of theirs may go through messages."""
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.read() as connection:
        for query, named in (
            groups_query(connection, None, None),
            groups_query(connection, "acme", None),
            groups_query(connection, None, "1-x"),
            at_risk_query(connection, None, 1),
            at_risk_query(connection, "acme", 1),
        ):
            plan = " ".join(str(row) for row in fetch(connection, f"{explain} {query}", named))
            assert "open_causes" in plan
            assert "messages" not in plan.replace("message_id", "")


def test_open_messages_are_counted_by_account(store: Store) -> None:
    hold(store, b"1", UNKNOWN, PRICE)
    hold(store, b"2", PRICE)
    hold(store, b"1", UNKNOWN, account="delta")
    hold(store, b"3", PRICE, account="delta", event="answer")
    assert store.problems.counts() == {"acme": 2, "delta": 1}
    assert store.problems.counts("delta") == {"delta": 1}
    assert store.problems.counts("nobody") == {}
