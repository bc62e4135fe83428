"""Texts that are numbers, and with which signs: those with which every one can be read, by the reader that maps use.

Where they are other numbers with other signs, all are said: nothing is guessed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache

from mappings.fieldmaps.numbers import number_reader
from mappings.suggesting.codes import are_most

NumberSigns = tuple[str, str | None]
"""The decimal sign and the one between thousands."""
PLAIN: NumberSigns = (".", None)
NUMBER_SIGNS: tuple[NumberSigns, ...] = (
    PLAIN, (",", None), (".", ","), (",", "."), (",", " "), (".", " "), (".", "'"), (".", "’"),
)  # fmt: skip
_LIKE_A_NUMBER = re.compile(r"[+-]?[0-9][0-9.,'’ \u00a0\u2009\u202f]*")
_WITH_UNIT = re.compile(r"([0-9][0-9.,]*)\s*([A-Za-z]{1,12})")


def number_signs(texts: Sequence[str]) -> tuple[NumberSigns, ...]:
    """The signs with which these texts are numbers, but for a few that are none; nothing where most aren't."""
    found = [text for text in texts if _LIKE_A_NUMBER.fullmatch(text)]
    if not are_most(found, texts):
        return ()
    return tuple(signs for signs in NUMBER_SIGNS if all(_reads(text, signs) for text in found))


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


def are_numbers_with_units(texts: Sequence[str]) -> bool:
    """Whether they are numbers with a unit behind each: `10 CS`."""
    return are_most(amounts_of(texts), texts)


def amounts_of(texts: Sequence[str]) -> list[str]:
    """The numbers in texts that are numbers with units."""
    return [found[1] for text in texts if (found := _WITH_UNIT.fullmatch(text))]
