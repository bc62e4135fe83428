"""Whole units: which parts of a line can be confirmed, and how they read in the account's own unit. All exact."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, gcd, lcm

from mappings.mapped import MappedLine
from mappings.units import DIVISIBLE
from schemas.values import MAX_FRACTION_DIGITS, MAX_INTEGER_DIGITS, from_fraction, is_carried, shortest

ONE = Fraction(1)
_BEYOND = Decimal(10) ** MAX_INTEGER_DIGITS
_STEP = "step"
"""Where lines that say the same share it."""


def step_of(line: MappedLine) -> Fraction:
    """`quantum`, worked out once for lines that say the same."""
    shared = line.meaning.compiled
    if shared is None:
        return quantum(line)
    if _STEP not in shared:
        shared[_STEP] = quantum(line)
    step: Fraction = shared[_STEP]
    return step


def base_of(line: MappedLine, quantity: Decimal) -> Fraction:
    """`quantity` of the account's unit in base units."""
    return Fraction(quantity) * _per_unit(line)


def quantum(line: MappedLine) -> Fraction:
    """The smallest part of the line that may be confirmed alone, in base units.

    It is whole in the unit we sell, unless that is a measure (half a kilogram can be sold). It is whole in the
    account's unit too where the account orders whole ones: 2 of 3 cartons, never 2.5. Where the account itself orders
    fractions, it can be said exactly in that unit, in measures to as many places as the account did.
    """
    ours, theirs = line.base_per_sales_unit or ONE, _per_unit(line)
    fine: Fraction = theirs / 10 ** _digits(line.meaning.words.quantity)
    if line.sales_unit in DIVISIBLE:
        return fine
    return _least_common(ours, fine) if fine == theirs else ours * expressible_step(ours / theirs)


def whole(base: Decimal, step: Fraction) -> Fraction | Decimal:
    """As much of `base` as is whole in `step`, both in base units. A decimal where steps are of whole base units, as
    almost all are: fractions are many times slower."""
    if step.denominator == 1 and 0 <= base < _BEYOND:
        pieces = int(base)
        return Decimal(pieces - pieces % step.numerator)
    return Fraction(base) // step * step


def in_their_unit(base: Decimal | Fraction, line: MappedLine) -> Decimal:
    """Base units in the account's unit. ValueError where that has no finite decimal form; `quantum` prevents it."""
    per_unit = _per_unit(line)
    if per_unit.denominator == 1 and (pieces := int(base)) == base and pieces % per_unit.numerator == 0:
        return Decimal(pieces // per_unit.numerator)
    quantity = from_fraction(Fraction(base) / per_unit)
    if quantity is None:
        raise ValueError(f"{base} base units of line {line.line_number} are no exact number of its unit")
    return shortest(quantity)


def exact_base(base: Decimal | Fraction) -> Decimal | None:
    """Base units as a decimal; None where they have no finite form within the digits a quantity may have."""
    value = base if isinstance(base, Decimal) else from_fraction(base)
    return None if value is None or not is_carried(value) else shortest(value)


def in_sales_units(line: MappedLine) -> Fraction:
    """What the line orders, counted in the unit we sell; not always whole."""
    return base_of(line, line.meaning.words.quantity) / (line.base_per_sales_unit or ONE)


def rounded_up(line: MappedLine) -> tuple[Decimal, Decimal] | None:
    """The line's quantity raised to the next whole unit of sale: (in the account's unit, in base units).

    None where that can't be said exactly in the account's unit: 2 packs of ten are no decimal number of dozens.
    """
    base = ceil(in_sales_units(line)) * (line.base_per_sales_unit or ONE)
    theirs, ours = from_fraction(base / _per_unit(line)), exact_base(base)
    if theirs is None or ours is None or not is_carried(theirs):
        return None
    return shortest(theirs), ours


def expressible_step(ratio: Fraction) -> int:
    """The least whole number whose product with `ratio` has a finite decimal form (within a quantity's digits)."""
    odd = ratio.denominator
    for prime in (2, 5):
        while odd % prime == 0:
            odd //= prime
    product = from_fraction(ratio * odd)
    return odd if product is not None and _digits(product) <= MAX_FRACTION_DIGITS else ratio.denominator


def _per_unit(line: MappedLine) -> Fraction:
    if line.base_per_unit is None:
        raise ValueError(f"line {line.line_number} has no unit in our terms")
    return line.base_per_unit


def _least_common(one: Fraction, other: Fraction) -> Fraction:
    return Fraction(lcm(one.numerator, other.numerator), gcd(one.denominator, other.denominator))


def _digits(value: Decimal) -> int:
    exponent = shortest(value).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
