"""What our people are told, and accounts that are silent"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "notice_subjects",
        sa.Column(
            "subject",
            _TEXT,
            nullable=False,
            comment="problem/<fingerprint>, late/<account>, silence/<account>",
        ),
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), comment="when its notice was made; null: not yet"),
        sa.Column("gone_at", sa.BigInteger(), comment="since when it isn't open any more; null: it is"),
        sa.Column("body", _TEXT, nullable=False, comment="JSON: what was said of it last"),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_notice_subjects")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notices",
        sa.Column("id", _TEXT, nullable=False, comment="the same at each attempt: Message-ID, webhook-id"),
        sa.Column("key", _TEXT, nullable=False, comment="what is told to whom: it is told once"),
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False, comment="opened, digest, resolved"),
        sa.Column("channel", _TEXT, nullable=False, comment="email, webhook"),
        sa.Column("recipient", _TEXT, nullable=False, comment="an address; empty for the webhook"),
        sa.Column("status", _TEXT, nullable=False, comment="waiting, sending, sent, given_up"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False, comment="ms of the lease clock"),
        sa.Column("not_before_boot", _TEXT),
        sa.Column("lease_id", _TEXT),
        sa.Column("leased_until", sa.BigInteger(), comment="ms of the lease clock"),
        sa.Column("lease_boot", _TEXT),
        sa.Column("body", _TEXT, nullable=False, comment="JSON: what is told"),
        sa.Column("detail", _TEXT, comment="what became of the last attempt"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_key", "notices", ["key"], unique=True)
    op.create_index("ix_notices_account_id_id", "notices", ["account_id", "id"])
    op.create_index("ix_notices_status_id", "notices", ["status", "id"])
    is_open = sa.text("status IN ('waiting', 'sending')")
    op.create_index(
        "ix_notices_open",
        "notices",
        ["channel", "not_before", "id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "silences",
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("usual_by", sa.BigInteger(), nullable=False, comment="the moment by which it usually has sent"),
        sa.Column(
            "sent_days",
            sa.SmallInteger(),
            nullable=False,
            comment="days on which it had, of those that were looked at",
        ),
        sa.Column("looked_days", sa.SmallInteger(), nullable=False),
        sa.Column("noticed_at", sa.BigInteger(), nullable=False),
        sa.Column("last_sent_at", sa.BigInteger(), comment="when it sent last; null: nobody knows"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_silences")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
