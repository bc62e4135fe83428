"""What becomes of an order's lines under two mappings: quantities that are confirmed or not, and days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from gateway.effects.effects import Change, Severity
from gateway.effects.side import Side
from gateway.effects.titles import outcome_words
from schemas.documents.order_response import LineOutcome
from schemas.values import EXACT

_REFUSED = {"rejected"}
"""The outcomes of a line of which nothing is taken."""


def outcome_changes(before: Side, after: Side, explained: set[str]) -> Iterator[Change]:
    """The differences of an order that stands either way, but for lines of which a fault tells why (`explained`)."""
    was, now, lines, read = before.outcomes(), after.outcomes(), after.lines, before.lines
    for number, old in was.items():
        new = now.get(number)
        if new is None or old == new or number in explained or number not in lines or number not in read:
            continue
        parts, others = _by_status(old), _by_status(new)
        same_quantity = read[number].line.quantity == lines[number].line.quantity
        if (parts != others) if same_quantity else (parts.keys() != others.keys()):
            about = "+".join(parts), "+".join(others), lines[number].unit or ""
            was_refused, is_refused = parts.keys() == _REFUSED, others.keys() == _REFUSED
            severity: Severity = "changed"
            if was_refused != is_refused:
                severity = "newly_fails" if is_refused else "now_passes"
            yield Change("outcome", about, outcomes_told(old), outcomes_told(new), number, severity, parts, others)
        elif _days(old) != _days(new):
            yield _promise_change(number, old, new)


def _promise_change(number: str, old: Sequence[LineOutcome], new: Sequence[LineOutcome]) -> Change:
    was, now = _days(old), _days(new)
    told = " and ".join(was) or "no day", " and ".join(now) or "no day"
    last = [max((one.promised_delivery for one in some if one.promised_delivery), default=None) for some in (old, new)]
    days = (last[1] - last[0]).days if last[0] and last[1] else 0
    return Change("promise", (str(days),) if days else told[:1], *told, number)


def _days(outcomes: Sequence[LineOutcome]) -> list[str]:
    return [one.promised_delivery.isoformat() for one in outcomes if one.promised_delivery]


def _by_status(outcomes: Sequence[LineOutcome]) -> dict[str, Decimal]:
    parts: dict[str, Decimal] = {}
    for one in outcomes:
        parts[one.status] = EXACT.add(parts.get(one.status, Decimal(0)), one.quantity)
    return parts


def outcomes_told(outcomes: Sequence[LineOutcome]) -> str:
    """`confirmed 10, back-ordered 2 CS`, with the reasons behind it."""
    unit = outcomes[0].unit if outcomes else None
    reasons = " ".join(one.reason for one in outcomes if one.reason)
    told = outcome_words(_by_status(outcomes), unit) if outcomes else ""
    return f"{told} ({reasons})" if reasons else told
