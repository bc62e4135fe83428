"""Snapshots of stock and what was taken since: loading the positions that a batch decides on.

SQLite keeps the order of a CROSS JOIN, which is why the look-ups are written so: the few places first, then one seek
for each. Left to itself it reads every movement that a product ever had.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, marks
from gateway.store.tables import stock_places, stock_snapshots
from gateway.trade.stock import Position, Stock
from mappings.revision import StockRow

_CHUNK = 400


class StockBook:
    """The repository of snapshots and movements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, rows: Sequence[StockRow]) -> int:
        """Append one snapshot row each; the newest of a product and site counts. The number stored."""
        at = now_us()
        with self._database.write() as connection:
            places = sorted({(row.product, row.site) for row in rows})
            insert(connection, stock_places, places, skip_conflicts=True)
            return insert(connection, stock_snapshots, [_snapshot_row(row, at) for row in rows])

    def load(self, products: Iterable[str], accounts: Iterable[str]) -> Stock:
        """Where these products stand at every site, and what these accounts have taken of them.

        Costs the same however many snapshots and movements there have been: each look-up is one seek.
        """
        positions: dict[tuple[str, str], Position] = {}
        wanted, takers = sorted(set(products)), sorted(set(accounts))
        with self._database.snapshot() as connection:
            for start in range(0, len(wanted), _CHUNK):
                chunk = wanted[start : start + _CHUNK]
                positions |= _newest_snapshots(connection, chunk)
                _add_totals(connection, chunk, positions)
                for account in takers:
                    _add_own_totals(connection, chunk, account, positions)
        sites: dict[str, tuple[str, ...]] = {}
        for product, site in sorted(positions):
            sites[product] = (*sites.get(product, ()), site)
        return Stock(positions, sites)


def _snapshot_row(row: StockRow, at: int) -> tuple[Any, ...]:
    return (
        row.product,
        row.site,
        row.as_of.isoformat(),
        f"{row.on_hand:f}",
        f"{row.reserved_other:f}",
        row.next_receipt_date and row.next_receipt_date.isoformat(),
        None if row.next_receipt_quantity is None else f"{row.next_receipt_quantity:f}",
        at,
    )


def _newest_snapshots(connection: Connection, products: list[str]) -> dict[tuple[str, str], Position]:
    rows = fetch(
        connection,
        "SELECT s.product, s.site, s.id, s.on_hand, s.reserved_other, s.next_receipt_date, s.next_receipt_quantity "
        "FROM stock_places k CROSS JOIN stock_snapshots s WHERE s.id = (SELECT max(n.id) FROM stock_snapshots n "
        f"WHERE n.product = k.product AND n.site = k.site) AND k.product IN ({marks(len(products))})",
        products,
    )
    return {
        (row[0], row[1]): Position(
            product=row[0],
            site=row[1],
            snapshot=row[2],
            on_hand=Decimal(row[3]),
            reserved_other=Decimal(row[4]),
            next_receipt_date=date.fromisoformat(row[5]) if row[5] else None,
            next_receipt_quantity=None if row[6] is None else Decimal(row[6]),
            last_movement=0,
        )
        for row in rows
    }


def _add_totals(connection: Connection, products: list[str], positions: dict[tuple[str, str], Position]) -> None:
    rows = fetch(
        connection,
        "SELECT m.product, m.site, m.number, m.taken FROM stock_places k CROSS JOIN stock_movements m "
        "WHERE m.product = k.product AND m.site = k.site AND m.number = (SELECT max(n.number) FROM stock_movements n "
        f"WHERE n.product = k.product AND n.site = k.site) AND k.product IN ({marks(len(products))})",
        products,
    )
    for product, site, number, taken in rows:
        position = positions[product, site]
        position.last_movement, position.taken = number, Decimal(taken)


def _add_own_totals(
    connection: Connection, products: list[str], account: str, positions: dict[tuple[str, str], Position]
) -> None:
    rows = fetch(
        connection,
        "SELECT m.product, m.site, m.taken_by_account FROM stock_places k CROSS JOIN stock_movements m "
        "WHERE m.product = k.product AND m.site = k.site AND m.number = (SELECT max(n.number) FROM stock_movements n "
        "WHERE n.product = k.product AND n.site = k.site AND n.account_id = ?) "
        f"AND k.product IN ({marks(len(products))})",
        [account, *products],
    )
    for product, site, taken in rows:
        positions[product, site].taken_by[account] = Decimal(taken)
