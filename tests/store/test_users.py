"""People who use the console, on either database: names, one-time links, passwords and sign-ins."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.store import database
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from gateway.store.users import NameTaken, NotSignedIn, TooMany, User
from tests.store.cheap_passwords import keep_password

GOOD = "correct horse battery"


def somebody(store: Store, name: str = "Kim", password: str | None = GOOD) -> User:
    user = store.users.create(name, "support", None, actor="test")
    if password is not None:
        keep_password(store, user.id, password)
    return user


def somebody_who_chose(store: Store) -> User:
    """Their password by a link, with all the work that is spent on it."""
    user = somebody(store, password=None)
    assert store.users.use_link(store.users.link(user.id, actor="test"), GOOD) is not None
    return user


def sql(store: Store, text: str, *named: object) -> None:
    with store.database.write() as connection:
        run(connection, text, [tuple(named)])


def test_names_differ_by_more_than_case(store: Store) -> None:
    user = somebody(store, "Kim  Straße", None)
    assert user.name == "Kim Straße"
    for name in ("kim STRASSE", " Kim Straße "):
        with pytest.raises(NameTaken):
            store.users.create(name, "admin", None, actor="test")
        found = store.users.named(name)
        assert found is not None
        assert found.id == user.id
    for bad in ("", "  ", "x" * 101, "a\0b", "a\x07b"):
        with pytest.raises(ValueError, match="a name of"):
            store.users.create(bad, "admin", None, actor="test")


def test_a_link_signs_in_once_and_chooses_the_password(store: Store) -> None:
    user = somebody(store, password=None)
    older, newer = store.users.link(user.id, actor="test"), store.users.link(user.id, actor="test")
    assert store.users.of_link(older) is None
    assert store.users.use_link(older, GOOD) is None
    for bad in ("short", "x" * 1_001):
        with pytest.raises(ValueError, match="a password of 10 to"):
            store.users.use_link(newer, bad)
    found = store.users.of_link(newer)
    assert found is not None
    assert (found.id, found.has_password) == (user.id, False)
    used = store.users.use_link(newer, GOOD)
    assert used is not None
    assert used.id == user.id
    assert store.users.use_link(newer, "another password") is None
    assert store.users.admit("KIM", GOOD).has_password


def test_a_link_is_used_by_one_alone(store: Store) -> None:
    token = store.users.link(somebody(store, password=None).id, actor="test")
    ready = threading.Barrier(4)

    def use(number: int) -> bool:
        ready.wait()
        return store.users.use_link(token, f"{GOOD} {number}") is not None

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(use, range(4))) == 1


def test_a_link_ends_with_its_time(store: Store) -> None:
    user = somebody(store, password=None)
    token = store.users.link(user.id, actor="test", seconds=0)
    assert store.users.of_link(token) is None
    assert store.users.use_link(token, GOOD) is None


def test_nobody_is_let_in_by_anything_else(store: Store) -> None:
    somebody(store)
    somebody(store, "Invited", None)
    for name, password in (
        ("Kim", "wrong password"),
        ("Nobody", GOOD),
        ("Invited", ""),
        ("Invited", GOOD),
        ("Kim", ""),
    ):
        with pytest.raises(NotSignedIn) as refused:
            store.users.admit(name, password)
        assert refused.value.seconds == 0
    with pytest.raises(NotSignedIn):
        store.users.admit("Kim", "x" * 1_000_000)


def test_wrong_passwords_make_a_pause_that_grows_and_ends(store: Store) -> None:
    user = somebody(store)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            store.users.admit("Kim", "wrong password")
    with pytest.raises(NotSignedIn) as refused:
        store.users.admit("Kim", GOOD)
    assert refused.value.seconds == 1
    sql(store, "UPDATE users SET failures = 30 WHERE id = ?", user.id)
    with pytest.raises(NotSignedIn) as refused:
        store.users.admit("Kim", GOOD)
    assert 290 <= refused.value.seconds <= 300
    sql(store, "UPDATE users SET failed_at = failed_at - 301000000 WHERE id = ?", user.id)
    store.users.begin(store.users.admit("Kim", GOOD))
    with pytest.raises(NotSignedIn) as refused:
        store.users.admit("Kim", "wrong password")
    assert refused.value.seconds == 0


def test_pauses_dont_tell_which_names_somebody_has(store: Store) -> None:
    somebody(store)
    for name in ("Kim", "Nobody", "a\0b"):
        pauses = []
        for _ in range(6):
            with pytest.raises(NotSignedIn) as refused:
                store.users.admit(name, "wrong password")
            pauses.append(refused.value.seconds)
        assert pauses == [0, 0, 0, 0, 0, 1], name


def test_many_that_try_at_once_are_refused_and_dont_wait(store: Store) -> None:
    somebody(store)
    ready = threading.Barrier(16)

    def attempt(number: int) -> type[Exception]:
        ready.wait()
        with pytest.raises((NotSignedIn, TooMany)) as refused:
            store.users.admit(f"Nobody {number}", "wrong password")
        return refused.type

    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(attempt, range(16)))
    assert NotSignedIn in outcomes
    assert TooMany in outcomes
    assert store.users.admit("Kim", GOOD).name == "Kim"


def test_tries_at_once_are_no_way_around_the_pause(store: Store) -> None:
    user = somebody(store)
    sql(store, "UPDATE users SET failures = 4 WHERE id = ?", user.id)
    ready = threading.Barrier(4)

    def attempt(_: int) -> int:
        ready.wait()
        with pytest.raises(NotSignedIn) as refused:
            store.users.admit("Kim", "wrong password")
        return refused.value.seconds

    with ThreadPoolExecutor(4) as threads:
        assert [pause > 0 for pause in threads.map(attempt, range(4))].count(True) >= 1


def test_signing_in_again_ends_what_the_browser_had(store: Store) -> None:
    user = somebody(store)
    first = store.users.begin(user)
    second = store.users.begin(user, instead_of=first)
    assert store.users.whose(first) is None
    assert store.users.whose(second) is not None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # in PostgreSQL nobody waits for another writer
def test_looking_needs_no_write(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    user = somebody(store)
    token = store.users.begin(user)
    sql(store, "UPDATE sign_ins SET seen_at = seen_at - 120000000")
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with store.database.write(), ThreadPoolExecutor(1) as threads:
        found = threads.submit(store.users.whose, token).result(timeout=30)
    assert found is not None
    assert found.id == user.id


def test_a_sign_in_lasts_until_it_is_ended(store: Store) -> None:
    user = somebody(store)
    first, second = store.users.begin(user), store.users.begin(user)
    assert first != second
    for token in (first, second):
        found = store.users.whose(token)
        assert found is not None
        assert found.id == user.id
    store.users.end(first)
    assert store.users.whose(first) is None
    assert store.users.whose(second) is not None
    assert store.users.whose("") is None


@pytest.mark.parametrize(("column", "hours"), [("seen_at", 8), ("created_at", 24)])
def test_a_sign_in_ends_by_itself(store: Store, column: str, hours: int) -> None:
    token = store.users.begin(somebody(store))
    sql(store, f"UPDATE sign_ins SET {column} = {column} - ?", (hours * 3_600 - 5) * 1_000_000)
    assert store.users.whose(token) is not None
    sql(
        store,
        f"UPDATE sign_ins SET {column} = {column} - ?",
        10_000_000 if column == "created_at" else hours * 3_600_000_000,
    )
    assert store.users.whose(token) is None


def test_who_is_disabled_is_out_at_once(store: Store) -> None:
    user = somebody(store)
    token, link = store.users.begin(user), store.users.link(user.id, actor="test")
    assert store.users.disable(user.id, actor="test", reason="left")
    assert not store.users.disable(user.id, actor="test", reason="left")
    assert store.users.whose(token) is None
    assert store.users.of_link(link) is None
    with pytest.raises(NotSignedIn):
        store.users.admit("Kim", GOOD)
    assert store.users.enable(user.id, actor="test", reason="back")
    assert store.users.whose(token) is None
    assert store.users.of_link(link) is None
    assert store.users.admit("Kim", GOOD).id == user.id


def test_a_new_password_ends_what_they_were_signed_in_with(store: Store) -> None:
    user = somebody(store)
    token = store.users.begin(user)
    store.users.use_link(store.users.link(user.id, actor="test"), "another password")
    assert store.users.whose(token) is None
    with pytest.raises(NotSignedIn):
        store.users.admit("Kim", GOOD)


def test_what_is_kept_opens_nothing(store: Store) -> None:
    user = somebody_who_chose(store)
    link, token = store.users.link(user.id, actor="test"), store.users.begin(user)
    with store.database.read() as connection:
        kept = [
            str(value)
            for table in ("users", "sign_ins", "sign_in_links", "events")
            for row in fetch(connection, f"SELECT * FROM {table}")
            for value in row
        ]
    for secret in (GOOD, link, token):
        assert not any(secret in value for value in kept)
    assert any(value.startswith("$argon2id$") for value in kept)


def test_what_was_done_to_somebody_is_on_record(store: Store) -> None:
    user = somebody_who_chose(store)
    store.users.change_role(user.id, "admin", actor="boss")
    store.users.change_role(user.id, "admin", actor="boss")
    store.users.begin(user)
    kinds = [event["kind"] for event in store.audit.of(f"user/{user.id}")]
    assert kinds == ["created", "link made", "password chosen", "role changed", "signed in"]
    (kim,) = store.users.all()
    assert (kim.role, kim.may("integration"), kim.seen_at is not None) == ("admin", True, True)
    assert list(store.audit.broken()) == []


def test_whose_a_sign_in_is_is_found_by_its_index(store: Store) -> None:
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    query = "SELECT u.id FROM sign_ins s JOIN users u ON u.id = s.user_id WHERE s.sha256 = ?"
    with store.database.read() as connection:
        if not store.database.is_sqlite:
            fetch(connection, "SELECT set_config('enable_seqscan', 'off', true)")
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {query}", [b"x"]))
    assert "SCAN s" not in plan
    assert "SCAN u" not in plan
    assert "Seq Scan" not in plan
