"""Who did what, read by its indexes, a page at a time, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.store import audit_log
from gateway.store.audit_log import Page, Place, Wanted, events_query
from gateway.store.ids import now_us
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from tests.store.test_conformance import arrival, claim, document, settled


@pytest.fixture
def told(store: Store) -> Store:
    """What people did at two accounts, among what the pipeline did."""
    document(store, "OR-1")
    for account in ("acme", "other"):
        store.revisions.publish_account({"id": account, "name": account}, [], author="user Dana", reason="new")
        key, _ = store.keys.create(account, actor="cli/root")
        store.keys.revoke(key.id, actor="user Sam")
    held = store.intake.keep(arrival(b"held")).message_id
    work = claim(store)
    store.queue.save(work, settled(work.messages[0], "hold"))
    store.messages.dismiss(held, "user Sam", "by hand")
    return store


def seen(page: Page) -> list[tuple[str, str, str | None]]:
    return [(one.actor, one.kind, one.account_id) for one in page.entries]


def test_people_and_systems_are_in_it_and_the_pipeline_is_not(told: Store) -> None:
    assert seen(told.audit_log.page(Wanted(), limit=20)) == [
        ("user Sam", "dismiss", "acme"),
        ("user Sam", "revoked", "other"),
        ("cli/root", "created", "other"),
        ("user Dana", "published", "other"),
        ("user Sam", "revoked", "acme"),
        ("cli/root", "created", "acme"),
        ("user Dana", "published", "acme"),
    ]
    assert told.audit_log.actors() == ["cli/root", "user Dana", "user Sam"]


def test_a_replay_is_one_entry_and_not_one_a_message(told: Store) -> None:
    at, columns = now_us(), "stream, number, at, kind, actor, body, hash"
    events = [
        (
            "01a2",
            3,
            at,
            "replay",
            "user Sam",
            '{"reason":"\\"replay\\":\\"x\\"","replay":"r1","status":"received"}',
            b"h",
        ),
        ("01a3", 3, at, "replay", "user Sam", '{"reason":"\\"replay\\":\\"x\\"","status":"received"}', b"h"),
        ("replay/r1", 1, at, "replay asked for", "user Sam", '{"messages":1}', b"h"),
    ]
    with told.database.write() as connection:
        run(connection, f"INSERT INTO events ({columns}) VALUES ({', '.join('?' * 7)})", events)
    assert [one.stream for one in told.audit_log.page(Wanted(since=at), limit=9).entries] == ["replay/r1", "01a3"]
    of_messages = told.audit_log.page(Wanted(since=at, subject="message"), limit=9).entries
    assert [one.stream for one in of_messages] == ["01a3", "01a2"]


def test_it_is_narrowed_by_all_that_is_asked(told: Store) -> None:
    page = told.audit_log.page
    assert [one.subject for one in page(Wanted(account_id="acme"), limit=9).entries] == [
        "message",
        "key",
        "key",
        "account",
    ]
    assert seen(page(Wanted(actor="user Sam", subject="key"), limit=9)) == [
        ("user Sam", "revoked", "other"),
        ("user Sam", "revoked", "acme"),
    ]
    newest = page(Wanted(), limit=1).entries[0]
    assert page(Wanted(since=newest.at), limit=9).entries == (newest,)
    assert newest not in page(Wanted(until=newest.at), limit=9).entries
    assert page(Wanted(actor="nobody"), limit=9).entries == ()


def test_pages_have_each_event_once(told: Store) -> None:
    whole, found, before = told.audit_log.page(Wanted(), limit=20).entries, list[Any](), None
    while True:
        page = told.audit_log.page(Wanted(), before=before, limit=2)
        found += page.entries
        if (before := page.following) is None:
            break
    assert found == list(whole)
    assert list(told.audit_log.all(Wanted())) == list(whole)


def test_a_page_gives_up_and_says_where_to_look_on(told: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "LOOKED_AT", 2)
    monkeypatch.setattr(audit_log, "_AT_ONCE", 2)
    wanted = Wanted(actor=None, subject="account", account_id="acme")
    first = told.audit_log.page(wanted, limit=5)
    assert (first.entries, first.is_partial) == ((), True)
    assert [one.kind for one in told.audit_log.all(wanted)] == ["published"]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(), "ix_events_people"),
        (Wanted(since=1, until=2**60), "ix_events_people"),
        (Wanted(actor="user Sam"), "ix_events_actor"),
        (Wanted(actor="user Sam", since=1), "ix_events_actor"),
    ],
)
@pytest.mark.parametrize("before", [None, Place(2**60, "x", 1)])
def test_it_reads_by_its_indexes_and_sorts_nothing(
    told: Store, wanted: Wanted, index: str, before: Place | None
) -> None:
    text, values = events_query(wanted, before, 9)
    explain = "EXPLAIN QUERY PLAN" if told.database.is_sqlite else "EXPLAIN"
    with told.database.read() as connection:
        if not told.database.is_sqlite:
            fetch(connection, "SELECT 1")
            connection.exec_driver_sql("ANALYZE events")
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {text}", values))
    assert index in plan, plan
    assert not any(word in plan for word in ("TEMP B-TREE", "Sort", "Seq Scan")), plan


def test_the_pipelines_own_events_have_no_entry_in_those_indexes(told: Store) -> None:
    """The condition is the index's own words: a query that says others would read every event there is."""
    with told.database.read() as connection:
        all_events = fetch(connection, "SELECT count(*) FROM events")[0][0]
        indexed = fetch(connection, f"SELECT count(*) FROM events WHERE {audit_log.BY_SOMEBODY}")[0][0]
    assert (indexed, all_events) == (7, 11)
