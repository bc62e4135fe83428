"""Drafts of mappings that are tried on messages that came"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "draft_tests",
        sa.Column("id", _text, primary_key=True),
        sa.Column("account_id", _text, nullable=False),
        sa.Column(
            "revision", sa.Integer(), nullable=False, comment="the published revision that the draft is compared with"
        ),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="the draft's: a later one ends the test as outdated"
        ),
        sa.Column("last", sa.Integer(), nullable=False, comment="so many messages, the newest first"),
        sa.Column(*("status", _text), nullable=False, comment="waiting, running; done, cancelled, outdated, failed"),
        sa.Column("done", sa.Integer(), nullable=False, comment="messages that were looked at"),
        sa.Column("total", sa.Integer(), nullable=False, comment="of so many: the account may have fewer than `last`"),
        sa.Column("newly_failing", sa.Integer(), nullable=False, comment="orders, of those"),
        sa.Column("result", _text, comment="JSON: what came of those so far (gateway.effects.effects)"),
        sa.Column("cursor", _text, comment="the last message that was looked at: it goes on behind it"),
        sa.Column("detail", _text, comment="why it failed"),
        sa.Column("asked_by", _text, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("lease_id", _text, comment="whoever works at a chunk of it: a save under any other is refused"),
        sa.Column("worker", _text),
        sa.Column("lease_until", sa.BigInteger(), comment="lease clock, milliseconds"),
        sa.Column("lease_boot", _text),
        sa.Column("losses", sa.Integer(), nullable=False, comment="workers that were lost with it"),
    )
    op.create_index("ix_draft_tests_account_id_id", "draft_tests", ["account_id", "id"])
    is_open = sa.text("status IN ('waiting', 'running')")
    op.create_index("ix_draft_tests_open", "draft_tests", ["id"], sqlite_where=is_open, postgresql_where=is_open)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
