"""No cent is lost, however an amount is divided."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trade.shares import divided, next_part

CENTS = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2))
WEIGHTS = st.integers(0, 10**7).map(lambda digits: Decimal(digits).scaleb(-3))


@given(CENTS, st.lists(WEIGHTS, min_size=1, max_size=8))
def test_parts_by_weight_sum_to_the_amount_and_are_fair(amount: Decimal, weights: list[Decimal]) -> None:
    parts = divided(amount, weights)
    assert sum(map(Fraction, parts)) == Fraction(amount)
    assert all(part.as_tuple().exponent == -2 for part in parts)
    total = sum(map(Fraction, weights))
    if total:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(Fraction(part) - Fraction(amount) * Fraction(weight) / total) < Fraction(1, 100)


def test_left_over_cents_go_to_the_largest_remainders() -> None:
    third = Decimal(1)
    assert divided(Decimal("10.00"), [third, third, third]) == (Decimal("3.34"), Decimal("3.33"), Decimal("3.33"))
    assert divided(Decimal("0.02"), [Decimal(1), Decimal(5), Decimal(5)]) == (0, Decimal("0.01"), Decimal("0.01"))
    assert divided(Decimal("-10.00"), [third, third, third])[0] == Decimal("-3.34")
    assert divided(Decimal("5.00"), [Decimal(0), Decimal(0)]) == (5, 0)
    assert divided(Decimal("5.00"), []) == ()
    with pytest.raises(ValueError, match="no whole number of cents"):
        divided(Decimal("0.001"), [third])


@given(CENTS, st.lists(WEIGHTS, min_size=1, max_size=8).filter(any))
def test_parts_one_after_the_other_sum_to_the_amount(amount: Decimal, steps: list[Decimal]) -> None:
    whole, before, parts = sum(steps, Decimal(0)), Decimal(0), []
    for step in steps:
        parts.append(next_part(amount, before=before, now=step, of=whole))
        before += step
    assert sum(map(Fraction, parts)) == Fraction(amount)
    assert next_part(amount, before=whole, now=Decimal(1), of=whole) == 0
