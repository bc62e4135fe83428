"""What an account may still order of each of its items, in its own numbers and units.

In two steps, both pure. `planned_items` works out, once for a mapping, a catalogue and a day, how each item is counted;
`line_of` puts what there is into those terms, and is all that a report of 100,000 items does for each.

An item is one number of the account that items.csv has on that day: an SKU, or a GTIN where a row has no SKU. Its unit
is by the most specific rule, as an order's is: the unit of the item's own row (the first of several), the unit that
units.csv has for its product alone, the account's default_unit where the product can be counted in it, else our unit
of sale, under the account's word for it. What can't be counted so is not guessed: it is left out, with a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Literal, NamedTuple

from gateway.trade.stock import Position
from mappings.items import FoundItem
from mappings.revision import Catalogue, ItemRow, MappingRevision, Product
from mappings.units import DIVISIBLE, FoundUnit, base_per_our_unit, find_unit
from mappings.validity import in_force
from schemas.documents.inventory_report import InventoryLine, ItemStatus
from schemas.faults import Fault
from schemas.units import KNOWN
from schemas.values import EXACT, from_fraction, is_carried, shortest

_NEVER = date(9000, 1, 1)
"""ERPs write 9999-12-31 where no receipt is planned."""
_ZERO = Decimal(0)
_HUNDREDTH = Decimal("0.01")
_GONE = frozenset({"discontinued", "replaced"})
_ITEMS = "items.csv"

Sale = Literal["sold", "not_sold", "discontinued"]


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One number of the account and how it is counted: all of its line but what changes with the stock.

    `per_unit` is base units in one `unit`. Minimum and multiple are in `unit`, whole ones where that isn't a measure.
    `replaced_by` is our number until `with_their_numbers` has put the account's there.
    """

    buyer_item: str | None
    gtin: str | None
    product: str
    description: str
    unit: str
    unit_code: str | None
    per_unit: Fraction | int
    sale: Sale
    replaced_by: str | None
    order_minimum: Decimal | None
    order_multiple: Decimal | None
    lead_time_days: int


class Counted(NamedTuple):
    """What was counted at one site, when, and what was taken since."""

    as_of: datetime
    position: Position


class Share(NamedTuple):
    """Whose report it is: what it may have of each site's stock, in per cent, and the day where it is."""

    account: str
    percent: int
    today: date


# --- how items are counted ---------------------------------------------------------------------------------------
def planned_items(
    rows: Iterable[ItemRow], revision: MappingRevision, catalogue: Catalogue, on: date
) -> Iterator[PlannedItem | Fault]:
    """Each item of these rows of items.csv that is in force on that day, or why it is left out.

    The rows of one number stand together. Of the revision only its terms and units are asked, of the catalogue only
    these rows' products and packs.
    """
    words = _words(revision)
    for group in _by_number(rows):
        if current := in_force(group, on):
            yield _planned(current, words, revision, catalogue)


def _by_number(rows: Iterable[ItemRow]) -> Iterator[tuple[ItemRow, ...]]:
    number: tuple[str | None, str | None] | None = None
    group: list[ItemRow] = []
    for row in rows:
        key = (row.account_sku, None) if row.account_sku is not None else (None, row.gtin)
        if key != number and group:
            yield tuple(group)
            group = []
        number = key
        group.append(row)
    if group:
        yield tuple(group)


@dataclass(frozen=True, slots=True)
class _Words:
    """The account's words for units that its items' own rows don't name."""

    of_product: Mapping[str, str]
    """Product → the first word that units.csv has for it alone."""
    of_ours: Mapping[str, str]
    """Unit of ours → the first word that is the same for every product."""


def _words(revision: MappingRevision) -> _Words:
    of_product: dict[str, str] = {}
    of_ours: dict[str, str] = {}
    for (word, product), row in revision.units.items():
        if product is not None:
            of_product.setdefault(product, word)
        elif row.factor == 1:
            of_ours.setdefault(row.unit, word)
    return _Words(of_product, of_ours)


def _planned(
    rows: tuple[ItemRow, ...], words: _Words, revision: MappingRevision, catalogue: Catalogue
) -> PlannedItem | Fault:
    number, numbers = rows[0].account_sku or rows[0].gtin, {row.product for row in rows}
    if len(numbers) > 1:
        detail = f"nothing is reported of {number}: it stands for {' and '.join(sorted(numbers))}"
        return Fault("item_conflict", detail, "", _ITEMS, number, "one product on each day")
    product = catalogue.products.get(rows[0].product)
    if product is None:
        detail = f"nothing is reported of {number}: products.csv does not have {rows[0].product}"
        return Fault("unknown_item", detail, "", _ITEMS, number, "a product of products.csv")
    unit = _unit(FoundItem(product, rows), product, words, revision, catalogue)
    if unit.base_per_unit is None or unit.unit is None:
        found = unit.faults[0]
        detail = f"nothing is reported of {number}: {found.detail}"
        return Fault(found.code, detail, "", _ITEMS, found.value, found.expected)
    sales_unit = product.sales_unit or product.base_unit
    if base_per_our_unit(product, sales_unit, catalogue) is None:
        detail = f"nothing is reported of {number}: {product.product} is sold by {sales_unit}, and has no such pack"
        return Fault("unknown_unit", detail, "", "products.csv", sales_unit, "a unit of packs.csv, or the base unit")
    row = next((row for row in rows if row.account_unit == unit.unit), rows[0])
    return _item(row, product, unit, unit.base_per_unit, catalogue)


def _unit(
    item: FoundItem, product: Product, words: _Words, revision: MappingRevision, catalogue: Catalogue
) -> FoundUnit:
    """The unit that the item is reported in, or the fault why there is none."""
    of_rows = (row.account_unit for row in item.rows if row.account_unit)
    own = next(of_rows, words.of_product.get(product.product))
    if own is not None:
        return find_unit(own, None, item, revision, catalogue)
    default = revision.account.policies.default_unit
    if default is not None:
        found = find_unit(default, None, item, revision, catalogue)
        if found.base_per_unit is not None:
            return found
    ours = product.sales_unit or product.base_unit
    return find_unit(words.of_ours.get(ours, ours), None, item, revision, catalogue)


def _item(row: ItemRow, product: Product, unit: FoundUnit, per_unit: Fraction, catalogue: Catalogue) -> PlannedItem:
    word = unit.unit or ""
    minimum, multiple = _order_rules(product, per_unit, unit.ours in DIVISIBLE, catalogue)
    return PlannedItem(
        buyer_item=row.account_sku,
        gtin=row.gtin or _gtin(product, unit, catalogue),
        product=product.product,
        description=row.description or product.name or product.product,
        unit=word,
        unit_code=unit.ours if unit.same_as_ours else word if word in KNOWN else None,
        per_unit=per_unit.numerator if per_unit.denominator == 1 else per_unit,
        sale="sold" if product.status == "active" else "discontinued" if product.status in _GONE else "not_sold",
        replaced_by=product.replaced_by,
        order_minimum=minimum,
        order_multiple=multiple,
        lead_time_days=product.lead_time_days,
    )


def _gtin(product: Product, unit: FoundUnit, catalogue: Catalogue) -> str | None:
    """The GTIN of the pack level that the unit is: another level's would contradict the quantity beside it."""
    if not unit.same_as_ours or unit.ours is None:
        return None
    if unit.ours == product.base_unit:
        return product.gtin
    pack = catalogue.packs.get((product.product, unit.ours))
    return pack.gtin if pack else None


def _order_rules(
    product: Product, per_unit: Fraction, is_measure: bool, catalogue: Catalogue
) -> tuple[Decimal | None, Decimal | None]:
    """(minimum, multiple) in the account's unit. What we sell in whole packs can't be ordered in parts of them, so the
    pack is the multiple where the catalogue has no greater one; None where any whole unit can be ordered."""
    sales_unit = product.sales_unit or product.base_unit
    pack = base_per_our_unit(product, sales_unit, catalogue)
    if pack is None:
        return None, None
    step = pack if sales_unit not in DIVISIBLE else None
    if product.order_multiple is not None and product.order_multiple > 0:
        step = pack * Fraction(product.order_multiple)
    multiple = Fraction(1) if step is None else _least(step / per_unit, is_measure)
    least = None
    if product.order_minimum is not None:
        wanted = pack * Fraction(product.order_minimum) / per_unit
        least = wanted if is_measure and step is None else ceil(wanted / multiple) * multiple
    return _decimal(least), None if multiple == 1 else _decimal(multiple)


def _least(steps: Fraction, is_measure: bool) -> Fraction:
    """The least quantity of the account's unit that is a whole number of steps; of pieces it is whole itself."""
    return steps if is_measure else Fraction(steps.numerator)


def _decimal(value: Fraction | None) -> Decimal | None:
    """None where it has no finite decimal form within a quantity's digits: better nothing than something near it."""
    exact = None if value is None else from_fraction(value)
    return shortest(exact) if exact is not None and is_carried(exact) else None


def with_their_numbers(items: Sequence[PlannedItem]) -> list[PlannedItem]:
    """The items, each replaced by what the account calls its replacement, where it has a number for that."""
    wanted = {item.replaced_by for item in items if item.replaced_by is not None}
    named = {item.product: item.buyer_item for item in reversed(items) if item.product in wanted and item.buyer_item}
    return [replace(item, replaced_by=named[item.replaced_by]) if item.replaced_by in named else item for item in items]


# --- what there is of them ---------------------------------------------------------------------------------------
def line_of(item: PlannedItem, counted: Sequence[Counted], share: Share) -> InventoryLine:
    """The item's line: at each of the sites it may come from, what the account may still take there, floored to whole
    units, because no order is filled with a unit from two sites. No site at all is none in stock."""
    quantity, oldest = 0, None
    for as_of, position in counted:
        if oldest is None or as_of < oldest:
            oldest = as_of
        if item.sale == "sold":
            quantity += _whole(position.free(share.account, share.percent), item.per_unit)
    due, arriving = (None, None) if item.sale == "discontinued" else _next_receipt(item, counted, share)
    return InventoryLine(
        buyer_item=item.buyer_item,
        seller_item=item.product,
        gtin=item.gtin,
        description=item.description,
        status=_status(item, quantity),
        quantity=Decimal(quantity),
        unit=item.unit,
        unit_code=item.unit_code,
        as_of=oldest,
        next_receipt_date=due,
        next_receipt_quantity=arriving,
        order_minimum=item.order_minimum,
        order_multiple=item.order_multiple,
        lead_time_days=item.lead_time_days,
        replaced_by=item.replaced_by,
    )


def gone(buyer_item: str | None, gtin: str | None, product: str, description: str | None) -> InventoryLine:
    """The line of what was the account's item and is none any more, in a report of what changed."""
    return InventoryLine(
        buyer_item=buyer_item,
        seller_item=product,
        gtin=gtin,
        description=description,
        status="discontinued",
        quantity=_ZERO,
    )


def _status(item: PlannedItem, quantity: int) -> ItemStatus:
    if item.sale == "discontinued":
        return "discontinued"
    return "available" if quantity else "out_of_stock"


def _whole(base: Decimal, per_unit: Fraction | int) -> int:
    if isinstance(per_unit, int):
        return int(base) // per_unit
    return int(Fraction(base) // per_unit)


def _next_receipt(item: PlannedItem, counted: Sequence[Counted], share: Share) -> tuple[date | None, Decimal | None]:
    """The first day on which goods are due of which the account gets a whole unit, or nobody said how many; and its
    share of them at the sites that name that day, where it is known of all."""
    first: date | None = None
    arriving: int | None = 0
    for _, position in counted:
        day = position.next_receipt_date
        if day is None or not share.today <= day < _NEVER or (first is not None and day > first):
            continue
        due = position.next_receipt_quantity
        units = None if due is None else _whole(_part(due, share.percent), item.per_unit)
        if units == 0:
            continue
        if day != first:
            first, arriving = day, 0
        arriving = None if units is None or arriving is None else arriving + units
    return (None, None) if first is None else (first, None if arriving is None else Decimal(arriving))


def _part(quantity: Decimal, percent: int) -> Decimal:
    return quantity if percent == 100 else EXACT.multiply(quantity, EXACT.multiply(percent, _HUNDREDTH))
