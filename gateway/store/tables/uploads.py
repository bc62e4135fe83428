"""Files that somebody is importing, between their upload and their end."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table

from gateway.store.tables.common import SortedText, metadata

# A file is its uploader's alone, and gone when it was applied or a day later.
uploads = Table(
    "uploads",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("account_id", SortedText, nullable=False),
    Column("user_id", SortedText, nullable=False, comment="who uploaded it"),
    Column("kind", SortedText, nullable=False, comment="item, unit, site, price"),
    Column("name", SortedText, nullable=False, comment="the file's name"),
    Column("body", LargeBinary, nullable=False, comment="the file, packed by zlib"),
    Column("choices", SortedText, comment="how it is to be read, as JSON; null: nobody said yet"),
    Column("at", BigInteger, nullable=False),
    Index("ix_uploads_at", "at"),
    Index("ix_uploads_user_id", "user_id", "at"),
)
