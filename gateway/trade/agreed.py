"""What was agreed to take off: account.yaml's `terms.discounts`, as invoices need them. Pure: the terms, the day and
the currency are given."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from gateway.trade.discounts import Discount, Tier
from mappings.account import AgreedDiscount, TradeTerms
from mappings.validity import in_force
from schemas.values import half_up


def line_discounts(terms: TradeTerms, product: str, on: date | None, currency: str) -> tuple[Discount, ...]:
    """What is taken off a line of this product, in the order that the terms have it. `on` is the day whose price counts
    for the line; where nobody knows it, discounts that end don't count."""
    return tuple(_discount(one) for _, one in agreed_for_line(terms, product, on, currency))


def agreed_for_line(
    terms: TradeTerms, product: str, on: date | None, currency: str
) -> tuple[tuple[int, AgreedDiscount], ...]:
    """The same as it was agreed, each with its place in `terms.discounts`."""
    counting = in_force(terms.discounts, on)
    return tuple(
        (index, one)
        for index, one in enumerate(terms.discounts)
        if one in counting
        and one.of == "line"
        and (not one.products or product in one.products)
        and _counts_in(currency, one, terms)
    )


def document_discounts(terms: TradeTerms, on: date | None, currency: str) -> tuple[Discount, ...]:
    """What is taken off the invoice as a whole, as the terms have it. `on` is the invoice's tax point."""
    return tuple(
        _discount(one)
        for one in in_force(terms.discounts, on)
        if one.of == "document" and _counts_in(currency, one, terms)
    )


def _counts_in(currency: str, discount: AgreedDiscount, terms: TradeTerms) -> bool:
    """Amounts count in their own currency alone, per cents in every one, unless one is named."""
    meant = discount.currency or (terms.currency if discount.is_of_money else None)
    return meant in (None, currency)


def _discount(agreed: AgreedDiscount) -> Discount:
    is_of_line = agreed.of == "line"
    return Discount(
        percent=agreed.percent,
        each=agreed.amount if is_of_line else None,
        amount=None if is_of_line or agreed.amount is None else half_up(Fraction(agreed.amount)),
        tiers=tuple(Tier(tier.from_, tier.percent) for tier in agreed.tiers),
        by=agreed.by,
        reason_code=agreed.reason_code,
        reason=agreed.reason,
    )
