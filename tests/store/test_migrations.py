"""Databases of earlier versions, brought to today's tables with what is in them."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine

from gateway.store.statements import fetch, run
from gateway.store.store import Store
from mappings.revision import TaxRow
from mappings.tables import natural_key, to_fields
from tests.examples.conftest import today
from tests.examples.order_lines import BOLTS, HAMMERS, order
from tests.examples.small_gateway import SmallGateway, fill
from tests.examples.threads import PINE, cancel, change, confirmed, settle
from tests.store.earlier_tables import Shape, shape, take_back, upgrade_to
from tests.store.postgres import fresh_database
from tests.store.words import receipt

__all__ = ["today"]


def test_the_orders_of_a_number_are_counted(empty_database_url: str) -> None:
    """In the order in which they were made, each account's and its tests by themselves."""
    store = Store(empty_database_url)
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


def test_receipts_that_were_kept_are_words_of_the_account(empty_database_url: str) -> None:
    """And the same said again is none of its own."""
    store = Store(empty_database_url)
    upgrade_to(store, "0024")
    with store.database.write() as connection:
        kept = "INSERT INTO receipts (document_id, number, account_id, at, kind) VALUES (?, 1, 'acme', ?, 'receipt')"
        run(connection, kept, [("d-1", 1_000), ("d-2", 2_000)])
    store.upgrade()
    assert receipt(store, "d-1") == 1_000
    (said,) = store.deliveries.receipts("d-1")
    assert (said.at, said.kind, said.word, said.message_id) == (1_000, "receipt", "received", None)
    store.close()


def test_taxes_that_stand_are_known_without_their_category(empty_database_url: str) -> None:
    """So that the row with another category, or another word for the same standing, takes their place."""
    store = Store(empty_database_url)
    upgrade_to(store, "0016")
    rows = [TaxRow("food", "DE", "DE", None, "S", Decimal(7)), TaxRow("a|b", None, "NO", "yes", "G", valid_from=DAY)]
    old = [
        ("food|DE|DE||S|", to_fields(rows[0]), 3),
        ("a\\|b||NO|yes|G|2026-01-01", to_fields(rows[1]), None),
    ]
    with store.database.write() as connection:
        text = (
            "INSERT INTO revision_rows (scope, kind, natural_key, body, added_in, removed_in) VALUES (?, ?, ?, ?, 1, ?)"
        )
        run(connection, text, [("catalogue", "tax", key, json.dumps(body), gone) for key, body, gone in old])
        run(connection, text, [("catalogue", "pack", "OAT-1L|XCT", "{}", None)])
    store.upgrade()
    with store.database.read() as connection:
        found = fetch(connection, "SELECT natural_key, removed_in FROM revision_rows ORDER BY id")
    assert [tuple(row) for row in found] == [
        (natural_key(rows[0]), 3),
        (natural_key(rows[1]), None),
        ("OAT-1L|XCT", None),
    ]
    store.close()


DAY = date(2026, 1, 1)
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
        take_back(used.store, "0006")
        before = contents(used.store, shape(used.store))
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
        assert contents(aged, shape(fresh)) == before
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


def contents(store: Store, tables: Shape) -> dict[str, list[str]]:
    """Every row of these tables, their columns only."""
    with store.database.read() as connection:
        return {
            table: sorted(
                str([bytes(value) if isinstance(value, memoryview) else value for value in row])
                for row in fetch(connection, f"SELECT {', '.join(sorted(columns))} FROM {table}")
            )
            for table, (columns, _) in tables.items()
            if table != "alembic_version"
        }
