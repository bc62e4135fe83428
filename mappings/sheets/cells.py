"""A row of a file → the cells of our table, as its reader takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from mappings.cells import Cell, RefusedCell
from mappings.sheets.choices import Choices, is_numeric
from mappings.sheets.decimals import Sign, is_number, with_point
from mappings.sheets.reading import Sheet
from mappings.tables import TABLES
from schemas.formats.csv_1.columns import MARK, TAKEN_FOR_FORMULAS

_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
"""With points the day always comes first; with slashes nobody can tell."""
_SIGNS: Mapping[Sign, str] = {"point": "a point", "comma": "a comma"}
_Read = Callable[[Cell], Cell]


def row_reader(kind: str, sheet: Sheet, choices: Choices) -> Callable[[Sequence[Cell]], dict[str, Cell]]:
    """What makes a file's row one of this table's, by the column's names."""
    sign: Sign = choices.sign or "point"
    is_text = sheet.separator is not None
    readers: list[tuple[int, str, _Read]] = []
    for position, column in enumerate(choices.columns):
        if column is not None:
            readers.append((position, column, _reader(kind, column, sign, is_text)))

    def read(cells: Sequence[Cell]) -> dict[str, Cell]:
        return {column: take(cells[position]) for position, column, take in readers if position < len(cells)}

    return read


def _reader(kind: str, column: str, sign: Sign, is_text: bool) -> _Read:
    if is_numeric(kind, column):
        return lambda cell: _number(cell, sign)
    if any(one.name == column and one.type.code == "not_a_date" for one in TABLES[kind].columns):
        return _day
    return _unmarked if is_text else _as_it_is


def _as_it_is(cell: Cell) -> Cell:
    return cell


def _number(cell: Cell, sign: Sign) -> Cell:
    if not isinstance(cell, str) or not cell.strip():
        return cell
    read = with_point(cell, sign)
    if read is None and is_number(cell):
        return RefusedCell(cell, f"isn't written with {_SIGNS[sign]} for the decimals, as this file is read")
    return cell if read is None else read


def _day(cell: Cell) -> Cell:
    found = _DAY.fullmatch(cell.strip()) if isinstance(cell, str) else None
    return cell if found is None else f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}"


def _unmarked(cell: Cell) -> Cell:
    """Without the mark that keeps spreadsheets from calculating it."""
    if isinstance(cell, str) and cell[:1] == MARK and cell[1:2] and cell[1] in TAKEN_FOR_FORMULAS + MARK:
        return cell[1:]
    return cell
