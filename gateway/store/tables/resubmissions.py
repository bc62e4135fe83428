"""Documents that a person corrected."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table

from gateway.store.tables.common import SortedText, metadata

# A message whose document a person edited, from the request to the message that took its place. The original's row and
# bytes stay as they came.
resubmissions = Table(
    "resubmissions",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("message_id", SortedText, nullable=False, comment="the original"),
    Column("run", Integer, nullable=False, comment="the original's as it was edited: a later one outdates the edit"),
    Column("account_id", SortedText, nullable=False),
    Column("status", SortedText, nullable=False, comment="waiting, resubmitted, declined, withdrawn, outdated"),
    Column("body", LargeBinary, nullable=False, comment="as edited"),
    Column("differences", SortedText, nullable=False, comment="JSON: canonical pointer, before and after of each"),
    Column("touches", SortedText, nullable=False, comment="JSON: what somebody else has to agree to"),
    Column("reason", SortedText, nullable=False),
    Column("asked_by", SortedText, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("decided_by", SortedText),
    Column("decided_at", BigInteger),
    Column("decided_why", SortedText),
    Column("child_id", SortedText, comment="the message that took the original's place"),
    Index("ix_resubmissions_message_id", "message_id", "id"),
)
_waiting = resubmissions.c.status == "waiting"
Index(
    "uq_resubmissions_waiting",
    resubmissions.c.message_id,
    unique=True,
    sqlite_where=_waiting,
    postgresql_where=_waiting,
)
