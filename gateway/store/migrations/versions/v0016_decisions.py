"""What the ERP decided on orders"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("order_id", _TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="of the order"),
        sa.Column("id", _TEXT, nullable=False, comment="what its movements name as their message"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False, comment="of what was asked"),
        sa.Column("asked", _TEXT, nullable=False),
        sa.Column("answer", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("order_id", "version", name=op.f("pk_decisions")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
