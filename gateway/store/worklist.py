"""The orders that our own systems work on, most urgent first: a page of them by its index, whatever came before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gateway.store.database import Database
from gateway.store.statements import fetch

_CURSOR = re.compile(r"([0-9])\.([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9])\.([0-9A-Za-z]{1,40})")
_COLUMNS = (
    "id, account_id, order_number, version, status, outcome, order_type, mapping_revision, catalogue_revision, "
    "ship_to_site, created_at, updated_at, precedence, ship_by, lane"
)


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """An order as it is listed for our own systems."""

    id: str
    account_id: str
    order_number: str
    version: int
    status: str
    outcome: str
    order_type: str
    mapping_revision: int
    catalogue_revision: int
    ship_to_site: str | None
    created_at: int
    updated_at: int
    precedence: int
    ship_by: str
    lane: int

    @property
    def cursor(self) -> str:
        """What the following page begins behind."""
        return f"{self.precedence}.{self.ship_by}.{self.lane}.{self.id}"


class Worklist:
    """The repository of orders for our own systems. Tests are none of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, status: str, after: str | None, limit: int) -> list[WorkOrder]:
        """The most urgent orders of this status, behind the cursor of another; raises ValueError for what is none."""
        behind, parameters = "", [status]
        if after is not None:
            behind, parameters = " AND (precedence, ship_by, lane, id) > (?, ?, ?, ?)", [status, *_place_of(after)]
        query = (
            f"SELECT {_COLUMNS} FROM orders WHERE test = 0 AND status = ?{behind} "
            "ORDER BY precedence, ship_by, lane, id LIMIT ?"
        )
        with self._database.read() as connection:
            return [WorkOrder(*row) for row in fetch(connection, query, [*parameters, limit])]

    def one(self, order_id: str) -> WorkOrder | None:
        """One order; None where there is none, or it is a test."""
        with self._database.read() as connection:
            rows = fetch(connection, f"SELECT {_COLUMNS} FROM orders WHERE id = ? AND test = 0", [order_id])
        return WorkOrder(*rows[0]) if rows else None


def _place_of(cursor: str) -> list[Any]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise ValueError("no cursor of this list")
    return [int(found[1]), found[2], int(found[3]), found[4]]
