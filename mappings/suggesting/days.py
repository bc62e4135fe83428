"""Texts that are days, and in which formats: those that read every one of them, by the readers that maps use.

Where several formats read them as other days, all are said: nothing is guessed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from functools import lru_cache

from mappings.fieldmaps.dates import moment_reader
from mappings.suggesting.codes import are_most

DATE_FORMATS = (
    "iso", "YYYYMMDD", "DD.MM.YYYY", "D.M.YYYY", "DD.MM.YY",
    "DD/MM/YYYY", "MM/DD/YYYY", "D/M/YYYY", "M/D/YYYY", "DD/MM/YY", "MM/DD/YY", "DD-MM-YYYY", "MM-DD-YYYY",
    "YYYY/MM/DD", "YYYY.MM.DD", "YYYY-M-D", "DD-MMM-YYYY", "D MMM YYYY", "MMM D, YYYY", "YYMMDD", "DDMMYY", "DDMMYYYY",
)  # fmt: skip
"""Days alone. With a time behind it, a format is one of these and one of `_TIMES`."""
_TIMES = (" hh:mm", " hh:mm:ss", "'T'hh:mm", "'T'hh:mm:ss.fZ", "hhmm", "hhmmss", " h:mm")
_EPOCHS = {10: "epoch_seconds", 13: "epoch_millis"}
_YEARS = range(1990, 2100)
_LIKE_A_DATE = re.compile(r"[0-9A-Za-z][0-9A-Za-z .,:/+'-]{4,38}[0-9Zz]")


def date_formats(texts: Sequence[str]) -> tuple[str, ...]:
    """The formats in which these texts are days, but for a few that are in none; nothing where most aren't."""
    each = [_formats_of(text) for text in texts]
    found = [forms for forms in each if forms]
    if not are_most(found, texts):
        return ()
    return tuple(form for form in found[0] if all(form in one for one in found))


@lru_cache(maxsize=2_000)
def _formats_of(text: str) -> tuple[str, ...]:
    if not _LIKE_A_DATE.fullmatch(text):
        return ()
    digits = _EPOCHS.get(len(text)) if text.isdigit() else None
    if digits is not None:
        return (digits,) if _day(text, digits) else ()
    days = tuple(form for form in DATE_FORMATS if _day(text, form))
    if days:
        return ("iso",) if days[0] == "iso" else days
    with_time = (day + clock for day in DATE_FORMATS[1:] for clock in _TIMES)
    return tuple(form for form in with_time if _day(text, form))


def _day(text: str, form: str) -> date | None:
    try:
        found = _reader(form)(text)
    except ValueError:
        return None
    day = found.date() if isinstance(found, datetime) else found
    return day if isinstance(day, date) and day.year in _YEARS else None


@lru_cache(maxsize=500)
def _reader(form: str) -> Callable[[str], date | time | datetime]:
    return moment_reader("date", (form,), None)


def meanings(texts: Sequence[str], forms: Sequence[str]) -> tuple[str, ...]:
    """Of these formats the first of each that reads the texts as other days: one, where it is clear what is meant."""
    seen: dict[tuple[date | None, ...], str] = {}
    for form in forms:
        seen.setdefault(tuple(_day(text, form) for text in texts), form)
    return tuple(seen.values())


def interval_sign(texts: Sequence[str]) -> str | None:
    """What stands between the two days in each of these texts (a second day may be missing); None where they aren't
    all two days as ISO 8601 writes them."""
    for sign in ("--", "/"):
        pieces = [text.split(sign) for text in texts]
        if any(len(one) == 2 for one in pieces) and all(len(one) <= 2 for one in pieces):
            days = [piece.strip() for one in pieces for piece in one]
            if date_formats(days) == ("iso",):
                return sign
    return None
