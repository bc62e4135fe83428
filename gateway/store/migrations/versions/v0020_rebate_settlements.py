"""What was settled of the accounts' rebates"""

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Exact

revision = "0020"
down_revision = "0019"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "rebate_settlements",
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("rebate", _TEXT, nullable=False, comment="by its name in the account's terms"),
        sa.Column("period", _TEXT, nullable=False, comment="of the calendar: 2026, 2026-Q4, 2026-11"),
        sa.Column("currency", _TEXT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("first_day", _TEXT, nullable=False, comment="the first that was counted"),
        sa.Column("last_day", _TEXT, nullable=False, comment="the last one"),
        sa.Column("net", Exact(), nullable=False, comment="without tax"),
        sa.Column("invoice_id", _TEXT, nullable=False, comment="the credit note"),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "period", "rebate", "currency", "sequence", name=op.f("pk_rebate_settlements")
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
