"""Drafts of mappings: rows that are to become others, and nobody's edit lost unseen. On SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from gateway.store.database import Collision
from gateway.store.drafts import Change, Overtaken
from gateway.store.store import Store

ITEM = ("item", "PL-1||OAT-1L||")


def change(seen: str | None, body: str | None, published: str | None = None, key: tuple[str, str] = ITEM) -> Change:
    return Change(*key, seen, published, body)


def bodies(store: Store, account_id: str = "acme") -> dict[str, str | None]:
    return {edit.natural_key: edit.body for edit in store.drafts.of(account_id).edits}


def test_an_edit_is_kept_with_who_made_it_and_why(store: Store) -> None:
    assert store.drafts.of("acme").version == 0
    version = store.drafts.put("acme", 0, [change(None, "{}")], author="user Kim", note="new item", batch="b1")
    draft = store.drafts.of("acme")
    (edit,) = draft.edits
    assert (version, draft.version) == (1, 1)
    assert (edit.was, edit.body, edit.author, edit.note, edit.batch) == (None, "{}", "user Kim", "new item", "b1")
    assert store.drafts.open_accounts() == ["acme"]
    assert [one["kind"] for one in store.audit.of("draft/acme")] == ["draft changed"]


def test_who_saw_something_older_overwrites_nothing(store: Store) -> None:
    store.drafts.put("acme", 0, [change("old", "one", "old")], author="Kim")
    with pytest.raises(Overtaken) as overtaken:
        store.drafts.put("acme", 0, [change("old", "two", "old"), change(None, "x", key=("unit", "K|"))], author="Ada")
    assert overtaken.value.now == {ITEM: "one"}
    assert bodies(store) == {ITEM[1]: "one"}
    store.drafts.put("acme", 0, [change("one", "two", "old")], author="Ada")
    (edit,) = store.drafts.of("acme").edits
    assert (edit.was, edit.body, edit.author) == ("old", "two", "Ada")


def test_what_becomes_as_it_is_published_is_no_edit(store: Store) -> None:
    store.drafts.put("acme", 0, [change("old", None, "old")], author="Kim")
    assert bodies(store) == {ITEM[1]: None}
    store.drafts.put("acme", 0, [change(None, "old", "old")], author="Kim")
    assert (bodies(store), store.drafts.of("acme").version) == ({}, 2)


def test_an_edit_of_another_revision_than_is_published_is_refused(store: Store) -> None:
    store.revisions.publish_account({"id": "acme", "name": "Acme"}, [], author="test", reason="test")
    with pytest.raises(Collision):
        store.drafts.put("acme", 0, [change(None, "{}")], author="Kim")
    assert bodies(store) == {}


def test_an_import_goes_as_it_came(store: Store) -> None:
    many = [change(None, f"body {index}", key=("item", f"PL-{index:04}||X||")) for index in range(1_200)]
    store.drafts.put("acme", 0, many, author="Kim", batch="b1")
    store.drafts.put("acme", 0, [change(None, "{}")], author="Kim")
    store.drafts.put("acme", 0, [change("body 0", "mine", key=many[0].key)], author="Ada")
    assert store.drafts.discard_batch("acme", "b1", author="Kim") == 1_199
    assert bodies(store) == {ITEM[1]: "{}", many[0].natural_key: "mine"}
    assert store.drafts.discard("acme", [ITEM, ("item", "none")], author="Kim") == 1
    assert store.drafts.discard_all("acme", store.drafts.of("acme").version, author="Kim") == 1
    assert store.drafts.open_accounts() == []


def test_all_is_taken_back_only_as_it_was_seen(store: Store) -> None:
    seen = store.drafts.put("acme", 0, [change(None, "{}")], author="Kim")
    store.drafts.put("acme", 0, [change(None, "{}", key=("unit", "K|"))], author="Ada")
    with pytest.raises(Collision):
        store.drafts.discard_all("acme", seen, author="Kim")
    assert len(bodies(store)) == 2


def test_editing_on_does_not_end_a_conflict_unseen(store: Store) -> None:
    store.drafts.put("acme", 0, [change("old", "mine", "old")], author="Kim")
    store.drafts.put("acme", 0, [change("mine", "mine too", "theirs")], author="Kim")  # published by others meanwhile
    (edit,) = store.drafts.of("acme").edits
    assert (edit.was, edit.body) == ("old", "mine too")


def test_an_edit_is_kept_of_what_is_published_today(store: Store) -> None:
    store.drafts.put("acme", 0, [change("old", "mine", "old"), change(None, "x", key=("unit", "K|"))], author="Kim")
    mine, unit = sorted(store.drafts.of("acme").edits, key=lambda edit: edit.kind)
    store.drafts.rebase("acme", [(mine, "theirs"), (unit, "x")], author="Kim")
    (edit,) = store.drafts.of("acme").edits
    assert (edit.was, edit.body) == ("theirs", "mine")
    with pytest.raises(Overtaken):
        store.drafts.rebase("acme", [(unit, None)], author="Kim")


def test_a_drafts_edits_are_counted_without_reading_them(store: Store) -> None:
    assert store.drafts.size("acme") == 0
    store.drafts.put("acme", 0, [Change("unit", "KRT|", None, None, "{}")], author="Kim")
    assert (store.drafts.size("acme"), store.drafts.size("delta")) == (1, 0)
