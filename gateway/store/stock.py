"""Snapshots of stock and what was taken since: loading the positions that a batch decides on.

The look-ups are written so that each place costs one seek. Left to itself either database reads every snapshot that a
product ever had: SQLite keeps the order of a CROSS JOIN, so the few places come first there; PostgreSQL takes the last
row of an index in a LATERAL join. What is taken is `takings`' part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, given, insert, one_of, values
from gateway.store.tables import stock_places, stock_snapshots
from gateway.store.takings import last_of_all, last_of_one
from gateway.trade.stock import Place, Position, Stock
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

        Costs the same however many snapshots and movements there have been: each look-up is one seek. Others may take
        stock while it is read; the save sees to that, as to all that they take until then.
        """
        wanted = sorted(set(products))
        with self._database.read() as connection:
            positions = _positions(connection, wanted)
            _add_own_totals(connection, wanted, sorted(set(accounts)), positions)
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


def _positions(connection: Connection, products: list[str]) -> dict[Place, Position]:
    """The newest snapshot of each place, and what all have taken there."""
    columns = "m.id, m.on_hand, m.reserved_other, m.next_receipt_date, m.next_receipt_quantity"
    newest = "FROM stock_snapshots n WHERE n.product = k.product AND n.site = k.site"
    if connection.dialect.name == "sqlite":
        joined = f"CROSS JOIN stock_snapshots m ON m.id = (SELECT max(n.id) {newest})"
    else:
        joined = f"CROSS JOIN LATERAL (SELECT * {newest} ORDER BY n.id DESC LIMIT 1) m"
    taken = last_of_all("taken", "k.product", "k.site")
    query = (
        f"SELECT k.product, k.site, {columns}, {taken} FROM stock_places k {joined} "
        f"WHERE {one_of(connection, 'k.product')}"
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
            taken=Decimal(row[7] or 0),
        )
        for row in fetch(connection, query, [values(connection, products)])
    }


def _add_own_totals(
    connection: Connection, products: list[str], accounts: list[str], positions: dict[Place, Position]
) -> None:
    """What each of the accounts has taken at each place, where it has."""
    if not accounts:
        return
    takers, parameters = given(connection, [(account,) for account in accounts], "w_account")
    own = last_of_one("k.product", "k.site", "w_account")
    query = (
        f"SELECT k.product, k.site, w_account, {own} FROM {takers} w CROSS JOIN stock_places k "
        f"WHERE {one_of(connection, 'k.product')}"
    )
    for product, site, account, taken in fetch(connection, query, [*parameters, values(connection, products)]):
        if taken is not None and (position := positions.get((product, site))) is not None:
            position.taken_by[account] = Decimal(taken)
