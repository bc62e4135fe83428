"""What invoices had of their orders' own charges; of those that there are, nobody kept it"""

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Exact

revision = "0022"
down_revision = "0021"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_UNKEPT = (
    "INSERT INTO billed_charges (invoice_id, order_id, number) SELECT DISTINCT l.invoice_id, l.order_id, 0 "
    "FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id WHERE i.type = 'invoice'"
)


def upgrade() -> None:
    op.create_table(
        "billed_charges",
        sa.Column("invoice_id", _TEXT, nullable=False),
        sa.Column("order_id", _TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_charge", sa.SmallInteger(), comment="0: an allowance"),
        sa.Column("reason_code", _TEXT),
        sa.Column("reason", _TEXT),
        sa.Column("occurrence", sa.Integer(), comment="tells charges apart that are alike; the first one has 1"),
        sa.Column("amount", Exact(), comment="above 0"),
        sa.PrimaryKeyConstraint("invoice_id", "order_id", "number", name=op.f("pk_billed_charges")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_billed_charges_order_id", "billed_charges", ["order_id"])
    op.execute(_UNKEPT)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
