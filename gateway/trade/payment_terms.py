"""When an invoice is due, and how its payment terms read: account.yaml's `terms.payment`."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from mappings.account import Payment
from schemas.values import shortest

_FROM = {"invoice": "the invoice", "delivery": "delivery", "end_of_month": "the end of the month"}


@dataclass(frozen=True, slots=True)
class Due:
    """The day (BT-9) and the terms in words (BT-20)."""

    on: date
    note: str | None = None


def due(payment: Payment | None, issued: date, delivered: date | None = None) -> Due:
    """Without agreed terms an invoice is due at once (EN 16931 BR-CO-25 wants a day or terms). `delivered` is when the
    goods were there; where nobody knows, the days count from the invoice."""
    if payment is None:
        return Due(issued)
    start = {"invoice": issued, "delivery": delivered or issued, "end_of_month": _month_end(issued)}[payment.from_]
    return Due(start + timedelta(days=payment.days), _note(payment))


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _note(payment: Payment) -> str:
    """`30 days from the invoice; 2 % discount within 10 days.`"""
    note = f"{_days(payment.days)} from {_FROM[payment.from_]}"
    if payment.discount is not None:
        discount = payment.discount
        note += f"; {shortest(discount.percent):f} % discount within {_days(discount.days)}"
    return f"{note}."


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
