"""Databases of earlier versions, brought to today's tables with what is in them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from gateway.store.schema import alembic_config
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from gateway.store.tables import metadata
from tests.examples.conftest import today
from tests.examples.order_lines import BOLTS, HAMMERS, order
from tests.examples.small_gateway import SmallGateway, fill
from tests.examples.threads import PINE, cancel, change, confirmed, settle
from tests.store.postgres import fresh_database

__all__ = ["today"]


def upgrade_to(store: Store, version: str) -> None:
    """The tables as the program of that version had them."""
    from alembic import command

    with store.database.engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        connection.commit()


def test_the_orders_of_a_number_are_counted(database_url: str) -> None:
    """In the order in which they were made, each account's and its tests by themselves."""
    store = Store(database_url)
    upgrade_to(store, "0008")
    rows = [
        ("third", "acme", 0, "B2\x1fPO-1", "PO-1", 30),
        ("first", "acme", 0, "B1\x1fPO-1", "PO-1", 10),
        ("second", "acme", 0, "\x1fPO-1", "PO-1", 20),
        ("test", "acme", 1, "B1\x1fPO-1", "PO-1", 15),
        ("other", "other", 0, "B1\x1fPO-1", "PO-1", 25),
        ("another", "acme", 0, "B1\x1fPO-2", "PO-2", 40),
    ]
    with store.database.write() as connection:
        run(connection, _OLD_ORDER, [(*row, b"") for row in rows])
    store.upgrade()
    with store.database.read() as connection:
        ordinals = dict(tuple(row) for row in fetch(connection, "SELECT id, ordinal FROM orders"))
    assert ordinals == {"first": 0, "second": 1, "third": 2, "test": 0, "other": 0, "another": 0}
    found = store.orders.of_numbers([("acme", False, "PO-1")])["acme", False, "PO-1"]
    assert {live.id: live.ordinal for live in found.values()} == {"first": 0, "second": 1, "third": 2}
    store.close()


_OLD_ORDER = (
    "INSERT INTO orders (id, account_id, test, order_key, order_number, created_at, updated_at, epoch, version, "
    "status, outcome, order_type, message_id, mapping_revision, catalogue_revision, content_sha256) "
    "VALUES (?, ?, ?, ?, ?, ?, 1, 0, 1, 'open', 'accepted', 'stand_alone', '', 1, 1, ?)"
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_gateway_that_was_in_use_is_upgraded_and_goes_on(
    request: pytest.FixtureRequest, tmp_path: Path, today: time_machine.Traveller, kind: str
) -> None:
    """At 0006, with orders, a change, a test, one held and one that waits: nothing is lost, and each goes on."""
    with ExitStack() as closing:
        url = f"sqlite:///{tmp_path / 'gateway.db'}"
        if kind == "postgresql":
            url = closing.enter_context(fresh_database(request.getfixturevalue("postgres")))
        fill(url)
        used = SmallGateway.at(url, tmp_path)
        settle(used, order(BOLTS), change({**BOLTS, "quantity": "6"}), order(HAMMERS, order_number="PH-2"))
        held = used.settle(PINE, order({**BOLTS, "buyer_item": "PH-9999"}, order_number="PH-3"))
        used.settle(PINE, order(HAMMERS, order_number="PH-2"), test=True)
        waiting = used.send(PINE, {"function": "cancel", "order_number": "PH-4"})
        used.work()
        before = contents(used.store)
        taken_back_to_0006(used.store)
        used.close()
        plain = tmp_path / "plain"
        plain.mkdir()
        fresh_url = f"sqlite:///{plain / 'gateway.db'}"
        if kind == "postgresql":
            fresh_url = closing.enter_context(fresh_database(request.getfixturevalue("postgres")))
        fresh = Store(fresh_url)
        upgrade_to(fresh, "0006")
        aged = Store(url)
        assert shape(aged) == shape(fresh), "as the program of 0006 left it"
        aged.upgrade()
        assert contents(aged) == before
        fresh.close()
        aged.close()
        again = SmallGateway.at(url, tmp_path)
        assert list(again.store.audit.broken()) == []
        cancelled = settle(again, cancel())
        assert [one.status for one in cancelled] == ["done"]
        again.settle(PINE, order(BOLTS, order_number="PH-4"))
        again.work()
        assert [again.message(one).status for one in (held.id, waiting)] == ["held", "done"]
        assert confirmed(again) == {"1": ("6", "0", "6")}
        again.close()


def taken_back_to_0006(store: Store) -> None:
    """Undo what came after 0006, with the rows that are there."""
    statements = (
        "DROP INDEX uq_orders_order_number",
        "ALTER TABLE orders DROP COLUMN ordinal",
        "CREATE INDEX ix_orders_order_number ON orders (order_number, account_id)",
        "DROP TABLE contract_movements",
        "DROP INDEX ix_messages_parent_id",
        "ALTER TABLE messages DROP COLUMN part",
        "ALTER TABLE messages DROP COLUMN parts",
        "UPDATE alembic_version SET version_num = '0006'",
    )
    with store.database.write() as connection:
        for statement in statements:
            run(connection, statement, [()])


def shape(store: Store) -> dict[str, tuple[set[str], set[tuple[str | None, tuple[str | None, ...], bool]]]]:
    """Table → its columns and indexes."""
    inspector = sa.inspect(store.database.engine)
    return {
        table: (
            {column["name"] for column in inspector.get_columns(table)},
            {(one["name"], tuple(one["column_names"]), bool(one["unique"])) for one in inspector.get_indexes(table)},
        )
        for table in inspector.get_table_names()
    }


def contents(store: Store) -> dict[str, list[str]]:
    """Every row of every table."""
    with store.database.read() as connection:
        return {
            table.name: sorted(
                str([bytes(value) if isinstance(value, memoryview) else value for value in row])
                for row in fetch(connection, f"SELECT {', '.join(c.name for c in table.columns)} FROM {table.name}")
            )
            for table in metadata.sorted_tables
        }
