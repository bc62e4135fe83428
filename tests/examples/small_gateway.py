"""A gateway for examples: the real application and pipeline over a real SQLite file, with the accounts in `accounts/`.

An account here is its folder and nothing else; our catalogue is in `catalogue/`. Redis is away, so the worker's part
is done by calling it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event

from gateway.accounts import publish_catalogue, publish_folder
from gateway.app import create_app
from gateway.lanes import LANES, Lanes
from gateway.pipeline import drain
from gateway.services import Limits, Services
from gateway.store.messages import StoredMessage
from gateway.store.statements import run
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.files.account_folder import AccountFolder, read_account
from mappings.files.supplier import read_supplier
from mappings.files.tables import read_catalogue, read_stock
from mappings.revision import MappingRevision
from schemas.documents.order_response import OrderResponse
from schemas.formats.json_1 import parse_order_response
from tests.kept import check_documents

HERE = Path(__file__).resolve().parent
ACCOUNTS, CATALOGUE, ORDERS = HERE / "accounts", HERE / "catalogue", HERE / "orders"
TODAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
"""The moment at which every example is sent: the snapshot of stock is of that morning."""
ALL_LANES = range(len(LANES))

Outcomes = list[tuple[str, str, str]]
"""A line's outcomes: (status, quantity, unit)."""


def filled_database(path: Path) -> Path:
    """A new database with our catalogue and stock, and every account of `accounts/`."""
    fill(f"sqlite:///{path}")
    return path


def fill(url: str) -> None:
    """Put our catalogue and stock, and every account of `accounts/`, into an empty database."""
    store = Store(url)
    store.upgrade()
    publish_catalogue(store, read_catalogue(CATALOGUE), author="test", reason="examples")
    store.stock.record(read_stock(CATALOGUE / "stock.csv"))
    for folder in sorted(path for path in ACCOUNTS.iterdir() if path.is_dir()):
        publish_folder(store, read_account(folder), author="test", reason="examples")
    store.close()


class SmallGateway:
    """The application and its services on a copy of a filled database, and what a test does with them."""

    def __init__(self, filled: Path, folder: Path, **store_settings: Any) -> None:
        self._open(f"sqlite:///{shutil.copyfile(filled, folder / 'gateway.db')}", folder, store_settings)

    @classmethod
    def on(cls, database: Path, **store_settings: Any) -> SmallGateway:
        """A gateway on a database as another one left it."""
        return cls.at(f"sqlite:///{database}", database.parent, **store_settings)

    @classmethod
    def at(cls, url: str, folder: Path, **store_settings: Any) -> SmallGateway:
        """A gateway on a filled database of either kind; `folder` is its own."""
        opened = cls.__new__(cls)
        opened._open(url, folder, store_settings)
        return opened

    def _open(self, url: str, folder: Path, store_settings: dict[str, Any]) -> None:
        self.database = folder / "gateway.db"
        store = Store(url, **store_settings)
        lanes = Lanes(f"unix://{folder / 'nobody.sock'}")
        supplier = read_supplier(CATALOGUE / "supplier.yaml")
        self.services = Services(store, lanes, Terms(store), supplier, Limits())
        self.app = create_app(self.services, threads=4)
        self.client: FlaskClient = self.app.test_client()
        self._keys: dict[tuple[str, bool], str] = {}

    @property
    def store(self) -> Store:
        """The store of this gateway."""
        return self.services.store

    def become(self, **supplier: Any) -> None:
        """Be a supplier of whom supplier.yaml says this, from now on."""
        self.app.extensions["door"].close()
        self.services = replace(self.services, supplier=replace(self.services.supplier, **supplier))
        self.app = create_app(self.services, threads=4)
        self.client = self.app.test_client()

    def set_policies(self, account_id: str, **policies: Any) -> None:
        """Publish the account's folder again with these policies."""
        folder = read_account(ACCOUNTS / account_id)
        terms = folder.account.model_dump(mode="json", by_alias=True)
        terms["policies"] |= policies
        self.publish(replace(folder, account=type(folder.account).model_validate(terms)))

    def publish(self, folder: AccountFolder) -> int:
        """Onboard an account, or change its mapping; the revision's number."""
        return publish_folder(self.store, folder, author="test", reason="examples").number

    def mapping(self, account_id: str) -> MappingRevision:
        """The account's published mapping."""
        return self.services.terms.current([account_id])[account_id]

    def key(self, account_id: str, *, test: bool = False) -> str:
        """A live key of the account."""
        if (account_id, test) not in self._keys:
            self._keys[account_id, test] = self.store.keys.create(account_id, actor="test", test=test)[1]
        return self._keys[account_id, test]

    def post(self, account_id: str, body: bytes, *, test: bool = False) -> Any:
        """The answer to `POST /v1/orders`."""
        headers = {"Authorization": f"Bearer {self.key(account_id, test=test)}"}
        return self.client.post("/v1/orders", data=body, headers=headers)

    def send(self, account_id: str, order: bytes | dict[str, Any], *, test: bool = False) -> str:
        """Send an order that is taken in; the id of the message that answers for it."""
        body = order if isinstance(order, bytes) else json.dumps(order).encode()
        answer = self.post(account_id, body, test=test)
        assert answer.status_code == 202, answer.text
        return str(answer.json["message_id"])

    def work(self) -> int:
        """Settle everything that waits; how many messages that were."""
        return drain(self.services, ALL_LANES, lambda: None)

    def wake(self) -> None:
        """Whatever waits for a time is due now."""
        with self.store.database.write() as connection:
            run(connection, "UPDATE messages SET not_before = NULL WHERE not_before > ?", [(0,)])

    def settle(self, account_id: str, order: bytes | dict[str, Any], *, test: bool = False) -> StoredMessage:
        """Send an order and settle it; the message that answers for it."""
        message_id = self.send(account_id, order, test=test)
        self.work()
        return self.message(message_id)

    def message(self, message_id: str) -> StoredMessage:
        """The message as it stands."""
        found = self.store.messages.one(None, message_id)
        assert found is not None
        return found

    def faults(self, message_id: str) -> list[tuple[str, str]]:
        """(code, path) of what is wrong with it."""
        return [(fault.code, fault.path) for fault in self.store.messages.faults(message_id)]

    def count_messages(self) -> int:
        """How many messages are stored."""
        return len(self.store.messages.page(limit=1_000))

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """The database can't grow any more: SQLite's own limit of pages, at what it has."""
        engine = self.store.database.engine

        def fill(connection: Any, _record: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={pages}")

        engine.dispose()
        event.listen(engine, "connect", fill)
        try:
            yield
        finally:
            event.remove(engine, "connect", fill)
            engine.dispose()

    def responses(self, message_ids: Sequence[str]) -> list[OrderResponse]:
        """The order responses that came of these messages, oldest first."""
        documents = self.store.documents.of_messages(message_ids)
        return [parse_order_response(self.store.documents.canonical(one.id).encode()) for one in documents]

    def response(self, message_id: str) -> OrderResponse:
        """The one order response that came of the message."""
        (found,) = self.responses([message_id])
        return found

    def close(self) -> None:
        """Give back everything. What was answered must hold (`tests.kept`)."""
        check_documents(self.store)
        self.app.extensions["door"].close()
        self.services.lanes.close()
        self.store.close()


def outcomes(response: OrderResponse) -> dict[str, Outcomes]:
    """Line number → what becomes of the line."""
    return {
        line.line_number: [(one.status, f"{one.quantity:f}", one.unit or "") for one in line.outcomes]
        for line in response.lines
    }
