"""The price that a response states: for the account's own unit, exact, never rounded."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from mappings.mapped import MappedLine
from schemas.documents.common import Price
from schemas.values import EXACT, from_fraction, is_carried, shortest

_READABLE = 12
"""Digits of a base quantity beyond which nobody would recognise the agreed price."""

_PRICE = "contract's price"
"""Where lines that say the same share it."""


def contract_price(line: MappedLine) -> Price | None:
    """The contract's price for the line, or None where the contract has none.

    The amount is for one of the account's units where that is a finite decimal. 10.00 for a carton of twelve is none
    by the piece (0.8333…), so it reads 10.00 for a base quantity of 12 pieces: the base quantity stays in the ordered
    unit, as an invoice will need it (EN 16931 BT-150). Only where that has no readable number either, the price is
    said in the contract's own unit.
    """
    if line.contract_price is None:
        return None
    shared = line.meaning.compiled
    if shared is None:
        return _said_price(line, line.contract_price)
    if _PRICE not in shared:
        shared[_PRICE] = _said_price(line, line.contract_price)
    price: Price = shared[_PRICE]
    return price


def _said_price(line: MappedLine, per_unit: Fraction) -> Price:
    unit, unit_code = line.line.unit or line.unit, line.line.unit_code or line.unit_code
    amount, basis = _amount_and_basis(line, per_unit)
    if line.contract_row is not None and (len(str(basis)) > _READABLE or not is_carried(amount)):
        row = line.contract_row
        return Price(amount=row.price, base_quantity=row.base_quantity, unit=row.unit, unit_code=row.unit)
    return Price(amount=amount, base_quantity=basis, unit=unit, unit_code=unit_code)


def _amount_and_basis(line: MappedLine, per_unit: Fraction) -> tuple[Decimal, Decimal]:
    amount = _sayable(per_unit)
    if amount is not None:
        return _with_cents(amount), Decimal(1)
    row = line.contract_row
    if row is not None and (basis := _sayable(Fraction(row.price) / per_unit)) is not None:
        return row.price, basis
    return Decimal(per_unit.numerator), Decimal(per_unit.denominator)


def _sayable(value: Fraction) -> Decimal | None:
    """The fraction as a decimal within the digits that a document's amounts may have, else None."""
    found = from_fraction(value)
    return None if found is None or not is_carried(found) else shortest(found)


def _with_cents(amount: Decimal) -> Decimal:
    """12.5 as 12.50: money is written with at least two decimals."""
    exponent = amount.as_tuple().exponent
    return amount if isinstance(exponent, int) and exponent <= -2 else EXACT.add(amount, Decimal("0.00"))
