"""What a change waits for"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    comment = "the version of its order that a change waits for, 0 for the order itself; null: it waits for neither"
    op.add_column("messages", sa.Column("waits_for_version", sa.BigInteger(), comment=comment))
    op.execute(
        "UPDATE messages SET waits_for_version = 0 WHERE status = 'received' AND order_number IS NOT NULL AND EXISTS "
        "(SELECT 1 FROM events e WHERE e.stream = messages.id AND e.number = messages.event_count AND e.kind = 'waits')"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
