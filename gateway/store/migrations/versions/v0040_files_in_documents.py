"""Files that came in documents are told from the documents, so that they are kept no longer than those"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

_FILES = (
    "UPDATE payloads SET is_file = 1 WHERE id IN "
    "(SELECT p.id FROM payloads p JOIN messages m ON m.id = p.message_id WHERE m.payload_sha256 <> p.sha256)"
)
_PASSED = (
    "INSERT INTO retention_waits (account_id, what, message_id) "
    "SELECT DISTINCT p.account_id, 'payloads', p.message_id FROM payloads p "
    "JOIN retention_progress r ON r.account_id = p.account_id AND r.what = 'payloads' AND p.message_id <= r.message_id "
    "WHERE p.is_file = 1 AND p.body IS NOT NULL AND NOT EXISTS (SELECT 1 FROM retention_waits w "
    "WHERE w.account_id = p.account_id AND w.what = 'payloads' AND w.message_id = p.message_id)"
)
"""Those of messages that were looked at before there was this."""


def upgrade() -> None:
    op.add_column(
        "payloads",
        sa.Column(
            "is_file",
            sa.SmallInteger(),
            comment="1: it came in a document only, and stands for the last that it came in",
        ),
    )
    op.execute(_FILES)
    op.execute(_PASSED)
    is_file = sa.text("is_file = 1")
    op.create_index("ix_payloads_files", "payloads", ["message_id"], sqlite_where=is_file, postgresql_where=is_file)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
