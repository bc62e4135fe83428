"""The order book: orders with their versions, what was decided, and what is drawn on contracts."""

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

orders = Table(
    "orders",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("account_id", SortedText, nullable=False),
    Column("test", SmallInteger, nullable=False),
    Column("order_key", SortedText, nullable=False, comment="the account's policy order_key, joined"),
    Column("epoch", Integer, nullable=False, comment="0; one more when a number is used again after its reuse time"),
    Column(
        "ordinal",
        Integer,
        nullable=False,
        server_default="0",
        comment="0 for the account's first order of this number; one more for each after it, whatever their keys",
    ),
    Column("order_number", SortedText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", SortedText, nullable=False),
    Column("outcome", SortedText, nullable=False),
    Column("order_type", SortedText, nullable=False),
    Column("message_id", SortedText, nullable=False),
    Column("mapping_revision", Integer, nullable=False),
    Column("catalogue_revision", Integer, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("currency", SortedText),
    Column("issue_date", SortedText),
    Column("requested_start", SortedText),
    Column("requested_end", SortedText),
    Column("ship_to_site", SortedText),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column(
        "precedence",
        SmallInteger,
        nullable=False,
        server_default="1",
        comment="0 rush, 1 any other, 2 ships nothing itself",
    ),
    Column(
        "ship_by",
        SortedText,
        nullable=False,
        server_default="",
        comment="the day by which the first of it has to leave us",
    ),
    Column("lane", SmallInteger, nullable=False, server_default="3", comment="of the account's tier"),
    Column(
        "notice_due",
        BigInteger,
        comment="from when on the despatch advice of the first of it that is to leave is overdue; null: nothing is",
    ),
    UniqueConstraint("account_id", "test", "order_key", "epoch"),
    Index("uq_orders_order_number", "order_number", "account_id", "test", "ordinal", unique=True),
)
_real = text("test = 0")
Index(
    "ix_orders_precedence",
    orders.c.status,
    orders.c.precedence,
    orders.c.ship_by,
    orders.c.lane,
    orders.c.id,
    sqlite_where=_real,
    postgresql_where=_real,
)

Index(
    "ix_orders_account_precedence",
    orders.c.account_id,
    orders.c.status,
    orders.c.precedence,
    orders.c.ship_by,
    orders.c.lane,
    orders.c.id,
    sqlite_where=_real,
    postgresql_where=_real,
)

_to_announce = text("notice_due IS NOT NULL")
Index(
    "ix_orders_notice_due",
    orders.c.notice_due,
    orders.c.id,
    sqlite_where=_to_announce,
    postgresql_where=_to_announce,
)

# Append-only: the canonical document that made each version.
order_versions = Table(
    "order_versions",
    metadata,
    Column("order_id", SortedText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("message_id", SortedText, nullable=False),
    Column("canonical", SortedText, nullable=False),
    Column("says_all", SmallInteger, comment="0: its message said some lines only; null: from before this was kept"),
    PrimaryKeyConstraint("order_id", "version"),
)

# Append-only: what the ERP decided on a version of an order that was left to it, and what it was answered.
decisions = Table(
    "decisions",
    metadata,
    Column("order_id", SortedText, nullable=False),
    Column("version", Integer, nullable=False, comment="of the order"),
    Column("id", SortedText, nullable=False, comment="what its movements name as their message"),
    Column("at", BigInteger, nullable=False),
    Column("actor", SortedText, nullable=False),
    Column("sha256", LargeBinary, nullable=False, comment="of what was asked"),
    Column("asked", SortedText, nullable=False),
    Column("answer", SortedText, nullable=False),
    PrimaryKeyConstraint("order_id", "version"),
    sqlite_with_rowid=False,
)

# Append-only: each row adds to the line's quantities; the ledger is their sum. In the account's ordered unit, but for
# what shipped, was returned, invoiced and credited: that is in base units, because it need not be whole in the other.
quantity_movements = Table(
    "quantity_movements",
    metadata,
    Column("order_id", SortedText, nullable=False),
    Column("line_number", SortedText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("position", Integer, nullable=False, comment="the line's place in the order"),
    Column("message_id", SortedText, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("product", SortedText),
    Column("unit", SortedText),
    Column("base_unit", SortedText),
    Column("base_ordered", Exact),
    Column("ordered", Exact, nullable=False),
    Column("confirmed", Exact, nullable=False),
    Column("backordered", Exact, nullable=False),
    Column("rejected", Exact, nullable=False),
    Column("cancelled", Exact, nullable=False),
    Column("shipped", Exact, nullable=False),
    Column("returned", Exact, nullable=False),
    Column("invoiced", Exact, nullable=False),
    Column("credited", Exact, nullable=False),
    Column("raised", Exact, nullable=False, server_default="0", comment="added to what was ordered, for whole packs"),
    PrimaryKeyConstraint("order_id", "line_number", "number"),
    sqlite_with_rowid=False,
)

# Append-only, numbered per blanket order without gaps: what releases draw of it. `drawn` (of the product) and
# `amount_drawn` (of the whole order) are running totals after the movement, so that the last row is the balance.
contract_movements = Table(
    "contract_movements",
    metadata,
    Column("contract_id", SortedText, nullable=False, comment="the blanket order"),
    Column("number", BigInteger, nullable=False),
    Column("product", SortedText, nullable=False),
    Column("order_id", SortedText, nullable=False, comment="the release"),
    Column("line_number", SortedText, nullable=False),
    Column("message_id", SortedText, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("quantity", Exact, nullable=False, comment="base units drawn; negative gives back"),
    Column("amount", Exact, nullable=False, comment="what they cost, in the blanket order's currency"),
    Column("drawn", Exact, nullable=False),
    Column("amount_drawn", Exact, nullable=False),
    PrimaryKeyConstraint("contract_id", "number"),
    UniqueConstraint("order_id", "line_number", "product", "message_id"),
    Index("ix_contract_movements_product", "contract_id", "product", "number"),
    sqlite_with_rowid=False,
)
