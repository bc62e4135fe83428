"""What of a sample order nobody has mapped yet: items, units, places, and numbers of the buyer.

Nothing is guessed: what is proposed for an item has one of its numbers, to the letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.drafting.terms_edits import seen_mark
from gateway.onboarding.sample import ReadSample, ReadSampleOrder
from mappings.account import SchemedId
from mappings.revision import Catalogue, MappingRevision, Product
from mappings.sites import find_site, known_ids, same_scheme
from schemas.documents.common import Address, Party
from schemas.documents.order import OrderLine
from schemas.faults import Fault, line_index
from schemas.values import padded_gtin, shortest

MOST_ITEMS = 100
"""So many unknown items are asked for at once."""
_ASKED = ("unknown_item", "unknown_unit", "unknown_ship_to")


@dataclass(frozen=True, slots=True)
class UnknownItem:
    """A number of theirs that leads to no product of ours, as the first line has it that names it."""

    mark: str
    """What the fields of the form that ask for it are named by."""
    number: str
    is_gtin: bool
    description: str | None
    quantity: str
    unit: str | None
    price: str | None
    is_unit_known: bool
    candidates: tuple[Product, ...] = ()

    @property
    def sku(self) -> str | None:
        """The number, where it is theirs."""
        return None if self.is_gtin else self.number


@dataclass(frozen=True, slots=True)
class UnknownUnit:
    """A word for a unit of which nobody has said what it is: of one product (`product`), or of all. Without a word,
    what lines that name no unit are counted in."""

    mark: str
    word: str | None
    product: Product | None
    items: tuple[str, ...]
    """Where it stands, in words."""


@dataclass(frozen=True, slots=True)
class UnknownPlace:
    """A place of delivery that isn't one of the account's yet."""

    mark: str
    number: str
    scheme: str | None
    has_number: bool
    """Whether the number is theirs; it is proposed else."""
    name: str | None
    address: Address

    @property
    def text(self) -> str:
        """As people read it."""
        street = " ".join(part for part in (self.address.street, self.address.building_number) if part)
        city = " ".join(part for part in (self.address.postal_code, self.address.city) if part)
        said = (self.name, street, city, self.address.country)
        return ", ".join(part for part in said if part)


@dataclass(frozen=True, slots=True)
class Unknown:
    """All that is to be mapped before the sample can be answered."""

    items: tuple[UnknownItem, ...] = ()
    more_items: int = 0
    """Beyond those that are asked for at once."""
    units: tuple[UnknownUnit, ...] = ()
    places: tuple[UnknownPlace, ...] = ()
    identifiers: tuple[SchemedId, ...] = ()
    """Numbers of the sample's buyer that the account doesn't list."""
    others: tuple[Fault, ...] = ()
    """What else is wrong with it: answered elsewhere."""

    @property
    def is_anything(self) -> bool:
        """Whether something keeps the sample from being understood."""
        return bool(self.items or self.units or self.places)


def unknown_in(read: ReadSample, revision: MappingRevision, catalogue: Catalogue) -> Unknown:
    """What of the sample is to be mapped."""
    items = tuple(_items(read, revision, catalogue))
    asked = {item.number for item in items}
    others = (fault for one in read.orders for fault in one.faults if not _is_asked(fault, one, asked))
    return Unknown(
        items[:MOST_ITEMS],
        max(0, len(items) - MOST_ITEMS),
        tuple(_units(read, items, revision, catalogue)),
        tuple(_places(read, revision)),
        tuple(_identifiers(read, revision)),
        tuple(others),
    )


def our_units(catalogue: Catalogue) -> list[str]:
    """Every unit that some product of ours has."""
    packs = {unit for _, unit in catalogue.packs}
    return sorted(packs | {product.base_unit for product in catalogue.products.values()})


def _is_asked(fault: Fault, one: ReadSampleOrder, asked: set[str]) -> bool:
    if fault.code != "unknown_item":
        return fault.code in _ASKED
    line = _line_of(fault, one)
    return line is not None and _number(line)[0] in asked


def _line_of(fault: Fault, one: ReadSampleOrder) -> OrderLine | None:
    index = line_index(fault)
    return None if index is None else one.order.lines[index]


# --- items ------------------------------------------------------------------------------------------------------------
def _items(read: ReadSample, revision: MappingRevision, catalogue: Catalogue) -> Iterator[UnknownItem]:
    seen: set[str] = set()
    units = set(our_units(catalogue))
    for one in read.orders:
        for fault in one.faults:
            line = _line_of(fault, one) if fault.code == "unknown_item" else None
            number, is_gtin = _number(line) if line is not None else ("", False)
            if line is None or not number or number in seen or _is_agreed(number, is_gtin, revision):
                continue
            seen.add(number)
            yield UnknownItem(
                seen_mark(("item", number)),
                number,
                is_gtin,
                line.description,
                f"{shortest(line.quantity):f}",
                line.unit or line.unit_code,
                _price(line, one.order.currency),
                _is_known(line.unit, line.unit_code, revision, units),
                tuple(_candidates(line, catalogue)),
            )


def _number(line: OrderLine) -> tuple[str, bool]:
    """By what the account names the line's item, and whether that is a GTIN; empty where only by a number of ours."""
    return (line.buyer_item, False) if line.buyer_item else (line.gtin or "", True)


def _is_agreed(number: str, is_gtin: bool, revision: MappingRevision) -> bool:
    """Whether there is a row for it already, which leads to nothing: another one would only contradict it."""
    known = revision.items_by_gtin.get(padded_gtin(number)) if is_gtin else revision.items_by_sku.get(number)
    return bool(known)


def _price(line: OrderLine, currency: str | None) -> str | None:
    if line.price is None:
        return None
    per = "" if line.price.base_quantity == 1 else f" for {shortest(line.price.base_quantity):f}"
    return f"{line.price.amount:f} {currency or ''}".strip() + per


def _candidates(line: OrderLine, catalogue: Catalogue) -> Iterator[Product]:
    """Products of ours that have one of the line's numbers, to the letter, as their number or GTIN."""
    found: dict[str, None] = {}
    for number in (line.buyer_item, line.seller_item, line.gtin):
        level = catalogue.by_gtin.get(padded_gtin(number)) if number and number.isdigit() else None
        names = (number, level[0] if level else None)
        found |= {name: None for name in names if name is not None and name in catalogue.products}
    return (catalogue.products[name] for name in found)


# --- units ------------------------------------------------------------------------------------------------------------
def _is_known(unit: str | None, code: str | None, revision: MappingRevision, units: set[str]) -> bool:
    """Whether a line's unit means something for a product that isn't known yet."""
    names = [name for name in (unit, code) if name]
    if not names:
        return revision.account.policies.default_unit is not None
    return any((name, None) in revision.units or name in units for name in names)


def _units(
    read: ReadSample, items: Iterable[UnknownItem], revision: MappingRevision, catalogue: Catalogue
) -> Iterator[UnknownUnit]:
    found: dict[tuple[str | None, str | None], list[str]] = {}
    for item in items:
        if not item.is_unit_known:
            found.setdefault((item.unit, None), []).append(item.description or item.number)
    for one in read.orders:
        for fault in one.faults:
            line = _line_of(fault, one) if fault.code == "unknown_unit" else None
            if line is not None:
                key = _unit_key(fault, one, revision)
                found.setdefault(key, []).append(line.description or _number(line)[0] or line.seller_item or "")
    for (word, product), places in found.items():
        known = catalogue.products.get(product) if product else None
        named = tuple(dict.fromkeys(place for place in places if place))
        yield UnknownUnit(seen_mark(("unit", word, product)), word, known, named)


def _unit_key(fault: Fault, one: ReadSampleOrder, revision: MappingRevision) -> tuple[str | None, str | None]:
    """The word, and the product where the word is known of others, and doesn't fit this one."""
    index = line_index(fault) or 0
    mapped = one.mapped.lines[index]
    fits_others = (fault.value, None) in revision.units
    return fault.value, mapped.product.product if fits_others and mapped.product else None


# --- places -----------------------------------------------------------------------------------------------------------
def _places(read: ReadSample, revision: MappingRevision) -> Iterator[UnknownPlace]:
    """Places of delivery that no row knows. Where the account has no rows at all none of its orders is held for one,
    and they are asked for all the same: whence each is supplied."""
    if revision.account.policies.unknown_ship_to == "accept_address":
        return
    seen: set[str] = set()
    for one in read.orders:
        for party in (one.order.ship_to, *(line.ship_to for line in one.order.lines)):
            if party is None or find_site(party, revision, one.order.issue_date, "").site is not None:
                continue
            place = _place(party)
            if place is not None and place.mark not in seen:
                seen.add(place.mark)
                yield place


def _place(party: Party) -> UnknownPlace | None:
    ids, address = known_ids(party), party.address or Address()
    if ids:
        number, scheme = ids[0]
        return UnknownPlace(seen_mark(("place", number)), number, scheme, True, party.name, address)
    if not (address.street and address.postal_code):
        return None  # by what there is, nobody could know it again
    proposed = "-".join((party.name or address.city or "PLACE").upper().split())[:40]
    mark = seen_mark(("place", party.name, address.model_dump()))
    return UnknownPlace(mark, proposed, None, False, party.name, address)


# --- whose it is ------------------------------------------------------------------------------------------------------
def _identifiers(read: ReadSample, revision: MappingRevision) -> Iterator[SchemedId]:
    account, seen = revision.account, set[str]()
    for one in read.orders:
        buyer = one.order.buyer
        for number, scheme in known_ids(buyer) if buyer else ():
            listed = any(its.id == number and same_scheme(its.scheme, scheme) for its in account.identifiers)
            if not listed and number not in seen:
                seen.add(number)
                yield SchemedId(scheme=scheme, id=number)
