"""Snapshots of stock and what was taken since: loading the positions that a batch decides on.

The look-ups are written so that each place costs one seek. Left to itself either database reads every movement that a
product ever had: SQLite keeps the order of a CROSS JOIN, so the few places come first there; PostgreSQL takes the last
row of an index in a LATERAL join.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, one_of, values
from gateway.store.tables import stock_places, stock_snapshots
from gateway.trade.stock import Position, Stock
from mappings.revision import StockRow


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
            positions |= _newest_snapshots(connection, wanted)
            _add_totals(connection, wanted, positions)
            for account in takers:
                _add_own_totals(connection, wanted, account, positions)
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
    columns = "id, on_hand, reserved_other, next_receipt_date, next_receipt_quantity"
    query = _last_of("stock_snapshots", "id", columns, connection)
    rows = fetch(connection, query, [values(connection, products)])
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
    query = _last_of("stock_movements", "number", "number, taken", connection)
    for product, site, number, taken in fetch(connection, query, [values(connection, products)]):
        position = positions[product, site]
        position.last_movement, position.taken = number, Decimal(taken)


def _add_own_totals(
    connection: Connection, products: list[str], account: str, positions: dict[tuple[str, str], Position]
) -> None:
    query = _last_of("stock_movements", "number", "taken_by_account", connection, "account_id")
    for product, site, taken in fetch(connection, query, [account, values(connection, products)]):
        positions[product, site].taken_by[account] = Decimal(taken)


def _last_of(table: str, number: str, columns: str, connection: Connection, only: str | None = None) -> str:
    """A query for product, site and these columns of the row with the highest number at each of the products' places;
    of rows whose column `only` has the first parameter's value, where it is given. The last parameter is the products.
    """
    same_place = "n.product = k.product AND n.site = k.site" + (f" AND n.{only} = ?" if only else "")
    found = ", ".join(f"m.{column}" for column in columns.split(", "))
    wanted = f"WHERE {one_of(connection, 'k.product')}"
    if connection.dialect.name != "sqlite":
        last = f"SELECT {columns} FROM {table} n WHERE {same_place} ORDER BY n.{number} DESC LIMIT 1"
        return f"SELECT k.product, k.site, {found} FROM stock_places k CROSS JOIN LATERAL ({last}) m {wanted}"
    highest = f"SELECT max(n.{number}) FROM {table} n WHERE {same_place}"
    return (
        f"SELECT k.product, k.site, {found} FROM stock_places k CROSS JOIN {table} m "
        f"ON m.product = k.product AND m.site = k.site AND m.{number} = ({highest}) {wanted}"
    )
