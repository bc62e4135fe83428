"""What took effect already for messages that are to be judged again, counted in the order book and among documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.store.database import Database
from gateway.store.replays import ToReplay
from gateway.store.statements import fetch, given, one_of, values

_AT_ONCE = 1_000
_ARRIVED = ("delivered", "received", "queried", "rejected")
_TO_COME = ("available", "waiting", "sending", "held")


@dataclass(slots=True)
class Effects:
    """Counts of what there is."""

    standing: int = 0
    """Orders of the numbers that the messages name."""
    answers: int = 0
    """Documents that were made for the messages themselves, in earlier runs."""
    arrived: int = 0
    to_come: int = 0
    """Of those answers, such as the partner has, and such as are not there yet."""
    numbers: tuple[str, str] | None = None
    """The least and the greatest of their numbers."""
    notices: int = 0
    """Despatch advices and invoices of those orders."""
    ssccs: int = 0


class Repeating:
    """The repository of what will not repeat."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, found: Sequence[ToReplay]) -> Effects:
        """What there is of these messages."""
        told = Effects()
        order_ids: set[str] = set()
        with self._database.read() as connection:
            for start in range(0, len(found), _AT_ONCE):
                some = found[start : start + _AT_ONCE]
                _count_answers(connection, [one.id for one in some], told)
                order_ids.update(_orders(connection, some))
            told.standing = len(order_ids)
            for start in range(0, len(order_ids), _AT_ONCE):
                _count_shipped(connection, sorted(order_ids)[start : start + _AT_ONCE], told)
        return told


def _count_answers(connection: Any, message_ids: Sequence[str], told: Effects) -> None:
    query = (
        "SELECT d.number, v.status FROM documents d LEFT JOIN deliveries v ON v.document_id = d.id "
        f"WHERE {one_of(connection, 'd.message_id')}"
    )
    rows = fetch(connection, query, [values(connection, message_ids)])
    if not rows:
        return
    numbers = [row[0] for row in rows] + list(told.numbers or ())
    arrived = sum(row[1] in _ARRIVED for row in rows)
    told.answers, told.arrived = told.answers + len(rows), told.arrived + arrived
    told.to_come += sum(row[1] in _TO_COME for row in rows)
    told.numbers = min(numbers), max(numbers)


def _orders(connection: Any, some: Sequence[ToReplay]) -> list[str]:
    named = sorted({(one.account_id, one.order_number) for one in some if one.order_number is not None})
    if not named:
        return []
    table, parameters = given(connection, named, "g_account", "g_number")
    query = (
        f"SELECT o.id FROM {table} g CROSS JOIN orders o WHERE o.account_id = g_account AND o.order_number = g_number"
    )
    return [str(row[0]) for row in fetch(connection, query, parameters)]


def _count_shipped(connection: Any, order_ids: Sequence[str], told: Effects) -> None:
    wanted = values(connection, order_ids)
    query = f"SELECT DISTINCT shipment_id, document_id FROM shipment_lines WHERE {one_of(connection, 'order_id')}"
    rows = fetch(connection, query, [wanted])
    told.notices += len({row[1] for row in rows})
    if shipments := sorted({row[0] for row in rows}):
        query = f"SELECT count(*) FROM ssccs WHERE {one_of(connection, 'shipment_id')}"
        told.ssccs += int(fetch(connection, query, [values(connection, shipments)])[0][0])
    query = f"SELECT count(DISTINCT invoice_id) FROM invoice_lines WHERE {one_of(connection, 'order_id')}"
    told.notices += int(fetch(connection, query, [wanted])[0][0])
