"""People who edit and publish the same account's draft at the same time, each in a process's services of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gateway.accounts import table_rows
from gateway.drafting.drafts import Conflicting, Draft, draft_of, edit
from gateway.drafting.publishing import Blocked, publish
from gateway.lanes import Lanes
from gateway.services import Limits, Services
from gateway.store.database import Collision
from gateway.store.drafts import Change, Key, Overtaken
from gateway.store.revisions import Row
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.revision import ItemRow, Supplier

DOZEN, TRAY = "GW-1", "GW-2"


@dataclass
class Editor:
    """Somebody who edits the pieces of a dozen and a tray, and adds an item of their own each time, then publishes.

    `kept` are the pieces of a dozen that the draft took, with those they saw there before; `added` the items.
    """

    name: str
    services: Services
    account_id: str
    kept: list[tuple[str, str]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    overtaken: int = 0
    refused: int = 0
    published: list[int] = field(default_factory=list)

    def turn(self, pieces: int) -> None:
        """One edit of both rows together, one of their own, and publishing whatever the draft is then."""
        self._edit_both(pieces)
        self._add(f"{self.name}-{len(self.added)}")
        self.publish()

    def publish(self) -> None:
        """Publish the draft; where the other one was faster, that is told and counted."""
        draft = draft_of(self.services, self.account_id)
        known = {"author": f"user {self.name}", "reason": "of a load test", "override": "nobody tests it"}
        try:
            self.published.append(publish(self.services, draft, **known).number)
        except (Collision, Conflicting, Blocked):
            self.refused += 1

    def _edit_both(self, pieces: int) -> None:
        seen = draft_of(self.services, self.account_id)
        rows = {item: _row_of(seen, item) for item in (DOZEN, TRAY)}
        wanted = {DOZEN: _with_factor(rows[DOZEN], pieces), TRAY: _with_factor(rows[TRAY], 2 * pieces)}

        def changes(now: Draft) -> list[Change]:
            return [now.change(*_key(row), row.body, wanted[item]) for item, row in rows.items()]

        try:
            edit(self.services, self.account_id, changes, author=f"user {self.name}")
        except Overtaken:
            self.overtaken += 1
        else:
            self.kept.append((_factor(rows[DOZEN].body), str(pieces)))

    def _add(self, sku: str) -> None:
        (row,) = table_rows([ItemRow(sku, None, "OAT-1L")])

        def changes(now: Draft) -> list[Change]:
            return [now.change(row.kind, row.natural_key, None, row.body)]

        edit(self.services, self.account_id, changes, author=f"user {self.name}")
        self.added.append(sku)


@contextmanager
def editor(url: str, name: str, account_id: str) -> Iterator[Editor]:
    """Somebody at this database."""
    store = Store(url)
    services = Services(store, Lanes("unix:///nobody.sock"), Terms(store), Supplier(legal_name="Us"), Limits())
    try:
        yield Editor(name, services, account_id)
    finally:
        services.lanes.close()
        store.close()


def factors_of(rows: tuple[Row, ...]) -> dict[str, int]:
    """Item → its pieces, of those that have any."""
    bodies = [json.loads(row.body) for row in rows if row.kind == "item"]
    return {body["account_sku"]: int(body["factor"]) for body in bodies if "factor" in body}


def _row_of(draft: Draft, sku: str) -> Row:
    found = (row for row in draft.rows if row.kind == "item" and json.loads(row.body).get("account_sku") == sku)
    return next(found)


def _key(row: Row) -> Key:
    return row.kind, row.natural_key


def _factor(body: str) -> str:
    return str(json.loads(body)["factor"])


def _with_factor(row: Row, pieces: int) -> str:
    return json.dumps({**json.loads(row.body), "factor": str(pieces)}, ensure_ascii=False)
