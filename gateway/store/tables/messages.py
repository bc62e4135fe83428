"""What came in: bytes, messages, their faults and events, and who works on them."""

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
from gateway.store.tables.common import Serial, SortedText, metadata

# The bytes as they came, apart from what is known of them. The row stays when retention erases the body, and it is what
# recognises a resend: `message_id` is the message that these bytes now stand for.
payloads = Table(
    "payloads",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("account_id", SortedText, nullable=False),
    Column("test", SmallInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("message_id", SortedText, nullable=False),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, comment="null once erased"),
    Column("erased_at", BigInteger),
    Column("file_of", SortedText, comment="the youngest message that it came in as a file"),
    UniqueConstraint("account_id", "test", "sha256"),
    Index(
        "ix_payloads_file_of",
        "file_of",
        sqlite_where=text("file_of IS NOT NULL"),
        postgresql_where=text("file_of IS NOT NULL"),
    ),
    Index(
        "ix_payloads_files",
        "message_id",
        sqlite_where=text("file_of IS NOT NULL"),
        postgresql_where=text("file_of IS NOT NULL"),
    ),
)

messages = Table(
    "messages",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("account_id", SortedText, nullable=False),
    Column("test", SmallInteger, nullable=False),
    Column("status", SortedText, nullable=False),
    Column("lane", SmallInteger, nullable=False, comment="0 critical … 3 bulk"),
    Column("due_at", BigInteger, nullable=False, comment="answer expected by: earliest first within an account"),
    Column("received_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger, comment="when it left received and processing"),
    Column("source", SortedText, nullable=False, comment="http, cli, … : the door"),
    Column("format", SortedText),
    Column("media_type", SortedText),
    Column("payload_id", BigInteger, comment="null for a resend, whose bytes stand under duplicate_of's"),
    Column("payload_sha256", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("idempotency_key", SortedText),
    Column("envelope_id", SortedText),
    Column(
        "parent_id",
        SortedText,
        comment="the body it was one of several documents of, or the original it was edited from",
    ),
    Column("replayed_from", SortedText),
    Column("duplicate_of", SortedText),
    Column("run", Integer, nullable=False, comment="1 at first, one more each time it is judged again"),
    Column("losses", Integer, nullable=False, comment="leases lost while processing this run"),
    Column("mapping_revision", Integer),
    Column("catalogue_revision", Integer),
    Column("content_sha256", LargeBinary, comment="of the canonical document: equal content, whatever its bytes"),
    Column("order_number", SortedText),
    Column("order_id", SortedText),
    Column("stages", SortedText, comment="JSON: stage → microseconds since 1970 when it was done"),
    Column("lease_id", SortedText, comment="the claim that works on it: a save under any other is refused"),
    Column("fence", Integer, nullable=False, comment="grows by one at each claim"),
    Column("not_before", BigInteger, comment="lease clock, milliseconds"),
    Column("not_before_boot", SortedText),
    Column("event_count", Integer, nullable=False),
    Column("event_hash", LargeBinary, nullable=False, comment="head of its audit chain"),
    Column("moved_up", SortedText, comment="why it is one lane above its account's: rush, time"),
    Column("moves_up_at", BigInteger, comment="from then on less than a quarter of its time is left"),
    Column("part", Integer, comment="which order of its parent's body it is, from 1; null: its body is its own"),
    Column("parts", Integer, comment="how many orders its body holds, each a message of its own; null: one"),
    Column(
        "is_test",
        SmallInteger,
        comment="sent with a test key, or marked as a test by its sender; null until it is read",
    ),
    Column(
        "waits_for_version",
        BigInteger,
        comment="the version of its order that a change waits for, 0 for the order itself; null: it waits for neither",
    ),
    Column(
        "kind", SortedText, comment="order, change, cancel, answer; several: a body of several orders; null: not read"
    ),
    Column("amount", Exact, comment="what it says that it is worth; null: it doesn't say"),
    Column("currency", SortedText),
    Index("ix_messages_account_id_id", "account_id", "id"),
)
_numbered = text("order_number IS NOT NULL")  # known once it is read: intake has no entry to write
Index(
    "ix_messages_order_number",
    messages.c.order_number,
    messages.c.account_id,
    messages.c.id,
    sqlite_where=_numbered,
    postgresql_where=_numbered,
)
_ready = text("status = 'received' AND not_before IS NULL")
Index(
    "ix_messages_ready",
    messages.c.lane,
    messages.c.account_id,
    messages.c.due_at,
    messages.c.id,
    sqlite_where=_ready,
    postgresql_where=_ready,
)
_lost = text("status = 'received' AND not_before IS NULL AND losses > 0")
Index("ix_messages_lost", messages.c.due_at, sqlite_where=_lost, postgresql_where=_lost)
_moving_up = text("status = 'received' AND not_before IS NULL AND moved_up IS NULL AND lane > 0")
Index("ix_messages_moving_up", messages.c.moves_up_at, sqlite_where=_moving_up, postgresql_where=_moving_up)
_moved_up = text("status = 'received' AND moved_up IS NOT NULL")
Index("ix_messages_moved_up", messages.c.lane, sqlite_where=_moved_up, postgresql_where=_moved_up)
_delayed = text("status = 'received' AND not_before IS NOT NULL")
Index("ix_messages_delayed", messages.c.not_before, sqlite_where=_delayed, postgresql_where=_delayed)
_leased = text("status = 'processing'")
Index("ix_messages_leased", messages.c.lease_id, sqlite_where=_leased, postgresql_where=_leased)
_open = text("status IN ('held', 'failed')")
Index(
    "ix_messages_open",
    messages.c.account_id,
    messages.c.order_number,
    messages.c.id,
    sqlite_where=_open,
    postgresql_where=_open,
)
_superseded = text("status = 'superseded'")
Index(
    "ix_messages_superseded",
    messages.c.account_id,
    messages.c.order_number,
    messages.c.id,
    sqlite_where=_superseded,
    postgresql_where=_superseded,
)
Index("ix_messages_open_newest", messages.c.id, sqlite_where=_open, postgresql_where=_open)
Index(
    "ix_messages_open_of_account",
    messages.c.account_id,
    messages.c.id,
    sqlite_where=_open,
    postgresql_where=_open,
)
_rejected = text("status = 'rejected'")
Index("ix_messages_rejected", messages.c.id, sqlite_where=_rejected, postgresql_where=_rejected)
_closed = text("status IN ('superseded', 'dismissed')")
Index("ix_messages_closed", messages.c.id, sqlite_where=_closed, postgresql_where=_closed)
_few_are = text("kind IN ('change', 'cancel', 'answer', 'several')")
Index("ix_messages_kind", messages.c.kind, messages.c.id, sqlite_where=_few_are, postgresql_where=_few_are)
_waiting = text("status = 'received' AND not_before IS NOT NULL AND order_number IS NOT NULL")
Index(
    "ix_messages_waiting",
    messages.c.account_id,
    messages.c.order_number,
    messages.c.id,
    sqlite_where=_waiting,
    postgresql_where=_waiting,
)
_keyed = text("idempotency_key IS NOT NULL")
Index(
    "uq_messages_idempotency_key",
    messages.c.account_id,
    messages.c.test,
    messages.c.idempotency_key,
    unique=True,
    sqlite_where=_keyed,
    postgresql_where=_keyed,
)
_part = text("part IS NOT NULL")
Index(
    "ix_messages_parent_id",
    messages.c.parent_id,
    messages.c.part,
    messages.c.id,
    sqlite_where=_part,
    postgresql_where=_part,
)
_repeating = text("duplicate_of IS NOT NULL")
Index("ix_messages_duplicate_of", messages.c.duplicate_of, sqlite_where=_repeating, postgresql_where=_repeating)
_enveloped = text("envelope_id IS NOT NULL")
Index(
    "ix_messages_envelope_id",
    messages.c.account_id,
    messages.c.envelope_id,
    sqlite_where=_enveloped,
    postgresql_where=_enveloped,
)

# The sender's own id of a transmission (SBDH InstanceIdentifier, cXML payloadID) stands for one message and content.
envelopes = Table(
    "envelopes",
    metadata,
    Column("account_id", SortedText, nullable=False),
    Column("test", SmallInteger, nullable=False),
    Column("envelope_id", SortedText, nullable=False),
    Column("message_id", SortedText, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    PrimaryKeyConstraint("account_id", "test", "envelope_id"),
    sqlite_with_rowid=False,
)

leases = Table(
    "leases",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("worker", SortedText, nullable=False),
    Column("until", BigInteger, nullable=False, comment="lease clock, milliseconds"),
    Column("boot", SortedText, nullable=False, comment="whose clock that is: a lease of another boot is over"),
    sqlite_with_rowid=False,
)

# Append-only.
faults = Table(
    "faults",
    metadata,
    Column("message_id", SortedText, nullable=False),
    Column("run", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("stage", SortedText, nullable=False),
    Column("code", SortedText, nullable=False),
    Column("path", SortedText, nullable=False),
    Column("location", SortedText, nullable=False),
    Column("detail", SortedText, nullable=False),
    Column("value", SortedText),
    Column("expected", SortedText),
    Column("fingerprint", SortedText, nullable=False, comment="versioned; equal causes, equal fingerprints"),
    PrimaryKeyConstraint("message_id", "run", "number"),
    Index("ix_faults_fingerprint", "fingerprint", "message_id"),
    sqlite_with_rowid=False,
)
