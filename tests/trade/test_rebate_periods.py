"""The names of months, quarters and years."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trade.rebate_periods import PeriodKind, period_around, period_named
from gateway.trade.rebates import period_of
from mappings.account import Rebate


@pytest.mark.parametrize(
    ("name", "kind", "first"),
    [
        ("2026", "year", date(2026, 1, 1)),
        ("2026-Q1", "quarter", date(2026, 1, 1)),
        ("2026-Q4", "quarter", date(2026, 10, 1)),
        ("2026-11", "month", date(2026, 11, 1)),
    ],
)
def test_a_period_by_its_name(name: str, kind: str, first: date) -> None:
    found = period_named(name)
    assert (found.name, found.kind, found.first) == (name, kind, first)


@pytest.mark.parametrize(
    "name", ["", "26", "2026-00", "2026-13", "2026-Q0", "2026-Q5", "2026-q1", "0000", "2026-1", "２０２６"]
)
def test_what_is_none(name: str) -> None:
    with pytest.raises(ValueError, match="is no period"):
        period_named(name)


@given(st.dates(), st.sampled_from(["month", "quarter", "year"]))
def test_the_period_around_a_day_has_it(day: date, kind: PeriodKind) -> None:
    """And its first day is in the same days that rebates count."""
    found = period_around(kind, day)
    assert found == period_named(found.name)
    rebate = Rebate.model_validate({"period": kind, "tiers": [{"from": "0", "percent": "1"}]})
    days = period_of(rebate, found.first)
    assert days.start == found.first
    assert days.start <= day <= days.end
