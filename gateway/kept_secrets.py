"""The named secrets that the database keeps: setting, removing and reading them, and what can't be read.

Reading is from memory, at most a second behind the database. Where that is away, what was read last goes on being used.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.sealing import Keyring, NotOpened
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.sealed_secrets import SealedSecret, SealedSecrets
from schemas.formats.cxml_1_2.envelope import Secret

_FRESH_SECONDS = 1.0
_VARIABLE = "GATEWAY_SECRET_"
_RESERVED = ("KEY", "KEY_BEFORE")
_NAME = re.compile(r"[A-Z0-9_]{1,100}")
_MOST_CHARACTERS = 1_000_000
"""A bundle of authorities as PEM has some 200,000."""
_OPENS = Literal["present", "before", "nothing"]

logger = logging.getLogger(__name__)


class BadSecret(ValueError):
    """A name or value that can't be kept: why, in a sentence that never shows the value."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A secret in the database, without its value, and which key opens it: the present one, the one before, nothing."""

    secret: SealedSecret
    opened_by: _OPENS


@dataclass(frozen=True, slots=True)
class _Read:
    """A secret as it was read; `value` None: it can't be opened here."""

    number: int
    nonce: bytes
    value: Secret | None


def spelt(name: str) -> str:
    """A name as it is kept: names compare without case, `-` is `_`."""
    return name.strip().upper().replace("-", "_")


class KeptSecrets:
    """One process's view of them. Safe between threads."""

    def __init__(self, store: SealedSecrets, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring
        self._looking = threading.Lock()
        self._read: dict[str, _Read] | None = None
        self._looked_at = 0.0
        self._is_away = False

    # --- reading ------------------------------------------------------------------------------------------------
    def of(self, name: str) -> Secret | None:
        """The secret of this name as it is spelt; None where there is none that can be opened. Raises StoreUnavailable
        where none was ever read, so that nobody takes a database that is away for a secret that isn't set."""
        found = self._fresh().get(name)
        return None if found is None else found.value

    def is_sealed(self, name: str) -> bool:
        """Whether there is one of this name that can't be opened here."""
        found = self._fresh().get(name)
        return found is not None and found.value is None

    def numbers(self) -> dict[str, int]:
        """Name → the number of its secret, of those that can be opened here: another as soon as it is changed."""
        return {name: one.number for name, one in self._fresh().items() if one.value is not None}

    def _fresh(self) -> dict[str, _Read]:
        """What was read at most a second ago; where the database is away, last."""
        known = self._read
        if known is not None and time.monotonic() - self._looked_at < _FRESH_SECONDS:
            return known
        if self._looking.acquire(blocking=known is None or not self._is_away):  # else somebody tries: nobody waits
            try:
                self._look()
            finally:
                self._looking.release()
        return self._read or {}

    def _look(self) -> None:
        if self._read is not None and time.monotonic() - self._looked_at < _FRESH_SECONDS:
            return
        began = time.monotonic()
        try:
            rows = self._store.live()
        except StoreUnavailable as failure:
            if self._read is None:
                raise
            if not self._is_away:
                logger.warning("The database is away (%s); the secrets that were read last are used", failure)
            self._is_away, self._looked_at = True, time.monotonic()
            return
        self._take(rows)
        self._is_away, self._looked_at = False, began

    def _take(self, rows: Sequence[SealedSecret]) -> None:
        before = self._read or {}
        self._read = {row.name: self._reading(row, before.get(row.name)) for row in rows}

    def _reading(self, row: SealedSecret, before: _Read | None) -> _Read:
        if before is not None and (before.number, before.nonce) == (row.number, row.sealed.nonce):
            return before
        try:
            value: Secret | None = Secret(self._keyring.open(row.name, row.number, row.sealed))
        except NotOpened as failure:
            # sealed anew under a key that this process will have once it is started again: it is the same secret
            value = before.value if before is not None and before.number == row.number else None
            if value is None:
                logger.error("A secret can't be decrypted: %s", failure)
        return _Read(row.number, row.sealed.nonce, value)

    # --- the command line's and doctor's ------------------------------------------------------------------------
    def all(self) -> list[Standing]:
        """Every secret as the database has it now, and which key opens it."""
        return [Standing(row, self._opened_by(row)) for row in self._store.live()]

    def _opened_by(self, row: SealedSecret) -> _OPENS:
        try:
            self._keyring.open(row.name, row.number, row.sealed)
        except NotOpened:
            return "nothing"
        return "present" if row.sealed.key_id == self._keyring.present_id else "before"

    def set(self, name: str, value: str, *, actor: str) -> tuple[int, bool]:
        """Have the name, as it is spelt, stand for this value: (its number, whether it replaces another). Raises
        BadSecret."""
        check_name(name)
        check_value(value)
        while True:
            number = self._store.next_number(name)
            sealed = self._keyring.seal(name, number, value)
            try:
                return number, self._store.put(name, number, sealed, actor)
            except Collision:  # somebody set it at the same moment: the later one counts
                continue

    def remove(self, name: str, *, actor: str, reason: str) -> bool:
        """Forget the name's secret; False where it has none."""
        return self._store.end(name, actor, reason)

    def reencrypt(self, *, actor: str) -> tuple[list[str], list[str]]:
        """Seal under the present key what another opens: (the names of those that were, of those that nothing opens).
        A secret that is set meanwhile is under the present key already."""
        done, left = [], []
        for row in self._store.live():
            if row.sealed.key_id == self._keyring.present_id and self._opened_by(row) == "present":
                continue
            try:
                value = self._keyring.open(row.name, row.number, row.sealed)
            except NotOpened:
                left.append(row.name)
                continue
            if self._store.reseal(row, self._keyring.seal(row.name, row.number, value), actor):
                done.append(row.name)
        return done, left


def check_name(name: str) -> None:
    """Raises BadSecret where no secret can have this name, spelt already."""
    if name.startswith(_VARIABLE):
        raise BadSecret(f"{name} is a variable: the name of its secret is {name.removeprefix(_VARIABLE)}")
    if name in _RESERVED:
        raise BadSecret(f"{name} can't be the name of a secret: {_VARIABLE}{name} is a setting")
    if not _NAME.fullmatch(name):
        raise BadSecret("a secret's name is of the letters A to Z, digits, - and _, at most 100 of them")


def check_value(value: str) -> None:
    """Raises BadSecret where this can't be a secret."""
    if not value.strip():
        raise BadSecret("there is nothing in it")
    if "\0" in value:
        raise BadSecret("there is a NUL in it: no system takes that for a part of a secret")
    if len(value) > _MOST_CHARACTERS:
        raise BadSecret(f"it has more than {_MOST_CHARACTERS:,} characters")
