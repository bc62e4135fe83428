"""What an order holds of the stock, and changes that wait for their order"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_WAITING = "status = 'received' AND not_before IS NOT NULL AND order_number IS NOT NULL"


def upgrade() -> None:
    op.create_index("ix_stock_movements_order_id", "stock_movements", ["order_id"])
    op.create_index(
        "ix_messages_waiting",
        "messages",
        ["account_id", "order_number", "id"],
        sqlite_where=sa.text(_WAITING),
        postgresql_where=sa.text(_WAITING),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
