"""Tables as drafts have them: pages by key, looks for a text, what was published under a key. On both databases."""

from __future__ import annotations

import json

from gateway.store.account_tables import Look
from gateway.store.drafts import Change
from gateway.store.revisions import Row
from gateway.store.statements import fetch
from gateway.store.store import Store

EVERYTHING = Look()


def item(number: int, product: str = "OAT", **more: str) -> Row:
    sku = f"PL-{number:04}"
    body = {"account_sku": sku, "product": product, **more}
    return Row("item", f"{sku}||{product}||", json.dumps(body, ensure_ascii=False))


def publish(store: Store, *rows: Row, reason: str = "test") -> int:
    terms = {"id": "acme", "name": "Acme"}
    return store.revisions.publish_account(terms, rows, author="Kim", reason=reason).number


def put(store: Store, number: int, key: str, was: str | None, body: str | None, batch: str | None = None) -> None:
    store.drafts.put("acme", number, [Change("item", key, was, was, body)], author="Ada", note="n", batch=batch)


def keys(store: Store, number: int, look: Look = EVERYTHING, after: str = "", limit: int = 50) -> list[str]:
    return [
        one.natural_key.split("|")[0] for one in store.account_tables.page("acme", number, "item", look, after, limit)
    ]


def test_pages_are_the_published_rows_with_the_edits_over_them(store: Store) -> None:
    number = publish(store, *(item(one) for one in (1, 3, 5, 7)))
    put(store, number, item(2).natural_key, None, item(2).body)
    put(store, number, item(3).natural_key, item(3).body, item(3, description="new").body)
    put(store, number, item(5).natural_key, item(5).body, None)
    assert keys(store, number) == ["PL-0001", "PL-0002", "PL-0003", "PL-0005", "PL-0007"]
    first = store.account_tables.page("acme", number, "item", Look(), "", 3)
    assert [one.standing for one in first] == ["same", "new", "changed"]
    rest = store.account_tables.page("acme", number, "item", Look(), first[-1].natural_key, 3)
    assert [(one.standing, one.body is None) for one in rest] == [("goes", True), ("same", False)]
    assert keys(store, number, Look(edited_only=True)) == ["PL-0002", "PL-0003", "PL-0005"]
    assert store.account_tables.edits("acme") == 3


def test_rows_are_found_by_the_beginning_of_their_key(store: Store) -> None:
    number = publish(store, *(item(one) for one in (1, 10, 11, 2)))
    put(store, number, item(12).natural_key, None, item(12).body)
    assert keys(store, number, Look(prefix="PL-001")) == ["PL-0010", "PL-0011", "PL-0012"]
    assert keys(store, number, Look(prefix="PL-001"), after=item(10).natural_key) == ["PL-0011", "PL-0012"]
    assert keys(store, number, Look(prefix="PL-0001|")) == ["PL-0001"]


def test_rows_are_found_by_a_text_anywhere_in_their_values(store: Store) -> None:
    number = publish(store, item(1, description='5" pipe, Größe 7'), item(2, description="OAT drink"), item(3))
    put(store, number, item(3).natural_key, item(3).body, item(3, description="Pipe wrench").body)
    for sought, found in {
        "pipe": ["PL-0001", "PL-0003"],
        '5"': ["PL-0001"],
        "Größe": ["PL-0001"],
        "description": [],
        '": "': [],
        "nothing such": [],
    }.items():
        assert keys(store, number, Look(text=sought)) == found, sought
    assert keys(store, number, Look(text="oat", prefix="PL-0002")) == ["PL-0001", "PL-0003"]
    assert keys(store, number, Look(text="OAT"), limit=2) == ["PL-0001", "PL-0002"]


def test_an_account_that_is_a_draft_alone_has_its_edits(store: Store) -> None:
    put(store, 0, item(1).natural_key, None, item(1).body)
    assert keys(store, 0) == ["PL-0001"]


def test_what_was_published_under_a_key_is_told_with_who_and_why(store: Store) -> None:
    publish(store, item(1))
    publish(store, item(1, description="better"), item(2), reason="clearer")
    publish(store, item(2))
    versions = store.account_tables.versions("acme", "item", item(1).natural_key)
    assert [(one.added_in, one.removed_in) for one in versions] == [(1, 2), (2, 3)]
    told = store.account_tables.publications("acme", [1, 2, 3])
    assert (told[2].reason, told[2].author, sorted(told)) == ("clearer", "Kim", [1, 2, 3])
    assert store.account_tables.publications("acme", []) == {}


def test_rows_of_one_subject_are_told(store: Store) -> None:
    publish(store, item(1), item(10))
    publish(store, item(1, "RYE"), item(10))
    found = store.account_tables.versions_below("acme", "item", "PL-0001|")
    assert [(one.natural_key, one.removed_in) for one in found] == [("PL-0001||OAT||", 2), ("PL-0001||RYE||", None)]


def test_imports_are_named_while_the_draft_has_rows_of_them(store: Store) -> None:
    for number, batch in ((1, "b1"), (2, "b1"), (3, "b2"), (4, None)):
        put(store, 0, item(number).natural_key, None, item(number).body, batch)
    assert {one.id for one in store.account_tables.batches("acme", "item")} == {"b1", "b2"}
    assert store.account_tables.batches("acme", "price") == []
    store.drafts.discard_batch("acme", "b1", author="Ada")
    assert [one.id for one in store.account_tables.batches("acme", "item")] == ["b2"]


def test_postgresql_counts_a_table_that_has_grown(store: Store) -> None:
    """Else it would take an index by which it reads all rows, until it counts them by itself."""
    publish(store, *(item(one) for one in range(1_500)))
    if store.database.is_sqlite:
        return
    with store.database.read() as connection:
        rows = fetch(connection, "SELECT reltuples::bigint FROM pg_class WHERE relname = 'revision_rows'")
    assert rows[0][0] == 1_500
