"""The months, quarters and years of the calendar that rebates are worked out for, by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

PeriodKind = Literal["month", "quarter", "year"]
_NAME = re.compile(r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})|-Q(?P<quarter>[1-4]))?")


@dataclass(frozen=True, slots=True)
class CalendarPeriod:
    """`2026-11`, `2026-Q4` or `2026`, and its first day."""

    name: str
    kind: PeriodKind
    first: date


def period_named(name: str) -> CalendarPeriod:
    """The period of this name. Raises ValueError where it names none."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is no period: a month is written 2026-11, a quarter 2026-Q4, a year 2026")
    year, month, quarter = int(found["year"]), found["month"], found["quarter"]
    try:
        if month is not None:
            return CalendarPeriod(name, "month", date(year, int(month), 1))
        if quarter is not None:
            return CalendarPeriod(name, "quarter", date(year, int(quarter) * 3 - 2, 1))
        return CalendarPeriod(name, "year", date(year, 1, 1))
    except ValueError:
        raise ValueError(f"{name!r} is no period of the calendar") from None


def period_around(kind: PeriodKind, day: date) -> CalendarPeriod:
    """The month, quarter or year that the day is in."""
    quarter = (day.month + 2) // 3
    names = {
        "month": f"{day.year:04d}-{day.month:02d}",
        "quarter": f"{day.year:04d}-Q{quarter}",
        "year": f"{day.year:04d}",
    }
    return period_named(names[kind])
