"""Files that came in documents name the youngest of those, so that they are kept no longer than it"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_NO_DOCUMENTS = (
    "SELECT p.id FROM payloads p LEFT JOIN messages m ON m.id = p.message_id WHERE m.payload_sha256 <> p.sha256 "
    "OR (m.id IS NULL AND p.id NOT IN (SELECT payload_id FROM messages WHERE payload_id IS NOT NULL))"
)
_FILES = (
    "UPDATE payloads SET file_of = coalesce("
    "(SELECT max(m.id) FROM messages m WHERE m.account_id = payloads.account_id), message_id) || '~' "
    f"WHERE id IN ({_NO_DOCUMENTS})"
)
"""Which message had it last was not kept: the account's last of all is no earlier, and the sign behind its id says that
it may never have had it."""
_PASSED = (
    "INSERT INTO retention_waits (account_id, what, message_id) "
    "SELECT DISTINCT p.account_id, 'payloads', rtrim(p.file_of, '~') FROM payloads p "
    "JOIN retention_progress r ON r.account_id = p.account_id AND r.what = 'payloads' "
    "AND rtrim(p.file_of, '~') <= r.message_id WHERE p.file_of IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM retention_waits w WHERE w.account_id = p.account_id AND w.what = 'payloads' "
    "AND w.message_id = rtrim(p.file_of, '~'))"
)
"""Those of messages that were looked at before there was this."""


def upgrade() -> None:
    op.add_column("payloads", sa.Column("file_of", _text, comment="the youngest message that it came in as a file"))
    op.execute(_FILES)
    op.execute(_PASSED)
    is_file = sa.text("file_of IS NOT NULL")
    for name, column in (("ix_payloads_file_of", "file_of"), ("ix_payloads_files", "message_id")):
        op.create_index(name, "payloads", [column], sqlite_where=is_file, postgresql_where=is_file)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
