"""What no single row of an account's mapping shows: whether it fits our catalogue, our stock and our formats.

Hardly any of it keeps a mapping from being published, for the other file may be what comes next; each will keep some of
the account's orders from being answered, or is a number that nobody can have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import combinations
from typing import Any

from mappings.account import SENT, Account, Rebate
from mappings.mixed_units import by_base_unit, told_by_unit
from mappings.own_format import CUSTOM, ORDER_MAP, map_of, maps_for
from mappings.revision import Catalogue, ItemRow, PriceRow, Product, SiteRow
from mappings.sites import normal_scheme
from mappings.tables import TABLES, Kind
from mappings.units import agreed_sizes, base_per_our_unit, count_text
from schemas.faults import Fault
from schemas.formats.registry import FORMATS
from schemas.values import is_gs1_number, shortest

Placed = Sequence[tuple[str, Any]]
"""Rows, each with the place where it stands; cells that are wrong by themselves are None."""
_MOST_COMPARED = 100
"""Rows of one item number that each further one is compared with."""
_TERMS = "account.yaml"
_NAMED_SITES = 10
_GLN = "0088"
_ROLES = ("ship_to", "bill_to", "buyer", "invoice")


def mapping_problems(
    account_id: str,
    account: Account | None,
    rows: Mapping[Kind, Placed],
    catalogue: Catalogue | None,
    sites: Collection[str],
    unread: Collection[Kind] = (),
    maps: Collection[str] = (),
) -> tuple[Fault, ...]:
    """What will keep the account's orders from being answered, and numbers with a wrong check digit or of two products.

    `account` is None where its terms can't be read, and has only what is right of them where a part is wrong;
    `catalogue` is None where nothing is to be said of our products. `sites` are those that stock was ever told of.
    `unread` are tables that couldn't be read whole: what they would have said is missed nowhere. `maps` are the names
    of the account's field maps.
    """
    terms: tuple[Fault, ...] = ()
    if account is not None:
        terms = (*_formats(account_id, account), *_unused_maps(account, maps), *_terms_check_digits(account))
        terms = (*terms, *_rebates(account, catalogue))
    ours = () if catalogue is None else (*_products(account_id, rows, catalogue), *_units(rows, catalogue))
    if account is not None and catalogue is not None:
        ours = (*_products_of_terms(account, catalogue), *ours)
    if catalogue is not None and not {"item", "unit"} & set(unread):
        ours = (*ours, *_price_units(rows, catalogue))
    return (*terms, *ours, *_sites(account_id, rows["site"], sites), *_items(rows["item"]))


# --- account.yaml ----------------------------------------------------------------------------------------------------
def _formats(account_id: str, account: Account) -> Iterator[Fault]:
    """Formats that we don't have. Whether the maps of an own one are there is judged with the folder."""
    read = [name for name, known in FORMATS.items() if "order" in known.parsers]
    known = f"one of {', '.join([*read, CUSTOM])}"
    for index, name in enumerate(account.inbound.formats):
        if name not in read and name != CUSTOM:
            detail = f"{account_id} may send {name}, which this program can't read"
            yield Fault("bad_value", detail, f"/inbound/formats/{index}", _TERMS, name, known)
    for kind, terms in account.outbound.items():
        path = f"/outbound/{kind}"
        if kind not in SENT:
            detail = f"outbound of {account_id} names {kind}, which is no document that is sent"
            yield Fault("bad_value", detail, path, _TERMS, kind, f"one of {', '.join(SENT)}")
        elif terms.format != CUSTOM and not _can_write(terms.format, kind):
            detail = f"{account_id} wants {SENT[kind]} in {terms.format}, which this program can't write"
            writers = f"one of {', '.join([*(name for name in FORMATS if _can_write(name, kind)), CUSTOM])}"
            yield Fault("bad_value", detail, f"{path}/format", _TERMS, terms.format, writers)


def _can_write(name: str, kind: str) -> bool:
    return name in FORMATS and kind in FORMATS[name].renderers


def _unused_maps(account: Account, maps: Collection[str]) -> Iterator[Fault]:
    """Field maps that no key of account.yaml asks for: nothing would ever be read or written by them."""
    if ORDER_MAP in maps and CUSTOM not in account.inbound.formats:
        yield _unused(account.id, ORDER_MAP, f"{CUSTOM} in inbound.formats")
    used = {name for kind in SENT if _is_custom(account, kind) for name in maps_for(kind)}
    for kind in SENT:
        if map_of(kind) in maps and map_of(kind) not in used:
            yield _unused(account.id, map_of(kind), f"outbound.{kind} with format: {CUSTOM}")


def _is_custom(account: Account, kind: str) -> bool:
    """Whether documents of this kind go out by a map. Where nothing is agreed, an order is answered as it came."""
    terms = account.terms_of(kind)
    if terms is None:
        return kind == "order_response" and CUSTOM in account.inbound.formats
    return terms.format == CUSTOM


def _unused(account_id: str, name: str, expected: str) -> Fault:
    return Fault("bad_value", f"{name} of {account_id} is used by nothing", "", name, name, f"{expected} in {_TERMS}")


def _terms_check_digits(account: Account) -> Iterator[Fault]:
    endpoint = account.legal.endpoint if account.legal else None
    named = [(f"/identifiers/{index}/id", one) for index, one in enumerate(account.identifiers)]
    for path, one in [*named, *([("/legal/endpoint/id", endpoint)] if endpoint else [])]:
        if normal_scheme(one.scheme) == _GLN and not is_gs1_number(one.id, (13,)):
            yield _no_gln(path, _TERMS, one.id)


def _products_of_terms(account: Account, catalogue: Catalogue) -> Iterator[Fault]:
    """Products that a discount or rebate is for and we don't have: nothing would ever be taken off for them."""
    discounts = [one.products for one in account.terms.discounts]
    rebates = [one.products for one in account.terms.rebates]
    for key, word, agreed in (("discounts", "discount", discounts), ("rebates", "rebate", rebates)):
        for index, products in enumerate(agreed):
            for position, product in enumerate(products):
                if product not in catalogue.products:
                    detail = f"a {word} of {account.id} is for {product}, which products.csv does not have"
                    path = f"/terms/{key}/{index}/products/{position}"
                    yield Fault("bad_value", detail, path, _TERMS, product, "a product of products.csv")


def _rebates(account: Account, catalogue: Catalogue | None) -> Iterator[Fault]:
    """Rebates that add up what can't be added, that nobody can work out, or that say two things."""
    for index, rebate in enumerate(account.terms.rebates):
        path = f"/terms/rebates/{index}"
        if rebate.basis == "net_paid":
            detail = f"{rebate.name} of {account.id} is by what was paid, which nobody tells this program"
            yield Fault("bad_value", detail, f"{path}/basis", _TERMS, rebate.basis, "net_invoiced or quantity")
        if account.terms.is_confused(rebate):
            detail = f"{account.id} has several rebates by {rebate.period} named {rebate.name}; none of them is settled"
            yield Fault("bad_value", detail, f"{path}/name", _TERMS, rebate.name, "another name for each")
        starts = [tier.from_ for tier in rebate.tiers]
        if len(set(starts)) < len(starts):
            detail = f"{rebate.name} of {account.id} has tiers that begin with the same figure; the last of them counts"
            yield Fault("bad_value", detail, f"{path}/tiers", _TERMS, None, "tiers that each begin with another figure")
    if catalogue is not None:
        yield from rebates_of_several_units(account, catalogue)
        for index, rebate in enumerate(account.terms.rebates):
            if rebate.basis == "quantity" and not rebate.products:
                yield from _several_units(account, index, rebate, catalogue)


def rebates_of_several_units(account: Account, catalogue: Catalogue) -> Iterator[Fault]:
    """Rebates by quantity of products that are named and counted in several base units, so that they can never be
    worked out. One of all products can, where only those of one unit are bought."""
    for index, rebate in enumerate(account.terms.rebates):
        if rebate.basis == "quantity" and rebate.products:
            yield from _several_units(account, index, rebate, catalogue)


def _several_units(account: Account, index: int, rebate: Rebate, catalogue: Catalogue) -> Iterator[Fault]:
    units = {name: product.base_unit for name, product in catalogue.products.items()}
    found = by_base_unit(rebate.products or units, units)
    if len(found) > 1:
        detail = f"{rebate.name} of {account.id} is by quantity, and would add up {told_by_unit(found)}"
        value, expected = ", ".join(rebate.products) or None, "products of one base unit, a rebate for each"
        yield Fault("bad_value", detail, f"/terms/rebates/{index}/products", _TERMS, value, expected)


# --- our products and packs ------------------------------------------------------------------------------------------
def _products(account_id: str, rows: Mapping[Kind, Placed], catalogue: Catalogue) -> Iterator[Fault]:
    """Each product that we don't have, once a table."""
    for kind in ("item", "unit", "price"):
        file, seen = TABLES[kind].file, set()
        for place, row in rows[kind]:
            if row.product is not None and row.product not in catalogue.products and row.product not in seen:
                seen.add(row.product)
                detail = f"{file} of {account_id} names {row.product}, which products.csv does not have"
                yield Fault("bad_value", detail, "", place, row.product, "a product of products.csv")


def _units(rows: Mapping[Kind, Placed], catalogue: Catalogue) -> Iterator[Fault]:
    """Units of ours that the product doesn't have: a line ordered by such a unit is held, such a price never counts."""
    for place, row in (*rows["item"], *rows["unit"]):
        product = catalogue.products.get(row.product or "")
        if product is not None and row.unit is not None and base_per_our_unit(product, row.unit, catalogue) is None:
            said = "" if row.factor is None else f"{shortest(row.factor):f} "
            wrong = f"1 {row.account_unit} is {said}{row.unit} there, but there is no {row.unit} of {product.product}"
            yield _no_such_unit(place, wrong, row.unit, product, catalogue)
    has = {unit for _, unit in catalogue.packs} | {product.base_unit for product in catalogue.products.values()}
    for place, row in rows["unit"]:
        if row.product is None and row.unit is not None and row.unit not in has:
            detail = f"{place}: 1 {row.account_unit} is so many {row.unit} there, but no product of ours has that unit"
            yield Fault("bad_value", detail, "", place, row.unit, "a base unit of products.csv or a pack of packs.csv")


def _price_units(rows: Mapping[Kind, Placed], catalogue: Catalogue) -> Iterator[Fault]:
    """Prices by a unit that is neither ours nor leads to one of ours by the account's own rows (`mappings.prices`), or
    that leads to several."""
    items: dict[tuple[Any, Any], list[Any]] = {}
    units: dict[tuple[Any, Any], Any] = {(row.product, row.account_unit): row for _, row in rows["unit"]}
    for _, row in rows["item"]:
        items.setdefault((row.product, row.account_unit), []).append(row)
    for place, row in rows["price"]:
        product = catalogue.products.get(row.product or "")
        if product is None or row.unit is None or base_per_our_unit(product, row.unit, catalogue) is not None:
            continue
        general = units.get((row.product, row.unit)) or units.get((None, row.unit))
        said = [*items.get((row.product, row.unit), ()), *([general] if general else ())]
        if not agreed_sizes(row.unit, product, said, catalogue):
            yield _no_such_unit(place, _of_price(row, product), row.unit, product, catalogue)
        for pair in combinations(said, 2):
            sizes = agreed_sizes(row.unit, product, pair, catalogue)
            if len(sizes) > 1 and _overlap(*pair):
                yield _ambiguous(place, row, product, sizes)
                break


def _overlap(one: Any, other: Any) -> bool:
    """Whether both rows count on some day, as those of units.csv do on every day."""
    return bool(_start(one) <= _end(other) and _start(other) <= _end(one))


def _start(row: Any) -> date:
    return getattr(row, "valid_from", None) or date.min


def _end(row: Any) -> date:
    return getattr(row, "valid_to", None) or date.max


def _ambiguous(place: str, row: PriceRow, product: Product, sizes: set[Fraction]) -> Fault:
    said = " and as ".join(count_text(size) for size in sorted(sizes))
    detail = (
        f"{place}: the price of {product.product} by {row.unit} counts only for lines by {row.unit}: 1 {row.unit} is "
        f"agreed as {said} {product.base_unit}"
    )
    expected = f"a price by {product.base_unit} or a pack of ours, or one size of {row.unit} in items.csv and units.csv"
    return Fault("bad_value", detail, "", place, row.unit, expected)


def _of_price(row: PriceRow, product: Product) -> str:
    unsaid = f"nothing says how many {product.base_unit} that is"
    return f"the price of {product.product} by {row.unit} counts for no order: {unsaid}"


def _no_such_unit(place: str, wrong: str, unit: str, product: Product, catalogue: Catalogue) -> Fault:
    packs = [pack for owner, pack in catalogue.packs if owner == product.product]
    expected = f"one of {', '.join([product.base_unit, *packs])}, or a row for {unit} in packs.csv"
    return Fault("bad_value", f"{place}: {wrong}", "", place, unit, expected)


def _items(rows: Placed) -> Iterator[Fault]:
    yield from _items_check_digits(rows)
    yield from _numbers_of_several(rows)


def _numbers_of_several(rows: Placed) -> Iterator[Fault]:
    """Item numbers that are two products on the same days, where no GTIN tells these apart: once a number."""
    seen: dict[str, list[ItemRow]] = {}
    told = set()
    for place, row in rows:
        if row.account_sku is None or row.product is None or row.account_sku in told:
            continue
        others = seen.setdefault(row.account_sku, [])
        other = next((one for one in others if _is_another_product(one, row)), None)
        if len(others) < _MOST_COMPARED:
            others.append(row)
        if other is not None:
            told.add(row.account_sku)
            both = f"{row.account_sku} is {other.product} and {row.product} on the same days"
            detail = f"{place}: {both}: an order line that names nothing else is held"
            yield Fault("bad_value", detail, "", place, row.account_sku, "one product, or days that don't meet")


def _is_another_product(one: ItemRow, other: ItemRow) -> bool:
    are_told_apart = one.gtin is not None and other.gtin is not None and one.gtin != other.gtin
    return one.product != other.product and not are_told_apart and _overlap(one, other)


def _items_check_digits(rows: Placed) -> Iterator[Fault]:
    for place, row in rows:
        if row.gtin is not None and not is_gs1_number(row.gtin):
            expected = "a GTIN with its check digit (GS1 General Specifications 7.9)"
            yield Fault("check_digit", f"{place}: the GTIN's check digit is wrong", "", place, row.gtin, expected)


# --- places ----------------------------------------------------------------------------------------------------------
def _sites(account_id: str, rows: Placed, sites: Collection[str]) -> Iterator[Fault]:
    """Supply sites that no stock was ever told of (none while no stock is known at all, which is imported after the
    accounts perhaps), roles that nobody reads, and GLNs that are none."""
    seen = set()
    for place, row in rows:
        if sites and row.supply_site is not None and row.supply_site not in sites and row.supply_site not in seen:
            seen.add(row.supply_site)
            yield _site_not_ours(account_id, place, row.supply_site, sites)
        yield from _place(place, row)


def _place(place: str, row: SiteRow) -> Iterator[Fault]:
    if row.role is not None and row.role not in _ROLES:
        detail = f"{place}: the role {row.role} is none that is known; {row.account_site} counts as a place of delivery"
        yield Fault("bad_value", detail, "", place, row.role, f"one of {', '.join(_ROLES)}, or nothing")
    if (
        row.account_site is not None
        and normal_scheme(row.scheme) == _GLN
        and not is_gs1_number(row.account_site, (13,))
    ):
        yield _no_gln("", place, row.account_site)


def _site_not_ours(account_id: str, place: str, site: str, sites: Collection[str]) -> Fault:
    detail = f"{TABLES['site'].file} of {account_id} names the supply_site {site}, for which no stock was ever told"
    known = sorted(sites)
    expected = ", ".join(known[:_NAMED_SITES]) + (", …" if len(known) > _NAMED_SITES else "")
    return Fault("bad_value", detail, "", place, site, f"a site that stock is told of: {expected}")


def _no_gln(path: str, place: str, number: str) -> Fault:
    expected = "a GLN of 13 digits with its check digit (GS1 General Specifications 7.9)"
    has_digits = number.isascii() and number.isdigit() and len(number) == 13
    wrong = "the GLN's check digit is wrong" if has_digits else "a GLN (scheme 0088) has 13 digits"
    where = ".".join(path.split("/")[1:]) or place
    return Fault("check_digit", f"{where}: {wrong}", path, place, number, expected)


# --- numbers that a spreadsheet has been at --------------------------------------------------------------------------
def lost_zeros(rows: Iterable[tuple[int, Any]], kind: str, catalogue: Catalogue) -> Iterator[tuple[int, Fault]]:
    """A fault for each row of a product that we don't have, where we have it with more zeros in front: 42 for 0042.
    A spreadsheet has taken the number for one, and nobody means another product by it. Rows come with their index;
    those of taxes are of no product."""
    if "product" not in TABLES[kind].names:
        return
    ours: dict[str, str] | None = None
    for index, row in rows:
        number = row.product
        if number is None or number in catalogue.products or not (number.isascii() and number.isdigit()):
            continue
        if ours is None:
            ours = {one.lstrip("0"): one for one in catalogue.products if one.startswith("0")}
        meant = ours.get(number.lstrip("0"))
        if meant is not None and len(meant) > len(number):
            detail = f"There is no product {number}, but {meant}: its leading zeros were lost"
            yield index, Fault("bad_value", detail, f"/{index}/product", value=number, expected=meant)
