"""What was added to an ordered quantity, and which messages repeat another"""

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Exact

revision = "0004"
down_revision = "0003"

_REPEATING = sa.text("duplicate_of IS NOT NULL")


def upgrade() -> None:
    op.add_column(
        "quantity_movements",
        sa.Column(
            "raised",
            Exact(),
            nullable=False,
            server_default="0",
            comment="added to what was ordered, for whole packs",
        ),
    )
    op.create_index(
        "ix_messages_duplicate_of",
        "messages",
        ["duplicate_of"],
        sqlite_where=_REPEATING,
        postgresql_where=_REPEATING,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
