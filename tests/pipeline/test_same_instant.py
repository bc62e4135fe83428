"""What two workers save at the same instant on PostgreSQL, where neither sees what the other has not yet committed.

The first worker's transaction is held open with everything written, until the second has saved, or waits for a lock
that the first one has. On SQLite nobody writes while another does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import time_machine
from lxml import etree
from sqlalchemy.engine import Connection

from gateway.pipeline import drain
from gateway.services import Limits
from gateway.store.database import Database
from gateway.store.statements import fetch
from gateway.store.store import Store
from mappings.files.account_folder import read_account
from tests.examples.order_lines import BOLTS, line, order
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, SmallGateway, fill
from tests.examples.threads import PINE, cancel, change, confirmed, settle
from tests.harness.waiting import until
from tests.pipeline.test_orders_and_changes_meet import name_two_buyers
from tests.store.postgres import fresh_database


class HeldOpen:
    """A database whose next write does something `meanwhile`, before it is committed."""

    def __init__(self, database: Database, meanwhile: Callable[[], None]) -> None:
        self._database, self._meanwhile = database, [meanwhile]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The write, held open the first time."""
        with self._database.write() as connection:
            yield connection
            if self._meanwhile:
                self._meanwhile.pop()()


@pytest.fixture
def gateway(postgres: Any, tmp_path: Path, today: time_machine.Traveller) -> Iterator[SmallGateway]:
    """A gateway on PostgreSQL whose workers claim one message at a time."""
    with fresh_database(postgres) as url:
        fill(url)
        opened = SmallGateway.at(url, tmp_path)
        opened.services = replace(opened.services, limits=Limits(batch_size=1))
        yield opened
        opened.close()


def somebody_waits(store: Store) -> bool:
    """Whether a transaction waits for a lock that another has."""
    with store.database.read() as connection:
        return bool(fetch(connection, "SELECT 1 FROM pg_locks WHERE NOT granted"))


def work_at_once(gateway: SmallGateway) -> None:
    """Two workers: the first saves what waits first, and before that is committed the second saves what is next."""
    second_store = Store(gateway.store.database.url.render_as_string(hide_password=False))
    second = replace(gateway.services, store=second_store, worker_name="second")
    others: list[Future[int]] = []

    def save_the_second() -> None:
        others.append(threads.submit(drain, second, ALL_LANES, lambda: None, 1))
        until(lambda: others[0].done() or somebody_waits(gateway.store), 20, "the second worker saves or waits")

    queue = gateway.store.queue
    with ThreadPoolExecutor(1) as threads:
        queue._database, whole = HeldOpen(queue._database, save_the_second), queue._database  # type: ignore[assignment]
        drain(gateway.services, ALL_LANES, lambda: None, batches=1)
        queue._database = whole
        others[0].result()
    second_store.close()


@pytest.mark.parametrize("first", ["the order", "the cancellation"])
def test_an_order_and_its_cancellation(gateway: SmallGateway, first: str) -> None:
    """The cancellation finds no order, the order nobody that waits for it; it must not wait for the clock."""
    sent = [order(BOLTS), cancel()] if first == "the order" else [cancel(), order(BOLTS)]
    messages = [gateway.send(PINE, one) for one in sent]
    work_at_once(gateway)
    gateway.work()
    assert [gateway.message(one).status for one in messages] == ["done", "done"]
    assert confirmed(gateway) == {"1": ("4", "0", "4")}


@pytest.mark.parametrize("first", ["the change before it", "the later change"])
def test_two_changes_of_which_one_waits_for_the_other(gateway: SmallGateway, first: str) -> None:
    """Line by line: the third version can't be made of the first."""
    settle(gateway, order(BOLTS))
    second, third = (
        change({**BOLTS, "quantity": quantity, "action": "change"}, version=version)
        for version, quantity in ((2, "5"), (3, "6"))
    )
    sent = [second, third] if first == "the change before it" else [third, second]
    messages = [gateway.send(PINE, one) for one in sent]
    work_at_once(gateway)
    gateway.work()
    assert [gateway.message(one).status for one in messages] == ["done", "done"]
    assert confirmed(gateway) == {"1": ("6", "6", "0")}


@pytest.mark.parametrize(("first", "second"), [({}, {"buyer": None}), ({"buyer": None}, {})])
def test_an_order_with_and_without_its_buyer(
    gateway: SmallGateway, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Nobody knows which of the account's two buyers the one means, so it may be the other: they are under two keys."""
    name_two_buyers(gateway)
    messages = [gateway.send(PINE, one) for one in (order(BOLTS, **first), order({**BOLTS, "quantity": "5"}, **second))]
    work_at_once(gateway)
    gateway.work()
    assert [gateway.message(one).status for one in messages] == ["done", "held"]
    assert gateway.faults(messages[1]) == [("order_unclear", "/order_number")]
    assert confirmed(gateway) == {"1": ("4", "4", "0")}


def test_two_refusals_never_name_the_same_confirmation(gateway: SmallGateway) -> None:
    """Each is an update of the confirmation before it, and none of one that has been replaced."""
    folder = read_account(ACCOUNTS / PINE)
    terms = folder.account.model_dump(mode="json", by_alias=True)
    terms["outbound"]["order_response"] = {"format": "cxml-1.2", "transport": "mailbox"}
    terms["policies"]["price_mismatch"] = "reject_line"
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))
    (placed,) = settle(gateway, order(BOLTS))
    refused = [gateway.send(PINE, change(line("1", "PH-0101", quantity, "DOOS", "99"), version=0)) for quantity in "67"]
    work_at_once(gateway)
    gateway.work()
    assert [gateway.message(one).status for one in refused] == ["rejected", "rejected"]
    of_order, first, second = (gateway.store.documents.of_messages([one])[0] for one in (placed.id, *refused))
    assert replaces(gateway, first.id).startswith(of_order.number)
    assert replaces(gateway, second.id).startswith(first.number)


def replaces(gateway: SmallGateway, document_id: str) -> str:
    """The payloadID of the confirmation that this one is an update of."""
    found = etree.fromstring(gateway.store.documents.body(document_id)).find(".//ConfirmationHeader/DocumentReference")
    assert found is not None
    return str(found.get("payloadID"))
