"""Which order is picked first, as columns with an index"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    rank = "0 rush, 1 any other, 2 ships nothing itself"
    ship_by = "the day by which the first of it has to leave us"
    op.add_column(
        "orders", sa.Column("precedence", sa.SmallInteger(), nullable=False, server_default="1", comment=rank)
    )
    op.add_column("orders", sa.Column("ship_by", _TEXT, nullable=False, server_default="", comment=ship_by))
    lane = "of the account's tier"
    op.add_column("orders", sa.Column("lane", sa.SmallInteger(), nullable=False, server_default="3", comment=lane))
    if op.get_bind().dialect.name == "sqlite":
        came_on = "date(created_at / 1000000, 'unixepoch')"
    else:
        came_on = "to_char(to_timestamp(created_at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    op.execute(f"UPDATE orders SET ship_by = COALESCE(requested_end, requested_start, {came_on})")
    op.execute("UPDATE orders SET precedence = 2 WHERE order_type = 'blanket'")
    tiers = "CASE a.tier WHEN 'platinum' THEN 1 WHEN 'gold' THEN 2 ELSE 3 END"
    op.execute(f"UPDATE orders SET lane = COALESCE((SELECT {tiers} FROM accounts a WHERE a.id = orders.account_id), 3)")
    real = sa.text("test = 0")
    op.create_index(
        "ix_orders_precedence",
        "orders",
        ["status", "precedence", "ship_by", "lane", "id"],
        sqlite_where=real,
        postgresql_where=real,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
