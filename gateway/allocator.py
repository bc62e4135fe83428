"""glibc's allocator, told to give large blocks back.

By itself it learns from the first large block that is freed: blocks of up to that size (32 MB at most) come from the
heap from then on, and the heap keeps up to twice as much at its end. A process that has had one document of 12 MB keeps
the room for the copies of it that a database driver makes, beside all that a later one takes.
"""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""malloc.h"""
_LARGE = 1_048_576
"""Bytes of a block that is mapped by itself. Hardly anything of an order of a few lines is so large."""
_KEPT = 16_777_216
"""Bytes that may stay free at the end of the heap, so that batch after batch doesn't take and give them."""


def return_large_blocks() -> None:
    """Fix both thresholds for this process; nothing where the C library isn't glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
