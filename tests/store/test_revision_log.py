"""What was published and what went out under it, revision by revision. On SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.store.revisions import Row
from gateway.store.sent_under import _UNDER, MOST_COUNTED
from gateway.store.statements import fetch, insert
from gateway.store.store import Store
from gateway.store.tables import deliveries, documents
from tests.store.test_sending import _outbound

TERMS = {"id": "acme", "name": "Acme"}
A, B, C = (Row("item", name, "{}") for name in "ABC")


def publish(store: Store, *rows: Row, **terms: Any) -> None:
    store.revisions.publish_account({**TERMS, **terms}, rows, author="Kim", reason="because")


def file(text: str) -> Row:
    return Row("file", "order_map.yaml", text)


def test_a_page_says_what_came_and_went_newest_first(store: Store) -> None:
    publish(store, A, B)
    publish(store, B, C)
    publish(store, B, C, name="Acme Ltd")
    first = store.revision_log.page("acme", limit=2)
    assert [(one.number, one.came, one.went, one.terms_changed) for one in first] == [(3, 0, 0, True), (2, 1, 1, False)]
    (rest,) = store.revision_log.page("acme", before=first[-1].number, limit=2)
    assert (rest.number, rest.came, rest.terms_changed, rest.author, rest.reason) == (1, 2, True, "Kim", "because")
    assert store.revision_log.one("acme", 2) == first[1]
    assert store.revision_log.one("acme", 9) is None
    assert store.revision_log.page("other") == []


def test_between_two_revisions_rows_go_and_come(store: Store) -> None:
    publish(store, A, B)
    publish(store, B, C)
    publish(store, A, B)
    assert store.revision_log.between("acme", 1, 2) == ([A], [C])
    assert store.revision_log.between("acme", 2, 1) == ([C], [A])
    assert store.revision_log.between("acme", 1, 3) == ([A], [A]), "it went and came again: alike, and another row"
    assert store.revision_log.between("acme", 3, 3) == ([], [])


def test_a_revision_that_publishes_an_earlier_one_again_says_so(store: Store) -> None:
    publish(store, A)
    publish(store, B)
    seen = store.revisions.load("account/acme", 2)
    assert seen is not None
    store.revisions.publish_changes(seen, TERMS, [B], [A], author="Kim", reason="wrong", restores=1)
    newest = store.revision_log.one("acme", 3)
    assert newest is not None
    assert (newest.restores, newest.came, newest.went) == (1, 1, 1)
    assert store.revision_log.restored_since("acme", 1) == [3]
    assert store.revision_log.restored_since("acme", 2) == []
    assert list(store.audit.broken()) == []


def test_a_file_is_followed_through_its_revisions(store: Store) -> None:
    for rows in ([file("one")], [file("one"), A], [file("two"), A], [A], [A, file("three")]):
        publish(store, *rows)
    found = [(entry.number, body) for entry, body in store.revision_log.file_versions("acme", "order_map.yaml")]
    assert found == [(1, "one"), (3, "two"), (4, None), (5, "three")]
    assert store.revision_log.files("acme") == ["order_map.yaml"]
    assert store.revision_log.file_versions("acme", "other") == []


def test_the_terms_are_followed_through_theirs(store: Store) -> None:
    publish(store, A)
    publish(store, B)
    publish(store, B, name="Acme Ltd")
    found = [(entry.number, terms["name"]) for entry, terms in store.revision_log.terms_versions("acme")]
    assert found == [(1, "Acme"), (3, "Acme Ltd")]


def sent(store: Store, revision: int, count: int) -> None:
    made = [replace(_outbound(f"{revision}-{one:05}", None), revision=revision).rows(1_000) for one in range(count)]
    with store.database.write() as connection:
        insert(connection, documents, [one[1] for one in made])
        insert(connection, deliveries, [one[2] for one in made])


def test_documents_are_told_by_the_revision_that_they_went_out_under(store: Store) -> None:
    for revision, count in ((1, 2), (2, 3), (3, 1)):
        sent(store, revision, count)
    first = store.sent_under.page("acme", 1, 3, limit=2)
    rest = store.sent_under.page("acme", 1, 3, after=first[-1].cursor)
    assert [(one.mapping_revision, one.number) for one in (*first, *rest)] == [
        (2, "2-00000"),
        (2, "2-00001"),
        (2, "2-00002"),
        (3, "3-00000"),
    ]
    assert (first[0].transport, first[0].status, first[0].order_number) == ("webhook", "waiting", "PO-1")
    assert list(store.sent_under.all("acme", 1, 3)) == [*first, *rest]
    assert [store.sent_under.count("acme", *one) for one in ((0, 3), (1, 3), (3, 3))] == [6, 4, 0]
    assert store.sent_under.page("other", 0, 3) == []


def test_counting_ends_where_nobody_reads_on(store: Store) -> None:
    sent(store, 1, MOST_COUNTED + 20)
    assert store.sent_under.count("acme", 0, 1) == MOST_COUNTED + 1


def test_they_are_found_by_their_index(store: Store) -> None:
    query = f"SELECT d.id FROM documents d WHERE {_UNDER} ORDER BY d.mapping_revision, d.position LIMIT 9"
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.read() as connection:
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {query}", ["acme", 1, 3]))
    assert "ix_documents_mapping_revision" in plan
    assert "TEMP B-TREE" not in plan
