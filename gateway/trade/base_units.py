"""A line's quantities in base units, as the warehouse counts them; the ledger has them in the account's unit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from gateway.trade.amendment import LineSums
from gateway.trade.quantities import exact_base


def in_base_units(sums: LineSums, quantity: Decimal) -> Decimal | None:
    """So much of the line, given in the account's unit. None for a line that is not in our terms: it has no base unit,
    or no finite number of them."""
    if sums.product is None or not sums.ordered:
        return None
    return exact_base(Fraction(quantity) * Fraction(sums.base_ordered) / Fraction(sums.ordered))
