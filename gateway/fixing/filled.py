"""What a fix's fields are filled with, code by code: from the orders that wait, and from the rows that stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from gateway.fixing.causes import Cause
from gateway.fixing.evidence import Seen, all_of, most_frequent
from gateway.services import Services
from mappings.mapped import MappedLine
from mappings.prices import money_text
from mappings.revision import Catalogue, ItemRow, MappingRevision, Product, SiteRow
from mappings.tables import to_fields
from schemas.documents.common import Party
from schemas.units import rec_20
from schemas.values import shortest

_MOST_SITES = 200
_MOST_SAID = 4


@dataclass(frozen=True, slots=True)
class Filled:
    """A row as far as it is known. `main` are the fields that are shown first, `wanted` those that are needed here
    though the table needs them not; `beside` says what the orders say of a field. `asks` is what to do, in a sentence.
    `replaces` is the row that it stands in place of, where it is another's correction."""

    asks: str
    cells: Mapping[str, str]
    main: Sequence[str]
    wanted: Collection[str] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    replaces: ItemRow | SiteRow | None = None
    catalogue: Catalogue | None = None
    their_unit: str = ""
    """The unit that most of the lines are ordered by."""
    products: tuple[str, ...] = ()
    """Those that the lines are of, where that is known."""

    def units_of(self, product: str) -> tuple[tuple[str, str], ...]:
        """Our units of this product; of those of the lines where none is named."""
        if self.catalogue is None:
            return ()
        names = [product] if product else list(self.products)
        known = [self.catalogue.products[one] for one in names if one in self.catalogue.products]
        units = {one.base_unit: f"base unit of {one.product}" for one in known}
        for one in known:
            for unit, quantity in _packs_of(one, self.catalogue):
                units.setdefault(unit, f"{quantity} {one.base_unit} of {one.product}")
        return tuple(units.items())


def _packs_of(product: Product, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    packs = [pack for (owner, _), pack in catalogue.packs.items() if owner == product.product]
    return [(pack.unit, f"{shortest(pack.quantity):f}") for pack in sorted(packs, key=lambda pack: pack.quantity)]


# --- items -------------------------------------------------------------------------------------------------------
def unknown_item(
    services: Services, cause: Cause, seen: Sequence[Seen], revision: MappingRevision, catalogue: Catalogue
) -> Filled | None:
    """The account's number, or the GTIN where the lines have nothing else, is to be known as one of our products."""
    words = cause.path.rpartition("/")[2]
    gtin = cause.value if words == "gtin" else None
    sku = cause.value if words == "buyer_item" else None
    if words == "seller_item":  # our own number, and none of ours: a GTIN beside it may lead to something
        gtin = most_frequent(seen, lambda one: one.line.line.gtin if one.line else None)
    if sku is None and gtin is None:
        return None
    cells = {"account_sku": sku or "", "gtin": gtin or "", **_unit_as_said(seen, revision)}
    text = most_frequent(seen, lambda one: one.line.line.description if one.line else None)
    stood = _row_of_other_days(revision.items_by_sku.get(sku or "", ()) or revision.items_by_gtin.get(gtin or "", ()))
    if stood is not None:
        cells = {**to_fields(stood), "valid_from": "", "valid_to": ""}
    return Filled(
        f"Say which product of ours {sku or f'GTIN {gtin}'} is.",
        {**({"description": text[:200]} if text else {}), **cells},
        ("product", "account_unit", "factor", "unit"),
        beside={
            "product": _said("Their orders call it", _texts(seen)),
            "account_unit": _ordered_by(seen, revision),
            "factor": _pack_sizes(seen),
            "valid_from": "" if stood is None else "It was agreed for other days; left empty it counts always.",
        },
        their_unit=next(iter(_units(seen)), ""),
        catalogue=catalogue,
    )


def _row_of_other_days(rows: Sequence[ItemRow]) -> ItemRow | None:
    """A row that was agreed for days that aren't the orders': its product was right then."""
    return rows[0] if len({row.product for row in rows}) == 1 and (rows[0].valid_from or rows[0].valid_to) else None


def item_conflict(
    services: Services, cause: Cause, seen: Sequence[Seen], revision: MappingRevision, catalogue: Catalogue
) -> Filled | None:
    """The account's number leads elsewhere than the other numbers of the line: which product is it?"""
    sku = most_frequent(seen, lambda one: one.line.line.buyer_item if one.line else None) or (
        cause.value if cause.path.endswith("/buyer_item") else None
    )
    if sku is None:
        return None
    rows = revision.items_by_sku.get(sku, ())
    stands = rows[0] if len(rows) == 1 else None
    cells = {"account_sku": sku} if stands is None else {**to_fields(stands), "product": ""}
    said = "" if stands is None else f"It is {stands.product} as agreed now."
    return Filled(
        f"Say which product of ours {sku} is; its row is changed to that.",
        cells,
        ("product", "account_unit", "factor", "unit"),
        beside={"product": said, "account_unit": _ordered_by(seen, revision), "factor": _pack_sizes(seen)},
        replaces=stands,
        their_unit=next(iter(_units(seen)), ""),
        catalogue=catalogue,
    )


def _unit_as_said(seen: Sequence[Seen], revision: MappingRevision) -> dict[str, str]:
    """The lines' unit, where nobody knows it yet; with its size, where each of them says the same itself."""
    words = all_of(seen, lambda one: one.line.line.unit if one.line else None)
    unknown = [one for one in words if (one, None) not in revision.units]
    if not unknown:
        return {}
    unit = unknown[0]
    sizes = {_size_said(one.line) for one in seen if one.line and one.line.line.unit == unit}
    size = sizes.pop() if len(sizes) == 1 else None
    if size is None:
        return {"account_unit": unit}
    return {"account_unit": unit, "factor": size[0], "unit": size[1]}


def _size_said(line: MappedLine) -> tuple[str, str] | None:
    """(how many, of which unit) is in one of the line's unit, where the line says both."""
    counted = line.line.pack_unit_code or rec_20(line.line.pack_unit)
    if line.line.pack_size is None or counted is None:
        return None
    return f"{shortest(line.line.pack_size):f}", counted


def _pack_sizes(seen: Sequence[Seen]) -> str:
    def said(one: Seen) -> str | None:
        line = one.line.line if one.line else None
        if line is None or line.pack_size is None:
            return None
        counted = line.pack_unit or line.pack_unit_code or "pieces"
        return f"{shortest(line.pack_size):f} {counted} in 1 {line.unit or 'unit'}"

    return _said("The orders say", all_of(seen, said))


# --- units -------------------------------------------------------------------------------------------------------
def unknown_unit(
    services: Services, cause: Cause, seen: Sequence[Seen], revision: MappingRevision, catalogue: Catalogue
) -> Filled | None:
    """The account's unit is to be known, for the lines' product or for every one."""
    if cause.value is None:
        return None  # the lines have none: that is for the terms' default_unit
    products = all_of(seen, lambda one: one.line.product.product if one.line and one.line.product else None)
    sizes = {_size_said(one.line) for one in seen if one.line}
    size = sizes.pop() if len(sizes) == 1 else None
    row = revision.units.get((cause.value, None))
    many = f"{len(products)} products are ordered by it: {_listed(products)}." if len(products) > 1 else ""
    one = f"Ordered by it: {products[0]}. " if len(products) == 1 else ""
    return Filled(
        f"Say what 1 {cause.value} is.",
        {
            "account_unit": cause.value,
            **({"factor": size[0], "unit": size[1]} if size else {}),
            **({} if row is None else {"product": products[0] if len(products) == 1 else ""}),
        },
        ("product", "factor", "unit"),
        beside={
            "product": f"{one}{many} Left empty it counts for every product.".strip(),
            "factor": _pack_sizes(seen),
        },
        choices={"product": tuple((name, catalogue.products[name].name) for name in products[:20])},
        catalogue=catalogue,
        products=tuple(products),
    )


# --- sites -------------------------------------------------------------------------------------------------------
def unknown_ship_to(
    services: Services, cause: Cause, seen: Sequence[Seen], revision: MappingRevision, catalogue: Catalogue
) -> Filled | None:
    """Their place of delivery is to be known, with where it is supplied from."""
    party = next((found for one in reversed(seen) if (found := _ship_to(one)) is not None), None)
    if party is None:
        return None
    number = party.id or (cause.value if cause.path.endswith("/id") else "") or ""
    return Filled(
        f"Say where {number or 'this place'} is and what supplies it.",
        {"account_site": number, **({"scheme": party.scheme} if party.id and party.scheme else {}), **_address(party)},
        ("account_site", "name", "supply_site", "transit_days"),
        beside={"account_site": "" if number else "The orders name none: give it a name, it is known by its address."},
        choices={"supply_site": _our_sites(services)},
    )


def unknown_supply_site(
    services: Services, cause: Cause, seen: Sequence[Seen], revision: MappingRevision, catalogue: Catalogue
) -> Filled | None:
    """The place's row names a site of ours that no stock was ever told of."""
    rows = [row for places in revision.sites.values() for row in places if row.supply_site == cause.value]
    if not rows:
        return None
    row, others = rows[0], len(rows) - 1
    more = f" {others} more of their places are supplied from there; each has its row." if others else ""
    return Filled(
        f"Say which site of ours supplies {row.name or row.account_site}.",
        {**to_fields(row), "supply_site": ""},
        ("account_site", "supply_site"),
        ("supply_site",),
        beside={"supply_site": f"{cause.value} as agreed now, of which no stock is known.{more}"},
        choices={"supply_site": _our_sites(services)},
        replaces=row,
    )


def _ship_to(one: Seen) -> Party | None:
    return (one.line.line.ship_to if one.line else None) or one.mapped.order.ship_to


def _address(party: Party) -> dict[str, str]:
    address = party.address
    street = " ".join(part for part in (address.street, address.building_number) if part) if address else ""
    said = {
        "name": party.name,
        "street": street,
        "city": address.city if address else None,
        "postal_code": address.postal_code if address else None,
        "country": address.country if address else None,
    }
    return {name: text for name, text in said.items() if text}


def _our_sites(services: Services) -> tuple[tuple[str, str], ...]:
    return tuple((site, "") for site in sorted(services.store.stock.sites())[:_MOST_SITES])


# --- prices ------------------------------------------------------------------------------------------------------
def price_mismatch(
    services: Services, cause: Cause, seen: Sequence[Seen], revision: MappingRevision, catalogue: Catalogue
) -> Filled | None:
    """The contract's price, to be corrected where it is that which is wrong."""
    row = most_frequent(seen, lambda one: one.line.contract_row if one.line else None)
    if row is None:
        return None
    products = all_of(seen, lambda one: one.line.product.product if one.line and one.line.product else None)
    others = f" The same difference stands at {_listed(products[1:])}, each with a row of its own." * (
        len(products) > 1
    )
    agreed = to_fields(row)
    return Filled(
        f"If the contract's price of {row.product} is what is wrong, say the right one."
        f" If the order's is, dismiss the message or ask the sender instead.{others}",
        agreed,
        ("product", "price", "valid_from"),
        beside={"price": _said("The orders say", _prices(seen, row.product))},
        catalogue=catalogue,
        products=(row.product,),
    )


def no_contract_price(
    services: Services, cause: Cause, seen: Sequence[Seen], revision: MappingRevision, catalogue: Catalogue
) -> Filled | None:
    """A price is to be agreed for the product, by the unit and in the currency of the orders."""
    lines = [one for one in seen if one.line is not None and one.line.product is not None]
    first = lines[-1] if lines else None
    if first is None or first.line is None or first.line.product is None:
        return None  # the order's header names a currency of no price at all: which product is to have one?
    product = first.line.product.product
    unit = most_frequent(lines, lambda one: one.line.unit if one.line else None) or ""
    currency = most_frequent(lines, lambda one: one.mapped.currency) or ""
    return Filled(
        f"Say what {product} costs.",
        {"product": product, "unit": unit, "currency": currency},
        ("product", "price", "unit", "currency", "valid_from"),
        beside={"price": _said("The orders say", _prices(seen, product))},
        catalogue=catalogue,
        products=(product,),
    )


def _prices(seen: Sequence[Seen], product: str) -> list[str]:
    def said(one: Seen) -> str | None:
        line = one.line
        if line is None or line.product is None or line.product.product != product or line.ordered_price is None:
            return None
        return f"{_money(line.ordered_price)} {one.mapped.currency or ''} for 1 {line.unit or 'unit'}"

    return all_of(seen, said)


def _money(price: Fraction) -> str:
    return money_text(price)


# --- words -------------------------------------------------------------------------------------------------------
def _texts(seen: Sequence[Seen]) -> list[str]:
    return [f"“{text[:80]}”" for text in all_of(seen, lambda one: one.line.line.description if one.line else None)]


def _units(seen: Sequence[Seen]) -> list[str]:
    return all_of(seen, lambda one: (one.line.line.unit or one.line.unit) if one.line else None)


def _ordered_by(seen: Sequence[Seen], revision: MappingRevision) -> str:
    """The lines' units, and what is known of each whatever the product."""

    def told(unit: str) -> str:
        row = revision.units.get((unit, None))
        return unit if row is None else f"{unit} (1 {unit} = {shortest(row.factor):f} {row.unit} by units.csv)"

    return _said("Ordered by", [told(unit) for unit in _units(seen)])


def _said(before: str, found: Sequence[str]) -> str:
    return f"{before} {_listed(found)}." if found else ""


def _listed(found: Sequence[str]) -> str:
    more = f" and {len(found) - _MOST_SAID} more" if len(found) > _MOST_SAID else ""
    return ", ".join(found[:_MOST_SAID]) + more


FILLED: Mapping[str, Callable[[Services, Cause, Sequence[Seen], MappingRevision, Catalogue], Filled | None]] = {
    "unknown_item": unknown_item,
    "item_conflict": item_conflict,
    "unknown_unit": unknown_unit,
    "unknown_ship_to": unknown_ship_to,
    "unknown_supply_site": unknown_supply_site,
    "price_mismatch": price_mismatch,
    "no_contract_price": no_contract_price,
    "currency_mismatch": no_contract_price,
}
