"""What marks a test of the suite: the days that it is about, or a name by which an adapter can say that it has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tests.delivery.conformance.days import Day

_T = TypeVar("_T", bound=Callable[..., None])

CASES: set[str] = set()
"""The names that there are."""


def case(name: str) -> Callable[[_T], _T]:
    """A test that some adapter may state to be inapplicable, by this name."""
    CASES.add(name)

    def named(test: _T) -> _T:
        test.case = name  # type: ignore[attr-defined]
        return test

    return named


def on(*days: Day) -> Callable[[_T], _T]:
    """A test for these days alone."""

    def dated(test: _T) -> _T:
        test.days = days  # type: ignore[attr-defined]
        return test

    return dated
