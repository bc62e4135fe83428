"""People who use the console: who they are and may do, their passwords, sign-ins and one-time links.

A sign-in and a link are random tokens of which only the SHA-256 is stored; a password is stored as Argon2id makes it
(RFC 9106). Checking one takes tens of milliseconds and megabytes on purpose, so it is never done in a transaction.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from gateway.store.audit import Audit
from gateway.store.database import Collision, Database, StoreUnavailable
from gateway.store.ids import new_id, now_us
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import sign_in_links, sign_ins, users

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Role = Literal["viewer", "support", "integration", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1_000
LONGEST_NAME = 100
_SECOND = 1_000_000
LINK_SECONDS = 900
_IDLE_US, _LONGEST_US = 8 * 3_600 * _SECOND, 24 * 3_600 * _SECOND
"""A sign-in ends eight hours after its last request, and a day after it began."""
_SEEN_EVERY_US = 60 * _SECOND
_FREE_TRIES = 5
_HASHING = threading.BoundedSemaphore(2)
"""Each takes 64 MiB: many that try to sign in at once must not fill memory."""
_COMING = threading.BoundedSemaphore(4)
"""Those that hash and those that wait for it: many that try to sign in at once must not hold the threads that orders
need."""
_REMEMBERED_NAMES = 10_000
_LONGEST_PAUSE_US = 300 * _SECOND


class NameTaken(Exception):
    """Somebody has this name, or one that differs by case alone."""


class TooMany(Exception):
    """So many passwords are being checked that this one is not; trying again in a moment helps."""


class NotSignedIn(Exception):
    """The name and password let nobody in; or nobody is let in for some `seconds`, because too many were wrong."""

    def __init__(self, seconds: int = 0) -> None:
        super().__init__("name or password is wrong" if not seconds else f"too many wrong passwords: {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class User:
    """One person, without the password. Times are microseconds since 1970."""

    id: str
    name: str
    role: Role
    account_id: str | None
    """None: one of ours; else of this account, who sees nothing else."""
    created_at: int
    disabled_at: int | None
    seen_at: int | None
    has_password: bool

    def may(self, role: Role) -> bool:
        """Whether this one may do what that role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Users:
    """The repository of people and their sign-ins."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit
        self._strangers = _Strangers()

    # --- people -------------------------------------------------------------------------------------------------
    def create(self, name: str, role: Role, account_id: str | None, *, actor: str) -> User:
        """Somebody new, who has no password yet. Raises NameTaken, and ValueError for a name that is none."""
        shown = " ".join(name.split())
        if not shown or len(shown) > LONGEST_NAME or not shown.isprintable():
            raise ValueError(f"a name of 1 to {LONGEST_NAME} characters")
        user = User(new_id(), shown, role, account_id, now_us(), None, None, False)
        row = (user.id, shown, _key(shown), role, account_id, None, user.created_at, None, None, 0, None)
        try:
            with self._database.write() as connection:
                insert(connection, users, [row])
                told = {"name": shown, "role": role, "account": account_id}
                self._audit.note(connection, f"user/{user.id}", "created", actor, told)
        except Collision:
            raise NameTaken(shown) from None
        return user

    def all(self) -> list[User]:
        """Everybody, by name."""
        with self._database.read() as connection:
            return [_user(row) for row in fetch(connection, f"SELECT {_COLUMNS} FROM users ORDER BY key")]

    def named(self, name: str) -> User | None:
        """Who has this name, whatever its case."""
        with self._database.read() as connection:
            rows = fetch(connection, f"SELECT {_COLUMNS} FROM users WHERE key = ?", [_key(name)])
        return _user(rows[0]) if rows else None

    def change_role(self, user_id: str, role: Role, *, actor: str) -> None:
        """From now on they may do what this role may."""
        with self._database.write() as connection:
            rows = fetch(connection, "SELECT role FROM users WHERE id = ?", [user_id])
            if run(connection, "UPDATE users SET role = ? WHERE id = ? AND role <> ?", [(role, user_id, role)]):
                told = {"role": role, "before": rows[0][0], "after": role}
                self._audit.note(connection, f"user/{user_id}", "role changed", actor, told)

    def disable(self, user_id: str, *, actor: str, reason: str) -> bool:
        """Let them in no more, end their sign-ins and links; False where that is so already."""
        with self._database.write() as connection:
            text = "UPDATE users SET disabled_at = ? WHERE id = ? AND disabled_at IS NULL"
            changed = run(connection, text, [(now_us(), user_id)]) == 1
            if changed:
                _end_all(connection, user_id)
                self._audit.note(connection, f"user/{user_id}", "disabled", actor, {"reason": reason})
        return changed

    def enable(self, user_id: str, *, actor: str, reason: str) -> bool:
        """Let them in again; False where they are let in."""
        with self._database.write() as connection:
            text = "UPDATE users SET disabled_at = NULL, failures = 0 WHERE id = ? AND disabled_at IS NOT NULL"
            changed = run(connection, text, [(user_id,)]) == 1
            if changed:
                self._audit.note(connection, f"user/{user_id}", "enabled", actor, {"reason": reason})
        return changed

    # --- one-time links -----------------------------------------------------------------------------------------
    def link(self, user_id: str, *, actor: str, seconds: int = LINK_SECONDS) -> str:
        """A token that signs them in once within so many seconds, and lets them choose a password; it ends those before
        it."""
        token = secrets.token_urlsafe(24)
        with self._database.write() as connection:
            run(connection, "DELETE FROM sign_in_links WHERE user_id = ? AND used_at IS NULL", [(user_id,)])
            row = (_digest(token), user_id, now_us() + seconds * _SECOND, None)
            insert(connection, sign_in_links, [row])
            self._audit.note(connection, f"user/{user_id}", "link made", actor, {"seconds": seconds})
        return token

    def of_link(self, token: str) -> User | None:
        """Whom a link that can still be used is for."""
        query = (
            f"SELECT {_columns_of('u')} FROM sign_in_links l JOIN users u ON u.id = l.user_id "
            "WHERE l.sha256 = ? AND l.used_at IS NULL AND l.expires_at > ? AND u.disabled_at IS NULL"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [_digest(token), now_us()])
        return _user(rows[0]) if rows else None

    def use_link(self, token: str, password: str) -> User | None:
        """Take the link, once, with the password that they chose: it ends what they were signed in with. None where it
        can't be used any more. Raises ValueError for a password that is too short or too long, and TooMany."""
        user = self.of_link(token)
        hashed = _hashed(password)
        if user is None:
            return None
        with self._database.write() as connection:
            at = now_us()
            text = "UPDATE sign_in_links SET used_at = ? WHERE sha256 = ? AND used_at IS NULL AND expires_at > ?"
            if run(connection, text, [(at, _digest(token), at)]) != 1:
                return None
            chosen = "UPDATE users SET password = ?, failures = 0, failed_at = NULL WHERE id = ?"
            run(connection, chosen, [(hashed, user.id)])
            _end_all(connection, user.id)
            self._audit.note(connection, f"user/{user.id}", "password chosen", f"user {user.name}", {})
        return user

    # --- signing in ---------------------------------------------------------------------------------------------
    def admit(self, name: str, password: str) -> User:
        """Who this name and password let in. Raises NotSignedIn, which takes as long for a name that nobody has, and
        from the sixth wrong password on comes with a pause that doubles, up to five minutes; and TooMany."""
        key = _key(name)
        query = f"SELECT {_COLUMNS}, password, failures, failed_at FROM users WHERE key = ?"
        with _turn():  # looked up within it, so that many tries at once don't all come before the first one's pause
            with self._database.read() as connection:
                rows = fetch(connection, query, [key])
            hashed, failures, failed_at = rows[0][-3:] if rows else (None, *self._strangers.failures(key))
            pause = _pause(failures, failed_at)
            if pause > 0:
                raise NotSignedIn(-(-pause // _SECOND))
            fits = _verifies(hashed or _nobodys_hash(), password)
        user = _user(rows[0]) if rows else None
        if user is None:
            self._strangers.note_failure(key)
            raise NotSignedIn
        if user.disabled_at is not None or hashed is None or not fits:
            self._note_failure(user)
            raise NotSignedIn
        return user

    def _note_failure(self, user: User) -> None:
        with self._database.write_lightly() as connection:
            text = "UPDATE users SET failures = failures + 1, failed_at = ? WHERE id = ?"
            run(connection, text, [(now_us(), user.id)])

    def begin(self, user: User, *, instead_of: str = "") -> str:
        """A new sign-in of theirs: its token, which is told this once. The one that its browser had before ends."""
        token, at = secrets.token_urlsafe(32), now_us()
        with self._database.write() as connection:
            run(connection, "DELETE FROM sign_ins WHERE sha256 = ?", [(_digest(instead_of),)])
            insert(connection, sign_ins, [(_digest(token), user.id, at, at)])
            over = "DELETE FROM sign_ins WHERE user_id = ? AND (created_at < ? OR seen_at < ?)"
            run(connection, over, [(user.id, at - _LONGEST_US, at - _IDLE_US)])
            run(
                connection, "UPDATE users SET failures = 0, failed_at = NULL, seen_at = ? WHERE id = ?", [(at, user.id)]
            )
            self._audit.note(connection, f"user/{user.id}", "signed in", f"user {user.name}", {})
        return token

    def whose(self, token: str) -> User | None:
        """Whose sign-in this is; None where it is over, or they are let in no more."""
        at = now_us()
        query = (
            f"SELECT {_columns_of('u')}, s.seen_at FROM sign_ins s JOIN users u ON u.id = s.user_id WHERE s.sha256 = ? "
            "AND s.created_at > ? AND s.seen_at > ? AND u.disabled_at IS NULL"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [_digest(token), at - _LONGEST_US, at - _IDLE_US])
        if not rows:
            return None
        if at - rows[0][-1] > _SEEN_EVERY_US:
            with suppress(StoreUnavailable):  # looking needs no write
                self._note_seen(token, rows[0][0], at)
        return _user(rows[0])

    def _note_seen(self, token: str, user_id: str, at: int) -> None:
        with self._database.write_lightly() as connection:
            run(connection, "UPDATE sign_ins SET seen_at = ? WHERE sha256 = ?", [(at, _digest(token))])
            run(connection, "UPDATE users SET seen_at = ? WHERE id = ?", [(at, user_id)])

    def end(self, token: str) -> None:
        """Sign out."""
        with self._database.write() as connection:
            run(connection, "DELETE FROM sign_ins WHERE sha256 = ?", [(_digest(token),)])


class _Strangers:
    """Wrong passwords of names that nobody has: without pauses they would tell which names somebody has. By process,
    the latest names alone."""

    def __init__(self) -> None:
        self._failures: OrderedDict[bytes, tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def failures(self, key: str) -> tuple[int, int | None]:
        """How many there were, and when the last one was."""
        with self._lock:
            return self._failures.get(_digest(key), (0, None))

    def note_failure(self, key: str) -> None:
        """One more, now."""
        with self._lock:
            count, _ = self._failures.pop(_digest(key), (0, 0))
            self._failures[_digest(key)] = (count + 1, now_us())
            if len(self._failures) > _REMEMBERED_NAMES:
                self._failures.popitem(last=False)


_NAMES = ("id", "name", "role", "account_id", "created_at", "disabled_at", "seen_at")


def _columns_of(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in _NAMES) + f", CASE WHEN {table}.password IS NULL THEN 0 ELSE 1 END"


_COLUMNS = _columns_of("users")


def _user(row: Any) -> User:
    user_id, name, role, account_id, created_at, disabled_at, seen_at, has_password = row[: len(_NAMES) + 1]
    return User(user_id, name, role, account_id, created_at, disabled_at, seen_at, bool(has_password))


def _end_all(connection: Any, user_id: str) -> None:
    run(connection, "DELETE FROM sign_ins WHERE user_id = ?", [(user_id,)])
    run(connection, "DELETE FROM sign_in_links WHERE user_id = ? AND used_at IS NULL", [(user_id,)])


def _key(name: str) -> str:
    return " ".join(name.split()).casefold().replace("\0", "\ufffd")  # PostgreSQL's text has no NUL


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _pause(failures: int, failed_at: int | None) -> int:
    """Microseconds that are left of the pause after so many wrong passwords."""
    if failures < _FREE_TRIES or failed_at is None:
        return 0
    pause = min(_SECOND << min(failures - _FREE_TRIES, 20), _LONGEST_PAUSE_US)
    return max(0, failed_at + pause - now_us())


@contextmanager
def _turn() -> Iterator[None]:
    """While a password is hashed. Raises TooMany."""
    if not _COMING.acquire(blocking=False):
        raise TooMany
    try:
        with _HASHING:
            yield
    finally:
        _COMING.release()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """Compared with where there is nothing to compare with, so that a name that nobody has takes as long."""
    return _hasher().hash(secrets.token_urlsafe(16))


def _hashed(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValueError(f"a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    with _turn():
        return _hasher().hash(password)


def _verifies(hashed: str, password: str) -> bool:
    from argon2.exceptions import Argon2Error

    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return _hasher().verify(hashed, password)
    except Argon2Error:
        return False
