"""Snapshots of stock and what was taken since: loading the positions that a batch decides on.

The newest snapshot of a product and site is the one of the latest `as_of`, among equal ones the one that came last.
Files come late and twice; so an older one is not stored, and the last row of a place is its newest snapshot.

The look-ups are written so that each place costs one seek. Left to itself either database reads every snapshot that a
product ever had: SQLite keeps the order of a CROSS JOIN, so the few places come first there; PostgreSQL takes the last
row of an index in a LATERAL join. What is taken is `takings`' part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.departures import settle_departures
from gateway.store.ids import now_us
from gateway.store.statements import fetch, given, insert, one_of, values
from gateway.store.stock_changes import note_changes
from gateway.store.tables import stock_places, stock_snapshots
from gateway.store.takings import last_of_all, last_of_one, lock_places
from gateway.trade.stock import Place, Position, Stock
from mappings.revision import StockRow
from schemas.values import EXACT

_COUNTED = "m.as_of, m.on_hand, m.reserved_other, m.next_receipt_date, m.next_receipt_quantity"


class OlderRow(NamedTuple):
    """A row that was left out, because more is known of its place: what stands there was counted later."""

    row: StockRow
    known: datetime
    """The `as_of` of what stands."""


class Recorded(NamedTuple):
    """What became of the rows of a snapshot."""

    stored: int
    older: tuple[OlderRow, ...]
    unchanged: int = 0
    """So many say what stands there already; nothing was stored of them."""


class Standing(NamedTuple):
    """Where a place stands: what was counted last, and what was taken through the gateway since ever."""

    counted: StockRow
    allocated: Decimal

    @property
    def available(self) -> Decimal:
        """Base units that can still be promised, to all accounts together."""
        left = EXACT.subtract(EXACT.subtract(self.counted.on_hand, self.counted.reserved_other), self.allocated)
        return max(left, Decimal(0))


class StockBook:
    """The repository of snapshots and movements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, rows: Sequence[StockRow]) -> Recorded:
        """Append each row that is not older than what its product and site have by then, and says something else; a
        correction is as old.

        The rows count in the order of their `as_of`, as moments, whatever their order here. Two that record at once
        wait for one another at the places that both have, so neither undoes the other.
        """
        at, inward = now_us(), sorted(rows, key=lambda row: row.as_of)
        written = [_snapshot_row(row, at) for row in inward]
        places = sorted({(row.product, row.site) for row in rows})
        with self._database.write() as connection:
            insert(connection, stock_places, places, skip_conflicts=True)
            newest = _newest_locked(connection, places)
            taken = [one for row, one in zip(inward, written, strict=True) if _is_news(row, newest.get(_place(row)))]
            stored = insert(connection, stock_snapshots, taken)
            note_changes(connection, {(row[0], row[1]) for row in taken})
            settle_departures(connection, places, at)
        left_out = [
            OlderRow(row, newest[_place(row)].as_of) for row in inward if _is_older(row, newest.get(_place(row)))
        ]
        return Recorded(stored, tuple(left_out), len(rows) - stored - len(left_out))

    def sites(self) -> frozenset[str]:
        """Every site that stock was ever told of, for whatever product."""
        with self._database.read() as connection:
            return frozenset(site for (site,) in fetch(connection, "SELECT DISTINCT site FROM stock_places", []))

    def without_stock(self, sites: Iterable[str]) -> list[str]:
        """Those of these sites that stock was never told of, in their order. Each that is known is found at once."""
        query = "SELECT 1 FROM stock_places WHERE site = ? LIMIT 1"
        with self._database.read() as connection:
            return [site for site in dict.fromkeys(sites) if not fetch(connection, query, [site])]

    def standing(self, products: Iterable[str] = (), site: str | None = None) -> list[Standing]:
        """The places of these products, or of all, at this site, or at all; by product and site."""
        wanted = sorted(set(products))
        with self._database.read() as connection:
            conditions, parameters = ["1 = 1"], []
            if wanted:
                conditions.append(one_of(connection, "k.product"))
                parameters.append(values(connection, wanted))
            if site is not None:
                conditions.append("k.site = ?")
                parameters.append(site)
            query = f"{_each_place(connection, _COUNTED)} WHERE {' AND '.join(conditions)} ORDER BY k.product, k.site"
            return [_standing(row) for row in fetch(connection, query, parameters)]

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


def _place(row: StockRow) -> Place:
    return row.product, row.site


def _is_news(row: StockRow, known: StockRow | None) -> bool:
    return known is None or (row.as_of >= known.as_of and row != known)


def _is_older(row: StockRow, known: StockRow | None) -> bool:
    return known is not None and row.as_of < known.as_of


def _newest_locked(connection: Connection, places: Sequence[Place]) -> dict[Place, StockRow]:
    """The newest snapshot of each of these places, sorted, which nobody changes until the transaction ends; places
    without one are left out. A look-up is one seek."""
    if not places:
        return {}
    lock_places(connection, places)
    table, parameters = given(connection, places, "w_product", "w_site")
    joined = _newest(connection, "w_product", "w_site")
    query = f"SELECT w_product, w_site, {_COUNTED} FROM {table} w {joined}"
    return {(row[0], row[1]): _counted(row) for row in fetch(connection, query, parameters)}


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


def _standing(row: Sequence[Any]) -> Standing:
    return Standing(_counted(row), Decimal(row[7] or 0))


def _counted(row: Sequence[Any]) -> StockRow:
    product, site, as_of, on_hand, reserved_other, day, quantity = row[:7]
    return StockRow(
        product,
        site,
        datetime.fromisoformat(as_of),
        Decimal(on_hand),
        Decimal(reserved_other),
        date.fromisoformat(day) if day else None,
        None if quantity is None else Decimal(quantity),
    )


def _each_place(connection: Connection, columns: str) -> str:
    """SQL for the places `k`: product, site, these columns of the newest snapshot `m`, what all have taken there."""
    taken = last_of_all("taken", "k.product", "k.site")
    joined = _newest(connection, "k.product", "k.site")
    return f"SELECT k.product, k.site, {columns}, {taken} FROM stock_places k {joined}"


def _newest(connection: Connection, product: str, site: str) -> str:
    """SQL that joins the newest snapshot `m` of a place, whose names are SQL too."""
    newest = f"FROM stock_snapshots n WHERE n.product = {product} AND n.site = {site}"
    if connection.dialect.name == "sqlite":
        return f"CROSS JOIN stock_snapshots m ON m.id = (SELECT max(n.id) {newest})"
    return f"CROSS JOIN LATERAL (SELECT * {newest} ORDER BY n.id DESC LIMIT 1) m"


def _positions(connection: Connection, products: list[str]) -> dict[Place, Position]:
    """The newest snapshot of each place, and what all have taken there."""
    columns = "m.id, m.on_hand, m.reserved_other, m.next_receipt_date, m.next_receipt_quantity"
    query = f"{_each_place(connection, columns)} WHERE {one_of(connection, 'k.product')}"
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
