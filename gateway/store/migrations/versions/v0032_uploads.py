"""Files that somebody is importing"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", _text, primary_key=True),
        sa.Column("account_id", _text, nullable=False),
        sa.Column("user_id", _text, nullable=False, comment="who uploaded it"),
        sa.Column("kind", _text, nullable=False, comment="item, unit, site, price"),
        sa.Column("name", _text, nullable=False, comment="the file's name"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the file, packed by zlib"),
        sa.Column("choices", _text, comment="how it is to be read, as JSON; null: nobody said yet"),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_uploads_at", "uploads", ["at"])
    op.create_index("ix_uploads_user_id", "uploads", ["user_id", "at"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
