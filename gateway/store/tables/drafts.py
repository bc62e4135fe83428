"""What somebody is changing in an account's mapping, before it counts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table

from gateway.store.tables.common import SortedText, metadata

# An account has one draft, which everybody edits. It is what was edited alone: rows of the published revision that
# nobody touched follow what is published.
drafts = Table(
    "drafts",
    metadata,
    Column("account_id", SortedText, primary_key=True),
    Column("version", Integer, nullable=False, comment="one more at each edit; never begins anew"),
    Column("changed_at", BigInteger, nullable=False),
)
draft_edits = Table(
    "draft_edits",
    metadata,
    Column("account_id", SortedText, nullable=False),
    Column("kind", SortedText, nullable=False, comment="item, unit, site, price, file as in revision_rows; terms"),
    Column("natural_key", SortedText, nullable=False),
    Column("was", SortedText, comment="the published row that was edited; null: there was none"),
    Column("body", SortedText, comment="what it becomes; null: it goes"),
    Column("author", SortedText, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("note", SortedText, nullable=False),
    Column("batch", SortedText, comment="the import that it came with"),
    PrimaryKeyConstraint("account_id", "kind", "natural_key"),
    Index("ix_draft_edits_batch", "account_id", "batch", "kind"),
)
