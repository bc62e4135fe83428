"""What was settled of the accounts' rebates: which credit note had how much of which rebate's period."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.columns import in_full
from gateway.store.database import Database
from gateway.store.statements import fetch, insert
from gateway.store.tables import rebate_settlements


class Settlement(NamedTuple):
    """What one credit note had of a rebate, without tax. `period` is the calendar's (2026, 2026-Q4, 2026-11);
    `first_day` and `last_day` are of those that were counted, in ISO 8601. The period's settlements are numbered from 1
    in each currency: of two that were worked out from the same, one is written."""

    account_id: str
    rebate: str
    period: str
    currency: str
    sequence: int
    first_day: str
    last_day: str
    net: Decimal
    invoice_id: str
    settled_at: int


class RebateSettlements:
    """The repository of what was settled. It is written with its credit notes: `Invoices.save`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account_id: str, periods: Iterable[str]) -> list[Settlement]:
        """What the account had of its rebates for these periods of the calendar, in the order in which it had it."""
        query = (
            f"SELECT {', '.join(Settlement._fields)} FROM rebate_settlements WHERE account_id = ? AND period = ? "
            "ORDER BY rebate, period, currency, sequence"
        )
        with self._database.read() as connection:
            rows = [row for period in sorted(set(periods)) for row in fetch(connection, query, [account_id, period])]
        return [Settlement(*(*row[:7], Decimal(row[7]), *row[8:])) for row in rows]


def write_settlements(connection: Connection, settlements: Iterable[Settlement]) -> None:
    """Note these, in the transaction that keeps their credit notes. Raises Collision where one of a period has been
    noted meanwhile."""
    insert(connection, rebate_settlements, [(*one[:7], in_full(one.net), *one[8:]) for one in settlements])
