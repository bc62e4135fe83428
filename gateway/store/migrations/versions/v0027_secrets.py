"""Secrets that accounts' terms name, encrypted"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "secrets",
        sa.Column("name", _text, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counts what the name has stood for, from 1"),
        sa.Column("key_id", _text, nullable=False, comment="the key that opens it"),
        sa.Column("nonce", sa.LargeBinary(), comment="null: the secret was replaced or removed, and is gone"),
        sa.Column("ciphertext", sa.LargeBinary()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", _text, nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", "number", name="pk_secrets"),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index("uq_secrets_live", "secrets", ["name"], unique=True, sqlite_where=live, postgresql_where=live)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
