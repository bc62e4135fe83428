"""Documents of ours."""

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
    UniqueConstraint,
)

from gateway.store.tables.common import Serial, SortedText, metadata

documents = Table(
    "documents",
    metadata,
    Column("position", Serial, primary_key=True, autoincrement=True),
    Column("transaction_id", BigInteger, nullable=False, comment="PostgreSQL: pages end before what may still commit"),
    Column("id", SortedText, nullable=False),
    Column("account_id", SortedText, nullable=False),
    Column("type", SortedText, nullable=False),
    Column("number", SortedText, nullable=False),
    Column("order_id", SortedText),
    Column("order_number", SortedText),
    Column("message_id", SortedText, nullable=False),  # or "shipment/<id>": the stream of what it came of
    Column("test", SmallInteger, nullable=False),
    Column("mapping_revision", Integer, nullable=False),
    Column("format", SortedText, nullable=False),
    Column("media_type", SortedText, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("canonical", SortedText, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint("type", "number"),
    Index("ix_documents_mailbox", "account_id", "transaction_id", "position"),
    Index("ix_documents_order_number", "account_id", "order_number", "transaction_id", "position"),
    Index("ix_documents_message_id", "message_id"),
    Index("ix_documents_mapping_revision", "account_id", "mapping_revision", "position"),
)

# The orders of a document that is of several; one of a single order says it itself.
document_orders = Table(
    "document_orders",
    metadata,
    Column("account_id", SortedText, nullable=False),
    Column("order_number", SortedText, nullable=False),
    Column("document_id", SortedText, nullable=False),
    Column("order_id", SortedText, nullable=False),
    PrimaryKeyConstraint("account_id", "order_number", "document_id", "order_id"),
    sqlite_with_rowid=False,
)

# Append-only: the inventory reports that were sent on schedule, one for each time that an account's schedule names.
inventory_reports = Table(
    "inventory_reports",
    metadata,
    Column("account_id", SortedText, nullable=False),
    Column("slot", BigInteger, nullable=False, comment="the time that the schedule names"),
    Column("number", SortedText, nullable=False),
    Column("document_id", SortedText, nullable=False),
    Column("cursor", SortedText, nullable=False, comment="what tells what changed after it (gateway.inventory.Cursor)"),
    PrimaryKeyConstraint("account_id", "slot"),
    UniqueConstraint("number"),
    sqlite_with_rowid=False,
)
