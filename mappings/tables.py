"""Rows of the CSV and XLSX tables: what each column takes, and cells ↔ typed rows.

One reader serves the account folder, the catalogue files and the back office's bulk calls, so the same row is right
or wrong everywhere. Rows are stored as their `to_fields`, under their `natural_key`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from mappings.revision import ItemRow, Pack, PriceRow, Product, SiteRow, StockRow, TaxRow, UnitRow
from schemas.faults import Fault
from schemas.units import rec_20
from schemas.values import exact, is_gs1_number, padded_gtin, plain, shortest

Kind = Literal["item", "unit", "site", "price", "product", "pack", "tax", "stock"]
Row = ItemRow | UnitRow | SiteRow | PriceRow | Product | Pack | TaxRow | StockRow


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """A cell that can't be taken whatever its column: a formula, an error, a tick box."""

    text: str
    why: str


Cell = str | Decimal | int | date | RefusedCell | None
"""CSV and JSON strings give text; spreadsheets and JSON numbers give numbers and dates as well."""


class _Unfit(Exception):
    """Why a cell does not fit its column, in words that follow the column's name."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """How a kind of cell is read (raises `_Unfit`), written as text, and loaded back from that text."""

    code: str
    expected: str
    read: Callable[[Any], Any]
    write: Callable[[Any], str] = str
    load: Callable[[str], Any] = str


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: ColumnType
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of row: its file, its columns in the contract's order, its key, and what holds between its cells."""

    kind: Kind
    file: str
    row: Callable[..., Any]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    check: Callable[[Any], Iterable[tuple[str, str, str]]]
    """row → (column, what is wrong, what is expected)"""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


# --- cells -----------------------------------------------------------------------------------------------------
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_OUR_UNIT = re.compile(r"[A-Z0-9]{2,3}")


def _text(cell: Cell) -> str:
    if not isinstance(cell, str):
        raise _Unfit("is a number or date cell; format the cell as text, so that leading zeros stay")
    if len(cell) > 1000:
        raise _Unfit("is longer than 1,000 characters")
    if _CONTROL.search(cell):
        raise _Unfit("has a control character in it")
    return cell


def _decimal(cell: Cell) -> Decimal:
    try:
        if isinstance(cell, Decimal | int):
            return plain(Decimal(cell))
        return exact(_text_of_number(cell))
    except ValueError as error:
        raise _Unfit(f"is {error}") from error


def _text_of_number(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    raise _Unfit("is a date cell")


def _positive(cell: Cell) -> Decimal:
    value = _decimal(cell)
    if value <= 0:
        raise _Unfit("must be above zero")
    return value


def _not_negative(cell: Cell) -> Decimal:
    value = _decimal(cell)
    if value < 0:
        raise _Unfit("must not be below zero")
    return value


def _percent(cell: Cell) -> Decimal:
    value = _not_negative(cell)
    if value > 100:
        raise _Unfit("must not be above 100")
    return value


def _days(cell: Cell) -> int:
    value = _not_negative(cell)
    if value != value.to_integral_value() or value > 3650:
        raise _Unfit("must be a whole number of days up to 3650")
    return int(value)


def _day(cell: Cell) -> date:
    if isinstance(cell, datetime):
        if cell.time() != datetime.min.time():
            raise _Unfit("is a date with a time")
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        if isinstance(cell, str) and _DAY.fullmatch(cell):
            return date.fromisoformat(cell)
    except ValueError:
        pass  # a day that no calendar has
    raise _Unfit("is not a date")


def _moment(cell: Cell) -> datetime:
    """A time with its offset; a day alone is that day's start in UTC."""
    try:
        if isinstance(cell, str) and not _DAY.fullmatch(cell):
            moment = datetime.fromisoformat(cell)
            if moment.tzinfo is None:
                raise _Unfit("is a time without an offset")
            return moment
    except ValueError as error:
        raise _Unfit("is not a time") from error
    return datetime.combine(_day(cell), datetime.min.time(), UTC)


def _gtin(cell: Cell) -> str:
    text = _text(cell)
    if not (text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14)):
        raise _Unfit("is not 8, 12, 13 or 14 digits")
    return text


def _own_gtin(cell: Cell) -> str:
    text = _gtin(cell)
    if not is_gs1_number(text):
        raise _Unfit("has a wrong check digit (GS1 General Specifications 7.9)")
    return text


def _our_unit(cell: Cell) -> str:
    text = _text(cell)
    if not _OUR_UNIT.fullmatch(text):
        raise _Unfit("is not a UN/ECE Recommendation 20 code")
    # of Rec 20's thousand measures `schemas.units` lists those of the trade, so a code it doesn't know is no fault
    if rec_20(text) is None and rec_20(f"X{text}"):
        raise _Unfit(f"is a bare package code; Recommendation 20 has it as X{text}")
    return text


def _currency(cell: Cell) -> str:
    text = _text(cell)
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise _Unfit("is not an ISO 4217 code")
    return text


def _country(cell: Cell) -> str:
    text = _text(cell)
    if not re.fullmatch(r"[A-Z]{2}", text):
        raise _Unfit("is not an ISO 3166-1 alpha-2 code")
    return text


def _one_of(*words: str) -> Callable[[Cell], str]:
    def read(cell: Cell) -> str:
        text = _text(cell)
        if text not in words:
            raise _Unfit("is not one of the words it can be")
        return text

    return read


def _decimal_text(value: Decimal) -> str:
    return f"{value:f}"


_NUMBER = "a plain decimal: digits and a point, no exponent, no thousands separator"
TEXT = ColumnType("bad_value", "text", _text)
GTIN = ColumnType("bad_value", "a GTIN of 8, 12, 13 or 14 digits", _gtin)
OWN_GTIN = ColumnType("bad_value", "a GTIN of 8, 12, 13 or 14 digits with a right check digit", _own_gtin)
OUR_UNIT = ColumnType("bad_value", "a UN/ECE Rec 20 code such as EA or KGM; packages with X, such as XCT", _our_unit)
CURRENCY = ColumnType("bad_value", "a currency such as EUR", _currency)
COUNTRY = ColumnType("bad_value", "a country such as DE", _country)
POSITIVE = ColumnType("not_a_number", f"above zero, {_NUMBER}", _positive, _decimal_text, Decimal)
NOT_NEGATIVE = ColumnType("not_a_number", f"zero or more, {_NUMBER}", _not_negative, _decimal_text, Decimal)
DECIMAL = ColumnType("not_a_number", _NUMBER, _decimal, _decimal_text, Decimal)
PERCENT = ColumnType("not_a_number", f"0 to 100, {_NUMBER}", _percent, _decimal_text, Decimal)
DAYS = ColumnType("not_a_number", "a whole number of days", _days, str, int)
DAY = ColumnType("not_a_date", "YYYY-MM-DD", _day, date.isoformat, date.fromisoformat)
MOMENT = ColumnType(
    "not_a_date", "YYYY-MM-DD, or with a time and its offset", _moment, datetime.isoformat, datetime.fromisoformat
)


def _words(*words: str) -> ColumnType:
    return ColumnType("bad_value", "one of " + ", ".join(words), _one_of(*words))


# --- what holds between the cells of a row -----------------------------------------------------------------------
def _validity(row: Any) -> Iterable[tuple[str, str, str]]:
    if row.valid_from and row.valid_to and row.valid_from > row.valid_to:
        yield "valid_to", f"the row ends on {row.valid_to} before it starts", f"{row.valid_from} or later"


def _item_holds(row: ItemRow) -> Iterable[tuple[str, str, str]]:
    yield from _validity(row)
    if row.account_sku is None and row.gtin is None:
        yield "account_sku", "neither account_sku nor gtin says which item this is", "one of the two"
    given = [row.account_unit is not None, row.unit is not None, row.factor is not None]
    if any(given) and not all(given):
        missing = ("account_unit", "unit", "factor")[given.index(False)]
        yield missing, f"{missing} is missing beside the others", "all of account_unit, unit and factor, or none"


def _receipt_holds(row: StockRow) -> Iterable[tuple[str, str, str]]:
    if row.next_receipt_date is None and row.next_receipt_quantity:
        yield "next_receipt_date", "a receipt has a quantity but no date", "both or none"


def _product_holds(row: Product) -> Iterable[tuple[str, str, str]]:
    if row.replaced_by == row.product:
        yield "replaced_by", "the product replaces itself", "another product"


def _always(_row: Any) -> Iterable[tuple[str, str, str]]:
    return ()


_VALID = (Column("valid_from", DAY), Column("valid_to", DAY))

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
            _validity,
        ),
        Table(
            "price",
            "prices.csv",
            PriceRow,
            (
                Column("product", TEXT, required=True),
                Column("unit", TEXT, required=True),
                Column("currency", CURRENCY, required=True),
                Column("price", NOT_NEGATIVE, required=True),
                Column("base_quantity", POSITIVE),
                Column("min_quantity", NOT_NEGATIVE),
                *_VALID,
            ),
            ("product", "unit", "currency", "min_quantity", "valid_from"),
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
                Column("status", _words("active", "announced", "blocked", "inactive", "discontinued", "replaced")),
                Column("replaced_by", TEXT),
                Column("sales_unit", OUR_UNIT),
                Column("order_minimum", NOT_NEGATIVE),
                Column("order_multiple", POSITIVE),
                Column("lead_time_days", DAYS),
                Column("tax_class", TEXT),
                Column("net_weight_kg", NOT_NEGATIVE),
                Column("tracking", TEXT),
            ),
            ("product",),
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
            _always,
        ),
        Table(
            "tax",
            "taxes.csv",
            TaxRow,
            (
                Column("tax_class", TEXT, required=True),
                Column("ship_from_country", COUNTRY, required=True),
                Column("ship_to_country", COUNTRY, required=True),
                Column("buyer_vat", _words("registered", "none", "any"), required=True),
                Column("category", _words("S", "Z", "E", "AE", "K", "G", "O", "L", "M"), required=True),
                Column("percent", PERCENT, required=True),
                Column("exemption_code", TEXT),
                *_VALID,
            ),
            ("tax_class", "ship_from_country", "ship_to_country", "buyer_vat", "category", "valid_from"),
            _validity,
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
            _receipt_holds,
        ),
    )
}
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


# --- rows --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RowsRead:
    """Rows that can be stored, and what is wrong with the others; each with its index among the rows given."""

    good: tuple[tuple[int, Any], ...]
    faults: tuple[tuple[int, Fault], ...]


def rows_of(
    kind: str, rows: Iterable[Mapping[str, Cell]], place: Callable[[int, str | None], str] | None = None
) -> RowsRead:
    """The typed rows, and every fault of every row that is wrong.

    `place` says in words where a row (and its column) stands, such as "items.csv line 12"; without it rows are counted
    from 1. A row that repeats an earlier one's natural key is wrong; the earlier one stands.
    """
    where = place or (lambda index, _column: f"row {index + 1}")
    table = TABLES[kind]
    good: list[tuple[int, Any]] = []
    faults: list[tuple[int, Fault]] = []
    seen: dict[str, int] = {}
    for index, cells in enumerate(rows):
        row, wrong = _read_row(table, index, cells, where)
        if row is not None:
            key = natural_key(row)
            first = seen.setdefault(key, index)
            if first != index:
                wrong = [_duplicate(table, index, key, where(first, None), where(index, None))]
        if wrong:
            faults.extend((index, fault) for fault in wrong)
        elif row is not None:
            good.append((index, row))
    return RowsRead(tuple(good), tuple(faults))


def _read_row(
    table: Table, index: int, cells: Mapping[str, Cell], where: Callable[[int, str | None], str]
) -> tuple[Any, list[Fault]]:
    fields: dict[str, Any] = {}
    faults: list[Fault] = []
    for column in table.columns:
        cell = cells.get(column.name)
        if isinstance(cell, str):
            cell = cell.strip() or None
        if cell is None:
            if column.required:
                faults.append(_fault("missing_field", table, index, column, where, "is missing", None))
            continue
        try:
            fields[column.name] = _cell_read(column, cell)
        except _Unfit as unfit:
            faults.append(_fault(column.type.code, table, index, column, where, str(unfit), cell))
    faults.extend(_unknown_columns(table, index, cells, where))
    if faults:
        return None, faults
    row = table.row(**(_BLANK[table.kind] | fields))
    for name, wrong, expected in table.check(row):
        location = where(index, name)
        detail = f"{location}: {wrong}"
        faults.append(Fault("bad_value", detail, f"/{index}/{name}", location, _shown(cells.get(name)), expected))
    return row, faults


def _cell_read(column: Column, cell: Cell) -> Any:
    if isinstance(cell, RefusedCell):
        raise _Unfit(cell.why)
    if isinstance(cell, bool) or not isinstance(cell, str | Decimal | int | date):
        raise _Unfit("is neither text nor a number")
    return column.type.read(cell)


def _shown(cell: object) -> str | None:
    """A cell as a person would see it, cut where it would fill the screen."""
    if cell is None:
        return None
    text = cell.text if isinstance(cell, RefusedCell) else str(cell)
    return text if len(text) <= 200 else text[:200] + "…"


def _fault(
    code: str,
    table: Table,
    index: int,
    column: Column,
    where: Callable[[int, str | None], str],
    wrong: str,
    cell: Cell,
) -> Fault:
    location = where(index, column.name)
    shown = _shown(cell)
    detail = f"{location}: {column.name} {wrong}" if shown is None else f"{location}: {column.name} {shown!r} {wrong}"
    return Fault(code, detail, f"/{index}/{column.name}", location, shown, column.type.expected)


def _unknown_columns(
    table: Table, index: int, cells: Mapping[str, Cell], where: Callable[[int, str | None], str]
) -> Iterable[Fault]:
    if cells.keys() <= set(table.names):
        return
    location = where(index, None)
    for name in sorted(set(cells) - set(table.names)):
        detail = f"{location}: {table.file} has no column {name!r}"
        pointer = name.replace("~", "~0").replace("/", "~1")
        yield Fault("unknown_field", detail, f"/{index}/{pointer}", location, name, ", ".join(table.names))


def _duplicate(table: Table, index: int, key: str, first: str, location: str) -> Fault:
    columns = ", ".join(table.key)
    detail = f"{location}: the same {columns} stand at {first} already"
    return Fault("duplicate_row", detail, f"/{index}", location, key, f"one row for each {columns}")


def table_of(row: Row) -> Table:
    """The table that a row belongs in."""
    return _KIND_OF_ROW[type(row)]


def natural_key(row: Row) -> str:
    """What tells a row from every other of its kind, as one text: its key columns joined by `|`.

    GTINs count padded to 14 and quantities without trailing zeros, so that 1 and 1.0 are one key; `|` and `\\` inside
    a value are escaped by `\\`.
    """
    return "|".join(_key_part(name, getattr(row, name)) for name in table_of(row).key)


def _key_part(name: str, value: Any) -> str:
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


def from_fields(kind: str, fields: Mapping[str, str]) -> Any:
    """The row that `to_fields` wrote. For what this module wrote itself: nothing is checked again."""
    loaders = _LOADERS[kind]
    return TABLES[kind].row(**(_BLANK[kind] | {name: loaders[name](text) for name, text in fields.items()}))
