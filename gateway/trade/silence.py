"""When an account usually has sent its first order of the day, so that one that hasn't by then is noticed.

Days are compared with their like: the same weekday, in the account's own time zone, no public holidays of its calendar.
An account is expected only where it sent on at least seven of the last eight such days, and only half an hour after the
latest of their first orders: one that is new, sends now and then, or sends at any hour never alarms. What is compared
is the time that the clocks there show, so a change of the hour moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.trade.hours import MICROSECOND, begins
from mappings.calendars import UnknownCalendar, public_holidays

COMPARED, USUALLY = 8, 7
"""So many days like today are looked at, and on so many of them it must have sent."""
MARGIN = timedelta(minutes=30)
_WEEKS = 16
"""Further back nobody looks for days that were no holidays."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local_day(at: int, time_zone: str) -> date:
    """The day that it is there at this moment, in microseconds since 1970."""
    return datetime.fromtimestamp(at // 1_000_000, ZoneInfo(time_zone)).date()


def span_of(day: date, time_zone: str) -> tuple[int, int]:
    """When the day begins there and when it is over, in microseconds since 1970."""
    return begins(time_zone, day), begins(time_zone, day + timedelta(days=1))


@lru_cache(maxsize=4096)
def days_like(day: date, calendar: str | None) -> tuple[date, ...]:
    """The last days that this one is compared with, newest first; none where it is a public holiday itself, or where
    there weren't enough."""
    if _is_holiday(day, calendar):
        return ()
    earlier = (day - timedelta(weeks=weeks) for weeks in range(1, _WEEKS + 1))
    found = [one for one in earlier if not _is_holiday(one, calendar)][:COMPARED]
    return tuple(found) if len(found) == COMPARED else ()


def usual_by(day: date, time_zone: str, firsts: Mapping[date, int | None]) -> int | None:
    """The moment of the day by which the account usually has sent, in microseconds since 1970; None where nothing is
    usual. `firsts`: each of `days_like` → its first order, None where there was none."""
    sent = [_clock(first, time_zone) for first in firsts.values() if first is not None]
    if len(firsts) < COMPARED or len(sent) < USUALLY:
        return None
    shown = datetime.combine(day, datetime.min.time()) + max(sent) + MARGIN
    if shown.date() != day:
        return None  # it may come until midnight
    return (shown.replace(tzinfo=ZoneInfo(time_zone)) - _EPOCH) // MICROSECOND


def _clock(at: int, time_zone: str) -> timedelta:
    """What the clocks there show, since midnight."""
    shown = datetime.fromtimestamp(at // 1_000_000, ZoneInfo(time_zone))
    return timedelta(hours=shown.hour, minutes=shown.minute, seconds=shown.second)


def _is_holiday(day: date, calendar: str | None) -> bool:
    """A calendar that nobody knows, of an older program's terms, has none."""
    try:
        return calendar is not None and day in public_holidays(calendar, day.year)
    except UnknownCalendar:
        return False
