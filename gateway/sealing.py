"""Sealing what nobody who has only the database may read: AES-256-GCM under a key derived from GATEWAY_SECRET_KEY.

The derivation is HKDF-SHA256 (RFC 5869) with an info of its own for each use, so that one setting serves several. The
secret's name and number are authenticated with it: a row that is put in another's place doesn't open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_SEALS = b"order-gateway/named-secrets/1"
_NAMES_KEY = b"order-gateway/named-secrets/1/key-id"
_MARKS = b"order-gateway/audit-seals/1"
_MARKS_KEY = b"order-gateway/audit-seals/1/key-id"
_KEY_BYTES, _ID_BYTES = 32, 8
_LEAST_CHARACTERS, _LEAST_DIFFERENT = 32, 10
_EXAMPLES = ("at-least-32-characters-the-same-everywhere",)
"""Keys that stand in our own examples (config/deploy): everybody knows them."""
_NONCE_BYTES = 12
"""Random for each sealing (NIST SP 800-38D 8.2.2): there are far fewer than 2^32 of them under one key."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as it is stored, and which key opens it."""

    key_id: str
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """What the audit chain knows it by. It tells nothing of what is in it: sealed again it is another."""
        return hashlib.sha256(self.nonce + self.ciphertext).hexdigest()


@dataclass(frozen=True, slots=True)
class MarkKey:
    """What marks the audit chain's seals as the gateway's own; it opens nothing."""

    id: str
    _key: bytes = field(repr=False)

    def mark(self, digest: bytes) -> bytes:
        """HMAC-SHA-256 of it."""
        return hmac.digest(self._key, digest, "sha256")

    def marked(self, digest: bytes, mark: bytes) -> bool:
        """Whether the mark is of this key and this digest."""
        return hmac.compare_digest(self.mark(digest), mark)


class NotOpened(Exception):
    """It was sealed under a key that isn't at hand, or is not what was sealed. Says nothing of what is in it."""


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    cipher: AESGCM = field(repr=False)


class Keyring:
    """The key that seals, and the one before it, which only opens. They are read when they are first needed."""

    def __init__(self, read: Callable[[], tuple[str | None, str | None]]) -> None:
        self._read = read

    @cached_property
    def _keys(self) -> tuple[_Key | None, _Key | None]:
        present, before = self._read()
        return _key(present), _key(before)

    @property
    def weakness(self) -> str | None:
        """Why the present key is easily guessed, as a sentence goes on after it; None where it isn't, or there is
        none. A key is no password: nothing makes trying many of them slow."""
        present = self._read()[0]
        if not present:
            return None
        if present in _EXAMPLES:
            return "is that of an example"
        if len(present) < _LEAST_CHARACTERS:
            return f"has fewer than {_LEAST_CHARACTERS} characters"
        return "is of too few different characters" if len(set(present)) < _LEAST_DIFFERENT else None

    @property
    def present_id(self) -> str | None:
        """Which key seals; None where there is none."""
        return None if self._keys[0] is None else self._keys[0].id

    @property
    def before_id(self) -> str | None:
        """Which key was the one before; None where none is told."""
        return None if self._keys[1] is None else self._keys[1].id

    @cached_property
    def mark_keys(self) -> tuple[MarkKey, ...]:
        """What seals of the audit chain are marked with: the present key, then the one before it, of those there
        are."""
        return tuple(
            MarkKey(_derived(text, _MARKS_KEY, _ID_BYTES).hex(), _derived(text, _MARKS, _KEY_BYTES))
            for text in self._read()
            if text
        )

    @property
    def mark_key(self) -> MarkKey | None:
        """The one that marks; None where there is no present key."""
        return self.mark_keys[0] if self._keys[0] is not None else None

    def seal(self, name: str, number: int, value: str) -> Sealed:
        """The value, sealed under the present key. Raises NotOpened where there is none."""
        key = self._keys[0]
        if key is None:
            raise NotOpened("there is no GATEWAY_SECRET_KEY")
        nonce = os.urandom(_NONCE_BYTES)
        return Sealed(key.id, nonce, key.cipher.encrypt(nonce, value.encode(), _named(name, number)))

    def open(self, name: str, number: int, sealed: Sealed) -> str:
        """The value. Raises NotOpened."""
        from cryptography.exceptions import InvalidTag

        for key in self._keys:
            if key is not None and key.id == sealed.key_id:
                try:
                    return key.cipher.decrypt(sealed.nonce, sealed.ciphertext, _named(name, number)).decode()
                except (InvalidTag, ValueError):
                    raise NotOpened(f"{name} is not what was sealed under that name") from None
        raise NotOpened(f"{name} was sealed under another key")


NO_KEYS = Keyring(lambda: (None, None))
"""Where there is none."""


def _named(name: str, number: int) -> bytes:
    """What is authenticated with the value. No name has a line break in it, so none can pass for another."""
    return f"{name}\n{number}".encode()


def _key(text: str | None) -> _Key | None:
    if not text:
        return None
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    derived = _derived(text, _SEALS, _KEY_BYTES)
    return _Key(_derived(text, _NAMES_KEY, _ID_BYTES).hex(), AESGCM(derived))


def _derived(text: str, use: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length, salt=None, info=use).derive(text.encode())
