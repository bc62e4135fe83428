"""gzip from strangers, expanded no further than is allowed (RFC 1952)."""

from __future__ import annotations

import zlib

_GZIP = 31
"""zlib's window bits for a gzip stream."""
_MAX_MEMBERS = 64


class BrokenGzip(Exception):
    """It is no gzip, or not a whole one: why."""


class UnzipsTooFar(Exception):
    """It expands to more times its size than is allowed."""


class UnzippedTooLarge(Exception):
    """It is larger than is allowed, once unzipped."""


def unzipped(packed: bytes, most_bytes: int, most_ratio: int) -> bytes:
    """One gzip stream's content, its members joined (RFC 1952 2.2). Raises BrokenGzip, UnzipsTooFar and
    UnzippedTooLarge; no more is expanded than what tells that."""
    allowed = min(most_bytes, len(packed) * most_ratio)
    unpacked = bytearray()
    rest = packed
    for _ in range(_MAX_MEMBERS):
        member = zlib.decompressobj(wbits=_GZIP)
        try:
            unpacked += member.decompress(rest, allowed + 1 - len(unpacked))
        except zlib.error as error:
            raise BrokenGzip("is not gzip") from error
        if len(unpacked) > most_bytes:
            raise UnzippedTooLarge
        if len(unpacked) > allowed:
            raise UnzipsTooFar(f"expands to more than {most_ratio} times its size, which is the limit")
        if not member.eof:
            raise BrokenGzip("ends too early")
        rest = member.unused_data
        if not rest:
            return bytes(unpacked)
    raise BrokenGzip(f"has more than {_MAX_MEMBERS} members")
