"""`up` picks orders up without any setting, and a process that is killed in the middle of it loses and doubles none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.accounts import publish_catalogue, publish_folder
from gateway.store.statements import fetch
from gateway.store.store import Store
from mappings.files.account_folder import read_account
from mappings.files.tables import read_catalogue, read_stock
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import ACCOUNTS, CATALOGUE
from tests.workers.test_up import Up, no_settings_from_outside, up

__all__ = ["no_settings_from_outside", "up"]

PINE = "pine-hardware"
MANY = 300


@pytest.fixture
def store(up: Up, tmp_path: Path) -> Iterator[Store]:
    """The database of `up`, with an account whose orders lie in a folder."""
    opened = Store(f"sqlite:///{tmp_path / 'with a space' / 'var' / 'gateway.db'}")
    publish_catalogue(opened, read_catalogue(CATALOGUE), author="test", reason="examples")
    opened.stock.record(read_stock(CATALOGUE / "stock.csv"))
    folder = read_account(ACCOUNTS / PINE)
    terms = folder.account.model_dump(mode="json", by_alias=True, exclude_none=True)
    terms["inbound"]["pickup"] = [{"folder": "pine/in", "every": "1s"}]
    changed = replace(folder, account=type(folder.account).model_validate(terms))
    publish_folder(opened, changed, author="test", reason="pickup")
    yield opened
    opened.close()


def test_killed_while_it_picks_up_it_loses_and_doubles_no_order(up: Up, store: Store, tmp_path: Path, until) -> None:
    inbox = tmp_path / "with a space" / "var" / "pickup" / "pine" / "in"
    inbox.mkdir(parents=True)
    for number in range(MANY):
        (inbox / f"PO-{number:04d}.json").write_text(json.dumps(order(BOLTS, number=f"PH-{number:05d}")))

    def moved() -> int:
        return len(list((inbox / "done").glob("*.json"))) if (inbox / "done").is_dir() else 0

    for share in (0.1, 0.5):
        until(lambda share=share: moved() > MANY * share, 60)
        delivering = up.part("delivery")
        delivering.kill()
        with store.database.write() as connection:  # its lease would be over by itself, later
            connection.exec_driver_sql("UPDATE pickups SET leased_until = 0")
    until(lambda: moved() == MANY, 120)
    with store.database.read() as connection:
        counts = fetch(connection, "SELECT status = 'duplicate', count(*) FROM messages GROUP BY 1")
    assert [tuple(one) for one in counts] == [(0, MANY)]
    assert not list(inbox.glob("*.json"))
    until(lambda: not store.pickups.files((PINE, "folder:pine/in")), 30)
