"""A file's bytes → its header and its rows, whatever program wrote it: XLSX, or CSV in three encodings with four
separators, found out unless somebody says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mappings.cells import Cell, RefusedCell
from mappings.files.spread import MAX_SHEET_ROWS, letter, spread_rows
from mappings.files.text import unreadable
from mappings.sheets.columns import matched_columns

ENCODINGS: Mapping[str, str] = {"utf-8": "UTF-8", "cp1252": "Windows-1252", "utf-16": "UTF-16"}
SEPARATORS: Mapping[str, str] = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
MOST_ROWS = 200_000
MOST_UNPACKED = 200_000_000
"""Bytes that an XLSX file may unpack to."""
_MOST_COLUMNS = 200
_MOST_CELLS = 16_384
"""Of a line, as many as spreadsheet programs have columns."""
_LOOKED_AT = 20
"""Lines by which the separator is found out."""
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as it was read. `rows` have their numbers in it: of lines in text, of rows in a spreadsheet, which has
    neither encoding nor separator."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, Sequence[Cell]], ...]
    encoding: str | None = None
    separator: str | None = None

    def place(self, index: int, position: int | None = None) -> str:
        """Where a row stands, and the cell of that column (from 0) in it."""
        number = self.rows[index][0]
        if self.separator is not None:
            column = "" if position is None or position >= len(self.header) else f", column {self.header[position]}"
            return f"line {number}{column}"
        return f"row {number}" + ("" if position is None else f", cell {letter(position + 1)}{number}")


def read_sheet(body: bytes, name: str, kind: str, encoding: str | None = None, separator: str | None = None) -> Sheet:
    """The rows of a file for a table of this kind; encoding and separator as said, else as found out. Raises
    FilesRejected where its rows can't be told."""
    if body.startswith(_OLD_EXCEL):
        raise unreadable(name, "is a workbook of an old Excel, or locked by a password", "XLSX without one, or CSV")
    if body.startswith(_ZIP):
        filled = spread_rows(io.BytesIO(body), name, MOST_UNPACKED, MOST_ROWS)
        return _sheet(name, filled)
    known = encoding or _encoding_of(body)
    text = _text(body, name, known)
    sign = separator or _separator_of(text, kind)
    return _sheet(name, _lines(text, name, sign), known, sign)


def _sheet(
    name: str,
    filled: Sequence[tuple[int, Sequence[Cell]]],
    encoding: str | None = None,
    separator: str | None = None,
) -> Sheet:
    if not filled:
        raise unreadable(name, "has nothing in it", "a first row with the columns' names, and rows below it")
    header = [_said(cell) for cell in filled[0][1]]
    while header and not header[-1]:
        header.pop()
    if not header or len(header) > _MOST_COLUMNS:
        raise unreadable(name, f"has {len(header)} columns", f"a first row with 1 to {_MOST_COLUMNS} columns' names")
    return Sheet(tuple(header), tuple(filled[1:]), encoding, separator)


def _said(cell: Cell) -> str:
    text = cell.text if isinstance(cell, RefusedCell) else "" if cell is None else str(cell)
    return " ".join(text.split())[:100]


# --- text --------------------------------------------------------------------------------------------------------
def _encoding_of(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in body[:1000]:
        return "utf-16"
    try:
        body.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _text(body: bytes, name: str, encoding: str) -> str:
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    if encoding == "utf-16" and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16-be" if body[:1] == b"\0" else "utf-16-le"
    try:
        text = body.decode(codec)
    except (UnicodeDecodeError, UnicodeError) as error:
        known = ", ".join(ENCODINGS.values())
        raise unreadable(name, f"is no {ENCODINGS[encoding]} text", f"a table as XLSX, or CSV in {known}") from error
    if "\0" in text:
        raise unreadable(name, "is no text and no spreadsheet", "a table as XLSX or CSV")
    return text


def _separator_of(text: str, kind: str) -> str:
    """The sign by which the first line names most columns of ours; where that is none, by which it has most of them
    that the next lines have as well."""
    first = text[:200].partition("\n")[0].strip().lower()
    if first.startswith("sep=") and first[4:5] in SEPARATORS:
        return first[4:5]
    sample = text[:100_000].splitlines()[:_LOOKED_AT]
    return max(SEPARATORS, key=lambda sign: _likeness(sample, sign, kind))


def _likeness(lines: Sequence[str], sign: str, kind: str) -> tuple[int, int]:
    read = [cells for cells in _parsed(lines, sign) if cells]
    if not read or len(read[0]) < 2:
        return 0, 0
    named = sum(column is not None for column in matched_columns(kind, read[0][:_MOST_COLUMNS]))
    return named, sum(len(cells) == len(read[0]) for cells in read) * len(read[0])


def _parsed(lines: Iterable[str], sign: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=sign))
    except csv.Error:
        return []


def _lines(text: str, name: str, sign: str) -> list[tuple[int, Sequence[Cell]]]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=sign)
    found: list[tuple[int, Sequence[Cell]]] = []
    start = 1
    try:
        for number, cells in enumerate(lines, 1):
            _refuse_too_many(name, number, len(cells), len(found))
            is_said = any(cell.strip() for cell in cells)
            if is_said and not (start == 1 and sign.join(cells).lower().startswith("sep=")):
                found.append((start, cells))
            start = lines.line_num + 1
    except csv.Error as error:
        place = f"{name} line {lines.line_num}"
        raise unreadable(place, f"can't be read as CSV: {error}", "quotation marks around cells in pairs") from error
    return found


def _refuse_too_many(name: str, lines: int, cells: int, rows: int) -> None:
    """While they are read: 20 MB are 20 million lines of a byte, or as many cells."""
    if rows > MOST_ROWS:
        raise unreadable(name, f"has more than {MOST_ROWS:,} rows", f"at most {MOST_ROWS:,} rows at a time")
    if lines > MAX_SHEET_ROWS:
        wrong = f"has more than {MAX_SHEET_ROWS:,} lines, empty ones among them"
        raise unreadable(name, wrong, f"at most {MOST_ROWS:,} rows at a time")
    if cells > _MOST_CELLS:
        raise unreadable(name, f"has a line of {cells:,} cells", f"at most {_MOST_COLUMNS} columns")
