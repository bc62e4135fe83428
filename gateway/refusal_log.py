"""The log of who wasn't let in: for whoever looks for a wrong secret, and no way to fill the disk."""

from __future__ import annotations

import logging
import threading
import time

LINES_A_MINUTE = 20
_WINDOW_SECONDS = 60.0

logger = logging.getLogger(__name__)


class RefusalLog:
    """At most so many lines a minute and process, for anybody can cause them; the first of the next minute says how
    many were left out. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = float("-inf")
        self._written = 0
        self._left_out = 0

    def note(self, who: str, why: str) -> None:
        """Write down that somebody wasn't let in. `who` may say anything, and ends up on the one line."""
        left_out = self._turn()
        if left_out is None:
            return
        if left_out:
            logger.warning("%d more were not let in, each without a line", left_out)
        logger.warning("not let in: %s: %s", who, why)

    def _turn(self) -> int | None:
        """How many were left out before this one; None where this one is."""
        now = time.monotonic()
        with self._lock:
            left_out = 0
            if now - self._since >= _WINDOW_SECONDS:
                left_out, self._since, self._written, self._left_out = self._left_out, now, 0, 0
            if self._written == LINES_A_MINUTE:
                self._left_out += 1
                return None
            self._written += 1
            return left_out


def as_said(text: str, most: int = 80) -> str:
    """A stranger's text for the log: in quotes, on one line, and cut."""
    return ascii(text if len(text) <= most else f"{text[:most]}...")
