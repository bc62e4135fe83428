"""How a sample writes its numbers and days, as far as its values tell.

One text may be two things: 1.234 is a thousand or a little more than one, and 03/04/2026 is in March or in April. What
other values of the sample show (12,50; 23/11/2026) decides that; where nothing does, it is said and not decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mappings.suggesting.days import date_formats, meanings
from mappings.suggesting.numbers import (
    NumberSigns,
    amounts_of,
    are_numbers_with_units,
    number_meanings,
    number_signs,
)
from mappings.suggesting.parts import Part
from mappings.suggesting.words import words_of

_NUMBERS = frozenset(("AMOUNT", "TOTAL", "PRICE", "TAX", "QUANTITY", "DISCOUNT", "COUNT", "PACK"))
_DAYS = frozenset(("DATE", "DELIVERY", "ISSUE", "CREATED"))
MAX_DAYS = 500
"""Places with days that are compared."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The signs that all numbers of the sample may be written with."""

    signs: tuple[NumberSigns, ...]

    def of(self, texts: Sequence[str]) -> tuple[NumberSigns, ...]:
        """The signs of these texts, one for each thing that they may mean; the first is the simplest."""
        own = number_signs(texts)
        both = tuple(one for one in own if one in self.signs) or own
        return number_meanings(texts, both)


def numbers_of(parts: Iterable[Part], *, in_json: bool) -> Numbers:
    """What the texts of a sample that are numbers agree on. JSON's own numbers say nothing of texts."""
    agreed: tuple[NumberSigns, ...] | None = None
    for part in parts:
        if not part.is_leaf or (in_json and not part.is_text) or not _is_about(part, _NUMBERS):
            continue
        found = number_signs(numbers_in(part.values))
        both = found if agreed is None else tuple(one for one in agreed if one in found)
        agreed = both or agreed
    return Numbers(agreed or ())


def numbers_in(texts: Sequence[str]) -> Sequence[str]:
    """The numbers of texts that are numbers, or numbers with units."""
    return amounts_of(texts) if are_numbers_with_units(texts) else texts


@dataclass(frozen=True, slots=True)
class Days:
    """The formats of which other places of the sample show that it writes so."""

    shown: tuple[tuple[str, str], ...]
    """Format and the text that shows it."""

    def of(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The formats of these texts, one for each thing that they may mean."""
        forms = date_formats(texts)
        if len(found := meanings(texts, forms)) < 2:
            return found
        shown = tuple(form for form, _ in self.shown if form in forms)
        return meanings(texts, shown) if shown else found

    def example(self, form: str) -> str:
        """A text that shows the format."""
        return next((text for one, text in self.shown if one == form), "")


def days_of(parts: Iterable[Part]) -> Days:
    """What the days of a sample that can only be meant in one way show."""
    shown: dict[str, str] = {}
    seen = 0
    for part in parts:
        if not part.is_leaf or not _is_about(part, _DAYS) or seen >= MAX_DAYS:
            continue
        seen += 1
        for text in dict.fromkeys(part.values):
            found = date_formats((text,))
            if len(found) == 1 or (found and len(meanings((text,), found)) == 1 and not _is_same_twice(found)):
                for form in found:
                    shown.setdefault(form, text)
    return Days(tuple(shown.items()))


def _is_same_twice(forms: Sequence[str]) -> bool:
    """Whether the formats name day and month in both orders: 05/05/2026 shows nothing."""
    day_first = {form.index("D") < form.index("M") for form in forms if "D" in form and "M" in form}
    return len(day_first) > 1


def _is_about(part: Part, concepts: frozenset[str]) -> bool:
    levels = (part, part.parent) if part.parent is not None else (part,)
    return any(word & concepts for one in levels for word in words_of(one.local))
