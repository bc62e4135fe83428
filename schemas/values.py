"""Exact decimals and the numbers the trade puts on things.

Money and quantities are `decimal.Decimal` from the first byte to the last. The default decimal context
rounds silently at 28 digits, so arithmetic that leaves this file goes through `EXACT`, which raises
`decimal.Inexact` instead of rounding, or through `fractions.Fraction`.
"""

from __future__ import annotations

from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator

MAX_INTEGER_DIGITS = 20
MAX_FRACTION_DIGITS = 10

LONGEST_NUMBER = 100
"""Characters of a number as it is written, zeros that say nothing included. Nobody means a longer one."""

EXACT = Context(prec=200, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact])


def plain(value: Decimal) -> Decimal:
    """The same number without an exponent, as written otherwise (`12.50` stays `12.50`, `1E+3` becomes `1000`). Zeros
    beyond the tenth decimal say nothing and are cut.

    Raises ValueError for NaN, Infinity and numbers beyond 20 integer or 10 fraction digits.
    """
    text = str(value)
    if len(text) <= MAX_FRACTION_DIGITS and "E" not in text and value.is_finite():
        return value  # too short to be beyond either limit; what almost every number is
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("not a finite number")
    if -exponent > MAX_FRACTION_DIGITS:
        return _cut_to_ten_decimals(sign, digits, exponent)
    if len(digits) + exponent > MAX_INTEGER_DIGITS:
        raise ValueError(f"more than {MAX_INTEGER_DIGITS} digits before the decimal point")
    if exponent > 0:
        return Decimal((sign, digits + (0,) * exponent, 0))
    return value


def _cut_to_ten_decimals(sign: int, digits: tuple[int, ...], exponent: int) -> Decimal:
    beyond = exponent + MAX_FRACTION_DIGITS
    if any(digits[beyond:]):
        raise ValueError(f"more than {MAX_FRACTION_DIGITS} digits after the decimal point")
    return plain(Decimal((sign, digits[:beyond], -MAX_FRACTION_DIGITS)))


def exact(text: str) -> Decimal:
    """A decimal from its text, xs:decimal's lexical form only: no exponent, no NaN, no Infinity.

    Raises ValueError with a sentence that says what is wrong.
    """
    trimmed = text.strip()
    body = trimmed[1:] if trimmed[:1] in ("-", "+") else trimmed
    whole, point, fraction = body.partition(".")
    if not (whole + fraction).isdigit() or not (whole + fraction).isascii() or (point and not body.strip(".")):
        raise ValueError("not a decimal number")
    if len(body) > LONGEST_NUMBER:
        raise ValueError("too many digits")
    return plain(Decimal(trimmed))


def from_fraction(value: Fraction) -> Decimal | None:
    """The fraction as an exact decimal, or None where it has no finite decimal form (1/3)."""
    denominator = value.denominator
    twos = fives = 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    if denominator != 1:
        return None
    scale = max(twos, fives)
    return Decimal(f"{value.numerator * 10**scale // value.denominator}E-{scale}")


def half_up(value: Fraction, places: int = 2) -> Decimal:
    """Commercial rounding, half away from zero (EN 16931 6.5.10), to `places` decimals."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(f"{whole if value >= 0 else -whole}E-{places}")


def shortest(value: Decimal) -> Decimal:
    """The same number with no trailing zeros after the point and no exponent: 10.50 → 10.5, 1200 stays 1200.

    However many digits that takes: a fault's sentence tells of numbers beyond our limits too. Text is `f"{…:f}"` of it,
    because `str` writes 5E-7. Raises ValueError for NaN and Infinity.
    """
    if not value:
        return Decimal(0)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError("not a finite number")
    if exponent == 0:
        return value
    text = f"{value:f}"
    return Decimal(text.rstrip("0").rstrip(".") if exponent < 0 else text)


def is_carried(value: Decimal) -> bool:
    """Whether a document can carry the number: within 20 integer and 10 fraction digits, its last zeros cut."""
    try:
        plain(shortest(value))
    except ValueError:
        return False
    return True


def padded_gtin(gtin: str) -> str:
    """GTIN-8, -12, -13 and -14 compared as one: padded left to 14 (GS1 General Specifications 3.2)."""
    return gtin.strip().rjust(14, "0")


def gs1_check_digit(body: str) -> str:
    """The GS1 mod-10 check digit of the digits before it (GS1 General Specifications 7.9)."""
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(body)))
    return str(-total % 10)


def is_gs1_number(text: str, lengths: tuple[int, ...] = (8, 12, 13, 14)) -> bool:
    """Whether this is a GTIN, GLN (13) or SSCC (18) of one of these lengths whose check digit is right."""
    return text.isascii() and text.isdigit() and len(text) in lengths and gs1_check_digit(text[:-1]) == text[-1]


ExactDecimal = Annotated[Decimal, AfterValidator(plain)]
