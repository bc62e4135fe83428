"""Whether what made a version of an order said the whole order"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column(
        "order_versions",
        sa.Column(
            "says_all",
            sa.SmallInteger(),
            nullable=True,
            comment="0: its message said some lines only; null: from before this was kept",
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
