"""People who use the console: their roles, passwords, sign-ins and one-time links"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", _text, primary_key=True),
        sa.Column("name", _text, nullable=False),
        sa.Column(
            *("key", _text),
            nullable=False,
            comment="the name without case: two people never differ by that alone",
        ),
        sa.Column("role", _text, nullable=False),
        sa.Column("account_id", _text, comment="null: one of ours; else of this account, and sees nothing else"),
        sa.Column("password", _text, comment="null: not chosen yet"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.Column("seen_at", sa.BigInteger()),
        sa.Column(
            *("failures", sa.Integer()),
            nullable=False,
            server_default="0",
            comment="wrong passwords one after the other",
        ),
        sa.Column("failed_at", sa.BigInteger(), comment="the last of them"),
    )
    op.create_index("ix_users_key", "users", ["key"], unique=True)
    op.create_table(
        "sign_ins",
        sa.Column("sha256", sa.LargeBinary(), primary_key=True),
        sa.Column("user_id", _text, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id"])
    op.create_table(
        "sign_in_links",
        sa.Column("sha256", sa.LargeBinary(), primary_key=True),
        sa.Column("user_id", _text, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
    )
    op.create_index("ix_sign_in_links_user_id", "sign_in_links", ["user_id"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
