"""What the store promises, on both databases."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.store import database
from gateway.store.arrivals import NewMessage
from gateway.store.changes import Changes, ClaimedMessage, Settlement
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.ids import new_id, now_us
from gateway.store.messages import _ANYONES, _IN_ENVELOPE, _NEWEST
from gateway.store.queue import LOST_TOGETHER, Claim, LeaseLost
from gateway.store.revisions import CATALOGUE, Row, account_scope
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from gateway.store.tables import metadata, stock_snapshots
from mappings.revision import StockRow
from schemas.faults import Fault
from tests.store.postgres import fresh_database
from tests.store.words import receipt

LANES = (0, 1, 2, 3)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def arrival(body: bytes, account: str = "acme", **changes: object) -> NewMessage:
    """A message as intake hands it over."""
    plain = NewMessage(
        account_id=account,
        test=False,
        lane=1,
        due_at=now_us() + 3_600_000_000,
        source="http",
        format="json-1",
        media_type="application/json",
        body=body,
        sha256=hashlib.sha256(body).digest(),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def settled(message: ClaimedMessage, event: str = "answer", **known: object) -> Changes:
    """The changes of one message that ends."""
    changes = Changes(at=now_us())
    changes.settle(message, Settlement(event, {"decoded": 1}, **known))  # type: ignore[arg-type]
    return changes


def claim(store: Store, limit: int = 50) -> Claim:
    """A claim that must be there."""
    found = store.queue.claim("w1", LANES, limit)
    assert found is not None
    return found


# --- values and schema ----------------------------------------


def test_amounts_come_back_to_the_last_digit(store: Store) -> None:
    nasty = Decimal("1234567890123456789.0000000001")
    store.stock.record([StockRow("P", "S", NOON, nasty)])
    with store.database.read() as connection:
        assert connection.execute(sa.select(stock_snapshots.c.on_hand)).scalar_one() == nasty
    assert store.stock.load(["P"], ["a"]).positions["P", "S"].on_hand == nasty


def _is_compared(store: Store) -> Callable[..., bool]:
    """All but how an event is told from others: by its row's number on SQLite, on PostgreSQL by stream and number."""
    other = "ix_events_position" if store.database.is_sqlite else "uq_events_stream_number"
    return lambda _object, name, *_: name != other


def test_the_migrations_make_the_tables_that_the_program_uses(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.database.engine.connect() as connection:
        options = {"compare_type": False, "include_object": _is_compared(store), "include_name": _is_the_same_on_both}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def _is_the_same_on_both(name: str | None, kind: str, _parents: object) -> bool:
    """But for the index of words: FTS5 and its own tables on SQLite, a table with a GIN index on PostgreSQL."""
    return kind != "table" or not (name or "").startswith("search_words")


def test_upgrading_twice_and_at_once_is_harmless(empty_database_url: str) -> None:
    stores = [Store(empty_database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: one.upgrade(), stores))
    assert all(one.can_store() for one in stores)
    for one in stores:
        one.close()


@pytest.mark.parametrize("own", ["", " AND account_id = 'acme'"])
def test_an_order_number_is_looked_up_in_its_index(store: Store, own: str) -> None:
    """As `Messages.find` asks. The index has no entry of a message that was not read yet, which is where a plan could
    leave it aside."""
    query = f"SELECT id FROM messages WHERE order_number = ?{own} ORDER BY id DESC LIMIT 5"
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.read() as connection:
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {query}", ["PO-1"]))
    assert "ix_messages_order_number" in plan
    for body, number in ((b"1", "PO-1"), (b"2", "PO-2"), (b"3", "PO-1")):
        store.intake.keep(arrival(body))
        work = claim(store)
        store.queue.save(work, settled(work.messages[0], order_number=number))
    assert len(store.messages.find("PO-1")) == len(store.messages.find("PO-1", "acme")) == 2
    assert store.messages.find("PO-1", "other") == []


@pytest.mark.parametrize(("own", "values"), [(_ANYONES, []), (" AND account_id = ?", ["acme"])])
def test_the_orders_of_an_envelope_are_looked_up_in_its_index(store: Store, own: str, values: list[str]) -> None:
    query = f"SELECT id FROM messages WHERE {_IN_ENVELOPE}{own} ORDER BY {_NEWEST} LIMIT 5"
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.read() as connection:
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {query}", ["T-1#", "T-1$", *values]))
    assert "ix_messages_envelope_id" in plan
    assert "envelope_id>" in plan if store.database.is_sqlite else "envelope_id >= 'T-1#'" in plan


# --- intake ----------------------------------------


def test_a_message_is_kept_with_its_bytes_and_first_event(store: Store) -> None:
    kept = store.intake.keep(arrival(b'{"order": 1}'))
    message = store.messages.one("acme", kept.message_id)
    assert (kept.status, kept.duplicate, kept.rings) == ("received", False, True)
    assert message is not None
    assert message.status == "received"
    assert store.messages.body(kept.message_id) == b'{"order": 1}'
    assert [event["kind"] for event in store.audit.of(kept.message_id)] == ["received"]
    assert list(store.audit.broken()) == []


def test_another_account_does_not_see_it(store: Store) -> None:
    kept = store.intake.keep(arrival(b"x"))
    assert store.messages.one("other", kept.message_id) is None


@pytest.mark.parametrize("copies", [50])
def test_the_same_bytes_many_times_at_once_are_one_message(store: Store, copies: int) -> None:
    with ThreadPoolExecutor(copies) as threads:
        answers = list(threads.map(lambda _: store.intake.keep(arrival(b"same")), range(copies)))
    assert len({answer.message_id for answer in answers}) == 1
    assert sum(not answer.duplicate for answer in answers) == 1
    assert store.queue.waiting() == 1


def test_the_same_bytes_through_two_processes_stores_are_one_message(database_url: str, store: Store) -> None:
    second = Store(database_url)
    barrier = threading.Barrier(2)

    def send(through: Store) -> list[str]:
        barrier.wait()
        return [through.intake.keep(arrival(f"body {n}".encode())).message_id for n in range(40)]

    with ThreadPoolExecutor(2) as threads:
        first_ids, second_ids = threads.map(send, (store, second))
    assert first_ids == second_ids
    second.close()


def test_two_accounts_may_send_the_same_bytes(store: Store) -> None:
    kept = [store.intake.keep(arrival(b"same", account)) for account in ("a", "b")]
    assert [one.duplicate for one in kept] == [False, False]
    tests = store.intake.keep(arrival(b"same", "a", test=True))
    assert not tests.duplicate


def test_an_idempotency_key_stands_for_one_content(store: Store) -> None:
    first = store.intake.keep(arrival(b"one", idempotency_key="k"))
    again = store.intake.keep(arrival(b"one", idempotency_key="k"))
    other = store.intake.keep(arrival(b"two", idempotency_key="k"))
    assert again.message_id == first.message_id
    assert other.key_conflict
    assert store.queue.waiting() == 1
    assert not store.intake.keep(arrival(b"two", "other", idempotency_key="k")).key_conflict


def test_a_key_used_twice_in_one_group_conflicts_there(store: Store) -> None:
    group = [arrival(b"one", idempotency_key="k"), arrival(b"two", idempotency_key="k"), arrival(b"two")]
    kept = store.intake.keep_all(group)
    assert [one.key_conflict for one in kept] == [False, True, False]
    assert store.queue.waiting() == 2


def test_unreadable_bytes_are_kept_as_rejected_and_judged_afresh(store: Store) -> None:
    fault = Fault("json_not_valid", "not JSON", value="{")
    first = store.intake.keep(arrival(b"{", unreadable=(fault,)))
    again = store.intake.keep(arrival(b"{", unreadable=(fault,)))
    assert (first.status, again.status) == ("rejected", "rejected")
    assert first.message_id != again.message_id
    assert store.messages.faults(first.message_id) == [fault]
    assert store.messages.body(first.message_id) == b"{"
    assert store.queue.claim("w", LANES, 10) is None


@pytest.mark.parametrize(
    ("event", "expected"),
    [("answer", "done"), ("hold", "received"), ("fail", "received")],
)
def test_a_resend_gets_the_answer_or_is_tried_again(store: Store, event: str, expected: str) -> None:
    first = store.intake.keep(arrival(b"x"))
    work = claim(store)
    store.queue.save(work, settled(work.messages[0], event))
    again = store.intake.keep(arrival(b"x"))
    assert (again.message_id, again.duplicate, again.status) == (first.message_id, True, expected)
    assert list(store.audit.broken()) == []


def test_a_resend_of_a_rejected_message_is_judged_afresh(store: Store) -> None:
    first = store.intake.keep(arrival(b"x"))
    work = claim(store)
    store.queue.save(work, settled(work.messages[0], "reject", faults=(Fault("no_lines", "none"),)))
    again = store.intake.keep(arrival(b"x"))
    assert again.message_id != first.message_id
    assert claim(store).messages[0].body == b"x"


# --- claims and leases ----------------------------------------


def test_a_claim_is_worked_on_by_one_worker(store: Store) -> None:
    for n in range(20):
        store.intake.keep(arrival(f"{n}".encode()))
    with ThreadPoolExecutor(4) as threads:
        claims = list(threads.map(lambda n: store.queue.claim(f"w{n}", LANES, 10), range(4)))
    ids = [message.id for one in claims if one for message in one.messages]
    assert len(ids) == len(set(ids)) == 20


def test_only_a_claim_is_committed_without_waiting_for_the_disk(store: Store) -> None:
    asked = "PRAGMA synchronous" if store.database.is_sqlite else "SHOW synchronous_commit"
    waits: list[bool] = []

    @sa.event.listens_for(store.database.engine, "commit")
    def note(connection: sa.Connection) -> None:
        waits.append(connection.exec_driver_sql(asked).scalar_one() in (2, "on"))  # 2: FULL

    store.intake.keep(arrival(b"1"))
    work = claim(store)
    store.queue.extend(work)
    store.queue.save(work, settled(work.messages[0]))
    assert waits == [True, False, True, True]


def test_a_light_write_that_fails_leaves_no_light_connection(store: Store) -> None:
    with pytest.raises(Collision), store.database.write_lightly() as connection:
        connection.exec_driver_sql("INSERT INTO leases VALUES ('1', 'w', 1, 'b'), ('1', 'w', 1, 'b')")
    with store.database.write() as connection:
        asked = "PRAGMA synchronous" if store.database.is_sqlite else "SHOW synchronous_commit"
        assert connection.exec_driver_sql(asked).scalar_one() in (2, "on")
        assert connection.exec_driver_sql("SELECT count(*) FROM leases").scalar_one() == 0


def test_a_batch_is_shared_between_the_lanes_eight_four_two_one(store: Store) -> None:
    for lane in LANES:
        store.intake.keep_all([arrival(f"{lane}-{n}".encode(), lane=lane) for n in range(40)])
    lanes = [message.lane for message in claim(store, 30).messages]
    assert [lanes.count(lane) for lane in LANES] == [16, 8, 4, 2]


def test_a_full_lane_starves_no_other_and_an_empty_one_wastes_no_share(store: Store) -> None:
    store.intake.keep_all([arrival(f"c{n}".encode(), lane=0) for n in range(60)])
    store.intake.keep(arrival(b"bulk", lane=3))
    lanes = [message.lane for message in claim(store, 50).messages]
    assert len(lanes) == 50
    assert lanes.count(3) == 1


def test_an_accounts_backlog_does_not_delay_anothers_order(store: Store) -> None:
    store.intake.keep_all([arrival(f"{n}".encode(), "big") for n in range(60)])
    store.intake.keep(arrival(b"one", "small"))
    accounts = [message.account_id for message in claim(store, 10).messages]
    assert "small" in accounts


def test_many_accounts_take_turns(store: Store) -> None:
    store.intake.keep_all([arrival(f"{a}{n}".encode(), f"account-{a}") for a in range(6) for n in range(5)])
    served: set[str] = set()
    for _ in range(3):
        served |= {message.account_id for message in claim(store, 2).messages}
    assert len(served) == 6


def test_the_earliest_deadline_goes_first(store: Store) -> None:
    late = store.intake.keep(arrival(b"late", due_at=2_000))
    soon = store.intake.keep(arrival(b"soon", due_at=1_000))
    assert [message.id for message in claim(store).messages] == [soon.message_id, late.message_id]


def test_a_stale_lease_can_not_save(database_url: str) -> None:
    store = Store(database_url, lease_seconds=0.05)
    kept = store.intake.keep(arrival(b"x"))
    stale = claim(store)
    while not store.queue.sweep().released:
        pass
    fresh = claim(store)
    with pytest.raises(LeaseLost):
        store.queue.save(stale, settled(stale.messages[0]))
    assert store.messages.status(kept.message_id) == "processing"
    assert fresh.messages[0].losses == 1
    store.close()


def test_a_lease_that_ran_out_can_not_save_even_before_anyone_took_over(database_url: str) -> None:
    store = Store(database_url, lease_seconds=0.02)
    store.intake.keep(arrival(b"x"))
    stale = claim(store)
    threading.Event().wait(0.05)  # the lease's own time, which nothing else announces
    with pytest.raises(LeaseLost):
        store.queue.save(stale, settled(stale.messages[0]))
    store.close()


def test_what_kills_its_worker_is_worked_on_with_few_then_alone_and_then_set_apart(database_url: str) -> None:
    store = Store(database_url, lease_seconds=0.01, max_losses=3)
    ids = [store.intake.keep(arrival(f"{n}".encode(), due_at=n)).message_id for n in range(10)]
    assert [message.id for message in claim(store).messages] == ids
    lost = 0
    while lost < 10:
        lost += store.queue.sweep().released
    quarantined: tuple[str, ...] = ()
    for together in (ids[:LOST_TOGETHER], ids[:1]):
        assert [message.id for message in claim(store).messages] == together
        while not (swept := store.queue.sweep()).released:
            pass
        quarantined = swept.quarantined
    assert quarantined == (ids[0],)
    assert store.messages.status(ids[0]) == "failed"
    assert [fault.code for fault in store.messages.faults(ids[0])] == ["quarantined"]
    assert list(store.audit.broken()) == []
    store.close()


def test_what_a_worker_held_that_is_gone_comes_back_before_its_lease_is_over_but_once(store: Store) -> None:
    for n in range(3):
        store.intake.keep(arrival(f"{n}".encode()))
    assert store.queue.claim("gone", LANES, 2) is not None
    other = store.queue.claim("at work", LANES, 2)
    assert sorted(store.queue.lessees()) == ["at work", "gone"]
    assert store.queue.end_leases(["gone", "never there"]) == 1
    assert store.queue.sweep().released == 2
    assert store.queue.claim("gone", LANES, 1) is not None  # alone, as it may be what ended its worker
    assert (store.queue.lessees(), store.queue.end_leases(["gone"]), store.queue.sweep().released) == (
        ["at work"],
        0,
        0,
    )
    store.queue.save(other, settled(other.messages[0]))


def test_released_messages_wait_their_time(store: Store) -> None:
    store.intake.keep(arrival(b"x"))
    work = claim(store)
    store.queue.release(work, work.messages, after_seconds=0.05)
    assert store.queue.claim("w", LANES, 10) is None
    while not store.queue.sweep().lanes:
        pass
    assert claim(store).messages[0].losses == 0


# --- saves ----------------------------------------


def document(store: Store, number: str, body: bytes = b"<x/>") -> str:
    """A document in acme's mailbox, made by settling a message of its own."""
    store.intake.keep(arrival(new_id().encode()))
    work = claim(store, 1)
    changes = Changes(at=now_us())
    made = changes.keep_document(
        work.messages[0],
        kind="order_response",
        number=number,
        order_id=None,
        order_number="PO-1",
        revision=1,
        format_name="json-1",
        media_type="application/json",
        body=body,
        canonical="{}",
        transport="mailbox",
    )
    changes.settle(work.messages[0], Settlement("answer", {"decoded": 1}))
    store.queue.save(work, changes)
    return made


def test_the_mailbox_pages_oldest_first_and_only_its_own(store: Store) -> None:
    made = [document(store, f"OR-{n}") for n in range(5)]
    first = store.documents.page("acme", kind=None, order_number=None, after=None, limit=2)
    rest = store.documents.page("acme", kind="order_response", order_number="PO-1", after=first[-1].cursor, limit=9)
    assert [one.id for one in [*first, *rest]] == made
    assert store.documents.page("other", kind=None, order_number=None, after=None, limit=9) == []
    assert store.documents.body(made[0]) == b"<x/>"
    with pytest.raises(ValueError, match="cursor"):
        store.documents.page("acme", kind=None, order_number=None, after="nonsense", limit=9)


def test_a_page_never_runs_ahead_of_a_transaction_that_may_still_commit(database_url: str, store: Store) -> None:
    if store.database.is_sqlite:
        assert store.database.is_sqlite  # one writer at a time: positions are given in the order of commits
        return
    ours = document(store, "OR-1")
    with store.database.engine.connect() as unfinished:
        unfinished.exec_driver_sql("SELECT pg_current_xact_id()")
        document(store, "OR-2")
        page = store.documents.page("acme", kind=None, order_number=None, after=None, limit=9)
        assert [one.id for one in page] == [ours]
        unfinished.rollback()
    assert len(store.documents.page("acme", kind=None, order_number=None, after=None, limit=9)) == 2


def test_a_document_number_is_given_once(store: Store) -> None:
    document(store, "OR-1")
    with pytest.raises(Collision):
        document(store, "OR-1")


def test_a_receipt_is_noted_once(store: Store) -> None:
    made = document(store, "OR-1")
    assert receipt(store, made) == receipt(store, made)


def test_numbers_are_never_given_twice(database_url: str, store: Store) -> None:
    second = Store(database_url)
    with ThreadPoolExecutor(8) as threads:
        takes = threads.map(lambda n: (store, second)[n % 2].numbers.take("order_response", 7), range(200))
    numbers = [number for taken in takes for number in taken]
    assert len(numbers) == len(set(numbers)) == 1400
    second.close()


# --- revisions and keys ----------------------------------------


def test_a_revision_is_frozen_and_stores_only_what_changed(store: Store) -> None:
    account = {"id": "acme", "name": "ACME", "tier": "gold"}
    old = [Row("item", f"sku-{n}", f'{{"n": {n}}}') for n in range(100)]
    first = store.revisions.publish_account(account, old, author="t", reason="import")
    same = store.revisions.publish_account(account, old, author="t", reason="again")
    new = [*old[:99], Row("item", "sku-99", '{"n": "corrected"}')]
    second = store.revisions.publish_account(account, new, author="t", reason="factor")
    assert (first.number, same.number, same.changed, second.number) == (1, 1, False, 2)
    assert (second.added, second.removed) == (1, 1)
    loaded = [store.revisions.load("account/acme", number) for number in (1, 2)]
    assert [set(one.rows) for one in loaded if one] == [set(old), set(new)]
    assert store.revisions.current(["acme", "nobody"]) == {"acme": 2}
    assert list(store.audit.broken()) == []


def test_numbers_of_equal_value_make_no_new_revision(store: Store) -> None:
    """Also where the program that published them told them apart; what stands keeps the way in which it was written."""
    account = {"id": "acme", "name": "ACME", "policies": {"price_tolerance_percent": "1.0"}}
    again = {**account, "policies": {"price_tolerance_percent": "1"}}
    rows = [Row("price", f"P-{n}", f'{{"price": "{n}.50"}}') for n in range(9)]
    shorter = [Row("price", f"P-{n}", f'{{"price": "{n}.5"}}') for n in range(9)]
    first = store.revisions.publish_account(account, rows, author="t", reason="import")
    with store.database.write() as connection:
        run(connection, "UPDATE revisions SET sha256 = ?", [(b"of an older program",)])
    same = store.revisions.publish_account(again, shorter, author="t", reason="again")
    assert (first.number, same.number, same.changed) == (1, 1, False)
    put = store.revisions.put("account/acme", shorter[:3], author="t", reason="sent again")
    assert (put.number, put.published, put.unchanged) == (1, False, 3)
    more = store.revisions.publish_account(again, [*shorter, Row("price", "P-9", "{}")], author="t", reason="more")
    assert (more.number, more.added, more.removed) == (2, 1, 0)
    loaded = store.revisions.load("account/acme", 2)
    assert loaded is not None
    assert set(rows) < set(loaded.rows)
    other = store.revisions.publish_account({**again, "name": "ACME Ltd"}, loaded.rows, author="t", reason="named")
    assert (other.number, other.added, other.removed) == (3, 0, 0)
    fewer = store.revisions.publish_account({**again, "name": "ACME Ltd"}, rows, author="t", reason="gone")
    assert (fewer.number, fewer.added, fewer.removed) == (4, 0, 1)


def test_a_key_is_shown_once_and_dies_when_revoked(store: Store) -> None:
    key, text = store.keys.create("acme", actor="t")
    assert store.keys.verify(text) is not None
    assert store.keys.verify(text[:-1] + ("0" if text[-1] != "0" else "1")) is None
    assert store.keys.verify("gw_live_x_y") is None
    assert store.keys.revoke(key.id, actor="t")
    assert store.keys.verify(text) is None
    _, expired = store.keys.create("acme", actor="t", expires_at=now_us() - 1)
    assert store.keys.verify(expired) is None


def test_a_key_is_nowhere_in_the_database(store: Store) -> None:
    _, text = store.keys.create("acme", actor="t")
    with store.database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                assert text.rpartition("_")[2] not in repr(tuple(row))


# --- stock ----------------------------------------


def counted(on_hand: int, as_of: datetime = NOON, product: str = "P") -> StockRow:
    """So much of a product at S."""
    return StockRow(product, "S", as_of, Decimal(on_hand))


def on_hand(store: Store, product: str = "P") -> Decimal:
    """What orders are decided on."""
    return store.stock.load([product], []).positions[product, "S"].on_hand


def test_an_older_snapshot_never_overrides_a_newer_one(store: Store) -> None:
    store.stock.record([counted(0)])
    old, new = counted(50_000, NOON.replace(year=2020)), counted(7, product="Q")
    recorded = store.stock.record([old, new])
    assert (recorded.stored, [(one.row, one.known) for one in recorded.older]) == (1, [(old, NOON)])
    assert (on_hand(store), on_hand(store, "Q")) == (0, 7)


def test_every_site_that_stock_was_told_of_is_known(store: Store) -> None:
    assert store.stock.sites() == frozenset()
    store.stock.record([counted(0), counted(1, product="Q"), StockRow("P", "T", NOON, Decimal(0))])
    assert store.stock.sites() == {"S", "T"}


def test_where_places_stand_by_product_and_by_site(store: Store) -> None:
    newest = StockRow("P", "T", NOON, Decimal("1.50"), Decimal("0.25"), NOON.date(), Decimal(9))
    store.stock.record([counted(1), counted(2, product="Q"), counted(3, product="R")])
    store.stock.record([StockRow("P", "T", NOON.replace(hour=1), Decimal(7))])
    store.stock.record([newest])
    assert [one.counted for one in store.stock.standing()] == [
        counted(1),
        newest,
        counted(2, product="Q"),
        counted(3, product="R"),
    ]
    places = {
        (("P",), None): [("P", "S"), ("P", "T")],
        (("Q", "P", "none"), None): [("P", "S"), ("P", "T"), ("Q", "S")],
        ((), "T"): [("P", "T")],
        (("P", "R"), "S"): [("P", "S"), ("R", "S")],
        (("Q",), "T"): [],
    }
    for (products, site), expected in places.items():
        found = store.stock.standing(products, site)
        assert [(one.counted.product, one.counted.site) for one in found] == expected
    assert [(one.allocated, one.available) for one in store.stock.standing(["P"], "T")] == [(0, Decimal("1.25"))]


def priced(product: str, price: str) -> Row:
    return Row("price", f"{product}|EA|EUR|0|", json.dumps({"product": product, "price": price}))


def test_rows_are_put_in_place_of_those_of_their_keys(store: Store) -> None:
    """Others stay, in every revision, and what says nothing new makes none."""
    store.revisions.publish_account({"id": "acme", "name": "Acme"}, [priced("P", "1")], author="a", reason="r")
    scope = account_scope("acme")
    put = store.revisions.put(scope, [priced("P", "2"), priced("Q", "3")], author="office", reason="sent")
    assert (put.number, put.published, put.added, put.changed, put.unchanged) == (2, True, 1, 1, 0)
    again = store.revisions.put(scope, [priced("Q", "3")], author="office", reason="sent")
    assert (again.number, again.published, again.unchanged) == (2, False, 1)
    store.revisions.put(scope, [priced("Q", "4")], author="office", reason="sent")
    kept = [store.revisions.load(scope, number) for number in (1, 2, 3)]
    assert [set(one.rows) for one in kept if one is not None] == [
        {priced("P", "1")},
        {priced("P", "2"), priced("Q", "3")},
        {priced("P", "2"), priced("Q", "4")},
    ]
    assert store.revisions.current(["acme"]) == {"acme": 3}
    same = store.revisions.publish_account(
        {"id": "acme", "name": "Acme"}, [priced("Q", "4"), priced("P", "2")], author="a", reason="r"
    )
    assert (same.number, same.changed) == (3, False)
    with pytest.raises(LookupError):
        store.revisions.put(account_scope("nobody"), [priced("P", "1")], author="office", reason="sent")


def test_rows_that_are_put_at_once_are_all_there(store: Store) -> None:
    def put(number: int) -> int:
        return store.revisions.put(CATALOGUE, [priced(f"P{number}", "1")], author="office", reason="sent").number

    with ThreadPoolExecutor(4) as threads:
        numbers = sorted(threads.map(put, range(12)))
    assert numbers == list(range(1, 13))
    stored = store.revisions.load(CATALOGUE, 12)
    assert stored is not None
    assert len(stored.rows) == 12


def test_moments_are_compared_not_their_text(store: Store) -> None:
    store.stock.record([counted(1)])
    earlier = datetime.fromisoformat("2026-11-23T13:59:59+02:00")  # reads as later; NOON is 14:00 there
    assert [one.row for one in store.stock.record([counted(2, earlier)]).older] == [counted(2, earlier)]
    assert on_hand(store) == 1
    later = datetime.fromisoformat("2026-11-23T04:00:01-08:00")
    assert store.stock.record([counted(3, later)]) == (1, (), 0)
    assert on_hand(store) == 3


def test_a_correction_as_old_as_the_snapshot_counts(store: Store) -> None:
    store.stock.record([counted(1)])
    same = datetime.fromisoformat("2026-11-23T13:00:00+01:00")
    assert store.stock.record([counted(2, same)]) == (1, (), 0)
    assert on_hand(store) == 2


def test_what_stands_already_is_not_stored_again(store: Store) -> None:
    """So that a file that comes twice leaves what is being decided alone; its digits and offset may differ."""
    store.stock.record([counted(1), counted(2, product="Q")])
    snapshots = {place: position.snapshot for place, position in store.stock.load(["P", "Q"], []).positions.items()}
    same = replace(counted(1, datetime.fromisoformat("2026-11-23T13:00:00+01:00")), on_hand=Decimal("1.00"))
    assert store.stock.record([same, counted(2, product="Q")]) == (0, (), 2)
    found = store.stock.load(["P", "Q"], []).positions
    assert {place: position.snapshot for place, position in found.items()} == snapshots
    assert store.stock.record([counted(4), counted(2, product="Q")]) == (1, (), 1)


def test_rows_of_one_file_count_by_their_time_whatever_their_order(store: Store) -> None:
    rows = [counted(2, NOON.replace(hour=15)), counted(1), counted(3, NOON.replace(hour=15))]
    assert store.stock.record(rows) == (3, (), 0)
    assert on_hand(store) == 3
    assert store.stock.record([]) == (0, (), 0)


def test_snapshots_recorded_at_once_leave_the_newest_standing(store: Store) -> None:
    products = [f"P{n:02}" for n in range(20)]

    def record(minute: int) -> None:
        moment = NOON.replace(minute=minute)
        store.stock.record([counted(minute, moment, product) for product in products[:: -1 if minute % 2 else 1]])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(record, [*range(30, 60), *range(30)]))
    assert {on_hand(store, product) for product in products} == {59}


# --- what an attacker found ----------------------------------------


def test_a_message_that_lost_its_worker_is_not_passed_over_while_others_wait(database_url: str) -> None:
    store = Store(database_url, lease_seconds=0.01)
    lost = store.intake.keep(arrival(b"lost", lane=3)).message_id
    claim(store)
    while not store.queue.sweep().released:
        pass
    patient = Store(database_url)  # with a lease that lasts, so that nothing else is lost
    for n in range(8):
        patient.intake.keep(arrival(f"urgent {n}".encode(), lane=0))
    claimed = [[message.id for message in claim(patient, 1).messages] for _ in range(4)]
    assert [lost] in claimed
    store.close()
    patient.close()


def test_what_no_text_column_takes_is_stored_all_the_same(store: Store) -> None:
    fault = Fault("unknown_format", "begins with \0 and \ud800", value="hello\0world", expected="\udfff")
    with ThreadPoolExecutor(8) as threads:
        bodies = [arrival(b"bad", unreadable=(fault,)), *(arrival(f"{n}".encode()) for n in range(7))]
        kept = list(threads.map(store.intake.keep, bodies))
    assert [one.status for one in kept] == ["rejected", *["received"] * 7]
    (stored,) = store.messages.faults(kept[0].message_id)
    assert stored.value == "hello\ufffdworld"


def test_an_earlier_message_that_moved_on_meanwhile_is_a_collision(store: Store) -> None:
    first = store.intake.keep(arrival(b"x")).message_id
    work = claim(store)
    store.queue.save(work, settled(work.messages[0], "hold"))
    store.intake.keep(arrival(b"the same in other words"))
    again = claim(store)
    changes = settled(again.messages[0], "mark_duplicate", duplicate_of=first)
    changes.tried_again.append((first, again.messages[0].id))
    assert store.messages.dismiss(first, "t", "by hand") is not None
    with pytest.raises(Collision):
        store.queue.save(again, changes)
    assert store.messages.status(first) == "dismissed"


def test_a_batch_saved_in_parts_ends_its_lease_with_the_last(store: Store) -> None:
    for n in range(2):
        store.intake.keep(arrival(f"{n}".encode()))
    work = claim(store)
    for message in work.messages:
        store.queue.save(work, settled(message))
    with pytest.raises(LeaseLost):
        store.queue.extend(work)


def test_postgresql_ends_a_transaction_that_freezes_after_its_last_statement(postgres, monkeypatch) -> None:
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(fresh_database(postgres))
        here = stack.enter_context(contextlib.closing(Store(url)))
        here.upgrade()
        monkeypatch.setattr(database, "_FROZEN_MS", 300)  # of connections that are made from now on
        frozen = stack.enter_context(contextlib.closing(Store(url)))

        def is_there() -> bool:
            with here.database.read() as connection:
                query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = ?"
                return bool(fetch(connection, query, ["idle in transaction"]))

        def freeze() -> None:
            with frozen.database.write() as connection:
                run(connection, "DELETE FROM leases WHERE id = ?", [("1",)])  # a save's last word
                deadline = time.monotonic() + 20
                while is_there():
                    assert time.monotonic() < deadline, "its locks would be held until TCP gives the machine up"

        with pytest.raises(StoreUnavailable):
            freeze()


def test_who_only_reads_may_pause_and_who_writes_may_not(postgres: Any) -> None:
    """A frozen writer holds up others until the server ends it; a look through the whole database holds up nobody."""
    asked = "SELECT current_setting('idle_in_transaction_session_timeout')"
    with fresh_database(postgres) as url:
        store = Store(url)
        said = {}
        for name in ("snapshot", "write", "read"):
            with getattr(store.database, name)() as connection:
                said[name] = fetch(connection, asked)[0][0]
        store.close()
    assert said == {"snapshot": "10min", "write": "10s", "read": "10s"}
