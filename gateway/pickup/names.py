"""What files are called: as people read it, and as they are called where they are put; and what others say of them."""

from __future__ import annotations

_LONGEST = 255
"""Bytes of a file's name, on most file systems."""
_BEING_WRITTEN = (b".part", b".tmp", b".filepart", b".writing")


def is_being_written(raw: bytes) -> bool:
    """Whether its name says that somebody still writes it."""
    return raw.startswith(b".") or raw.lower().endswith(_BEING_WRITTEN)


def shown(raw: bytes) -> str:
    """The name as text that can be shown and kept: what isn't UTF-8 or can't be printed is escaped, and so is `\\`, so
    that two names never read alike."""
    text = raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def labelled(label: str, raw: bytes) -> bytes:
    """The name behind a label, cut at its beginning where it would be too long for a file system."""
    before = label.encode() + b"_"
    return before + raw[-(_LONGEST - len(before)) :]


_SAID = 500
"""Characters that are kept of what somebody else says."""


def words(said: object) -> str:
    """Somebody else's words as one line that can be shown, logged and kept."""
    return "".join(one if one.isprintable() else "\ufffd" for one in str(said)[:_SAID])
