"""Texts that are codes of a kind that can be told by looking: GTINs, currencies, countries, units, line numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from schemas.values import gs1_check_digit


def _words(text: str) -> list[str]:
    return text.split()


_VAT_ID = re.compile(r"[A-Z]{2}[0-9A-Z]{8,12}")
_CURRENCIES = frozenset(
    _words(
        "EUR USD GBP CHF SEK NOK DKK PLN CZK HUF RON BGN ISK TRY JPY CNY HKD SGD AUD NZD CAD MXN BRL INR ZAR AED SAR "
        "ILS KRW THB MYR IDR PHP VND UAH RSD"
    )
)
_COUNTRIES = frozenset(
    _words(
        "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK TR UA US CA "
        "MX BR IN CN JP KR AU NZ ZA AE SA IL RS"
    )
)
_UNITS = frozenset(
    _words(
        "EA PCE PC PCS ST STK STCK STÜCK C62 H87 CS CT CTN BX BOX KAR KRT KTN KI PAL PL PX PK PA PAK PKT BAG BG KG "
        "KGM G GRM L LTR M MTR DZ DZN SET ROL PR CASE CASES EACH EACHES"
    )
)
"""Texts that units are often written as: they show where units stand, never what one means."""


def are_most(found: Sequence[object], texts: Sequence[str]) -> bool:
    """A sample may have a slip in it: one of four at most."""
    return bool(texts) and 4 * len(found) >= 3 * len(texts)


def are_whole(texts: Sequence[str]) -> bool:
    """Whether each is digits alone."""
    return bool(texts) and all(text.isascii() and text.isdigit() for text in texts)


def are_line_numbers(texts: Sequence[str]) -> bool:
    """Whether they count lines: digits, each more than the one before, the first a small one; in the next
    order they begin anew."""
    if not are_whole(texts) or any(len(text) > 6 for text in texts):
        return False
    numbers = [int(text) for text in texts]
    first = numbers[0]
    return first in (0, 1, 10, 100, 1000) and all(a < b or b == first for a, b in pairwise(numbers))


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


def are_units(texts: Sequence[str]) -> bool:
    """Whether each is written as units often are."""
    return bool(texts) and all(text.upper() in _UNITS for text in texts)


def is_vat_id(text: str) -> bool:
    """Whether it begins with a country and goes on as a VAT number does."""
    return bool(_VAT_ID.fullmatch(text)) and text[:2] in _COUNTRIES | {"EL"} and sum(map(str.isdigit, text)) >= 7
