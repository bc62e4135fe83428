"""What the C scanner calls back for: objects with each key once, numbers that are exact."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import repeat
from typing import Any, NoReturn

from schemas.values import LONGEST_NUMBER, plain

MAX_NUMBERS = 500_000
"""Numbers that are no strings: each becomes a decimal, which takes a microsecond. 100,000 lines of five."""
NUMBER_EXPECTED = "a finite decimal of at most 20 digits before and 10 after the point"
KEY_TWICE = "the key stands twice in its object"

Members = Callable[[list[tuple[str, Any]]], Any]
Number = Callable[[str], Any]


class OffenceError(Exception):
    """The C scanner met something refused; the second pass says where, and what else there is."""

    def __init__(self, code: str, detail: str, text: str, expected: str) -> None:
        super().__init__(detail)
        self.code, self.detail, self.text, self.expected = code, detail, text, expected


class TooManyNumbersError(Exception):
    """More numbers than MAX_NUMBERS."""


def members_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these members. Raises OffenceError where a key is there twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise OffenceError("json_duplicate_key", KEY_TWICE, _first_repeated(pairs), "each key once")
    return found


def members_set(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The same without the members that are null."""
    found = members_of(pairs)
    if None in found.values():
        return {name: value for name, value in pairs if value is not None}
    return found


def _first_repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    return next((name for name, _ in pairs if name in seen or seen.add(name)), "")  # type: ignore[func-returns-value]


def whole_number(text: str) -> int:
    """The integer. Raises OffenceError for one of more digits than a quantity or amount has."""
    if len(text) > LONGEST_NUMBER:
        raise _refused_number(text)
    number = int(text)
    if not -(10**20) < number < 10**20:
        raise _refused_number(text)
    return number


def exact_decimal(text: str) -> Decimal:
    """The decimal, without exponent. Raises OffenceError for one beyond what a quantity or amount has."""
    if len(text) > LONGEST_NUMBER:
        raise _refused_number(text)
    try:
        return plain(Decimal(text))
    except (ArithmeticError, ValueError):
        raise _refused_number(text) from None


def whole_or_written(text: str) -> int | str:
    """The integer, or its digits as they are written. Raises OffenceError for one longer than any number."""
    try:
        return whole_number(text)
    except OffenceError:
        return _written(text)


def exact_or_written(text: str) -> Decimal | str:
    """The decimal, or how it is written. Raises OffenceError for one longer than any number."""
    try:
        return exact_decimal(text)
    except OffenceError:
        return _written(text)


def _written(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise _refused_number(text)
    return text


def _constant(text: str) -> NoReturn:
    raise _refused_number(text)


def _refused_number(text: str) -> OffenceError:
    return OffenceError("json_number", why_refused(text), text, NUMBER_EXPECTED)


def why_refused(text: str) -> str:
    """Which limit a refused number is beyond."""
    if len(text) > LONGEST_NUMBER:
        return f"the number is written in more than {LONGEST_NUMBER} characters"
    try:
        plain(Decimal(text))
    except ArithmeticError:
        return "the number's exponent is beyond any that can be read"
    except ValueError as error:
        said = str(error)
        return f"the number has {said}" if said.startswith("more than") else f"the number is {said}"
    raise AssertionError(f"{text} is refused for nothing")


def _decoder(members: Members, whole: Number, decimal: Number) -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=members, parse_float=decimal, parse_int=whole, parse_constant=_constant)


_NUMBERS: dict[bool, tuple[Number, Number]] = {
    True: (whole_number, exact_decimal),
    False: (whole_or_written, exact_or_written),
}
"""By whether all numbers must be exact."""
_DECODERS: dict[tuple[Members, bool], json.JSONDecoder] = {
    (members, exactly): _decoder(members, *numbers)
    for members in (members_of, members_set)
    for exactly, numbers in _NUMBERS.items()
}


def decoder_for(text: str, members: Members, exactly: bool = True) -> json.JSONDecoder:
    """Where there is room for more than MAX_NUMBERS, at two characters each with its comma, they are counted."""
    if len(text) <= 2 * MAX_NUMBERS:
        return _DECODERS[members, exactly]
    left = repeat(True, MAX_NUMBERS)

    def counted(read: Number) -> Number:
        def number(text: str) -> Any:
            if next(left, False):
                return read(text)
            raise TooManyNumbersError

        return number

    whole, decimal = _NUMBERS[exactly]
    return _decoder(members, counted(whole), counted(decimal))
