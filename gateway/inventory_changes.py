"""Which items of an account something changed of since an earlier report. Costs what changed, whatever there is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.inventory_plans import Number, Plan, number_of
from gateway.store.revisions import CATALOGUE, Row, account_scope
from gateway.store.store import Store
from gateway.trade.inventory import PlannedItem, gone
from mappings.revision import ItemRow
from mappings.tables import from_fields
from mappings.validity import in_force
from schemas.documents.inventory_report import InventoryLine


@dataclass(frozen=True, slots=True)
class Earlier:
    """Where the earlier report stood."""

    at: datetime
    mapping: int
    catalogue: int
    change: int


def changed_items(
    store: Store, plan: Plan, since: Earlier, today: date
) -> tuple[Sequence[PlannedItem], tuple[InventoryLine, ...]] | None:
    """The items of which something changed, and the lines of what is no item any more.

    None where that can't be told of some apart from others: where other terms count all of them, where some are left
    out of every report, or where the earlier report is none of before.
    """
    before = since.at.astimezone(ZoneInfo(plan.account.time_zone)).date()
    if before > today or since.mapping > plan.mapping or since.catalogue > plan.catalogue:
        return None
    published = _published(store, plan, since)
    if published is None:
        return None
    rows = [_row(row) for row in published if row.kind == "item"]
    if before < today:
        rows += [row for row in plan.dated if in_force((row,), before) != in_force((row,), today)]
    numbers = {number_of(row) for row in rows}
    found = plan.of_products(_products(store, published, since, before, today)) | plan.of_numbers(numbers)
    if published:
        found |= plan.of_replaced()
    return [plan.items[index] for index in sorted(found)], tuple(_ended(plan, rows, before))


def _published(store: Store, plan: Plan, since: Earlier) -> list[Row] | None:
    """The rows of the account's mapping and of our catalogue that are others now. None where they concern all items."""
    rows: list[Row] = []
    if since.mapping < plan.mapping:
        scope = account_scope(plan.account.id)
        rows += store.revisions.changed(scope, since.mapping, plan.mapping)
        terms = [store.revisions.terms(plan.account.id, number) for number in (since.mapping, plan.mapping)]
        if _counting(terms[0]) != _counting(terms[1]) or any(_concerns_all(row) for row in rows):
            return None
    if since.catalogue < plan.catalogue:
        if plan.left_out:
            return None
        rows += store.revisions.changed(CATALOGUE, since.catalogue, plan.catalogue)
    return rows


def _counting(terms: Mapping[str, Any]) -> tuple[Any, ...]:
    """What of account.yaml counts in a report."""
    policies = terms.get("policies") or {}
    return terms.get("time_zone"), policies.get("default_unit"), policies.get("allocation_percent")


def _concerns_all(row: Row) -> bool:
    return row.kind == "site" or (row.kind == "unit" and _row(row).product is None)


def _products(store: Store, published: Iterable[Row], since: Earlier, before: date, today: date) -> set[str]:
    """Products whose stock changed, or whose goods were due meanwhile, or that are counted otherwise."""
    products = store.availability.changed_since(since.change)
    if before < today:
        products |= store.availability.overdue_since(before, today)
    return products | {_row(row).product for row in published if row.kind in ("unit", "product", "pack")}


def _ended(plan: Plan, rows: Iterable[ItemRow], before: date) -> Iterator[InventoryLine]:
    """A line for each number that was an item then and is none now."""
    told: set[Number] = set()
    for row in rows:
        number = number_of(row)
        if number not in told and in_force((row,), before) and not plan.of_numbers([number]):
            told.add(number)
            yield gone(row.account_sku, row.gtin, row.product, row.description)


def _row(row: Row) -> Any:
    return from_fields(row.kind, json.loads(row.body))
