"""Moving up what runs out of time while it waits, and what a message was found to be when it was read, on both
databases."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from gateway.store.changes import Changes, ClaimedMessage, Settlement
from gateway.store.ids import now_us
from gateway.store.messages import StoredMessage
from gateway.store.queue import Claim
from gateway.store.schema import alembic_config
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from gateway.store.urgency import RUSH, TIME, Urgency
from tests.harness.replaying import judge_again
from tests.store.test_conformance import LANES, arrival, claim

NOON = 1_800_000_000_000_000
HOUR = 3_600_000_000
LATE = NOON + 3 * HOUR
"""A message that came at noon and has four hours has a quarter of them left."""


def wait(store: Store, body: bytes, account: str = "acme", **known: Any) -> str:
    """A message of lane 2 that came at noon and is due at four, unless `known` says otherwise; its id."""
    message = arrival(body, account, **{"lane": 2, "received_at": NOON, "due_at": NOON + 4 * HOUR, **known})
    return store.intake.keep_all([message])[0].message_id


def stored(store: Store, message_id: str) -> StoredMessage:
    found = store.messages.one(None, message_id)
    assert found is not None
    return found


def settle(store: Store, work: Claim, event: str, *found: Urgency | None) -> None:
    """The claim's messages end so, each as urgent as it was found to be."""
    changes = Changes(at=now_us())
    for message, urgency in zip(work.messages, found or [None] * len(work.messages), strict=True):
        changes.settle(replace(message, urgency=urgency), Settlement(event, {"decoded": 1}))
    store.queue.save(work, changes)


def moves(store: Store, message_id: str) -> list[dict[str, Any]]:
    """What the timeline says of its moves."""
    return [event["body"] for event in store.audit.of(message_id) if event["kind"] == "moved up"]


# --- while it waits --------------------------------------------------------------------------------------------------
def test_what_has_less_than_a_quarter_of_its_time_left_moves_up_once(store: Store) -> None:
    waiting = wait(store, b"x")
    assert store.backlog.move_up(LATE) == {}, "exactly a quarter is left"
    assert store.backlog.move_up(LATE + 1) == {1: 1}
    assert store.backlog.move_up(LATE + 1) == {}
    assert store.backlog.move_up(LATE + 100 * HOUR) == {}, "however late it is by now"
    found = stored(store, waiting)
    assert (found.lane, found.moved_up, found.status, found.due_at) == (1, TIME, "received", NOON + 4 * HOUR)
    assert moves(store, waiting) == [{"lane": 1, "moved_up": TIME, "due_at": NOON + 4 * HOUR}]
    assert store.backlog.moved_up() == {1: 1}
    assert list(store.audit.broken()) == []


@pytest.mark.parametrize(("lane", "after"), [(0, 0), (1, 0), (2, 1), (3, 2)])
def test_one_lane_and_never_above_the_first(store: Store, lane: int, after: int) -> None:
    waiting = wait(store, b"x", lane=lane)
    for late in range(1, 5):
        store.backlog.move_up(LATE + late * HOUR)
    assert stored(store, waiting).lane == after
    assert len(moves(store, waiting)) == lane - after


def test_a_backlog_is_moved_in_bounded_steps_longest_first(store: Store) -> None:
    ids = [wait(store, f"{n}".encode(), f"account-{n % 3}", due_at=NOON + 4 * HOUR - 4 * n) for n in range(25)]
    moved: list[str] = []
    for expected in (8, 8, 8, 1, 0):
        assert store.backlog.move_up(LATE + 1, step=4, steps=2).total() == expected
        moved += [one for one in ids if stored(store, one).moved_up and one not in moved]
        first = list(reversed(ids))[: len(moved)]  # the last one is due first, so its quarter began first
        assert sorted(moved) == sorted(first)
    assert [len(moves(store, one)) for one in ids] == [1] * 25


def test_sweepers_at_once_move_each_message_once(database_url: str, store: Store) -> None:
    ids = [wait(store, f"{n}".encode()) for n in range(120)]
    others = [Store(database_url) for _ in range(3)]
    barrier = threading.Barrier(4)

    def sweep(through: Store) -> int:
        barrier.wait()
        return sum(through.backlog.move_up(LATE + 1, step=10, steps=3).total() for _ in range(8))

    with ThreadPoolExecutor(4) as threads:
        counted = list(threads.map(sweep, [store, *others]))
    assert sum(counted) == 120
    assert [len(moves(store, one)) for one in ids] == [1] * 120
    assert {stored(store, one).lane for one in ids} == {1}
    assert list(store.audit.broken()) == []
    for one in others:
        one.close()


def test_moving_while_workers_claim_and_settle(database_url: str, store: Store) -> None:
    """Every message is settled once, in the lane that its chain of events tells."""
    ids = [wait(store, f"{n}".encode()) for n in range(120)]
    sweeper = Store(database_url)
    is_over = threading.Event()

    def sweep() -> None:
        while not is_over.is_set():
            sweeper.backlog.move_up(LATE + 1, step=3, steps=1)

    def work(name: str) -> None:
        """Until nothing waits: a claim passes over what is just being moved, and may so come back with nothing."""
        while any(stored(store, one).status == "received" for one in ids):
            if (found := store.queue.claim(name, LANES, 7)) is not None:
                settle(store, found, "answer")

    with ThreadPoolExecutor(4) as threads:
        sweeping = threads.submit(sweep)
        working = [threads.submit(work, f"w{n}") for n in range(3)]
        for one in working:
            one.result()
        is_over.set()
        sweeping.result()
    assert Counter(stored(store, one).status for one in ids) == {"done": 120}
    assert all(2 - stored(store, one).lane == len(moves(store, one)) for one in ids)
    assert list(store.audit.broken()) == []
    sweeper.close()


def test_what_a_worker_has_is_left_to_it(database_url: str) -> None:
    """Its lease lost, it waits again, and then it is moved."""
    store = Store(database_url, lease_seconds=0.02)
    leased = wait(store, b"x")
    claim(store)
    assert store.backlog.move_up(LATE + 1) == {}
    while not store.queue.sweep().released:
        pass
    assert store.backlog.move_up(LATE + 1) == {1: 1}
    assert claim(store).messages[0].moved_up == TIME
    assert stored(store, leased).lane == 1
    store.close()


@pytest.mark.parametrize("event", ["answer", "hold", "reject", "fail"])
def test_what_is_settled_waits_for_nothing(store: Store, event: str) -> None:
    settled = wait(store, b"x")
    settle(store, claim(store), event)
    assert store.backlog.move_up(LATE + 100 * HOUR) == {}
    assert (stored(store, settled).lane, stored(store, settled).moved_up) == (2, None)


def test_what_waits_for_its_time_is_moved_when_that_has_come(store: Store) -> None:
    waiting = wait(store, b"x")
    work = claim(store)
    store.queue.release(work, work.messages, after_seconds=0.05)
    assert store.backlog.move_up(LATE + 1) == {}
    while not store.queue.sweep().lanes:
        pass
    assert store.backlog.move_up(LATE + 1) == {1: 1}
    assert stored(store, waiting).moved_up == TIME


def test_what_was_moved_up_delays_no_other_account_there(store: Store) -> None:
    """Sixty of one account move into the lane in which another's only one waits, which is due much later."""
    for n in range(60):
        wait(store, f"{n}".encode(), "big")
    alone = wait(store, b"alone", "small", lane=1, due_at=NOON + 400 * HOUR)
    assert store.backlog.move_up(LATE + 1) == {1: 60}
    assert alone in [message.id for message in claim(store, 4).messages]


def test_the_moved_ones_share_the_lane_above_with_what_was_there(store: Store) -> None:
    """A batch is still shared between the lanes by their weights: the moved ones count for where they are."""
    for n in range(40):
        wait(store, f"up {n}".encode())
        wait(store, f"low {n}".encode(), lane=3, due_at=NOON + 400 * HOUR)
    store.backlog.move_up(LATE + 1)
    lanes = Counter(message.lane for message in claim(store, 25).messages)
    assert lanes == {1: 20, 3: 5}, "4 : 1"


def test_the_sweep_is_answered_by_its_index(store: Store) -> None:
    query = (
        "SELECT id FROM messages WHERE status = 'received' AND not_before IS NULL AND moved_up IS NULL AND lane > 0 "
        "AND moves_up_at < 1 ORDER BY moves_up_at LIMIT 500"
    )
    with store.database.write() as connection:
        if not store.database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {query}"))
    assert "ix_messages_moving_up" in plan
    assert "TEMP B-TREE" not in plan, "nothing is sorted"
    assert "Sort" not in plan


# --- once it was read ------------------------------------------------------------------------------------------------
def urgent(message: ClaimedMessage) -> Urgency:
    """A rush order that wants its answer two hours sooner."""
    return Urgency(message.lane - 1, message.due_at - 2 * HOUR, RUSH)


@pytest.mark.parametrize(("event", "again"), [("hold", "replay"), ("fail", "replay"), ("hold", "resend")])
def test_the_next_run_is_as_urgent_as_the_order(store: Store, event: str, again: str) -> None:
    usual, rush = wait(store, b"usual"), wait(store, b"rush", due_at=NOON + 5 * HOUR)
    work = claim(store)
    settle(store, work, event, *[urgent(one) if one.id == rush else None for one in work.messages])
    found = stored(store, rush)
    assert (found.lane, found.due_at, found.moved_up) == (1, NOON + 3 * HOUR, RUSH)
    assert (stored(store, usual).lane, stored(store, usual).moved_up) == (2, None)
    told = store.audit.of(rush)[-1]["body"]
    assert (told["lane"], told["moved_up"], told["due_at"]) == (1, RUSH, NOON + 3 * HOUR)
    assert "lane" not in store.audit.of(usual)[-1]["body"]
    if again == "replay":
        judge_again(store, rush)
    else:
        assert store.intake.keep(arrival(b"rush")).message_id == rush
    assert store.backlog.move_up(LATE + 100 * HOUR) == {}, "once in its life"
    (taken,) = store.queue.claim("w", [1], 10).messages  # type: ignore[union-attr]
    assert (taken.id, taken.lane, taken.moved_up, taken.due_at) == (rush, 1, RUSH, NOON + 3 * HOUR)
    assert store.backlog.moved_up() == {}
    assert list(store.audit.broken()) == []


def test_a_tightened_clock_orders_the_next_run(store: Store) -> None:
    """Due last when it came, due first when it was read; in the lane that it came in."""
    first, tightened = wait(store, b"1"), wait(store, b"2", due_at=NOON + 40 * HOUR)
    work = claim(store)
    assert [one.id for one in work.messages] == [first, tightened]
    settle(store, work, "hold", None, Urgency(2, NOON + HOUR, None))
    for one in (first, tightened):
        judge_again(store, one)
    assert store.backlog.move_up(NOON + HOUR - HOUR // 4 + 1) == {1: 1}, "and its quarter begins sooner"
    assert stored(store, first).moved_up is None
    assert [one.id for one in claim(store, 1).messages] == [tightened]


def test_what_is_given_back_is_as_urgent_as_it_was_read(store: Store) -> None:
    given_back = wait(store, b"x")
    work = claim(store)
    store.queue.release(work, [replace(one, urgency=urgent(one)) for one in work.messages])
    found = stored(store, given_back)
    assert (found.status, found.lane, found.due_at, found.moved_up) == ("received", 1, NOON + 2 * HOUR, RUSH)
    assert store.backlog.moved_up() == {1: 1}
    settle(store, claim(store), "answer")
    told = store.audit.of(given_back)[-1]["body"]
    assert (told["lane"], told["moved_up"]) == (1, RUSH), "the settlement tells it, whenever it was found"


def test_a_worker_that_lost_its_lease_moves_nothing(database_url: str) -> None:
    store = Store(database_url, lease_seconds=0.02)
    leased = wait(store, b"x")
    stale = claim(store)
    while not store.queue.sweep().released:
        pass
    store.queue.release(stale, [replace(one, urgency=urgent(one)) for one in stale.messages])
    assert (stored(store, leased).lane, stored(store, leased).due_at) == (2, NOON + 4 * HOUR)
    store.close()


# --- from the first tables -------------------------------------------------------------------------------------------
def test_what_waits_since_before_the_upgrade_is_moved_too(empty_database_url: str) -> None:
    """The first tables, with messages in them as the program of then left them, brought to today's."""
    from alembic import command

    fresh = Store(empty_database_url)
    with fresh.database.engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
    with fresh.database.write() as connection:
        run(
            connection,
            _OLD_MESSAGE,
            [(status, status, NOON + 4 * HOUR, NOON) for status in ("received", "held", "done")],
        )
    fresh.upgrade()
    assert fresh.backlog.move_up(LATE) == {}
    with fresh.database.read() as connection:
        rows = fetch(connection, "SELECT id, moves_up_at FROM messages ORDER BY id")
    assert [tuple(row) for row in rows] == [("done", None), ("held", LATE), ("received", LATE)]
    fresh.close()


_OLD_MESSAGE = (
    "INSERT INTO messages (id, account_id, test, status, lane, due_at, received_at, source, payload_sha256, size, run, "
    "losses, fence, event_count, event_hash) VALUES (?, 'acme', 0, ?, 2, ?, ?, 'http', '', 1, 1, 0, 0, 1, '')"
)
