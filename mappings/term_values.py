"""What single values of account.yaml are: days, durations, hours, currencies, and how each is written."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from schemas.charge_codes import ALLOWANCE_REASONS

_ACCOUNT_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DURATION = re.compile(r"^(\d{1,5})(m|h|d)$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_WAIT = re.compile(r"(\d{1,5})([smhd])")
_WAIT_UNITS = {"s": "seconds", **_UNITS}
_WAIT_SIZES = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_SPAN = re.compile(r"(\d\d):([0-5]\d)\s*-\s*(\d\d):([0-5]\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLOSED = "closed"
_DAY_MINUTES = 1440
_UNREADABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def _duration(value: Any) -> Any:
    """`30m`, `4h`, `2d`; the model itself writes and reads the same text."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.match(str(value))
    if match is None:
        raise ValueError("a whole number and m, h or d, such as 4h")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _duration_text(value: timedelta) -> str:
    """Two hours as `2h`, ninety minutes as `90m`: the largest unit that says it in whole numbers."""
    minutes = int(value.total_seconds()) // 60
    for letter, size in (("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{letter}"
    return f"{minutes}m"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of them, or no name of a file
        raise ValueError("an IANA time zone such as Europe/Berlin") from error
    return name


def _shown_name(name: str) -> str:
    if _UNREADABLE.search(name):  # it has a column of its own, which takes no NUL
        raise ValueError("a name in one line, without control characters")
    return name


def _day_hours(value: Any) -> Any:
    """`08:00-17:00`, `08:00-12:00, 13:00-17:00` or `closed`, as minutes since midnight."""
    if isinstance(value, tuple):
        return value
    if str(value).strip() == _CLOSED:
        return ()
    found = [_SPAN.fullmatch(part.strip()) for part in str(value).split(",")]
    spans = [(int(one[1]) * 60 + int(one[2]), int(one[3]) * 60 + int(one[4])) for one in found if one is not None]
    moments = [moment for span in spans for moment in span]
    is_rising = all(earlier < later for earlier, later in pairwise(moments))
    if len(spans) < len(found) or not is_rising or moments[-1] > _DAY_MINUTES:
        raise ValueError("hours such as 08:00-17:00, or 08:00-12:00, 13:00-17:00 in turn, or closed")
    return tuple(spans)


def _day_hours_text(spans: tuple[tuple[int, int], ...]) -> str:
    said = (f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}" for start, end in spans)
    return ", ".join(said) or _CLOSED


def _account_id(text: str) -> str:
    if not _ACCOUNT_ID.fullmatch(text):
        raise ValueError("2 to 63 small letters, digits and -, beginning with a letter or digit")
    return text


def _currency(text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise ValueError("three letters of ISO 4217, such as EUR")
    return text


def _day(value: Any) -> Any:
    """`2026-12-01` and nothing else: neither a time nor a number of seconds."""
    if isinstance(value, date):
        return value
    try:
        if _DAY.fullmatch(str(value)):
            return date.fromisoformat(str(value))
    except ValueError:
        pass  # a day that no calendar has
    raise ValueError("a day such as 2026-12-01")


def _allowance_reason(code: str) -> str:
    if code not in ALLOWANCE_REASONS:
        known = ", ".join(sorted(ALLOWANCE_REASONS, key=int))
        raise ValueError(f"a code of UNCL 5189 that invoices may have: {known}")
    return code


def _wait(value: Any) -> Any:
    """`5s`, `30m`, `2h`, `1d`: how long after one attempt at a delivery the next is made."""
    if isinstance(value, timedelta):
        return value
    match = _WAIT.fullmatch(str(value))
    if match is None:
        raise ValueError("a whole number and s, m, h or d, such as 30m")
    return timedelta(**{_WAIT_UNITS[match[2]]: int(match[1])})


def _wait_text(value: timedelta) -> str:
    """The largest unit that says it in whole numbers."""
    seconds = int(value.total_seconds())
    return next(f"{seconds // size}{letter}" for letter, size in _WAIT_SIZES if seconds % size == 0)


AccountId = Annotated[str, AfterValidator(_account_id)]
Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(_duration_text, return_type=str)]
Wait = Annotated[timedelta, BeforeValidator(_wait), PlainSerializer(_wait_text, return_type=str)]
Day = Annotated[date, BeforeValidator(_day)]
AllowanceReason = Annotated[str, AfterValidator(_allowance_reason)]
ShownName = Annotated[str, AfterValidator(_shown_name)]
TimeZone = Annotated[str, AfterValidator(_zone)]
DayHours = Annotated[
    tuple[tuple[int, int], ...], BeforeValidator(_day_hours), PlainSerializer(_day_hours_text, return_type=str)
]
"""(opening, closing) in minutes since midnight, in turn; written `08:00-17:00`."""
Currency = Annotated[str, AfterValidator(_currency)]
USUAL_WAITS = tuple(map(_wait, ("5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "22h")))
"""Ten attempts in about three days."""
