"""When an answer is due: `acknowledge_within` after receipt, counted in the account's business hours."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from mappings.account import Account, BusinessHours
from mappings.calendars import UnknownCalendar, known_calendar, public_holidays

MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_LONGEST_DAYS = 366
"""Business hours are looked for in so many days; what is left of a longer wait counts day and night."""
_CLOSED_DAYS = 31
"""A place that is closed for longer is taken to open at midnight: nothing is thought to be due later than it is."""
_KEPT_YEARS = range(1970, 2200)
"""Years for which public holidays are worked out; a day beyond them begins at midnight."""
_USUAL_HOURS = BusinessHours()

Spans = tuple[tuple[int, int], ...]
"""(opening, closing) in microseconds since 1970, in turn."""

logger = logging.getLogger(__name__)


def answer_due(account: Account, received_at: int) -> int:
    """The first moment at which `acknowledge_within` has passed, in microseconds since 1970 as `received_at` is.

    Without a calendar the clock runs day and night. With one it runs in the account's business hours and stands still
    outside of them, at weekends and on public holidays; a day (`1d`) is 24 business hours.
    """
    within = account.policies.acknowledge_within // MICROSECOND
    if within == 0 or account.calendar is None or not _is_known(account.calendar):
        return received_at + within
    hours = account.business_hours or _USUAL_HOURS
    day = _local_day(received_at, account.time_zone)
    return _passed(received_at, within, _opening(account.time_zone, account.calendar, hours, day, within))


def tightened(due_at: int, respond_by: date | None, received_at: int, time_zone: str) -> int:
    """`due_at`, or the end of the day by which the document itself wants its answer, where that is earlier; a day that
    was over when it came makes it due at once. In microseconds since 1970; UBL 2.1, Order/ValidityPeriod."""
    if respond_by is None or respond_by >= _local_day(due_at, time_zone):
        return due_at
    return max(received_at, _moment(respond_by, _DAY, ZoneInfo(time_zone)))


def begins(time_zone: str, day: date) -> int:
    """Midnight, at which the day begins there; in microseconds since 1970."""
    return _moment(day, timedelta(), ZoneInfo(time_zone))


def opens(time_zone: str, calendar: str | None, hours: BusinessHours | None, day: date) -> int:
    """When the account's places open on that day, or on the first day after it on which they do; without a calendar
    they are open day and night. In microseconds since 1970."""
    if calendar is None or not _is_known(calendar) or day.year not in _KEPT_YEARS:
        return begins(time_zone, day)
    zone = ZoneInfo(time_zone)
    days = (day + number * _DAY for number in range(_CLOSED_DAYS))
    spans = (span for one in days for span in _open_on(one, calendar, hours or _USUAL_HOURS, zone))
    return next(spans, (begins(time_zone, day), 0))[0]


def _local_day(at: int, time_zone: str) -> date:
    return _day_of(at // 1_000_000, time_zone)


@lru_cache(maxsize=4096)
def _day_of(second: int, time_zone: str) -> date:
    """Orders come many in a second."""
    return datetime.fromtimestamp(second, ZoneInfo(time_zone)).date()


def _passed(since: int, within: int, opening: Spans) -> int:
    left = within
    for opens, closes in opening:
        begins = max(opens, since)
        if closes - begins >= left:
            return begins + left
        left -= max(0, closes - begins)
    return max(since, opening[-1][1] if opening else since) + left


@lru_cache(maxsize=4096)
def _opening(time_zone: str, calendar: str, hours: BusinessHours, first: date, within: int) -> Spans:
    """The business hours from that day on, until all of `within` has passed for whoever came late on it. Kept, because
    a busy account asks for the same day a thousand times a second."""
    zone = ZoneInfo(time_zone)
    found = list(_open_on(first, calendar, hours, zone))
    left = within
    for days in range(1, _LONGEST_DAYS):
        for span in _open_on(first + days * _DAY, calendar, hours, zone):
            found.append(span)
            left -= span[1] - span[0]
        if left <= 0:
            break
    return tuple(found)


def _open_on(day: date, calendar: str, hours: BusinessHours, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    if day in public_holidays(calendar, day.year):
        return
    for opens, closes in hours.week[day.weekday()]:
        span = _moment(day, timedelta(minutes=opens), zone), _moment(day, timedelta(minutes=closes), zone)
        if span[0] < span[1]:
            yield span


def _moment(day: date, on_the_clock: timedelta, zone: ZoneInfo) -> int:
    """When the clocks there show that time of the day: for the first time where they show it twice in autumn, an hour
    later where they skip it in spring."""
    shown = datetime.combine(day, time()) + on_the_clock
    return (shown.replace(tzinfo=zone) - _EPOCH) // MICROSECOND


@lru_cache(maxsize=256)
def _is_known(calendar: str) -> bool:
    """Whether it can be counted by. A folder that names an unknown one is refused, but earlier releases took any text:
    then the clock runs day and night, so that no answer is ever thought to be due later than it is."""
    try:
        known_calendar(calendar)
    except UnknownCalendar as unknown:
        logger.warning("%s; answers are due without business hours", unknown)
        return False
    return True
