"""The gateway as it is run, with the demo's accounts and an order of each kind, and people who sign in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from gateway.bootstrap import demo_folder
from gateway.demo.accounts import DemoAccount, prepare
from gateway.lanes import Lanes
from gateway.services import Limits, Services
from gateway.store.store import Store
from gateway.store.users import Role
from gateway.terms import Terms
from mappings.revision import Supplier
from tests.harness.gateway import ROOT, Gateway, running
from tests.harness.new_database import new_sqlite

PASSWORD = "correct horse battery"


class Stack:
    """A gateway whose processes run, seen through its store and its address."""

    def __init__(self, gateway: Gateway, store: Store, accounts: list[DemoAccount]) -> None:
        self.base_url = gateway.address
        self.store = store
        self.accounts = {one.account.id: one for one in accounts}
        self.gateway = gateway
        self.cookies: dict[str, Any] = {}
        """Somebody's name → what their browser keeps once they are signed in."""

    def send(self, account_id: str, sample: str) -> str:
        """Send this sample of the account's folder; the message's id once it is settled."""
        sender = self.accounts[account_id]
        found = (sender.folder / "samples").glob(f"{sample}.*")
        (path,) = (one for one in found if not one.name.endswith(".expected.json"))
        body = path.read_bytes()
        headers = {"Authorization": f"Bearer {sender.key}", "Content-Type": sender.media_type(body)}
        asked = f"{self.base_url}/v1/orders?wait=20"
        answer = httpx.post(asked, content=body, headers=headers, timeout=40, trust_env=False)
        if answer.status_code not in (200, 202):
            raise AssertionError(f"{sample} was answered with {answer.status_code}: {answer.text}")
        return self.store.messages.page(account_id=account_id, limit=1)[0].id

    def link_of(self, name: str, role: Role, account_id: str | None = None) -> str:
        """The address at which somebody new chooses a password and is in."""
        made = self.store.users.create(name, role, account_id, actor="test")
        return f"{self.base_url}/sign-in/{self.store.users.link(made.id, actor='test')}"


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Stack]:
    """The gateway on a new database with the demo's accounts, until the end."""
    url = new_sqlite(folder / "gateway.db")
    store = Store(url)
    services = Services(
        store, Lanes(f"unix://{folder / 'nobody.sock'}"), Terms(store), Supplier(legal_name=""), Limits()
    )
    try:
        accounts = prepare(services, demo_folder(), ROOT / "mappings" / "accounts", folder / "keys")
        with running(Gateway(folder / "gateway", url, workers=1)) as gateway:
            yield Stack(gateway, store, accounts)
    finally:
        services.lanes.close()
        store.close()
