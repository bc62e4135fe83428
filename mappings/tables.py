"""The CSV and XLSX tables: their columns, their keys, and their rows as what is stored.

Rows are stored as their `to_fields`, under their `natural_key`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from mappings.cells import (
    COUNTRY,
    CURRENCY,
    DAY,
    DAYS,
    GTIN,
    MOMENT,
    NOT_NEGATIVE,
    OUR_UNIT,
    OWN_GTIN,
    PERCENT,
    POSITIVE,
    TEXT,
    ColumnType,
    one_of,
)
from mappings.revision import AccountPrice, ItemRow, Pack, PriceRow, Product, SiteRow, StockRow, TaxRow, UnitRow
from schemas.values import padded_gtin, shortest

Kind = Literal["item", "unit", "site", "price", "account_price", "product", "pack", "tax", "stock"]
Row = ItemRow | UnitRow | SiteRow | PriceRow | AccountPrice | Product | Pack | TaxRow | StockRow


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: ColumnType
    required: bool = False


@dataclass(frozen=True)
class Table:
    """One kind of row: its file, its columns in the contract's order, its key, and what holds between its cells."""

    kind: Kind
    file: str
    row: Callable[..., Any]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    about: int
    """So many of the key's columns say what the row is about; the others tell its rows apart."""
    check: Callable[[Any], Iterable[tuple[str, str, str]]]
    """row → (column, what is wrong, what is expected)"""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns' names; asked for with every row."""
        return tuple(column.name for column in self.columns)

    @property
    def subject(self) -> tuple[str, ...]:
        """The columns that say what a row is about."""
        return self.key[: self.about]


def _validity(row: Any) -> Iterable[tuple[str, str, str]]:
    if row.valid_from and row.valid_to and row.valid_from > row.valid_to:
        yield "valid_to", f"the row ends on {row.valid_to} before it starts", f"{row.valid_from} or later"


def _item_holds(row: ItemRow) -> Iterable[tuple[str, str, str]]:
    yield from _validity(row)
    if row.account_sku is None and row.gtin is None:
        yield "account_sku", "neither account_sku nor gtin says which item this is", "one of the two"
    given = {"account_unit": row.account_unit, "unit": row.unit, "factor": row.factor}
    if any(cell is not None for cell in given.values()):
        for missing in (column for column, cell in given.items() if cell is None):
            yield missing, f"{missing} is missing beside the others", "all of account_unit, unit and factor, or none"


def _receipt_holds(row: StockRow) -> Iterable[tuple[str, str, str]]:
    if row.next_receipt_date is None and row.next_receipt_quantity:
        yield "next_receipt_date", "a receipt has a quantity but no date", "both or none"


def _product_holds(row: Product) -> Iterable[tuple[str, str, str]]:
    if row.replaced_by is not None and row.replaced_by == row.product:
        yield "replaced_by", "the product replaces itself", "another product"


def _tax_holds(row: TaxRow) -> Iterable[tuple[str, str, str]]:
    """EN 16931: a rate above zero for S, none for what isn't taxed, and a reason for that alone (BR-S-05, BR-E-05)."""
    yield from _validity(row)
    if row.category in ("S", "L", "M"):
        if row.percent is None or (row.category == "S" and not row.percent):
            yield "percent", f"category {row.category} has a rate", "a percentage above zero"
    elif row.category is not None and row.percent:
        yield "percent", f"category {row.category} has no rate", "0, or nothing"
    if row.exemption_code is not None and row.category in ("S", "Z", "L", "M"):
        yield "exemption_code", f"category {row.category} is no exemption", "nothing"


def _always(_row: Any) -> Iterable[tuple[str, str, str]]:
    return ()


_VALID = (Column("valid_from", DAY), Column("valid_to", DAY))
_PRICE = (
    Column("product", TEXT, required=True),
    Column("unit", TEXT, required=True),
    Column("currency", CURRENCY, required=True),
    Column("price", NOT_NEGATIVE, required=True),
    Column("base_quantity", POSITIVE),
    Column("min_quantity", NOT_NEGATIVE),
    *_VALID,
)
_PRICE_KEY = ("product", "unit", "currency", "min_quantity", "valid_from")

TABLES: dict[str, Table] = {
    table.kind: table
    for table in (
        Table(
            "item",
            "items.csv",
            ItemRow,
            (
                Column("account_sku", TEXT),
                Column("gtin", GTIN),
                Column("product", TEXT, required=True),
                Column("account_unit", TEXT),
                Column("unit", OUR_UNIT),
                Column("factor", POSITIVE),
                Column("description", TEXT),
                *_VALID,
            ),
            ("account_sku", "gtin", "product", "account_unit", "valid_from"),
            2,
            _item_holds,
        ),
        Table(
            "unit",
            "units.csv",
            UnitRow,
            (
                Column("account_unit", TEXT, required=True),
                Column("product", TEXT),
                Column("unit", OUR_UNIT, required=True),
                Column("factor", POSITIVE, required=True),
            ),
            ("account_unit", "product"),
            2,
            _always,
        ),
        Table(
            "site",
            "sites.csv",
            SiteRow,
            (
                Column("account_site", TEXT, required=True),
                Column("scheme", TEXT),
                Column("role", TEXT),
                Column("name", TEXT),
                Column("street", TEXT),
                Column("city", TEXT),
                Column("postal_code", TEXT),
                Column("country", COUNTRY),
                Column("supply_site", TEXT),
                Column("transit_days", DAYS),
                Column("receiving_days", DAYS),
                *_VALID,
            ),
            ("account_site", "scheme", "role", "valid_from"),
            1,
            _validity,
        ),
        Table(
            "price",
            "prices.csv",
            PriceRow,
            _PRICE,
            _PRICE_KEY,
            3,
            _validity,
        ),
        Table(
            "account_price",
            "prices.csv",
            AccountPrice,
            (Column("account", TEXT, required=True), *_PRICE),
            ("account", *_PRICE_KEY),
            4,
            _validity,
        ),
        Table(
            "product",
            "products.csv",
            Product,
            (
                Column("product", TEXT, required=True),
                Column("name", TEXT, required=True),
                Column("base_unit", OUR_UNIT, required=True),
                Column("gtin", OWN_GTIN),
                Column("status", one_of("active", "announced", "blocked", "inactive", "discontinued", "replaced")),
                Column("replaced_by", TEXT),
                Column("sales_unit", OUR_UNIT),
                Column("order_minimum", NOT_NEGATIVE),
                Column("order_multiple", POSITIVE),
                Column("lead_time_days", DAYS),
                Column("tax_class", TEXT),
                Column("net_weight_kg", NOT_NEGATIVE),
                Column("tracking", one_of("lot", "serial")),
            ),
            ("product",),
            1,
            _product_holds,
        ),
        Table(
            "pack",
            "packs.csv",
            Pack,
            (
                Column("product", TEXT, required=True),
                Column("unit", OUR_UNIT, required=True),
                Column("quantity", POSITIVE, required=True),
                Column("gtin", OWN_GTIN),
                Column("gross_weight_kg", NOT_NEGATIVE),
            ),
            ("product", "unit"),
            2,
            _always,
        ),
        Table(
            "tax",
            "taxes.csv",
            TaxRow,
            (
                Column("tax_class", TEXT),
                Column("ship_from_country", COUNTRY),
                Column("ship_to_country", COUNTRY),
                Column("buyer_vat", one_of("registered", "yes", "none", "no", "any")),
                Column("category", one_of("S", "Z", "E", "AE", "K", "G", "O", "L", "M"), required=True),
                Column("percent", PERCENT),
                Column("exemption_code", TEXT),
                *_VALID,
            ),
            ("tax_class", "ship_from_country", "ship_to_country", "buyer_vat", "valid_from"),
            4,
            _tax_holds,
        ),
        Table(
            "stock",
            "stock.csv",
            StockRow,
            (
                Column("product", TEXT, required=True),
                Column("site", TEXT, required=True),
                Column("as_of", MOMENT, required=True),
                Column("on_hand", NOT_NEGATIVE, required=True),
                Column("reserved_other", NOT_NEGATIVE),
                Column("next_receipt_date", DAY),
                Column("next_receipt_quantity", NOT_NEGATIVE),
            ),
            ("product", "site"),
            2,
            _receipt_holds,
        ),
    )
}
_STANDINGS: dict[str | None, str] = {None: "any", "yes": "registered", "no": "none"}
"""Words of `buyer_vat` that say the same."""
_KIND_OF_ROW: dict[type, Table] = {table.row: table for table in TABLES.values()}  # type: ignore[misc]
_BLANK: dict[str, dict[str, None]] = {
    kind: {
        column.name: None
        for column in table.columns
        if not column.required and table.row.__dataclass_fields__[column.name].default is MISSING  # type: ignore[attr-defined]
    }
    for kind, table in TABLES.items()
}
"""Columns that may be empty, but that the row itself has no default for."""
_LOADERS = {kind: {column.name: column.type.load for column in table.columns} for kind, table in TABLES.items()}


def table_of(row: Row) -> Table:
    """The table that a row belongs in."""
    return _KIND_OF_ROW[type(row)]


def row_with(table: Table, fields: dict[str, Any]) -> Any:
    """The table's row with these values, the other columns as the row has them where nothing is said."""
    return table.row(**(_BLANK[table.kind] | fields))


def natural_key(row: Row) -> str:
    """What tells a row from every other of its kind, as one text: its key columns joined by `|`.

    GTINs count padded to 14 and quantities without trailing zeros, so that 1 and 1.0 are one key, as are the words for
    one VAT standing; `|` and `\\` inside a value are escaped by `\\`.
    """
    return "|".join(key_part(name, getattr(row, name)) for name in table_of(row).key)


def key_part(name: str, value: Any) -> str:
    """One column's value as it stands in a key."""
    if name == "buyer_vat":
        return _STANDINGS.get(value) or str(value)
    if value is None:
        return ""
    if name == "gtin":
        return padded_gtin(value)
    if isinstance(value, Decimal):
        return f"{shortest(value):f}"
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    if "|" in text or "\\" in text:
        return text.replace("\\", "\\\\").replace("|", "\\|")
    return text


def to_fields(row: Row) -> dict[str, str]:
    """The row as JSON-safe text, absent cells left out: decimals as written, ISO dates."""
    fields = {}
    for column in table_of(row).columns:
        value = getattr(row, column.name)
        if value is not None:
            fields[column.name] = column.type.write(value)
    return fields


def row_text(row: Row) -> str:
    """The row as it is stored."""
    return json.dumps(to_fields(row), ensure_ascii=False)


def from_fields(kind: str, fields: Mapping[str, str]) -> Any:
    """The row that `to_fields` wrote. For what this module wrote itself: nothing is checked again."""
    loaders = _LOADERS[kind]
    return row_with(TABLES[kind], {name: loaders[name](text) for name, text in fields.items()})
