"""Quantities, amounts and times as people read them."""

from __future__ import annotations

from decimal import Decimal

from schemas.values import shortest

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def quantity(count: Decimal, unit: str | None = None) -> str:
    """`1,200 EA`; without a unit the bare number."""
    return f"{shortest(count):,f} {unit or ''}".rstrip()


def lasting(microseconds: int) -> str:
    """In the largest unit that says it: `3 hours`."""
    seconds = max(0, microseconds // 1_000_000)
    for unit, size in _UNITS:
        if count := seconds // size:
            return counted(count, unit)
    return counted(seconds, "second")


def counted(count: int, word: str) -> str:
    """`1 line`, `1,204 lines`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def until(due_at: int, now: int) -> str:
    """`due in 3 hours`, `2 hours overdue`."""
    return f"due in {lasting(due_at - now)}" if due_at > now else f"{lasting(now - due_at)} overdue"
