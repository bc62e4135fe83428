"""One account's orders, most urgent first, are found by an index"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    real = sa.text("test = 0")
    op.create_index(
        "ix_orders_account_precedence",
        "orders",
        ["account_id", "status", "precedence", "ship_by", "lane", "id"],
        sqlite_where=real,
        postgresql_where=real,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
