"""Moments as commands show them."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def moment(at: int | None) -> str | None:
    """Microseconds since 1970 as ISO 8601 in UTC, to the millisecond."""
    if at is None:
        return None
    seconds, rest = divmod(at, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).isoformat(timespec="milliseconds")


def seen() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // 1000
