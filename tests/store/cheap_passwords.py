"""Passwords as they are kept, with as little work as Argon2 does. One is checked with the work that was spent on what
is kept of it, so it is let in by as little."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher

from gateway.store.statements import run
from gateway.store.store import Store


def keep_password(store: Store, user_id: str, password: str) -> None:
    """They have this password, as if they had chosen it by a link."""
    with store.database.write() as connection:
        run(connection, "UPDATE users SET password = ? WHERE id = ?", [(_kept(password), user_id)])


@cache
def _kept(password: str) -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
