"""Sortable ids, 28 hexadecimal digits: 48 bits of milliseconds, 12 of microseconds within one, then 52 random bits."""

from __future__ import annotations

import os
import time

_DRAWN_AT_ONCE = 256
_RANDOM = 13
_drawn: list[str] = []
"""Random parts that no id has yet. The system's own source gives them, in blocks: asking for each takes longer than all
else that an id takes."""
os.register_at_fork(after_in_child=_drawn.clear)


def new_id(at: int | None = None) -> str:
    """A new id, of this time in microseconds or of now: later ones sort behind earlier ones of the same clock, to the
    microsecond (earlier releases' to the millisecond); nobody can guess one."""
    moment = now_us() if at is None else at
    return f"{moment // 1000:012x}{moment % 1000:03x}{_random_part()}"


def id_from(at: int) -> str:
    """What ids of this time, in microseconds, begin with, and sort behind."""
    return f"{at // 1000:012x}"


def _random_part() -> str:
    """Each is given once, whichever thread asks; a process that forks shares none with its child."""
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            block = os.urandom(_RANDOM * _DRAWN_AT_ONCE // 2).hex()
            _drawn.extend(block[start : start + _RANDOM] for start in range(0, len(block), _RANDOM))


def now_us() -> int:
    """The wall clock in microseconds since 1970, for telling people when; leases never use it."""
    return time.time_ns() // 1000
