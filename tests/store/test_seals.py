"""What is sealed can't be changed, cut or taken out unseen, not even by whoever has the whole database; on both."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.auditing.sealing import Sealer, expectation, expectation_at, kept_at
from gateway.sealing import Keyring
from gateway.store import seals as seals_file
from gateway.store.chain import START, digest_of
from gateway.store.revisions import Row
from gateway.store.seals import read_seals
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from tests.store.test_conformance import arrival, claim, document, settled

KEY = "the-present-key-0123456789-abcdefgh"
BEFORE = "the-key-before-it-0123456789-abcdefg"
OTHER = "the-key-of-a-stranger-0123456789-abc"
OURS = Keyring(lambda: (KEY, None))


@dataclass
class Sealed:
    """A store with a stream of every kind, all of it sealed, and the sealer."""

    store: Store
    folder: Path
    held: str
    streams: list[str]

    def seal(self, keyring: Keyring = OURS) -> int:
        return Sealer(self.store, keyring, self.folder).seal()

    def broken(self, *kept: str, keyring: Keyring = OURS) -> list[str]:
        expected = [expectation(one, "somebody") for one in kept]
        return list(self.store.audit.verification(keyring.mark_keys, expected).broken())

    def name(self) -> str:
        newest = self.store.seals.newest()
        assert newest is not None
        return newest.name

    def sql(self, text: str, *values: Any) -> None:
        with self.store.database.write() as connection:
            run(connection, text, [values])

    def rows(self, text: str, *values: Any) -> list[Any]:
        with self.store.database.read() as connection:
            return fetch(connection, text, list(values))


NOTED = ("draft/acme", "problem/1:abc", "replay/r-1", "notice/n-1", "secret_rotation/x", "system")
"""Streams that no row is of, two events each; keys, accounts, the catalogue and messages come as they do."""


@pytest.fixture
def sealed(store: Store, tmp_path: Path) -> Sealed:
    document(store, "OR-1", b"<x>as made</x>")
    held = store.intake.keep(arrival(b"held")).message_id
    work = claim(store)
    store.queue.save(work, settled(work.messages[0], "hold"))
    key, _ = store.keys.create("acme", actor="t")
    store.keys.revoke(key.id, actor="t")
    for name in ("ACME", "ACME SE"):
        store.revisions.publish_account({"id": "acme", "name": name}, [], author="t", reason="t")
    for product in ("P", "Q"):
        store.revisions.publish_catalogue([Row("product", product, "{}")], author="t", reason="t")
    with store.database.write() as connection:
        for stream in NOTED:
            for number in (1, 2):
                store.audit.note(connection, stream, f"done {number}", "user dana", {"reason": "t"})
    made = Sealed(store, tmp_path, held, [*NOTED, f"key/{key.id}", "account/acme", "catalogue", held])
    assert made.seal() == 1
    assert made.broken() == []
    return made


def rehashed(sealed: Sealed, stream: str, edit: Callable[[list[list[Any]]], list[list[Any]]]) -> None:
    """What somebody does who has the database and no key: edits the stream's events, hashes them anew, and puts every
    row right that says where the chain ends."""
    columns = "number, at, kind, actor, body"
    events = [
        list(row) for row in sealed.rows(f"SELECT {columns} FROM events WHERE stream = ? ORDER BY number", stream)
    ]
    sealed.sql("DELETE FROM events WHERE stream = ?", stream)
    head, number = START, 0
    for number, (_, at, kind, actor, body) in enumerate(edit(events), 1):
        head = digest_of(head, stream, number, at, kind, actor, body)
        text = "INSERT INTO events (stream, number, at, kind, actor, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"
        sealed.sql(text, stream, number, at, kind, actor, body, head)
    if number:
        sealed.sql("UPDATE audit_heads SET number = ?, hash = ? WHERE stream = ?", number, head, stream)
        sealed.sql("UPDATE messages SET event_count = ?, event_hash = ? WHERE id = ?", number, head, stream)
    else:
        sealed.sql("DELETE FROM audit_heads WHERE stream = ?", stream)
        sealed.sql("DELETE FROM messages WHERE id = ?", stream)
        sealed.sql("DELETE FROM payloads WHERE message_id = ?", stream)
        sealed.sql("DELETE FROM api_keys WHERE 'key/' || id = ?", stream)
        sealed.sql("DELETE FROM revisions WHERE scope = ?", stream)
        sealed.sql("DELETE FROM accounts WHERE 'account/' || id = ?", stream)


def edited_body(events: list[list[Any]]) -> list[list[Any]]:
    events[0][4] = json.dumps({**json.loads(events[0][4]), "reason": "another"})
    return events


def of_another(events: list[list[Any]]) -> list[list[Any]]:
    events[-1][3] = "user somebody else"
    return events


EDITS: dict[str, Callable[[list[list[Any]]], list[list[Any]]]] = {
    "edited": edited_body,
    "of another": of_another,
    "swapped": lambda events: list(reversed(events)),
    "one taken out": lambda events: events[1:],
    "cut": lambda events: events[:-1],
    "all taken out": lambda events: [],
    "one put in": lambda events: [events[0], *events],
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_a_stream_that_was_rewritten_with_its_hashes_is_found(sealed: Sealed, edit: Any) -> None:
    """Of every kind of stream; nothing but the seal knows it by then."""
    for stream in sealed.streams:
        found = set(sealed.broken())
        rehashed(sealed, stream, edit)
        new = set(sealed.broken()) - found
        assert any(one.startswith(f"stream {stream}: event 2, over which is seal 1 of ") for one in new), (stream, new)


def test_a_stream_of_no_row_that_was_cut_or_is_gone_is_found_before_it_is_sealed(store: Store) -> None:
    with store.database.write() as connection:
        for stream in ("problem/1", "replay/1", "system"):
            for number in (1, 2):
                store.audit.note(connection, stream, f"done {number}", "user dana", {})
        run(connection, "DELETE FROM events WHERE stream = ? AND number = 2", [("problem/1",)])
        run(connection, "DELETE FROM events WHERE stream = ?", [("replay/1",)])
        run(connection, "DELETE FROM audit_heads WHERE stream = ?", [("system",)])
    assert list(store.audit.broken()) == [
        "stream problem/1: it doesn't end with event 2 as noted, but with event 1",
        "stream replay/1: its whole chain is gone",
        "stream system: nothing is noted of where it ends",
    ]


def test_a_message_that_was_taken_out_with_all_its_rows_is_found(sealed: Sealed) -> None:
    sealed.sql("DELETE FROM events WHERE stream = ?", sealed.held)
    for table, column in (("messages", "id"), ("payloads", "message_id"), ("faults", "message_id")):
        sealed.sql(f"DELETE FROM {table} WHERE {column} = ?", sealed.held)
    (found,) = sealed.broken()
    assert found.startswith(f"stream {sealed.held}: event 2, over which is seal 1 of ")
    assert found.endswith(" is gone")


def test_what_was_cut_off_the_end_with_its_seals_is_known_from_elsewhere(sealed: Sealed) -> None:
    with sealed.store.database.write() as connection:
        sealed.store.audit.note(connection, "problem/2", "opened", "user dana", {})
    sealed.seal()
    kept = sealed.name()
    assert sealed.broken(kept) == []
    rehashed(sealed, "problem/2", lambda events: [])
    assert any("is gone" in one for one in sealed.broken())
    sealed.sql("DELETE FROM audit_seals WHERE number = 2")
    assert sealed.broken() == []  # nothing in the database knows of it
    assert sealed.broken(kept) == ["seal 2: it is gone, though somebody knows of it (the newest is seal 1)"]
    with sealed.store.database.write() as connection:
        sealed.store.audit.note(connection, "problem/3", "opened", "user dana", {})
    sealed.seal()
    (found,) = sealed.broken(kept)
    assert found.startswith("seal 2 of ")
    assert found.endswith("it is another than somebody knows")
    file = expectation_at(kept_at(sealed.folder))
    assert file is not None
    assert f"{file.number}:{file.hash.hex()}" == kept, "the file goes on knowing it"


SEAL_EDITS = [
    ("UPDATE audit_seals SET at = at - 1 WHERE number = 1", "seal 1 of "),
    ("UPDATE audit_seals SET events = events - 1 WHERE number = 1", "seal 1 of "),
    ("UPDATE audit_seals SET heads = hash WHERE number = 1", "seal 1 of "),
    ("UPDATE audit_seals SET mac = hash WHERE number = 2", "its mark isn't that of the gateway's key"),
    ("UPDATE audit_seals SET hash = mac WHERE number = 1", "seal 2 of "),
    ("DELETE FROM audit_seals WHERE number = 1", "seals 1 to 1"),
    ("DELETE FROM audit_seals WHERE number = 2", "seal 2: it is gone"),
]


@pytest.mark.parametrize(("edit", "sentence"), SEAL_EDITS, ids=[edit for edit, _ in SEAL_EDITS])
def test_a_seal_that_was_changed_or_taken_out_is_found(sealed: Sealed, edit: str, sentence: str) -> None:
    for number in (2, 3):
        with sealed.store.database.write() as connection:
            sealed.store.audit.note(connection, f"problem/{number}", "opened", "user dana", {})
        sealed.seal()
    assert sealed.broken() == []
    sealed.sql(edit)
    found = sealed.broken()
    assert any(sentence.replace("seals 1 to 1", "seal 1: it is gone") in one for one in found), found


def test_seals_of_a_stranger_are_found(sealed: Sealed) -> None:
    """Whoever has no key of ours rewrites a stream and makes the seals anew."""
    rehashed(sealed, "problem/1:abc", edited_body)
    sealed.sql("DELETE FROM audit_seals")
    sealed.seal(Keyring(lambda: (OTHER, None)))
    (found,) = sealed.broken()
    assert "made under another key" in found


def test_without_the_key_seals_say_what_they_can(sealed: Sealed) -> None:
    verification = sealed.store.audit.verification()
    assert (list(verification.broken()), verification.seals.unmarked) == ([], 1)
    rehashed(sealed, "problem/1:abc", edited_body)
    assert [one.split(",")[0] for one in sealed.store.audit.broken()] == ["stream problem/1:abc: event 2"]


def test_a_key_is_changed_and_what_was_sealed_before_still_counts(sealed: Sealed) -> None:
    changed, later = Keyring(lambda: (BEFORE, KEY)), Keyring(lambda: (BEFORE, None))
    assert sealed.broken(keyring=changed) == []
    assert "made under another key" in sealed.broken(keyring=later)[0], "until the new key is over it"
    with sealed.store.database.write() as connection:
        sealed.store.audit.note(connection, "problem/4", "opened", "user dana", {})
    sealed.seal(changed)
    assert sealed.broken(keyring=later) == []


def test_nothing_is_sealed_twice_and_nothing_new_costs_no_seal(sealed: Sealed) -> None:
    assert (sealed.seal(), sealed.store.seals.unsealed(10)) == (0, 0)
    sealed.store.intake.keep(arrival(b"new"))
    assert sealed.store.seals.unsealed(10) == 1
    assert (sealed.seal(), sealed.seal()) == (1, 0)
    with sealed.store.database.snapshot() as connection:
        first, second = list(read_seals(connection))
    assert (second.seal.events, len(second.heads)) == (1, 1)
    assert first.seal.events > len(first.heads)


def test_many_events_are_sealed_in_parts(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals_file, "MOST", 3)
    for number in range(10):
        sealed.store.intake.keep(arrival(b"new %d" % number))
    assert sealed.seal() == 4
    with sealed.store.database.snapshot() as connection:
        assert [read.seal.events for read in read_seals(connection)][1:] == [3, 3, 3, 1]
    assert sealed.broken() == []


def test_two_that_seal_at_once_make_one_chain(sealed: Sealed) -> None:
    for number in range(20):
        sealed.store.intake.keep(arrival(b"new %d" % number))
    threads = [threading.Thread(target=sealed.seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealed.seal()
    assert sealed.broken() == []
    assert sealed.store.seals.unsealed(10) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # in SQLite one writes at a time
def test_what_commits_late_is_in_the_next_seal(sealed: Sealed) -> None:
    """A transaction that began earlier may commit later."""
    with sealed.store.database.write() as late:
        sealed.store.audit.note(late, "problem/late", "opened", "user dana", {})
        with sealed.store.database.write() as quick:
            sealed.store.audit.note(quick, "problem/quick", "opened", "user dana", {})
        sealed.seal()
    sealed.seal()
    assert sealed.store.seals.unsealed(10) == 0
    for stream in ("problem/late", "problem/quick"):
        rehashed(sealed, stream, lambda events: [])
    assert len([one for one in sealed.broken() if "is gone" in one]) == 2


def test_sealing_reads_by_its_index(sealed: Sealed) -> None:
    is_sqlite = sealed.store.database.is_sqlite
    if is_sqlite:
        query = "SELECT position, stream, number, hash FROM events WHERE position > 5 ORDER BY position LIMIT 9"
        plan = repr(sealed.rows(f"EXPLAIN QUERY PLAN {query}"))
        assert "INTEGER PRIMARY KEY" in plan
    else:
        query = (
            "SELECT position, stream, number, hash FROM events WHERE (position, stream, number) > (5, 'a', 1) "
            "AND position < pg_snapshot_xmin(pg_current_snapshot())::text::bigint "
            "ORDER BY position, stream, number LIMIT 9"
        )
        plan = repr(sealed.rows(f"EXPLAIN {query}"))
        assert "ix_events_position" in plan
    assert not any(word in plan for word in ("TEMP B-TREE", "Sort", "Seq Scan")), plan


def test_no_name_of_a_seal_is_taken_for_one() -> None:
    for text in ("", "1", "1:ab", ":" + "0" * 64, "x:" + "0" * 64, "1:" + "g" * 64, "9" * 30 + ":" + "0" * 64):
        with pytest.raises(ValueError, match=r".+"):
            expectation(text, "somebody")
