"""What is to be billed, and what was."""

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

# What left and is to be billed, as the account's terms have it: a despatch advice. It has no slot while it waits for
# its delivery or a request, and a slot without a time due once it is billed.
billables = Table(
    "billables",
    metadata,
    Column("document_id", SortedText, primary_key=True, comment="the despatch advice"),
    Column("shipment_id", SortedText, nullable=False),
    Column("account_id", SortedText, nullable=False),
    Column("waits_for", SortedText, nullable=False, comment="shipped, delivered, daily, weekly, monthly, request"),
    Column(
        "slot", BigInteger, comment="when it is to be billed first, or was; null: once it is delivered or asked for"
    ),
    Column("due_at", BigInteger, comment="when it is tried next; null: it is billed, or has no slot yet"),
    Column("attempts", Integer, nullable=False),
    Column("faults", SortedText, comment="JSON: why it could not be billed"),
    Index("ix_billables_shipment_id", "shipment_id"),
    sqlite_with_rowid=False,
)
_to_bill = text("due_at IS NOT NULL")
Index("ix_billables_due_at", billables.c.due_at, sqlite_where=_to_bill, postgresql_where=_to_bill)
_no_slot = text("slot IS NULL")
Index("ix_billables_no_slot", billables.c.document_id, sqlite_where=_no_slot, postgresql_where=_no_slot)

# Append-only: what the back office asked to be billed or credited, by its own numbers.
billing_requests = Table(
    "billing_requests",
    metadata,
    Column("type", SortedText, nullable=False, comment="invoice or credit_note"),
    Column("number", SortedText, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key_id", SortedText, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    PrimaryKeyConstraint("type", "number"),
    sqlite_with_rowid=False,
)

# Append-only: the invoices and credit notes. Their documents and events stand under "invoice/<id>".
invoices = Table(
    "invoices",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("type", SortedText, nullable=False),
    Column("number", SortedText, nullable=False),
    Column("account_id", SortedText, nullable=False),
    Column("issue_date", SortedText, nullable=False),
    Column("currency", SortedText, nullable=False),
    Column("net", Exact, nullable=False, comment="without tax"),
    Column("payable", Exact, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("request_number", SortedText),
    Column("credits_id", SortedText, comment="of a credit note: the invoice that it credits"),
    Column("document_id", SortedText, nullable=False),
    UniqueConstraint("type", "number"),
    Index("ix_invoices_account_id", "account_id", "issue_date"),
    Index("ix_invoices_credits_id", "credits_id"),
    Index("ix_invoices_request_number", "type", "request_number"),
    sqlite_with_rowid=False,
)

# Append-only: which order line each of their lines is of. `quantity` is in the invoice's unit.
invoice_lines = Table(
    "invoice_lines",
    metadata,
    Column("invoice_id", SortedText, nullable=False),
    Column("line_number", SortedText, nullable=False),
    Column("order_id", SortedText, nullable=False),
    Column("order_line_number", SortedText, nullable=False),
    Column("product", SortedText, nullable=False),
    Column("quantity", Exact, nullable=False),
    Column("base_quantity", Exact, nullable=False),
    Column("net", Exact, nullable=False),
    Column("credits_line", SortedText, comment="of a credit note: the invoice's line"),
    PrimaryKeyConstraint("invoice_id", "line_number"),
    Index("ix_invoice_lines_order_id", "order_id", "order_line_number"),
    sqlite_with_rowid=False,
)

# Append-only: which parts of a shipment a line bills; all of them together are never more than left.
billed_parts = Table(
    "billed_parts",
    metadata,
    Column("invoice_id", SortedText, nullable=False),
    Column("line_number", SortedText, nullable=False),
    Column("shipment_id", SortedText, nullable=False),
    Column("shipment_line", Integer, nullable=False),
    Column("base_quantity", Exact, nullable=False),
    PrimaryKeyConstraint("invoice_id", "line_number", "shipment_id", "shipment_line"),
    Index("ix_billed_parts_shipment_id", "shipment_id", "shipment_line"),
    sqlite_with_rowid=False,
)

# Append-only: what an invoice has of its orders' own charges. One from before these were kept has a row for each of its
# orders, numbered 0, which says nothing more.
billed_charges = Table(
    "billed_charges",
    metadata,
    Column("invoice_id", SortedText, nullable=False),
    Column("order_id", SortedText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("is_charge", SmallInteger, comment="0: an allowance"),
    Column("reason_code", SortedText),
    Column("reason", SortedText),
    Column("occurrence", Integer, comment="tells charges apart that are alike; the first one has 1"),
    Column("amount", Exact, comment="above 0"),
    PrimaryKeyConstraint("invoice_id", "order_id", "number"),
    Index("ix_billed_charges_order_id", "order_id"),
    sqlite_with_rowid=False,
)

# Append-only: what credit notes had of the accounts' rebates; a period's are numbered, so that none is settled twice.
rebate_settlements = Table(
    "rebate_settlements",
    metadata,
    Column("account_id", SortedText, nullable=False),
    Column("rebate", SortedText, nullable=False, comment="by its name in the account's terms"),
    Column("period", SortedText, nullable=False, comment="of the calendar: 2026, 2026-Q4, 2026-11"),
    Column("currency", SortedText, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("first_day", SortedText, nullable=False, comment="the first that was counted"),
    Column("last_day", SortedText, nullable=False, comment="the last one"),
    Column("net", Exact, nullable=False, comment="without tax"),
    Column("invoice_id", SortedText, nullable=False, comment="the credit note"),
    Column("settled_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "period", "rebate", "currency", "sequence"),
    sqlite_with_rowid=False,
)
