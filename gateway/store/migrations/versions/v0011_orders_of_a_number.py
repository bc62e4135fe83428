"""Which of its number's orders an order is, so that two workers never add one under two keys unseen"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    which = "0 for the account's first order of this number; one more for each after it, whatever their keys"
    op.add_column("orders", sa.Column("ordinal", sa.Integer(), nullable=False, server_default="0", comment=which))
    op.execute(
        "UPDATE orders SET ordinal = numbered.ordinal FROM (SELECT id, row_number() OVER "
        "(PARTITION BY order_number, account_id, test ORDER BY created_at, id) - 1 AS ordinal FROM orders) AS numbered "
        "WHERE numbered.id = orders.id AND numbered.ordinal > 0"
    )
    op.drop_index("ix_orders_order_number", table_name="orders")
    op.create_index("uq_orders_order_number", "orders", ["order_number", "account_id", "test", "ordinal"], unique=True)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
