"""What was agreed for an order line: the price that our last response confirmed it at, for one of the ordered unit.

Where the account's price is that of the day of despatch, it is the contract's of that day. Where there was no response
(the account takes none), it is the order's own price where it was taken as it was, else the contract's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from mappings.mapped import MappedLine
from schemas.documents.common import Price
from schemas.documents.order_response import OrderResponse
from schemas.values import EXACT, from_fraction, is_carried, shortest

_CONFIRMING = ("accepted", "changed", "backordered")


def confirmed_prices(responses: Iterable[OrderResponse]) -> dict[str, Price]:
    """Line number → the price that it was confirmed at last. `responses` are the order's, the newest first."""
    found: dict[str, Price] = {}
    for response in responses:
        for told in response.lines:
            for outcome in told.outcomes:
                if outcome.status in _CONFIRMING and outcome.price is not None:
                    found.setdefault(told.line_number, outcome.price)
    return found


def agreed_price(line: MappedLine, confirmed: Mapping[str, Price]) -> Price | None:
    """The price of one of the ordered unit, or of so many of them. `confirmed` are the order's `confirmed_prices`. None
    where nobody has agreed on one."""
    said = confirmed.get(line.line_number)
    return unanswered_price(line) if said is None else in_ordered_unit(said, line)


def unanswered_price(line: MappedLine) -> Price | None:
    """Where no response said a price: the order's, as it was not refused; the contract's where the order says none."""
    if line.line.price is not None:
        return in_ordered_unit(line.line.price, line)
    return price_of(line.contract_price) if line.contract_price is not None else None


def in_ordered_unit(price: Price, line: MappedLine) -> Price | None:
    """The same price for the ordered unit. None where its unit leads nowhere."""
    if _is_for_the_ordered_unit(price, line):
        return price.model_copy(update={"unit": None, "unit_code": None})
    per_unit = _per_ordered_unit(price, line)
    return None if per_unit is None else price_of(per_unit)


def _is_for_the_ordered_unit(price: Price, line: MappedLine) -> bool:
    named = price.unit or price.unit_code
    return named is None or named in (line.line.unit, line.line.unit_code, line.unit, line.unit_code)


def _per_ordered_unit(price: Price, line: MappedLine) -> Fraction | None:
    """A price by another unit: the order's own, which the mapping has brought to the ordered unit, or the contract's.
    One that was decided in the unit of the order's price is as many times the order's."""
    amount = Fraction(price.amount) / Fraction(price.base_quantity)
    ordered, row = line.line.price, line.contract_row
    if ordered is not None and line.ordered_price and ordered.amount and (price.unit == ordered.unit):
        return line.ordered_price * amount / (Fraction(ordered.amount) / Fraction(ordered.base_quantity))
    if row is not None and line.contract_price and row.price and price.unit == row.unit:
        return line.contract_price * amount / (Fraction(row.price) / Fraction(row.base_quantity))
    return None


def price_of(per_unit: Fraction) -> Price | None:
    """The amount for one unit where that has an end; else for as many as give whole amounts (5/6: 5 for 6)."""
    found = from_fraction(per_unit)
    if found is not None and is_carried(found):
        cents = EXACT.add(shortest(found), Decimal("0.00"))
        return Price(amount=cents)
    amount, basis = Decimal(per_unit.numerator), Decimal(per_unit.denominator)
    return Price(amount=amount, base_quantity=basis) if is_carried(amount) and is_carried(basis) else None
