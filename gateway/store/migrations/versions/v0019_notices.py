"""When the despatch advice of what is confirmed is overdue"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    due = "from when on the despatch advice of the first of it that is to leave is overdue; null: nothing is"
    op.add_column("orders", sa.Column("notice_due", sa.BigInteger(), comment=due))
    to_announce = sa.text("notice_due IS NOT NULL")
    op.create_index(
        "ix_orders_notice_due",
        "orders",
        ["notice_due", "id"],
        sqlite_where=to_announce,
        postgresql_where=to_announce,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
