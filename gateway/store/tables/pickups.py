"""Where orders are picked up, and the files that are."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
)

from gateway.store.tables.common import SortedText, metadata

# Where orders are picked up: one row for each place that an account's terms name, some hundreds in all.
pickups = Table(
    "pickups",
    metadata,
    Column("account_id", SortedText, nullable=False),
    Column("endpoint", SortedText, nullable=False, comment="which place, as people read it"),
    Column("place", SortedText, nullable=False, comment="folder, sftp, imap"),
    Column("due_at", BigInteger, nullable=False, comment="ms of the lease clock: when it is looked at next"),
    Column("due_boot", SortedText),
    Column("lease_id", SortedText, comment="the look that is made now"),
    Column("leased_until", BigInteger, comment="ms of the lease clock"),
    Column("lease_boot", SortedText),
    Column("looked_at", BigInteger),
    Column("succeeded_at", BigInteger),
    Column("failures", Integer, nullable=False, comment="looks in a row that failed"),
    Column("failing_since", BigInteger),
    Column("detail", SortedText, comment="what is wrong; null: nothing"),
    PrimaryKeyConstraint("account_id", "endpoint"),
    sqlite_with_rowid=False,
)

# A file from before it is read until it is moved: whoever finds it again knows how far it came. Those that nobody can
# take stay until a person has seen them.
pickup_files = Table(
    "pickup_files",
    metadata,
    Column("id", SortedText, primary_key=True, comment="digest of place, name and how it stands"),
    Column("account_id", SortedText, nullable=False),
    Column("endpoint", SortedText, nullable=False),
    Column("name", SortedText, nullable=False),
    Column("status", SortedText, nullable=False, comment="taking; stored, unfit: to be moved; refused: moved"),
    Column("began_at", BigInteger, nullable=False, comment="by the clock of receipts"),
    Column("message_id", SortedText, comment="of what it held, the first message"),
    Column("detail", SortedText, comment="why nobody can take it"),
    Column("moved_to", SortedText),
    Index("ix_pickup_files_place", "account_id", "endpoint", "status"),
    sqlite_with_rowid=False,
)
