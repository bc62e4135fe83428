"""What is over is erased and nothing else is; the audit chain holds, and a resend is still known. On both databases."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pydantic import ValidationError

from gateway.resubmitting.correcting import agree, correct, original_of
from gateway.retention import keeping
from gateway.retention.forgetting import forget_content
from gateway.retention.keeping import Keeper
from gateway.sealing import Keyring
from gateway.searching import Search
from gateway.store import retention as retention_file
from gateway.store.ids import id_from, now_us
from gateway.store.resubmissions import Asked, Difference, Resubmission
from gateway.store.retention import Batch, Retention, StillNeeded
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from mappings.account import Policies
from tests.api.builders import Gateway, order, services_at
from tests.store.conftest import database_url, postgres, postgres_with_tables, store
from tests.store.test_conformance import arrival, claim, document, settled

__all__ = ["database_url", "postgres", "postgres_with_tables", "store"]
KEYS = Keyring(lambda: ("k" * 20 + "0123456789abcdef", None))


def later() -> str:
    """Before it is everything that came until now."""
    return id_from(now_us() + 60_000_000)


def kept(store: Store, body: bytes, event: str = "answer", account: str = "acme") -> str:
    """A message that came and was settled so."""
    message_id = store.intake.keep(arrival(body, account)).message_id
    work = claim(store)
    store.queue.save(work, settled(work.messages[0], event))
    return message_id


def rows(store: Store, text: str, *values: Any) -> list[Any]:
    with store.database.read() as connection:
        return [tuple(row) for row in fetch(connection, text, list(values))]


def broken(store: Store) -> list[str]:
    return list(store.audit.verification(KEYS.mark_keys).broken())


def seal(store: Store) -> None:
    (key,) = KEYS.mark_keys
    while store.seals.append(key):
        pass


def erase_all(store: Store, until: str, account: str = "acme") -> int:
    retention = Retention(store.database, store.audit)
    done = retention.erase_batch(account, until, "t", again=True).done
    while (batch := retention.erase_batch(account, until, "t")).looked_at:
        done += batch.done
    return done


def forget_all(store: Store, until: str, account: str = "acme") -> int:
    retention = Retention(store.database, store.audit)
    done = retention.forget_batch(account, until, "t", again=True).done
    while (batch := retention.forget_batch(account, until, "t")).looked_at:
        done += batch.done
    return done


def test_bytes_whose_time_is_over_are_erased_and_the_chain_holds(store: Store) -> None:
    old, others = kept(store, b"old"), kept(store, b"old", account="other")
    until = later()
    seal(store)
    assert erase_all(store, until) == 1
    assert store.messages.body(old) is None
    assert store.messages.body(others) == b"old", "another account's equal bytes are its own"
    assert broken(store) == []
    seal(store)
    assert broken(store) == []
    assert erase_all(store, until) == 0
    (told,) = store.audit.of("retention/acme")
    assert (told["kind"], told["actor"], told["body"]["reason"]) == ("payloads erased", "retention", "t")


def test_what_is_younger_stays(store: Store) -> None:
    until = id_from(now_us() - 60_000_000)
    young = kept(store, b"young")
    assert erase_all(store, until) == 0
    assert store.messages.body(young) == b"young"


@pytest.mark.parametrize("event", ["hold", "fail"])
def test_what_waits_for_somebody_stays_until_it_does_not(store: Store, event: str) -> None:
    waiting = kept(store, b"waiting", event)
    unread = store.intake.keep(arrival(b"unread")).message_id
    until = later()
    assert erase_all(store, until) == 0
    assert (store.messages.body(waiting), store.messages.body(unread)) == (b"waiting", b"unread")
    assert erase_all(store, until) == 0
    store.messages.dismiss(waiting, "user Dana", "t")
    assert erase_all(store, until) == 1
    assert store.messages.body(waiting) is None
    assert rows(store, "SELECT message_id FROM retention_waits") == [(unread,)]
    assert broken(store) == []


def test_bytes_that_came_again_later_are_kept_for_the_later_one(store: Store) -> None:
    first = kept(store, b"twice")
    until = id_from(now_us())
    with time_machine.travel(now_us() / 1_000_000 + 60, tick=True):
        until = id_from(now_us())
        again = store.intake.keep(arrival(b"twice"))
        assert again.duplicate
    assert erase_all(store, until) == 0
    assert store.messages.body(first) == b"twice"
    assert erase_all(store, id_from(now_us() + 120_000_000)) == 1
    assert store.messages.body(first) is None


def test_a_resend_of_erased_bytes_is_still_known(store: Store) -> None:
    first = kept(store, b"once")
    assert erase_all(store, later()) == 1
    again = store.intake.keep(arrival(b"once"))
    assert (again.message_id, again.status, again.duplicate) == (first, "done", True)
    assert broken(store) == []


def test_erased_bytes_that_are_judged_afresh_are_there_again(store: Store) -> None:
    refused = kept(store, b"refused", "reject")
    assert erase_all(store, later()) == 1
    again = store.intake.keep(arrival(b"refused"))
    assert again.message_id != refused
    assert [one.body for one in claim(store).messages] == [b"refused"]
    assert broken(store) == []


def test_batches_go_on_where_they_were(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention_file, "AT_ONCE", 2)
    for number in range(5):
        kept(store, b"%d" % number)
    until = later()
    retention = Retention(store.database, store.audit)
    batches = [retention.erase_batch("acme", until, "t") for _ in range(4)]
    assert [(one.looked_at, one.done) for one in batches] == [(2, 2), (2, 2), (1, 1), (0, 0)]
    new = kept(store, b"new")
    assert retention.erase_batch("acme", later(), "t") == Batch(1, 1, new)


def test_what_waits_for_long_keeps_nothing_else_waiting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention_file, "_WAITING_AT_ONCE", 2)
    for number in range(5):
        kept(store, b"%d" % number, "hold")
    last = kept(store, b"last", "hold")
    until, retention = later(), Retention(store.database, store.audit)
    assert erase_all(store, until) == 0
    store.messages.dismiss(last, "user Dana", "t")
    assert keeping._all(retention.erase_batch, "acme", until, "t", time.monotonic() + 60) == 1
    assert store.messages.body(last) is None


def test_what_fails_at_one_account_keeps_no_others(store: Store, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    for account in ("aaa", "bbb"):
        policies = {"keep_payloads_days": 1}
        store.revisions.publish_account(
            {"id": account, "name": account, "policies": policies}, [], author="a", reason="r"
        )
        kept(store, b"old", account=account)
    erase, asked = Retention.erase_batch, []

    def fails(self: Retention, account: str, *told: Any, **more: Any) -> Batch:
        asked.append(account)
        if account == "aaa":
            raise RuntimeError("what nobody thought of")
        return erase(self, account, *told, **more)

    monkeypatch.setattr(Retention, "erase_batch", fails)
    with time_machine.travel(now_us() / 1_000_000 + 3 * 86_400, tick=True):
        assert Keeper(store).keep() == 1
    assert {"aaa", "bbb"} <= set(asked)
    assert "retention of aaa failed" in caplog.text


def test_what_is_judged_again_meanwhile_keeps_its_bytes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = kept(store, b"refused", "reject")
    lock = retention_file.lock

    def replayed(connection: Any, ids: Any) -> None:
        """As a replay that was committed between the look and the write."""
        run(connection, "UPDATE messages SET status = 'received', run = run + 1 WHERE id = ?", [(refused,)])
        lock(connection, ids)

    monkeypatch.setattr(retention_file, "lock", replayed)
    assert erase_all(store, later()) == 0
    assert claim(store).messages[0].body == b"refused"
    assert rows(store, "SELECT message_id FROM retention_waits") == [(refused,)]


# --- messages ------------------------------------------------------------------------------------------------------
def test_messages_of_which_no_order_came_are_taken_out_and_sealed_chains_hold(store: Store) -> None:
    gone = [kept(store, b"%d" % number, "reject") for number in range(3)]
    repeated = kept(store, b"repeated")
    copy = rows(store, "SELECT max(id) FROM messages")[0][0]
    store.intake.keep(arrival(b"repeated"))
    others = kept(store, b"0", "reject", account="other")
    made = document(store, "OR-1")
    seal(store)
    until = later()
    assert forget_all(store, until) == 5
    assert forget_all(store, until) == 1, "what repeats it is gone by now"
    assert rows(store, "SELECT id FROM messages") == [(others,)]
    assert rows(store, "SELECT count(*) FROM payloads")[0][0] == 1
    for table, column in (("faults", "message_id"), ("documents", "id"), ("deliveries", "document_id")):
        assert rows(store, f"SELECT count(*) FROM {table} WHERE {column} <> ?", others) == [(0,)], table
    assert {copy, *gone, repeated} <= {row[0] for row in rows(store, "SELECT stream FROM forgotten_streams")}
    assert made not in str(rows(store, "SELECT id FROM documents"))
    assert broken(store) == []
    seal(store)
    assert broken(store) == []


def test_what_is_open_or_made_an_order_stays(store: Store) -> None:
    held = kept(store, b"held", "hold")
    made = kept(store, b"made")
    with store.database.write() as connection:
        run(connection, "UPDATE messages SET order_id = 'o-1' WHERE id = ?", [(made,)])
        text = "INSERT INTO order_versions (order_id, version, message_id, canonical) VALUES ('o-1', 1, ?, '{}')"
        run(connection, text, [(made,)])
    assert forget_all(store, later()) == 0
    assert {row[0] for row in rows(store, "SELECT id FROM messages")} == {held, made}
    assert rows(store, "SELECT message_id FROM retention_waits") == [(held,)]


# --- corrections ---------------------------------------------------------------------------------------------------
def corrected(store: Store, message_id: str) -> Resubmission:
    """A correction of it that waits for a second person."""
    changes = [Difference("/ship_to/address/street", "Kai 4", "Kai 5")]
    asked = Asked(message_id, 1, "acme", b"Kai 5, as corrected", changes, ["ship_to"], "the mail of Monday")
    found = store.resubmissions.one(store.resubmissions.ask(asked, "user Ann"))
    assert found is not None
    return found


def test_what_a_correction_waits_for_stays_until_it_is_decided(store: Store) -> None:
    refused = kept(store, b"refused", "reject")
    waiting = corrected(store, refused)
    until, retention = later(), Retention(store.database, store.audit, forget_content)
    assert (erase_all(store, until), forget_all(store, until)) == (0, 0)
    with pytest.raises(StillNeeded):
        retention.erase(refused, "user Dana", "t")
    assert store.messages.body(refused) == b"refused"
    store.resubmissions.close(waiting, "declined", "user Bob", "no")
    assert erase_all(store, until) == 1
    assert store.messages.body(refused) is None
    assert broken(store) == []


def test_what_was_written_into_a_correction_goes_with_the_bytes(store: Store) -> None:
    refused, other = kept(store, b"refused", "reject"), kept(store, b"other", "reject")
    ours, others = corrected(store, refused), corrected(store, other)
    for one in (ours, others):
        store.resubmissions.close(one, "declined", "user Bob", "no")
    assert Retention(store.database, store.audit, forget_content).erase(refused, "user Dana", "request 17") == 1
    assert store.resubmissions.body(ours.id) == b""
    assert store.resubmissions.body(others.id) == b"Kai 5, as corrected"
    left = store.resubmissions.one(ours.id)
    assert left is not None
    assert (left.differences, left.asked_by, left.decided_by) == ((), "user Ann", "user Bob")
    assert forget_all(store, later()) == 2
    assert rows(store, "SELECT count(*) FROM resubmissions") == [(0,)]
    assert broken(store) == []


FAKES = [
    "DELETE FROM forgotten_streams WHERE stream = '{0}'",
    "DELETE FROM forgotten_streams",
    "UPDATE forgotten_streams SET number = number + 1 WHERE stream = '{0}'",
    "UPDATE forgotten_streams SET stream = 'another' WHERE stream = '{0}'",
    "UPDATE forgotten_streams SET hash = account_hash WHERE stream = '{0}'",
    "UPDATE events SET body = '{{}}' WHERE stream = 'retention/acme'",
    "DELETE FROM events WHERE stream = 'retention/acme'",
]


@pytest.mark.parametrize("fake", FAKES)
def test_what_was_not_taken_out_by_retention_is_missed(store: Store, fake: str) -> None:
    first, _ = kept(store, b"1", "reject"), kept(store, b"2", "reject")
    forget_all(store, later())
    assert broken(store) == []
    digest = "'\\x" + "ab" * 32 + "'" if not store.database.is_sqlite else "x'" + "ab" * 32 + "'"
    with store.database.write() as connection:
        connection.exec_driver_sql(fake.format(first).replace("account_hash", digest))
    assert broken(store) != []


def test_a_message_that_somebody_took_out_as_if_retention_had_is_missed(store: Store) -> None:
    """It has no notice, or none of its own."""
    kept(store, b"1", "reject")
    forget_all(store, later())
    taken = kept(store, b"2", "reject")
    seal(store)
    (count, head), *_ = rows(store, "SELECT event_count, event_hash FROM messages WHERE id = ?", taken)
    with store.database.write() as connection:
        for table, column in (("events", "stream"), ("messages", "id"), ("payloads", "message_id")):
            run(connection, f"DELETE FROM {table} WHERE {column} = ?", [(taken,)])
        run(connection, "DELETE FROM faults WHERE message_id = ?", [(taken,)])
        text = "INSERT INTO forgotten_streams (stream, number, hash, account_id, notice) VALUES (?, ?, ?, 'acme', 1)"
        run(connection, text, [(taken, count, bytes(head))])
    assert broken(store) == ["what retention took out of acme: it isn't what event 1 of its chain tells"]


# --- by hand -------------------------------------------------------------------------------------------------------
def test_a_person_erases_one_message(store: Store) -> None:
    message_id = kept(store, b"personal")
    retention = Retention(store.database, store.audit)
    assert retention.erase(message_id, "user Dana", "request 17") == 1
    assert retention.erase(message_id, "user Dana", "request 17") == 0
    assert retention.erase("nobody", "user Dana", "t") is None
    assert store.messages.body(message_id) is None
    told = store.audit.of(message_id)[-1]
    assert (told["kind"], told["actor"], told["body"]["reason"]) == ("payloads erased", "user Dana", "request 17")
    assert broken(store) == []
    held = kept(store, b"held", "hold")
    with pytest.raises(StillNeeded):
        retention.erase(held, "user Dana", "t")
    assert store.messages.body(held) == b"held"


# --- by the clock, through the application -------------------------------------------------------------------------
@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    opened = Gateway(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", f"unix://{tmp_path / 'nobody.sock'}"))
    yield opened
    opened.close()


def test_each_account_keeps_for_as_long_as_it_agreed(gateway: Gateway) -> None:
    agreed = {"keep_payloads_days": 400, "keep_messages_days": 800}
    keeps, forgets = gateway.account("keeps"), gateway.account("forgets", policies=agreed)
    sent = {one.account_id: gateway.send(one, order("PO-1")).json["message_id"] for one in (keeps, forgets)}
    bad = gateway.send(forgets, b"no order").json["message_id"]
    gateway.work()
    store = gateway.services.store
    assert Keeper(store).keep() == 0
    with time_machine.travel(now_us() / 1_000_000 + 401 * 86_400, tick=True):
        assert Keeper(store).keep() == 2
    assert store.messages.body(sent["forgets"]) is None
    assert store.messages.body(sent["keeps"]) is not None
    assert broken(store) == []
    again = gateway.send(forgets, order("PO-1"))
    assert (again.json["duplicate"], again.json["message_id"]) == (True, sent["forgets"])
    shown = gateway.client.get(f"/v1/messages/{sent['forgets']}", headers=forgets.headers)
    assert shown.json["status"] == "done"
    with time_machine.travel(now_us() / 1_000_000 + 801 * 86_400, tick=True):
        assert Keeper(store).keep() == 2, "the unreadable one, and what repeated the order"
    assert store.messages.one(None, bad) is None
    assert store.messages.one(None, sent["forgets"]) is not None, "it made an order"
    assert gateway.client.get("/v1/orders/PO-1", headers=forgets.headers).status_code == 200
    assert broken(store) == []


LINE = {"line_number": "1", "buyer_item": "OAT-1LL", "quantity": "2", "unit": "EA", "price": {"amount": "1.10"}}


def put_right(gateway: Gateway, *, agreed: bool) -> tuple[str, Resubmission]:
    """An order that a person put right, which somebody else agreed to or hasn't yet: the original, and that."""
    sent = gateway.send(gateway.account("acme"), order("PO-1", lines=[LINE], note="for Mrs Kowalczyk"))
    gateway.work()
    original = original_of(gateway.services, None, sent.json["message_id"])
    assert original is not None
    edited = original.body.replace(b'"buyer_item": "OAT-1LL"', b'"seller_item": "OAT-1L"')
    kept = correct(gateway.services, original, edited, "a typo", "user Dana")
    if agreed:
        agree(gateway.services, kept, "user Lee")
        gateway.work()
    found = gateway.services.store.resubmissions.one(kept.id)
    assert found is not None
    return original.stored.id, found


@pytest.mark.parametrize("of_copy", [False, True])
def test_what_a_correction_says_goes_with_what_it_corrects(gateway: Gateway, of_copy: bool) -> None:
    original, kept = put_right(gateway, agreed=True)
    store = gateway.services.store
    erased = str(kept.child_id) if of_copy else original
    assert Retention(store.database, store.audit, forget_content).erase(erased, "user Dana", "request 17") == 1
    found = store.resubmissions.one(kept.id)
    assert found is not None
    assert (store.resubmissions.body(kept.id), found.differences) == (b"", ())
    assert (found.status, found.decided_by, found.reason) == ("resubmitted", "user Lee", "a typo")
    assert broken(store) == []


def test_orders_of_an_erased_body_are_found_by_its_words_no_more(gateway: Gateway) -> None:
    both = [order(number, note="for Mrs Kowalczyk") for number in ("PO-1", "PO-2")]
    message_id = gateway.send(gateway.account("acme"), json.dumps(both).encode()).get_json()["message_id"]
    gateway.work()
    store = gateway.services.store
    assert len(store.search.page(Search(q="kowalczyk")).messages) == 2
    retention = Retention(store.database, store.audit, forget_content)
    assert retention.erase(message_id, "user Dana", "request 17") == 1
    assert store.search.page(Search(q="kowalczyk")).messages == []


def test_what_came_again_just_now_is_not_erased(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL it may come between the look at a message and its erasing."""
    refused = kept(store, b"refused", "reject")
    erase = retention_file._erase

    def late(connection: Any, seen: Any) -> Any:
        run(connection, "UPDATE payloads SET message_id = 'later' WHERE message_id = ?", [(refused,)])
        return erase(connection, seen)

    monkeypatch.setattr(retention_file, "_erase", late)
    with pytest.raises(StillNeeded):
        Retention(store.database, store.audit).erase(refused, "user Dana", "t")
    assert store.messages.body(refused) == b"refused"


@pytest.mark.parametrize(
    ("told", "is_right"),
    [
        ({"keep_payloads_days": 400, "keep_messages_days": 800}, True),
        ({"keep_payloads_days": 400}, True),
        ({"keep_messages_days": 800}, False),
        ({"keep_payloads_days": 900, "keep_messages_days": 800}, False),
        ({"keep_payloads_days": 400, "keep_messages_days": 700}, False),
        ({"keep_payloads_days": 400, "keep_messages_days": 700, "order_number_reuse_months": 12}, True),
        ({"keep_payloads_days": -1}, False),
    ],
)
def test_terms_that_contradict_themselves_are_refused(told: dict[str, int], is_right: bool) -> None:
    if is_right:
        assert Policies.model_validate(told).keep_payloads_days == told["keep_payloads_days"]
        return
    with pytest.raises(ValidationError):
        Policies.model_validate(json.loads(json.dumps(told)))
