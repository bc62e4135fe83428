"""What an order is worth as it was sent: what is at stake while it isn't answered. Pure and exact."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from gateway.trade.invoice_sums import gross_amount
from schemas.documents.order import Order
from schemas.values import EXACT, MAX_INTEGER_DIGITS, half_up

_ONE = Decimal(1)
_MOST = Decimal(10) ** MAX_INTEGER_DIGITS


def worth_of(order: Order) -> Decimal | None:
    """The total that the order says, else the sum of its lines that say a price in the unit in which they order,
    rounded half up to two decimals, in the order's currency. None where neither is said, or no amount of money is
    that long.

    Nothing is looked up: what an account doesn't say is not guessed, so that the figure is a least one.
    """
    if order.total is not None:
        return order.total
    whole, parts, is_priced = Decimal(0), Fraction(0), False
    for line in order.lines:
        price = line.price
        if price is None or (price.unit is not None and line.unit is not None and price.unit != line.unit):
            continue
        is_priced = True
        if price.base_quantity == _ONE:  # almost every price: a fraction takes ten times as long
            whole = EXACT.add(whole, EXACT.multiply(line.quantity, price.amount))
        else:
            parts += gross_amount(line.quantity, price)
    if not is_priced:
        return None
    worth = half_up(Fraction(whole) + parts)
    return None if abs(worth) >= _MOST else worth
