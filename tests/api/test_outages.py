"""Where it truly can't store, it says 503 and keeps nothing; everything else goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite
import sqlalchemy as sa

from tests.api.builders import Gateway, Sender, order, services_at


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else writes to this database all the while."""
    connection = sqlite.connect(str(path), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def cannot_store(answer: Any) -> bool:
    """A 503 that says so, and when to come again."""
    return (
        answer.status_code == 503
        and answer.json["code"] == "cannot_store"
        and answer.mimetype == "application/problem+json"
        and int(answer.headers["Retry-After"]) >= 1
    )


def test_a_locked_database_takes_nothing_and_reads_on(impatient: Gateway, tmp_path: Path) -> None:
    sender = impatient.account("acme")
    known = impatient.send(sender, order("PO-1"))
    with locked(tmp_path / "gateway.db"):
        assert cannot_store(impatient.send(sender, order("PO-2")))
        assert cannot_store(impatient.client.get("/readyz"))
        assert impatient.client.get("/healthz").status_code == 200
        assert impatient.client.get(known.headers["Location"], headers=sender.headers).status_code == 200
        assert impatient.client.get("/metrics").status_code == 200
    assert impatient.client.get("/readyz").status_code == 200
    again = impatient.send(sender, order("PO-2"))
    assert (again.status_code, "duplicate" in again.json) == (202, False)
    assert len(impatient.services.store.messages.page()) == 2


def test_a_key_that_was_never_used_reads_on_while_the_database_is_locked(impatient: Gateway, tmp_path: Path) -> None:
    sender = impatient.account("acme")
    with locked(tmp_path / "gateway.db"):
        for _ in range(20):
            assert impatient.client.get("/v1/documents", headers=sender.headers).status_code == 200
        impatient.services.store.keys.stop()
    (key,) = impatient.services.store.keys.all("acme")
    assert key.last_used_at is None  # nobody waited for the lock to note it


def test_the_use_of_a_key_is_noted_beside_the_request(gateway: Gateway, acme: Sender) -> None:
    assert gateway.client.get("/v1/documents", headers=acme.headers).status_code == 200
    gateway.services.store.keys.stop()
    (key,) = gateway.services.store.keys.all("acme")
    assert key.last_used_at is not None
    assert key.last_used_at > key.created_at


def test_a_full_disk_takes_nothing_until_there_is_room(gateway: Gateway, acme: Sender, tmp_path: Path) -> None:
    def large(number: str) -> dict[str, Any]:
        return order(number, note="x" * 9_000, extensions=[{"name": "a", "value": number * 10_000}])

    assert gateway.send(acme, large("PO-0")).status_code == 202
    most_pages = 1

    @sa.event.listens_for(gateway.services.store.database.engine, "connect")
    def bound(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={most_pages}")  # SQLite takes the present size where it is more

    gateway.services.store.database.close()
    refused = [gateway.send(acme, large(f"PO-{number}")) for number in range(1, 6)]
    assert cannot_store(refused[-1])
    taken = [answer for answer in refused if answer.status_code == 202]
    assert all(answer.status_code == 202 or cannot_store(answer) for answer in refused)
    assert gateway.client.get("/v1/documents", headers=acme.headers).status_code == 200

    most_pages = 1_000_000
    gateway.services.store.database.close()
    assert gateway.send(acme, large("PO-9")).status_code == 202
    again = gateway.send(acme, large("PO-5"))
    assert (again.status_code, "duplicate" in again.json) == (202, False)
    assert len(gateway.services.store.messages.page()) == 3 + len(taken)
    with sqlite.connect(str(tmp_path / "gateway.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_without_redis_orders_are_taken_and_answered(gateway: Gateway, acme: Sender) -> None:
    assert gateway.client.get("/readyz").json == {"status": "ready", "redis": "down"}
    assert gateway.send(acme, order()).status_code == 202
    gateway.work()
    assert gateway.send(acme, order(), "?wait=5").status_code == 200


def test_with_redis_it_says_so(tmp_path: Path, redis_url: str) -> None:
    gateway = Gateway(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", redis_url))
    try:
        assert gateway.client.get("/readyz").json == {"status": "ready", "redis": "up"}
    finally:
        gateway.close()
