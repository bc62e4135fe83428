"""An envelope's id stands for one message, whoever saves at once, on both databases."""

from __future__ import annotations

import pytest

from gateway.store.changes import Changes, Settlement
from gateway.store.database import Collision
from gateway.store.envelopes import EnvelopeOwner
from gateway.store.ids import now_us
from gateway.store.queue import Claim
from gateway.store.schema import alembic_config
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from tests.harness.replaying import judge_again
from tests.store.test_conformance import arrival, claim

KEY = ("acme", False, "E-1")
ONE, OTHER = b"1" * 32, b"2" * 32


def taking(work: Claim, event: str = "answer", content: bytes = ONE, **known: object) -> Changes:
    """The changes of one message that ends so and takes the id E-1."""
    changes = Changes(at=now_us())
    end = Settlement(event, {}, content_sha256=content, envelope_id="E-1", takes_envelope=True, **known)  # type: ignore[arg-type]
    changes.settle(work.messages[0], end)
    return changes


def claimed(store: Store, body: bytes, account: str = "acme", **known: object) -> Claim:
    """One new message under a lease of its own."""
    store.intake.keep(arrival(body, account, **known))
    return claim(store)


def owner(store: Store) -> EnvelopeOwner | None:
    return store.envelopes.owners([KEY]).get(KEY)


def test_an_id_is_known_with_its_message_and_content(store: Store) -> None:
    work = claimed(store, b"x")
    assert owner(store) is None
    assert store.envelopes.owners([]) == {}
    store.queue.save(work, taking(work))
    assert owner(store) == EnvelopeOwner(work.messages[0].id, "done", ONE)
    others = [("other", False, "E-1"), ("acme", True, "E-1"), ("acme", False, "E-2"), ("acme", False, "e-1")]
    assert store.envelopes.owners([KEY, *others]).keys() == {KEY}


@pytest.mark.parametrize("event", ["answer", "hold", "fail"])
def test_the_second_save_collides_and_nothing_of_it_stays(store: Store, event: str) -> None:
    first, second = claimed(store, b"1"), claimed(store, b"2")
    store.queue.save(first, taking(first, event))
    with pytest.raises(Collision):
        store.queue.save(second, taking(second, content=OTHER))
    assert store.messages.status(second.messages[0].id) == "processing"
    found = owner(store)
    assert found is not None
    assert (found.message_id, found.content_sha256) == (first.messages[0].id, ONE)


def test_what_was_refused_or_closed_gives_its_id_away(store: Store) -> None:
    """Once: of two that found it free, one takes it."""
    refused, second, third, fourth = (claimed(store, body) for body in (b"1", b"2", b"3", b"4"))
    store.queue.save(refused, taking(refused, "reject"))
    store.queue.save(second, taking(second, "hold", OTHER))
    with pytest.raises(Collision):
        store.queue.save(third, taking(third))
    store.messages.dismiss(second.messages[0].id, "t", "by hand")
    store.queue.save(fourth, taking(fourth))
    assert owner(store) == EnvelopeOwner(fourth.messages[0].id, "done", ONE)


def test_its_own_id_is_a_messages_own_in_every_run(store: Store) -> None:
    work = claimed(store, b"x")
    message_id = work.messages[0].id
    store.queue.save(work, taking(work, "hold"))
    judge_again(store, message_id)
    again = claim(store)
    store.queue.save(again, taking(again, content=OTHER))  # read otherwise by a later release
    assert owner(store) == EnvelopeOwner(message_id, "done", OTHER)


def test_an_id_that_a_resend_came_with_stands_for_what_it_repeats(store: Store) -> None:
    first, resend, third = claimed(store, b"1"), claimed(store, b"2"), claimed(store, b"3")
    changes = Changes(at=now_us())
    changes.settle(first.messages[0], Settlement("hold", {}, content_sha256=ONE))
    store.queue.save(first, changes)
    store.queue.save(resend, taking(resend, "mark_duplicate", duplicate_of=first.messages[0].id))
    assert owner(store) == EnvelopeOwner(first.messages[0].id, "held", ONE)
    with pytest.raises(Collision):
        store.queue.save(third, taking(third, content=OTHER))
    store.messages.dismiss(first.messages[0].id, "t", "by hand")
    store.queue.save(third, taking(third, content=OTHER))
    assert owner(store) == EnvelopeOwner(third.messages[0].id, "done", OTHER)


def test_ids_from_before_the_upgrade_stand_for_the_first_that_was_not_refused(empty_database_url: str) -> None:
    from alembic import command

    store = Store(empty_database_url)
    with store.database.engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.commit()
    rows = [
        ("1", "acme", 0, "rejected", "E-1", ONE),
        ("2", "acme", 0, "held", "E-1", ONE),
        ("3", "acme", 0, "done", "E-1", OTHER),
        ("4", "acme", 1, "done", "E-1", OTHER),
        ("5", "other", 0, "done", "E-1", OTHER),
        ("6", "acme", 0, "dismissed", "E-2", ONE),
        ("7", "acme", 0, "failed", "E-3", None),
        ("8", "acme", 0, "done", None, ONE),
    ]
    with store.database.write() as connection:
        run(connection, _OLD_MESSAGE, rows)
    store.upgrade()
    with store.database.read() as connection:
        found = fetch(connection, "SELECT account_id, test, envelope_id, message_id FROM envelopes ORDER BY message_id")
    assert [tuple(row) for row in found] == [
        ("acme", 0, "E-1", "2"),
        ("acme", 1, "E-1", "4"),
        ("other", 0, "E-1", "5"),
    ]
    assert owner(store) == EnvelopeOwner("2", "held", ONE)
    store.close()


_OLD_MESSAGE = (
    "INSERT INTO messages (id, account_id, test, status, envelope_id, content_sha256, lane, due_at, received_at, "
    "source, payload_sha256, size, run, losses, fence, event_count, event_hash) "
    "VALUES (?, ?, ?, ?, ?, ?, 2, 1, 1, 'http', '', 1, 1, 0, 0, 1, '')"
)
