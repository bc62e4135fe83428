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
    "ship_to_site, created_at, updated_at, precedence, ship_by, lane, notice_due"
)

_OVERDUE = "notice_due <= ?"
"""Only orders that are to be shipped have one; whatever else were said here might be answered by another index, of all
orders that are open."""

_ACCOUNT = "account_id || ''"
"""An expression, so that it is no reason to go through all orders of the account."""


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
    notice_due: int | None = None
    """From when on the despatch advice of the first of it that hasn't left is overdue, in microseconds since 1970."""

    def is_overdue(self, now: int) -> bool:
        """Whether something that was confirmed should have been announced by now, and hasn't left."""
        return self.notice_due is not None and self.notice_due <= now

    @property
    def cursor(self) -> str:
        """What the following page begins behind."""
        return f"{self.precedence}.{self.ship_by}.{self.lane}.{self.id}"


class Worklist:
    """The repository of orders for our own systems. Tests are none of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, status: str, account_id: str | None, after: str | None, limit: int) -> list[WorkOrder]:
        """The most urgent orders of this status, of all accounts where none is named, behind the cursor of another;
        raises ValueError for what is none."""
        conditions = "test = 0 AND status = ?"
        parameters: list[Any] = [status]
        if account_id is not None:
            conditions += " AND account_id = ?"
            parameters.append(account_id)
        if after is not None:
            conditions += " AND (precedence, ship_by, lane, id) > (?, ?, ?, ?)"
            parameters += _place_of(after)
        query = f"SELECT {_COLUMNS} FROM orders WHERE {conditions} ORDER BY precedence, ship_by, lane, id LIMIT ?"
        with self._database.read() as connection:
            return [WorkOrder(*row) for row in fetch(connection, query, [*parameters, limit])]

    def overdue(
        self, now: int, account_id: str | None, limit: int, *, after: tuple[int, str] | None = None
    ) -> list[WorkOrder]:
        """The orders of which something should have been announced by now and hasn't left, the longest overdue first;
        of all accounts where none is named; behind the order that has this `notice_due` and id."""
        conditions, parameters = _OVERDUE, list[Any]([now])
        if account_id is not None:
            conditions, parameters = f"{conditions} AND {_ACCOUNT} = ?", [*parameters, account_id]
        if after is not None:
            conditions, parameters = f"{conditions} AND (notice_due, id) > (?, ?)", [*parameters, *after]
        query = f"SELECT {_COLUMNS} FROM orders WHERE {conditions} ORDER BY notice_due, id LIMIT ?"
        with self._database.read() as connection:
            return [WorkOrder(*row) for row in fetch(connection, query, [*parameters, limit])]

    def overdue_counts(self, now: int) -> dict[str, int]:
        """Account → how many of its orders are overdue so. Costs what is overdue, not what ever was ordered."""
        query = f"SELECT {_ACCOUNT}, count(*) FROM orders WHERE {_OVERDUE} GROUP BY 1"
        with self._database.read() as connection:
            return {account: int(count) for account, count in fetch(connection, query, [now])}

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
