"""Messages by their order number, those only that have one"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NUMBERED = "order_number IS NOT NULL"


def upgrade() -> None:
    op.drop_index("ix_messages_account_id_order_number", table_name="messages")
    op.create_index(
        "ix_messages_order_number",
        "messages",
        ["order_number", "account_id", "id"],
        unique=False,
        sqlite_where=sa.text(_NUMBERED),
        postgresql_where=sa.text(_NUMBERED),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
