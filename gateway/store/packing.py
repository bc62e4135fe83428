"""Large documents as they are stored: packed, because that is quicker than waiting for the disk to take them whole.

What is stored packed begins with a mark. A document that begins with the mark itself is always packed, so that a mark
always means this. Every copy that the database and its driver make of a body is then a small one, too.
"""

from __future__ import annotations

import zlib

LARGE = 65_536
"""Bytes; smaller documents are stored as they are."""
_MARK = b"\x00zlib\x00"
_QUICKLY = 1


def packed(body: bytes) -> bytes:
    """What is stored of a document."""
    if len(body) <= LARGE and not body.startswith(_MARK):
        return body
    small = _MARK + zlib.compress(body, _QUICKLY)
    return small if len(small) < len(body) or body.startswith(_MARK) else body


def unpacked(stored: bytes) -> bytes:
    """The document, of what was stored."""
    return zlib.decompress(memoryview(stored)[len(_MARK) :]) if stored.startswith(_MARK) else stored
