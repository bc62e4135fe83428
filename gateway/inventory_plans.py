"""How each account's items are counted, worked out once a mapping, a catalogue and a day, and remembered.

A plan is built out of the stored rows in pages, each with just the products and packs it is about. The compiled mapping
and catalogue, which orders are read with, are of no use here: for 100,000 items they take three times what a whole
report takes.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from gateway.store.revisions import CATALOGUE, Revisions, Row, account_scope
from gateway.trade.inventory import PlannedItem, planned_items, with_their_numbers
from mappings.account import Account
from mappings.compile import compile_catalogue, compile_revision
from mappings.revision import Catalogue, ItemRow, MappingRevision, SiteRow
from mappings.sites import is_place_of_delivery
from mappings.tables import from_fields, key_part
from mappings.validity import in_force
from schemas.faults import Fault

_PAGE = 1000
_KEPT_ITEMS = 150_000
"""So many items of all accounts are remembered: some 40 MB."""

logger = logging.getLogger(__name__)

Number = tuple[str | None, str | None]
"""(SKU, None), or (None, GTIN) of a row without an SKU."""


def number_of(row: ItemRow) -> Number:
    """Which item a row of items.csv is about."""
    return (row.account_sku, None) if row.account_sku is not None else (None, row.gtin)


@dataclass(frozen=True, slots=True)
class Plan:
    """One account's items on the days from `first` until before `until`, and where they come from."""

    account: Account
    mapping: int
    catalogue: int
    items: Sequence[PlannedItem]
    left_out: tuple[Fault, ...]
    """Why items are not among them: for us to mend."""
    sites: frozenset[str] | None
    """Those that supply the account; None: any that has the product."""
    dated: tuple[ItemRow, ...]
    """The rows of items.csv that begin or end on some day."""
    first: date
    until: date
    indexes: dict[str, dict[Any, list[int]]] = field(default_factory=dict, compare=False, repr=False)

    def of_products(self, products: Iterable[str]) -> set[int]:
        """Which of the items are these products."""
        known = self._index("product", lambda item: item.product)
        return {index for product in products for index in known.get(product, ())}

    def of_numbers(self, numbers: Iterable[Number]) -> set[int]:
        """Which of the items have these numbers."""
        known = self._index("number", lambda item: (item.buyer_item, None if item.buyer_item else item.gtin))
        return {index for number in numbers for index in known.get(number, ())}

    def of_replaced(self) -> set[int]:
        """Which of the items have a replacement, whose number may be another one now."""
        known = self._index("replaced", lambda item: item.replaced_by is not None)
        return set(known.get(True, ()))

    def _index(self, name: str, key: Any) -> Mapping[Any, list[int]]:
        if name not in self.indexes:
            found: dict[Any, list[int]] = {}
            for index, item in enumerate(self.items):
                found.setdefault(key(item), []).append(index)
            self.indexes[name] = found
        return self.indexes[name]


class InventoryPlans:
    """The plans of a process. Shared by its threads."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions
        self._plans: OrderedDict[tuple[str, int, int], Plan] = OrderedDict()
        self._lock = threading.Lock()

    def plan(self, account_id: str, mapping: int, catalogue: int, on: date) -> Plan:
        """How the account's items are counted on that day."""
        key = (account_id, mapping, catalogue)
        with self._lock:
            known = self._plans.get(key)
            if known is not None and known.first <= on < known.until:
                self._plans.move_to_end(key)
                return known
        made = self._built(account_id, mapping, catalogue, on)
        if made.left_out:
            told = "Reports to %s leave out %d items under mapping %d and catalogue %d; the first: %s"
            logger.warning(told, account_id, len(made.left_out), mapping, catalogue, made.left_out[0].detail)
        with self._lock:
            self._keep(key, made)
        return made

    def _keep(self, key: tuple[str, int, int], made: Plan) -> None:
        """One plan an account, and of them as many as there is room for; the last one always."""
        for other in [other for other in self._plans if other[0] == key[0]]:
            del self._plans[other]
        self._plans[key] = made
        while len(self._plans) > 1 and sum(len(plan.items) for plan in self._plans.values()) > _KEPT_ITEMS:
            self._plans.popitem(last=False)

    def _built(self, account_id: str, mapping: int, catalogue: int, on: date) -> Plan:
        scope = account_scope(account_id)
        account = Account.model_validate(self._revisions.terms(account_id, mapping))
        rows = self._revisions.of_kinds(scope, mapping, ("unit", "site"))
        sites = [from_fields("site", json.loads(row.body)) for row in rows if row.kind == "site"]
        units = [from_fields("unit", json.loads(row.body)) for row in rows if row.kind == "unit"]
        terms = compile_revision(account, mapping, (), units, (), ())
        items: list[PlannedItem] = []
        left_out: list[Fault] = []
        dated: list[ItemRow] = []
        for page in self._pages(scope, mapping):
            dated += [row for row in page if row.valid_from is not None or row.valid_to is not None]
            for found in self._counted(page, terms, catalogue, on):
                (left_out if isinstance(found, Fault) else items).append(found)  # type: ignore[arg-type]
        return Plan(
            account,
            mapping,
            catalogue,
            with_their_numbers(items),
            tuple(left_out),
            _supply_sites(sites, on),
            tuple(dated),
            on,
            _next_change([*dated, *sites], on),
        )

    def _pages(self, scope: str, mapping: int) -> Iterator[list[ItemRow]]:
        """The rows of items.csv, those of one number always together."""
        waiting: list[ItemRow] = []
        for page in self._revisions.pages(scope, mapping, "item", _PAGE):
            rows = [*waiting, *(from_fields("item", json.loads(row.body)) for row in page)]
            last = number_of(rows[-1])
            waiting = [row for row in rows if number_of(row) == last]
            yield [row for row in rows if number_of(row) != last]
        yield waiting

    def _counted(
        self, page: Sequence[ItemRow], terms: MappingRevision, catalogue: int, on: date
    ) -> Iterator[PlannedItem | Fault]:
        products = sorted({key_part("product", row.product) for row in page})
        return planned_items(page, terms, self._part_of_catalogue(products, catalogue), on) if page else iter(())

    def _part_of_catalogue(self, products: Sequence[str], number: int) -> Catalogue:
        named = self._revisions.named
        found = _rows(named(CATALOGUE, number, "product", products))
        return compile_catalogue(number, found, _rows(named(CATALOGUE, number, "pack", products, below=True)))


def _rows(rows: Iterable[Row]) -> list[Any]:
    return [from_fields(row.kind, json.loads(row.body)) for row in rows]


def _supply_sites(sites: Sequence[SiteRow], on: date) -> frozenset[str] | None:
    """The sites of ours that supply the account's places of delivery, as orders are supplied: any, where a place names
    none, or there are no places."""
    places = [site for site in in_force(tuple(sites), on) if is_place_of_delivery(site)]
    named = {site.supply_site for site in places}
    return None if not places or None in named else frozenset(site for site in named if site)


def _next_change(rows: Iterable[ItemRow | SiteRow], on: date) -> date:
    """The first day after this one on which a row begins, or has ended."""
    days = [date.max]
    for row in rows:
        if row.valid_from is not None:
            days.append(row.valid_from)
        if row.valid_to is not None and row.valid_to < date.max:
            days.append(row.valid_to + timedelta(days=1))
    return min(day for day in days if day > on)
