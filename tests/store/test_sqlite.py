"""What only SQLite needs to be asked."""

from __future__ import annotations

import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.store import database
from gateway.store.database import StoreUnavailable
from gateway.store.statements import fetch
from gateway.store.store import Store
from tests.harness.new_database import new_sqlite
from tests.store.test_conformance import arrival


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(new_sqlite(tmp_path / "gateway.db"))


def test_every_connection_survives_a_power_cut(store: Store) -> None:
    def pragmas(_: int) -> tuple[str, int]:
        with store.database.read() as connection:
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            return str(mode), int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(pragmas, range(40))) == {("wal", 2)}  # 2: FULL


def test_a_store_that_is_closed_leaves_no_file_open(store: Store, tmp_path: Path) -> None:
    """Nor does closing it again, or using it once more, disturb anything."""
    for number in range(2):
        store.intake.keep(arrival(f"<x>{number}</x>".encode()))
        assert _open_below(tmp_path)
        store.close()
        assert _open_below(tmp_path) == []
    store.close()


def _open_below(folder: Path) -> list[str]:
    found = []
    for one in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the listing's own
            found.append(os.readlink(f"/proc/self/fd/{one}"))
    return [one for one in found if one.startswith(str(folder))]


@pytest.mark.parametrize("value", [None, b"", b"\x00\xff", b"x" * 70_000])
def test_null_and_bytes_go_to_the_driver_as_they_are(store: Store, value: bytes | None) -> None:
    """Found among its adapters at once: what isn't there costs it several look-ups a value, five times the binding."""
    import pysqlite3.dbapi2 as sqlite

    assert sqlite.adapters[type(value), sqlite.PrepareProtocol](value) is value
    with store.database.read() as connection:
        ((bound, kind),) = fetch(connection, "SELECT ?, typeof(?)", [value, value])
    assert (bound, kind) == (value, "null" if value is None else "blob")


def test_a_locked_database_is_a_clear_failure_and_works_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    import pysqlite3.dbapi2 as sqlite

    locker = sqlite.connect(str(store.database.url.database), isolation_level=None)
    quick = Store(str(store.database.url))
    locker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        quick.intake.keep(arrival(b"x"))
    locker.execute("ROLLBACK")
    assert quick.intake.keep(arrival(b"x")).status == "received"
    quick.close()
    locker.close()


def test_what_was_given_up_on_is_not_stored_when_the_lock_is_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits behind the first, whose group waits for the lock: the turn of its own comes too late."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 1.0)
    import pysqlite3.dbapi2 as sqlite

    locker = sqlite.connect(str(store.database.url.database), isolation_level=None)
    quick = Store(str(store.database.url))
    locker.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(quick.intake.keep, arrival(b"first"))
        while not quick.intake._waiting.empty():
            time.sleep(0.001)
        time.sleep(0.5)
        second = threads.submit(quick.intake.keep, arrival(b"second"))
        assert isinstance(first.exception(timeout=10), StoreUnavailable)
        assert isinstance(second.exception(timeout=10), StoreUnavailable)
    locker.execute("ROLLBACK")
    kept = quick.intake.keep(arrival(b"third"))
    assert [message.id for message in quick.messages.page()] == [kept.message_id]
    again = quick.intake.keep(arrival(b"second"))
    assert (again.status, again.duplicate) == ("received", False)
    quick.close()
    locker.close()


def test_a_full_disk_is_a_clear_failure_and_nothing_is_half_stored(store: Store) -> None:
    with store.database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    store.close()
    full = Store(str(store.database.url))
    large = os.urandom(1_000_000)  # which no packing makes smaller

    import sqlalchemy as sa

    @sa.event.listens_for(full.database.engine, "connect")
    def cap(connection: object, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 3}")  # type: ignore[attr-defined]

    with pytest.raises(StoreUnavailable) as refused:
        full.intake.keep(arrival(large))
    assert "full" in str(refused.value.faults[0].value)
    full.close()
    again = Store(str(store.database.url))
    assert again.intake.keep(arrival(large)).duplicate is False
    with again.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    again.close()
