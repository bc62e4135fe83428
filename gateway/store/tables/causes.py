"""Why messages are held or have failed, by cause, and what our people make of each cause."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, text

from gateway.store.columns import Exact
from gateway.store.tables.common import SortedText, metadata

# One row for each fault that keeps a held or failed message from being answered: written in the transaction that holds
# it, gone with the one that moves it on. What stands here of the message is a copy, so that grouping reads one table.
open_causes = Table(
    "open_causes",
    metadata,
    Column("fingerprint", SortedText, nullable=False),
    Column("message_id", SortedText, nullable=False),
    Column("account_id", SortedText, nullable=False),
    Column("code", SortedText, nullable=False),
    Column("run", Integer, nullable=False),
    Column("number", Integer, nullable=False, comment="of the fault in that run; the first one of this cause"),
    Column("place", Integer, nullable=False, comment="1: the first cause of its message, which counts once by it"),
    Column("received_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("amount", Exact),
    Column("currency", SortedText),
    Column("hundredths", BigInteger, comment="the amount, where it is so many to the last digit"),
    Column("is_test", SmallInteger, nullable=False),
    PrimaryKeyConstraint("fingerprint", "message_id"),
    Index("ix_open_causes_message_id", "message_id"),
    Index("ix_open_causes_account_id", "account_id", "fingerprint", "message_id"),
    sqlite_with_rowid=False,
)

_odd = text("hundredths IS NULL AND amount IS NOT NULL")
Index("ix_open_causes_odd", open_causes.c.fingerprint, sqlite_where=_odd, postgresql_where=_odd)

# A cause from when it first held something. What it reads as stays here for when nothing is left of it.
problem_states = Table(
    "problem_states",
    metadata,
    Column("fingerprint", SortedText, primary_key=True),
    Column("account_id", SortedText, nullable=False),
    Column("code", SortedText, nullable=False),
    Column("what", SortedText, nullable=False, comment="message, document, file: what it keeps"),
    Column("value", SortedText),
    Column("path", SortedText, nullable=False),
    Column("detail", SortedText, nullable=False),
    Column("state", SortedText, nullable=False, comment="open, acknowledged, ignored, resolved"),
    Column("assigned_to", SortedText, comment="a user's id"),
    Column("ignored_until", BigInteger),
    Column("reason", SortedText, comment="why it was put into this state"),
    Column("opened_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("changed_by", SortedText, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("times_reopened", Integer, nullable=False),
    Index("ix_problem_states_resolved_at", "resolved_at", "fingerprint"),
    Index("ix_problem_states_account_id", "account_id", "resolved_at", "fingerprint"),
    sqlite_with_rowid=False,
)
_standing = text("state <> 'resolved'")
Index(
    "ix_problem_states_standing",
    problem_states.c.fingerprint,
    sqlite_where=_standing,
    postgresql_where=_standing,
)
