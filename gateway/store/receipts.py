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
"""So much later the second of two clocks may be read than the first."""


class ReceiptClock:
    """One process's clock of receipts; its threads share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading = threading.Lock()
        self._last = 0
        self._ahead_of_boot = 0
        self._asks_until: int | None = None
        """Until the wall clock shows this, others may have given later times; None: nobody was asked yet."""

    def is_at_hand(self) -> bool:
        """Whether a time can be told without asking the database."""
        with self._reading:
            return not self._must_ask(now_us())

    def now(self) -> int:
        """The time of a message that is received now, in microseconds. Raises StoreUnavailable where others have to be
        asked."""
        wall = now_us()
        with self._reading:
            must_ask = self._must_ask(wall)
        latest = self._given_last(wall) if must_ask else 0
        with self._reading:
            if self._asks_until is None:
                self._asks_until = latest
            last = max(self._last, latest)
            self._last = wall if last - wall >= _FARTHEST_AHEAD_US else max(wall, last + 1)
            return self._last

    def _must_ask(self, wall: int) -> bool:
        boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
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
