"""What left, and when it was there."""

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
    text,
)

from gateway.store.columns import Exact
from gateway.store.tables.common import SortedText, metadata

# Append-only: what the warehouse said has left. The rows of `documents` and of the events' stream that came of one
# stand under "shipment/<id>".
shipments = Table(
    "shipments",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("number", SortedText, nullable=False),
    Column("shipped_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("key_id", SortedText, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False, comment="of the canonical shipment, as it came"),
    Column("canonical", SortedText, nullable=False),
    UniqueConstraint("number"),
    sqlite_with_rowid=False,
)

# Append-only: which line of which despatch advice tells of it.
shipment_lines = Table(
    "shipment_lines",
    metadata,
    Column("shipment_id", SortedText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("order_id", SortedText, nullable=False),
    Column("line_number", SortedText, nullable=False),
    Column("package", SortedText, nullable=False),
    Column("product", SortedText, nullable=False),
    Column("base_quantity", Exact, nullable=False),
    Column("lot", SortedText),
    Column("expiry", SortedText),
    Column("document_id", SortedText, nullable=False),
    Column("document_line", SortedText, nullable=False),
    PrimaryKeyConstraint("shipment_id", "number"),
    Index("ix_shipment_lines_order_id", "order_id", "line_number"),
    sqlite_with_rowid=False,
)

ssccs = Table(
    "ssccs",
    metadata,
    Column("sscc", SortedText, primary_key=True),
    Column("shipment_id", SortedText, nullable=False),
    Column("package", SortedText, nullable=False),
    Column("at", BigInteger, nullable=False, comment="not given again within a year"),
    Index("ix_ssccs_shipment_id", "shipment_id"),
    sqlite_with_rowid=False,
)

# What left where an order held it: its stock is given back with the first snapshot that was taken after that.
departures = Table(
    "departures",
    metadata,
    Column("shipment_id", SortedText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("product", SortedText, nullable=False),
    Column("site", SortedText, nullable=False),
    Column("account_id", SortedText, nullable=False),
    Column("order_id", SortedText, nullable=False),
    Column("line_number", SortedText, nullable=False),
    Column("quantity", Exact, nullable=False, comment="base units"),
    Column("shipped_at", BigInteger, nullable=False),
    Column("settled", SmallInteger, nullable=False, comment="1: the stock that it held was given back"),
    PrimaryKeyConstraint("shipment_id", "number"),
    Index("ix_departures_order_id", "order_id"),
    sqlite_with_rowid=False,
)
_unsettled = text("settled = 0")
Index(
    "ix_departures_place",
    departures.c.product,
    departures.c.site,
    sqlite_where=_unsettled,
    postgresql_where=_unsettled,
)

# Append-only: when a shipment was there.
shipment_deliveries = Table(
    "shipment_deliveries",
    metadata,
    Column("shipment_id", SortedText, primary_key=True),
    Column("delivered_at", SortedText, nullable=False, comment="ISO 8601, as it was told"),
    Column("told_at", BigInteger, nullable=False),
    Column("key_id", SortedText, nullable=False),
    sqlite_with_rowid=False,
)
