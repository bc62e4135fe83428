"""What our people are told: what is open, the notices of it, and accounts that are silent."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, Table, text

from gateway.store.tables.common import SortedText, metadata

# What is open and somebody is told of, from when it was seen first until it was told that it is over. `opened_at` tells
# two times of one cause apart.
notice_subjects = Table(
    "notice_subjects",
    metadata,
    Column("subject", SortedText, primary_key=True, comment="problem/<fingerprint>, late/<account>, silence/<account>"),
    Column("account_id", SortedText, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("told_at", BigInteger, comment="when its notice was made; null: not yet"),
    Column("gone_at", BigInteger, comment="since when it isn't open any more; null: it is"),
    Column("body", SortedText, nullable=False, comment="JSON: what was said of it last"),
    sqlite_with_rowid=False,
)

# One notice to one recipient. It is there as soon as its subjects are marked as told, and is sent afterwards.
notices = Table(
    "notices",
    metadata,
    Column("id", SortedText, primary_key=True, comment="the same at each attempt: Message-ID, webhook-id"),
    Column("key", SortedText, nullable=False, comment="what is told to whom: it is told once"),
    Column("account_id", SortedText, nullable=False),
    Column("kind", SortedText, nullable=False, comment="opened, digest, resolved"),
    Column("channel", SortedText, nullable=False, comment="email, webhook"),
    Column("recipient", SortedText, nullable=False, comment="an address; empty for the webhook"),
    Column("status", SortedText, nullable=False, comment="waiting, sending, sent, given_up"),
    Column("attempts", Integer, nullable=False),
    Column("not_before", BigInteger, nullable=False, comment="ms of the lease clock"),
    Column("not_before_boot", SortedText),
    Column("lease_id", SortedText),
    Column("leased_until", BigInteger, comment="ms of the lease clock"),
    Column("lease_boot", SortedText),
    Column("body", SortedText, nullable=False, comment="JSON: what is told"),
    Column("detail", SortedText, comment="what became of the last attempt"),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Index("ix_notices_key", "key", unique=True),
    Index("ix_notices_account_id_id", "account_id", "id"),
    Index("ix_notices_status_id", "status", "id"),
)
_open = text("status IN ('waiting', 'sending')")
Index(
    "ix_notices_open",
    *(notices.c.channel, notices.c.not_before, notices.c.id),
    sqlite_where=_open,
    postgresql_where=_open,
)

# Accounts that usually have sent by now and haven't, until they send.
silences = Table(
    "silences",
    metadata,
    Column("account_id", SortedText, primary_key=True),
    Column("usual_by", BigInteger, nullable=False, comment="the moment by which it usually has sent"),
    Column("sent_days", SmallInteger, nullable=False, comment="days on which it had, of those that were looked at"),
    Column("looked_days", SmallInteger, nullable=False),
    Column("noticed_at", BigInteger, nullable=False),
    Column("last_sent_at", BigInteger, comment="when it sent last; null: nobody knows"),
    sqlite_with_rowid=False,
)
