"""Sortable ids: 48 bits of milliseconds, then 80 random bits, as 26 base-32 characters that sort as the number does."""

from __future__ import annotations

import base64
import os
import time


def new_id() -> str:
    """A new id: later ones sort behind earlier ones of the same clock, to the millisecond; nobody can guess one."""
    raw = (time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10)
    return base64.b32hexencode(raw)[:26].decode().lower()


def now_us() -> int:
    """The wall clock in microseconds since 1970, for telling people when; leases never use it."""
    return time.time_ns() // 1000
