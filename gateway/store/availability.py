"""What reports of stock ask: what one account may have of many products, and which of them changed since.

Each write of stock notes its places under its transaction's number (`stock_changes`). A horizon is the number from
which on transactions may not have been seen by whoever read it: PostgreSQL's oldest that still ran, on SQLite the next
one. So what changed since a report is what is noted from its horizon on; some of it the report may have told already,
and nothing is missed, whatever the clock does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.statements import fetch, one_of, values
from gateway.store.takings import last_of_all, last_of_one
from gateway.trade.inventory import Counted
from gateway.trade.stock import Position


class Standing(NamedTuple):
    """Where the places of some products stand, in figures that grow with each change of any of them."""

    places: int
    movements: int
    snapshots: int


class Availability:
    """The repository."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def horizon(self) -> int:
        """The transaction from which on what is read now may lack something."""
        query = (
            "SELECT coalesce(max(change), 0) + 1 FROM stock_changes"
            if self._database.is_sqlite
            else "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        )
        with self._database.read() as connection:
            return int(fetch(connection, query)[0][0])

    def changed_since(self, horizon: int) -> set[str]:
        """The products of whose stock something changed in that transaction or later. Costs what changed."""
        with self._database.read() as connection:
            query = "SELECT DISTINCT product FROM stock_changes WHERE change >= ?"
            return {product for (product,) in fetch(connection, query, [horizon])}

    def overdue_since(self, first: date, until: date) -> set[str]:
        """The products with goods that were due on one of these days, the last one left out; counted anew or not."""
        with self._database.read() as connection:
            query = (
                "SELECT DISTINCT product FROM stock_snapshots WHERE next_receipt_date >= ? AND next_receipt_date < ?"
            )
            return {product for (product,) in fetch(connection, query, [first.isoformat(), until.isoformat()])}

    def standing(self, products: Sequence[str], sites: Collection[str] | None) -> Standing:
        """Where these products stand, at these sites or at all. Two seeks a place."""
        with self._database.read() as connection:
            place = ("k.product", "k.site")
            newest = "(SELECT max(n.id) FROM stock_snapshots n WHERE n.product = k.product AND n.site = k.site)"
            query = (
                f"SELECT count(*), coalesce(sum({last_of_all('number', *place)}), 0), coalesce(sum({newest}), 0) "
                f"FROM stock_places k WHERE {one_of(connection, 'k.product')}"
            )
            parameters = [values(connection, products)]
            if sites is not None:
                query += f" AND {one_of(connection, 'k.site')}"
                parameters.append(values(connection, sorted(sites)))
            return Standing(*map(int, fetch(connection, query, parameters)[0]))

    def counted(self, products: Sequence[str], sites: Collection[str] | None, account: str) -> dict[str, list[Counted]]:
        """Product → what was counted at each of these sites, or at all, less what was taken since. The account's own
        takings are told apart. A place costs three seeks, however much was counted and taken there before."""
        found: dict[str, list[Counted]] = {}
        with self._database.read() as connection:
            rows = fetch(
                connection, _counted_query(connection), [*([account] * _OWN_MARKS), values(connection, products)]
            )
        for product, site, as_of, on_hand, reserved, due, quantity, taken, own in rows:
            if sites is not None and site not in sites:
                continue
            position = Position(
                product,
                site,
                0,
                Decimal(on_hand),
                Decimal(reserved),
                None if due is None else date.fromisoformat(due),
                None if quantity is None else Decimal(quantity),
                _NOTHING if taken is None else Decimal(taken),
                {} if own is None else {account: Decimal(own)},
            )
            found.setdefault(product, []).append(Counted(datetime.fromisoformat(as_of), position))
        return found


_NOTHING = Decimal(0)
_OWN_MARKS = 2
"""How often `last_of_one` names its account."""


def _counted_query(connection: Connection) -> str:
    place = ("k.product", "k.site")
    columns = "m.as_of, m.on_hand, m.reserved_other, m.next_receipt_date, m.next_receipt_quantity"
    newest = "FROM stock_snapshots n WHERE n.product = k.product AND n.site = k.site"
    if connection.dialect.name == "sqlite":
        joined = f"CROSS JOIN stock_snapshots m ON m.id = (SELECT max(n.id) {newest})"
    else:
        joined = f"CROSS JOIN LATERAL (SELECT * {newest} ORDER BY n.id DESC LIMIT 1) m"
    return (
        f"SELECT k.product, k.site, {columns}, {last_of_all('taken', *place)}, {last_of_one(*place, '?')} "
        f"FROM stock_places k {joined} WHERE {one_of(connection, 'k.product')} ORDER BY k.product, k.site"
    )
