"""What the ERP decided on orders: found again when the same is sent twice, and saved with all that follows from it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.store.chain import next_event
from gateway.store.changes import Changes
from gateway.store.database import Collision, Database
from gateway.store.order_moves import transaction_of
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import decisions, deliveries, documents, events, quantity_movements


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision on one version of an order. Its movements of quantities, stock and contracts name `id` as their
    message."""

    order_id: str
    version: int
    id: str
    at: int
    actor: str
    sha256: bytes
    asked: str
    """As JSON."""
    answer: str
    """As it was answered, JSON."""


@dataclass(frozen=True, slots=True)
class Head:
    """A message's chain as it was loaded."""

    event_count: int
    event_hash: bytes


@dataclass(frozen=True, slots=True)
class DecidedOrder:
    """An order as a decision makes it, as long as it still is what was decided on."""

    message_id: str
    head: Head
    seen_updated_at: int
    status: str
    outcome: str
    notice_due: int | None = None
    """From when on the despatch advice of the first of it that hasn't left is overdue."""


class Decisions:
    """The repository of decisions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, order_id: str, version: int) -> StoredDecision | None:
        """What was decided on this version of the order; None where nothing was."""
        query = (
            "SELECT order_id, version, id, at, actor, sha256, asked, answer FROM decisions "
            "WHERE order_id = ? AND version = ?"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [order_id, version])
        return StoredDecision(*(*rows[0][:5], bytes(rows[0][5]), *rows[0][6:])) if rows else None

    def message_of(self, order_id: str) -> tuple[str, Head]:
        """The message that made the order's newest version, with its chain."""
        query = (
            "SELECT m.id, m.event_count, m.event_hash FROM orders o JOIN messages m ON m.id = o.message_id "
            "WHERE o.id = ?"
        )
        with self._database.read() as connection:
            ((message_id, count, head),) = fetch(connection, query, [order_id])
        return message_id, Head(count, bytes(head))

    def save(self, decision: StoredDecision, order: DecidedOrder, changes: Changes) -> None:
        """Write the decision and all that follows from it, in one transaction.

        Raises Collision where the order, its message, a contract or the stock isn't any more what was decided on, or
        the version was decided meanwhile. Then nothing of it is written.
        """
        with self._database.write() as connection:
            transaction = transaction_of(connection)
            self._tell(connection, decision, order, changes)
            if changes.drawings is not None:
                changes.drawings.write(connection, [decision.order_id])
            text = (
                "UPDATE orders SET status = ?, outcome = ?, updated_at = ?, notice_due = ? WHERE id = ? "
                "AND version = ? AND updated_at = ?"
            )
            values = (order.status, order.outcome, changes.at, order.notice_due, decision.order_id, decision.version)
            if run(connection, text, [(*values, order.seen_updated_at)]) != 1:
                raise Collision(f"order {decision.order_id} was changed meanwhile")
            row = (decision.order_id, decision.version, decision.id, decision.at, decision.actor)
            insert(connection, decisions, [(*row, decision.sha256, decision.asked, decision.answer)])
            insert(connection, quantity_movements, changes.quantity_movements)
            insert(connection, documents, [(transaction, *one[1:]) for one in changes.documents])
            insert(connection, deliveries, changes.deliveries)
            if changes.takings is not None:
                changes.takings.write(connection)

    @staticmethod
    def _tell(connection: Connection, decision: StoredDecision, order: DecidedOrder, changes: Changes) -> None:
        """The decision in the chain of the message that it answers, with the digests of its document."""
        told = {"order_id": decision.order_id, "version": decision.version, "outcome": order.outcome}
        digests = changes.document_digests.get(order.message_id)
        body = told | ({"documents": _digests(digests)} if digests else {})
        head = order.head
        entry = next_event(
            *(order.message_id, head.event_count + 1, head.event_hash, "decided", decision.actor, body, changes.at)
        )
        text = "UPDATE messages SET event_count = ?, event_hash = ? WHERE id = ? AND event_count = ?"
        if run(connection, text, [(entry.number, entry.hash, order.message_id, head.event_count)]) != 1:
            raise Collision(f"message {order.message_id} went on meanwhile")
        insert(connection, events, [entry.row()])


def _digests(members: list[str]) -> object:
    """`"id":["…","…"]`, as `Changes` keeps them, as an object."""
    return json.loads(f"{{{','.join(members)}}}")
