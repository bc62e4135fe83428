"""Seals of the audit chain, the ends of streams without a row of their own, and what retention takes out"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_OF_NO_ROW = "position('/' in stream) > 0 OR stream IN ('catalogue', 'system')"
_COLUMNS = "stream, number, at, kind, actor, body, hash"


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        _number_rows()
    else:
        # Events that are there get 0 without being written anew; those to come their transaction's number.
        op.execute("ALTER TABLE events ADD COLUMN position BIGINT NOT NULL DEFAULT 0")
        op.execute("ALTER TABLE events ALTER COLUMN position SET DEFAULT pg_current_xact_id()::text::bigint")
        op.create_index("ix_events_position", "events", ["position", "stream", "number"])
    somebody = sa.text("kind <> 'received' AND kind <> 'resent' AND actor <> 'gateway'")
    for name, columns in (("people", ["at", "stream", "number"]), ("actor", ["actor", "at", "stream", "number"])):
        op.create_index(f"ix_events_{name}", "events", columns, sqlite_where=somebody, postgresql_where=somebody)
    _make_tables()
    has_no_row = _OF_NO_ROW.replace("position('/' in stream)", "instr(stream, '/')") if is_sqlite else _OF_NO_ROW
    op.execute(
        "INSERT INTO audit_heads (stream, number, hash) SELECT e.stream, e.number, e.hash FROM events e JOIN "
        f"(SELECT stream, max(number) AS number FROM events WHERE {has_no_row} GROUP BY stream) last "
        "ON last.stream = e.stream AND last.number = e.number"
    )


def _number_rows() -> None:
    """The same rows with a number for each, in the order of their writing as far as their times tell it."""
    op.execute("ALTER TABLE events RENAME TO events_before")
    op.create_table(
        "events",
        sa.Column("position", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("stream", _text, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", _text, nullable=False),
        sa.Column("actor", _text, nullable=False),
        sa.Column("body", _text, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_events")),
        sa.UniqueConstraint("stream", "number", name=op.f("uq_events_stream_number")),
    )
    op.execute(f"INSERT INTO events ({_COLUMNS}) SELECT {_COLUMNS} FROM events_before ORDER BY stream, number")
    op.drop_table("events_before")


def _make_tables() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("stream", _text, primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="of the last event that is in it"),
        sa.Column("stream", _text, nullable=False, comment="that event's"),
        sa.Column("event", sa.Integer(), nullable=False, comment="that event's number"),
        sa.Column("events", sa.Integer(), nullable=False, comment="how many new ones there were"),
        sa.Column("heads", sa.LargeBinary(), nullable=False, comment="packed lines: stream, number, hash"),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the hash before it and of all this"),
        sa.Column("key_id", _text, nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False, comment="HMAC-SHA-256 of the hash"),
    )
    op.create_table(
        "forgotten_streams",
        sa.Column("stream", _text, primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", _text, nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_forgotten_streams_notice", "forgotten_streams", ["account_id", "notice", "stream"])
    op.create_table(
        "retention_progress",
        sa.Column("account_id", _text, nullable=False),
        sa.Column("what", _text, nullable=False, comment="payloads, messages"),
        sa.Column("message_id", _text, nullable=False, comment="messages up to it were looked at"),
        sa.PrimaryKeyConstraint("account_id", "what", name=op.f("pk_retention_progress")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "retention_waits",
        sa.Column("account_id", _text, nullable=False),
        sa.Column("what", _text, nullable=False),
        sa.Column("message_id", _text, nullable=False, comment="it was still needed"),
        sa.PrimaryKeyConstraint("account_id", "what", "message_id", name=op.f("pk_retention_waits")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
