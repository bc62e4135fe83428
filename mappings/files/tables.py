"""CSV and XLSX files as rows: the tables of an account, the catalogue, the stock."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from lxml.etree import XMLSyntaxError

from mappings.cells import Cell, RefusedCell
from mappings.files.text import FilesRejected, collect, text_of, unreadable
from mappings.revision import Pack, Product, StockRow, TaxRow
from mappings.rows import RowsRead, rows_of
from mappings.tables import TABLES, Kind
from schemas.faults import Fault

MAX_TABLE_BYTES = 200_000_000
"""Of a CSV file, or of what an XLSX file unpacks to: 100,000 rows are about 10 MB."""


def read_catalogue(folder: Path) -> dict[str, tuple[Any, ...]]:
    """products.csv and packs.csv of a folder, and its taxes.csv where it has one. Raises FilesRejected."""
    taxes = folder / "taxes.csv"
    return {
        "product": read_products(folder / "products.csv"),
        "pack": read_packs(folder / "packs.csv"),
        **({"tax": read_taxes(taxes)} if taxes.exists() else {}),
    }


def read_products(path: Path) -> tuple[Product, ...]:
    """products.csv or .xlsx."""
    return _catalogue_file(path, "product")


def read_packs(path: Path) -> tuple[Pack, ...]:
    """packs.csv or .xlsx."""
    return _catalogue_file(path, "pack")


def read_stock(path: Path) -> tuple[StockRow, ...]:
    """stock.csv or .xlsx."""
    return _catalogue_file(path, "stock")


def read_taxes(path: Path) -> tuple[TaxRow, ...]:
    """taxes.csv or .xlsx."""
    return _catalogue_file(path, "tax")


def read_table(path: Path, kind: Kind) -> RowsRead:
    """The good rows of one CSV or XLSX file and the faults of the others, indexed by data row.

    Raises FilesRejected where no row can be read at all: not UTF-8, no header, a column nobody knows.
    """
    spread = path.suffix.lower() in (".xlsx", ".xlsm")
    rows, places = (_xlsx_rows if spread else csv_rows)(path, kind)
    return rows_of(kind, rows, lambda index, column: places(index, column))


def _catalogue_file(path: Path, kind: Kind) -> tuple[Any, ...]:
    faults: list[Fault] = []
    rows = read_rows(path, kind, faults, required=True)
    if faults:
        raise FilesRejected(faults)
    return rows


def read_rows(path: Path, kind: Kind, faults: list[Fault], required: bool = False) -> tuple[Any, ...]:
    """The file's good rows; what is wrong with it joins `faults`. One that isn't there is empty, or `required`."""
    if not required and not path.exists():
        return ()
    read = collect(faults, lambda: read_table(path, kind))
    if read is None:
        return ()
    faults.extend(fault for _, fault in read.faults)
    return tuple(row for _, row in read.good)


Places = Callable[[int, str | None], str]
Rows = list[dict[str, Cell]]


def csv_rows(path: Path, kind: Kind) -> tuple[Rows, Places]:
    """The cells by column name, and where each row starts: "items.csv line 12"."""
    name = path.name
    lines = csv.reader(io.StringIO(text_of(path, MAX_TABLE_BYTES), newline=""), strict=True)
    rows: Rows = []
    starts: list[int] = []
    try:
        first = next(lines, [])
        header = _header(first, kind, f"{name} line 1")
        start = lines.line_num + 1
        for cells in lines:
            if any(cell.strip() for cell in cells):
                rows.append(_named(header, cells, len(first)))
                starts.append(start)
            start = lines.line_num + 1
    except csv.Error as error:
        location = f"{name} line {lines.line_num}"
        raise unreadable(location, f"can't be read as CSV: {error}", "comma-separated values (RFC 4180)") from error
    return rows, lambda index, _column: f"{name} line {starts[index]}"


def _named(header: Sequence[str], cells: Sequence[Any], width: int) -> dict[str, Cell]:
    """Cells under their column's name. Absent cells at the end are empty. One beyond the header's `width`, the sign of
    a comma without quotes around it (`1,000`), keeps a name of its own, which no table has."""
    named: dict[str, Cell] = dict(zip(header, cells, strict=False))
    for position, cell in enumerate(cells[len(header) :], len(header) + 1):
        if cell not in (None, "") or position > width:
            named[f"cell {position}, beyond the header"] = cell or ""
    return named


def _header(cells: Sequence[Any], kind: Kind, location: str) -> tuple[str, ...]:
    """The column names of the first row, every one of them known, none twice, none required missing."""
    table = TABLES[kind]
    names = tuple(cell.strip() if isinstance(cell, str) else "" if cell is None else str(cell) for cell in cells)
    while names and not names[-1]:
        names = names[:-1]
    expected = ",".join(table.names)
    faults = []
    if not names:
        faults.append(Fault("file_not_readable", f"{location}: the header is missing", "", location, None, expected))
    for position, column in enumerate(names):
        if column not in table.names:
            detail = f"{location}: {table.file} has no column {column!r}"
            faults.append(Fault("unknown_field", detail, "", location, column, expected))
        elif column in names[:position]:
            detail = f"{location}: the column {column} is there twice"
            faults.append(Fault("unknown_field", detail, "", location, column, expected))
    for required in (column.name for column in table.columns if column.required):
        if names and required not in names:
            detail = f"{location}: the column {required} is missing"
            faults.append(Fault("missing_field", detail, "", location, None, expected))
    if faults:
        raise FilesRejected(faults)
    return names


def _xlsx_rows(path: Path, kind: Kind) -> tuple[Rows, Places]:
    """The first sheet's cells by column name, and where they stand: "products.xlsx row 12, cell C12"."""
    from openpyxl import load_workbook  # imported here: every process that starts would pay for it
    from openpyxl.utils import get_column_letter
    from openpyxl.utils.exceptions import InvalidFileException

    name = path.name
    try:
        _refuse_bomb(path)
        book = load_workbook(path, read_only=True, data_only=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            lines = [(number, [_spread_cell(cell) for cell in cells]) for number, cells in enumerate(sheet.rows, 1)]
        finally:
            book.close()
    except (OSError, zipfile.BadZipFile, InvalidFileException) as error:
        raise unreadable(name, f"can't be read as a spreadsheet: {error}", "an XLSX file") from error
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, ParseError, XMLSyntaxError) as error:
        raise unreadable(name, f"is a broken spreadsheet: {error}", "an XLSX file") from error
    filled = [(number, cells) for number, cells in lines if any(cell not in (None, "") for cell in cells)]
    first, names = filled[0] if filled else (1, [])
    header = _header([cell.text if isinstance(cell, RefusedCell) else cell for cell in names], kind, f"{name} row 1")
    letters = {column: get_column_letter(position) for position, column in enumerate(header, 1)}
    numbers = [number for number, _ in filled if number > first]
    rows = [_named(header, cells, len(cells)) for number, cells in filled if number > first]

    def place(index: int, column: str | None) -> str:
        row = numbers[index]
        return f"{name} row {row}, cell {letters[column]}{row}" if column in letters else f"{name} row {row}"

    return rows, place


def _refuse_bomb(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_TABLE_BYTES:
        raise unreadable(path.name, f"unpacks to {unpacked} bytes", f"at most {MAX_TABLE_BYTES} bytes")


def _spread_cell(cell: Any) -> Cell:
    """A spreadsheet's cell as the table reader takes it. Numbers there are binary doubles; `repr` gives back the
    shortest decimal that stands for the same double, which is what was typed up to 15 digits."""
    value = cell.value
    if cell.data_type == "f":
        return RefusedCell(str(value), "is a formula; paste its value instead")
    if cell.data_type == "e":
        return RefusedCell(str(value), "is a spreadsheet error")
    if isinstance(value, bool):
        return RefusedCell(str(value), "is a tick box, neither text nor a number")
    if isinstance(value, float):
        return Decimal(repr(value))
    if value is None or isinstance(value, str | int | date):
        return value
    return RefusedCell(str(value), "is neither text, number nor date")
