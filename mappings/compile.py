"""Rows → the look-up tables that the engine asks. Pure, and about a second for 100,000 items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any, TypeVar

from mappings.account import Account
from mappings.own_format import own_format
from mappings.revision import (
    Catalogue,
    ItemRow,
    MappingRevision,
    Pack,
    PriceRow,
    Product,
    SiteRow,
    TaxRow,
    UnitRow,
)
from mappings.tables import TABLES, key_part
from schemas.faults import Fault
from schemas.values import padded_gtin

T = TypeVar("T")


def compile_revision(
    account: Account,
    number: int,
    items: Iterable[ItemRow],
    units: Iterable[UnitRow],
    sites: Iterable[SiteRow],
    prices: Iterable[PriceRow],
    maps: Mapping[str, str] | None = None,
) -> MappingRevision:
    """The account's mapping at revision `number`. Under each key the row that starts last stands first; `maps` are the
    field maps' texts by their files' names."""
    items = sorted(items, key=_start, reverse=True)
    return MappingRevision(
        account=account,
        number=number,
        items_by_sku=_by(items, lambda row: row.account_sku),
        items_by_gtin=_by(items, lambda row: padded_gtin(row.gtin) if row.gtin else None),
        items_by_product=_by(items, lambda row: row.product),
        units={(row.account_unit, row.product): row for row in units},
        sites=_by(sorted(sites, key=_start, reverse=True), lambda row: row.account_site),
        prices=_by(sorted(prices, key=_start, reverse=True), lambda row: row.product),
        own_format=own_format(maps or {}),
        maps=maps or {},
    )


def with_rows(revision: MappingRevision, removed: Iterable[Any], added: Iterable[Any]) -> MappingRevision:
    """The mapping as revision 0 without and with these rows of its tables: what compiling all of them anew would make,
    without looking at the others. Of rows that start on one day the added ones stand last."""
    tables: dict[str, Any] = {name: dict(getattr(revision, name)) for name in _TABLES}
    for row in removed:
        for name, key in _places_of(row):
            rows = tuple(one for one in tables[name].pop(key, ()) if one != row)
            tables[name].update({key: rows} if rows else {})
        if isinstance(row, UnitRow):
            tables["units"].pop((row.account_unit, row.product), None)
    for row in added:
        for name, key in _places_of(row):
            tables[name][key] = tuple(sorted((*tables[name].get(key, ()), row), key=_start, reverse=True))
        if isinstance(row, UnitRow):
            tables["units"][row.account_unit, row.product] = row
    return replace(revision, number=0, **tables)


_TABLES = ("items_by_sku", "items_by_gtin", "items_by_product", "units", "sites", "prices")


def _places_of(row: Any) -> Iterator[tuple[str, str]]:
    """Each look-up table whose rows are grouped that a row stands in, and under which key."""
    if isinstance(row, ItemRow):
        if row.account_sku is not None:
            yield "items_by_sku", row.account_sku
        if row.gtin:
            yield "items_by_gtin", padded_gtin(row.gtin)
        yield "items_by_product", row.product
    elif isinstance(row, SiteRow):
        yield "sites", row.account_site
    elif isinstance(row, PriceRow):
        yield "prices", row.product


def compile_catalogue(
    number: int, products: Iterable[Product], packs: Iterable[Pack], taxes: Iterable[TaxRow] = ()
) -> Catalogue:
    """Our products and packs at catalogue revision `number`. A GTIN that two rows have is the first one's:
    `catalogue_faults` finds those before they are stored."""
    by_product = {row.product: row for row in products}
    by_pack = {(row.product, row.unit): row for row in packs}
    levels: dict[str, tuple[str, str]] = {}
    for gtin, level in _gtins(by_product.values(), by_pack.values()):
        levels.setdefault(gtin, level)
    return Catalogue(number=number, products=by_product, packs=by_pack, by_gtin=levels, taxes=tuple(taxes))


def catalogue_faults(catalogue: Catalogue) -> tuple[Fault, ...]:
    """What no single row shows: packs of no product, units of sale that are no pack, a GTIN on two pack levels, two
    taxes of the same goods on one day."""
    return (
        *_homeless_packs(catalogue),
        *_unpacked_sales_units(catalogue),
        *_shared_gtins(catalogue),
        *_taxes_at_once(catalogue),
    )


def _start(row: Any) -> date:
    return row.valid_from or date.min


def _by(rows: Iterable[T], key: Callable[[T], str | None]) -> dict[str, tuple[T, ...]]:
    grouped: dict[str, list[T]] = defaultdict(list)
    for row in rows:
        name = key(row)
        if name is not None:
            grouped[name].append(row)
    return {name: tuple(members) for name, members in grouped.items()}


def _gtins(products: Iterable[Product], packs: Iterable[Pack]) -> Iterator[tuple[str, tuple[str, str]]]:
    for product in products:
        if product.gtin:
            yield padded_gtin(product.gtin), (product.product, product.base_unit)
    for pack in packs:
        if pack.gtin:
            yield padded_gtin(pack.gtin), (pack.product, pack.unit)


def _homeless_packs(catalogue: Catalogue) -> Iterator[Fault]:
    for (product, unit), pack in catalogue.packs.items():
        known = catalogue.products.get(product)
        if known is None:
            detail = f"packs.csv has {unit} of {product}, which products.csv does not have"
            yield Fault("bad_value", detail, location="packs.csv", value=product, expected="a product of products.csv")
        elif unit == known.base_unit and pack.quantity != 1:
            detail = f"packs.csv says that {unit}, the base unit of {product}, is {pack.quantity:f} {unit}"
            yield Fault("bad_value", detail, location="packs.csv", value=f"{pack.quantity:f}", expected="1, or no row")


def _unpacked_sales_units(catalogue: Catalogue) -> Iterator[Fault]:
    for row in catalogue.products.values():
        if row.sales_unit in (None, row.base_unit) or (row.product, row.sales_unit) in catalogue.packs:
            continue
        detail = (
            f"{row.product} is sold by {row.sales_unit}, but packs.csv does not say how many {row.base_unit} that is"
        )
        expected = f"a row {row.product},{row.sales_unit} in packs.csv"
        yield Fault("bad_value", detail, location="products.csv", value=row.sales_unit, expected=expected)


def _shared_gtins(catalogue: Catalogue) -> Iterator[Fault]:
    for gtin, level in _gtins(catalogue.products.values(), catalogue.packs.values()):
        first = catalogue.by_gtin[gtin]
        if first != level:
            detail = f"GTIN {gtin} is on {level[1]} of {level[0]} and on {first[1]} of {first[0]}"
            yield Fault("bad_value", detail, location="packs.csv", value=gtin, expected="a GTIN of its own")


def _taxes_at_once(catalogue: Catalogue) -> Iterator[Fault]:
    """Rows for the same goods that are in force together: none of them is the most specific, so nothing is invoiced."""
    alike: dict[tuple[str, ...], list[TaxRow]] = defaultdict(list)
    for row in catalogue.taxes:
        alike[tuple(key_part(name, getattr(row, name)) for name in TABLES["tax"].subject)].append(row)
    for rows in alike.values():
        rows.sort(key=_start)
        for row, following in pairwise(rows):
            if row.valid_to is None or row.valid_to >= _start(following):
                said = ",".join(key_part(name, getattr(row, name)) for name in TABLES["tax"].subject)
                until = f"to {row.valid_to}" if row.valid_to else "without an end"
                detail = f"two rows of {said} hold on {_start(following)}: the one before is {until}"
                before = f"valid_to before {_start(following)}"
                yield Fault("bad_value", detail, location="taxes.csv", value=said, expected=before)
