"""What publishing asks for first, and going back to an earlier revision."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.drafting.drafts import Conflicting, Draft, Unpublishable, draft_of, edit, terms_text
from gateway.drafting.publishing import Blocked, may_publish, publish, roll_back, way_back
from gateway.services import Services
from gateway.store.database import Collision
from gateway.store.draft_tests import DraftTest
from gateway.store.drafts import Change
from gateway.store.ids import new_id
from gateway.store.statements import run
from gateway.store.users import Role
from mappings.revision import UnitRow
from tests.api.builders import Gateway, order
from tests.drafting.test_drafts import CARTON, CASE, OAT, published, put, row, services, unit

__all__ = ["services"]


@dataclass(frozen=True)
class Ran:
    """What a test of a draft came to."""

    revision: int
    version: int
    status: str = "done"
    newly_failing: int = 0


def keep(services: Services, test: Ran | None, account_id: str = "acme") -> None:
    """This is what the account's newest test came to; None: it was never tested."""
    with services.store.database.write() as connection:
        run(connection, "DELETE FROM draft_tests", [()])
    if test is None:
        return
    services.store.draft_tests.begin(account_id, test.revision, test.version, 200, 1, actor="test")
    with services.store.database.write() as connection:
        text = "UPDATE draft_tests SET status = ?, newly_failing = ?"
        run(connection, text, [(test.status, test.newly_failing)])


def said(services: Services, role: Role = "admin") -> list[str]:
    return [one.said for one in may_publish(services, draft_of(services, "acme"), role)]


def go(services: Services, **more: Any) -> int:
    return publish(services, draft_of(services, "acme"), author="user Kim", reason="why", **more).number


@pytest.fixture
def busy(tmp_path: Path, services: Services) -> Iterator[Services]:
    """An account that an order has come from, and a draft of it."""
    gateway = Gateway(services)
    gateway.send(gateway.account("acme"), order())
    put(services, CASE)
    yield services
    gateway.app.extensions["door"].close()


def test_an_account_that_sent_nothing_yet_needs_no_test(services: Services) -> None:
    published(services)
    assert said(services) == ["Nothing was edited since the last revision."]
    with pytest.raises(Blocked):
        go(services)
    put(services, CASE)
    keep(services, None)
    assert said(services) == []
    assert go(services) == 2


def test_a_test_of_few_of_many_messages_is_none(busy: Services) -> None:
    version, tests = draft_of(busy, "acme").version, busy.store.draft_tests
    few = DraftTest(new_id(), "acme", 1, version, 5, "done", 5, 5, 0, None, None, "test", 1, 1)
    tests.keep(few, "{}")
    assert said(busy) == ["It was tested on 5 messages alone; the last 200 are asked for."]
    tests.keep(replace(few, id=new_id(), done=4, total=4), "{}")  # it has no more
    assert said(busy) == []


def test_one_that_sent_orders_needs_a_test_of_exactly_this(busy: Services) -> None:
    version = draft_of(busy, "acme").version
    for test, obstacle in (
        (None, "It wasn't tested as it is now."),
        (Ran(1, version - 1), "It wasn't tested as it is now."),
        (Ran(0, version), "It wasn't tested as it is now."),
        (Ran(1, version, "cancelled"), "Its test didn't go through all messages."),
        (Ran(1, version, newly_failing=1), "1 order that was answered would fail."),
        (Ran(1, version, newly_failing=1200), "1,200 orders that were answered would fail."),
    ):
        keep(busy, test)
        assert said(busy) == [obstacle]
        with pytest.raises(Blocked):
            go(busy)
    keep(busy, Ran(1, version))
    assert (said(busy), go(busy)) == ([], 2)


def test_a_smaller_test_does_not_get_past_what_a_larger_one_found(busy: Services) -> None:
    version, tests = draft_of(busy, "acme").version, busy.store.draft_tests

    def ran(last: int, newly_failing: int) -> None:
        test_id = tests.begin("acme", 1, version, last, last, actor="test")
        with busy.store.database.write() as connection:
            text = "UPDATE draft_tests SET status = 'done', newly_failing = ? WHERE id = ?"
            run(connection, text, [(newly_failing, test_id)])

    ran(200, 2)
    ran(1, 0)
    assert said(busy) == ["2 orders that were answered would fail."]
    tests.cancel(tests.begin("acme", 1, version, 10_000, 200, actor="test"), actor="test")
    ran(200, 0)
    assert said(busy) == []


def test_a_reason_of_its_own_gets_past_the_test_and_is_kept(busy: Services) -> None:
    keep(busy, Ran(1, draft_of(busy, "acme").version, newly_failing=2))
    assert go(busy, override="agreed with them") == 2
    newest = busy.store.revision_log.page("acme")[0]
    assert newest.reason == "why (published although 2 orders that were answered would fail: agreed with them)"
    body = busy.store.audit.of("account/acme")[-1]
    assert newest.reason in str(body)


def test_nothing_gets_past_conflicts_and_faults(busy: Services) -> None:
    keep(busy, None)
    published(busy, unit("KRT", "6"))
    assert "otherwise meanwhile" in said(busy)[0]
    with pytest.raises(Conflicting):
        go(busy, override="never mind")
    busy.store.drafts.discard_all("acme", draft_of(busy, "acme").version, author="Kim")
    change_terms(busy, tier="gilded")
    assert said(busy) == ["1 fault would keep it from being used."]
    for override in (None, "never mind"):
        with pytest.raises(Unpublishable):
            go(busy, override=override)


def change_terms(services: Services, **terms: Any) -> None:
    def changes(draft: Draft) -> list[Change]:
        seen = draft.body("terms", "")
        return [draft.change("terms", "", seen, terms_text({**json.loads(seen or "{}"), **terms}))]

    edit(services, "acme", changes, author="user Kim")


def test_support_publishes_rows_and_no_rules_or_terms(services: Services) -> None:
    published(services)
    put(services, CASE)
    assert said(services, "viewer") == ["Publishing needs somebody of the role support."]
    assert said(services, "support") == []
    change_terms(services, tier="gold")
    assert said(services, "support") == ["It changes terms: publishing that needs somebody of the role integration."]
    assert said(services, "integration") == []


# --- back to an earlier one --------------------------------------------------------------------------------------
def test_rolling_back_publishes_an_earlier_revision_again(services: Services) -> None:
    published(services, OAT, CASE)
    published(services, CASE, CARTON, name="Acme Ltd")
    published(services, unit("KRT", "120"), CARTON, name="Acme Ltd")
    way = way_back(services, "acme", 1)
    assert {one.natural_key.partition("|")[0] for one in way.removed} == {"KRT", "PAL"}
    assert {one.natural_key.partition("|")[0] for one in way.added} == {"PL-0042", "KRT"}
    assert way.kinds == {"terms", "item", "unit"}
    done = roll_back(services, "acme", 1, author="user Kim", reason="wrong factor", seen_current=3)
    assert (done.number, done.changed) == (4, True)
    first, newest = (services.store.revisions.load("account/acme", number) for number in (1, 4))
    assert first is not None
    assert newest is not None
    assert (set(newest.rows), newest.terms) == (set(first.rows), first.terms)
    current = services.terms.current(["acme"])["acme"]
    assert (current.account.name, current.units["KRT", None].factor) == ("Acme", Decimal(12))
    entry = services.store.revision_log.one("acme", 4)
    assert entry is not None
    assert (entry.restores, entry.reason, entry.author) == (1, "wrong factor", "user Kim")
    assert list(services.store.audit.broken()) == []


def test_it_is_refused_where_the_current_one_moved(services: Services) -> None:
    for rows in ((), (CASE,), (CARTON,)):
        published(services, *rows)
    with pytest.raises(Collision):
        roll_back(services, "acme", 1, author="Kim", reason="x", seen_current=2)
    for number in (3, 4, 0):
        with pytest.raises(LookupError):
            roll_back(services, "acme", number, author="Kim", reason="x", seen_current=3)
    assert services.store.revisions.current(["acme"]) == {"acme": 3}


def test_a_draft_stays_and_meets_what_came_back(services: Services) -> None:
    published(services, CASE)
    published(services, unit("KRT", "120"))
    put(services, unit("KRT", "24"), seen=unit("KRT", "120"))
    put(services, CARTON)
    roll_back(services, "acme", 1, author="Kim", reason="x", seen_current=2)
    draft = draft_of(services, "acme")
    assert len(draft.edits) == 2
    (conflict,) = draft.conflicts
    assert conflict.now == row(CASE).body


def test_terms_that_this_program_cannot_use_do_not_come_back(services: Services) -> None:
    bad = {"id": "acme", "name": "Acme", "tier": "gilded"}
    services.store.revisions.publish_account(bad, [], author="test", reason="of another program")
    published(services)
    with pytest.raises(Unpublishable):
        roll_back(services, "acme", 1, author="Kim", reason="x", seen_current=2)


def test_rows_of_one_key_come_back_as_they_were(services: Services) -> None:
    twice = [UnitRow("KRT", None, "EA", Decimal(12)), UnitRow("KRT", None, "EA", Decimal(6))]
    published(services, *twice)
    published(services, CASE)
    roll_back(services, "acme", 1, author="Kim", reason="x", seen_current=2)
    newest = services.store.revisions.load("account/acme", 3)
    assert newest is not None
    assert sorted(one.body for one in newest.rows) == sorted(row(one).body for one in twice)
