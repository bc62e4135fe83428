"""How many of our base units is that? By the most specific rule: item, product, account, the product's packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from mappings.items import FoundItem
from mappings.revision import Catalogue, ItemRow, MappingRevision, Product, UnitRow
from schemas.documents.order import OrderLine
from schemas.faults import Fault
from schemas.values import (
    EXACT,
    MAX_FRACTION_DIGITS,
    MAX_INTEGER_DIGITS,
    from_fraction,
    padded_gtin,
    shortest,
)

DIVISIBLE = frozenset(
    {"KGM", "GRM", "MGM", "TNE", "LBR", "ONZ"}
    | {"LTR", "MLT", "CLT", "DLT", "HLT", "MTQ", "GLL", "OZA"}
    | {"MTR", "CMT", "MMT", "KMT", "FOT", "YRD", "INH", "MTK", "FTK", "CMK"}
    | {"HUR", "MIN", "DAY"}
)
"""Rec 20 measures: half a kilogram can be sold, half a piece can't."""


ONE = Fraction(1)
_ROUNDED_BY_AT_MOST = 100
"""A rounded factor differs from the exact one by less than a hundredth of it."""


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """One of the account's units, and how many base units it is; or the fault why nobody knows.

    `unit` is the account's word, `ours` the unit of ours it leads to. Fault paths are relative to the line.
    """

    unit: str | None
    ours: str | None = None
    base_per_unit: Fraction | None = None
    same_as_ours: bool = False
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitRule:
    """1 `unit` of the account is `factor` of `ours`: by a row of items.csv or units.csv, without one because the
    account calls it what we do."""

    unit: str
    ours: str
    factor: Decimal
    row: ItemRow | UnitRow | None = None


@lru_cache(maxsize=65_536)
def fraction(value: Decimal) -> Fraction:
    """The decimal as a fraction. The same factors and prices come again and again, and looking one up is cheaper."""
    return Fraction(value)


def base_per_our_unit(product: Product, unit: str, catalogue: Catalogue) -> Fraction | None:
    """Base units in one `unit` of ours: 1 for the base unit, the pack's quantity, None where it is neither."""
    if unit == product.base_unit:
        return ONE
    pack = catalogue.packs.get((product.product, unit))
    return fraction(pack.quantity) if pack else None


def agreed_sizes(word: str, product: Product, rows: Iterable[ItemRow | UnitRow], catalogue: Catalogue) -> set[Fraction]:
    """Each number of base units that these rows say one `word` of the account is, of those that lead to one of ours."""
    sizes = set()
    for row in rows:
        if row.account_unit == word and row.unit is not None:
            base = base_per_our_unit(product, row.unit, catalogue)
            if base is not None:
                sizes.add(base * fraction(row.factor or Decimal(1)))
    return sizes


# --- the unit of a line ----------------------------------------------------------------------------------------
def find_line_unit(line: OrderLine, item: FoundItem, revision: MappingRevision, catalogue: Catalogue) -> FoundUnit:
    """The unit that the line is ordered in: as it says, else of its GTIN's pack, else the account's default."""
    if line.unit or line.unit_code:
        return find_unit(line.unit, line.unit_code, item, revision, catalogue)
    of_gtin = _unit_of_gtin(line, item, revision, catalogue)
    if of_gtin is not None:
        return of_gtin
    default = revision.account.policies.default_unit
    if default:
        return find_unit(default, None, item, revision, catalogue)
    detail = "the line names no unit, its GTIN leads to none, and none is agreed for lines without one"
    expected = _known_units(item, revision, catalogue)
    return FoundUnit(None, faults=(Fault("unknown_unit", detail, "/unit", expected=expected),))


def find_unit(
    unit: str | None,
    code: str | None,
    item: FoundItem,
    revision: MappingRevision,
    catalogue: Catalogue,
    path: str = "/unit",
) -> FoundUnit:
    """What the account's `unit` (verbatim; `code` its Rec 20 reading) of this item is in ours. No two codes are ever
    taken for equal because they look alike: EA, C62 and H87 are three units until a row says otherwise."""
    assert item.product is not None  # noqa: S101 - callers ask for a product's unit only
    names = tuple(dict.fromkeys(name for name in (unit, code) if name))
    rule = rule_of(names, item, revision, catalogue)
    if rule is None:
        return FoundUnit(names[0], faults=(_unknown(names[0], item, revision, catalogue, path),))
    if len(names) > 1 and (fault := _two_units(names, item, revision, catalogue, path)):
        return FoundUnit(names[0], faults=(fault,))
    base = base_per_our_unit(item.product, rule.ours, catalogue)
    if base is None:
        return FoundUnit(names[0], faults=(_no_such_pack(names[0], rule, item.product, catalogue, path),))
    if rule.factor == 1:
        return FoundUnit(names[0], rule.ours, base, True)
    factor = fraction(rule.factor)
    return FoundUnit(names[0], rule.ours, factor if base is ONE else base * factor, False)


def rule_of(
    names: tuple[str, ...], item: FoundItem, revision: MappingRevision, catalogue: Catalogue
) -> UnitRule | None:
    """The rule that says what the unit of these names is, for an item whose product is known; None where none does."""
    return next(_rules(names, item, revision, catalogue), None)


def _rules(
    names: tuple[str, ...], item: FoundItem, revision: MappingRevision, catalogue: Catalogue
) -> Iterator[UnitRule]:
    """Every rule about these names, most specific first."""
    assert item.product is not None  # noqa: S101
    product = item.product.product
    for name in names:
        for row in item.rows:
            if row.account_unit == name:
                yield _item_rule(row)
    for scope in (product, None):
        for name in names:
            unit_row = revision.units.get((name, scope))
            if unit_row is not None:
                yield UnitRule(name, unit_row.unit, unit_row.factor, unit_row)
    for name in names:
        if base_per_our_unit(item.product, name, catalogue) is not None:
            yield UnitRule(name, name, Decimal(1))


def _two_units(
    names: tuple[str, ...], item: FoundItem, revision: MappingRevision, catalogue: Catalogue, path: str
) -> Fault | None:
    """Where the unit's word and its Rec 20 reading are each known, and are not the same number of base units."""
    assert item.product is not None  # noqa: S101
    sizes = []
    for name in names:
        rule = next(_rules((name,), item, revision, catalogue), None)
        base = base_per_our_unit(item.product, rule.ours, catalogue) if rule else None
        if rule is None or base is None:
            return None
        sizes.append(base * fraction(rule.factor))
    if len(set(sizes)) == 1:
        return None
    word = item.product.base_unit
    said = " and ".join(f"1 {name} is {count_text(size)} {word}" for name, size in zip(names, sizes, strict=True))
    detail = f"the document calls the unit of {item.product.name} both {' and '.join(names)}, but {said} as agreed"
    return Fault("pack_contradiction", detail, f"{path}_code", value=names[1], expected=f"{names[0]}, or its code")


def _item_rule(row: ItemRow) -> UnitRule:
    """A row names its three unit columns together or not at all (`mappings.tables`)."""
    return UnitRule(row.account_unit or "", row.unit or "", row.factor or Decimal(1), row)


def _unit_of_gtin(
    line: OrderLine, item: FoundItem, revision: MappingRevision, catalogue: Catalogue
) -> FoundUnit | None:
    """The one unit of the account's rows for the line's GTIN, else the pack level that the GTIN stands on."""
    units = {row.account_unit for row in item.gtin_rows if row.account_unit}
    if len(units) == 1:
        return find_unit(units.pop(), None, item, revision, catalogue)
    level = catalogue.by_gtin.get(padded_gtin(line.gtin)) if line.gtin else None
    if level is None or item.product is None or level[0] != item.product.product:
        return None
    base = base_per_our_unit(item.product, level[1], catalogue)
    return FoundUnit(level[1], level[1], base, True)


def _unknown(name: str, item: FoundItem, revision: MappingRevision, catalogue: Catalogue, path: str) -> Fault:
    assert item.product is not None  # noqa: S101
    detail = f"nobody has said what the unit {name} of {item.product.name} is"
    return Fault("unknown_unit", detail, path, value=name, expected=_known_units(item, revision, catalogue))


def _known_units(item: FoundItem, revision: MappingRevision, catalogue: Catalogue) -> str:
    """The units that would have been understood, the account's own first."""
    assert item.product is not None  # noqa: S101
    product = item.product
    names = [row.account_unit for row in item.rows if row.account_unit]
    names += [unit for unit, scope in revision.units if scope in (None, product.product)]
    names += [product.base_unit]
    names += [unit for owner, unit in catalogue.packs if owner == product.product]
    return "one of " + ", ".join(dict.fromkeys(names))


def _no_such_pack(name: str, rule: UnitRule, product: Product, catalogue: Catalogue, path: str) -> Fault:
    packs = [unit for owner, unit in catalogue.packs if owner == product.product]
    detail = (
        f"1 {name} is agreed to be {shortest(rule.factor):f} {rule.ours}, but there is no {rule.ours} of {product.name}"
    )
    return Fault("unknown_unit", detail, path, value=name, expected="one of " + ", ".join([product.base_unit, *packs]))


# --- the pack-math guard -----------------------------------------------------------------------------------------
def pack_contradictions(
    line: OrderLine, item: FoundItem, unit: FoundUnit, revision: MappingRevision, catalogue: Catalogue
) -> tuple[Fault, ...]:
    """Where the GTIN's pack level or the document's own pack size says another number than the mapping. Turning cases
    into eaches silently is the most expensive mistake of this trade, so nobody guesses which of them is right."""
    if item.product is None or unit.base_per_unit is None:
        return ()
    of_size = (
        () if line.pack_size is None else _size_contradiction(line, line.pack_size, item, unit, revision, catalogue)
    )
    return (*_gtin_contradiction(line, item, unit, catalogue), *of_size)


def _gtin_contradiction(line: OrderLine, item: FoundItem, unit: FoundUnit, catalogue: Catalogue) -> Iterator[Fault]:
    level = catalogue.by_gtin.get(padded_gtin(line.gtin)) if line.gtin else None
    if level is None or item.gtin_rows or item.product is None or level[0] != item.product.product:
        return
    base = base_per_our_unit(item.product, level[1], catalogue)
    if base is None or base == unit.base_per_unit:
        return
    if {level[1], unit.ours} <= DIVISIBLE:
        return  # a GTIN on kilograms says nothing against an order by the gram
    word = item.product.base_unit
    detail = (
        f"GTIN {line.gtin} is a pack of {count_text(base)} {word} of {item.product.name}, but 1 {unit.unit} is "
        f"{count_text(unit.base_per_unit)} {word} as agreed"
    )
    expected = f"the GTIN of a pack of {count_text(unit.base_per_unit)} {word}, or no GTIN"
    yield Fault("pack_contradiction", detail, "/gtin", value=line.gtin, expected=expected)


def _size_contradiction(
    line: OrderLine,
    size: Decimal,
    item: FoundItem,
    unit: FoundUnit,
    revision: MappingRevision,
    catalogue: Catalogue,
) -> Iterator[Fault]:
    """What the document says is in one of its units, held against what is agreed, in the unit that it counts in."""
    product = item.product
    counted = None if product is None else _counted_in(line, item, product, unit, revision, catalogue)
    if product is None or counted is None or unit.base_per_unit is None:
        return
    word, base = counted
    agreed = unit.base_per_unit / base
    if _is_said(size, agreed):
        return
    said, count = f"{shortest(size):f}", count_text(agreed)
    detail = (
        f"the document says {said} {line.pack_unit or ''}".rstrip() + f" in 1 {unit.unit}, but 1 {unit.unit} of "
        f"{product.name} is {count} {word} as agreed"
    )
    yield Fault("pack_contradiction", detail, "/pack_size", value=said, expected=count)


def _counted_in(
    line: OrderLine,
    item: FoundItem,
    product: Product,
    unit: FoundUnit,
    revision: MappingRevision,
    catalogue: Catalogue,
) -> tuple[str, Fraction] | None:
    """The unit that the document's pack size counts, with its base units. One that nobody knows counts our base units,
    for it is a number of something; a weight or measure of what is counted, and a number of what is weighed, say
    nothing: None. Neither does one that the price is for as well: the price waits until somebody says what it is."""
    named = line.pack_unit or line.pack_unit_code
    if named is not None:
        known = find_unit(line.pack_unit, line.pack_unit_code, item, revision, catalogue, "/pack_unit")
        if known.base_per_unit is not None:
            return named, known.base_per_unit
        if {line.pack_unit, line.pack_unit_code} & DIVISIBLE:
            return None
        if _waits_for_its_prices_unit(line, named, item, unit, revision, catalogue):
            return None
    return None if product.base_unit in DIVISIBLE else (product.base_unit, ONE)


def _waits_for_its_prices_unit(
    line: OrderLine, named: str, item: FoundItem, unit: FoundUnit, revision: MappingRevision, catalogue: Catalogue
) -> bool:
    """Whether the price is for this unit, and the fault of that is that nobody knows it: what is missing is told there,
    and a contradiction with our base units would only hide it."""
    price = line.price
    if price is None or named not in (price.unit, price.unit_code) or named in (line.unit, line.unit_code, unit.unit):
        return False
    return find_unit(price.unit, price.unit_code, item, revision, catalogue, "/price/unit").base_per_unit is None


def _is_said(size: Decimal, agreed: Fraction) -> bool:
    """Whether the document's number is the agreed one. One that no decimal says exactly (a twelfth) may be cut or
    rounded where it was written, but not to less than tells it from others."""
    if from_fraction(agreed) is not None:
        return fraction(size) == agreed
    exponent = size.as_tuple().exponent
    last_place = Fraction(10) ** exponent if isinstance(exponent, int) else ONE
    return abs(fraction(size) - agreed) < min(last_place, agreed / _ROUNDED_BY_AT_MOST)


def count_text(value: Fraction | None) -> str:
    """The number as a decimal where it has an end, as a fraction else."""
    decimal = None if value is None else from_fraction(value)
    return str(value) if decimal is None else f"{shortest(decimal):f}"


# --- quantities --------------------------------------------------------------------------------------------------
def in_base_units(quantity: Decimal, base_per_unit: Decimal) -> Decimal | None:
    """The quantity in base units, exactly; None where it has more digits than any quantity has."""
    base = EXACT.multiply(quantity, base_per_unit)
    whole = base.to_integral_value()
    if whole == base:
        return whole if whole.adjusted() < MAX_INTEGER_DIGITS else None
    if base.adjusted() >= MAX_INTEGER_DIGITS:
        return None
    base = base.normalize(EXACT)
    exponent = base.as_tuple().exponent
    return base if isinstance(exponent, int) and -exponent <= MAX_FRACTION_DIGITS else None


def too_many_digits(line: OrderLine, unit: str | None, base_per_unit: Fraction, base_unit: str) -> Fault:
    detail = (
        f"{line.quantity:f} {unit} at {count_text(base_per_unit)} {base_unit} has more digits than a quantity can have"
    )
    expected = f"at most {MAX_INTEGER_DIGITS} digits before and {MAX_FRACTION_DIGITS} after the point"
    return Fault("bad_value", detail, "/quantity", value=f"{line.quantity:f}", expected=expected)


def not_whole(line: OrderLine, unit: str | None, base_per_unit: Fraction, base_unit: str, per_sales: Fraction) -> Fault:
    """`7 EA is not a whole number of the pack we sell, which is 12 EA`, and the nearest quantities that are.

    Said in the account's own unit, and in base units only where that can't say it exactly.
    """
    base = Fraction(line.quantity) * base_per_unit
    sold = f"the pack we sell, which is {_in_words([per_sales], unit, base_per_unit, base_unit)}"
    if per_sales == base_per_unit:
        sold = str(unit)
    ordered = f"{shortest(line.quantity):f} {unit}"
    if not _is_said_in(unit, [per_sales], base_per_unit) and unit != base_unit:
        ordered += f" ({count_text(base)} {base_unit})"
    below = base // per_sales * per_sales
    nearest = [amount for amount in (below, below + per_sales) if amount > 0]
    return Fault(
        "fractional_unit",
        f"{ordered} is not a whole number of {sold}",
        "/quantity",
        value=f"{line.quantity:f}",
        expected=_in_words(nearest, unit, base_per_unit, base_unit),
    )


def _is_said_in(unit: str | None, amounts: list[Fraction], base_per_unit: Fraction) -> bool:
    return bool(unit) and all(from_fraction(amount / base_per_unit) is not None for amount in amounts)


def _in_words(amounts: list[Fraction], unit: str | None, base_per_unit: Fraction, base_unit: str) -> str:
    """Amounts in the ordered unit where that can be written exactly, in base units else."""
    ordered = [from_fraction(amount / base_per_unit) for amount in amounts]
    if unit and None not in ordered:
        return " or ".join(f"{shortest(amount):f}" for amount in ordered if amount is not None) + f" {unit}"
    return " or ".join(count_text(amount) for amount in amounts) + f" {base_unit}"
