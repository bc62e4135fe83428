"""One gateway's database with the three accounts on it, seen from the test's own process."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

from gateway.store.store import Store
from tests.harness.accounts import set_up_accounts
from tests.harness.books import Books
from tests.harness.gateway import Gateway
from tests.harness.ledger import Client, Ledger
from tests.harness.new_database import upgrade_by_copying


class Site:
    """A database that is set up, the accounts' keys, and how to start gateways and clients on it."""

    def __init__(self, folder: Path, url: str, *, on_hand: str | None = None) -> None:
        self.folder = folder
        self.url = url
        self.store = Store(url)
        upgrade_by_copying(self.store.database)
        self.keys = set_up_accounts(self.store, folder / "accounts", on_hand=on_hand)
        self.books = Books(self.store)
        self.ledger = Ledger(folder / "ledger.db")
        self._clients: list[Client] = []

    @property
    def kind(self) -> str:
        """sqlite or postgresql."""
        return "sqlite" if self.store.database.is_sqlite else "postgresql"

    def gateway(self, **told: Any) -> Gateway:
        """Everything under the supervisor, on this database."""
        return Gateway(self.folder / "gateway", self.url, **told)

    def client(self, address: str, **told: Any) -> Client:
        """A client with the accounts' keys and this site's ledger."""
        self._clients.append(Client(address, self.keys, self.ledger, **told))
        return self._clients[-1]

    def __enter__(self) -> Site:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            client.close()
        self.ledger.close()
        self.store.close()
