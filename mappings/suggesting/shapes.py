"""What texts look like: days and in which formats, numbers and with which signs, GTINs, currencies, countries.

A format is one that reads every text of a place, by the readers that maps use. Where several do and mean different
things, all are said: nothing is guessed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from mappings.fieldmaps.dates import moment_reader
from mappings.fieldmaps.numbers import number_reader
from schemas.values import gs1_check_digit

DATE_FORMATS = (
    "iso",
    "YYYYMMDD",
    "DD.MM.YYYY",
    "D.M.YYYY",
    "DD.MM.YY",
    "DD/MM/YYYY",
    "MM/DD/YYYY",
    "D/M/YYYY",
    "M/D/YYYY",
    "DD/MM/YY",
    "MM/DD/YY",
    "DD-MM-YYYY",
    "MM-DD-YYYY",
    "YYYY/MM/DD",
    "YYYY.MM.DD",
    "YYYY-M-D",
    "DD-MMM-YYYY",
    "D MMM YYYY",
    "MMM D, YYYY",
    "YYMMDD",
    "DDMMYY",
    "DDMMYYYY",
)
"""Days alone. With a time behind it, a format is one of these and one of `_TIMES`."""
_TIMES = ("", " hh:mm", " hh:mm:ss", "'T'hh:mm", "'T'hh:mm:ss.fZ", "hhmm", "hhmmss", " h:mm")
_EPOCHS = {10: "epoch_seconds", 13: "epoch_millis"}
_YEARS = range(1990, 2100)
_LIKE_A_DATE = re.compile(r"[0-9A-Za-z][0-9A-Za-z .,:/+'-]{4,38}[0-9Zz]")

NumberSigns = tuple[str, str | None]
"""The decimal sign and the one between thousands."""
PLAIN: NumberSigns = (".", None)
NUMBER_SIGNS: tuple[NumberSigns, ...] = (
    PLAIN, (",", None), (".", ","), (",", "."), (",", " "), (".", " "), (".", "'"), (".", "’"),
)  # fmt: skip
_LIKE_A_NUMBER = re.compile(r"[+-]?[0-9][0-9.,'’ \u00a0\u2009\u202f]*")
_WITH_UNIT = re.compile(r"([0-9][0-9.,]*)\s*([A-Za-z]{1,12})")
_VAT_ID = re.compile(r"[A-Z]{2}[0-9A-Z]{8,12}")
_CURRENCIES = frozenset(
    [
        "EUR",
        "USD",
        "GBP",
        "CHF",
        "SEK",
        "NOK",
        "DKK",
        "PLN",
        "CZK",
        "HUF",
        "RON",
        "BGN",
        "ISK",
        "TRY",
        "JPY",
        "CNY",
        "HKD",
        "SGD",
        "AUD",
        "NZD",
        "CAD",
        "MXN",
        "BRL",
        "INR",
        "ZAR",
        "AED",
        "SAR",
        "ILS",
        "KRW",
        "THB",
        "MYR",
        "IDR",
        "PHP",
        "VND",
        "UAH",
        "RSD",
    ]
)
_COUNTRIES = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CH",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GB",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
        "TR",
        "UA",
        "US",
        "CA",
        "MX",
        "BR",
        "IN",
        "CN",
        "JP",
        "KR",
        "AU",
        "NZ",
        "ZA",
        "AE",
        "SA",
        "IL",
        "RS",
    ]
)
_UNITS = frozenset(
    [
        "EA",
        "PCE",
        "PC",
        "PCS",
        "ST",
        "STK",
        "STCK",
        "STÜCK",
        "C62",
        "H87",
        "CS",
        "CT",
        "CTN",
        "BX",
        "BOX",
        "KAR",
        "KRT",
        "KTN",
        "KI",
        "PAL",
        "PL",
        "PX",
        "PK",
        "PA",
        "PAK",
        "PKT",
        "BAG",
        "BG",
        "KG",
        "KGM",
        "G",
        "GRM",
        "L",
        "LTR",
        "M",
        "MTR",
        "DZ",
        "DZN",
        "SET",
        "ROL",
        "PR",
        "CASE",
        "CASES",
        "EACH",
        "EACHES",
    ]
)
"""Texts that units are often written as: they show where units stand, never what one means."""


# --- days ---------------------------------------------------------------------------------------------------------
def date_formats(texts: Sequence[str]) -> tuple[str, ...]:
    """The formats in which these texts are days, but for a few that are in none; nothing where most aren't."""
    each = [_formats_of(text) for text in texts]
    found = [forms for forms in each if forms]
    if not _are_most(found, texts):
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
    with_time = (day + time for day in DATE_FORMATS[1:] for time in _TIMES[1:])
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


# --- numbers ------------------------------------------------------------------------------------------------------
def number_signs(texts: Sequence[str]) -> tuple[NumberSigns, ...]:
    """The signs with which these texts are numbers, but for a few that are none; nothing where most aren't."""
    found = [text for text in texts if _LIKE_A_NUMBER.fullmatch(text)]
    if not _are_most(found, texts):
        return ()
    return tuple(signs for signs in NUMBER_SIGNS if all(_reads(text, signs) for text in found))


def _are_most(found: Sequence[object], texts: Sequence[str]) -> bool:
    """A sample may have a slip in it: one of four at most."""
    return bool(texts) and 4 * len(found) >= 3 * len(texts)


def _reads(text: str, signs: NumberSigns) -> bool:
    return _number(text, signs) is not None


def _number(text: str, signs: NumberSigns) -> Decimal | None:
    try:
        return _number_reader(signs)(text)
    except ValueError:
        return None


@lru_cache(maxsize=20)
def _number_reader(signs: NumberSigns) -> Callable[[str], Decimal]:
    return number_reader(*signs, None)


def number_meanings(texts: Sequence[str], signs: Sequence[NumberSigns]) -> tuple[NumberSigns, ...]:
    """Of these signs the first of each with which the texts are other numbers."""
    seen: dict[object, NumberSigns] = {}
    for one in signs:
        seen.setdefault(tuple(_number(text, one) for text in texts), one)
    return tuple(seen.values())


def are_whole(texts: Sequence[str]) -> bool:
    """Whether each is digits alone."""
    return bool(texts) and all(text.isascii() and text.isdigit() for text in texts)


def are_numbers_with_units(texts: Sequence[str]) -> bool:
    """Whether they are numbers with a unit behind each: `10 CS`."""
    return _are_most(amounts_of(texts), texts)


def amounts_of(texts: Sequence[str]) -> list[str]:
    """The numbers in texts that are numbers with units."""
    return [found[1] for text in texts if (found := _WITH_UNIT.fullmatch(text))]


def are_line_numbers(texts: Sequence[str]) -> bool:
    """Whether they count lines: digits, each more than the one before, the first a small one; in the next
    order they begin anew."""
    if not are_whole(texts) or any(len(text) > 6 for text in texts):
        return False
    numbers = [int(text) for text in texts]
    first = numbers[0]
    return first in (0, 1, 10, 100, 1000) and all(a < b or b == first for a, b in pairwise(numbers))


# --- codes --------------------------------------------------------------------------------------------------------
def are_gtins(texts: Sequence[str]) -> bool:
    """Whether each is a GTIN-8, -12, -13 or -14 with its check digit."""
    return bool(texts) and all(_has_check_digit(text, (8, 12, 13, 14)) for text in texts)


def are_glns(texts: Sequence[str]) -> bool:
    """Whether each is 13 digits with their check digit."""
    return bool(texts) and all(_has_check_digit(text, (13,)) for text in texts)


def _has_check_digit(text: str, lengths: Sequence[int]) -> bool:
    return text.isascii() and text.isdigit() and len(text) in lengths and gs1_check_digit(text[:-1]) == text[-1]


def are_currencies(texts: Sequence[str]) -> bool:
    """Whether each is a currency's code."""
    return bool(texts) and all(text.upper() in _CURRENCIES for text in texts)


def are_countries(texts: Sequence[str]) -> bool:
    """Whether each is a country's code of two letters."""
    return bool(texts) and all(text.upper() in _COUNTRIES for text in texts)


def are_units(texts: Sequence[str]) -> bool:
    """Whether each is written as units often are."""
    return bool(texts) and all(text.upper() in _UNITS for text in texts)


def is_vat_id(text: str) -> bool:
    """Whether it begins with a country and goes on as a VAT number does."""
    return bool(_VAT_ID.fullmatch(text)) and text[:2] in _COUNTRIES | {"EL"} and sum(map(str.isdigit, text)) >= 7
