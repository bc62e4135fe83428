"""The console over the demo's accounts, with their samples as messages of every kind."""

from __future__ import annotations

from pathlib import Path

from gateway.bootstrap import demo_folder
from gateway.demo.accounts import prepare
from gateway.intake import Arrival, take_in
from gateway.lanes import Lanes
from gateway.services import Limits, Services
from gateway.store.messages import StoredMessage
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.files.supplier import read_supplier
from mappings.own_format import formats_of
from tests.api.builders import Gateway
from tests.harness.gateway import ROOT
from tests.harness.new_database import new_sqlite

ACCOUNTS = ROOT / "mappings" / "accounts"


class Desk(Gateway):
    """The gateway with what is needed to send it documents as bytes."""

    def take(self, account_id: str, body: bytes, *, test: bool = False, file_name: str | None = None) -> str:
        """Take a document in and settle it; the id of the message that it became."""
        services = self.services
        revision = services.terms.current([account_id])[account_id]
        own = revision.number if revision.own_format else None
        arrival = Arrival(
            *(revision.account, test, body, "http"),
            formats=formats_of(revision),
            revision=own,
            file_name=file_name,
        )
        take_in(services, arrival)
        self.work()
        return services.store.messages.page(account_id=account_id, limit=1)[0].id

    def sample(self, account_id: str, name: str) -> str:
        """The same of a sample of the account's folder, named by the beginning of its name."""
        return self.take(account_id, sample(account_id, name))

    def message(self, message_id: str) -> StoredMessage:
        """The message as it stands."""
        found = self.services.store.messages.one(None, message_id)
        assert found is not None
        return found


def sample(account_id: str, name: str) -> bytes:
    """The sample's bytes."""
    files = (ACCOUNTS / account_id / "samples").glob(f"{name}*")
    (path,) = (one for one in files if ".expected." not in one.name)
    return path.read_bytes()


def desk_at(folder: Path) -> Desk:
    """A desk of its own in this folder."""
    store = Store(new_sqlite(folder / "gateway.db"))
    supplier = read_supplier(ROOT / "config" / "supplier.yaml")
    services = Services(store, Lanes(f"unix://{folder / 'nobody.sock'}"), Terms(store), supplier, Limits())
    prepare(services, demo_folder(), ACCOUNTS, folder / "keys")
    return Desk(services)
