"""Drafts of mappings that are tried on messages that came."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table

from gateway.store.tables.common import SortedText, metadata

# A test of an account's draft on its last messages, done a chunk at a time under a lease, so that another worker goes
# on where one was killed: what is merged and where it stopped are written together.
draft_tests = Table(
    "draft_tests",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("account_id", SortedText, nullable=False),
    Column("revision", Integer, nullable=False, comment="the published revision that the draft is compared with"),
    Column("version", Integer, nullable=False, comment="the draft's: a later one ends the test as outdated"),
    Column("last", Integer, nullable=False, comment="so many messages, the newest first"),
    Column("status", SortedText, nullable=False, comment="waiting, running; done, cancelled, outdated, failed"),
    Column("done", Integer, nullable=False, comment="messages that were looked at"),
    Column("total", Integer, nullable=False, comment="of so many: the account may have fewer than `last`"),
    Column("newly_failing", Integer, nullable=False, comment="orders, of those"),
    Column("result", SortedText, comment="JSON: what came of those so far (gateway.effects.effects)"),
    Column("cursor", SortedText, comment="the last message that was looked at: it goes on behind it"),
    Column("detail", SortedText, comment="why it failed"),
    Column("asked_by", SortedText, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("lease_id", SortedText, comment="whoever works at a chunk of it: a save under any other is refused"),
    Column("worker", SortedText),
    Column("lease_until", BigInteger, comment="lease clock, milliseconds"),
    Column("lease_boot", SortedText),
    Column("losses", Integer, nullable=False, comment="workers that were lost with it"),
    Index("ix_draft_tests_account_id_id", "account_id", "id"),
)
_open = draft_tests.c.status.in_(("waiting", "running"))
Index("ix_draft_tests_open", draft_tests.c.id, sqlite_where=_open, postgresql_where=_open)
