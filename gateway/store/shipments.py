"""Shipments as the warehouse told of them, and everything that one of them writes, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.chain import START, next_event
from gateway.store.columns import in_full
from gateway.store.database import Database
from gateway.store.departures import Departure, depart
from gateway.store.noting import append
from gateway.store.order_moves import SeenOrder, see_orders, transaction_of
from gateway.store.orders import StoredOrder
from gateway.store.statements import fetch, given, insert, one_of, run, values
from gateway.store.tables import (
    billables,
    deliveries,
    document_orders,
    documents,
    quantity_movements,
    shipment_lines,
    shipments,
    ssccs,
)
from gateway.trade.shipping import ShippedMove
from gateway.trade.stock import Place
from schemas.values import EXACT

_BEGIN_PACKAGES = '"packages":'
"""In a shipment's canonical text, behind all that is said of the whole; inside a text its quotes would be escaped."""
SSCC_REUSE_US = 366 * 86_400_000_000
"""An SSCC is not given to another package within a year of its shipment (GS1 General Specifications 2.2.1)."""


def stream_of(shipment_id: str) -> str:
    """The audit stream of a shipment; its documents stand under this name, too."""
    return f"shipment/{shipment_id}"


@dataclass(frozen=True, slots=True)
class StoredShipment:
    """A shipment that was taken, with the SSCC of each of its packages."""

    id: str
    number: str
    content_sha256: bytes
    received_at: int
    packages: Mapping[str, str]


class ShippedLine(NamedTuple):
    """How much of an order's line a shipment has."""

    line_number: str
    base_quantity: Decimal


@dataclass(frozen=True, slots=True)
class OrderShipment:
    """A shipment as far as it is of one order: its lines, summed over the packages, and the despatch advices that tell
    of them, as (number, id)."""

    number: str
    shipped_at: int
    estimated_delivery: str | None
    carrier: str | None
    tracking: str | None
    lines: tuple[ShippedLine, ...]
    advices: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class ShipmentRows:
    """What a shipment writes, in each table's column order."""

    shipment_id: str
    number: str
    at: int
    shipped_at: int
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    lines: list[tuple[Any, ...]] = field(default_factory=list)
    ssccs: dict[str, str] = field(default_factory=dict)
    """SSCC → the package's id."""
    orders: list[SeenOrder] = field(default_factory=list)
    moves: list[ShippedMove] = field(default_factory=list)
    reallocations: list[Departure] = field(default_factory=list)
    """What is taken at a place (negative: given back), because the goods left elsewhere than they were allocated."""
    departures: list[Departure] = field(default_factory=list)
    documents: list[tuple[Any, ...]] = field(default_factory=list)
    document_orders: list[tuple[Any, ...]] = field(default_factory=list)
    deliveries: list[tuple[Any, ...]] = field(default_factory=list)
    billables: list[tuple[Any, ...]] = field(default_factory=list)
    notices: dict[str, int | None] = field(default_factory=dict)
    """Order → from when on the despatch advice of the first of what is left of it is overdue."""
    told: dict[str, Any] = field(default_factory=dict)
    """What the audit event says."""
    actor: str = "back office"


class Shipments:
    """The repository of shipments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def one(self, number: str) -> StoredShipment | None:
        """The shipment of this number."""
        with self._database.read() as connection:
            query = "SELECT id, number, content_sha256, received_at FROM shipments WHERE number = ?"
            rows = fetch(connection, query, [number])
            if not rows:
                return None
            found = fetch(connection, "SELECT package, sscc FROM ssccs WHERE shipment_id = ?", [rows[0][0]])
        shipment_id, number, content, received_at = rows[0]
        return StoredShipment(shipment_id, number, bytes(content), received_at, {row[0]: row[1] for row in found})

    def canonical(self, shipment_id: str) -> str:
        """The shipment as it was taken, as JSON."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT canonical FROM shipments WHERE id = ?", [shipment_id])
        return str(rows[0][0])

    def orders_named(self, names: Iterable[tuple[str, str]]) -> list[tuple[StoredOrder, int]]:
        """The orders of these accounts and numbers that are no tests, each with its catalogue revision."""
        wanted = sorted(set(names))
        if not wanted:
            return []
        columns = (
            "id, account_id, test, order_number, version, status, outcome, order_type, message_id, mapping_revision, "
            "currency, issue_date, requested_start, requested_end, created_at, updated_at, catalogue_revision"
        )
        with self._database.read() as connection:
            table, parameters = given(connection, wanted, "w_account", "w_number")
            query = (
                f"SELECT {columns} FROM {table} w CROSS JOIN orders WHERE account_id = w_account "
                "AND order_number = w_number AND test = 0 AND NOT EXISTS (SELECT 1 FROM orders n "
                "WHERE n.account_id = orders.account_id AND n.test = 0 AND n.order_key = orders.order_key "
                "AND n.epoch > orders.epoch) ORDER BY id"
            )
            rows = fetch(connection, query, parameters)
        return [(StoredOrder(*(*row[:2], bool(row[2]), *row[3:16])), row[16]) for row in rows]

    def departed(self, order_ids: Iterable[str]) -> dict[tuple[str, str], dict[Place, Decimal]]:
        """(order, line) → what of it left each place so far, settled or not."""
        wanted = sorted(set(order_ids))
        found: dict[tuple[str, str], dict[Place, Decimal]] = {}
        if not wanted:
            return found
        with self._database.read() as connection:
            query = (
                f"SELECT order_id, line_number, product, site, quantity FROM departures "
                f"WHERE {one_of(connection, 'order_id')}"
            )
            for order_id, line, product, site, quantity in fetch(connection, query, [values(connection, wanted)]):
                places = found.setdefault((order_id, line), {})
                places[product, site] = EXACT.add(places.get((product, site), Decimal(0)), Decimal(quantity))
        return found

    def used(self, wanted: Iterable[str], now: int) -> dict[str, str]:
        """SSCC → number of the shipment that has it on a package since less than a year."""
        asked = sorted(set(wanted))
        if not asked:
            return {}
        with self._database.read() as connection:
            query = (
                "SELECT s.sscc, h.number FROM ssccs s JOIN shipments h ON h.id = s.shipment_id "
                f"WHERE {one_of(connection, 's.sscc')} AND s.at > ?"
            )
            rows = fetch(connection, query, [values(connection, asked), now - SSCC_REUSE_US])
        return {row[0]: row[1] for row in rows}

    def envelope_ids(self, order_ids: Iterable[str], format_name: str) -> dict[str, str]:
        """Order id → the sender's id of the transmission that made its newest version, of those that came in this
        format."""
        wanted = sorted(set(order_ids))
        if not wanted:
            return {}
        with self._database.read() as connection:
            query = (
                "SELECT o.id, m.envelope_id FROM orders o JOIN messages m ON m.id = o.message_id "
                f"WHERE {one_of(connection, 'o.id')} AND m.format = ? AND m.envelope_id IS NOT NULL"
            )
            rows = fetch(connection, query, [values(connection, wanted), format_name])
        return {row[0]: row[1] for row in rows}

    def of_order(self, order_id: str) -> list[OrderShipment]:
        """The shipments that have something of the order, the first that left first."""
        with self._database.read() as connection:
            found = "instr" if self._database.is_sqlite else "strpos"
            head = f"substr(h.canonical, 1, {found}(h.canonical, '{_BEGIN_PACKAGES}') - 1)"
            query = (
                "SELECT l.shipment_id, l.line_number, l.base_quantity, d.number, d.id FROM shipment_lines l "
                "JOIN documents d ON d.id = l.document_id WHERE l.order_id = ? ORDER BY l.shipment_id, l.number"
            )
            rows = fetch(connection, query, [order_id])
            if not rows:
                return []
            query = f"SELECT h.id, h.number, h.shipped_at, {head} FROM shipments h WHERE {one_of(connection, 'h.id')}"
            heads = fetch(connection, query, [values(connection, sorted({row[0] for row in rows}))])
        parts: dict[str, list[Any]] = {}
        for shipment_id, *part in rows:
            parts.setdefault(shipment_id, []).append(part)
        in_turn = sorted(heads, key=lambda one: (one[2], one[1]))
        return [_of_order(number, at, said, parts[shipment_id]) for shipment_id, number, at, said in in_turn]

    def documents_of(self, shipment_id: str) -> list[tuple[str, str, str, str]]:
        """(id, account, type, number) of the documents that came of a shipment, in the order of their making."""
        query = "SELECT id, account_id, type, number FROM documents WHERE message_id = ? ORDER BY position"
        with self._database.read() as connection:
            return [tuple(row) for row in fetch(connection, query, [stream_of(shipment_id)])]

    def save(self, written: ShipmentRows) -> None:
        """Write all of it. Raises Collision where an order isn't any more what was judged, the number or an SSCC was
        taken meanwhile, or a line moved; then nothing is written."""
        with self._database.write() as connection:
            insert(connection, shipments, written.rows)
            see_orders(connection, written.orders, written.at)
            due = [(at, order_id) for order_id, at in sorted(written.notices.items())]
            run(connection, "UPDATE orders SET notice_due = ? WHERE id = ?", due)
            _take_ssccs(connection, written)
            insert(connection, shipment_lines, written.lines)
            insert(connection, quantity_movements, [_movement(move, written) for move in written.moves])
            stamp = transaction_of(connection)
            insert(connection, documents, [(stamp, *row[1:]) for row in written.documents])
            insert(connection, document_orders, written.document_orders)
            insert(connection, deliveries, written.deliveries)
            insert(connection, billables, written.billables)
            stream = stream_of(written.shipment_id)
            event = next_event(stream, 1, START, "shipped", written.actor, written.told, written.at)
            append(connection, [event])
            leaving = (written.departures, written.reallocations)
            depart(connection, written.shipment_id, stream, *leaving, written.shipped_at, written.at)


def _of_order(number: str, shipped_at: int, head: str, parts: list[Any]) -> OrderShipment:
    """`head` is the shipment's JSON up to its packages, which may be thousands."""
    said = json.loads(f"{head.rstrip().rstrip(',')}}}")
    sums: dict[str, Decimal] = {}
    for line_number, quantity, _number, _document in parts:
        sums[line_number] = EXACT.add(sums.get(line_number, Decimal(0)), Decimal(quantity))
    return OrderShipment(
        number=number,
        shipped_at=shipped_at,
        estimated_delivery=said.get("estimated_delivery"),
        carrier=said.get("carrier"),
        tracking=said.get("tracking"),
        lines=tuple(ShippedLine(*one) for one in sums.items()),
        advices=tuple(dict.fromkeys((advice, document) for _line, _quantity, advice, document in parts)),
    )


def _take_ssccs(connection: Connection, written: ShipmentRows) -> None:
    wanted = sorted(written.ssccs)
    if not wanted:
        return
    freed = f"DELETE FROM ssccs WHERE {one_of(connection, 'sscc')} AND at <= ?"
    run(connection, freed, [(values(connection, wanted), written.at - SSCC_REUSE_US)])
    since = max(written.at, written.shipped_at)
    insert(connection, ssccs, [(sscc, written.shipment_id, written.ssccs[sscc], since) for sscc in wanted])


def _movement(one: ShippedMove, written: ShipmentRows) -> tuple[Any, ...]:
    move = one.move
    return (
        *(one.order_id, move.line_number, move.number, move.position, stream_of(written.shipment_id), written.at),
        *(None, None, None, "0", "0"),
        *(in_full(move.confirmed), in_full(move.backordered), "0", "0"),
        *(in_full(one.shipped), "0", "0", "0"),
        in_full(move.raised),
    )
