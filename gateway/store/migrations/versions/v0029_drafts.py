"""Drafts of accounts' mappings"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("account_id", _text, primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False, comment="one more at each edit; never begins anew"),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "draft_edits",
        sa.Column("account_id", _text, nullable=False),
        sa.Column(*("kind", _text), nullable=False, comment="item, unit, site, price, file as in revision_rows; terms"),
        sa.Column("natural_key", _text, nullable=False),
        sa.Column("was", _text, comment="the published row that was edited; null: there was none"),
        sa.Column("body", _text, comment="what it becomes; null: it goes"),
        sa.Column("author", _text, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", _text, nullable=False),
        sa.Column("batch", _text, comment="the import that it came with"),
        sa.PrimaryKeyConstraint("account_id", "kind", "natural_key"),
    )
    op.create_index("ix_draft_edits_batch", "draft_edits", ["account_id", "batch", "kind"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
