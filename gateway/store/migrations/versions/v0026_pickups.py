"""Where orders are picked up, and the files that are being taken"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "pickups",
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("endpoint", _TEXT, nullable=False, comment="which place, as people read it"),
        sa.Column("place", _TEXT, nullable=False, comment="folder, sftp, imap"),
        sa.Column(
            "due_at", sa.BigInteger(), nullable=False, comment="ms of the lease clock: when it is looked at next"
        ),
        sa.Column("due_boot", _TEXT),
        sa.Column("lease_id", _TEXT, comment="the look that is made now"),
        sa.Column("leased_until", sa.BigInteger(), comment="ms of the lease clock"),
        sa.Column("lease_boot", _TEXT),
        sa.Column("looked_at", sa.BigInteger()),
        sa.Column("succeeded_at", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False, comment="looks in a row that failed"),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("detail", _TEXT, comment="what is wrong; null: nothing"),
        sa.PrimaryKeyConstraint("account_id", "endpoint", name=op.f("pk_pickups")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pickup_files",
        sa.Column("id", _TEXT, nullable=False, comment="digest of place, name and how it stands"),
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("endpoint", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("status", _TEXT, nullable=False, comment="taking; stored, unfit: to be moved; refused: moved"),
        sa.Column("began_at", sa.BigInteger(), nullable=False, comment="by the clock of receipts"),
        sa.Column("message_id", _TEXT, comment="of what it held, the first message"),
        sa.Column("detail", _TEXT, comment="why nobody can take it"),
        sa.Column("moved_to", _TEXT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pickup_files")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_pickup_files_place", "pickup_files", ["account_id", "endpoint", "status"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
