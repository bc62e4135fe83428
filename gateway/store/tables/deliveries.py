"""How documents leave: how each stands, its attempts, and what the accounts say of it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    text,
)

from gateway.store.tables.common import SortedText, metadata

# How each document stands on its way out. `endpoint` is where the account's terms lead as of the last look; null: not
# looked at yet, or the account comes for it. `thread` is the order number behind whose earlier documents it waits,
# where the account asks for them in turn.
deliveries = Table(
    "deliveries",
    metadata,
    Column("document_id", SortedText, primary_key=True),
    Column("account_id", SortedText, nullable=False),
    Column("transport", SortedText, nullable=False),
    Column("status", SortedText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", BigInteger),
    Column("updated_at", BigInteger, nullable=False),
    Column("endpoint", SortedText),
    Column("thread", SortedText),
    Column("not_before", BigInteger, comment="ms of the lease clock; null: at once"),
    Column("not_before_boot", SortedText),
    Column("lease_id", SortedText),
    Column("code", SortedText, comment="the fault code of what stands in its way; null: nothing"),
    Column("detail", SortedText),
    Column(
        "attempts_before",
        Integer,
        nullable=False,
        server_default="0",
        comment="attempts that had been made when somebody asked for it anew: the waits are counted from there",
    ),
    Column("answer_due_at", BigInteger, comment="the account's word is expected by then; null: none is, or it came"),
    sqlite_with_rowid=False,
)
_to_be_led = text("status = 'waiting' AND endpoint IS NULL")
_to_be_sent = text("status = 'waiting' AND endpoint IS NOT NULL")
_in_thread = text("thread IS NOT NULL AND status IN ('waiting', 'sending')")
_sending = text("status = 'sending'")
_stuck = text("code IS NOT NULL")
_sent = text("transport <> 'mailbox'")
_unanswered = text("answer_due_at IS NOT NULL")
Index(
    "ix_deliveries_to_be_led",
    *(deliveries.c.account_id, deliveries.c.document_id),
    sqlite_where=_to_be_led,
    postgresql_where=_to_be_led,
)
Index(
    "ix_deliveries_to_be_sent",
    *(deliveries.c.endpoint, deliveries.c.not_before, deliveries.c.document_id),
    sqlite_where=_to_be_sent,
    postgresql_where=_to_be_sent,
)
Index(
    "ix_deliveries_thread",
    *(deliveries.c.account_id, deliveries.c.thread, deliveries.c.document_id),
    sqlite_where=_in_thread,
    postgresql_where=_in_thread,
)
Index("ix_deliveries_sending", deliveries.c.lease_id, sqlite_where=_sending, postgresql_where=_sending)
Index(
    "ix_deliveries_stuck",
    *(deliveries.c.account_id, deliveries.c.updated_at),
    sqlite_where=_stuck,
    postgresql_where=_stuck,
)
Index(
    "ix_deliveries_status",
    *(deliveries.c.status, deliveries.c.document_id),
    sqlite_where=_sent,
    postgresql_where=_sent,
)
Index(
    "ix_deliveries_account",
    *(deliveries.c.account_id, deliveries.c.status, deliveries.c.document_id),
    sqlite_where=_sent,
    postgresql_where=_sent,
)

Index(
    "ix_deliveries_unanswered",
    deliveries.c.answer_due_at,
    sqlite_where=_unanswered,
    postgresql_where=_unanswered,
)

# Where documents are sent, one row an endpoint that has failed: its breaker. `open_until` as `deliveries.not_before`.
endpoints = Table(
    "endpoints",
    metadata,
    Column("endpoint", SortedText, primary_key=True),
    Column("failures", Integer, nullable=False, comment="outages one after the other"),
    Column("open_until", BigInteger),
    Column("open_until_boot", SortedText),
    Column("failing_since", BigInteger),
    Column("gone_at", BigInteger, comment="when it said that it wants nothing more (HTTP 410)"),
    Column("detail", SortedText),
    sqlite_with_rowid=False,
)

# Append-only.
delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("document_id", SortedText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),  # when it began
    Column("outcome", SortedText, nullable=False),  # delivered, rejected, failed, unknown, gone
    Column("answer", SortedText),  # the beginning of what the partner answered
    Column("endpoint", SortedText),
    Column("detail", SortedText),
    Column("milliseconds", Integer),
    Column("worker", SortedText),
    PrimaryKeyConstraint("document_id", "number"),
)

# Append-only: the account's word that it has a document, or what its system answered.
receipts = Table(
    "receipts",
    metadata,
    Column("document_id", SortedText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("account_id", SortedText, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", SortedText, nullable=False),  # receipt, application_response, status_update
    Column("body", SortedText),  # JSON: the sender's own number, its code and its reasons
    Column("message_id", SortedText, comment="the message that said it; null: it was said at the document's address"),
    Column("word", SortedText, nullable=False, server_default="received", comment="what is said of the document"),
    Column(
        "key", SortedText, nullable=False, server_default="receipt", comment="the same for the same word sent again"
    ),
    PrimaryKeyConstraint("document_id", "number"),
    Index("ix_receipts_document_id_key", "document_id", "key", unique=True),
)
_of_a_message = text("message_id IS NOT NULL")
Index(
    "ix_receipts_message_id",
    receipts.c.message_id,
    sqlite_where=_of_a_message,
    postgresql_where=_of_a_message,
)
