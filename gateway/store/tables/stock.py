"""Stock: what the warehouse counted, and what was taken of it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    text,
)

from gateway.store.columns import Exact
from gateway.store.tables.common import Serial, SortedText, metadata

# Append-only: what the warehouse said. None is older than the one before it of its place, so the newest is the last.
stock_snapshots = Table(
    "stock_snapshots",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("product", SortedText, nullable=False),
    Column("site", SortedText, nullable=False),
    Column("as_of", SortedText, nullable=False),
    Column("on_hand", Exact, nullable=False),
    Column("reserved_other", Exact, nullable=False),
    Column("next_receipt_date", SortedText),
    Column("next_receipt_quantity", Exact),
    Column("imported_at", BigInteger, nullable=False),
    Index("ix_stock_snapshots_product", "product", "site", "id"),
)
_due_in = text("next_receipt_date IS NOT NULL")
Index(
    "ix_stock_snapshots_next_receipt_date",
    stock_snapshots.c.next_receipt_date,
    stock_snapshots.c.product,
    sqlite_where=_due_in,
    postgresql_where=_due_in,
)

# Where each product has ever had a snapshot, so that finding the newest ones never reads the old ones. Who takes stock
# locks the row of the place until its movements are committed (`takings`).
stock_places = Table(
    "stock_places",
    metadata,
    Column("product", SortedText, nullable=False),
    Column("site", SortedText, nullable=False),
    PrimaryKeyConstraint("product", "site"),
    sqlite_with_rowid=False,
)

# Append-only, numbered per product and site without gaps. `taken` and `taken_by_account` are running totals after the
# movement, so that the last row is the balance.
stock_movements = Table(
    "stock_movements",
    metadata,
    Column("product", SortedText, nullable=False),
    Column("site", SortedText, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("account_id", SortedText, nullable=False),
    Column("order_id", SortedText, nullable=False),
    Column("line_number", SortedText, nullable=False),
    Column("message_id", SortedText, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("quantity", Exact, nullable=False, comment="base units taken; negative gives back"),
    Column("taken", Exact, nullable=False),
    Column("taken_by_account", Exact, nullable=False),
    PrimaryKeyConstraint("product", "site", "number"),
    Index("ix_stock_movements_account", "product", "site", "account_id", "number"),
    Index("ix_stock_movements_order_id", "order_id"),
    sqlite_with_rowid=False,
)

# Append-only: which transaction changed what stands at a place, so that what changed since another is found without
# reading what did not. On SQLite transactions that change stock are numbered one after the other.
stock_changes = Table(
    "stock_changes",
    metadata,
    Column("change", BigInteger, nullable=False, comment="the transaction's number: PostgreSQL's own, else ours"),
    Column("product", SortedText, nullable=False),
    Column("site", SortedText, nullable=False),
    PrimaryKeyConstraint("change", "product", "site"),
    sqlite_with_rowid=False,
)
