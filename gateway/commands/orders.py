"""Orders as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import Failed, Screen, reports
from gateway.commands.times import moment

if TYPE_CHECKING:
    from gateway.services import Services
    from gateway.store.orders import LedgerLine, StoredOrder

_QUANTITIES = ("ordered", "confirmed", "backordered", "rejected", "cancelled", "open", "shipped", "invoiced")


@click.group()
def orders() -> None:
    """Orders on the accounts' books."""


@orders.command()
@reports
@click.argument("order_number", metavar="NUMBER")
@click.option("--account", metavar="ID", help="Only this account's.")
def show(screen: Screen, order_number: str, account: str | None) -> None:
    """Show what became of an order, line by line.

    Every order of this number is shown, quantities in the account's units.
    """
    with opened() as services:
        found = [_thread(services, one) for one in services.store.orders.by_number(account, order_number)]
    if not found:
        raise Failed(f"There is no order {order_number}.")
    if screen.as_json:
        screen.result(found)
        return
    for order in found:
        kind = ", a test" if order["test"] else ""
        screen.result(
            None,
            f"Order {order['order_number']} of {order['account']}{kind}: {order['outcome']}, {order['status']}; "
            f"decided {order['created_at']}, sent in message {order['message_id']}",
            *(f"Version {one['version']}: message {one['message_id']}" for one in order["versions"][1:]),
            *(f"{one['type'].replace('_', ' ')} {one['number']}: document {one['id']}" for one in order["documents"]),
        )
        ordered, *became = _QUANTITIES
        raised = ["raised"] if any(line["raised"] != "0" for line in order["lines"]) else []
        screen.table(order["lines"], ["line_number", "product", "unit", ordered, *raised, *became], "No lines.")


def _thread(services: Services, order: StoredOrder) -> dict[str, Any]:
    documents = services.store.documents.page(
        order.account_id, kind=None, order_number=order.order_number, after=None, limit=1000
    )
    return {
        "account": order.account_id,
        "order_number": order.order_number,
        "test": order.test,
        "version": order.version,
        "status": order.status,
        "outcome": order.outcome,
        "message_id": order.message_id,
        "mapping_revision": order.mapping_revision,
        "created_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
        "versions": [
            {"version": one.version, "message_id": one.message_id} for one in services.store.orders.versions(order.id)
        ],
        "lines": [_line(line) for line in services.store.orders.ledger(order.id)],
        "documents": [
            {"id": one.id, "type": one.type, "number": one.number, "format": one.format}
            for one in documents
            if one.order_id == order.id
        ],
    }


def _line(line: LedgerLine) -> dict[str, Any]:
    from schemas.values import shortest

    told: dict[str, Any] = {"line_number": line.line_number, "product": line.product, "unit": line.unit}
    names = (*_QUANTITIES, "raised", "returned", "credited")
    return told | {name: f"{shortest(getattr(line, name)):f}" for name in names}
