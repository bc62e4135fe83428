"""API keys: an id, random letters and a check digit, of which only the SHA-256 is stored."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.audit import Audit
from gateway.store.database import Database, StoreUnavailable
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import api_keys

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_CACHE_SECONDS = 2.0
_LAST_USED_EVERY_US = 60_000_000


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. `account_id` None: the back office's."""

    id: str
    account_id: str | None
    test: bool
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None

    def is_live(self, now: int) -> bool:
        """Neither revoked nor expired."""
        return (self.revoked_at is None or self.revoked_at > now) and (self.expires_at is None or self.expires_at > now)


class Keys:
    """The repository of keys. Look-ups are remembered for two seconds, so a revoked key dies within that."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit
        self._cache: dict[str, tuple[float, bytes, ApiKey]] = {}
        self._noted: dict[str, int] = {}
        """Key id → when this process last tried to note its use."""
        self._beside = ThreadPoolExecutor(1, "key-uses")

    def create(
        self, account_id: str | None, *, actor: str, test: bool = False, expires_at: int | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which is shown this once: `gw_live_<id>_<32 random characters><6 check>`."""
        key, text = _new(account_id, test, expires_at)
        with self._database.write() as connection:
            self._add(connection, key, text, actor)
        return key, text

    def rotate(self, key_id: str, *, actor: str, ends_at: int | None = None) -> tuple[ApiKey, str] | None:
        """A new key of the same kind beside one that is live, and its text, shown this once. Both work until the old
        one is revoked, or `ends_at`, where that is before it would have ended. None where there is no such live key."""
        now = now_us()
        with self._database.read() as connection:
            found = fetch(connection, f"SELECT {_COLUMNS} FROM api_keys WHERE id = ?", [key_id])
        old = _key(found[0]) if found else None
        if old is None or not old.is_live(now):
            return None
        key, text = _new(old.account_id, old.test, None)
        ends = min((one for one in (old.expires_at, ends_at) if one is not None), default=None)
        with self._database.write() as connection:
            ended = "UPDATE api_keys SET expires_at = ? WHERE id = ? AND revoked_at IS NULL"
            if not run(connection, ended, [(ends, key_id)]):
                return None  # revoked a moment ago: nothing goes on
            self._add(connection, key, text, actor)
            self._audit.note(connection, f"key/{key_id}", "rotated", actor, {"to": key.id, "expires_at": ends})
        self._cache.pop(key_id, None)
        return key, text

    def _add(self, connection: Connection, key: ApiKey, text: str, actor: str) -> None:
        row = (key.id, key.account_id, _digest(text), int(key.test), key.created_at, key.expires_at, None, None)
        insert(connection, api_keys, [row])
        self._audit.note(connection, f"key/{key.id}", "created", actor, {"account": key.account_id, "test": key.test})

    def verify(self, text: str) -> ApiKey | None:
        """The live key of this text, compared in constant time; None for anything else."""
        key_id = _id_in(text)
        return None if key_id is None else self._verified(text, self._cached(key_id) or self._look_up(key_id))

    def named(self, text: str) -> str | None:
        """The id of the key that this text names, live or not, and whatever its secret; None where there is none."""
        key_id = _id_in(text)
        found = None if key_id is None else self._cached(key_id) or self._look_up(key_id)
        return None if found is None else key_id

    def known(self, text: str) -> ApiKey | None:
        """The same where the key was looked up a moment ago, else None. Asks nobody."""
        parts = text.split("_", 3)
        return self._verified(text, self._cached(parts[2])) if len(parts) == 4 else None

    def _verified(self, text: str, found: tuple[bytes, ApiKey] | None) -> ApiKey | None:
        if found is None or not hmac.compare_digest(found[0], _digest(text)) or not found[1].is_live(now_us()):
            return None
        self._note_use(found[1])
        return found[1]

    def _cached(self, key_id: str) -> tuple[bytes, ApiKey] | None:
        cached = self._cache.get(key_id)
        fresh = cached is not None and time.monotonic() - cached[0] < _CACHE_SECONDS
        return cached[1:] if cached is not None and fresh else None

    def _look_up(self, key_id: str) -> tuple[bytes, ApiKey] | None:
        with self._database.read() as connection:
            rows = fetch(connection, f"SELECT sha256, {_COLUMNS} FROM api_keys WHERE id = ?", [key_id])
        if not rows:
            return None
        found = (bytes(rows[0][0]), _key(rows[0][1:]))
        if len(self._cache) > 10_000:
            self._cache.clear()
        self._cache[key_id] = (time.monotonic(), *found)
        return found

    def _note_use(self, key: ApiKey) -> None:
        """Once a minute at most, and beside the request: a locked database must not hold it up for this."""
        now = now_us()
        last = max(key.last_used_at or 0, self._noted.get(key.id, 0))
        if now - last < _LAST_USED_EVERY_US:
            return
        self._noted[key.id] = now
        self._beside.submit(self._write_use, now, key.id)

    def _write_use(self, now: int, key_id: str) -> None:
        try:
            with self._database.write() as connection:
                run(connection, "UPDATE api_keys SET last_used_at = ? WHERE id = ?", [(now, key_id)])
        except StoreUnavailable as failure:  # a note for people: the next use will be noted
            logger.warning("the use of key %s was not noted: %s", key_id, failure)

    def stop(self) -> None:
        """Note what is still to be noted, and nothing more."""
        self._beside.shutdown()

    def all(self, account_id: str | None = None) -> list[ApiKey]:
        """Every key, or one account's, newest first."""
        own = "" if account_id is None else "WHERE account_id = ? "
        query = f"SELECT {_COLUMNS} FROM api_keys {own}ORDER BY created_at DESC"
        with self._database.read() as connection:
            return [_key(row) for row in fetch(connection, query, [] if account_id is None else [account_id])]

    def revoke(self, key_id: str, *, actor: str) -> bool:
        """End a key now; False where there is none of that id."""
        with self._database.write() as connection:
            statement = "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
            changed = run(connection, statement, [(now_us(), key_id)])
            if changed:
                self._audit.note(connection, f"key/{key_id}", "revoked", actor, {})
            exists = bool(fetch(connection, "SELECT 1 FROM api_keys WHERE id = ?", [key_id]))
        self._cache.pop(key_id, None)
        return exists


_COLUMNS = "id, account_id, test, created_at, expires_at, revoked_at, last_used_at"


def _new(account_id: str | None, test: bool, expires_at: int | None) -> tuple[ApiKey, str]:
    key = ApiKey(_random(10), account_id, test, now_us(), expires_at, None, None)
    kind = ("test" if test else "live") if account_id else "office"
    text = f"gw_{kind}_{key.id}_{_random(32)}"
    return key, text + _checksum(text)


def _key(row: Any) -> ApiKey:
    return ApiKey(row[0], row[1], bool(row[2]), *row[3:])


def _id_in(text: str) -> str | None:
    """The id in a key's text; None where it is no key, or mistyped."""
    parts = text.split("_")
    if len(parts) != 4 or parts[0] != "gw" or not text.isascii() or _checksum(text[:-6]) != text[-6:]:
        return None
    return parts[2]


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(text: str) -> str:
    value = zlib.crc32(text.encode("utf-8", "replace"))
    letters = ""
    for _ in range(6):
        value, rest = divmod(value, 36)
        letters += _ALPHABET[rest]
    return letters


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
