"""What a line asks for once the policies have adjusted it, and when that can be there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from gateway.trade.prices import contract_price
from gateway.trade.quantities import rounded_up, step_of
from gateway.trade.stock import Receipt, Stock
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import Product, SiteRow
from schemas.documents.common import Period, Price
from schemas.values import shortest


@dataclass(slots=True)
class Wanted:
    """A line that can be supplied. `quantity` is in the account's unit, `base` the same in base units; both are what
    was ordered, unless `changes` says that the quantity was raised or the price replaced."""

    line: MappedLine
    product: Product
    quantity: Decimal
    base: Decimal
    unit: str | None
    unit_code: str | None
    price: Price | None
    changes: tuple[str, ...]
    window: Period | None
    earliest: date
    supply_site: str | None
    days_from_site: int
    """Transit and receiving: from leaving the supply site to standing in the account's."""

    def promise(self, window: Period | None) -> date:
        """The delivery that can be promised: when it is wanted, and not before it can be there."""
        start = window.start if window else None
        return self.earliest if start is None or start < self.earliest else start

    def step(self) -> Fraction:
        """The smallest part that can be confirmed alone, in base units."""
        return step_of(self.line)

    def arrival(self, receipt: Receipt) -> date:
        """When goods of this receipt can stand in the account's site."""
        return max(self.promise(self.window), receipt.day + timedelta(days=self.days_from_site))

    def receipt(self, stock: Stock, decided_on: date) -> Receipt | None:
        """The next goods due that could fill the line."""
        return stock.next_receipt(self.product.product, self.supply_site, decided_on)


def wanted(mapped: MappedOrder, line: MappedLine, decided_on: date, *, rounded: bool, repriced: bool) -> Wanted:
    """What the line asks for.

    Raises ValueError for a line that the mapping left open without a fault: that is a bug, not a decision.
    """
    meaning = line.meaning
    words = meaning.words
    product, quantity, base = meaning.product, words.quantity, meaning.base_quantity
    changes: tuple[str, ...] = ()
    if rounded:
        quantity, base = rounded_up(line) or (quantity, base)
        changes = (_rounding(line, quantity),)
    if product is None or base is None:
        raise ValueError(f"line {line.line_number} has no product or quantity in our terms, and no fault says why")
    price = words.price
    if price is None or repriced:
        price = contract_price(line) or price
    if repriced and price is not None:
        changes = (*changes, _repricing(line))
    site, window = delivery_site(mapped, line), mapped.order.requested_delivery
    if line.own_delivery:
        window = line.line.requested_delivery or window
    days = site.transit_days + site.receiving_days if site else 0
    return Wanted(
        line,
        product,
        quantity,
        base,
        words.unit or meaning.unit,
        words.unit_code or meaning.unit_code,
        price,
        changes,
        window,
        decided_on + timedelta(days=product.lead_time_days + days),
        site.supply_site if site else None,
        days,
    )


def delivery_site(mapped: MappedOrder, line: MappedLine) -> SiteRow | None:
    """Where the line goes: to its own place, or to the order's where it names none; None where that isn't known."""
    if line.site is None and (not line.own_delivery or line.line.ship_to is None):
        return mapped.site
    return line.site


def _rounding(line: MappedLine, quantity: Decimal) -> str:
    unit = line.line.unit or line.unit or ""
    raised = f"Quantity raised from {shortest(line.line.quantity):f} to {quantity:f} {unit}".rstrip()
    return f"{raised}: only whole packs are sold."


def _repricing(line: MappedLine) -> str:
    ordered = f" instead of {line.line.price.amount:f} as ordered" if line.line.price else ""
    return f"Confirmed at the contract price{ordered}."
