"""A table as a file that spreadsheet programs open, and that is read back as the same rows.

Numbers stay numbers and leading zeros stay; a text that a spreadsheet would calculate is text: in CSV by a mark in
front of it, which is taken away where the file is imported, in XLSX by the cell's type.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from mappings.cells import Cell, RefusedCell
from mappings.sheets.plan import PlannedRow
from mappings.sheets.reading import Sheet
from mappings.tables import TABLES, Kind, to_fields
from schemas.formats.csv_1.columns import MARK, TAKEN_FOR_FORMULAS

if TYPE_CHECKING:
    from openpyxl.cell import Cell as SpreadCell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_FIRST_DAY = date(1900, 3, 1)
"""Spreadsheets have a 29th of February before it that never was."""
_UNWRITABLE = re.compile("[\ufffe\uffff\ud800-\udfff]")
"""What XML has no place for."""
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
"""What a spreadsheet would read as a character's number."""
_AT_ONCE = 200
"""Rows of CSV."""
_WIDTH, _TEXT, _DAY, _MOMENT = 18, "@", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"


def csv_file(kind: Kind, rows: Iterable[Any]) -> Iterator[str]:
    """The rows as CSV (RFC 4180), in pieces: with the mark by which Excel knows UTF-8."""
    names = TABLES[kind].names
    yield "\ufeff" + _line(names)
    for row in rows:
        fields = to_fields(row)
        yield _line([_cell_text(getattr(row, name), fields.get(name, "")) for name in names])


def rejects_file(sheet: Sheet, rejected: Iterable[PlannedRow]) -> Iterator[str]:
    """The rejected rows as they came, each with its place and the reasons, as CSV in pieces."""
    yield "\ufeff" + _line(["place", "reason", *map(harmless, sheet.header)])
    for row in rejected:
        cells = () if row.index is None else sheet.rows[row.index][1]
        yield _line([harmless(row.place), harmless("; ".join(row.reasons)), *(harmless(_shown(one)) for one in cells)])


def harmless(text: str) -> str:
    """The text for a cell of CSV that no spreadsheet calculates."""
    return MARK + text if text[:1] and text[0] in TAKEN_FOR_FORMULAS + MARK else text


def _cell_text(value: Any, text: str) -> str:
    return harmless(text) if isinstance(value, str) else text


def _shown(cell: Cell) -> str:
    return cell.text if isinstance(cell, RefusedCell) else "" if cell is None else str(cell)


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def csv_pieces(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """These cells as CSV, some hundred rows at a time, with the mark by which Excel knows UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    yield b"\xef\xbb\xbf"
    for number, row in enumerate(rows, 1):
        writer.writerow([_plain(cell) for cell in row])
        if number % _AT_ONCE == 0:
            yield _taken(out)
    yield _taken(out)


def _plain(value: object) -> str:
    """A number as it is, though it begins with a minus: nothing is calculated in it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else harmless(str(value))


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode("utf-8", "replace")


# --- XLSX --------------------------------------------------------------------------------------------------------
def xlsx_file(kind: Kind, rows: Iterable[Any]) -> bytes:
    """The rows as a workbook of one sheet, whose columns of text are formatted as text also below the last row."""
    from openpyxl import Workbook  # imported here: every process that starts would pay for it
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(TABLES[kind].file.removesuffix(".csv"))
    sheet.freeze_panes = "A2"
    for position, column in enumerate(TABLES[kind].columns, 1):
        dimension = sheet.column_dimensions[get_column_letter(position)]
        dimension.width = _WIDTH
        if column.type.code != "not_a_number":
            dimension.number_format = _TEXT
    sheet.append(list(TABLES[kind].names))
    for row in rows:
        sheet.append([_spread(sheet, getattr(row, name)) for name in TABLES[kind].names])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def write_xlsx(out: IO[bytes], title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A workbook of one sheet with these cells, however many rows: they go to a file as they come. Times have to be in
    UTC, which a spreadsheet can't say."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for position, _ in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(position)].width = _WIDTH
    sheet.append([_text(sheet, one) for one in columns])
    for row in rows:
        sheet.append([_spread(sheet, value) for value in row])
    book.save(out)


def _spread(sheet: WriteOnlyWorksheet, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, datetime):
        return _moment(sheet, value)
    if isinstance(value, date):
        return _day(sheet, value)
    if isinstance(value, Decimal):
        number = int(value) if value == value.to_integral_value() else float(value)
        return number if _is_exact(value, number) else _text(sheet, f"{value:f}")
    return value if isinstance(value, int) else _text(sheet, value)


def _is_exact(value: Decimal, number: float) -> bool:
    """Whether a spreadsheet, which counts in binary doubles of 15 digits, gives the number back."""
    return abs(number) < 10**15 and Decimal(repr(number)) == value


def _day(sheet: WriteOnlyWorksheet, value: date) -> SpreadCell:
    from openpyxl.cell import WriteOnlyCell

    if value < _FIRST_DAY:
        return _text(sheet, value.isoformat())
    cell = WriteOnlyCell(sheet, datetime.combine(value, time()))
    cell.number_format = _DAY
    return cell


def _moment(sheet: WriteOnlyWorksheet, value: datetime) -> SpreadCell:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value.replace(tzinfo=None))
    cell.number_format = _MOMENT
    return cell


def _text(sheet: WriteOnlyWorksheet, value: str) -> SpreadCell:
    """A cell of text, whatever the text looks like, and formatted so, so that zeros stay where somebody edits it."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, _ESCAPE.sub("_x005F_", _UNWRITABLE.sub("\ufffd", value)))
    cell.data_type = "s"
    cell.number_format = _TEXT
    return cell
