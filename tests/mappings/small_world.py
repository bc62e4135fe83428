"""A small catalogue and account for the mapping tests, written out so that each expectation can be read off it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from mappings.account import Account
from mappings.compile import compile_catalogue, compile_revision
from mappings.engine import to_ours
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import (
    Catalogue,
    ItemRow,
    MappingRevision,
    Pack,
    PriceRow,
    Product,
    SiteRow,
    Supplier,
    UnitRow,
)
from schemas.documents.order import Order
from schemas.faults import Fault

ISSUED = date(2026, 11, 23)
OAT_PIECE, OAT_CARTON, OAT_PALLET = "9521234000013", "19521234000010", "29521234000017"

SUPPLIER = Supplier(
    legal_name="Halden Provisions AS",
    vat_id="NO999888771MVA",
    gln="9521234000006",
    endpoint_scheme="0192",
    endpoint_id="999888771",
)

PRODUCTS = (
    Product("OAT-1L", "Oat drink", "EA", gtin=OAT_PIECE, sales_unit="XCT"),
    Product("MUG", "Mug", "EA"),
    Product("FLOUR", "Flour", "KGM", sales_unit="KGM"),
    Product("SCREW", "Screws", "C62", sales_unit="XBX"),
    Product("LOOSE", "Sold by a pack that nobody described", "EA", sales_unit="XCT"),
)
PACKS = (
    Pack("OAT-1L", "XCT", Decimal(12), gtin=OAT_CARTON),
    Pack("OAT-1L", "XPX", Decimal(480), gtin=OAT_PALLET),
    Pack("MUG", "XCT", Decimal(6)),
    Pack("FLOUR", "XBG", Decimal(25)),
    Pack("SCREW", "XBX", Decimal(200)),
)
CATALOGUE = compile_catalogue(1, PRODUCTS, PACKS)


def account(**changes: Any) -> Account:
    return Account.model_validate({"id": "acme", "name": "ACME", **changes})


def revision(
    items: Iterable[ItemRow] = (),
    units: Iterable[UnitRow] = (),
    sites: Iterable[SiteRow] = (),
    prices: Iterable[PriceRow] = (),
    **account_changes: Any,
) -> MappingRevision:
    return compile_revision(account(**account_changes), 1, items, units, sites, prices)


def order(*lines: dict[str, Any], **header: Any) -> Order:
    numbered = [{"line_number": str(number), "quantity": "1", **line} for number, line in enumerate(lines, 1)]
    return Order.model_validate({"order_number": "PO-1", "issue_date": ISSUED, "lines": numbered, **header})


def map_order(order: Order, revision: MappingRevision, catalogue: Catalogue = CATALOGUE) -> MappedOrder:
    return to_ours(order, revision, catalogue, SUPPLIER, ISSUED)


def map_line(line: dict[str, Any], revision: MappingRevision, **header: Any) -> MappedLine:
    return map_order(order(line, **header), revision).lines[0]


def codes(faults: Iterable[Fault]) -> list[tuple[str, str]]:
    """What is wrong and where, without the words."""
    return [(fault.code, fault.path) for fault in faults]


def sku(account_sku: str, product: str, unit: str | None = None, ours: str | None = None, factor: int = 1) -> ItemRow:
    """`sku("PL-0042", "OAT-1L", "CS", "EA", 12)`: a row of items.csv, with its unit columns or without."""
    if unit is None:
        return ItemRow(account_sku, None, product)
    return ItemRow(account_sku, None, product, unit, ours, Decimal(factor))
