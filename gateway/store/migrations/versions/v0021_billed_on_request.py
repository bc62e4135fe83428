"""What left and waits for a request to be billed has a row; it is found by an index, whatever else was billed"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_COMMENTS = {
    "waits_for": "shipped, delivered, daily, weekly, monthly, request",
    "slot": "when it is to be billed first, or was; null: once it is delivered or asked for",
    "due_at": "when it is tried next; null: it is billed, or has no slot yet",
}
_UNLISTED = (
    "SELECT l.document_id, l.shipment_id, d.account_id, l.number, l.base_quantity FROM shipment_lines l "
    "JOIN documents d ON d.id = l.document_id JOIN orders o ON o.id = l.order_id "
    "LEFT JOIN billables b ON b.document_id = l.document_id "
    "WHERE b.document_id IS NULL AND o.order_type <> 'consignment'"
)
_BILLED = "SELECT shipment_id, shipment_line, base_quantity FROM billed_parts"
_ROW = (
    "INSERT INTO billables (document_id, shipment_id, account_id, waits_for, attempts) "
    "VALUES (:document_id, :shipment_id, :account_id, 'request', 0)"
)


def upgrade() -> None:
    connection = op.get_bind()
    no_slot = sa.text("slot IS NULL")
    op.create_index(
        "ix_billables_no_slot", "billables", ["document_id"], sqlite_where=no_slot, postgresql_where=no_slot
    )
    if connection.dialect.name == "postgresql":
        for column, comment in _COMMENTS.items():
            op.alter_column("billables", column, comment=comment)
    rows = list({row["document_id"]: row for row in _forgotten(connection)}.values())
    if rows:
        connection.execute(sa.text(_ROW), rows)


def _forgotten(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """The despatch advices with goods that nobody asked to be billed, of accounts that are billed on request."""
    billed: dict[tuple[str, int], Decimal] = {}
    for shipment_id, line, quantity in connection.execute(sa.text(_BILLED)):
        billed[shipment_id, line] = billed.get((shipment_id, line), Decimal(0)) + Decimal(quantity)
    for document_id, shipment_id, account_id, line, quantity in connection.execute(sa.text(_UNLISTED)).fetchall():
        if billed.get((shipment_id, line), Decimal(0)) < Decimal(quantity):
            yield {"document_id": document_id, "shipment_id": shipment_id, "account_id": account_id}


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
