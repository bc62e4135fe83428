"""The causes of held messages, written and gone with them, on both databases; and where they come apart it is found."""

from __future__ import annotations

import hashlib

import pytest

from gateway.store.ids import now_us
from gateway.store.queue import WorkQueue
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from schemas.faults import Fault
from tests.harness.replaying import judge_again
from tests.store.test_conformance import arrival, claim, settled
from tests.store.test_problems import PRICE, UNKNOWN, hold


def causes(store: Store) -> list[tuple[str, str, int, int]]:
    with store.database.read() as connection:
        query = "SELECT message_id, code, run, place FROM open_causes ORDER BY message_id, place"
        return [tuple(row) for row in fetch(connection, query)]


def test_a_held_message_has_a_row_for_each_of_its_causes(store: Store) -> None:
    again = Fault(UNKNOWN.code, "another line", "/lines/9/buyer_item", "", "B")
    held = hold(store, b"1", UNKNOWN, PRICE, again)
    failed = hold(store, b"2", Fault("internal_error", "a bug"), event="fail")
    assert causes(store) == [
        *((held, "unknown_item", 1, 1), (held, "price_mismatch", 1, 2)),
        (failed, "internal_error", 1, 1),
    ]


@pytest.mark.parametrize("event", ["answer", "reject", "mark_duplicate"])
def test_what_is_settled_otherwise_has_none(store: Store, event: str) -> None:
    hold(store, b"1", UNKNOWN, event=event)
    assert causes(store) == []


def test_they_go_with_whatever_moves_the_message_on(store: Store) -> None:
    dismissed, replayed, resent, repeated = (hold(store, body, UNKNOWN) for body in (b"1", b"2", b"3", b"4"))
    store.messages.dismiss(dismissed, "cli", "no more")
    assert {row[0] for row in causes(store)} == {replayed, resent, repeated}
    judge_again(store, replayed)
    assert {row[0] for row in causes(store)} == {resent, repeated}
    store.intake.keep(arrival(b"3"))
    assert {row[0] for row in causes(store)} == {repeated}
    assert store.problems.astray() == []
    taken = claim(store)
    changes = settled(taken.messages[0], "answer")
    for message in taken.messages[1:]:
        changes.settle(message, settled_again(message))
    changes.tried_again.append((repeated, taken.messages[0].id))
    store.queue.save(taken, changes)
    assert {(row[0], row[2]) for row in causes(store)} == {(one.id, 2) for one in taken.messages[1:]}
    assert store.problems.astray() == []


def settled_again(message: object) -> object:
    from gateway.store.changes import Settlement

    return Settlement("hold", {"decoded": 1}, faults=(PRICE,))


def test_the_same_is_held_again_under_its_next_run(store: Store) -> None:
    held = hold(store, b"1", UNKNOWN)
    judge_again(store, held)
    taken = claim(store)
    store.queue.save(taken, settled(taken.messages[0], "hold", faults=(UNKNOWN,)))
    assert causes(store) == [(held, "unknown_item", 2, 1)]
    assert store.problems.astray() == []


def test_quarantine_is_a_cause(database_url: str) -> None:
    store = Store(database_url, lease_seconds=0.0, max_losses=1)
    kept = store.intake.keep(arrival(b"poison"))
    assert isinstance(store.queue, WorkQueue)
    claim(store)
    assert store.queue.sweep().quarantined == (kept.message_id,)
    assert causes(store) == [(kept.message_id, "quarantined", 1, 1)]
    assert store.problems.astray() == []
    store.close()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM open_causes",
        "UPDATE messages SET status = 'received'",
        "UPDATE messages SET run = 2",
        "UPDATE open_causes SET fingerprint = '1-other'",
        "UPDATE open_causes SET number = 7",
        "UPDATE open_causes SET amount = '5'",
        "UPDATE open_causes SET currency = 'USD'",
        "UPDATE open_causes SET is_test = 1",
        "UPDATE open_causes SET due_at = due_at + 1",
        "UPDATE open_causes SET account_id = 'other'",
        "UPDATE open_causes SET place = 2",
    ],
)
def test_where_they_come_apart_it_is_found(store: Store, damage: str) -> None:
    hold(store, b"1", UNKNOWN)
    with store.database.write() as connection:
        run(connection, damage, [()])
    assert store.problems.astray(), damage


def test_what_was_held_before_there_were_causes_gets_them(empty_database_url: str) -> None:
    from tests.store.earlier_tables import upgrade_to

    store = Store(empty_database_url)
    upgrade_to(store, "0033")
    at = now_us()
    row = "INSERT INTO messages ({}) VALUES ({})"
    columns = (
        "id, account_id, test, status, lane, due_at, received_at, source, payload_sha256, size, run, losses, fence, "
        "event_count, event_hash, amount, currency"
    )
    digest = hashlib.sha256(b"x").digest()
    rows = [
        (one, "acme", test, status, 1, at + 5, at, "http", digest, 1, 2, 0, 0, 1, digest, amount, "EUR")
        for one, status, test, amount in (("m1", "held", 0, "10"), ("m2", "failed", 1, None), ("m3", "done", 0, "7"))
    ]
    faults = [
        (message, number_of_run, number, "decide", code, "/lines/0/x", "", "said", "B", None, f"1-{code}")
        for message in ("m1", "m2", "m3")
        for number_of_run in (1, 2)
        for number, code in ((1, "check_digit"), (2, "unknown_item"), (3, "unknown_item"), (4, "no_contract_price"))
    ]
    with store.database.write() as connection:
        run(connection, row.format(columns, ", ".join("?" * 17)), rows)
        run(connection, f"INSERT INTO faults VALUES ({', '.join('?' * 11)})", faults)
    store.upgrade()
    assert causes(store) == [
        *(("m1", "unknown_item", 2, 1), ("m1", "no_contract_price", 2, 2)),
        *(("m2", "unknown_item", 2, 1), ("m2", "no_contract_price", 2, 2)),
    ]
    assert store.problems.astray() == []
    assert {one.code for one in store.problem_states.standing().values()} == {"unknown_item", "no_contract_price"}
    store.close()
