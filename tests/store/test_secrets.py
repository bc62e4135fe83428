"""Named secrets in the database, on both kinds: sealed, found within a second, and never opened in another's place."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.kept_secrets import BadSecret, KeptSecrets
from gateway.named_secrets import NamedSecrets
from gateway.sealing import Keyring, NotOpened, Sealed
from gateway.store.database import StoreUnavailable
from gateway.store.sealed_secrets import SealedSecrets
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from tests.harness.waiting import until
from tests.store.earlier_tables import take_back

FIRST, SECOND, THIRD = ("one key" * 6, "another key" * 4, "a third key" * 4)
CANARY = "canary-open-sesame"


def keyring(present: str | None = FIRST, before: str | None = None) -> Keyring:
    return Keyring(lambda: (present, before))


def kept(store: Store, present: str | None = FIRST, before: str | None = None) -> KeptSecrets:
    """Another process's view."""
    return KeptSecrets(store.secrets, keyring(present, before))


def revealed(secrets: KeptSecrets, name: str) -> str | None:
    found = secrets.of(name)
    return None if found is None else found.reveal()


def opened_by(secrets: KeptSecrets) -> dict[str, str]:
    return {one.secret.name: one.opened_by for one in secrets.all()}


def rows(store: Store, query: str) -> list[Any]:
    with store.database.read() as connection:
        return [tuple(row) for row in fetch(connection, query)]


def stream_of(store: Store, name: str) -> list[tuple[str, dict[str, Any]]]:
    return [(event["kind"], event["body"]) for event in store.audit.of(f"secret/{name}")]


def test_a_secret_is_set_changed_and_removed_and_the_chain_tells_of_it_without_its_value(store: Store) -> None:
    secrets = kept(store)
    assert secrets.of("HUB") is None
    assert secrets.set("HUB", CANARY, actor="ann") == (1, False)
    assert secrets.set("HUB", "another " + CANARY, actor="bob") == (2, True)
    assert revealed(kept(store), "HUB") == "another " + CANARY
    assert secrets.remove("HUB", actor="ann", reason="the network is left")
    assert not secrets.remove("HUB", actor="ann", reason="again")
    assert kept(store).of("HUB") is None
    assert secrets.set("HUB", CANARY, actor="ann") == (3, False)
    told = stream_of(store, "HUB")
    assert [kind for kind, _ in told] == ["set", "set", "removed", "set"]
    assert told[2][1] == {"reason": "the network is left"}
    assert [body["number"] for kind, body in told if kind == "set"] == [1, 2, 3]
    assert CANARY not in str(told)
    assert list(store.audit.broken()) == []
    with_bytes = rows(store, "SELECT number FROM secrets WHERE nonce IS NOT NULL OR ciphertext IS NOT NULL")
    assert with_bytes == [(3,)], "what was replaced is gone"


@pytest.mark.parametrize("value", ["x", "sésame 🔑", "-----BEGIN\nAAAA\n-----END", "a" * 200_000, " spaced "])
def test_what_was_set_is_what_is_found(store: Store, value: str) -> None:
    kept(store).set("HUB", value, actor="t")
    assert revealed(kept(store), "HUB") == value


@pytest.mark.parametrize("value", ["", " \n", "a\0b", "a" * 1_000_001])
def test_what_is_no_secret_is_refused(store: Store, value: str) -> None:
    with pytest.raises(BadSecret):
        kept(store).set("HUB", value, actor="t")
    assert store.secrets.live() == []


def test_the_same_value_is_sealed_otherwise_each_time(store: Store) -> None:
    secrets = kept(store)
    for name in ("ONE", "TWO"):
        secrets.set(name, CANARY, actor="t")
    (first, nonce), (second, other) = rows(store, "SELECT ciphertext, nonce FROM secrets ORDER BY name")
    assert bytes(first) != bytes(second)
    assert bytes(nonce) != bytes(other)
    assert len(bytes(nonce)) == 12


SWAPPED = (
    "UPDATE secrets SET (nonce, ciphertext) = (SELECT nonce, ciphertext FROM secrets WHERE name = 'TWO') "
    "WHERE name = 'ONE'"
)


@pytest.mark.parametrize(
    "tampering",
    [
        SWAPPED,
        "UPDATE secrets SET number = 7 WHERE name = 'ONE'",
        "UPDATE secrets SET ciphertext = nonce WHERE name = 'ONE'",
        "UPDATE secrets SET key_id = 'other' WHERE name = 'ONE'",
    ],
    ids=["another's", "another number", "broken", "another key"],
)
def test_a_row_in_anothers_place_does_not_open_and_is_found(store: Store, tampering: str) -> None:
    secrets = kept(store)
    secrets.set("ONE", CANARY, actor="t")
    secrets.set("TWO", "the other", actor="t")
    with store.database.write() as connection:
        run(connection, tampering, [()])
    assert kept(store).of("ONE") is None
    assert kept(store).is_sealed("ONE")
    assert revealed(kept(store), "TWO") == "the other"
    assert opened_by(kept(store)) == {"ONE": "nothing", "TWO": "present"}


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE secrets SET ciphertext = nonce WHERE name = 'ONE'", "secret ONE: what is sealed was replaced"),
        ("UPDATE secrets SET ended_at = 1 WHERE name = 'ONE'", "secret ONE: it is ended, but its chain says that"),
        ("UPDATE secrets SET ended_at = NULL WHERE name = 'GONE'", "secret GONE: it is live, but its chain says that"),
        ("DELETE FROM secrets WHERE name = 'ONE'", "secret ONE: it is gone, though it had 2 events"),
        ("DELETE FROM events WHERE stream = 'secret/ONE'", "secret ONE: its whole chain is gone"),
        (
            "UPDATE events SET actor = 'x' WHERE stream = 'secret/ONE' AND number = 1",
            "stream secret/ONE: event 1 doesn't follow",
        ),
    ],
)
def test_a_row_that_is_not_as_it_was_recorded_is_found(store: Store, tampering: str, said: str) -> None:
    secrets = kept(store)
    for name in ("GONE", "ONE", "TWO"):
        secrets.set(name, CANARY, actor="t")
    secrets.remove("GONE", actor="t", reason="t")
    kept(store, SECOND, FIRST).reencrypt(actor="t")
    assert list(store.audit.broken()) == []
    with store.database.write() as connection:
        run(connection, tampering, [()])
    (found,) = store.audit.broken()
    assert found.startswith(said)


def test_the_key_is_changed_step_by_step_and_nothing_is_ever_missing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.kept_secrets._FRESH_SECONDS", 0.0)
    old = kept(store)
    old.set("ONE", CANARY, actor="t")
    old.set("TWO", "the other", actor="t")
    assert revealed(old, "ONE") == CANARY
    both = kept(store, SECOND, FIRST)
    assert revealed(both, "ONE") == CANARY
    assert opened_by(both) == {"ONE": "before", "TWO": "before"}
    assert both.reencrypt(actor="ann") == (["ONE", "TWO"], [])
    assert opened_by(both) == {"ONE": "present", "TWO": "present"}
    assert both.reencrypt(actor="ann") == ([], []), "a second time there is nothing to do"
    assert revealed(kept(store, SECOND), "TWO") == "the other"
    assert revealed(old, "ONE") == CANARY, "a process that isn't started again yet goes on with what it had read"
    assert kept(store, FIRST).of("ONE") is None
    kind, body = stream_of(store, "ONE")[-1]
    assert (kind, body["number"], body["key_before"]) == ("reencrypted", 1, keyring(FIRST).present_id)
    assert list(store.audit.broken()) == []


def test_what_nothing_opens_is_left_and_named(store: Store) -> None:
    kept(store, THIRD).set("LOST", CANARY, actor="t")
    kept(store, FIRST).set("ONE", CANARY, actor="t")
    both = kept(store, SECOND, FIRST)
    assert both.reencrypt(actor="t") == (["ONE"], ["LOST"])
    assert opened_by(both) == {"LOST": "nothing", "ONE": "present"}
    both.set("LOST", "set anew", actor="t")
    assert opened_by(both) == {"LOST": "present", "ONE": "present"}


def test_one_that_is_set_while_it_is_sealed_anew_stays_as_it_was_set(store: Store) -> None:
    kept(store).set("ONE", "before", actor="t")
    (row,) = store.secrets.live()
    kept(store, SECOND, FIRST).set("ONE", "after", actor="t")
    assert not store.secrets.reseal(row, keyring(SECOND).seal("ONE", 1, "before"), "t")
    assert revealed(kept(store, SECOND), "ONE") == "after"


def test_two_that_set_a_secret_at_once_are_told_in_turn(store: Store) -> None:
    secrets, numbers = kept(store), []
    start = threading.Barrier(4)

    def set_one(value: str) -> None:
        start.wait()
        numbers.append(secrets.set("HUB", value, actor="t")[0])

    threads = [threading.Thread(target=set_one, args=(f"value {one}",)) for one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [1, 2, 3, 4]
    assert len(store.secrets.live()) == 1
    assert list(store.audit.broken()) == []


def test_a_change_is_seen_by_other_processes_within_a_second_or_so_and_costs_no_query_each_time(store: Store) -> None:
    other = kept(store)
    assert other.of("HUB") is None
    kept(store).set("HUB", CANARY, actor="t")
    took = until(lambda: other.of("HUB"), 5, "the secret is found")
    assert took < 2.0
    assert other.numbers() == {"HUB": 1}
    counted = Counted(store.secrets)
    busy = KeptSecrets(counted, keyring())  # type: ignore[arg-type]  # it has what is asked of it
    for _ in range(2000):
        assert busy.of("HUB") is not None
        assert busy.of("OTHER") is None
    assert counted.asked <= 3
    kept(store).remove("HUB", actor="t", reason="t")
    until(lambda: other.of("HUB") is None, 5, "the secret is forgotten")


class Counted:
    """A repository that counts what is asked of it, and that can be away."""

    def __init__(self, store: SealedSecrets) -> None:
        self._store, self.asked, self.is_away = store, 0, False

    def live(self) -> Any:
        self.asked += 1
        if self.is_away:
            raise StoreUnavailable("it is away")
        return self._store.live()


def test_where_the_database_is_away_what_was_read_last_is_used(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gateway.kept_secrets._FRESH_SECONDS", 0.0)
    kept(store).set("HUB", CANARY, actor="t")
    counted = Counted(store.secrets)
    secrets = KeptSecrets(counted, keyring())  # type: ignore[arg-type]
    counted.is_away = True
    with pytest.raises(StoreUnavailable):
        secrets.of("HUB")
    counted.is_away = False
    assert revealed(secrets, "HUB") == CANARY
    counted.is_away = True
    with caplog.at_level(logging.DEBUG):
        assert [revealed(secrets, "HUB") for _ in range(5)] == [CANARY] * 5
    assert len([one for one in caplog.messages if "The database is away" in one]) == 1
    counted.is_away = False
    kept(store).set("HUB", "another", actor="t")
    assert revealed(secrets, "HUB") == "another"


def test_nobody_waits_for_whoever_asks_a_database_that_is_away(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.kept_secrets._FRESH_SECONDS", 0.0)
    kept(store).set("HUB", CANARY, actor="t")
    hanging = Hanging(store.secrets)
    secrets = KeptSecrets(hanging, keyring())  # type: ignore[arg-type]
    assert revealed(secrets, "HUB") == CANARY
    hanging.go_on.set()
    hanging.is_away = True
    assert revealed(secrets, "HUB") == CANARY
    hanging.go_on.clear()
    asker = threading.Thread(target=secrets.of, args=("HUB",))
    asker.start()
    assert hanging.asks.wait(5)
    try:
        assert revealed(secrets, "HUB") == CANARY, "while another thread waits for the database"
    finally:
        hanging.go_on.set()
        asker.join()


class Hanging(Counted):
    """One that is away only after a while, as a server is whose machine is gone."""

    def __init__(self, store: SealedSecrets) -> None:
        super().__init__(store)
        self.go_on, self.asks = threading.Event(), threading.Event()

    def live(self) -> Any:
        if self.is_away:
            if not self.go_on.is_set():
                self.asks.set()
            self.go_on.wait(10)
        return super().live()


def test_the_environment_wins_and_names_compare_without_case(store: Store) -> None:
    secrets = kept(store)
    for name in ("HUB", "ACME_HOOK"):
        secrets.set(name, "of the database", actor="t")
    named = NamedSecrets({"HUB": "of the environment"}).beside(kept(store))
    assert [found.reveal() for name in ("hub", "Acme-Hook") if (found := named.of(name))] == [
        "of the environment",
        "of the database",
    ]
    assert named.of("OTHER") is None
    assert named.why_not("OTHER") == "isn't set"
    assert named.numbers() == {"ACME_HOOK": 1}, "what the environment has is not another by what the database has"
    assert "of the" not in repr(named)
    lost = NamedSecrets().beside(kept(store, SECOND))
    assert lost.of("hub") is None
    assert lost.why_not("hub") == "can't be decrypted: it was set under another GATEWAY_SECRET_KEY"


@pytest.mark.parametrize("name", ["KEY", "KEY_BEFORE", "GATEWAY_SECRET_HUB", "", "HUB.1", "É", "A" * 101, "A\nB"])
def test_names_that_no_secret_can_have_are_refused(store: Store, name: str) -> None:
    with pytest.raises(BadSecret):
        kept(store).set(name, CANARY, actor="t")
    assert store.secrets.live() == []


def test_nothing_shows_a_value(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        secrets = kept(store)
        secrets.set("HUB", CANARY, actor="t")
        lost = kept(store, SECOND)
        shown = [repr(one) for one in (secrets.of("HUB"), secrets, secrets.all(), store.secrets.live(), lost.of("HUB"))]
        shown += [repr(secrets._read), repr(secrets._keyring._keys)]
        with pytest.raises(NotOpened) as failed:
            keyring(SECOND).open("HUB", 1, store.secrets.live()[0].sealed)
        with pytest.raises(BadSecret) as refused:
            secrets.set("HUB", f"{CANARY}\0", actor="t")
    shown += [repr(failed.value), repr(refused.value), str(failed.value.__context__), caplog.text]
    assert "HUB" in caplog.text
    for canary in (CANARY, FIRST, base64.b64encode(CANARY.encode()).decode()):
        assert canary not in "".join(shown)


def test_a_key_of_other_letters_or_none_opens_nothing() -> None:
    sealed = keyring().seal("HUB", 1, CANARY)
    for other in (keyring(SECOND), keyring(None), keyring(None, THIRD)):
        with pytest.raises(NotOpened):
            other.open("HUB", 1, sealed)
    for name, number in (("HUB", 2), ("HUB2", 1), ("HUB\n1", 1)):
        with pytest.raises(NotOpened):
            keyring().open(name, number, sealed)
    with pytest.raises(NotOpened):
        keyring().open("HUB", 1, Sealed(sealed.key_id, sealed.nonce, sealed.ciphertext[:-1] + b"x"))
    with pytest.raises(NotOpened, match="no GATEWAY_SECRET_KEY"):
        keyring(None).seal("HUB", 1, CANARY)


@pytest.fixture
def earlier(empty_database_url: str) -> Iterator[Store]:
    store = Store(empty_database_url)
    store.upgrade()
    yield store
    store.close()


def test_a_database_of_before_can_keep_secrets_once_it_is_upgraded(earlier: Store) -> None:
    live, _ = earlier.keys.create("acme", actor="t")
    take_back(earlier, "0024")
    earlier.upgrade()
    assert [key.id for key in earlier.keys.all()] == [live.id]
    kept(earlier).set("HUB", CANARY, actor="t")
    assert revealed(kept(earlier), "HUB") == CANARY
    assert list(earlier.audit.broken()) == []
