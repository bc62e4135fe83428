"""What changed in stock and mappings since a time, and the inventory reports that were sent"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "stock_changes",
        sa.Column(
            "change", sa.BigInteger(), nullable=False, comment="the transaction's number: PostgreSQL's own, else ours"
        ),
        sa.Column("product", _TEXT, nullable=False),
        sa.Column("site", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("change", "product", "site", name=op.f("pk_stock_changes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inventory_reports",
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False, comment="the time that the schedule names"),
        sa.Column("number", _TEXT, nullable=False),
        sa.Column("document_id", _TEXT, nullable=False),
        sa.Column(
            "cursor", _TEXT, nullable=False, comment="what tells what changed after it (gateway.inventory.Cursor)"
        ),
        sa.PrimaryKeyConstraint("account_id", "slot", name=op.f("pk_inventory_reports")),
        sa.UniqueConstraint("number", name=op.f("uq_inventory_reports_number")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_revision_rows_added_in", "revision_rows", ["scope", "added_in"])
    for table, name, columns, condition in (
        ("revision_rows", "ix_revision_rows_removed_in", ["scope", "removed_in"], "removed_in IS NOT NULL"),
        (
            "stock_snapshots",
            "ix_stock_snapshots_next_receipt_date",
            ["next_receipt_date", "product"],
            "next_receipt_date IS NOT NULL",
        ),
    ):
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
