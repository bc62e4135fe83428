"""When a document is tried again: after the account's waits, spread so that what failed together doesn't come back
together."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta

_SPREAD = 0.2
_LONGEST = timedelta(days=1)
"""A partner that asks for a longer wait (Retry-After) doesn't get it: a document would be late for a typing error."""


def wait_after(
    attempt: int,
    waits: Sequence[timedelta],
    asked: float | None = None,
    spread: Callable[[float, float], float] = random.uniform,
) -> float | None:
    """Seconds from the end of this attempt, counted from 1, to the next; None where it was the last. `asked`: the
    seconds that the partner asked for, at least so long."""
    if attempt > len(waits):
        return None
    planned = waits[attempt - 1].total_seconds() * spread(1 - _SPREAD, 1 + _SPREAD)
    return max(planned, min(asked or 0.0, _LONGEST.total_seconds()))
