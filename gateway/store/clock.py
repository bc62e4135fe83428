"""The clock of leases: it never follows the wall clock of this machine.

SQLite: the boot's own monotonic clock, with the boot's id, so that a lease from before a restart is simply over.
PostgreSQL: the server's clock, one for all machines.
"""

from __future__ import annotations

import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class LeaseClock:
    """Milliseconds now, and the id of the boot they belong to ("" on PostgreSQL)."""

    def __init__(self, *, is_sqlite: bool) -> None:
        self._is_sqlite = is_sqlite
        self.boot = _boot_id() if is_sqlite else ""

    def now(self) -> tuple[str, list[int]]:
        """Milliseconds, comparable between the processes that share the database: as an SQL expression and its
        parameters, so that asking PostgreSQL for its time is no statement of its own."""
        if self._is_sqlite:
            return "?", [time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000]
        return "(extract(epoch FROM clock_timestamp()) * 1000)::bigint", []


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"
