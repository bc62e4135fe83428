"""What does the contract say this costs, and is the ordered price that? In one of the account's units, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from mappings.revision import Catalogue, MappingRevision, PriceRow, Product
from mappings.units import FoundUnit, agreed_sizes, base_per_our_unit, count_text, fraction
from mappings.validity import during, in_force
from schemas.documents.common import Price
from schemas.documents.order import OrderLine
from schemas.faults import Fault
from schemas.values import EXACT, MAX_FRACTION_DIGITS, from_fraction, half_up, is_carried, shortest


@dataclass(frozen=True, slots=True)
class Break:
    """A contract price for one of the account's units, from `min_base` base units on, with its tolerance worked in."""

    row: PriceRow
    min_base: Decimal | Fraction
    price: Fraction
    lowest: Fraction
    highest: Fraction
    position: int = 0
    """Which break of its ladder this is."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """A product's contract prices on one day in one currency, the one to take first standing first.

    `others` are the product's rows that are none of these: other days, other currencies, units that lead nowhere.
    """

    breaks: tuple[Break, ...]
    others: tuple[PriceRow, ...]

    def reached(self, base_quantity: Decimal) -> Break | None:
        """The first break whose minimum the quantity reaches."""
        for step in self.breaks:
            if base_quantity >= step.min_base:
                return step
        return None


def price_ladder(
    product: Product,
    unit: FoundUnit,
    revision: MappingRevision,
    catalogue: Catalogue,
    currency: str | None,
    on: date | None,
) -> Ladder:
    """Rows of the ordered unit's size before others, higher minimum before lower, later start before earlier."""
    assert unit.base_per_unit is not None  # noqa: S101 - a line whose unit is unknown is not priced
    rows = revision.prices.get(product.product, ())
    tolerance = Fraction(revision.account.policies.price_tolerance_percent) / 100
    ranked = []
    for row in in_force(rows, on):
        base = _base_per_row_unit(row, product, unit, revision, catalogue, on)
        if base is None or row.currency != currency:
            continue
        price = fraction(row.price) / fraction(row.base_quantity) * unit.base_per_unit / base
        step = Break(
            row, _number(Fraction(row.min_quantity) * base), price, price * (1 - tolerance), price * (1 + tolerance)
        )
        ranked.append((base != unit.base_per_unit, -step.min_base, -(row.valid_from or date.min).toordinal(), step))
    ranked.sort(key=lambda entry: entry[:3])
    breaks = tuple(replace(entry[3], position=position) for position, entry in enumerate(ranked))
    taken = {id(step.row) for step in breaks}
    return Ladder(breaks, tuple(row for row in rows if id(row) not in taken))


def _base_per_row_unit(
    row: PriceRow,
    product: Product,
    unit: FoundUnit,
    revision: MappingRevision,
    catalogue: Catalogue,
    on: date | None,
) -> Fraction | None:
    """A price row's unit is ours; else the account's word, as ordered, or what its own rows say of it where they agree:
    of a word that is 12 by one row and 10 by another nobody knows which the price is for."""
    ours = base_per_our_unit(product, row.unit, catalogue)
    if ours is not None:
        return ours
    if row.unit == unit.unit:
        return unit.base_per_unit
    sizes = _sizes(row.unit, product, revision, catalogue, on)
    return sizes.pop() if len(sizes) == 1 else None


def _sizes(
    word: str, product: Product, revision: MappingRevision, catalogue: Catalogue, on: date | None
) -> set[Fraction]:
    """How many base units of the product one `word` of the account is, by its items on that day and by units.csv."""
    items = in_force(revision.items_by_product.get(product.product, ()), on)
    general = revision.units.get((word, product.product)) or revision.units.get((word, None))
    return agreed_sizes(word, product, (*items, *([general] if general else ())), catalogue)


def _number(value: Fraction) -> Decimal | Fraction:
    """A decimal where it is one: comparing decimals is several times faster."""
    decimal = from_fraction(value)
    return value if decimal is None else decimal


# --- faults, their paths relative to the line ------------------------------------------------------------------
def price_mismatch(ordered: Fraction, step: Break, unit: str | None, revision: MappingRevision) -> Fault:
    """The ordered price is outside the tolerance of the contract's."""
    currency = step.row.currency
    tolerance = shortest(revision.account.policies.price_tolerance_percent)
    seen = f"{_in_full(ordered)} {currency} per {unit}"
    agreed = f"{money_text(step.price)} {currency} per {unit}"
    off = _percent_off(ordered, step.price, tolerance)
    detail = f"{seen} is {off} the contract price {agreed}"
    expected = f"{agreed}, give or take {tolerance:f} %"
    return Fault("price_mismatch", detail, "/price/amount", value=f"{seen}, {off}", expected=expected)


def _percent_off(ordered: Fraction, agreed: Fraction, tolerance: Decimal) -> str:
    """To two decimals, or as many as tell it from the tolerance: "1 % above, give or take 1 %" would tell nothing."""
    side = "above" if ordered > agreed else "below"
    if agreed == 0:
        return side
    percent = abs(ordered - agreed) / agreed * 100
    if not half_up(percent):
        return f"less than 0.01 % {side}"
    for places in range(2, MAX_FRACTION_DIGITS + 1):
        rounded = shortest(half_up(percent, places))
        if rounded != tolerance:
            return f"{rounded:f} % {side}"
    return f"a trace more than {tolerance:f} % {side}"


def _in_full(price: Fraction) -> str:
    """A price that was sent, with all its digits where it has an end: the last of them may be what is wrong."""
    decimal = from_fraction(price)
    if decimal is None or not is_carried(decimal):
        return money_text(price)
    cents = round_to(decimal, 2)
    return f"{cents:f}" if cents == decimal else f"{shortest(decimal):f}"


def no_price(
    line: OrderLine,
    unit: str | None,
    product: Product,
    ladder: Ladder,
    revision: MappingRevision,
    catalogue: Catalogue,
    currency: str | None,
    on: date | None,
) -> Fault:
    """The account has contract prices, but none for this line: in another currency only, or not at all.

    `unit` is the account's word for the one it is ordered in, whether the line says it or not.
    The value names what has no price, so that two products are two problems, at whatever price they are ordered.
    """
    path = "/price/amount" if line.price else ""
    value = product.product + (f" by {unit}" if unit else "") + (f" in {currency}" if currency else "")
    rows = (*(step.row for step in ladder.breaks), *ladder.others)
    expected = "; ".join(_row_text(row) for row in rows[:10]) or "an item whose price is agreed"
    currencies = {row.currency for row in in_force(revision.prices.get(product.product, ()), on)}
    if currencies and currency not in currencies:
        agreed = " or ".join(sorted(currencies))
        detail = f"the price of {product.name} is agreed in {agreed}, the order is in {currency}"
        return Fault("currency_mismatch", detail, path, value=value, expected=expected)
    day = f" on {on}" if on else ""
    amount = f"{line.quantity:f} {unit or ''}".rstrip() + (f" at {line.price.amount:f}" if line.price else "")
    detail = f"no price of {product.name} in {currency} is agreed for {amount}{day}"
    for word in dict.fromkeys(row.unit for row in in_force(ladder.others, on) if row.currency == currency):
        detail += _why_not_by(word, product, _sizes(word, product, revision, catalogue, on))
    return Fault("no_contract_price", detail, path, value=value, expected=expected)


def _why_not_by(word: str, product: Product, sizes: set[Fraction]) -> str:
    """Why a price by this word of the account doesn't count for a line that is ordered by another unit."""
    if not sizes:
        return f"; the one by {word} doesn't count, because nothing says how many {product.base_unit} that is"
    said = " and as ".join(count_text(size) for size in sorted(sizes))
    return f"; the one by {word} counts for lines by {word} only, which is agreed as {said} {product.base_unit}"


def wrong_currency(currency: str | None, revision: MappingRevision) -> Fault:
    """No price of the account is in the order's currency."""
    agreed = sorted({row.currency for rows in revision.prices.values() for row in rows})
    detail = f"no price is agreed in {currency}"
    if currency is None:
        detail = "the order names no currency, and prices are agreed in several"
    return Fault("currency_mismatch", detail, "/currency", value=currency, expected=" or ".join(agreed))


def bad_prices(price: Price) -> Iterator[Fault]:
    """Prices that no arithmetic can be done with."""
    if price.base_quantity <= 0:
        value = f"{price.base_quantity:f}"
        detail = f"a price for {value} units can't be brought to one"
        yield Fault("bad_value", detail, "/price/base_quantity", value=value, expected="more than zero")
    if price.amount < 0:
        value = f"{price.amount:f}"
        yield Fault("bad_value", f"the price {value} is below zero", "/price/amount", value=value, expected="0 or more")


def money_text(value: Fraction) -> str:
    """At least cents; more digits where the price has them, four where it has no end."""
    decimal = from_fraction(value)
    if decimal is None or shortest(decimal) != shortest(round_to(decimal, 6)):
        return f"about {half_up(value, 4):f}"
    cents = round_to(decimal, 2)
    return f"{cents:f}" if cents == decimal else f"{shortest(decimal):f}"


def round_to(value: Decimal, places: int) -> Decimal:
    return half_up(Fraction(value), places)


def _row_text(row: PriceRow) -> str:
    """A row as a person would say it: `12.50 EUR per XCT from 10 XCT`."""
    amount = f"{shortest(row.base_quantity):f} {row.unit}" if row.base_quantity != 1 else row.unit
    text = f"{EXACT.plus(row.price):f} {row.currency} per {amount}"
    if row.min_quantity:
        text += f" from {shortest(row.min_quantity):f} {row.unit}"
    if days := during(row):
        text += f", {days}"
    return text
