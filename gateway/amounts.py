"""An amount of money as people read it."""

from __future__ import annotations

from decimal import Decimal

_WITHOUT_CENTS = frozenset(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"))


def amount(worth: Decimal, currency: str | None) -> str:
    """`18,400.00 EUR`: to the last digit that is there, and never fewer than the currency has."""
    least = 0 if currency in _WITHOUT_CENTS else 2
    plain = worth.normalize() if worth == worth.to_integral_value() else worth
    digits = max(least, -int(plain.as_tuple().exponent)) if plain.is_finite() else least
    shown = f"{worth:,.{digits}f}"
    return f"{shown} {currency or ''}".rstrip()


def worth_said(worth: Decimal, currency: str | None) -> str:
    """`18,400.00 EUR`, or `18,400.00 (no currency said)`: what an order is worth, where it may not say in which."""
    return amount(worth, currency) if currency else f"{amount(worth, None)} (no currency said)"
