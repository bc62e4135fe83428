"""How urgent a message is: whether it was moved up a lane, and when it will be"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_MOVING_UP = "status = 'received' AND not_before IS NULL AND moved_up IS NULL AND lane > 0"
_MOVED_UP = "status = 'received' AND moved_up IS NOT NULL"


def upgrade() -> None:
    op.add_column(
        "messages",
        sa.Column("moved_up", _TEXT, nullable=True, comment="why it is one lane above its account's: rush, time"),
    )
    op.add_column(
        "messages",
        sa.Column(
            "moves_up_at",
            sa.BigInteger(),
            nullable=True,
            comment="from then on less than a quarter of its time is left",
        ),
    )
    op.execute(
        "UPDATE messages SET moves_up_at = due_at - (due_at - received_at) / 4 "
        "WHERE status IN ('received', 'processing', 'held', 'failed', 'rejected')"
    )
    op.create_index(
        "ix_messages_moving_up",
        "messages",
        ["moves_up_at"],
        unique=False,
        sqlite_where=sa.text(_MOVING_UP),
        postgresql_where=sa.text(_MOVING_UP),
    )
    op.create_index(
        "ix_messages_moved_up",
        "messages",
        ["lane"],
        unique=False,
        sqlite_where=sa.text(_MOVED_UP),
        postgresql_where=sa.text(_MOVED_UP),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
