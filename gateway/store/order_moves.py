"""What shipments, invoices and credit notes write of the orders that they are of: that these are still what was judged,
and what moves in their lines' ledgers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.columns import in_full
from gateway.store.database import Collision
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import quantity_movements
from gateway.trade.amendment import LineSums

_NOTHING = Decimal(0)


class SeenOrder(NamedTuple):
    """An order as it was when something was decided on it, and its status from then on."""

    order_id: str
    version: int
    updated_at: int
    status: str


class BilledMove(NamedTuple):
    """What is added to one line's ledger, in base units; `sums` are its quantities as they were."""

    order_id: str
    line_number: str
    sums: LineSums
    invoiced: Decimal = _NOTHING
    credited: Decimal = _NOTHING
    returned: Decimal = _NOTHING


def see_orders(connection: Connection, orders: Sequence[SeenOrder], at: int) -> None:
    """Each order is still what was judged; whoever decides on it meanwhile sees that it has moved. Raises Collision."""
    text = (
        "UPDATE orders SET status = ?, updated_at = CASE WHEN updated_at >= ? THEN updated_at + 1 ELSE ? END "
        "WHERE id = ? AND version = ? AND updated_at = ?"
    )
    for one in sorted(orders):  # in one order everywhere: nobody waits in a circle
        if run(connection, text, [(one.status, at, at, one.order_id, one.version, one.updated_at)]) != 1:
            raise Collision(f"order {one.order_id} was changed meanwhile")


def move_billed(connection: Connection, moves: Iterable[BilledMove], source: str, at: int) -> None:
    """Append these to the ledgers; `source` is the stream of what moved them. Raises Collision where a line moved."""
    insert(connection, quantity_movements, [_row(one, source, at) for one in moves])


def _row(one: BilledMove, source: str, at: int) -> tuple[Any, ...]:
    added = (one.returned, one.invoiced, one.credited)
    return (
        *(one.order_id, one.line_number, one.sums.number + 1, one.sums.position, source, at, None, None, None),
        *("0", "0", "0", "0", "0", "0", "0", *map(in_full, added), "0"),
    )


def transaction_of(connection: Connection) -> int:
    """Behind which a page of the mailbox must not end before it commits; 0 on SQLite, which has one writer."""
    if connection.dialect.name == "sqlite":
        return 0
    return int(fetch(connection, "SELECT pg_current_xact_id()::text::bigint")[0][0])
