"""Invoices and credit notes, what is to be billed, and what the back office asked for"""

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Exact

revision = "0017"
down_revision = "0016"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "shipment_deliveries",
        sa.Column("shipment_id", _TEXT, primary_key=True),
        sa.Column("delivered_at", _TEXT, nullable=False, comment="ISO 8601, as it was told"),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("key_id", _TEXT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "billables",
        sa.Column("document_id", _TEXT, primary_key=True, comment="the despatch advice"),
        sa.Column("shipment_id", _TEXT, nullable=False),
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("waits_for", _TEXT, nullable=False, comment="shipped, delivered, daily, weekly, monthly"),
        sa.Column("slot", sa.BigInteger(), comment="when it is to be billed first; null: not before it is delivered"),
        sa.Column(
            "due_at", sa.BigInteger(), comment="when it is tried next; null: it is billed, or waits for its delivery"
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("faults", _TEXT, comment="JSON: why it could not be billed"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_billables_shipment_id", "billables", ["shipment_id"])
    to_bill = sa.text("due_at IS NOT NULL")
    op.create_index("ix_billables_due_at", "billables", ["due_at"], sqlite_where=to_bill, postgresql_where=to_bill)
    op.create_table(
        "billing_requests",
        sa.Column("type", _TEXT, nullable=False, comment="invoice or credit_note"),
        sa.Column("number", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("key_id", _TEXT, nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("type", "number", name=op.f("pk_billing_requests")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "invoices",
        sa.Column("id", _TEXT, primary_key=True),
        sa.Column("type", _TEXT, nullable=False),
        sa.Column("number", _TEXT, nullable=False),
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("issue_date", _TEXT, nullable=False),
        sa.Column("currency", _TEXT, nullable=False),
        sa.Column("net", Exact(), nullable=False, comment="without tax"),
        sa.Column("payable", Exact(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("request_number", _TEXT),
        sa.Column("credits_id", _TEXT, comment="of a credit note: the invoice that it credits"),
        sa.Column("document_id", _TEXT, nullable=False),
        sa.UniqueConstraint("type", "number", name=op.f("uq_invoices_type_number")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_invoices_account_id", "invoices", ["account_id", "issue_date"])
    op.create_index("ix_invoices_credits_id", "invoices", ["credits_id"])
    op.create_index("ix_invoices_request_number", "invoices", ["type", "request_number"])
    op.create_table(
        "invoice_lines",
        sa.Column("invoice_id", _TEXT, nullable=False),
        sa.Column("line_number", _TEXT, nullable=False),
        sa.Column("order_id", _TEXT, nullable=False),
        sa.Column("order_line_number", _TEXT, nullable=False),
        sa.Column("product", _TEXT, nullable=False),
        sa.Column("quantity", Exact(), nullable=False),
        sa.Column("base_quantity", Exact(), nullable=False),
        sa.Column("net", Exact(), nullable=False),
        sa.Column("credits_line", _TEXT, comment="of a credit note: the invoice's line"),
        sa.PrimaryKeyConstraint("invoice_id", "line_number", name=op.f("pk_invoice_lines")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_invoice_lines_order_id", "invoice_lines", ["order_id", "order_line_number"])
    op.create_table(
        "billed_parts",
        sa.Column("invoice_id", _TEXT, nullable=False),
        sa.Column("line_number", _TEXT, nullable=False),
        sa.Column("shipment_id", _TEXT, nullable=False),
        sa.Column("shipment_line", sa.Integer(), nullable=False),
        sa.Column("base_quantity", Exact(), nullable=False),
        sa.PrimaryKeyConstraint(
            "invoice_id", "line_number", "shipment_id", "shipment_line", name=op.f("pk_billed_parts")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_billed_parts_shipment_id", "billed_parts", ["shipment_id", "shipment_line"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
