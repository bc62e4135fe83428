"""Which product of ours is this? By the account's own number, our number and the GTIN, which must agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from mappings.revision import Catalogue, ItemRow, MappingRevision, Product
from mappings.validity import during, in_force
from schemas.documents.order import OrderLine
from schemas.faults import Fault
from schemas.values import padded_gtin

_NAMES = {"buyer_item": "the account's item number", "seller_item": "our item number", "gtin": "the GTIN"}
_KNOWN = "an item number that is agreed, or the item number or GTIN of something we sell"


@dataclass(frozen=True, slots=True)
class FoundItem:
    """The product, or the fault why there is none (its path relative to the line).

    `rows` are the account's rows for it, most specific first: the SKU with this GTIN, the SKU, the GTIN.
    `gtin_rows` are those that name the line's GTIN itself.
    """

    product: Product | None
    rows: tuple[ItemRow, ...] = ()
    gtin_rows: tuple[ItemRow, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Lead:
    """One number of the line (`field` says which), and the products that it leads to."""

    field: str
    number: str
    products: frozenset[str]


def find_item(line: OrderLine, revision: MappingRevision, catalogue: Catalogue, on: date | None) -> FoundItem:
    """The product that the line's numbers lead to on that day; `unknown_item` for none, `item_conflict` for several."""
    gtin = padded_gtin(line.gtin) if line.gtin else ""
    sku_rows = in_force(revision.items_by_sku.get(line.buyer_item or "", ()), on)
    gtin_rows = in_force(revision.items_by_gtin.get(gtin, ()), on)
    leads = tuple(_leads(line, gtin, sku_rows, gtin_rows, catalogue))
    known = [lead for lead in leads if lead.products]
    if not known:
        return FoundItem(None, faults=(_unknown(line, leads, gtin, revision),))
    agreed = frozenset.intersection(*(lead.products for lead in known))
    if len(agreed) != 1:
        return FoundItem(None, faults=(_conflict(known, catalogue),))
    (number,) = agreed
    product = catalogue.products.get(number)
    if product is None:
        return FoundItem(None, faults=(_not_in_catalogue(known[0]),))
    named = tuple(row for row in gtin_rows if row.product == number)
    own = [row for row in sku_rows if row.product == number]
    if len(own) > 1:
        own.sort(key=lambda row: _distance(row, gtin))
    return FoundItem(product, (*own, *named), named)


def base_gtin(ordered: str | None, product: Product) -> str | None:
    """The GTIN beside a quantity in base units, where the line was ordered by `ordered`. A GTIN names one packaging
    level (GS1 General Specifications 2.1): a carton's beside pieces would contradict the quantity, so it is the
    product's own, or none."""
    if ordered is None or product.gtin is None:
        return None
    return ordered if padded_gtin(ordered) == padded_gtin(product.gtin) else product.gtin


def leads_of(line: OrderLine, revision: MappingRevision, catalogue: Catalogue, on: date | None) -> tuple[Lead, ...]:
    """Where each number of the line leads to on that day, whether they agree or not."""
    gtin = padded_gtin(line.gtin) if line.gtin else ""
    sku_rows = in_force(revision.items_by_sku.get(line.buyer_item or "", ()), on)
    gtin_rows = in_force(revision.items_by_gtin.get(gtin, ()), on)
    return tuple(_leads(line, gtin, sku_rows, gtin_rows, catalogue))


def _leads(
    line: OrderLine,
    gtin: str,
    sku_rows: tuple[ItemRow, ...],
    gtin_rows: tuple[ItemRow, ...],
    catalogue: Catalogue,
) -> Iterator[Lead]:
    if line.buyer_item:
        yield Lead("buyer_item", line.buyer_item, frozenset(row.product for row in sku_rows))
    if line.seller_item:
        own = {line.seller_item} & catalogue.products.keys()
        yield Lead("seller_item", line.seller_item, frozenset(own))
    if line.gtin:
        mapped = frozenset(row.product for row in gtin_rows)
        level = catalogue.by_gtin.get(gtin)
        if mapped or level is None:
            yield Lead("gtin", line.gtin, mapped)
        else:
            yield Lead("gtin", line.gtin, frozenset(level[:1]))


def _distance(row: ItemRow, gtin: str) -> int:
    """How far a SKU's row is from the line: the same GTIN, no GTIN, another one."""
    if row.gtin is None:
        return 1
    return 0 if padded_gtin(row.gtin) == gtin else 2


def _unknown(line: OrderLine, leads: tuple[Lead, ...], gtin: str, revision: MappingRevision) -> Fault:
    if not leads:
        detail = f"line {line.line_number} of the order names no item number at all"
        return Fault("unknown_item", detail, "", expected="the account's item number, our item number, or a GTIN")
    numbers = ", ".join(f"{_NAMES[lead.field]} {lead.number}" for lead in leads)
    detail = f"nothing of ours is known by {numbers}{_out_of_force(line, gtin, revision)}"
    return Fault("unknown_item", detail, f"/{leads[0].field}", value=leads[0].number, expected=_KNOWN)


def _out_of_force(line: OrderLine, gtin: str, revision: MappingRevision) -> str:
    """That the number is known on other days saves a search."""
    rows = revision.items_by_sku.get(line.buyer_item or "", ()) or revision.items_by_gtin.get(gtin, ())
    if not rows:
        return ""
    row = rows[0]
    return f" on that day; the number is agreed {during(row)} only"


def _conflict(known: list[Lead], catalogue: Catalogue) -> Fault:
    found = "; ".join(f"{_NAMES[lead.field]} {lead.number} is {_names(lead.products, catalogue)}" for lead in known)
    detail = f"the line's item numbers disagree: {found}"
    expected = "numbers that lead to one product"
    return Fault("item_conflict", detail, f"/{known[0].field}", value=known[0].number, expected=expected)


def _names(products: frozenset[str], catalogue: Catalogue) -> str:
    """The products by their names, which their buyer knows, too."""
    return " or ".join(
        found.name if (found := catalogue.products.get(number)) and found.name else number
        for number in sorted(products)
    )


def _not_in_catalogue(lead: Lead) -> Fault:
    detail = f"{_NAMES[lead.field]} {lead.number} is agreed, but stands for nothing that is in our catalogue"
    return Fault("unknown_item", detail, f"/{lead.field}", value=lead.number, expected=_KNOWN)
