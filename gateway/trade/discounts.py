"""Discounts and charges as EN 16931's allowances: of a line, and of the document for each tax that it touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from gateway.trade.invoice_sums import NOTHING, TaxGroup, exact_sum, percentage
from gateway.trade.shares import divided
from schemas.documents.invoice import InvoiceCharge, TaxCategory
from schemas.values import EXACT, half_up

DISCOUNT = "95"
"""UNCL 5189: discount."""


@dataclass(frozen=True, slots=True)
class Tier:
    """From this quantity or amount on, so many per cent."""

    start: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """Per cent or an amount off, or by `tiers` what is reached of them: of a line by its quantity in the ordered unit
    or by its amount, of a document by its amount. `each` is off every ordered unit of a line, so that a line that is
    billed in parts has it once."""

    percent: Decimal | None = None
    amount: Decimal | None = None
    each: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    by: Literal["quantity", "amount"] = "amount"
    reason_code: str | None = DISCOUNT
    reason: str | None = "Discount"

    def percent_at(self, measure: Decimal | Fraction) -> Decimal | None:
        """What is off at this quantity or amount: the highest tier that it reaches; None where it is no percentage, or
        no tier is reached."""
        if not self.tiers:
            return self.percent
        reached = [tier for tier in self.tiers if tier.start <= measure]
        return max(reached, key=lambda tier: tier.start).percent if reached else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCharge:
    """A charge (or allowance) that was agreed for an order as a whole, such as freight, or an invoice's part of it.
    With a `tax_class` it is taxed by that; without one it follows the goods, as what is accessory to them."""

    is_charge: bool = True
    amount: Decimal
    reason_code: str | None = "FC"
    reason: str | None = "Freight"
    tax_class: str | None = None


def line_allowances(
    discounts: Sequence[Discount], gross: Fraction, quantity: Decimal | Fraction
) -> tuple[InvoiceCharge, ...]:
    """The allowances of a line whose goods cost `gross`, each of the whole of it; together no more than they cost."""
    base = left = half_up(gross)
    found = []
    for discount in discounts:
        percent = discount.percent_at(quantity if discount.by == "quantity" else base)
        if percent is not None:
            one = _at_most(left, _allowance(discount, percentage(base, percent), base, percent))
        elif discount.each is not None:
            one = _at_most(left, _allowance(discount, half_up(Fraction(discount.each) * Fraction(quantity))))
        elif discount.amount is not None:
            one = _at_most(left, _allowance(discount, discount.amount))
        else:
            continue
        left = EXACT.subtract(left, one.amount)
        found.append(one)
    return tuple(one for one in found if one.amount)


def document_allowances(discounts: Sequence[Discount], nets: Mapping[TaxGroup, Decimal]) -> tuple[InvoiceCharge, ...]:
    """The allowances of a document whose lines sum to `nets` by tax: one for each tax, because each has its base.
    Together no more than what there is of each."""
    total = sum(map(Fraction, nets.values()), Fraction(0))
    left = dict(nets)
    found: list[InvoiceCharge] = []
    for discount in discounts:
        percent = discount.percent_at(total)
        if percent is not None:
            parts = [_allowance(discount, percentage(net, percent), net, percent, group) for group, net in nets.items()]
        elif discount.amount is not None:
            amount = min(discount.amount, max(exact_sum(left.values()), NOTHING))
            divided_among = divided(amount, tuple(left.values()))
            parts = [_allowance(discount, part, group=group) for group, part in zip(left, divided_among, strict=True)]
        else:
            continue
        for group, part in zip(nets, parts, strict=True):
            one = _at_most(left[group], part)
            left[group] = EXACT.subtract(left[group], one.amount)
            found.append(one)
    return tuple(one for one in found if one.amount)


def _at_most(left: Decimal, allowance: InvoiceCharge) -> InvoiceCharge:
    """The allowance, or what there is left to take off, which is no percentage of anything then."""
    if allowance.amount <= left:
        return allowance
    return replace(allowance, amount=max(left, NOTHING), base_amount=None, percent=None)


def charge_by_tax(charge: OrderCharge, nets: Mapping[TaxGroup, Decimal]) -> tuple[InvoiceCharge, ...]:
    """A charge that follows the goods, divided as their taxes are."""
    parts = divided(charge.amount, tuple(nets.values()))
    found = (of_order(charge, part, tax_in(group)) for group, part in zip(nets, parts, strict=True))
    return tuple(one for one in found if one.amount)


def of_order(charge: OrderCharge, amount: Decimal, tax: TaxCategory) -> InvoiceCharge:
    """So much of an order's charge, as the invoice has it."""
    return InvoiceCharge(
        is_charge=charge.is_charge, amount=amount, reason_code=charge.reason_code, reason=charge.reason, tax=tax
    )


def tax_in(group: TaxGroup) -> TaxCategory:
    """The tax that a group is of."""
    category, percent = group
    return TaxCategory(category=category, percent=percent)


def _allowance(
    discount: Discount,
    amount: Decimal,
    base: Decimal | None = None,
    percent: Decimal | None = None,
    group: TaxGroup | None = None,
) -> InvoiceCharge:
    return InvoiceCharge(
        is_charge=False,
        amount=amount,
        base_amount=base,
        percent=percent,
        reason_code=discount.reason_code,
        reason=discount.reason,
        tax=tax_in(group) if group is not None else None,
    )
