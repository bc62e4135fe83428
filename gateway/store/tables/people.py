"""People who use the console."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
)

from gateway.store.tables.common import SortedText, metadata

# People who use the console. A password is kept as Argon2 makes it; a sign-in and a link by their token's SHA-256.
users = Table(
    "users",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("name", SortedText, nullable=False),
    Column("key", SortedText, nullable=False, comment="the name without case: two people never differ by that alone"),
    Column("role", SortedText, nullable=False),
    Column("account_id", SortedText, comment="null: one of ours; else of this account, and sees nothing else"),
    Column("password", SortedText, comment="null: not chosen yet"),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("seen_at", BigInteger),
    Column("failures", Integer, nullable=False, server_default="0", comment="wrong passwords one after the other"),
    Column("failed_at", BigInteger, comment="the last of them"),
    Index("ix_users_key", "key", unique=True),
)
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("user_id", SortedText, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("ix_sign_ins_user_id", "user_id"),
)
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("user_id", SortedText, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Index("ix_sign_in_links_user_id", "user_id"),
)
