"""Waiting for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable


class NotInTime(AssertionError):
    """What was waited for did not come."""


def until(condition: Callable[[], object], seconds: float, what: str, pause: float = 0.005) -> float:
    """Return as soon as it holds: how many seconds that took. Raises NotInTime."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise NotInTime(f"not within {seconds:g} s: {what}")
        time.sleep(pause)
    return time.monotonic() - began
