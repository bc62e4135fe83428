"""What was agreed to take off or to add: account.yaml's `terms.discounts` and `policies.order_charges`, as invoices
need it. Pure: the terms, the day and the currency are given."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from gateway.trade.discounts import Discount, OrderCharge, Tier
from mappings.account import AgreedDiscount, TradeTerms
from mappings.validity import in_force
from schemas.charge_codes import ALLOWANCE_REASONS, CHARGE_REASONS
from schemas.documents.common import Charge
from schemas.documents.order import Order
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


def order_charges(order: Order, spread: Literal["first", "pro_rata"]) -> tuple[OrderCharge, ...]:
    """The order's own charges and allowances, freight for instance, for its invoices. `spread` is the account's policy
    `order_charges`. Amounts are rounded half up to cents; one below zero is the opposite of what it is called (EN 16931
    knows no negative ones). A reason code that invoices can't have is left out (BR-CL-19, BR-CL-20)."""
    charges = (_order_charge(one, spread) for one in order.charges)
    return tuple(one for one in charges if one.amount)


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


def _order_charge(charge: Charge, spread: Literal["first", "pro_rata"]) -> OrderCharge:
    amount = half_up(Fraction(charge.amount))
    is_charge = charge.is_charge == (amount >= Decimal(0))
    codes = CHARGE_REASONS if is_charge else ALLOWANCE_REASONS
    return OrderCharge(
        is_charge=is_charge,
        amount=abs(amount),
        reason_code=charge.reason_code if charge.reason_code in codes else None,
        reason=charge.reason or ("Charge" if is_charge else "Discount"),
        spread=spread,
    )
