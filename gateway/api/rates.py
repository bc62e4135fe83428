"""How many orders a minute an account may send.

A sliding window counted in Redis, so that all web processes count together. A process takes a second's worth of the
account's orders from it at once and hands them out itself, so most orders cost no round trip; the rate is kept to
within that second's worth a process. While Redis is away each process counts for itself in memory, so an account may
then send its rate to each of them: the limit keeps accounts from crowding each other out, and is nothing that an order
may be lost for.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from functools import lru_cache

import redis
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from gateway.api.problems import Refused
from gateway.lanes import connect

_AWAY_SECONDS = 1.0
_WINDOW_SECONDS = 60.0


@dataclass(slots=True)
class _Share:
    """What this process has taken for an account and not handed out yet."""

    per_minute: int
    left: int
    until: float


class OrderRate:
    """Each account's count of the last minute. Safe between threads."""

    def __init__(self, redis_url: str) -> None:
        pool = connect(redis_url).connection_pool
        self._together = SlidingWindowCounterRateLimiter(RedisStorage("redis://", pool, key_prefix="rate"))
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._away_until = 0.0
        self._shares: dict[tuple[str, str], _Share] = {}
        self._lock = threading.Lock()

    def count(self, account_id: str, per_minute: int, kind: str = "orders") -> None:
        """Count one request of this kind. Raises Refused with Retry-After beyond the rate; 0 is no limit."""
        if self.is_at_hand(account_id, per_minute, kind):
            return
        rate = _rate(per_minute)
        wait = self._try_together(rate, kind, account_id)
        if wait is None:
            wait = _hit(self._alone, rate, kind, account_id)
        if wait:
            detail = f"More than the {per_minute} {kind} a minute that are agreed."
            raise Refused("rate_limited", detail, headers={"Retry-After": str(wait)})

    def is_at_hand(self, account_id: str, per_minute: int, kind: str = "orders") -> bool:
        """Count one request where that needs no asking; False where it was not counted."""
        return per_minute == 0 or self._hand_out(account_id, per_minute, kind)

    def _hand_out(self, account_id: str, per_minute: int, kind: str) -> bool:
        with self._lock:
            share = self._shares.get((kind, account_id))
            if share is None or share.left == 0 or share.per_minute != per_minute or share.until < time.monotonic():
                return False
            share.left -= 1
            return True

    def _try_together(self, rate: RateLimitItemPerMinute, kind: str, account_id: str) -> int | None:
        """Seconds to wait as counted in Redis; None where it is away. One request a second finds out if it is back."""
        if self._away_until:
            if time.monotonic() < self._away_until:
                return None
            self._away_until = time.monotonic() + _AWAY_SECONDS
        try:
            wait = self._take_share(rate, kind, account_id)
        except (redis.RedisError, OSError):
            self._away_until = time.monotonic() + _AWAY_SECONDS
            return None
        self._away_until = 0.0
        return wait

    def _take_share(self, rate: RateLimitItemPerMinute, kind: str, account_id: str) -> int:
        """Take a second's worth, of which one is used now; where that is too much, this one alone."""
        worth = rate.amount // 60
        if worth < 2 or not self._together.hit(rate, kind, account_id, cost=worth):
            return _hit(self._together, rate, kind, account_id)
        with self._lock:
            until = time.monotonic() + _WINDOW_SECONDS
            self._shares[kind, account_id] = _Share(rate.amount, worth - 1, until)
        return 0


def _hit(limiter: SlidingWindowCounterRateLimiter, rate: RateLimitItemPerMinute, kind: str, account_id: str) -> int:
    """0 where it is within the rate, else the whole seconds after which another try may be."""
    if limiter.hit(rate, kind, account_id):
        return 0
    reset_at = limiter.get_window_stats(rate, kind, account_id).reset_time
    return max(1, min(60, math.ceil(reset_at - time.time())))


@lru_cache(maxsize=1000)
def _rate(per_minute: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(per_minute)
