"""One order's thread in examples: what is sent about PH-4001, and what its ledger and the stock say of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.shipping import take_shipment
from gateway.store.ids import new_id
from gateway.store.messages import StoredMessage
from gateway.store.orders import LedgerLine
from gateway.store.statements import fetch
from schemas.documents.shipment import Shipment
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
    """So much of the line has left, in the unit that it was ordered in."""
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    line = next(one for one in gateway.store.orders.ledger(stands.id) if one.line_number == number)
    left = {
        "order_number": "PH-4001",
        "account": PINE,
        "line_number": number,
        "product": line.product,
        "base_quantity": f"{Decimal(quantity) * line.base_ordered / line.ordered:f}",
    }
    told = {"shipped_at": "2026-11-23T12:00:00+01:00", "packages": [{"id": "1", "lines": [left]}]}
    take_shipment(gateway.services, Shipment.model_validate({"shipment_number": new_id(), **told}), "test")
