"""Databases of earlier versions, brought to today's tables with what is in them."""

from __future__ import annotations

from gateway.store.schema import alembic_config
from gateway.store.statements import fetch, run
from gateway.store.store import Store


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
