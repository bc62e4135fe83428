"""How the rows of an account's tables read: a few columns of sentences for the many of the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mappings.revision import Product
from mappings.tables import TABLES, Kind

Cells = Mapping[str, str]
KINDS: Mapping[str, Kind] = {TABLES[kind].file.removesuffix(".csv"): kind for kind in ("item", "unit", "site", "price")}
"""The tables by their names in addresses: items, units, sites, prices."""
NOUNS: Mapping[str, str] = {"items": "item", "units": "unit", "sites": "site", "prices": "price"}


@dataclass(frozen=True, slots=True)
class Said:
    """A cell of a page: what it says, what stands beside it in small, and what is wrong with it in a word."""

    text: str = ""
    beside: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of a page: its title, the file's columns that it shows, and how it says them."""

    title: str
    names: tuple[str, ...]
    say: Callable[[Cells, Mapping[str, Product]], Said]


def _their_number(cells: Cells, _: Mapping[str, Product]) -> Said:
    sku, gtin = cells.get("account_sku"), cells.get("gtin")
    return Said(sku or f"GTIN {gtin}", f"GTIN {gtin}" if sku and gtin else "")


def _product(cells: Cells, products: Mapping[str, Product]) -> Said:
    number = cells.get("product")
    if number is None:
        return Said("all products")
    known = products.get(number)
    return Said(number, known.name) if known is not None else Said(number, "", "not in our catalogue")


def _unit(cells: Cells, _: Mapping[str, Product]) -> Said:
    if "factor" not in cells:
        return Said("", "as we count it")
    return Said(f"1 {cells.get('account_unit', '')} = {cells['factor']} {cells.get('unit', '')}")


def _days(cells: Cells, _: Mapping[str, Product]) -> Said:
    start, end = cells.get("valid_from"), cells.get("valid_to")
    if start and end:
        return Said(f"{start} to {end}")
    return Said(f"from {start}" if start else f"until {end}") if start or end else Said("", "always")


def _place(cells: Cells, _: Mapping[str, Product]) -> Said:
    scheme, role = cells.get("scheme"), cells.get("role")
    return Said(cells.get("account_site", ""), ", ".join(one for one in (scheme and f"scheme {scheme}", role) if one))


def _address(cells: Cells, _: Mapping[str, Product]) -> Said:
    town = " ".join(cells[name] for name in ("postal_code", "city") if name in cells)
    parts = (cells.get("street"), town, cells.get("country"))
    return Said(cells.get("name", ""), ", ".join(one for one in parts if one))


def _supplied(cells: Cells, _: Mapping[str, Product]) -> Said:
    transit, receiving = cells.get("transit_days", "0"), cells.get("receiving_days", "0")
    days = "day" if transit == "1" else "days"
    lasting = f"{transit} {days} on the way, {receiving} to receive" if (transit, receiving) != ("0", "0") else ""
    return Said(cells.get("supply_site", ""), lasting)


def _price(cells: Cells, _: Mapping[str, Product]) -> Said:
    count, unit = cells.get("base_quantity", "1"), cells.get("unit", "")
    return Said(f"{cells.get('price', '')} {cells.get('currency', '')} for {count} {unit}")


def _from_quantity(cells: Cells, _: Mapping[str, Product]) -> Said:
    least = cells.get("min_quantity", "0")
    return Said("", "any quantity") if not least.strip("0.") else Said(f"{least} {cells.get('unit', '')} and more")


def _description(cells: Cells, _: Mapping[str, Product]) -> Said:
    return Said(cells.get("description", ""))


def _their_unit(cells: Cells, _: Mapping[str, Product]) -> Said:
    return Said(cells.get("account_unit", ""))


_VALID = Shown("Valid", ("valid_from", "valid_to"), _days)
_OURS = Shown("Our product", ("product",), _product)
_SIZE = Shown("Unit", ("account_unit", "factor", "unit"), _unit)
SHOWN: Mapping[Kind, tuple[Shown, ...]] = {
    "item": (
        Shown("Their number", ("account_sku", "gtin"), _their_number),
        _OURS,
        _SIZE,
        Shown("Description", ("description",), _description),
        _VALID,
    ),
    "unit": (
        Shown("Their unit", ("account_unit",), _their_unit),
        _OURS,
        Shown("Is", ("factor", "unit"), _unit),
    ),
    "site": (
        Shown("Their place", ("account_site", "scheme", "role"), _place),
        Shown("Name and address", ("name", "street", "postal_code", "city", "country"), _address),
        Shown("Supplied from", ("supply_site", "transit_days", "receiving_days"), _supplied),
        _VALID,
    ),
    "price": (
        _OURS,
        Shown("Price", ("price", "currency", "base_quantity", "unit"), _price),
        Shown("From quantity", ("min_quantity",), _from_quantity),
        _VALID,
    ),
}
EXAMPLES: Mapping[Kind, str] = {
    "item": "a number, a GTIN, a product or a word of its description",
    "unit": "a unit or a product",
    "site": "a place's number, its name or its town",
    "price": "a product",
}


def in_a_line(kind: Kind, cells: Cells) -> str:
    """The row in a few words, for a sentence."""
    said = (shown.say(cells, {}) for shown in SHOWN[kind])
    return ", ".join(one.text for one in said if one.text)
