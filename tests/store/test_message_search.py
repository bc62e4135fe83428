"""Searching for messages: on both databases exactly the same, with every filter, page by page."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gateway.searching.filters import Search, read_search
from gateway.searching.words import wanted, words_of
from gateway.store import message_search, search_words
from gateway.store.changes import Changes
from gateway.store.ids import id_from, new_id, now_us
from gateway.store.message_search import TooBroad
from gateway.store.search_words import Words, write_words
from gateway.store.statements import fetch, insert, run
from gateway.store.store import Store
from gateway.store.tables import accounts, faults, messages
from tests.harness.replaying import judge_again
from tests.store.test_conformance import arrival, claim, settled

_COLUMNS = [column.name for column in messages.columns]
_AT = 1_790_000_000_000_000
_HOUR = 3_600_000_000
_FAR = 4_000_000_000_000_000
_PLAIN: dict[str, Any] = {
    "account_id": "acme",
    "test": 0,
    "status": "done",
    "lane": 1,
    "due_at": 0,
    "source": "http",
    "payload_sha256": bytes(32),
    "size": 1,
    "run": 1,
    "losses": 0,
    "fence": 0,
    "event_count": 1,
    "event_hash": bytes(32),
    "kind": "order",
}


def put(store: Store, *rows: dict[str, Any]) -> list[str]:
    """Messages with these columns, and `words`; their ids, as they came."""
    ids = [one.get("id") or new_id(one.get("received_at", _AT)) for one in rows]
    known = [{**_PLAIN, "received_at": _AT, **one, "id": key} for one, key in zip(rows, ids, strict=True)]
    with store.database.write() as connection:
        insert(connection, messages, [tuple(one.get(name) for name in _COLUMNS) for one in known])
        write_words(
            connection,
            [Words(one["id"], one["account_id"], words_of([one["words"]]), True) for one in known if "words" in one],
        )
    return ids


def page(store: Store, search: Search, **more: Any) -> list[str]:
    return [one.id for one in store.search.page(search, **more).messages]


@pytest.fixture
def history(store: Store) -> tuple[Store, list[dict[str, Any]]]:
    """Two hundred messages of every sort, many of them of the same microsecond."""
    draw = random.Random(7)
    rows = []
    for number in range(200):
        at = _AT + draw.choice([0, 1, 2, number]) * _HOUR
        rows.append(
            {
                "id": new_id(at),
                "received_at": at,
                "account_id": draw.choice(["acme", "delta", "acme-2"]),
                "status": draw.choice(
                    ["done", "done", "held", "failed", "rejected", "duplicate", "dismissed", "received"]
                ),
                "kind": draw.choice(["order", "order", "change", "cancel", "answer", None]),
                "lane": draw.randrange(4),
                "due_at": draw.choice([0, _FAR]),
                "is_test": draw.choice([0, 1, None]),
                "order_number": f"PO-{number % 40}",
                "words": f"PO-{number % 40} oat {draw.choice(['drink', 'milk', 'PL-0042', 'pl-00421'])}",
            }
        )
    put(store, *rows)
    with store.database.write() as connection:
        held = [one for one in rows if one["status"] == "held"]
        insert(
            connection,
            faults,
            [
                (one["id"], 1, 1, "map", "unknown_item", "", "", "No.", "X", None, f"1-{n % 3}")
                for n, one in enumerate(held)
            ],
        )
        run(connection, "UPDATE messages SET run = 2 WHERE id = ?", [(held[0]["id"],)])
    for n, one in enumerate(held):
        one["problem"] = f"1-{n % 3}" if n else None
    return store, rows


def fits(row: dict[str, Any], search: Search) -> bool:
    """What a search means, said once more without a database."""
    since, until = search.between(_AT)
    said = [
        not search.q or set(wanted(search.q).words) <= set(words_of([row["words"]]).split()),
        not search.account or row["account_id"] == search.account,
        search.statuses is None or row["status"] in search.statuses,
        not search.late or (row["due_at"] < now_us() and not row["is_test"]),
        not search.kind or (row["kind"] or "unread") == search.kind,
        not search.lane or ["critical", "high", "standard", "bulk"][row["lane"]] == search.lane,
        not search.test or bool(row["is_test"]) == (search.test == "yes"),
        not search.problem or row.get("problem") == search.problem,
        since is None or row["received_at"] >= since,
        until is None or row["received_at"] < until,
    ]
    return all(said)


SEARCHES = [
    Search(),
    Search(account="acme"),
    Search(account="nobody"),
    *(
        Search(status=(one,))
        for one in ("open", "held", "rejected", "done", "duplicate", "dismissed", "received", "processing")
    ),
    Search(status=("open", "rejected", "received")),
    Search(status=("done", "held")),
    Search(status=("open",), account="acme"),
    *(Search(kind=one) for one in ("order", "change", "answer", "unread", "several")),
    Search(kind="change", account="delta", status=("open",)),
    Search(lane="critical", test="no"),
    Search(test="yes"),
    *(Search(late="yes", status=one) for one in ((), ("open",), ("received", "done"), ("done",))),
    Search(late="yes", account="acme", q="oat"),
    Search(problem="1-1"),
    Search(problem="1-0", account="acme"),
    *(Search(q=one) for one in ("oat", "PO-7", "pl-0042", "0042", "oat drink", "milk PO-1", "cheese")),
    Search(q="oat", account="acme"),
    Search(q="oat", status=("open",), lane="high", account="acme"),
    Search(q="PO-3", kind="order"),
    Search(q="oat", problem="1-2"),
]


@pytest.mark.parametrize(
    "times", [("", ""), ("2026-09-21 15:00", ""), ("", "2026-09-25"), ("2026-09-21 15:00", "2026-09-24")]
)
def test_every_search_finds_exactly_what_fits_newest_first(
    history: tuple[Store, list[dict[str, Any]]], times: tuple[str, str]
) -> None:
    store, rows = history
    for plain in SEARCHES:
        search = replace(plain, since=times[0], until=times[1])
        expected = sorted((one["id"] for one in rows if fits(one, search)), reverse=True)
        found: list[str] = []
        before = None
        while True:
            shown = store.search.page(search, before, limit=23)
            found += [one.id for one in shown.messages]
            assert shown.looked_back_to is None
            before = shown.following
            if before is None:
                break
        assert found == expected, search
        assert store.search.ids(search, 1000).ids == tuple(expected), search
        oldest = store.search.ids(search, 5, oldest_first=True)
        assert (oldest.ids, oldest.is_cut) == (tuple(expected[::-1][:5]), len(expected) > 5)
        newest = store.search.ids(search, 5)
        assert (newest.ids, newest.is_cut) == (tuple(expected[:5]), len(expected) > 5)
        assert [one.id for some in store.search.each(search, 9) for one in some] == expected[:9]


def test_the_searches_that_are_tried_find_something(history: tuple[Store, list[dict[str, Any]]]) -> None:
    _, rows = history
    empty = [one for one in SEARCHES if not any(fits(row, one) for row in rows)]
    assert len(empty) == 5


@pytest.mark.parametrize("name", ["id", "order_number", "idempotency_key", "envelope_id"])
def test_a_message_is_found_by_its_keys_also_where_it_has_no_words(store: Store, name: str) -> None:
    keys = {"order_number": "PO-1", "idempotency_key": "?", "envelope_id": "urn:x"}
    with store.database.write() as connection:
        insert(connection, accounts, [("acme", "Acme", "gold", 1, _AT)])
    first, other = put(store, keys, {"received_at": _AT + 1, "words": "other"})
    text = first if name == "id" else keys[name]
    assert page(store, Search(q=text)) == [first]
    assert page(store, Search(q=text, account="delta")) == []
    assert page(store, Search(q=text), before=first) == []
    assert page(store, Search(q=text), before=other) == [first]


def test_the_beginning_of_a_word_is_enough_where_it_is_asked_for(store: Store) -> None:
    first, second, _ = put(store, {"words": "PO-1001 oat"}, {"words": "PO-1002 milk"}, {"words": "PO-2001"})
    assert set(page(store, Search(q="PO-1*"))) == {first, second}
    assert page(store, Search(q="oat PO-1*")) == [first]


def test_what_is_settled_is_found_and_anew_by_its_last_words_alone(store: Store) -> None:
    store.intake.keep(arrival(b"1"))

    def settle(words: str, event: str) -> str:
        work = claim(store)
        (message,) = work.messages
        changes: Changes = settled(message, event)
        changes.note_words([Words(message.id, "acme", words, message.run == 1), Words("another", "acme", words, True)])
        store.queue.save(work, changes)
        return message.id

    message_id = settle("first", "hold")
    assert page(store, Search(q="first")) == [message_id]
    judge_again(store, message_id)
    settle("second", "answer")
    assert page(store, Search(q="second")) == [message_id]
    assert page(store, Search(q="first")) == page(store, Search(q="another")) == []


def test_what_is_forgotten_is_found_no_more_nor_left_in_the_file(store: Store) -> None:
    first, second = put(store, {"words": "Hildegardsecret oat"}, {"words": "oat"})
    with store.database.write() as connection:
        search_words.forget(connection, [first, "f" * 28])
        search_words.forget(connection, [])
    assert page(store, Search(q="hildegardsecret")) == []
    assert page(store, Search(q="oat")) == [second]
    store.search_backlog.squeeze()
    with store.database.read() as connection:
        if store.database.is_sqlite:
            blocks = fetch(connection, "SELECT block FROM search_words_data")
            assert not any(b"hildegardsecret" in bytes(block[0]) for block in blocks)
    assert page(store, Search(q="oat")) == [second]


def test_the_orders_of_one_body_have_places_of_their_own(store: Store) -> None:
    """They came in the same microsecond."""
    ids = put(store, *({"words": f"PO-{n} together"} for n in range(300)))
    found: list[str] = []
    before = None
    while rows := store.search.page(Search(q="together"), before, limit=50).messages:
        found += [one.id for one in rows]
        before = found[-1]
    assert found == sorted(ids, reverse=True)


def test_words_that_quote_and_break_out_are_words(store: Store) -> None:
    (odd,) = put(store, {"words": 'O\'Neil "x" NEAR(a b) a:b ^c -d {e} \\f ünï'})
    for text in ("o'neil", '"x"', "NEAR(a b)", "a:b", "^c", "-d", "{e}", "\\f", "ÜNÏ", "' OR 1=1", "a AND b OR x"):
        expected = (
            [odd]
            if set(wanted(text).words) <= set(words_of(['O\'Neil "x" NEAR(a b) a:b ^c -d {e} \\f ünï']).split())
            else []
        )
        assert page(store, Search(q=text)) == expected, text


def test_a_page_looks_at_so_many_and_says_how_far_back_it_came(store: Store) -> None:
    put(
        store,
        *({"received_at": _AT + n * 1000, "words": "x"} for n in range(500)),
        {"received_at": _AT - _HOUR, "kind": None, "words": "x"},
    )
    for search in (Search(kind="unread"), Search(q="x", kind="unread")):
        found = store.search.page(search, most=200)
        assert found.messages == []
        assert found.following is not None
        assert found.looked_back_to is not None
        assert found.looked_back_to > _AT - _HOUR
        (last,) = store.search.page(search, found.following).messages
        assert last.kind is None


def test_what_takes_too_long_is_said_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, *({"received_at": _AT + n, "words": f"common number{n}"} for n in range(2000)))
    monkeypatch.setattr(message_search, "_SECONDS", 0.001)
    if store.database.is_sqlite:
        with store.search._reading(is_bounded=True) as connection, pytest.raises(Exception, match="interrupted"):
            fetch(connection, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
    with pytest.raises(TooBroad), store.search._reading(is_bounded=True) as connection:  # noqa: PT012
        endless = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000000) SELECT max(i) FROM n"
        )
        fetch(connection, endless)
    monkeypatch.undo()
    assert len(page(store, Search(q="common"))) == 50


# --- plans -----------------------------------------------------------------------------------------------------------
PLANS: list[tuple[Search, Sequence[str]]] = [
    (Search(), ("messages_1", "messages_pkey", "pk_messages")),
    (Search(account="acme"), ("ix_messages_account_id_id",)),
    (Search(status=("open",)), ("ix_messages_open_newest",)),
    (Search(status=("open",), account="acme"), ("ix_messages_open_of_account",)),
    (Search(status=("rejected",), account="acme"), ("ix_messages_rejected",)),
    (Search(status=("dismissed",)), ("ix_messages_closed",)),
    (Search(status=("received",)), ("ix_messages_ready", "ix_messages_delayed")),
    (Search(status=("processing",)), ("ix_messages_leased",)),
    (Search(late="yes"), ("ix_messages_open_newest", "ix_messages_ready", "ix_messages_delayed", "ix_messages_leased")),
    (Search(kind="change"), ("ix_messages_kind",)),
    (Search(problem="1-1"), ("ix_faults_fingerprint",)),
    (Search(q="oat"), ("search_words", "ix_search_words_words", "SCAN w VIRTUAL TABLE")),
]


@pytest.mark.parametrize(("search", "indexes"), PLANS)
def test_a_page_is_read_by_an_index(
    store: Store, monkeypatch: pytest.MonkeyPatch, search: Search, indexes: Sequence[str]
) -> None:
    asked: list[tuple[str, Any]] = []

    def noted(connection: Any, text: str, parameters: Any = ()) -> list[Any]:
        if not text.startswith("EXPLAIN"):
            asked.append((text, parameters))
        return fetch(connection, text, parameters)

    for module in (message_search, search_words):
        monkeypatch.setattr(module, "fetch", noted)
    put(store, {"words": "oat", "status": "held", "kind": "change"})
    store.search.page(search)
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.read() as connection:
        plans = [" ".join(map(str, fetch(connection, f"{explain} {text}", named))) for text, named in asked]
    assert any(index in plan for plan in plans for index in indexes), plans
    for (text, _), plan in zip(asked, plans, strict=True):
        scans = "SCAN messages" in plan and "USING INDEX" not in plan and "USING COVERING INDEX" not in plan
        assert not scans, (text, plan)
        assert "Seq Scan" not in plan, (text, plan)
    assert id_from(now_us()) > ""
    assert read_search({}, 0)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one plan
def test_a_prepared_search_for_words_goes_by_their_index(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL plans a statement that is asked often once for whatever it is asked with: then it knows neither words
    nor ids, and took the ids' index, by which it looked at each message (59 ms of 20,000)."""
    asked: list[str] = []

    def noted(connection: Any, text: str, parameters: Any = ()) -> list[Any]:
        asked.append(text)
        return fetch(connection, text, parameters)

    monkeypatch.setattr(search_words, "fetch", noted)
    put(store, *({"words": f"oat-{number}"} for number in range(300)))
    with store.database.read() as connection:
        connection.exec_driver_sql("ANALYZE search_words")
    store.search.page(Search(q="oat-7"))
    text = next(one for one in asked if "newest" not in one and not one.startswith("EXPLAIN"))
    for place in range(1, 5):
        text = text.replace("?", f"${place}", 1)
    with store.database.write() as connection:
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        connection.exec_driver_sql(f"PREPARE searched (text, text, text, int) AS {text}")
        plan = str(fetch(connection, "EXPLAIN EXECUTE searched ('oat', 'f', '', 100)"))
        connection.exec_driver_sql("DEALLOCATE searched")
    assert "ix_search_words_words" in plan, plan
    assert "search_words_pkey" not in plan, plan


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite's index hands out the newest first
def test_words_of_very_many_are_not_sought_in_the_index(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has all of them to sort. The newest messages may be without, as open ones of another account are."""
    asked: list[str] = []

    def noted(connection: Any, text: str, parameters: Any = ()) -> list[Any]:
        asked.append(text)
        return fetch(connection, text, parameters)

    put(store, *({"words": f"oat kiosk-{number}"} for number in range(300)), *({"words": "tea"} for _ in range(40)))
    with store.database.read() as connection:
        connection.exec_driver_sql("ANALYZE search_words")
    monkeypatch.setattr(search_words, "_WALKED_FIRST", (4, 8))
    monkeypatch.setattr(search_words, "_COMMON", 250)
    monkeypatch.setattr(search_words, "fetch", noted)
    for words, is_sought in (("oat", False), ("kiosk-7", True), ("oat kiosk-7", True)):
        asked.clear()
        told = wanted(words)
        with store.database.read() as connection:
            found = search_words.found_by(connection, told, "", "f" * 28, "", 2)
            query = "SELECT message_id FROM search_words WHERE words @@ ?::tsquery ORDER BY message_id DESC LIMIT 2"
            assert found == [row[0] for row in fetch(connection, query, [words.replace(" ", " & ")])]
        sought = [one for one in asked if "newest" not in one and not one.startswith("EXPLAIN")]
        assert bool(sought) is is_sought, words
