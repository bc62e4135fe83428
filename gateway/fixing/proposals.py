"""The row that somebody typed to mend a cause, judged as the tables' rows are, and the mapping with it."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.catalogue_parts import part_of_catalogue
from gateway.drafting.row_edits import RowRefused, row_of
from gateway.fixing.fixes import Fix
from gateway.services import Services
from gateway.store.revisions import Row
from mappings.coherence import mapping_problems
from mappings.compile import with_rows
from mappings.revision import MappingRevision
from mappings.sheets.words import label
from mappings.tables import TABLES, Kind, from_fields, natural_key, row_text

_PLACED_AT = ("product", "supply_site", "unit", "role")
"""Columns whose value what doesn't fit our catalogue or stock is about."""


@dataclass(frozen=True)
class Proposal:
    """A row to publish, and the mapping with it. Nothing is published."""

    fix: Fix
    row: Any
    removed: tuple[Row, ...]
    """Published rows that it stands in place of."""
    revision: MappingRevision
    told: tuple[str, ...] = ()
    """What is odd about the row, and no reason to refuse it."""

    @property
    def number(self) -> int:
        """The published revision that it is a change of."""
        return self.fix.revision.number

    @property
    def added(self) -> Row:
        """The row as revisions keep it."""
        return Row(self.fix.kind, natural_key(self.row), row_text(self.row))

    @property
    def changes_nothing(self) -> bool:
        """Whether this very row is published already."""
        return any(one == self.added for one in self.removed)

    @property
    def digest(self) -> str:
        """By what a form says which change of which revision whoever sends it saw the effect of."""
        said = repr((self.number, self.added, self.removed))
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def propose(services: Services, fix: Fix, typed: Mapping[str, str]) -> Proposal:
    """The change that these cells are. Raises RowRefused with every fault, each at its column."""
    cells = _with_their_unit(fix, typed)
    refused: dict[str, Sequence[str]] = {}
    row = None
    try:
        row = row_of(fix.kind, cells)
    except RowRefused as failure:
        refused = dict(failure.faults)
    for name in fix.filled.wanted:
        if not cells.get(name, "").strip():
            refused.setdefault(name, ["Is missing."])
    if row is None:
        refused = {**_unknown_product(services, cells), **refused}
        raise RowRefused(refused)
    wrong, told = _beyond_the_row(services, fix, row)
    refused = {**wrong, **refused}
    if refused:
        raise RowRefused(refused)
    removed = _replaced(services, fix, row)
    old = [from_fields(fix.kind, _fields(one)) for one in removed]
    return Proposal(fix, row, tuple(removed), with_rows(fix.revision, old, [row]), tuple(told))


def _with_their_unit(fix: Fix, typed: Mapping[str, str]) -> dict[str, str]:
    """An item's size is that of the unit that the orders are by; who says none leaves it to the other tables."""
    cells = {name: typed.get(name, "") for name in TABLES[fix.kind].names}
    if fix.kind == "item":
        says_size = any(cells[name].strip() for name in ("factor", "unit"))
        theirs = cells["account_unit"].strip() or fix.filled.their_unit
        cells["account_unit"] = theirs if says_size else ""
    return cells


def _unknown_product(services: Services, cells: Mapping[str, str]) -> dict[str, list[str]]:
    """Of a row that is wrong otherwise as well, so that all is told at once."""
    number = cells.get("product", "").strip()
    if not number or number in part_of_catalogue(services.store, [number]).products:
        return {}
    return {"product": [_no_product(number)]}


def _no_product(number: str) -> str:
    return f"There is no product {number[:80]} in our catalogue."


def _beyond_the_row(services: Services, fix: Fix, row: Any) -> tuple[dict[str, list[str]], list[str]]:
    """What is wrong with it beside our catalogue and stock, by column; and what is only odd."""
    kind, wrong, told = fix.kind, defaultdict[str, list[str]](list), []
    number = getattr(row, "product", None)
    catalogue = services.terms.catalogue()
    if number is not None and number not in catalogue.products:
        wrong["product"].append(_no_product(number))
    sites = services.store.stock.sites() if kind == "site" else frozenset()
    nothing: dict[Kind, Sequence[tuple[str, Any]]] = {"item": (), "unit": (), "site": (), "price": ()}
    unread: tuple[Kind, ...] = ("item",)
    placed = {**nothing, kind: [(label(kind, TABLES[kind].key[0]), row)]}
    for fault in mapping_problems(fix.account_id, None, placed, catalogue, sites, unread):
        name = next((one for one in _PLACED_AT if fault.value and getattr(row, one, None) == fault.value), "")
        said = fault.detail.split(": ", 1)[-1]
        said = f"{said[:1].upper()}{said[1:]}." + (f" Right would be {fault.expected}." if fault.expected else "")
        if fault.code == "check_digit" or not name or name == "role":
            told.append(said)
        elif name != "product":
            wrong[name].append(said)
    return dict(wrong), told


def _replaced(services: Services, fix: Fix, row: Any) -> list[Row]:
    """The published rows that the new one stands in place of: that of its key, and the one that it corrects."""
    keys = [natural_key(row)]
    if fix.filled.replaces is not None:
        keys.append(natural_key(fix.filled.replaces))
    found = services.store.account_tables.rows(fix.account_id, fix.revision.number, fix.kind, list(dict.fromkeys(keys)))
    return [Row(fix.kind, one.natural_key, one.published) for one in found if one.published is not None]


def _fields(row: Row) -> Any:

    return json.loads(row.body)
