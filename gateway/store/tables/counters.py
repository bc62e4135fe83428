"""What is to happen at a time, and which number was given last."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
)

from gateway.store.tables.common import SortedText, metadata

# What is to happen at a time: acknowledgement deadlines, waits, schedules.
timers = Table(
    "timers",
    metadata,
    Column("kind", SortedText, nullable=False),
    Column("subject", SortedText, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("body", SortedText, nullable=False),
    PrimaryKeyConstraint("kind", "subject"),
    Index("ix_timers_due_at", "due_at"),
)

# Outbound numbers: the last one given, per kind and series.
counters = Table(
    "counters",
    metadata,
    Column("kind", SortedText, nullable=False),
    Column("series", SortedText, nullable=False),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "series"),
)
