"""Shipments, their despatch advices, and what left of the stock"""

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Exact

revision = "0013"
down_revision = "0012"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "shipments",
        sa.Column("id", _TEXT, primary_key=True),
        sa.Column("number", _TEXT, nullable=False),
        sa.Column("shipped_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("key_id", _TEXT, nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False, comment="of the canonical shipment, as it came"),
        sa.Column("canonical", _TEXT, nullable=False),
        sa.UniqueConstraint("number", name=op.f("uq_shipments_number")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shipment_lines",
        sa.Column("shipment_id", _TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("order_id", _TEXT, nullable=False),
        sa.Column("line_number", _TEXT, nullable=False),
        sa.Column("package", _TEXT, nullable=False),
        sa.Column("product", _TEXT, nullable=False),
        sa.Column("base_quantity", Exact(), nullable=False),
        sa.Column("lot", _TEXT),
        sa.Column("expiry", _TEXT),
        sa.Column("document_id", _TEXT, nullable=False),
        sa.Column("document_line", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("shipment_id", "number", name=op.f("pk_shipment_lines")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_shipment_lines_order_id", "shipment_lines", ["order_id", "line_number"])
    op.create_table(
        "ssccs",
        sa.Column("sscc", _TEXT, primary_key=True),
        sa.Column("shipment_id", _TEXT, nullable=False),
        sa.Column("package", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="not given again within a year"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ssccs_shipment_id", "ssccs", ["shipment_id"])
    op.create_table(
        "departures",
        sa.Column("shipment_id", _TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("product", _TEXT, nullable=False),
        sa.Column("site", _TEXT, nullable=False),
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("order_id", _TEXT, nullable=False),
        sa.Column("line_number", _TEXT, nullable=False),
        sa.Column("quantity", Exact(), nullable=False, comment="base units"),
        sa.Column("shipped_at", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.SmallInteger(), nullable=False, comment="1: the stock that it held was given back"),
        sa.PrimaryKeyConstraint("shipment_id", "number", name=op.f("pk_departures")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_departures_order_id", "departures", ["order_id"])
    unsettled = sa.text("settled = 0")
    op.create_index(
        "ix_departures_place",
        "departures",
        ["product", "site"],
        sqlite_where=unsettled,
        postgresql_where=unsettled,
    )
    op.create_table(
        "document_orders",
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("order_number", _TEXT, nullable=False),
        sa.Column("document_id", _TEXT, nullable=False),
        sa.Column("order_id", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "order_number", "document_id", "order_id", name=op.f("pk_document_orders")
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
