"""What the engine works out once and keeps: all that repeats from order to order of one account.

It is kept with the revision, for the catalogue it was worked out with; another catalogue begins it anew. What is kept
is bounded, never changes once it is there, and gives the same answer as working it out again: a fault that tells a
number as its line wrote it (7.0 of 7) is therefore not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from mappings.items import FoundItem, find_item
from mappings.mapped import Meaning
from mappings.prices import Break, Ladder, price_ladder
from mappings.revision import Catalogue, MappingRevision, Product
from mappings.sites import FoundSite, find_site
from mappings.units import (
    DIVISIBLE,
    ONE,
    FoundUnit,
    base_per_our_unit,
    find_line_unit,
    in_base_units,
    not_whole,
    pack_contradictions,
    too_many_digits,
)
from schemas.documents.common import Party
from schemas.documents.known_parties import all_of
from schemas.documents.order import OrderLine
from schemas.faults import Fault
from schemas.values import from_fraction

MAX_LINES = 100_000
"""Kinds of line kept per revision before they are forgotten and worked out anew: about 1 KB each."""
MAX_MEANINGS = 2_000
"""Meanings kept for one day and currency: about 2 KB each, with the answers that are kept with them."""
MAX_DAYS = 4
"""Days and currencies that meanings are kept for."""
MAX_PLACES = 10_000
MAX_BUYERS = 1_000
MAX_EACH = 500
"""Quantities and days kept for one product in one unit."""
MAX_JUDGED = 1000
"""Ordered prices kept for one product in one unit on one day."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity in base units and in units of sale, and what is wrong with it."""

    base: Decimal | None
    sales: Decimal | None
    faults: tuple[Fault, ...] = ()


Priced: TypeAlias = tuple[Fraction | None, Break | None, tuple[Fault, ...]]
"""The ordered price for one of the account's units, the contract's break that it was held against, and its faults."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Contract prices in one currency on one day, and the ordered prices held against them before."""

    ladder: Ladder
    judged: dict[tuple[object, ...], Priced] = field(default_factory=dict)
    """(amount, base quantity, break) → what came of it."""

    def keep(self, key: tuple[object, ...], judged: Priced) -> None:
        """Remember what came of a price."""
        _make_room(self.judged, MAX_JUDGED)
        self.judged[key] = judged


@dataclass(frozen=True, slots=True)
class Measure:
    """One product in one unit of the account, shared by every item number that leads to it.

    `base_factor` is `base_per_unit` as the decimal it always is: a product of the tables' decimals.
    """

    product: Product
    unit: FoundUnit
    base_per_unit: Fraction
    base_factor: Decimal
    sales_unit: str
    base_per_sales_unit: Fraction
    amounts: dict[Decimal, Amount] = field(default_factory=dict)
    prices: dict[tuple[str | None, date | None], Prices] = field(default_factory=dict)

    def amount(self, line: OrderLine) -> Amount:
        """The line's quantity in our units."""
        amount = self.amounts.get(line.quantity)
        if amount is None:
            amount = _counted(line, self)
            if not amount.faults:
                _make_room(self.amounts, MAX_EACH)
                self.amounts[line.quantity] = amount
        return amount


@dataclass(frozen=True, slots=True)
class Terms:
    """All that a line's item numbers and unit say, whatever its quantity. Fault paths are relative to the line.

    `measure` is None where product or factor is in doubt: better no quantity of ours than a wrong one.
    """

    item: FoundItem
    unit: FoundUnit
    unit_code: str | None
    measure: Measure | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class KnownBuyer:
    """A buyer that orders have named, and why the account is not meant by it."""

    party: Party
    faults: tuple[Fault, ...]


class Meanings:
    """The meanings of lines that had no fault, by what such a line says (`said_by`)."""

    def __init__(self) -> None:
        self._kept: dict[object, Meaning] = {}

    def of(self, said: object) -> Meaning | None:
        """What a line that said the same, to the letter, meant."""
        return self._kept.get(said)

    def keep(self, said: object, meaning: Meaning) -> None:
        """Remember what a flawless line means, for others to share it."""
        _make_room(self._kept, MAX_MEANINGS)
        meaning.compiled = {}
        self._kept[said] = meaning

    def __len__(self) -> int:
        return len(self._kept)


def said_by(line: OrderLine) -> tuple[object, ...]:
    """All that a line says but its number and its delivery. Numbers as they are written: an answer repeats them so."""
    price = line.price
    return (
        line.buyer_item,
        line.seller_item,
        line.gtin,
        line.unit,
        line.unit_code,
        line.pack_size and (line.pack_size, line.pack_unit, line.pack_unit_code),
        line.description,
        line.buyer_line_reference,
        str(line.quantity),
        price
        and (
            str(price.amount),
            str(price.base_quantity),
            price.unit,
            price.unit_code,
            None if price.gross is None else str(price.gross),
        ),
    )


@dataclass(slots=True)
class Memory:
    """What has been worked out under one revision and one catalogue."""

    revision: MappingRevision
    catalogue: Catalogue
    currencies: frozenset[str]
    """Of the account's contract prices; none where it has no prices."""
    buyers: dict[str, tuple[str | None, ...]]
    lines: dict[tuple[object, ...], Terms] = field(default_factory=dict)
    measures: dict[tuple[object, ...], Measure] = field(default_factory=dict)
    places: dict[tuple[object, date | None], FoundSite] = field(default_factory=dict)
    meanings: dict[tuple[object, ...], Meanings] = field(default_factory=dict)
    parties: dict[object, KnownBuyer] = field(default_factory=dict)

    def buyer(self, party: Party, judge: Callable[[Party, Memory], tuple[Fault, ...]]) -> KnownBuyer:
        """The buyer that an order names, judged once; `judge` says what is wrong with it."""
        key = all_of(party)
        known = self.parties.get(key)
        if known is None:
            _make_room(self.parties, MAX_BUYERS)
            known = self.parties[key] = KnownBuyer(party, judge(party, self))
        return known

    def meanings_on(self, on: date | None, currency: str | None) -> Meanings:
        """What flawless lines of that day and currency meant, where the day's contract prices count for them."""
        found = self.meanings.get((on, currency))
        if found is None:
            _make_room(self.meanings, MAX_DAYS)
            found = self.meanings[on, currency] = Meanings()
        return found

    def terms(self, line: OrderLine, on: date | None) -> Terms:
        """What the line's numbers and unit say on that day."""
        price = line.price and (line.price.unit, line.price.unit_code)
        pack = line.pack_size and (line.pack_size, line.pack_unit, line.pack_unit_code, price)
        key = (line.buyer_item, line.gtin, line.unit, line.unit_code, line.seller_item, pack, on)
        terms = self.lines.get(key)
        if terms is None:
            terms = _work_out(line, self, on)
            if line.buyer_item or line.gtin or line.seller_item:  # a line without any is told by its own number
                _make_room(self.lines, MAX_LINES)
                self.lines[key] = terms
        return terms

    def prices(self, measure: Measure, currency: str | None, on: date | None) -> Prices:
        """The contract prices of a product in a unit."""
        prices = measure.prices.get((currency, on))
        if prices is None:
            _make_room(measure.prices, MAX_EACH)
            ladder = price_ladder(measure.product, measure.unit, self.revision, self.catalogue, currency, on)
            prices = measure.prices[currency, on] = Prices(ladder)
        return prices

    def place(self, ship_to: Party | None, on: date | None) -> FoundSite:
        """The place of delivery; a fault's path is relative to the party."""
        simple = ship_to is not None and ship_to.id and not ship_to.identifiers and not ship_to.endpoint
        key = ((ship_to.id, ship_to.scheme) if simple and ship_to else ship_to, on)
        found = self.places.get(key)
        if found is None:
            _make_room(self.places, MAX_PLACES)
            found = self.places[key] = find_site(ship_to, self.revision, on, "")
        return found


def memory_of(revision: MappingRevision, catalogue: Catalogue) -> Memory:
    """The revision's memory, begun anew when it is read with another catalogue."""
    memory = revision.compiled.get("engine")
    if not isinstance(memory, Memory) or memory.catalogue is not catalogue:
        currencies = frozenset(row.currency for rows in revision.prices.values() for row in rows)
        memory = Memory(revision, catalogue, currencies, _own_ids(revision))
        revision.compiled["engine"] = memory
    return memory


def _make_room(kept: dict[Any, Any], limit: int) -> None:
    if len(kept) >= limit:
        kept.clear()


def _own_ids(revision: MappingRevision) -> dict[str, tuple[str | None, ...]]:
    """The account's identifiers, legal endpoint and cXML credentials, each with the schemes it is listed under."""
    legal = revision.account.legal
    listed = [*revision.account.identifiers, *([legal.endpoint] if legal and legal.endpoint else [])]
    own: dict[str, tuple[str | None, ...]] = {}
    for identifier in listed:
        own[identifier.id] = (*own.get(identifier.id, ()), identifier.scheme)
    for credential in revision.account.cxml.from_ if revision.account.cxml else ():
        own[credential.identity] = (*own.get(credential.identity, ()), credential.domain)
    return own


# --- working it out ----------------------------------------------------------------------------------------------
def _work_out(line: OrderLine, memory: Memory, on: date | None) -> Terms:
    """Item, then unit, then whether the pack sizes agree, then the unit of sale."""
    revision, catalogue = memory.revision, memory.catalogue
    item = find_item(line, revision, catalogue, on)
    if item.product is None:
        return Terms(item, FoundUnit(line.unit or line.unit_code), line.unit_code, None, item.faults)
    unit = find_line_unit(line, item, revision, catalogue)
    code = line.unit_code or (unit.ours if unit.same_as_ours else None)
    faults = unit.faults + pack_contradictions(line, item, unit, revision, catalogue)
    sales_unit = item.product.sales_unit or item.product.base_unit
    per_sales = base_per_our_unit(item.product, sales_unit, catalogue)
    if per_sales is None:
        faults = (*faults, _unpacked_sales_unit(item.product, sales_unit))
    if faults or unit.base_per_unit is None or per_sales is None:
        return Terms(item, unit, code, None, faults)
    return Terms(item, unit, code, _measure(item.product, unit, unit.base_per_unit, sales_unit, per_sales, memory), ())


def _measure(
    product: Product, unit: FoundUnit, per_unit: Fraction, sales_unit: str, per_sales: Fraction, memory: Memory
) -> Measure:
    key = (product.product, unit.unit, per_unit.numerator, per_unit.denominator)
    measure = memory.measures.get(key)
    if measure is None:
        _make_room(memory.measures, MAX_LINES)
        factor = from_fraction(per_unit) or Decimal(0)
        measure = memory.measures[key] = Measure(product, unit, per_unit, factor, sales_unit, per_sales)
    return measure


def _unpacked_sales_unit(product: Product, sales_unit: str) -> Fault:
    detail = f"{product.name} is sold by {sales_unit}, and how many {product.base_unit} that is isn't known"
    expected = f"the number of {product.base_unit} in 1 {sales_unit}"
    return Fault("unknown_unit", detail, "/unit", value=sales_unit, expected=expected)


def _counted(line: OrderLine, measure: Measure) -> Amount:
    """Base units, then units of sale; `fractional_unit` where those are pieces and the quantity is not whole."""
    product, unit, per_unit = measure.product, measure.unit.unit, measure.base_per_unit
    base = in_base_units(line.quantity, measure.base_factor)
    if base is None:
        return Amount(None, None, (too_many_digits(line, unit, per_unit, product.base_unit),))
    per_sales = measure.base_per_sales_unit
    if per_sales.denominator == 1 and base == (pieces := int(base)) and pieces % per_sales.numerator == 0:
        return Amount(base, Decimal(pieces // per_sales.numerator))
    sales = Fraction(base) / per_sales
    fault = None
    if sales.denominator != 1 and measure.sales_unit not in DIVISIBLE:
        fault = not_whole(line, unit, per_unit, product.base_unit, per_sales)
    elif base != base.to_integral_value() and product.base_unit not in DIVISIBLE:
        fault = not_whole(line, unit, per_unit, product.base_unit, ONE)
    return Amount(base, from_fraction(sales), (fault,) if fault else ())
