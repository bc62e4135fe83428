"""What is saved of one order number at the same instant, kept apart on PostgreSQL.

A save that lets a change wait looks whether its order has come meanwhile, and the save of the order wakes what waits
for it. Neither sees what the other has not committed, so both lock the number first: who waits by itself, those that
write orders together with one another. SQLite has one writer.

The numbers share a few hundred locks, so that a batch of any size finds room in PostgreSQL's table of locks (6,400 by
its defaults). They are taken in one order everywhere, and in the statement that asks for the lease: what is read in the
next one is what those left who had the locks before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zlib import crc32

_CLASS = 7301986
"""Of PostgreSQL's advisory locks, which all users of a database share."""
_LOCKS = 256
_TAKE = (
    f"(SELECT count(CASE WHEN alone THEN pg_advisory_xact_lock({_CLASS}, number)::text "
    f"ELSE pg_advisory_xact_lock_shared({_CLASS}, number)::text END) "
    "FROM unnest((SELECT ?::int[]), (SELECT ?::bool[])) AS t(number, alone))"
)

AccountsNumber = tuple[str, str]
"""(account, order number)."""


def taking(written: Iterable[AccountsNumber], waited_for: Iterable[AccountsNumber]) -> tuple[str, list[Any]]:
    """PostgreSQL's expression that takes the locks of these orders until the transaction ends, and its parameters; ""
    where there are none."""
    alone = {_lock(*one) for one in waited_for}
    locks = sorted(alone | {_lock(*one) for one in written})
    return (_TAKE, [locks, [lock in alone for lock in locks]]) if locks else ("", [])


def _lock(account: str, number: str) -> int:
    return crc32(f"{account}\x1f{number}".encode()) % _LOCKS
