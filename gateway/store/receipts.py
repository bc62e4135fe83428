"""The clock by which messages are received: later ones have later times, also where the wall clock is set back.

Changes without a number are made in the order in which they were received, so that order must not turn round when
somebody, or NTP at a restart, corrects the clock. A process never gives a time twice, nor an earlier one than before.
That the wall clock was set back shows in its distance from the clock of the boot, which nobody sets; until it is again
where it was, the database is asked which time was given last, because other processes receive as well. In between
nobody is asked.
"""

from __future__ import annotations

import threading
import time

from gateway.store.database import Database
from gateway.store.ids import id_from, now_us
from gateway.store.statements import fetch

_FARTHEST_AHEAD_US = 86_400_000_000
"""A time as far ahead as that was told by a clock that was wrong: it isn't followed."""
_UNSTEADY_US = 1_000
"""So far apart two clocks may be read."""
_LOOKS = 10


class ReceiptClock:
    """One process's clock of receipts; its threads share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading = threading.Lock()
        self._last = 0
        self._ahead_of_boot = 0
        self._asks_until: int | None = None
        """Until the wall clock shows this, others may have given later times; None: nobody was asked yet."""

    def at_hand(self) -> int | None:
        """The time of a message that is received now, in microseconds; None where the database has to be asked."""
        with self._reading:
            wall, boot = _both_clocks()
            return None if self._must_ask(wall, boot) else self._given(wall, 0)

    def now(self) -> int:
        """The time of a message that is received now, in microseconds. Raises StoreUnavailable where others have to be
        asked."""
        at = self.at_hand()
        if at is not None:
            return at
        wall = now_us()
        latest = self._given_last(wall)
        with self._reading:
            if self._asks_until is None:
                self._asks_until = latest
            return self._given(wall, latest)

    def _given(self, wall: int, latest: int) -> int:
        last = max(self._last, latest)
        self._last = wall if last - wall >= _FARTHEST_AHEAD_US else max(wall, last + 1)
        return self._last

    def _must_ask(self, wall: int, boot: int) -> bool:
        before, self._ahead_of_boot = self._ahead_of_boot, wall - boot
        if self._asks_until is None:
            return True
        was_set_back = before - self._ahead_of_boot
        if _UNSTEADY_US < was_set_back < _FARTHEST_AHEAD_US:  # what it would show now, others may have given
            self._asks_until = max(self._asks_until, boot + before)
        return wall < self._asks_until

    def _given_last(self, wall: int) -> int:
        """The last microsecond of the millisecond in which any process gave a message its time last, as far as that is
        kept: within one, ids don't sort by time. 0: none."""
        query = "SELECT received_at FROM messages WHERE id < ? ORDER BY id DESC LIMIT 1"
        with self._database.read() as connection:
            rows = fetch(connection, query, [id_from(wall + _FARTHEST_AHEAD_US)])
        return rows[0][0] // 1000 * 1000 + 999 if rows else 0


def _both_clocks() -> tuple[int, int]:
    """The wall clock and the clock of the boot, in microseconds, read at once: a process that is held up between the
    two would seem to see the wall clock set back. Of several looks on a machine that is busy the steadiest counts."""
    looks: list[tuple[int, int, int]] = []
    for _ in range(_LOOKS):
        before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        wall = now_us()
        after = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        looks.append(((after - before) // 1000, wall, after // 1000))
        if looks[-1][0] <= _UNSTEADY_US:
            break
    _, wall, boot = min(looks)
    return wall, boot
