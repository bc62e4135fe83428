"""One order's thread in examples: what is sent about PH-4001, and what its ledger and the stock say of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.store.messages import StoredMessage
from gateway.store.orders import LedgerLine
from gateway.store.statements import fetch, run
from tests.examples.order_lines import order
from tests.examples.small_gateway import SmallGateway

PINE = "pine-hardware"


def change(*lines: dict[str, Any], version: int = 2, **header: Any) -> dict[str, Any]:
    """A change of the order PH-4001."""
    return order(*lines, function="change", version=version, **header)


def cancel(**header: Any) -> dict[str, Any]:
    """A cancellation of the order PH-4001."""
    return {**order(**header), "function": "cancel", "version": 0}


def settle(gateway: SmallGateway, *orders: dict[str, Any]) -> list[StoredMessage]:
    """Send them one after the other, each settled before the next; the messages."""
    return [gateway.settle(PINE, one) for one in orders]


def ledger(gateway: SmallGateway) -> dict[str, LedgerLine]:
    """The order's lines by number; the equations of the ledger hold."""
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    lines = {one.line_number: one for one in gateway.store.orders.ledger(stands.id)}
    for one in lines.values():
        assert one.open == 0
        quantities = (one.ordered, one.confirmed, one.backordered, one.rejected, one.cancelled, one.shipped)
        assert min(quantities) >= 0, one
        assert one.shipped <= one.confirmed
    return lines


def confirmed(gateway: SmallGateway) -> dict[str, tuple[str, str, str]]:
    """Line → (ordered, confirmed, cancelled)."""
    return {
        number: (f"{one.ordered:f}", f"{one.confirmed:f}", f"{one.cancelled:f}")
        for number, one in ledger(gateway).items()
    }


def taken(gateway: SmallGateway, product: str) -> Decimal:
    """Base units taken at all sites, as the running totals and as the movements say it."""
    positions = gateway.store.stock.load([product], [PINE]).positions.values()
    with gateway.store.database.read() as connection:
        rows = fetch(connection, "SELECT quantity FROM stock_movements WHERE product = ?", [product])
    total = sum((position.taken for position in positions), Decimal(0))
    assert total == sum((Decimal(row[0]) for row in rows), Decimal(0))
    return total


def ship(gateway: SmallGateway, number: str, quantity: str) -> None:
    """So much of the line has left, as a shipment will say it."""
    with gateway.store.database.write() as connection:
        last = fetch(
            connection,
            "SELECT order_id, line_number, max(number), position, message_id, at, product, unit, base_unit "
            "FROM quantity_movements WHERE line_number = ?",
            [number],
        )[0]
        zeros = ["0"] * 11
        zeros[6] = quantity
        row = (*last[:2], last[2] + 1, *last[3:], *zeros)
        run(connection, f"INSERT INTO quantity_movements VALUES ({', '.join('?' * len(row))})", [row])
