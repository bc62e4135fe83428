"""Which message a transmission's own id stands for"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_STANDS = (
    "envelope_id IS NOT NULL AND content_sha256 IS NOT NULL AND status NOT IN ('rejected', 'dismissed', 'duplicate')"
)


def upgrade() -> None:
    op.create_table(
        "envelopes",
        sa.Column("account_id", _TEXT, nullable=False),
        sa.Column("test", sa.SmallInteger(), nullable=False),
        sa.Column("envelope_id", _TEXT, nullable=False),
        sa.Column("message_id", _TEXT, nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "test", "envelope_id", name=op.f("pk_envelopes")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO envelopes (account_id, test, envelope_id, message_id, content_sha256) "
        "SELECT m.account_id, m.test, m.envelope_id, m.id, m.content_sha256 FROM messages m JOIN ("
        f"SELECT min(id) AS id FROM messages WHERE {_STANDS} GROUP BY account_id, test, envelope_id) f ON f.id = m.id"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
