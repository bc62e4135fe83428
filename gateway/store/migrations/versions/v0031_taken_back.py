"""Revisions that publish an earlier one again, and the documents that went out under a revision"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    again = "the earlier revision whose content it publishes again; null: it is new"
    op.add_column("revisions", sa.Column("restores", sa.Integer(), comment=again))
    op.create_index("ix_documents_mapping_revision", "documents", ["account_id", "mapping_revision", "position"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
