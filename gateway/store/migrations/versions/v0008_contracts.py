"""What releases draw of blanket orders"""

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Exact

revision = "0008"
down_revision = "0007"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "contract_movements",
        sa.Column("contract_id", _TEXT, nullable=False, comment="the blanket order"),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("product", _TEXT, nullable=False),
        sa.Column("order_id", _TEXT, nullable=False, comment="the release"),
        sa.Column("line_number", _TEXT, nullable=False),
        sa.Column("message_id", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("quantity", Exact(), nullable=False, comment="base units drawn; negative gives back"),
        sa.Column("amount", Exact(), nullable=False, comment="what they cost, in the blanket order's currency"),
        sa.Column("drawn", Exact(), nullable=False),
        sa.Column("amount_drawn", Exact(), nullable=False),
        sa.PrimaryKeyConstraint("contract_id", "number", name=op.f("pk_contract_movements")),
        sa.UniqueConstraint(
            "order_id",
            "line_number",
            "product",
            "message_id",
            name=op.f("uq_contract_movements_order_id_line_number_product_message_id"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contract_movements_product", "contract_movements", ["contract_id", "product", "number"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
