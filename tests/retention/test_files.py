"""Files that came in documents are kept as long as the youngest that they came in, and no longer. On both databases."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import time_machine

from gateway.store.ids import id_from, now_us
from gateway.store.packing import packed
from gateway.store.retention import Retention, StillNeeded
from gateway.store.statements import run
from gateway.store.store import Store
from tests.retention.test_retention import (
    broken,
    erase_all,
    forget_all,
    kept,
    later,
    rows,
    seal,
)
from tests.store.conftest import database_url, postgres, postgres_with_tables, store
from tests.store.earlier_tables import take_back
from tests.store.test_conformance import arrival, claim, settled

__all__ = ["database_url", "postgres", "postgres_with_tables", "store"]
PICTURE = b"a picture"


def in_minutes(minutes: float) -> Any:
    """From now on it is so much later."""
    return time_machine.travel(now_us() / 1_000_000 + 60 * minutes, tick=True)


def digest(file: bytes = PICTURE) -> str:
    return hashlib.sha256(file).hexdigest()


def settle_with_file(store: Store, event: str = "answer", file: bytes = PICTURE) -> str:
    """Settle the next message so, with a file that was in it."""
    work = claim(store)
    changes = settled(work.messages[0], event)
    changes.keep_aside(work.messages[0], {digest(file): file})
    store.queue.save(work, changes)
    return work.messages[0].id


def replayed(store: Store, message_id: str) -> None:
    """What a person's replay does to the row."""
    with store.database.write() as connection:
        text = "UPDATE messages SET status = 'received', run = run + 1 WHERE id = ?"
        assert run(connection, text, [(message_id,)]) == 1


def named_by_order(store: Store, message_id: str, file: bytes = PICTURE) -> None:
    """An order came of the message, and names the file."""
    canonical = json.dumps({"attachments": [{"sha256": digest(file)}]})
    with store.database.write() as connection:
        run(connection, "UPDATE messages SET order_id = 'o-1' WHERE id = ?", [(message_id,)])
        text = "INSERT INTO order_versions (order_id, version, message_id, canonical) VALUES ('o-1', 1, ?, ?)"
        run(connection, text, [(message_id, canonical)])


def kept_with_file(store: Store, body: bytes, event: str = "answer", file: bytes = PICTURE) -> str:
    """A message that came with a file in it, and was settled so."""
    store.intake.keep(arrival(body))
    return settle_with_file(store, event, file)


def file_of(store: Store, file: bytes = PICTURE) -> Any:
    """(the youngest message that had it, whether its bytes are there); None where nothing is known of it."""
    query = (
        "SELECT coalesce(file_of, message_id), CASE WHEN body IS NULL THEN 0 ELSE 1 END FROM payloads WHERE sha256 = ?"
    )
    found = rows(store, query, hashlib.sha256(file).digest())
    return (found[0][0], bool(found[0][1])) if found else None


def test_a_file_is_erased_with_the_document_that_it_came_in(store: Store) -> None:
    message_id = kept_with_file(store, b"with a picture")
    assert file_of(store) == (message_id, True)
    until = later()
    assert erase_all(store, until) == 2
    assert file_of(store) == (message_id, False)
    assert broken(store) == []


def test_a_file_is_kept_as_long_as_the_last_document_that_it_came_in(store: Store) -> None:
    first = kept_with_file(store, b"first")
    until = later()
    with in_minutes(2):
        last = kept_with_file(store, b"last")
    assert file_of(store) == (last, True)
    assert erase_all(store, until) == 1
    assert (store.messages.body(first), file_of(store)) == (None, (last, True))
    assert erase_all(store, id_from(now_us() + 240_000_000)) == 2
    assert file_of(store) == (last, False)
    with in_minutes(5):
        again = kept_with_file(store, b"another")
    assert file_of(store) == (again, True), "erased bytes that come again are there again"
    assert broken(store) == []


def test_a_file_waits_with_the_message_that_waits(store: Store) -> None:
    waiting = kept_with_file(store, b"waiting", "hold")
    assert erase_all(store, later()) == 0
    assert file_of(store) == (waiting, True)
    store.messages.dismiss(waiting, "user Dana", "t")
    assert erase_all(store, later()) == 2
    assert file_of(store) == (waiting, False)


def test_a_file_that_came_as_a_document_too_is_kept_for_that(store: Store) -> None:
    kept_with_file(store, b"first")
    until = later()
    with in_minutes(2):
        own = kept(store, PICTURE)
    assert erase_all(store, until) == 1
    assert store.messages.body(own) == PICTURE
    with in_minutes(30):
        last = kept_with_file(store, b"last")
        assert file_of(store) == (last, True)
    assert erase_all(store, until) == 0
    assert store.messages.body(own) == PICTURE


def test_files_go_with_what_is_forgotten_and_with_what_is_erased_by_hand(store: Store) -> None:
    refused = kept_with_file(store, b"refused", "reject")
    assert forget_all(store, later()) == 1
    assert file_of(store) is None
    assert rows(store, "SELECT id FROM messages WHERE id = ?", refused) == []
    held = kept_with_file(store, b"held", "reject")
    assert Retention(store.database, store.audit).erase(held, "user Dana", "asked to") == 2
    assert file_of(store) == (held, False)
    assert broken(store) == []


def test_files_of_an_earlier_release_are_known_and_kept_as_long_as_the_last_message(store: Store) -> None:
    old = kept_with_file(store, b"old")
    until = later()
    assert erase_all(store, until) == 2
    with in_minutes(2):
        last = kept(store, b"last")
    with store.database.write() as connection:  # as the release before left them, which erased no files
        query = "UPDATE payloads SET body = ?, erased_at = NULL WHERE file_of IS NOT NULL"
        run(connection, query, [(packed(PICTURE),)])
        run(connection, "DELETE FROM messages WHERE id = ?", [(old,)])  # or took out with what was refused
    take_back(store, "0039")
    store.upgrade()
    assert file_of(store) == (f"{last}~", True), "nobody knows whether that had it"
    assert erase_all(store, until) == 0
    assert Retention(store.database, store.audit).erase(last, "user Dana", "asked to") == 1, "it didn't come in that"
    assert erase_all(store, id_from(now_us() + 240_000_000)) == 1
    assert file_of(store) == (f"{last}~", False)


def test_a_replay_of_an_old_message_takes_no_file_from_a_younger(store: Store) -> None:
    old = kept_with_file(store, b"old", "reject")
    until = later()
    with in_minutes(30):
        young = kept_with_file(store, b"young")
        replayed(store, old)
        assert settle_with_file(store, "reject") == old
    assert file_of(store) == (young, True)
    assert erase_all(store, until) == 1
    assert file_of(store) == (young, True)


def test_a_message_that_is_judged_late_is_looked_at_once_more(store: Store) -> None:
    first = kept_with_file(store, b"A", "reject")
    until = later()
    with in_minutes(30):
        assert kept_with_file(store, b"A", "reject", file=b"another") != first, "the same bytes, judged afresh"
        assert erase_all(store, until) == 1
        replayed(store, first)
        assert settle_with_file(store, "reject") == first
        assert file_of(store) == (first, True)
    assert erase_all(store, until) == 1
    assert file_of(store) == (first, False)
    assert broken(store) == []


def test_a_file_of_an_order_in_a_body_of_several_is_erased_though_it_was_judged_late(store: Store) -> None:
    whole = store.intake.keep(arrival(b"both", parts=2))
    work = claim(store)
    for message in work.messages:
        store.queue.save(work, settled(message, "fail"))
    until = later()
    assert erase_all(store, until) == 0
    for child in whole.children:
        replayed(store, child.message_id)
    work = claim(store)
    for message in work.messages:
        changes = settled(message)
        changes.keep_aside(message, {digest(): PICTURE})
        store.queue.save(work, changes)
    assert erase_all(store, until) == 2
    assert file_of(store) == (max(child.message_id for child in whole.children), False)


def test_a_file_is_kept_for_a_resend_of_its_document(store: Store) -> None:
    first = kept_with_file(store, b"A")
    until = later()
    with in_minutes(30):
        assert store.intake.keep(arrival(b"A")).duplicate
    assert erase_all(store, until) == 0
    assert (store.messages.body(first), file_of(store)) == (b"A", (first, True))
    assert erase_all(store, id_from(now_us() + 3_600_000_000)) == 2


def test_a_file_that_was_a_document_and_is_erased_is_there_again_when_it_comes(store: Store) -> None:
    own = kept(store, PICTURE)
    until = later()
    assert erase_all(store, until) == 1
    with in_minutes(30):
        young = kept_with_file(store, b"young")
    assert file_of(store) == (young, True)
    again = store.intake.keep(arrival(PICTURE))
    assert (again.message_id, again.duplicate) == (own, True), "a resend of the document is known"


def test_what_an_order_names_is_not_taken_out_with_what_was_refused(store: Store) -> None:
    ordered = kept_with_file(store, b"ordered")
    named_by_order(store, ordered)
    kept_with_file(store, b"refused", "reject")
    seal(store)
    until = later()
    assert forget_all(store, until) == 1
    assert file_of(store) == (ordered, True)
    assert erase_all(store, until) == 2
    assert file_of(store) == (ordered, False)
    assert broken(store) == []


def test_a_persons_word_erases_the_files_of_every_order_of_the_body_and_nobodys_document(store: Store) -> None:
    whole = store.intake.keep(arrival(b"both", parts=2))
    work = claim(store)
    files = [b"a held order", b"another file"]
    for message, file in zip(work.messages, files, strict=True):
        changes = settled(message, "reject")
        changes.keep_aside(message, {digest(file): file})
        store.queue.save(work, changes)
    named_by_order(store, work.messages[0].id, files[0])
    held = kept(store, files[0], "hold")
    retention = Retention(store.database, store.audit)
    assert retention.erase(whole.children[1].message_id, "user Dana", "asked to") == 2
    assert store.messages.body(whole.message_id) is None
    assert (store.messages.body(held), file_of(store, files[1])[1]) == (files[0], False)
    assert broken(store) == []


def test_bytes_stay_that_an_earlier_message_of_the_same_is_to_be_judged_by(store: Store) -> None:
    first = kept(store, b"A", "reject")
    again = kept(store, b"A", "reject")
    assert again != first, "judged afresh"
    replayed(store, first)
    until = later()
    assert erase_all(store, until) == 0
    with pytest.raises(StillNeeded):
        Retention(store.database, store.audit).erase(again, "user Dana", "asked to")
    work = claim(store)
    assert work.messages[0].body == b"A"
    store.queue.save(work, settled(work.messages[0], "reject"))
    assert erase_all(store, until) == 1


def test_more_files_than_a_statement_takes_are_erased(store: Store) -> None:
    message_id = kept_with_file(store, b"A")
    with store.database.write() as connection:
        text = (
            "INSERT INTO payloads (account_id, test, sha256, message_id, size, body, file_of) "
            "VALUES ('acme', 0, ?, ?, 1, ?, ?)"
        )
        body = packed(b"x")
        rows_of = [(hashlib.sha256(b"%d" % one).digest(), message_id, body, message_id) for one in range(1_200)]
        run(connection, text, rows_of)
    assert erase_all(store, later()) == 1_202


def test_a_persons_word_erases_the_file_of_a_refused_message_though_a_later_one_had_it(store: Store) -> None:
    first = kept_with_file(store, b"A", "reject")
    kept_with_file(store, b"B", "reject")
    assert Retention(store.database, store.audit).erase(first, "user Dana", "asked to") == 2
    assert file_of(store)[1] is False
