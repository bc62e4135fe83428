"""An order's own charges and allowances, freight for instance, on its invoices: each has what `policies.order_charges`
gives it of what is left of them, so that all of them have the charge as it stands, and never more. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from gateway.trade.discounts import OrderCharge
from gateway.trade.invoice_sums import NOTHING, exact_sum
from schemas.charge_codes import ALLOWANCE_REASONS, CHARGE_REASONS
from schemas.documents.common import Charge
from schemas.values import EXACT, half_up


class ChargeName(NamedTuple):
    """By what an order's charge is known from one version to the next, and from one invoice to the next. `occurrence`
    tells apart those that are alike: 1 is the first one."""

    is_charge: bool
    reason_code: str | None
    reason: str
    occurrence: int


def order_charges(charges: Iterable[Charge]) -> dict[ChargeName, Decimal]:
    """The order's charges and allowances with their amounts, which are above zero. They are rounded half up to cents;
    one below zero is the opposite of what it is called (EN 16931 knows no negative ones). A reason code that invoices
    can't have is left out (BR-CL-19, BR-CL-20)."""
    found: dict[ChargeName, Decimal] = {}
    for charge in charges:
        amount = half_up(Fraction(charge.amount))
        if amount:
            is_charge = charge.is_charge == (amount > 0)
            codes = CHARGE_REASONS if is_charge else ALLOWANCE_REASONS
            code = charge.reason_code if charge.reason_code in codes else None
            reason = charge.reason or ("Charge" if is_charge else "Discount")
            alike = sum(name[:3] == (is_charge, code, reason) for name in found)
            found[ChargeName(is_charge, code, reason, alike + 1)] = abs(amount)
    return found


def charges_now(
    wanted: Mapping[ChargeName, Decimal], had: Mapping[ChargeName, Decimal], part: Fraction
) -> dict[ChargeName, Decimal]:
    """What an invoice has of each charge that is `wanted`: this part of what is left of it, where earlier invoices had
    so much. What they had of charges that aren't wanted any more, or not so much, counts towards the others: one under
    a new name is charged once. Nothing is taken back of what was charged."""
    left = {name: max(EXACT.subtract(amount, had.get(name, NOTHING)), NOTHING) for name, amount in wanted.items()}
    for is_charge in (True, False):
        over = exact_sum(
            max(EXACT.subtract(amount, wanted.get(name, NOTHING)), NOTHING)
            for name, amount in had.items()
            if name.is_charge is is_charge
        )
        for name in [name for name in left if name.is_charge is is_charge]:
            counted = min(over, left[name])
            left[name], over = EXACT.subtract(left[name], counted), EXACT.subtract(over, counted)
    found = {name: half_up(Fraction(amount) * part) for name, amount in left.items()}
    return {name: amount for name, amount in found.items() if amount}


def summed(*charged: Mapping[ChargeName, Decimal]) -> dict[ChargeName, Decimal]:
    """What all of them had of each charge."""
    found: dict[ChargeName, Decimal] = {}
    for some in charged:
        for name, amount in some.items():
            found[name] = EXACT.add(found.get(name, NOTHING), amount)
    return found


def within(charges: Mapping[ChargeName, Decimal], worth: Decimal) -> dict[ChargeName, Decimal]:
    """What an invoice has of an order's charges where its goods on it cost so much: allowances together take no more
    off. What isn't taken off now is left of them."""
    found, left = dict(charges), worth
    for name in [name for name in charges if not name.is_charge]:
        found[name] = min(charges[name], left)
        left = EXACT.subtract(left, found[name])
    return {name: amount for name, amount in found.items() if amount}


def as_billed(charges: Mapping[ChargeName, Decimal]) -> tuple[OrderCharge, ...]:
    """The same for the invoice."""
    return tuple(
        OrderCharge(is_charge=name.is_charge, amount=amount, reason_code=name.reason_code, reason=name.reason)
        for name, amount in charges.items()
    )


# --- which part of an order ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CountedLine:
    """A line of an order as it counts for its charges: what all that is confirmed of it costs (or 1 each, where all are
    free), how many base units that is, how many earlier invoices had, and how many this one has."""

    weight: Decimal
    confirmed: Fraction
    before: Decimal
    now: Decimal

    @property
    def left(self) -> Fraction:
        """What is confirmed and wasn't billed before."""
        return max(self.confirmed - Fraction(self.before), Fraction(0))

    @property
    def taken(self) -> Fraction:
        """What of that is billed now."""
        return min(Fraction(self.now), self.left)


def part_of_the_rest(lines: Sequence[CountedLine]) -> Fraction:
    """Which part of what is left to be billed of an order an invoice has. By quantities, so that the last one has all
    of it, however the amounts were rounded, and whatever price their days had. Where only free goods are left, all
    lines count the same; where nothing is, it is all of it."""
    costs = [Fraction(line.weight) / line.confirmed for line in lines]
    rest = sum((cost * line.left for cost, line in zip(costs, lines, strict=True)), Fraction(0))
    if rest:
        return sum((cost * line.taken for cost, line in zip(costs, lines, strict=True)), Fraction(0)) / rest
    still = [line for line in lines if line.left]
    return sum((line.taken / line.left for line in still), Fraction(0)) / len(still) if still else Fraction(1)


def part_of_all(lines: Sequence[CountedLine]) -> Fraction:
    """Which part of all that is confirmed was billed before."""
    weights = sum((Fraction(line.weight) for line in lines), Fraction(0))
    had = (Fraction(line.weight) * min(Fraction(line.before) / line.confirmed, Fraction(1)) for line in lines)
    return sum(had, Fraction(0)) / weights if weights else Fraction(0)
