"""Snapshots of stock and what was taken since: loading the positions that a batch decides on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, marks
from gateway.store.tables import stock_snapshots
from gateway.trade.stock import Position, Stock

_CHUNK = 400


@dataclass(frozen=True, slots=True)
class StockRow:
    """stock.csv: what the warehouse has. `reserved_other` leaves out what came through the gateway."""

    product: str
    site: str
    as_of: str
    on_hand: Decimal
    reserved_other: Decimal = Decimal(0)
    next_receipt_date: date | None = None
    next_receipt_quantity: Decimal | None = None


class StockBook:
    """The repository of snapshots and movements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, rows: Sequence[StockRow]) -> int:
        """Append one snapshot row each; the newest of a product and site counts. The number stored."""
        at = now_us()
        with self._database.write() as connection:
            return insert(
                connection,
                stock_snapshots,
                [
                    (
                        row.product,
                        row.site,
                        row.as_of,
                        f"{row.on_hand:f}",
                        f"{row.reserved_other:f}",
                        row.next_receipt_date and row.next_receipt_date.isoformat(),
                        None if row.next_receipt_quantity is None else f"{row.next_receipt_quantity:f}",
                        at,
                    )
                    for row in rows
                ],
            )

    def load(self, products: Iterable[str], accounts: Iterable[str]) -> Stock:
        """Where these products stand at every site, and what these accounts have taken of them."""
        positions: dict[tuple[str, str], Position] = {}
        wanted, takers = sorted(set(products)), sorted(set(accounts))
        with self._database.snapshot() as connection:
            for start in range(0, len(wanted), _CHUNK):
                self._load_chunk(connection, wanted[start : start + _CHUNK], takers, positions)
        sites: dict[str, tuple[str, ...]] = {}
        for product, site in sorted(positions):
            sites[product] = (*sites.get(product, ()), site)
        return Stock(positions, sites)

    def _load_chunk(
        self,
        connection: Connection,
        products: list[str],
        accounts: list[str],
        positions: dict[tuple[str, str], Position],
    ) -> None:
        listed = marks(len(products))
        for row in fetch(
            connection,
            "SELECT s.product, s.site, s.id, s.on_hand, s.reserved_other, s.next_receipt_date, "
            "s.next_receipt_quantity FROM stock_snapshots s "
            "JOIN (SELECT product, site, max(id) AS id FROM stock_snapshots "
            f"WHERE product IN ({listed}) GROUP BY product, site) newest ON newest.id = s.id",
            products,
        ):
            positions[row[0], row[1]] = Position(
                product=row[0],
                site=row[1],
                snapshot=row[2],
                on_hand=Decimal(row[3]),
                reserved_other=Decimal(row[4]),
                next_receipt_date=date.fromisoformat(row[5]) if row[5] else None,
                next_receipt_quantity=None if row[6] is None else Decimal(row[6]),
                last_movement=0,
            )
        self._load_totals(connection, products, positions)
        self._load_own_totals(connection, products, accounts, positions)

    @staticmethod
    def _load_totals(connection: Connection, products: list[str], positions: dict[tuple[str, str], Position]) -> None:
        for product, site, number, taken in fetch(
            connection,
            "SELECT m.product, m.site, m.number, m.taken FROM stock_movements m "
            "JOIN (SELECT product, site, max(number) AS number FROM stock_movements "
            f"WHERE product IN ({marks(len(products))}) GROUP BY product, site) last "
            "ON last.product = m.product AND last.site = m.site AND last.number = m.number",
            products,
        ):
            if (position := positions.get((product, site))) is not None:
                position.last_movement, position.taken = number, Decimal(taken)

    @staticmethod
    def _load_own_totals(
        connection: Connection,
        products: list[str],
        accounts: list[str],
        positions: dict[tuple[str, str], Position],
    ) -> None:
        if not accounts or not products:
            return
        for product, site, account, taken in fetch(
            connection,
            "SELECT m.product, m.site, m.account_id, m.taken_by_account FROM stock_movements m "
            "JOIN (SELECT product, site, account_id, max(number) AS number FROM stock_movements "
            f"WHERE product IN ({marks(len(products))}) AND account_id IN ({marks(len(accounts))}) "
            "GROUP BY product, site, account_id) last "
            "ON last.product = m.product AND last.site = m.site AND last.number = m.number",
            [*products, *accounts],
        ):
            if (position := positions.get((product, site))) is not None:
                position.taken_by[account] = Decimal(taken)
