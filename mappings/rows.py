"""Cells → typed rows, with every fault of every row that is wrong.

One reader serves the account folder, the catalogue files and the back office's bulk calls, so the same row is right
or wrong everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mappings.cells import Cell, Unfit, shown, value_of
from mappings.tables import TABLES, Column, Table, natural_key, row_with
from schemas.documents.validation import pointer
from schemas.faults import Fault

_NONE: frozenset[str] = frozenset()
_SHOWN = 100
"""Characters of an unknown column's name that its fault shows."""


@dataclass(frozen=True, slots=True)
class RowsRead:
    """Rows that can be stored, and what is wrong with the others; each with its index among the rows given.

    `faulty` are those others as far as they can be read, wrong cells empty: for judging what else is wrong with them.
    """

    good: tuple[tuple[int, Any], ...]
    faults: tuple[tuple[int, Fault], ...]
    faulty: tuple[tuple[int, Any], ...] = ()


def rows_of(
    kind: str, rows: Iterable[Mapping[str, Cell] | None], place: Callable[[int, str | None], str] | None = None
) -> RowsRead:
    """The typed rows, and every fault of every row that is wrong.

    `place` says in words where a row (and its column) stands, such as "items.csv line 12"; without it rows are counted
    from 1. What is None is counted, and nothing is said of it. A row that repeats an earlier one's natural key is
    wrong; the earlier one stands.
    """
    where = place or (lambda index, _column: f"row {index + 1}")
    table = TABLES[kind]
    good: list[tuple[int, Any]] = []
    faulty: list[tuple[int, Any]] = []
    faults: list[tuple[int, Fault]] = []
    seen: dict[str, int] = {}
    for index, cells in enumerate(rows):
        if cells is None:
            continue
        fields, wrong = _cells(table, index, cells, where, table.columns)
        if wrong and any(
            fault.code == "unknown_field" for fault in wrong
        ):  # cells beside their columns tell nothing more
            faults.extend((index, fault) for fault in wrong)
            continue
        row = row_with(table, fields)
        failed = {fault.path.rpartition("/")[2] for fault in wrong} if wrong else _NONE
        wrong.extend(_between_cells(table, index, row, cells, where, failed))
        if failed.isdisjoint(table.key):
            key = natural_key(row)
            first = seen.setdefault(key, index)
            if first != index:
                wrong.append(_duplicate(table, index, key, where(first, None), where(index, None)))
        if wrong:
            faulty.append((index, row))
            faults.extend((index, fault) for fault in wrong)
        else:
            good.append((index, row))
    return RowsRead(tuple(good), tuple(faults), tuple(faulty))


def cell_faults(
    kind: str, rows: Iterable[Mapping[str, Cell]], place: Callable[[int, str | None], str], columns: Iterable[str]
) -> list[Fault]:
    """What is wrong with the cells of these columns alone, where the header hides what the others are."""
    known = [column for column in TABLES[kind].columns if column.name in set(columns)]
    return [fault for index, cells in enumerate(rows) for fault in _cells(TABLES[kind], index, cells, place, known)[1]]


def _cells(
    table: Table,
    index: int,
    cells: Mapping[str, Cell],
    where: Callable[[int, str | None], str],
    columns: Iterable[Column],
) -> tuple[dict[str, Any], list[Fault]]:
    """The values of a row's cells, None where a required one is missing or wrong, and every fault of them."""
    fields: dict[str, Any] = {}
    faults: list[Fault] = []
    for column in columns:
        cell = cells.get(column.name)
        if isinstance(cell, str):
            cell = cell.strip() or None
        if cell is None:
            if column.required:
                fields[column.name] = None
                faults.append(_fault("missing_field", table, index, column, where, "is missing", None))
            continue
        try:
            fields[column.name] = value_of(column.type, cell)
        except Unfit as unfit:
            if column.required:
                fields[column.name] = None
            faults.append(_fault(column.type.code, table, index, column, where, str(unfit), cell))
    faults.extend(_unknown_columns(table, index, cells, where))
    return fields, faults


def _between_cells(
    table: Table,
    index: int,
    row: Any,
    cells: Mapping[str, Cell],
    where: Callable[[int, str | None], str],
    failed: Collection[str],
) -> Iterator[Fault]:
    """What doesn't hold between cells; nothing about one that is wrong by itself."""
    for name, wrong, expected in table.check(row):
        if name not in failed:
            location = where(index, name)
            seen = shown(cells.get(name))
            yield Fault("bad_value", f"{location}: {wrong}", f"/{index}/{name}", location, seen, expected)


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
    seen = shown(cell)
    detail = f"{location}: {column.name} {wrong}" if seen is None else f"{location}: {column.name} {seen!r} {wrong}"
    return Fault(code, detail, f"/{index}/{column.name}", location, seen, column.type.expected)


def _unknown_columns(
    table: Table, index: int, cells: Mapping[str, Cell], where: Callable[[int, str | None], str]
) -> Iterable[Fault]:
    if all(name in table.names for name in cells):
        return
    location = where(index, None)
    for name in sorted(set(cells) - set(table.names)):
        named = name[:_SHOWN]
        detail = f"{location}: {table.file} has no column {named!r}"
        path = pointer([index, named])
        yield Fault("unknown_field", detail, path, location, named, ", ".join(table.names))


def _duplicate(table: Table, index: int, key: str, first: str, location: str) -> Fault:
    columns = ", ".join(table.key)
    detail = f"{location}: the same {columns} stand at {first} already"
    return Fault("duplicate_row", detail, f"/{index}", location, key, f"one row for each {columns}")
