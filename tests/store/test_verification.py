"""What was tampered with is found and named, on both databases; what is as it was recorded is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.store.chain import digest_of
from gateway.store.ids import new_id
from gateway.store.revisions import Row
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from gateway.store.verification import DOCUMENTS, EVENTS, KEYS, MESSAGES, PAYLOADS, USERS
from tests.harness.replaying import judge_again
from tests.store.test_conformance import arrival, claim, document, settled

SHA = "'\\x" + "ab" * 32 + "'", "x'" + "ab" * 32 + "'"
"""Another digest, as PostgreSQL and as SQLite write it."""


@dataclass(frozen=True)
class Names:
    """Of what `recorded` left behind."""

    answered: str
    document: str
    held: str
    waiting: str
    live: str
    revoked: str
    viewer: str
    gone: str


@pytest.fixture
def recorded(store: Store) -> Names:
    """A store with messages of every kind, a document, keys, an account with two revisions and a catalogue."""
    made = document(store, "OR-1", b"<x>as made</x>")
    (answered,) = [
        one.message_id for one in store.documents.page("acme", kind=None, order_number=None, after=None, limit=9)
    ]
    held = store.intake.keep(arrival(b"held")).message_id
    work = claim(store)
    store.queue.save(work, settled(work.messages[0], "hold"))
    waiting = store.intake.keep(arrival(b"waiting")).message_id
    live, _ = store.keys.create("acme", actor="t")
    revoked, _ = store.keys.create(None, actor="t")
    store.keys.revoke(revoked.id, actor="t")
    viewer = store.users.create("Dana", "support", "acme", actor="t")
    store.users.change_role(viewer.id, "viewer", actor="t")
    gone = store.users.create("Lee", "admin", None, actor="t")
    store.users.disable(gone.id, actor="t", reason="left")
    for name in ("ACME", "ACME SE"):
        store.revisions.publish_account({"id": "acme", "name": name}, [], author="t", reason="t")
    store.revisions.publish_catalogue([Row("product", "P", "{}")], author="t", reason="t")
    assert list(store.audit.broken()) == []
    return Names(answered, made, held, waiting, live.id, revoked.id, viewer.id, gone.id)


TAMPERINGS = [
    ("UPDATE events SET body = '{{}}' WHERE stream = '{held}' AND number = 1", "stream {held}: event 1"),
    ("UPDATE events SET body = 'no JSON' WHERE stream = '{held}' AND number = 2", "stream {held}: event 2"),
    ("UPDATE events SET actor = 'x' WHERE stream = '{held}' AND number = 2", "stream {held}: event 2"),
    ("DELETE FROM events WHERE stream = '{held}' AND number = 1", "stream {held}: event 2"),
    ("DELETE FROM events WHERE stream = '{held}' AND number = 2", "message {held}: its chain doesn't end with event 2"),
    ("DELETE FROM events WHERE stream = '{held}'", "message {held}: its whole chain is gone"),
    ("DELETE FROM messages WHERE id = '{held}'", "message {held}: it is gone"),
    ("DELETE FROM messages WHERE id = '{answered}'", "message {answered}: it is gone"),
    ("UPDATE messages SET status = 'done' WHERE id = '{held}'", "message {held}: it is done, but its chain says held"),
    ("UPDATE messages SET status = 'held' WHERE id = '{waiting}'", "message {waiting}: it is held, but"),
    ("UPDATE messages SET status = 'processing' WHERE id = '{held}'", "message {held}: it is processing, but"),
    ("UPDATE messages SET event_count = 1 WHERE id = '{held}'", "message {held}: its chain doesn't end with event 1"),
    ("UPDATE messages SET payload_sha256 = {sha} WHERE id = '{held}'", "message {held}: it has the digest of other"),
    ("UPDATE messages SET payload_id = payload_id - 1 WHERE id = '{held}'", "message {held}: the bytes that it points"),
    ("DELETE FROM payloads WHERE message_id = '{held}'", "message {held}: the row of its bytes"),
    ("UPDATE payloads SET body = sha256 WHERE message_id = '{held}'", "(message {held}): its bytes were replaced"),
    ("UPDATE payloads SET sha256 = {sha} WHERE message_id = '{held}'", "(message {held}): its bytes were replaced"),
    ("UPDATE payloads SET size = 3 WHERE message_id = '{held}'", "(message {held}): it says 3 bytes and has 4"),
    ("UPDATE payloads SET body = NULL WHERE message_id = '{held}'", "(message {held}): its bytes are gone"),
    ("UPDATE documents SET body = {sha}", "document {document} (order_response OR-1) of message {answered}: its body"),
    ("UPDATE documents SET canonical = '{{ }}'", "of message {answered}: its canonical form was replaced"),
    ("DELETE FROM documents", "document {document} of message {answered}: it is gone"),
    ("UPDATE documents SET id = 'other'", "document other (order_response OR-1) of message {answered}: its message's"),
    ("UPDATE documents SET message_id = 'other'", "document {document} of message {answered}: it is gone"),
    ("DELETE FROM events WHERE stream = 'key/{live}'", "key {live}: its whole chain is gone"),
    ("DELETE FROM events WHERE stream = 'key/{revoked}' AND number = 1", "stream key/{revoked}: event 2"),
    ("DELETE FROM users WHERE id = '{viewer}'", "user {viewer}: it is gone"),
    ("UPDATE users SET role = 'admin' WHERE id = '{viewer}'", "user {viewer} (Dana): the role is admin"),
    ("UPDATE users SET account_id = NULL WHERE id = '{viewer}'", "user {viewer} (Dana): was made as one of acme"),
    ("UPDATE users SET disabled_at = NULL", "user {gone} (Lee): is let in, but the chain says out"),
    ("UPDATE users SET disabled_at = 1 WHERE id = '{viewer}'", "user {viewer} (Dana): is let out, but"),
    ("DELETE FROM api_keys WHERE id = '{live}'", "key {live}: it is gone"),
    ("UPDATE api_keys SET account_id = 'other' WHERE id = '{live}'", "key {live}: it was made as a live key of acme"),
    ("UPDATE api_keys SET test = 1 WHERE id = '{live}'", "key {live}: it was made as a live key of acme"),
    ("UPDATE api_keys SET revoked_at = NULL", "key {revoked}: it is live, but its chain says revoked"),
    ("UPDATE api_keys SET revoked_at = 1 WHERE id = '{live}'", "key {live}: it is revoked, but its chain says live"),
    ("DELETE FROM events WHERE stream = 'account/acme'", "account acme: its whole chain is gone"),
    ("DELETE FROM events WHERE stream = 'account/acme' AND number = 2", "account acme: no event tells of its"),
    ("DELETE FROM revisions WHERE scope = 'account/acme' AND number = 1", "account acme: its revision 1 is gone"),
    ("DELETE FROM events WHERE stream = 'catalogue'", "catalogue: its whole chain is gone"),
    ("DELETE FROM revisions WHERE scope = 'catalogue'", "the catalogue: it is gone"),
]  # fmt: skip


@pytest.mark.parametrize(("tampering", "sentence"), TAMPERINGS, ids=[tampering for tampering, _ in TAMPERINGS])
def test_tampering_is_found_and_named(store: Store, recorded: Names, tampering: str, sentence: str) -> None:
    names = {**vars(recorded), "sha": SHA[store.database.is_sqlite]}
    with store.database.write() as connection:
        assert connection.exec_driver_sql(tampering.format(**names)).rowcount >= 1
    found = list(store.audit.broken())
    assert any(sentence.format(**names) in one for one in found), found


def test_an_account_that_lost_its_revisions_and_its_chain_is_missed(store: Store, recorded: Names) -> None:
    with store.database.write() as connection:
        run(connection, "DELETE FROM revisions WHERE scope = ?", [("account/acme",)])
        run(connection, "DELETE FROM events WHERE stream = ?", [("account/acme",)])
    assert list(store.audit.broken()) == ["account acme: its whole chain is gone"]


def test_what_retention_erased_is_no_fault_once_a_chain_tells_of_it(store: Store, recorded: Names) -> None:
    with store.database.write() as connection:
        run(connection, "UPDATE payloads SET body = NULL, erased_at = 1 WHERE message_id = ?", [(recorded.held,)])
        (found,) = fetch(connection, "SELECT id FROM payloads WHERE message_id = ?", [recorded.held])
    assert [one.endswith("its bytes are gone, and were not erased by retention") for one in broken(store)] == [True]
    with store.database.write() as connection:
        store.audit.note(connection, "retention/acme", "payloads erased", "t", {"payloads": [found[0]]})
    assert broken(store) == []


def broken(store: Store) -> list[str]:
    return list(store.audit.broken())


def test_a_message_under_a_lease_is_no_fault(store: Store, recorded: Names) -> None:
    claim(store)
    assert store.messages.status(recorded.waiting) == "processing"
    assert list(store.audit.broken()) == []


def test_every_move_of_a_message_leaves_its_chain_saying_its_status(store: Store, recorded: Names) -> None:
    store.intake.keep(arrival(b"held"))  # a resend: it is tried again
    assert store.messages.status(recorded.held) == "received"
    assert list(store.audit.broken()) == []
    work = claim(store)
    for message in work.messages:
        store.queue.save(work, settled(message, "fail"))
    judge_again(store, recorded.held)
    assert list(store.audit.broken()) == []
    store.messages.dismiss(recorded.waiting, "t", "by hand")
    assert store.messages.status(recorded.waiting) == "dismissed"
    assert list(store.audit.broken()) == []


def test_documents_from_before_their_digests_are_counted(store: Store, recorded: Names) -> None:
    untell(store, recorded.answered)
    verification = store.audit.verification()
    assert (list(verification.broken()), verification.undigested) == ([], 1)


def untell(store: Store, message_id: str) -> None:
    """The message's last event as it was written before documents were digested."""
    query = "SELECT stream, number, at, kind, actor, body FROM events WHERE stream = ? ORDER BY number"
    with store.database.write() as connection:
        *_, before, last = fetch(connection, query, [message_id])
        body = json.loads(last[5])
        del body["documents"]
        text = json.dumps(body, separators=(",", ":"))
        previous = digest_of(bytes(32), *before)
        head = digest_of(previous, *last[:5], text)
        run(
            connection,
            "UPDATE events SET body = ?, hash = ? WHERE stream = ? AND number = ?",
            [(text, head, *last[:2])],
        )
        run(connection, "UPDATE messages SET event_hash = ? WHERE id = ?", [(head, message_id)])


def test_it_reads_by_its_indexes_and_sorts_nothing(store: Store, recorded: Names) -> None:
    """What is sorted is held whole: a million rows in memory, or a file as large."""
    is_sqlite = store.database.is_sqlite
    documents = DOCUMENTS.format(canonical="canonical" if is_sqlite else "convert_to(canonical, 'UTF8')")
    list(store.audit.broken())  # SQLite's connection has learnt sha256 by then
    for query in (
        EVENTS,
        MESSAGES,
        documents.replace("sha256(", "length("),
        KEYS,
        USERS,
        PAYLOADS.replace("sha256(", "length("),
    ):
        plan = planned(store, query)
        assert not any(word in plan for word in ("TEMP B-TREE", "Sort", "Hash")), plan


def planned(store: Store, query: str) -> str:
    """How the database would answer, told that it need not give the first rows late."""
    with store.database.snapshot() as connection:
        if store.database.is_sqlite:
            return repr(fetch(connection, f"EXPLAIN QUERY PLAN {query}"))
        name = f"plan_{new_id()}"
        rows: list[Any] = fetch(connection, f"EXPLAIN DECLARE {name} CURSOR FOR {query}")
        return repr(rows)


def test_a_large_document_is_verified_as_it_came_and_not_as_it_is_stored(store: Store) -> None:
    large = b"<line>words that come again</line>" * 5000
    message_id = store.intake.keep(arrival(large)).message_id
    assert list(store.audit.broken()) == []
    with store.database.write() as connection:
        row = fetch(connection, "SELECT body FROM payloads WHERE message_id = ?", [message_id])
        edited = bytes(row[0][0])[:-9]
        run(connection, "UPDATE payloads SET body = ? WHERE message_id = ?", [(edited, message_id)])
    assert [f"(message {message_id}): its bytes were replaced" in said for said in store.audit.broken()] == [True]
