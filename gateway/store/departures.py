"""What left where an order held it, and when its stock is given back.

Goods that left are not on hand any more, but the last snapshot still counts them: so what they had taken of the stock
stands until the warehouse has counted anew. Such a departure is settled, and its stock given back, with the first
snapshot of its place that was taken when it had left, which doesn't have the goods (`settle_departures`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.columns import in_full
from gateway.store.statements import fetch, given, insert, run
from gateway.store.tables import departures
from gateway.store.takings import Movement, append_movements, lock_places
from gateway.trade.stock import Place
from schemas.values import EXACT


class Departure(NamedTuple):
    """Base units that left a place where an order line held them."""

    product: str
    site: str
    account_id: str
    order_id: str
    line_number: str
    quantity: Decimal


def depart(
    connection: Connection,
    shipment_id: str,
    source: str,
    leaving: Sequence[Departure],
    reallocated: Sequence[Departure],
    shipped_at: int,
    at: int,
) -> None:
    """Note what left where, and give back at once what a snapshot doesn't count any more; `reallocated` is taken there
    (negative: given back) first. Last in the transaction: others that take from these places wait for its end."""
    concerned = {(one.product, one.site) for one in (*reallocated, *leaving)}
    if not concerned:
        return
    places = sorted(concerned)
    lock_places(connection, places)
    counted = _counted_at(connection, places)
    moved = [_movement_of(one, source, at) for one in reallocated]
    rows: list[tuple[Any, ...]] = []
    for number, one in enumerate(leaving, 1):
        is_settled = counted.get((one.product, one.site), -1) >= shipped_at
        if is_settled:
            moved.append(_movement_of(one._replace(quantity=EXACT.minus(one.quantity)), source, at))
        rows.append(
            (
                *(shipment_id, number, one.product, one.site, one.account_id, one.order_id, one.line_number),
                *(in_full(one.quantity), shipped_at, int(is_settled)),
            )
        )
    insert(connection, departures, rows)
    append_movements(connection, moved)


def settle_departures(connection: Connection, places: Sequence[Place], at: int) -> None:
    """Give back what left these places, sorted and locked, before their newest snapshots were taken."""
    if not places:
        return
    counted = _counted_at(connection, places)
    table, parameters = given(connection, list(places), "w_product", "w_site")
    query = (
        "SELECT shipment_id, number, product, site, account_id, order_id, line_number, quantity, shipped_at "
        f"FROM {table} w CROSS JOIN departures WHERE product = w_product AND site = w_site AND settled = 0 "
        "ORDER BY product, site, shipped_at, shipment_id, number"
    )
    over = [row for row in fetch(connection, query, parameters) if row[8] <= counted.get((row[2], row[3]), -1)]
    moved = [
        _movement_of(
            Departure(*(*row[2:7], EXACT.minus(Decimal(row[7])))), f"shipment/{row[0]}", at
        )  # as it was taken, by line
        for row in over
    ]
    run(
        connection,
        "UPDATE departures SET settled = 1 WHERE shipment_id = ? AND number = ?",
        [(row[0], row[1]) for row in over],
    )
    append_movements(connection, moved)


def _movement_of(one: Departure, source: str, at: int) -> tuple[Place, Movement]:
    place = (one.product, one.site)
    return place, Movement(one.account_id, one.order_id, one.line_number, source, at, one.quantity)


def _counted_at(connection: Connection, places: Sequence[Place]) -> dict[Place, int]:
    """When the newest snapshot of each of these places was taken, in microseconds since 1970."""
    table, parameters = given(connection, list(places), "w_product", "w_site")
    newest = "SELECT n.as_of FROM stock_snapshots n WHERE n.product = w_product AND n.site = w_site"
    query = f"SELECT w_product, w_site, ({newest} ORDER BY n.id DESC LIMIT 1) FROM {table} w"
    return {(row[0], row[1]): microseconds(row[2]) for row in fetch(connection, query, parameters) if row[2]}


def microseconds(moment: str) -> int:
    """Since 1970, of a moment as ISO 8601 writes it; without an offset it is UTC."""
    found = datetime.fromisoformat(moment)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return int(found.timestamp()) * 1_000_000 + found.microsecond
