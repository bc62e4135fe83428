"""What invoices had of the orders' own charges: which invoice had how much of which charge of which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.columns import in_full
from gateway.store.database import Database
from gateway.store.statements import fetch, insert, one_of, values
from gateway.store.tables import billed_charges
from gateway.trade.order_charges import ChargeName
from schemas.values import EXACT

_NOTHING = Decimal(0)


class BilledCharges:
    """The repository of what was charged. It is written with its invoices: `Invoices.save`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_orders(self, order_ids: Iterable[str]) -> dict[str, dict[ChargeName, Decimal]]:
        """Order id → what its invoices had of each of its charges."""
        query = (
            "SELECT order_id, is_charge, reason_code, reason, occurrence, amount FROM billed_charges "
            "WHERE {} AND amount IS NOT NULL"
        )
        found: dict[str, dict[ChargeName, Decimal]] = {}
        for order_id, is_charge, *named, amount in self._rows(query, "order_id", order_ids):
            charges, name = found.setdefault(order_id, {}), ChargeName(bool(is_charge), *named)
            charges[name] = EXACT.add(charges.get(name, _NOTHING), Decimal(amount))
        return found

    def billed_unkept(self, order_ids: Iterable[str]) -> dict[str, dict[str, Decimal]]:
        """Order id → line number → how many base units of it are on invoices of which nobody kept what they had of the
        order's charges: those of before it was."""
        query = (
            "SELECT l.order_id, l.order_line_number, l.base_quantity FROM billed_charges c JOIN invoice_lines l "
            "ON l.order_id = c.order_id AND l.invoice_id = c.invoice_id WHERE {} AND c.amount IS NULL"
        )
        found: dict[str, dict[str, Decimal]] = {}
        for order_id, number, quantity in self._rows(query, "c.order_id", order_ids):
            lines = found.setdefault(order_id, {})
            lines[number] = EXACT.add(lines.get(number, _NOTHING), Decimal(quantity))
        return found

    def _rows(self, query: str, column: str, order_ids: Iterable[str]) -> list[Any]:
        asked = sorted(set(order_ids))
        if not asked:
            return []
        with self._database.read() as connection:
            return fetch(connection, query.format(one_of(connection, column)), [values(connection, asked)])


def write_charges(connection: Connection, invoice_id: str, charged: Mapping[str, Mapping[ChargeName, Decimal]]) -> None:
    """Note what the invoice has of its orders' charges (order id → charge → amount), in the transaction that keeps
    it."""
    rows = [
        (invoice_id, order_id, number, int(name.is_charge), *name[1:], in_full(amount))
        for order_id, charges in charged.items()
        for number, (name, amount) in enumerate(charges.items(), 1)
    ]
    insert(connection, billed_charges, rows)
