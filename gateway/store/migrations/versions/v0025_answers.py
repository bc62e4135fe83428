"""What accounts' systems say of our documents: the word, the message that said it, and until when one is expected"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_key = "the same for the same word sent again"


def upgrade() -> None:
    for column in (
        sa.Column("message_id", _text, comment="the message that said it; null: it was said at the document's address"),
        sa.Column("word", _text, nullable=False, server_default="received", comment="what is said of the document"),
        sa.Column("key", _text, nullable=False, server_default="receipt", comment=_key),
    ):
        op.add_column("receipts", column)
    op.create_index("ix_receipts_document_id_key", "receipts", ["document_id", "key"], unique=True)
    brought = sa.text("message_id IS NOT NULL")
    op.create_index(
        *("ix_receipts_message_id", "receipts", ["message_id"]), sqlite_where=brought, postgresql_where=brought
    )
    due = "the account's word is expected by then; null: none is, or it came"
    op.add_column("deliveries", sa.Column("answer_due_at", sa.BigInteger(), comment=due))
    only = sa.text("answer_due_at IS NOT NULL")
    op.create_index(
        *("ix_deliveries_unanswered", "deliveries", ["answer_due_at"]), sqlite_where=only, postgresql_where=only
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
