"""The audit chain's events, what shows that none of them is missing, and what retention left of those it took out."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from gateway.store.tables.common import Serial, SortedText, metadata

# Append-only. Each stream (a message, an account, "system") is a chain: hash = SHA-256(previous hash, event).
#
# `position` is filled by the database, and is the order in which sealing finds events: on SQLite, where one transaction
# writes at a time, it is the row's number, which costs the writer nothing; on PostgreSQL it is the transaction's, so
# that what may still commit is known (there it is no key, `stream, number` is).
events = Table(
    "events",
    metadata,
    Column("position", Serial, primary_key=True, autoincrement=True),
    Column("stream", SortedText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", SortedText, nullable=False),
    Column("actor", SortedText, nullable=False),
    Column("body", SortedText, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("stream", "number"),
)
Index("ix_events_position", events.c.position, events.c.stream, events.c.number).ddl_if(dialect="postgresql")
BY_SOMEBODY = "kind <> 'received' AND kind <> 'resent' AND actor <> 'gateway'"
"""Of events: not the pipeline's own, which are nearly all. Queries say it in the same words as the index."""
_by_somebody = text(BY_SOMEBODY)
Index(
    "ix_events_people",
    *(events.c.at, events.c.stream, events.c.number),
    sqlite_where=_by_somebody,
    postgresql_where=_by_somebody,
)
Index(
    "ix_events_actor",
    *(events.c.actor, events.c.at, events.c.stream, events.c.number),
    sqlite_where=_by_somebody,
    postgresql_where=_by_somebody,
)

# The last event of each stream that has no row of its own to say it (a message's row has its chain's head itself).
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("stream", SortedText, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Append-only, a chain of its own: each says how the streams ended that had new events since the one before it.
audit_seals = Table(
    "audit_seals",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False, comment="of the last event that is in it"),
    Column("stream", SortedText, nullable=False, comment="that event's"),
    Column("event", Integer, nullable=False, comment="that event's number"),
    Column("events", Integer, nullable=False, comment="how many new ones there were"),
    Column("heads", LargeBinary, nullable=False, comment="packed lines: stream, number, hash"),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256 of the hash before it and of all this"),
    Column("key_id", SortedText, nullable=False),
    Column("mac", LargeBinary, nullable=False, comment="HMAC-SHA-256 of the hash"),
)

# What retention took out: the stream's end as it was. `notice` is the event in "retention/<account>" that tells of it.
forgotten_streams = Table(
    "forgotten_streams",
    metadata,
    Column("stream", SortedText, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("account_id", SortedText, nullable=False),
    Column("notice", Integer, nullable=False),
    Index("ix_forgotten_streams_notice", "account_id", "notice", "stream"),
    sqlite_with_rowid=False,
)

# How far retention has come with an account's payloads and messages, and which it has to look at again.
retention_progress = Table(
    "retention_progress",
    metadata,
    Column("account_id", SortedText, nullable=False),
    Column("what", SortedText, nullable=False, comment="payloads, messages"),
    Column("message_id", SortedText, nullable=False, comment="messages up to it were looked at"),
    PrimaryKeyConstraint("account_id", "what"),
    sqlite_with_rowid=False,
)
retention_waits = Table(
    "retention_waits",
    metadata,
    Column("account_id", SortedText, nullable=False),
    Column("what", SortedText, nullable=False),
    Column("message_id", SortedText, nullable=False, comment="it was still needed"),
    PrimaryKeyConstraint("account_id", "what", "message_id"),
    sqlite_with_rowid=False,
)
