"""One row of an account's table, edited in the draft: judged as the files' rows are, and no edit lost unseen.

The rows that are edited are looked at alone: the table may have 100,000 of them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.catalogue_parts import part_of_catalogue
from gateway.services import Services
from gateway.store.account_tables import TableRow
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.drafts import Change, Overtaken
from mappings.by_value import row_by_value
from mappings.coherence import mapping_problems
from mappings.rows import rows_of
from mappings.tables import TABLES, Kind, from_fields, natural_key, row_text

_TRIES = 5


class RowRefused(Exception):
    """The row can't be taken: what is wrong, by column."""

    def __init__(self, faults: Mapping[str, Sequence[str]]) -> None:
        super().__init__(f"{len(faults)} columns")
        self.faults = faults


def table_rows_now(services: Services, account_id: str, kind: str, keys: Sequence[str]) -> tuple[int, list[TableRow]]:
    """The published revision's number (0: none), and these rows as they stand in the draft."""
    number = services.store.revisions.current([account_id]).get(account_id, 0)
    return number, services.store.account_tables.rows(account_id, number, kind, keys)


def row_of(kind: Kind, cells: Mapping[str, str]) -> Any:
    """The row of what somebody typed, as the tables' reader takes it. Raises RowRefused with every fault of it."""
    read = rows_of(kind, [{name: cells.get(name, "") for name in TABLES[kind].names}], lambda _, column: "")
    if read.faults:
        told: dict[str, list[str]] = defaultdict(list)
        for _, fault in read.faults:
            column = fault.path.rpartition("/")[2]
            said = fault.detail.removeprefix(": ").removeprefix(f"{column} ")
            told[column].append(f"{said[:1].upper()}{said[1:]}.")
        raise RowRefused(told)
    return read.good[0][1]


def save_row(
    services: Services,
    account_id: str,
    kind: Kind,
    key: str | None,
    seen: str | None,
    row: Any,
    *,
    author: str,
    note: str = "",
) -> str:
    """Put the row into the draft in place of that of this `key` (None: a new one), where somebody saw `seen`; its key
    now. Where it has another key, the old row goes in the same edit.

    Raises Overtaken where it isn't any more what they saw, and RowRefused where another row has its key.
    """
    new, body = natural_key(row), row_text(row)
    keys = [new] if key is None or key == new else [key, new]

    def changes(rows: Sequence[TableRow]) -> list[Change]:
        target = rows[-1]
        if key == new:
            return [Change(kind, new, seen, target.published, _as_it_is_written(kind, body, target))]
        if target.body is not None:
            raise RowRefused({TABLES[kind].key[0]: ["There is such a row already; edit that one instead."]})
        gone = [Change(kind, one.natural_key, seen, one.published, None) for one in rows[:-1]]
        return [*gone, Change(kind, new, None, target.published, _as_it_is_written(kind, body, target))]

    _put(services, account_id, kind, keys, changes, author, note)
    return new


def set_row(
    services: Services, account_id: str, kind: Kind, key: str, seen: str | None, becomes: str, *, author: str
) -> None:
    """Have the row go (`nothing`), or be as it is published (`published`). Raises Overtaken as `save_row`."""

    def changes(rows: Sequence[TableRow]) -> list[Change]:
        (row,) = rows
        return [Change(kind, key, seen, row.published, row.published if becomes == "published" else None)]

    _put(services, account_id, kind, [key], changes, author, "")


def _put(
    services: Services, account_id: str, kind: Kind, keys: Sequence[str], changes: Any, author: str, note: str
) -> None:
    for _ in range(_TRIES):
        number, rows = table_rows_now(services, account_id, kind, keys)
        wanted: list[Change] = changes(rows)
        now = {one.key: row.body for one, row in zip(wanted, rows, strict=True) if row.body != one.seen}
        if now:
            raise Overtaken(now)
        try:
            if any(one.body != row.body for one, row in zip(wanted, rows, strict=True)):
                services.store.drafts.put(account_id, number, wanted, author=author, note=note)
            return
        except (Collision, Overtaken):
            continue  # somebody was faster: looked at again
    raise StoreUnavailable(f"the draft of {account_id} is edited by others all the time")


def _as_it_is_written(kind: Kind, body: str, row: TableRow) -> str:
    """The published text where it says the same, so that 12.0 for 12 is no edit."""
    is_same = row.published is not None and row_by_value(kind, row.published) == row_by_value(kind, body)
    return row.published if is_same and row.published is not None else body


def row_warnings(services: Services, account_id: str, kind: Kind, bodies: Sequence[str]) -> list[list[str]]:
    """For each of these rows what keeps it from being of use: products, units and sites that we don't have, check
    digits. (Whether a price's unit leads to one of ours is told of the draft as a whole.)"""
    rows = [from_fields(kind, json.loads(body)) for body in bodies]
    if any(getattr(row, "product", "") is None and kind == "unit" for row in rows):
        catalogue = services.terms.catalogue()  # a unit of all products may be any product's
    else:
        catalogue = part_of_catalogue(services.store, (getattr(row, "product", None) for row in rows))
    sites = services.store.stock.sites() if kind == "site" else frozenset()
    unread: tuple[Kind, ...] = ("item",)
    nothing: dict[Kind, Sequence[tuple[str, Any]]] = {"item": (), "unit": (), "site": (), "price": ()}
    return [
        [
            fault.detail.removeprefix("This row: ")
            for fault in mapping_problems(
                account_id, None, {**nothing, kind: [("This row", row)]}, catalogue, sites, unread
            )
        ]
        for row in rows
    ]
