"""Amounts divided so that no cent is lost: among several at once, or one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from schemas.values import EXACT, half_up

_CENT = Decimal("0.01")


def divided(amount: Decimal, weights: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """The amount, of whole cents, in parts by weight that sum to it (largest remainder: the cents that are left over go
    to those that lost most by rounding down, of equal ones to the first). Where the weights sum to nothing, or some are
    below zero, the first has it all; where there are none, there is nothing."""
    if not weights:
        return ()
    total = sum(map(Fraction, weights))
    if total <= 0 or any(weight < 0 for weight in weights):
        return (amount, *(Decimal("0.00") for _ in weights[1:]))
    cents, sign = abs(Fraction(amount)) * 100, -1 if amount < 0 else 1
    if cents.denominator != 1:
        raise ValueError(f"{amount} is no whole number of cents")
    exact = [cents * Fraction(weight) / total for weight in weights]
    whole = [int(part) for part in exact]
    by_loss = sorted(range(len(exact)), key=lambda index: (whole[index] - exact[index], index))
    for index in by_loss[: int(cents) - sum(whole)]:
        whole[index] += 1
    return tuple(EXACT.multiply(Decimal(sign * part), _CENT) for part in whole)


def next_part(amount: Decimal, *, before: Decimal | Fraction, now: Decimal | Fraction, of: Decimal) -> Decimal:
    """What part of the amount falls to `now`, where `before` of the whole had its part already: what both have
    together, rounded, less what the first had. Whatever the steps, the parts of a whole sum to the amount."""
    had = Fraction(before)
    return EXACT.subtract(_reached(amount, had + Fraction(now), of), _reached(amount, had, of))


def _reached(amount: Decimal, done: Fraction, of: Decimal) -> Decimal:
    """The part of what is done, all of it where nothing is left, or there was nothing to begin with."""
    if of <= 0 or done >= of:
        return EXACT.add(amount, Decimal("0.00")) if of > 0 or done > 0 else Decimal("0.00")
    return half_up(Fraction(amount) * max(Fraction(0), done) / Fraction(of))
