"""Sortable ids: 48 bits of milliseconds, then 64 random bits, as 28 hexadecimal digits."""

from __future__ import annotations

import os
import time


def new_id() -> str:
    """A new id: later ones sort behind earlier ones of the same clock, to the millisecond; nobody can guess one."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(8).hex()}"


def now_us() -> int:
    """The wall clock in microseconds since 1970, for telling people when; leases never use it."""
    return time.time_ns() // 1000
