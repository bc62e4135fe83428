"""The arithmetic of an invoice, as EN 16931 has it (6.5.9, 6.5.10 and the rules BR-CO-10 to BR-CO-17). Pure and exact.

Every line is rounded by itself, half up to two decimals; tax is worked out once for each category and rate, from the
rounded lines; and totals are sums of what was rounded, so that whoever adds up the printed figures gets the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from schemas.documents.common import Price
from schemas.documents.invoice import (
    InvoiceCharge,
    InvoiceLine,
    TaxCategory,
    TaxCategoryCode,
    TaxSubtotal,
    Totals,
)
from schemas.values import EXACT, half_up, shortest

NOTHING = Decimal("0.00")
_RATED = frozenset(("S", "L", "M"))
"""Categories that have a rate: one subtotal for each rate (BR-S-08). Of the others there is one each, at 0 or none."""
_ORDER = {category: position for position, category in enumerate(("S", "Z", "E", "AE", "K", "G", "O", "L", "M"))}

TaxGroup = tuple[TaxCategoryCode, Decimal | None]
"""A category and its rate: what a subtotal is of."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why no tax is due (BT-121, BT-120)."""

    code: str | None = None
    reason: str | None = None


def group_of(tax: TaxCategory) -> TaxGroup:
    """The subtotal that an amount of this tax counts in: 19 and 19.00 % are one, and what has no rate has none."""
    if tax.category == "O":
        return tax.category, None
    if tax.category not in _RATED:
        return tax.category, Decimal(0)
    return tax.category, shortest(tax.percent or Decimal(0))


def gross_amount(quantity: Decimal, price: Price) -> Fraction:
    """What the quantity costs before allowances and charges, unrounded: quantity x price / base quantity."""
    return Fraction(quantity) * Fraction(price.amount) / Fraction(price.base_quantity)


def net_amount(quantity: Decimal, price: Price, charges: Iterable[InvoiceCharge] = ()) -> Decimal:
    """BT-131: the line, rounded half up, with its charges and less its allowances, which are of whole cents. Rounded
    first: what is all taken off is nothing, not half a cent below."""
    return EXACT.add(half_up(gross_amount(quantity, price)), signed_sum(charges))


def percentage(base: Decimal | Fraction, percent: Decimal) -> Decimal:
    """So many per cent of an amount, rounded half up."""
    return half_up(Fraction(base) * Fraction(percent) / 100)


def signed_sum(charges: Iterable[InvoiceCharge]) -> Decimal:
    """Charges less allowances."""
    return exact_sum(one.amount if one.is_charge else one.amount.copy_negate() for one in charges)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, however many digits it takes; with two decimals at least."""
    return reduce(EXACT.add, amounts, NOTHING)


def tax_subtotals(
    lines: Iterable[InvoiceLine],
    charges: Iterable[InvoiceCharge] = (),
    exemptions: Mapping[str, Exemption] | None = None,
) -> tuple[TaxSubtotal, ...]:
    """BG-23: for each category and rate what it is due on and how much it is (BR-CO-17, BR-S-08 and its sisters).

    `charges` are the document's, each with its tax; `exemptions` say by category why none is due. Raises ValueError for
    a charge of the document without a tax.
    """
    taxable: dict[TaxGroup, Decimal] = {}
    for line in lines:
        _add(taxable, group_of(line.tax), line.net_amount)
    for charge in charges:
        if charge.tax is None:
            raise ValueError("a charge of the document has no tax category")
        _add(taxable, group_of(charge.tax), charge.amount if charge.is_charge else charge.amount.copy_negate())
    reasons = exemptions or {}
    return tuple(_subtotal(group, taxable[group], reasons.get(group[0])) for group in sorted(taxable, key=_position))


def _add(taxable: dict[TaxGroup, Decimal], group: TaxGroup, amount: Decimal) -> None:
    taxable[group] = EXACT.add(taxable.get(group, NOTHING), amount)


def _subtotal(group: TaxGroup, taxable: Decimal, exemption: Exemption | None) -> TaxSubtotal:
    category, percent = group
    return TaxSubtotal(
        category=category,
        percent=percent,
        taxable_amount=taxable,
        tax_amount=percentage(taxable, percent or Decimal(0)),
        exemption_code=exemption.code if exemption else None,
        exemption_reason=exemption.reason if exemption else None,
    )


def _position(group: TaxGroup) -> tuple[int, Decimal]:
    category, percent = group
    return _ORDER[category], percent or Decimal(0)


def totals(
    lines: Iterable[InvoiceLine],
    charges: Sequence[InvoiceCharge],
    taxes: Iterable[TaxSubtotal],
    *,
    prepaid: Decimal = NOTHING,
    payable_step: Decimal | None = None,
) -> Totals:
    """BG-22. `prepaid` was paid before. `payable_step` is what the sum to pay is rounded to (0.05 in cash in
    Switzerland), with the difference in `rounding` (BR-CO-16)."""
    of_lines = exact_sum(line.net_amount for line in lines)
    allowances = exact_sum(one.amount for one in charges if not one.is_charge)
    added = exact_sum(one.amount for one in charges if one.is_charge)
    without_tax = EXACT.add(EXACT.subtract(of_lines, allowances), added)
    tax = exact_sum(one.tax_amount for one in taxes)
    with_tax = EXACT.add(without_tax, tax)
    due = EXACT.subtract(with_tax, prepaid)
    payable = due if payable_step is None else _to_step(due, payable_step)
    return Totals(
        lines=of_lines,
        allowances=allowances,
        charges=added,
        without_tax=without_tax,
        tax=tax,
        with_tax=with_tax,
        prepaid=EXACT.add(prepaid, NOTHING),
        rounding=EXACT.subtract(payable, due),
        payable=payable,
    )


def _to_step(amount: Decimal, step: Decimal) -> Decimal:
    """The next multiple of the step, half up."""
    steps = half_up(Fraction(amount) / Fraction(step), 0)
    return half_up(Fraction(steps) * Fraction(step))
