"""Several orders in one body: a message for each"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_PART = "part IS NOT NULL"


def upgrade() -> None:
    part = "which order of its parent's body it is, from 1; null: its body is its own"
    parts = "how many orders its body holds, each a message of its own; null: one"
    op.add_column("messages", sa.Column("part", sa.Integer(), comment=part))
    op.add_column("messages", sa.Column("parts", sa.Integer(), comment=parts))
    op.create_index(
        "ix_messages_parent_id",
        "messages",
        ["parent_id", "part", "id"],
        sqlite_where=sa.text(_PART),
        postgresql_where=sa.text(_PART),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
