"""Replays as sets that don't change once they are begun"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "replays",
        sa.Column("id", _text, primary_key=True),
        sa.Column(
            "asked_for", _text, nullable=False, comment="JSON: what the set came of, in words and as it was asked"
        ),
        sa.Column("account_id", _text, comment="whose messages they are; null: several accounts'"),
        sa.Column("fingerprint", _text, comment="of the problem that it is of"),
        sa.Column("mapping", _text, nullable=False, comment="current, or pinned: each under its own last revision"),
        sa.Column("reason", _text, nullable=False),
        sa.Column("asked_by", _text, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column(*("status", _text), nullable=False, comment="waiting, running, paused, stopped; done, cancelled"),
        sa.Column("detail", _text, comment="why it stopped"),
        sa.Column("total", sa.Integer(), nullable=False, comment="messages of the set"),
        sa.Column(
            *("reached", sa.Integer()),
            nullable=False,
            comment="the position of the last that was asked for or passed over",
        ),
        sa.Column("asked", sa.Integer(), nullable=False, comment="wait to be judged, or are being judged"),
        sa.Column("done", sa.Integer(), nullable=False, comment="went through: answered, or refused for another cause"),
        sa.Column(
            *("failed", sa.Integer()),
            nullable=False,
            comment="are held or have failed again, or are refused for the same cause",
        ),
        sa.Column("skipped", sa.Integer(), nullable=False, comment="stood otherwise when their turn came"),
        sa.Column(
            "returned", sa.Integer(), nullable=False, comment="of the failed: for the cause that they had before"
        ),
        sa.Column("streak", sa.Integer(), nullable=False, comment="of those, one after the other, the last"),
        sa.Column(
            "tries_first", sa.SmallInteger(), nullable=False, comment="1: the rest waits for the first to go through"
        ),
        sa.Column("careful", sa.SmallInteger(), nullable=False, comment="1: it stops where the same cause returns"),
        sa.Column("is_open", sa.SmallInteger(), nullable=False, comment="1: there is something that workers do for it"),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column(
            *("looked_at", sa.BigInteger()), nullable=False, comment="the one that was looked at longest ago is next"
        ),
        sa.Column("lease_id", _text, comment="whoever works at a chunk of it: a save under any other is refused"),
        sa.Column("worker", _text),
        sa.Column("lease_until", sa.BigInteger(), comment="lease clock, milliseconds"),
        sa.Column("lease_boot", _text),
        sa.Column(
            *("losses", sa.Integer()),
            nullable=False,
            comment="workers that were lost with a chunk of it, one after the other",
        ),
    )
    is_open = sa.text("is_open = 1")
    op.create_index("ix_replays_open", "replays", ["looked_at", "id"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_index("ix_replays_account_id", "replays", ["account_id", "id"])
    op.create_table(
        "replay_messages",
        sa.Column("replay_id", _text, nullable=False),
        sa.Column(*("position", sa.Integer()), nullable=False, comment="from 1, in the order in which they are judged"),
        sa.Column("message_id", _text, nullable=False),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that it is asked for, one after the set's"),
        sa.Column(*("state", _text), nullable=False, comment="waiting, asked; settled as done or failed; skipped"),
        sa.Column("outcome", _text, comment="the message's status when that run had ended"),
        sa.Column("detail", _text, comment="why it was passed over, or what holds it now"),
        sa.PrimaryKeyConstraint("replay_id", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_replay_messages_message_id", "replay_messages", ["message_id", "replay_id"], unique=True)
    op.create_index("ix_replay_messages_state", "replay_messages", ["replay_id", "state", "position"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
