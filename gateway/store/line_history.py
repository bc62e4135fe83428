"""All that happened to one line of an order, movement by movement. For people who ask why; nothing is decided on it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.statements import fetch
from schemas.values import EXACT

MOVED = (
    *("ordered", "raised", "confirmed", "backordered", "rejected", "cancelled"),
    *("shipped", "returned", "invoiced", "credited"),
)
"""What a movement adds to: in the account's unit, from `shipped` on in base units."""


@dataclass(frozen=True, slots=True)
class QuantityMovement:
    """What a message, a decision of the back office, or whatever else `source` names, added to the line."""

    number: int
    source: str
    at: int
    added: dict[str, Decimal]
    """Those of `MOVED` that it added to."""


class StockMovement(NamedTuple):
    """Base units that the line took at a site (negative: gave back), and what all and the account had before."""

    product: str
    site: str
    source: str
    at: int
    quantity: Decimal
    taken_before: Decimal
    own_before: Decimal


class Counted(NamedTuple):
    """What the warehouse had said of a place, as the last of it that was known then."""

    as_of: str
    on_hand: Decimal
    reserved_other: Decimal
    next_receipt_date: str | None
    next_receipt_quantity: Decimal | None


class Balance(NamedTuple):
    """What all and the account had taken of a place."""

    taken: Decimal
    own: Decimal


class PartShipped(NamedTuple):
    """What of the line left in a package of a shipment, and where the despatch advice tells it."""

    shipment_number: str
    shipped_at: int
    base_quantity: Decimal
    package: str
    sscc: str | None
    lot: str | None
    advice_number: str
    advice_line: str


class LineBilled(NamedTuple):
    """A line of an invoice or credit note that is of the order line; `credits_number` is the invoice's that it
    credits, and `credits_line` that invoice's line."""

    invoice_id: str
    type: str
    number: str
    made_at: int
    document_id: str
    line_number: str
    base_quantity: Decimal
    credits_number: str | None
    credits_line: str | None


class DecidedByErp(NamedTuple):
    """A decision of the back office on a version of the order."""

    id: str
    version: int
    at: int
    actor: str


class LineHistory:
    """The repository of what became of single lines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def quantities(self, order_id: str, line_number: str) -> list[QuantityMovement]:
        """The line's movements in the ledger, the first one first."""
        query = (
            f"SELECT number, message_id, at, {', '.join(MOVED)} FROM quantity_movements "
            "WHERE order_id = ? AND line_number = ? ORDER BY number"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [order_id, line_number])
        return [_quantity_movement(*row) for row in rows]

    def stock(self, order_id: str, line_number: str) -> list[StockMovement]:
        """The line's movements of stock, the first one first."""
        query = (
            "SELECT product, site, message_id, at, quantity, taken, taken_by_account FROM stock_movements "
            "WHERE order_id = ? AND line_number = ? ORDER BY at, product, site, number"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [order_id, line_number])
        return [_stock_movement(*row) for row in rows]

    def counted(self, product: str, site: str, at: int) -> Counted | None:
        """The place's newest snapshot of those that were there by then; None where there was none."""
        query = (
            "SELECT as_of, on_hand, reserved_other, next_receipt_date, next_receipt_quantity FROM stock_snapshots "
            "WHERE product = ? AND site = ? AND imported_at <= ? ORDER BY id DESC LIMIT 1"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [product, site, at])
        return _counted(*rows[0]) if rows else None

    def balance(self, product: str, site: str, account_id: str, at: int) -> Balance:
        """What was taken of the place by then."""
        with self._database.read() as connection:
            taken = _last(connection, "taken", "", [product, site], at)
            own = _last(connection, "taken_by_account", "AND account_id = ? ", [product, site, account_id], at)
        return Balance(taken, own)

    def sites_of(self, product: str) -> list[str]:
        """The sites that stock of the product was ever told of, by name."""
        query = "SELECT site FROM stock_places WHERE product = ? ORDER BY site"
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [product])]

    def shipped(self, order_id: str, line_number: str) -> list[PartShipped]:
        """What of the line left, the first of it first."""
        query = (
            "SELECT h.number, h.shipped_at, l.base_quantity, l.package, s.sscc, l.lot, d.number, l.document_line "
            "FROM shipment_lines l JOIN shipments h ON h.id = l.shipment_id JOIN documents d ON d.id = l.document_id "
            "LEFT JOIN ssccs s ON s.shipment_id = l.shipment_id AND s.package = l.package "
            "WHERE l.order_id = ? AND l.line_number = ? ORDER BY h.shipped_at, h.number, l.number"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [order_id, line_number])
        return [PartShipped(*(*row[:2], Decimal(row[2]), *row[3:])) for row in rows]

    def billed(self, order_id: str, line_number: str) -> list[LineBilled]:
        """Where the line was invoiced and credited, in the order of its making."""
        query = (
            "SELECT i.id, i.type, i.number, i.made_at, i.document_id, l.line_number, l.base_quantity, c.number, "
            "l.credits_line FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id "
            "LEFT JOIN invoices c ON c.id = i.credits_id "
            "WHERE l.order_id = ? AND l.order_line_number = ? ORDER BY i.made_at, i.id, l.line_number"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [order_id, line_number])
        return [LineBilled(*(*row[:6], Decimal(row[6]), *row[7:])) for row in rows]

    def shipment_numbers(self, order_id: str) -> dict[str, str]:
        """Id → number of the shipments that have something of the order."""
        query = (
            "SELECT DISTINCT h.id, h.number FROM shipment_lines l JOIN shipments h ON h.id = l.shipment_id "
            "WHERE l.order_id = ?"
        )
        with self._database.read() as connection:
            return {row[0]: row[1] for row in fetch(connection, query, [order_id])}

    def decisions(self, order_id: str) -> list[DecidedByErp]:
        """What the back office decided on the order, version by version."""
        query = "SELECT id, version, at, actor FROM decisions WHERE order_id = ? ORDER BY version"
        with self._database.read() as connection:
            return [DecidedByErp(*row) for row in fetch(connection, query, [order_id])]

    def answers(self, order_id: str, account_id: str, order_number: str) -> list[tuple[str, str, str, int]]:
        """(number, message, canonical, created_at) of the order's responses, the first one first."""
        query = (
            "SELECT number, message_id, canonical, created_at FROM documents WHERE account_id = ? "
            "AND order_number = ? AND order_id = ? AND type = 'order_response' ORDER BY transaction_id, position"
        )
        with self._database.read() as connection:
            return [tuple(row) for row in fetch(connection, query, [account_id, order_number, order_id])]


def _counted(
    as_of: str, on_hand: str | Decimal, reserved: str | Decimal, day: str | None, due: str | Decimal | None
) -> Counted:
    return Counted(as_of, Decimal(on_hand), Decimal(reserved), day, None if due is None else Decimal(due))


def _quantity_movement(number: int, source: str, at: int, *added: str | Decimal) -> QuantityMovement:
    amounts = {name: Decimal(amount or 0) for name, amount in zip(MOVED, added, strict=True)}
    return QuantityMovement(number, source, at, {name: amount for name, amount in amounts.items() if amount})


def _stock_movement(
    product: str,
    site: str,
    source: str,
    at: int,
    quantity: str | Decimal,
    taken: str | Decimal,
    own: str | Decimal,
) -> StockMovement:
    moved = Decimal(quantity)
    before, own_before = EXACT.subtract(Decimal(taken), moved), EXACT.subtract(Decimal(own), moved)
    return StockMovement(product, site, source, at, moved, before, own_before)


def _last(connection: Connection, column: str, of_account: str, values: list[str], at: int) -> Decimal:
    """The running total as it stood, 0 where nothing had moved."""
    query = (
        f"SELECT {column} FROM stock_movements WHERE product = ? AND site = ? {of_account}AND at <= ? "
        "ORDER BY number DESC LIMIT 1"
    )
    rows = fetch(connection, query, [*values, at])
    return Decimal(rows[0][0]) if rows else Decimal(0)
