"""Documents are sent: where to, under which lease, what each attempt became, and the breaker of each endpoint"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_before = "attempts that had been made when somebody asked for it anew: the waits are counted from there"


def upgrade() -> None:
    op.drop_index("ix_deliveries_due", "deliveries")
    for column in (
        sa.Column("endpoint", _text),
        sa.Column("thread", _text),
        sa.Column("not_before", sa.BigInteger(), comment="ms of the lease clock; null: at once"),
        sa.Column("not_before_boot", _text),
        sa.Column("lease_id", _text),
        sa.Column("code", _text, comment="the fault code of what stands in its way; null: nothing"),
        sa.Column("detail", _text),
        sa.Column("attempts_before", sa.Integer(), nullable=False, server_default="0", comment=_before),
    ):
        op.add_column("deliveries", column)
    # nothing was sent so far: what waited may be a year old, and has been fetched from the mailbox
    op.execute("UPDATE deliveries SET status = 'available', next_attempt_at = NULL WHERE status = 'waiting'")
    for name, columns, where in (
        ("to_be_led", ["account_id", "document_id"], "status = 'waiting' AND endpoint IS NULL"),
        ("to_be_sent", ["endpoint", "not_before", "document_id"], "status = 'waiting' AND endpoint IS NOT NULL"),
        ("thread", ["account_id", "thread", "document_id"], "thread IS NOT NULL AND status IN ('waiting', 'sending')"),
        ("sending", ["lease_id"], "status = 'sending'"),
        ("stuck", ["account_id", "updated_at"], "code IS NOT NULL"),
        ("status", ["status", "document_id"], "transport <> 'mailbox'"),
        ("account", ["account_id", "status", "document_id"], "transport <> 'mailbox'"),
    ):
        only = sa.text(where)
        op.create_index(f"ix_deliveries_{name}", "deliveries", columns, sqlite_where=only, postgresql_where=only)
    for column in (
        sa.Column("endpoint", _text),
        sa.Column("detail", _text),
        sa.Column("milliseconds", sa.Integer()),
        sa.Column("worker", _text),
    ):
        op.add_column("delivery_attempts", column)
    op.create_table(
        "endpoints",
        sa.Column("endpoint", _text, primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False, comment="outages one after the other"),
        sa.Column("open_until", sa.BigInteger()),
        sa.Column("open_until_boot", _text),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("gone_at", sa.BigInteger(), comment="when it said that it wants nothing more (HTTP 410)"),
        sa.Column("detail", _text),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
