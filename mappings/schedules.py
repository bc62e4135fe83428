"""When a schedule is due: cron's five fields, on the account's own clock.

Each time that the schedule names is one slot, whatever the clock does: one that the clock shows twice is the first of
the two, one that it skips comes as much later as it skips.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_FIELDS = 5
_LONGEST_SHIFT = timedelta(hours=3)
"""More than any clock is ever set forward or back."""
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def checked(schedule: str) -> str:
    """The schedule. Raises ValueError, in words, for one that isn't cron's or names no time."""
    from croniter import croniter
    from croniter.croniter import CroniterError

    try:
        if len(schedule.split()) == _FIELDS:
            croniter(schedule, _ANY_DAY).get_next(datetime)
            return schedule
    except (CroniterError, ValueError, KeyError):
        pass
    raise ValueError("cron's five fields, minute, hour, day, month and weekday, such as 0 6 * * * or 30 5 * * mon-fri")


def next_slot(schedule: str, zone: str, after: datetime) -> datetime:
    """The first slot after this moment."""
    return next(slot for slot in _slots(schedule, zone, after, forward=True) if slot > after)


def last_slot(schedule: str, zone: str, until: datetime) -> datetime:
    """The last slot up to this moment."""
    return next(slot for slot in _slots(schedule, zone, until, forward=False) if slot <= until)


def _slots(schedule: str, zone: str, around: datetime, *, forward: bool) -> Iterator[datetime]:
    """The slots from before this moment on, or from after it back. The schedule is counted in what the clock on the
    wall shows; what that is in UTC is worked out for each slot."""
    from croniter import croniter

    clock = ZoneInfo(zone)
    shown = around.astimezone(clock).replace(tzinfo=None)
    counted = croniter(schedule, shown - _LONGEST_SHIFT if forward else shown + _LONGEST_SHIFT)
    step = counted.get_next if forward else counted.get_prev
    while True:
        yield step(datetime).replace(tzinfo=clock).astimezone(UTC)
