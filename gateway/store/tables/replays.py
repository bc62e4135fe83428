"""Replays: messages that somebody has judged again, as a set that doesn't change once it is begun."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, text

from gateway.store.tables.common import SortedText, metadata

# Done a chunk at a time under a lease, so that another worker goes on where one was killed. The counts are written with
# the rows that they count, so that a page needs no more than this row: what is not among them waits.
replays = Table(
    "replays",
    metadata,
    Column("id", SortedText, primary_key=True),
    Column("asked_for", SortedText, nullable=False, comment="JSON: what the set came of, in words and as it was asked"),
    Column("account_id", SortedText, comment="whose messages they are; null: several accounts'"),
    Column("fingerprint", SortedText, comment="of the problem that it is of"),
    Column("mapping", SortedText, nullable=False, comment="current, or pinned: each under its own last revision"),
    Column("reason", SortedText, nullable=False),
    Column("asked_by", SortedText, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("status", SortedText, nullable=False, comment="waiting, running, paused, stopped; done, cancelled"),
    Column("detail", SortedText, comment="why it stopped"),
    Column("total", Integer, nullable=False, comment="messages of the set"),
    Column("reached", Integer, nullable=False, comment="the position of the last that was asked for or passed over"),
    Column("asked", Integer, nullable=False, comment="wait to be judged, or are being judged"),
    Column("done", Integer, nullable=False, comment="went through: answered, or refused for another cause"),
    Column(
        "failed", Integer, nullable=False, comment="are held or have failed again, or are refused for the same cause"
    ),
    Column("skipped", Integer, nullable=False, comment="stood otherwise when their turn came"),
    Column("returned", Integer, nullable=False, comment="of the failed: for the cause that they had before"),
    Column("streak", Integer, nullable=False, comment="of those, one after the other, the last"),
    Column("tries_first", SmallInteger, nullable=False, comment="1: the rest waits for the first to go through"),
    Column("careful", SmallInteger, nullable=False, comment="1: it stops where the same cause returns"),
    Column("is_open", SmallInteger, nullable=False, comment="1: there is something that workers do for it"),
    Column("ended_at", BigInteger),
    Column("looked_at", BigInteger, nullable=False, comment="the one that was looked at longest ago is next"),
    Column("lease_id", SortedText, comment="whoever works at a chunk of it: a save under any other is refused"),
    Column("worker", SortedText),
    Column("lease_until", BigInteger, comment="lease clock, milliseconds"),
    Column("lease_boot", SortedText),
    Column("losses", Integer, nullable=False, comment="workers that were lost with a chunk of it, one after the other"),
)
_open = text("is_open = 1")
Index("ix_replays_open", replays.c.looked_at, replays.c.id, sqlite_where=_open, postgresql_where=_open)
Index("ix_replays_account_id", replays.c.account_id, replays.c.id)

replay_messages = Table(
    "replay_messages",
    metadata,
    Column("replay_id", SortedText, nullable=False),
    Column("position", Integer, nullable=False, comment="from 1, in the order in which they are judged"),
    Column("message_id", SortedText, nullable=False),
    Column("run", Integer, nullable=False, comment="the run that it is asked for, one after the set's"),
    Column("state", SortedText, nullable=False, comment="waiting, asked; settled as done or failed; skipped"),
    Column("outcome", SortedText, comment="the message's status when that run had ended"),
    Column("detail", SortedText, comment="why it was passed over, or what holds it now"),
    PrimaryKeyConstraint("replay_id", "position"),
    Index("uq_replay_messages_message_id", "message_id", "replay_id", unique=True),
    Index("ix_replay_messages_state", "replay_id", "state", "position"),
    sqlite_with_rowid=False,
)
