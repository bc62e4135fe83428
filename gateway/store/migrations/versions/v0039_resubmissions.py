"""Documents that a person corrected"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "resubmissions",
        sa.Column("id", _text, primary_key=True),
        sa.Column("message_id", _text, nullable=False, comment="the original"),
        sa.Column(
            "run",
            sa.Integer(),
            nullable=False,
            comment="the original's as it was edited: a later one outdates the edit",
        ),
        sa.Column("account_id", _text, nullable=False),
        sa.Column("status", _text, nullable=False, comment="waiting, resubmitted, declined, withdrawn, outdated"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="as edited"),
        sa.Column("differences", _text, nullable=False, comment="JSON: canonical pointer, before and after of each"),
        sa.Column("touches", _text, nullable=False, comment="JSON: what somebody else has to agree to"),
        sa.Column("reason", _text, nullable=False),
        sa.Column("asked_by", _text, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", _text),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_why", _text),
        sa.Column("child_id", _text, comment="the message that took the original's place"),
    )
    op.create_index("ix_resubmissions_message_id", "resubmissions", ["message_id", "id"])
    waiting = sa.text("status = 'waiting'")
    op.create_index(
        "uq_resubmissions_waiting",
        "resubmissions",
        ["message_id"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    replaced = sa.text("status = 'superseded'")
    op.create_index(
        "ix_messages_superseded",
        "messages",
        ["account_id", "order_number", "id"],
        sqlite_where=replaced,
        postgresql_where=replaced,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
