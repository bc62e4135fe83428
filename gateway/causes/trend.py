"""When the messages of a problem came, as bars."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.causes.cause import Cause
from gateway.store.store import Store

_HOUR, _DAY = 3_600_000_000, 86_400_000_000
_HOURS, _DAYS = 48, 60


@dataclass(frozen=True, slots=True)
class Bar:
    """One span: when it begins, in microseconds since 1970, and how many messages came in it."""

    at: int
    count: int


@dataclass(frozen=True, slots=True)
class Trend:
    """The bars of as many spans, the latest last, with those in which nothing came."""

    unit: str
    """hour or day."""
    bars: tuple[Bar, ...]

    @property
    def most(self) -> int:
        """The count of the highest bar, at least 1."""
        return max([1, *(one.count for one in self.bars)])


def trend(store: Store, cause: Cause, now: int) -> Trend | None:
    """By hour for two days, else by day; None where there is nothing to be seen of it."""
    if cause.what != "message" or not cause.count:
        return None
    is_recent = now - cause.first_at < _HOURS * _HOUR
    step, most = (_HOUR, _HOURS) if is_recent else (_DAY, _DAYS)
    last = now - now % step
    first = max(cause.first_at - cause.first_at % step, last - (most - 1) * step)
    found = store.problems.trend(cause.fingerprint, first, step)
    bars = tuple(Bar(at, found.get(at, 0)) for at in range(first, last + 1, step))
    return Trend("hour" if is_recent else "day", bars) if len(bars) > 1 else None
