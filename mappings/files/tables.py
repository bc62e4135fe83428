"""CSV and XLSX files as rows: the tables of an account, the catalogue, the stock."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mappings.cells import Cell, RefusedCell
from mappings.files.spread import letter, spread_rows
from mappings.files.text import FilesRejected, collect, text_in, text_of, unreadable
from mappings.revision import Pack, Product, StockRow, TaxRow
from mappings.rows import RowsRead, cell_faults, rows_of
from mappings.tables import TABLES, Kind
from schemas.faults import Fault

MAX_TABLE_BYTES = 200_000_000
"""Of a CSV file, or of what an XLSX file unpacks to: 100,000 rows are about 10 MB."""
_NEARLY = 0.8
"""So alike (`difflib`) are a column's name and one that is meant for it: `faktor`, `accountSKU`."""


def read_catalogue(folder: Path) -> dict[str, tuple[Any, ...]]:
    """products.csv and packs.csv of a folder, and its taxes.csv where it has one. Raises FilesRejected."""
    taxes = folder / "taxes.csv"
    return {
        "product": read_products(folder / "products.csv"),
        "pack": read_packs(folder / "packs.csv"),
        **({"tax": read_taxes(taxes)} if taxes.exists() else {}),
    }


def read_placed(path: Path, kind: Kind) -> tuple[tuple[str, Any], ...]:
    """The file's rows, each with its place ("products.csv line 12"). Raises FilesRejected with every fault."""
    faults: list[Fault] = []
    read = read_rows(path, kind, faults)
    if faults:
        raise FilesRejected(faults)
    return read.rows


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

    Raises FilesRejected where its rows can't be told: not UTF-8, no header, a column nobody knows; with what is wrong
    with its cells as far as those can be read.
    """
    return _rows_read(_cells_of(path, kind))


def read_table_in(body: bytes, name: str, kind: Kind, most_bytes: int = MAX_TABLE_BYTES) -> RowsRead:
    """The same of a file's content; the end of its `name` says which of the two it is. An XLSX file may unpack to so
    many bytes."""
    return _rows_read(
        _spread_cells(io.BytesIO(body), name, kind, most_bytes)
        if _is_spread(name)
        else _csv_cells(text_in(name, body), name, kind)
    )


def _rows_read(cells: Cells) -> RowsRead:
    if cells.faults:
        raise FilesRejected([*cells.faults, *_faults_of_rows(cells)])
    return rows_of(cells.kind, cells.rows, cells.place)


def _faults_of_rows(cells: Cells) -> list[Fault]:
    if cells.is_whole:
        return [fault for _, fault in rows_of(cells.kind, cells.rows, cells.place).faults]
    return cell_faults(cells.kind, cells.rows, cells.place, cells.columns)


def _catalogue_file(path: Path, kind: Kind) -> tuple[Any, ...]:
    return tuple(row for _, row in read_placed(path, kind))


@dataclass(frozen=True, slots=True)
class PlacedRows:
    """A file's rows, each with its place ("items.csv line 12"); those with a fault as far as they can be read, in
    `RowsRead`'s sense. Where the file `is_whole`, it has no others."""

    rows: tuple[tuple[str, Any], ...] = ()
    is_whole: bool = True


def read_rows(path: Path, kind: Kind, faults: list[Fault]) -> PlacedRows:
    """The file's rows; what is wrong with it joins `faults`."""
    cells: Cells | None = collect(faults, lambda: _cells_of(path, kind))
    if cells is None:
        return PlacedRows(is_whole=False)
    faults.extend(cells.faults)
    if not cells.is_whole:
        faults.extend(_faults_of_rows(cells))
        return PlacedRows(is_whole=False)
    read = rows_of(kind, cells.rows, cells.place)
    faults.extend(fault for _, fault in read.faults)
    rows = sorted((*read.good, *read.faulty), key=_index)
    breaks_off = any(fault.code == "file_not_readable" for fault in cells.faults)
    return PlacedRows(tuple((cells.place(index, None), row) for index, row in rows), not breaks_off)


def _index(read: tuple[int, Any]) -> int:
    return read[0]


Places = Callable[[int, str | None], str]
Rows = list[dict[str, Cell]]


@dataclass(frozen=True, slots=True)
class Cells:
    """A file's cells by column name, where each row stands, and what is wrong with its header or its end."""

    kind: Kind
    rows: Rows
    place: Places
    columns: tuple[str, ...]
    """Those whose cells can be told."""
    faults: tuple[Fault, ...]
    is_whole: bool
    """Whether every column is one that can be told, so that a row says all it has to."""


def _cells_of(path: Path, kind: Kind) -> Cells:
    if _is_spread(path.name):
        return _spread_cells(path, path.name, kind, MAX_TABLE_BYTES)
    return _csv_cells(text_of(path, MAX_TABLE_BYTES), path.name, kind)


def _is_spread(name: str) -> bool:
    return name.lower().endswith((".xlsx", ".xlsm"))


def _csv_cells(text: str, name: str, kind: Kind) -> Cells:
    """The cells by column name, and where each row starts: "items.csv line 12"."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: Rows = []
    starts: list[int] = []
    header = Header((), (), False)
    faults: list[Fault] = []
    try:
        first = next(lines, [])
        _refuse_other_separator(first, kind, f"{name} line 1")
        header = _header(first, kind, f"{name} line 1")
        start = lines.line_num + 1
        for cells in lines:
            if any(cell.strip() for cell in cells):
                rows.append(_named(header.columns, cells, len(first)))
                starts.append(start)
            start = lines.line_num + 1
    except csv.Error as error:
        location = f"{name} line {lines.line_num}"
        broken = unreadable(location, f"can't be read as CSV: {error}", "comma-separated values (RFC 4180)")
        faults.extend(broken.faults)
    return _cells_under(header, kind, rows, lambda index, _column: f"{name} line {starts[index]}", faults)


def _refuse_other_separator(cells: Sequence[str], kind: Kind, location: str) -> None:
    """A header that names columns only when it is split at another sign, as spreadsheets write it in many countries."""
    names = TABLES[kind].names
    if len(_known(cells, names)) > 1:
        return
    for sign, said in ((";", "';'"), ("\t", "tabs"), ("|", "'|'")):
        if len(_known(",".join(cells).split(sign), names)) > 1:
            wrong = f"columns are separated by {said} here; they must be separated by commas"
            raise unreadable(location, wrong, ",".join(names))


def _known(cells: Iterable[str], names: Sequence[str]) -> set[str | None]:
    """The columns that these cells name, or nearly do."""
    said = [cell.strip().strip('"') for cell in cells]
    return {name if name in names else _meant(name, names) for name in said} - {None}


def _cells_under(header: Header, kind: Kind, rows: Rows, place: Places, faults: Sequence[Fault] = ()) -> Cells:
    columns = tuple(column for column in header.columns if column)
    return Cells(kind, rows, place, columns, (*header.faults, *faults), header.is_whole)


def _named(header: Sequence[str | None], cells: Sequence[Any], width: int) -> dict[str, Cell]:
    """Cells under their column's name. Absent cells at the end are empty. One beyond the header's `width`, the sign of
    a comma without quotes around it (`1,000`), keeps a name of its own, which no table has."""
    named: dict[str, Cell] = {column: cell for column, cell in zip(header, cells, strict=False) if column is not None}
    for position, cell in enumerate(cells[len(header) :], len(header) + 1):
        if cell not in (None, "") or position > width:
            named[f"cell {position}, beyond the header"] = cell or ""
    return named


@dataclass(frozen=True, slots=True)
class Header:
    """A first row: the column of each cell, None where it is one nobody knows or a second of its name."""

    columns: tuple[str | None, ...]
    faults: tuple[Fault, ...]
    is_whole: bool
    """Whether each column is there that must be, and no cell is under a name that nobody knows."""


def _header(cells: Sequence[Any], kind: Kind, location: str) -> Header:
    """The columns that the first row names. A misspelt one counts as the one that it must be, so that its cells are
    judged together with its name."""
    table = TABLES[kind]
    names = [cell.strip() if isinstance(cell, str) else "" if cell is None else str(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    expected = ",".join(table.names)
    if not names:
        missing = Fault("file_not_readable", f"{location}: the header is missing", "", location, None, expected)
        return Header((), (missing,), False)
    columns: list[str | None] = []
    faults: list[Fault] = []
    for name in names:
        column = name if name in table.names else _meant(name, set(table.names).difference(names, columns))
        twice = column is not None and column in columns
        if twice:
            faults.append(
                Fault("unknown_field", f"{location}: the column {name} is there twice", "", location, name, expected)
            )
        elif column != name:
            detail = f"{location}: {table.file} has no column {name!r}"
            faults.append(
                Fault("unknown_field", detail, "", location, name, f"perhaps {column}" if column else expected)
            )
        columns.append(None if twice else column)
    absent = [column.name for column in table.columns if column.required and column.name not in columns]
    for name in absent:
        faults.append(Fault("missing_field", f"{location}: the column {name} is missing", "", location, None, expected))
    return Header(tuple(columns), tuple(faults), None not in columns and not absent)


def _meant(name: str, free: Collection[str]) -> str | None:
    """The column that a name nobody knows stands for, if it is nearly one that isn't there."""
    near = get_close_matches(re.sub(r"[\s-]+", "_", name.strip().lower()), free, 1, _NEARLY)
    return near[0] if near else None


def _spread_cells(source: Path | io.BytesIO, name: str, kind: Kind, most_bytes: int) -> Cells:
    """The first sheet's cells by column name, and where they stand: "products.xlsx row 12, cell C12"."""
    filled = spread_rows(source, name, most_bytes)
    first, names = filled[0] if filled else (1, [])
    header = _header([cell.text if isinstance(cell, RefusedCell) else cell for cell in names], kind, f"{name} row 1")
    letters = {column: letter(position) for position, column in enumerate(header.columns, 1) if column}
    numbers = [number for number, _ in filled if number > first]
    rows = [_named(header.columns, cells, len(cells)) for number, cells in filled if number > first]

    def place(index: int, column: str | None) -> str:
        row = numbers[index]
        return f"{name} row {row}, cell {letters[column]}{row}" if column in letters else f"{name} row {row}"

    return _cells_under(header, kind, rows, place)
