"""How a file writes its decimals: with a point or with a comma. What can be read in two ways is asked, never guessed.

A sign is one or the other in the whole file: where `12,50` stands, `1.234` is a thousand and more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Sign = Literal["point", "comma"]
_SPACES = " '\u2019\u00a0\u202f"
"""Between thousands, beside the sign that isn't the decimal one."""
_WRITTEN: dict[Sign, re.Pattern[str]] = {
    "point": re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}(?:[,{_SPACES}]\d{{3}})+|\d+)(?:\.\d+)?", re.ASCII),
    "comma": re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}(?:[.{_SPACES}]\d{{3}})+|\d+)(?:,\d+)?", re.ASCII),
}
_BETWEEN: dict[Sign, re.Pattern[str]] = {
    "point": re.compile(f"[,{_SPACES}]"),
    "comma": re.compile(f"[.{_SPACES}]"),
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written, and where."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Decimals:
    """The sign by which the file's numbers tell it; None where they don't, or tell both.

    `shown_by` are the first numbers that tell one sign or the other, `unclear` is the first that could be two numbers.
    """

    sign: Sign | None
    shown_by: dict[Sign, Number]
    unclear: Number | None


def decimals_of(numbers: Iterable[Number]) -> Decimals:
    """How these numbers are written. Where none has a sign at all, nothing depends on it: a point."""
    shown_by: dict[Sign, Number] = {}
    unclear: Number | None = None
    for number in numbers:
        text = number.text.strip()
        if "." not in text and "," not in text:
            continue
        fits: list[Sign] = [sign for sign, written in _WRITTEN.items() if written.fullmatch(text)]
        if len(fits) == 1:
            shown_by.setdefault(fits[0], number)
        elif fits and unclear is None:
            unclear = number
    if len(shown_by) == 1:
        return Decimals(next(iter(shown_by)), shown_by, unclear)
    undecided = bool(shown_by) or unclear is not None
    return Decimals(None if undecided else "point", shown_by, unclear)


def with_point(text: str, sign: Sign) -> str | None:
    """The number as our tables have it, without signs between thousands; None where it isn't written so."""
    said = text.strip()
    if _WRITTEN[sign].fullmatch(said) is None:
        return None
    return _BETWEEN[sign].sub("", said).replace(",", ".")


def is_number(text: str) -> bool:
    """Whether it is a number by one of the two signs."""
    return any(written.fullmatch(text.strip()) for written in _WRITTEN.values())
