"""Spreadsheets as rows of cells: numbers as they were typed, formulas and errors as cells that nobody takes."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from lxml.etree import XMLSyntaxError

from mappings.cells import FORMULA, Cell, RefusedCell
from mappings.files.text import refuse_irregular, unreadable
from schemas.values import shortest

MAX_SHEET_ROWS, MAX_SHEET_CELLS = 1_048_576, 20_000_000
"""Of an XLSX file, with those that are empty: as many rows as spreadsheet programs have, in 2 seconds."""
_BROKEN = (
    *(KeyError, ValueError, IndexError, TypeError, AttributeError, ParseError, XMLSyntaxError),
    *(zlib.error, lzma.LZMAError, EOFError, struct.error, OverflowError),
    RuntimeError,  # zipfile raises it itself for what is encrypted, and for a compression that it doesn't know
)
"""What reading a file that was damaged on its way ends with."""
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
"""A character by its number, as spreadsheets write what XML can't have (ECMA-376-1, 22.9.2.19)."""
_PERCENTAGE = "is a percentage; format the cell as a number, so that 7 % is a 7"


def spread_rows(
    source: Path | io.BytesIO, name: str, most_bytes: int, most_rows: int = MAX_SHEET_ROWS
) -> list[tuple[int, list[Cell]]]:
    """The rows of the first sheet that say something, by their numbers. Raises FilesRejected for what is none, unpacks
    to more than so many bytes, or has more such rows below the first; those behind them aren't read any more."""
    from openpyxl import load_workbook  # imported here: every process that starts would pay for it
    from openpyxl.utils.exceptions import InvalidFileException

    if isinstance(source, Path):
        refuse_irregular(source)
    try:
        _refuse_bomb(source, name, most_bytes)
        book = load_workbook(source, read_only=True, data_only=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            return list(_at_most(most_rows, _filled_rows(sheet.rows, name), name))
        finally:
            book.close()
    except (OSError, zipfile.BadZipFile, InvalidFileException) as error:
        raise unreadable(name, f"can't be read as a spreadsheet: {error}", "an XLSX file") from error
    except _BROKEN as error:
        raise unreadable(name, f"is a broken spreadsheet: {error}", "an XLSX file") from error


def letter(position: int) -> str:
    """The letters of a spreadsheet's column: A is the first."""
    from openpyxl.utils import get_column_letter

    return get_column_letter(position)


def _filled_rows(rows: Iterable[Sequence[Any]], name: str) -> Iterator[tuple[int, list[Cell]]]:
    """The rows that say something, by their numbers. A spreadsheet names only such cells, and what is left out before
    one counts: a single cell may stand below 20 million rows, or behind 16,000 columns of each."""
    size = 0
    for number, cells in enumerate(rows, 1):
        size += len(cells)
        if number > MAX_SHEET_ROWS:
            wrong = f"has more than {MAX_SHEET_ROWS:,} rows, empty ones among them"
            raise unreadable(name, wrong, f"at most {MAX_SHEET_ROWS:,} rows")
        if size > MAX_SHEET_CELLS:
            wrong = f"has more than {MAX_SHEET_CELLS:,} cells, empty ones among them"
            raise unreadable(name, wrong, f"at most {MAX_SHEET_CELLS:,} cells")
        read = [_spread_cell(cell) for cell in cells]
        if any(cell not in (None, "") for cell in read):
            yield number, read


def _at_most(most: int, filled: Iterable[tuple[int, list[Cell]]], name: str) -> Iterator[tuple[int, list[Cell]]]:
    for below, row in enumerate(filled):
        if below > most:
            raise unreadable(name, f"has more than {most:,} rows", f"at most {most:,} rows at a time")
        yield row


def _refuse_bomb(source: Path | io.BytesIO, name: str, most_bytes: int) -> None:
    """What unpacks to more than is taken, or has entities of its own to expand: no spreadsheet program writes them."""
    with zipfile.ZipFile(source) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > most_bytes:
            raise unreadable(name, f"unpacks to {unpacked} bytes", f"at most {most_bytes} bytes")
        for member in archive.infolist():
            body = archive.read(member)
            if any("<!DOCTYPE".encode(encoding) in body for encoding in ("ascii", "utf-16-le", "utf-16-be")):
                raise unreadable(name, f"has a DOCTYPE in {member.filename}", "an XLSX file without one")


def _spread_cell(cell: Any) -> Cell:
    """A spreadsheet's cell as the table reader takes it. Numbers there are binary doubles; `repr` gives back the
    shortest decimal that stands for the same double, which is what was typed up to 15 digits."""
    value = cell.value
    if cell.data_type == "f":
        return RefusedCell(_formula_text(value), FORMULA)
    if cell.data_type == "e":
        return RefusedCell(str(value), "is a spreadsheet error")
    if isinstance(value, bool):
        return RefusedCell(str(value), "is a tick box, neither text nor a number")
    if isinstance(value, float | int):
        number = Decimal(repr(value))
        if "%" in cell.number_format:  # 7 % is 0.07 there, and nobody can tell which of the two was meant
            return RefusedCell(f"{shortest(number.scaleb(2)):f}%", _PERCENTAGE)
        return number if isinstance(value, float) else value
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value) if "_x" in value else value
    if value is None or isinstance(value, date):
        return value
    return RefusedCell(str(value), "is neither text, number nor date")


def _formula_text(value: Any) -> str:
    """As a person would see it. One that fills several cells is an object of its own."""
    return value if isinstance(value, str) else str(getattr(value, "text", None) or "a table of formulas")
