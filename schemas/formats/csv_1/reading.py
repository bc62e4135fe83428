"""A table as csv-1 writes it → inventory lines, with every fault of the file at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas.documents.inventory_report import InventoryLine
from schemas.documents.validation import Unreadable, faults_of
from schemas.faults import DocumentRejected, Fault
from schemas.formats.csv_1.columns import COLUMNS, MARK, Kind
from schemas.values import exact

MAX_FAULTS = 1000
_LINES = TypeAdapter(InventoryLine)
_KINDS: Mapping[str, Kind] = {column.name: column.kind for column in COLUMNS}
_NEEDED = ("seller_item", "status", "quantity")


def read_lines(body: bytes) -> tuple[InventoryLine, ...]:
    """The lines in the file, its columns in any order. Raises DocumentRejected with every fault."""
    rows = csv.reader(io.StringIO(_decoded(body), newline=""), strict=True)
    names = _names(rows)
    faults: list[Fault] = []
    lines: list[InventoryLine] = []
    for index, cells in enumerate(_cells(rows)):
        try:
            lines.append(_LINES.validate_python(_line(names, cells)))
        except ValidationError as error:
            faults += _placed(error, index)
        if len(faults) >= MAX_FAULTS:
            break
    if faults:
        raise DocumentRejected(faults[:MAX_FAULTS])
    return tuple(lines)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(f"the file is not UTF-8: {error.reason} at byte {error.start}", "UTF-8") from error


def _names(rows: Iterator[list[str]]) -> list[str]:
    names = next(_cells(rows), [])
    wrong = [name for name in names if name not in _KINDS or names.count(name) > 1]
    missing = [name for name in _NEEDED if name not in names]
    if wrong or missing:
        detail = f"the header has {', '.join(map(repr, (wrong or missing)[:10]))}, which is no column, or there twice"
        if not wrong:
            detail = f"the header lacks {', '.join(missing)}"
        raise _unreadable(detail, ", ".join(_KINDS))
    return names


def _cells(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from (cells for cells in rows if cells)
    except csv.Error as error:
        raise _unreadable(f"the file is no CSV: {error}", "CSV by RFC 4180") from error


def _unreadable(detail: str, expected: str) -> DocumentRejected:
    return DocumentRejected([Fault("bad_value", detail, location="the file", expected=expected)])


def _line(names: list[str], cells: list[str]) -> dict[str, Any]:
    """What the row says by its columns' names. A row that is too long keeps what no column has under no name, for
    pydantic to refuse."""
    found: dict[str, Any] = {name: _value(_KINDS[name], cell) for name, cell in zip(names, cells, strict=False) if cell}
    if len(cells) > len(names):
        found[f"column {len(names) + 1}"] = cells[len(names)]
    return found


def _value(kind: Kind, cell: str) -> Any:
    if kind == "text":
        return cell.removeprefix(MARK)
    try:
        return _READ[kind](cell)
    except ValueError:
        return Unreadable(cell, "not_a_number" if kind in ("number", "whole") else "not_a_date", _EXPECTED[kind])


def _whole(cell: str) -> int:
    if not (cell.isascii() and cell.isdigit() and len(cell) <= 9):
        raise ValueError
    return int(cell)


_READ: Mapping[Kind, Any] = {
    "number": exact,
    "whole": _whole,
    "day": date.fromisoformat,
    "moment": datetime.fromisoformat,
}
_EXPECTED: Mapping[Kind, str] = {
    "number": "a decimal number",
    "whole": "a whole number",
    "day": "a date, YYYY-MM-DD",
    "moment": "a time with its offset, YYYY-MM-DDThh:mm:ss+hh:mm",
}


def _placed(error: ValidationError, index: int) -> Iterator[Fault]:
    for fault in faults_of(error, prefix=f"/lines/{index}"):
        yield Fault(fault.code, fault.detail, fault.path, f"row {index + 2}", fault.value, fault.expected)
