"""Whole units in decimals, where that can be done, are those in fractions, to the letter."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.trade.quantities import in_their_unit, quantum, step_of, whole
from schemas.values import from_fraction, shortest
from tests.trade.builders import line

MOST = Decimal("99999999999999999999.9999999999")
counts = st.decimals(0, MOST, places=10) | st.integers(0, 10**6).map(Decimal) | st.sampled_from([MOST, Decimal("7.50")])
sizes = st.integers(1, 500).map(Fraction) | st.fractions(Fraction(1, 1000), 1000)


@given(counts, sizes)
@settings(max_examples=500, deadline=None)
@example(Decimal("1E+20"), Fraction(3))
@example(Decimal(-7), Fraction(2))
def test_as_much_as_is_whole(base: Decimal, step: Fraction) -> None:
    found = whole(base, step)
    assert Fraction(found) == Fraction(base) // step * step
    if isinstance(found, Decimal):
        assert str(found) == str(from_fraction(Fraction(found)))


@given(counts | sizes, sizes)
@settings(max_examples=500, deadline=None)
@example(Decimal("120.0"), Fraction(12))
@example(Fraction(120), Fraction(12))
def test_base_units_in_the_accounts_unit(base: Decimal | Fraction, per_unit: Fraction) -> None:
    ordered = line("1")
    ordered = replace(ordered, meaning=replace(ordered.meaning, base_per_unit=per_unit))
    expected = from_fraction(Fraction(base) / per_unit)
    if expected is None:
        with pytest.raises(ValueError, match="no exact number of its unit"):
            in_their_unit(base, ordered)
    else:
        assert str(in_their_unit(base, ordered)) == str(shortest(expected))


def test_lines_that_say_the_same_share_their_step() -> None:
    alone = line("3", unit="CS", per_unit=12, per_sales=6, sales_unit="XCT")
    sharing = replace(alone, meaning=replace(alone.meaning, compiled={}))
    assert step_of(alone) == step_of(sharing) == step_of(sharing) == quantum(alone) == 12
