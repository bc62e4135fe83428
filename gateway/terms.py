"""Each account's published mapping and our catalogue, compiled once per revision and remembered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from gateway.accounts import maps_in
from gateway.drafting.drafts import DraftTerms
from gateway.inventory_plans import InventoryPlans
from gateway.remembered import Remembered
from gateway.store.revisions import CATALOGUE, Row, account_scope
from gateway.store.store import Store
from mappings.account import Account
from mappings.compile import compile_catalogue, compile_revision
from mappings.revision import Catalogue, MappingRevision
from mappings.tables import from_fields

_KEPT_REVISIONS = 200


class Terms:
    """What documents are read and written with, by account and revision. Shared by a process's threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.inventory = InventoryPlans(store.revisions)
        self.drafts = DraftTerms(store)
        self._revisions = Remembered(_KEPT_REVISIONS)

    def current(self, account_ids: Iterable[str]) -> dict[str, MappingRevision]:
        """Account → its published mapping; accounts that have none are left out."""
        numbers = self._store.revisions.current(account_ids)
        return {account_id: self.mapping(account_id, number) for account_id, number in numbers.items()}

    def mapping(self, account_id: str, number: int) -> MappingRevision:
        """One account's mapping at one revision. Raises LookupError where there is none."""
        scope = account_scope(account_id)
        return self._revisions.made((scope, number), lambda: self._compile_mapping(scope, number))

    def catalogue(self, number: int | None = None) -> Catalogue:
        """The catalogue at this revision, or as it is now; an empty one before the first import."""
        wanted = self._store.revisions.current_catalogue() if number is None else number
        if wanted == 0:
            return compile_catalogue(0, [], [])
        return self._revisions.made((CATALOGUE, wanted), lambda: self._compile_catalogue(wanted))

    def _compile_mapping(self, scope: str, number: int) -> MappingRevision:
        stored = self._store.revisions.load(scope, number)
        if stored is None:
            raise LookupError(f"{scope} has no revision {number}")
        account = Account.model_validate(stored.terms)
        kinds = ("item", "unit", "site", "price")
        items, units, sites, prices = (_rows_of(kind, stored.rows) for kind in kinds)
        return compile_revision(account, number, items, units, sites, prices, maps_in(stored.rows))

    def _compile_catalogue(self, number: int) -> Catalogue:
        stored = self._store.revisions.load(CATALOGUE, number)
        if stored is None:
            raise LookupError(f"the catalogue has no revision {number}")
        products, packs, taxes = (_rows_of(kind, stored.rows) for kind in ("product", "pack", "tax"))
        return compile_catalogue(number, products, packs, taxes)


def _rows_of(kind: str, rows: Sequence[Row]) -> list[Any]:
    return [from_fields(kind, json.loads(row.body)) for row in rows if row.kind == kind]
