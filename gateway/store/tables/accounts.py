"""Accounts with their mappings, keys and secrets."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    text,
)

from gateway.store.tables.common import Serial, SortedText, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("name", SortedText, nullable=False),
    Column("tier", SortedText, nullable=False),
    Column("revision", Integer, nullable=False, comment="the published mapping revision"),
    Column("created_at", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("account_id", SortedText, nullable=True, comment="null: the back office's"),
    Column("sha256", LargeBinary, nullable=False),
    Column("test", SmallInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
)

# Secrets that accounts' terms name, encrypted (gateway.sealing). A name has one at most that isn't ended.
secrets = Table(
    "secrets",
    metadata,
    Column("name", SortedText, nullable=False),
    Column("number", Integer, nullable=False, comment="counts what the name has stood for, from 1"),
    Column("key_id", SortedText, nullable=False, comment="the key that opens it"),
    Column("nonce", LargeBinary, comment="null: the secret was replaced or removed, and is gone"),
    Column("ciphertext", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", SortedText, nullable=False),
    Column("ended_at", BigInteger),
    PrimaryKeyConstraint("name", "number"),
)
_live = text("ended_at IS NULL")
Index("uq_secrets_live", secrets.c.name, unique=True, sqlite_where=_live, postgresql_where=_live)

# One account's mapping, or our catalogue, is a scope: "account/<id>" or "catalogue". A revision never changes; its rows
# are those added in it or before and not removed by then, so that 100,000 items are not copied for one correction.
revisions = Table(
    "revisions",
    metadata,
    Column("scope", SortedText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("author", SortedText, nullable=False),
    Column("reason", SortedText, nullable=False),
    Column("terms", SortedText, nullable=False, comment="account.yaml as JSON; {} for the catalogue"),
    Column("sha256", LargeBinary, nullable=False, comment="of terms and rows: equal content, equal digest"),
    Column("restores", Integer, comment="the earlier revision whose content it publishes again; null: it is new"),
    PrimaryKeyConstraint("scope", "number"),
)

revision_rows = Table(
    "revision_rows",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("scope", SortedText, nullable=False),
    Column("kind", SortedText, nullable=False, comment="item, unit, site, price, file; product, pack, tax"),
    Column("natural_key", SortedText, nullable=False),
    Column("body", SortedText, nullable=False),
    Column("added_in", Integer, nullable=False),
    Column("removed_in", Integer),
    Index("ix_revision_rows_scope_kind_natural_key", "scope", "kind", "natural_key", "added_in"),
    Index("ix_revision_rows_added_in", "scope", "added_in"),
)
_removed = text("removed_in IS NOT NULL")
Index(
    "ix_revision_rows_removed_in",
    revision_rows.c.scope,
    revision_rows.c.removed_in,
    sqlite_where=_removed,
    postgresql_where=_removed,
)
