"""Dates, times and moments as accounts write them ↔ ours.

A format is letters (`YYYY MM DD hh mm ss`, `Z` for an offset) and what stands between them: `DD.MM.YYYY`, `YYYYMMDD`,
`YYYY-MM-DDThh:mm:ssZ`. Three have a name: `iso`, `epoch_seconds`, `epoch_millis`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from difflib import get_close_matches
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["date", "time", "moment"]

_LETTERS = {
    "YYYY": r"(?P<year>[0-9]{4})", "YY": r"(?P<short_year>[0-9]{2})",
    "MMM": r"(?P<month_name>[A-Za-z]{3})", "MM": r"(?P<month>[0-9]{2})", "M": r"(?P<month>[0-9]{1,2})",
    "DD": r"(?P<day>[0-9]{2})", "D": r"(?P<day>[0-9]{1,2})",
    "hh": r"(?P<hour>[0-9]{2})", "h": r"(?P<hour>[0-9]{1,2})", "mm": r"(?P<minute>[0-9]{2})",
    "ss": r"(?P<second>[0-9]{2})", ".f": r"(?:[.,](?P<fraction>[0-9]{1,9}))?",
    "Z": r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})?",
}  # fmt: skip
_TOKEN = re.compile(r"'([^']*)'|(YYYY|YY|MMM|MM|M|DD|D|hh|h|mm|ss|\.f|Z)|(.)", re.DOTALL)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = "YYYY-MM-DD'T'hh:mm:ss.fZ"
_ISO_FORMS = (
    "YYYY-MM-DD",
    "YYYY-MM-DDZ",
    _ISO,
    "YYYY-MM-DD hh:mm:ss.fZ",
    "YYYY-MM-DD'T'hh:mmZ",
    "hh:mm:ss.fZ",
    "hh:mmZ",
)
_EPOCHS = {"epoch_seconds": 1_000_000, "epoch_millis": 1_000}
"""Microseconds in one."""
_EPOCH = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_START = datetime(1970, 1, 1, tzinfo=UTC)
MAX_FORMAT = 100
LONGEST = 100
"""Characters of a date that are looked at."""
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch


@dataclass(frozen=True, slots=True)
class Moment:
    """What was written of a moment: a day, a time of day, an offset; any may be missing."""

    day: date | None
    clock: time | None
    offset: tzinfo | None


def time_zone(name: str) -> ZoneInfo:
    """The IANA time zone of this name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def _pattern(form: str) -> re.Pattern[str]:
    """Digits of fixed numbers between texts: it gives up in a time that grows with the text alone."""
    if len(form) > MAX_FORMAT:
        raise ValueError(f"is longer than {MAX_FORMAT} characters")
    parts, seen = [], set()
    for quoted, letters, other in _TOKEN.findall(form):
        if not letters:
            parts.append(re.escape(quoted or other))
            if other.isalpha():
                near = get_close_matches(form, ("iso", *_EPOCHS), 1)
                meant = f"did you mean {near[0]}?" if near else "other text stands in single quotes"
                raise ValueError(f"has the letter {other!r}, which means nothing; {meant}")
            continue
        named = _LETTERS[letters]
        name = named.split("<")[1].split(">")[0].removeprefix("short_").removesuffix("_name")
        if name in seen:
            raise ValueError(f"has the {name} twice")
        seen.add(name)
        parts.append(named)
    if not seen & {"year", "month", "day", "hour"}:
        raise ValueError("names no part of a date or time")
    if seen & {"year", "month", "day"} and not seen >= {"year", "month", "day"}:
        raise ValueError("must name year, month and day")
    return re.compile("".join(parts), re.ASCII)


def _part_reader(form: str) -> Callable[[str], Moment | None]:
    """What reads one format; None for what isn't written so, ValueError for no day of the calendar."""
    if form in _EPOCHS:
        return lambda text: _since_1970(text, _EPOCHS[form])
    if form == "iso":
        patterns = [_pattern(one) for one in _ISO_FORMS]
        return lambda text: next((_moment(found) for one in patterns if (found := one.fullmatch(text))), None)
    matches = _pattern(form).fullmatch
    return lambda text: _moment(found) if (found := matches(text)) else None


def judge_format(form: str) -> None:
    """Raises ValueError for a format that says nothing."""
    _part_reader(form)


def _since_1970(text: str, microseconds: int) -> Moment | None:
    if _EPOCH.fullmatch(text) is None:
        return None
    try:
        moment = _START + timedelta(microseconds=int(text) * microseconds)
    except OverflowError as error:
        raise ValueError("is beyond the calendar") from error
    return Moment(moment.date(), moment.time(), UTC)


def _moment(found: re.Match[str]) -> Moment:
    parts = found.groupdict()
    return Moment(_day(parts), _clock(parts), _offset(parts.get("offset")))


def _day(parts: dict[str, str | None]) -> date | None:
    year, short, day = parts.get("year"), parts.get("short_year"), parts.get("day")
    if day is None:
        return None
    name = parts.get("month_name")
    month = int(parts["month"] or 0) if name is None else _MONTHS.index(name.lower()) + 1
    return date(int(year) if year else 2000 + int(short or 0), month, int(day))


def _clock(parts: dict[str, str | None]) -> time | None:
    hour = parts.get("hour")
    if hour is None:
        return None
    fraction = int((parts.get("fraction") or "0")[:6].ljust(6, "0"))
    return time(int(hour), int(parts.get("minute") or 0), int(parts.get("second") or 0), fraction)


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if text[0] == "-" else away)


def moment_reader(kind: Kind, forms: Sequence[str], zone: ZoneInfo | None) -> Callable[[str], date | time | datetime]:
    """What reads texts of these formats, tried in turn, as a day, a time of day or a moment.

    A day is the one in `zone` where the text has an offset and the map a zone; else the one that is written. So is the
    time of day that stands beside it. A moment without an offset gets the zone's. The function raises ValueError for
    what is written otherwise; this one does so for a format that says nothing.
    """
    readers = [_part_reader(form) for form in forms]
    finish = _FINISH[kind]

    def read(text: str) -> date | time | datetime:
        found = None
        if len(text) <= LONGEST:
            found = next((moment for one in readers if (moment := one(text)) is not None), None)
        if found is None:
            raise ValueError("is written otherwise")
        return finish(found, zone)

    return read


def _as_date(moment: Moment, zone: ZoneInfo | None) -> date:
    if moment.day is None:
        raise ValueError("has no day")
    if moment.offset is None or moment.clock is None or zone is None:
        return moment.day
    return _in_zone(datetime.combine(moment.day, moment.clock, moment.offset), zone).date()


def _as_time(moment: Moment, zone: ZoneInfo | None) -> time:
    if moment.clock is None:
        raise ValueError("has no time")
    if moment.day is None or moment.offset is None or zone is None:
        return moment.clock.replace(tzinfo=moment.offset)
    local = _in_zone(datetime.combine(moment.day, moment.clock, moment.offset), zone)
    return local.time().replace(tzinfo=timezone(local.utcoffset() or timedelta()))


def _as_moment(moment: Moment, zone: ZoneInfo | None) -> datetime:
    if moment.day is None:
        raise ValueError("has no day")
    written = datetime.combine(moment.day, moment.clock or time(), moment.offset or zone)
    return (
        written
        if moment.offset or zone is None
        else written.replace(tzinfo=timezone(written.utcoffset() or timedelta()))
    )


def _in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError as error:
        raise ValueError("is beyond the calendar") from error


_FINISH: dict[Kind, Callable[[Moment, ZoneInfo | None], date | time | datetime]] = {
    "date": _as_date,
    "time": _as_time,
    "moment": _as_moment,
}


def moment_writer(kind: Kind, form: str, zone: ZoneInfo | None) -> Callable[[date | time | datetime], str]:
    """The way back, in one format. Raises ValueError for a format that says nothing, or that asks a day for a time."""
    if form == "iso":
        return lambda value: value.isoformat()
    if form in _EPOCHS:
        if kind == "time":
            raise ValueError("a time of day has no epoch")
        return lambda value: _epoch(value, zone, _EPOCHS[form])
    parts = _pattern(form).groupindex
    if kind == "date" and "hour" in parts and "day" not in parts:
        raise ValueError("asks a day for its time")
    if kind == "time" and "day" in parts:
        raise ValueError("asks a time of day for its day")
    tokens = _TOKEN.findall(form)

    def write(value: date | time | datetime) -> str:
        shown = _in_zone(value, zone) if isinstance(value, datetime) and value.tzinfo and zone else value
        return "".join(_WRITTEN[letters](shown) if letters else quoted or other for quoted, letters, other in tokens)

    return write


def _epoch(value: date | time | datetime, zone: ZoneInfo | None, microseconds: int) -> str:
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())  # type: ignore[arg-type]
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone or UTC)
    return str((moment - _START) // timedelta(microseconds=microseconds))


def _offset_text(value: date | time | datetime) -> str:
    offset = value.utcoffset() if isinstance(value, (time, datetime)) else None
    if offset is None:
        return ""
    minutes = int(offset.total_seconds()) // 60
    return "Z" if not minutes else f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _of(value: object, name: str) -> int:
    return int(getattr(value, name, 0))


_WRITTEN: dict[str, Callable[[date | time | datetime], str]] = {
    "YYYY": lambda value: f"{_of(value, 'year'):04}", "YY": lambda value: f"{_of(value, 'year') % 100:02}",
    "MMM": lambda value: _MONTHS[_of(value, "month") - 1].title(),
    "MM": lambda value: f"{_of(value, 'month'):02}", "M": lambda value: str(_of(value, "month")),
    "DD": lambda value: f"{_of(value, 'day'):02}", "D": lambda value: str(_of(value, "day")),
    "hh": lambda value: f"{_of(value, 'hour'):02}", "h": lambda value: str(_of(value, "hour")),
    "mm": lambda value: f"{_of(value, 'minute'):02}", "ss": lambda value: f"{_of(value, 'second'):02}",
    ".f": lambda value: f".{_of(value, 'microsecond') // 1000:03}", "Z": _offset_text,
}  # fmt: skip
