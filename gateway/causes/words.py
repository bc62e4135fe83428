"""How a cause reads: spans of time, amounts, and its sentence."""

from __future__ import annotations

from gateway.amounts import worth_said
from gateway.store.problems import Worth

_SECOND = 1_000_000
_SPANS = (("d", 86_400), ("h", 3_600), ("min", 60))
_LONGEST_VALUE = 80


def span(microseconds: int) -> str:
    """A time that passes, in the largest unit that says it: `2 h`."""
    seconds = max(0, microseconds) // _SECOND
    for unit, size in _SPANS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def amounts(worth: Worth) -> str:
    """Each currency's by itself: `18,400.00 EUR and 310.00 USD`; empty where nothing is known to be worth anything."""
    said = [worth_said(one, currency) for currency, one in sorted(worth, key=lambda pair: -pair[1]) if one]
    return " and ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)


def due(due_at: int | None, now: int) -> str:
    """When the first answer is expected: `response due in 2 h`, `response overdue since 3 h`; empty where none is."""
    if due_at is None:
        return ""
    if due_at < now:
        return f"response overdue by {span(now - due_at)}"
    return f"response due in {span(due_at - now)}"


def shortened(value: str) -> str:
    """What was sent, cut where it would fill the page."""
    one_line = " ".join(value.split())
    return one_line if len(one_line) <= _LONGEST_VALUE else f"{one_line[: _LONGEST_VALUE - 1]}…"


def counted(count: int, word: str) -> str:
    """`1 order`, `1,204 orders`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
