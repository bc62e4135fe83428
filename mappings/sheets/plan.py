"""What a file would do to a table, row by row, before anything is done."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

from mappings.by_value import row_by_value
from mappings.cells import Cell, shown
from mappings.coherence import lost_zeros, mapping_problems
from mappings.revision import Catalogue
from mappings.rows import RowsRead, rows_of
from mappings.sheets.cells import row_reader
from mappings.sheets.choices import Choices
from mappings.sheets.reading import Sheet
from mappings.tables import TABLES, Kind, key_part, natural_key, row_text
from schemas.faults import Fault

Outcome = Literal["add", "change", "delete", "reject", "same"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_PART = re.compile(r"((?:[^|\\]|\\.)*)(\|)", re.DOTALL)
_WITHOUT = {"item": "product"}
"""Of a table's key the column that two rows can't differ in alone: what a number stands for. Such a row is the other
one changed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a file is held against: the table's rows by key as they stand in the draft, our catalogue, the sites that
    stock is told of, and, for prices, the account's own items and units."""

    rows: Mapping[str, str]
    catalogue: Catalogue
    sites: frozenset[str] = frozenset()
    beside: Mapping[Kind, Sequence[tuple[str, Any]]] | None = None


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One row and what becomes of it. `index` is its place among the file's rows, None for one that isn't in it.

    `key` and `body` are what it would be, `was` what stands there now, under `replaces` where its key is another. What
    is rejected has `reasons`, with the place of each; what isn't may have what to look at.
    """

    outcome: Outcome
    place: str
    index: int | None
    key: str | None
    body: str | None
    was: str | None
    replaces: str | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportPlan:
    """All rows in the order of the file, then those that would go."""

    kind: str
    rows: tuple[PlannedRow, ...]

    @cached_property
    def positions(self) -> Mapping[str, Sequence[int]]:
        """Where the rows of each outcome stand among `rows`; under "" all, under "warned" those to look at."""
        found: dict[str, list[int]] = {"": [], "warned": [], **{outcome: [] for outcome in OUTCOMES}}
        for position, row in enumerate(self.rows):
            found[""].append(position)
            found[row.outcome].append(position)
            if row.reasons and row.outcome != "reject":
                found["warned"].append(position)
        return found

    def count(self, outcome: str) -> int:
        """How many rows it has of this outcome."""
        return len(self.positions[outcome])

    @property
    def changes(self) -> Iterator[tuple[str, str | None, str | None]]:
        """What it does, key by key: what stands there, and what it becomes (None: it goes)."""
        for row in self.rows:
            if row.outcome == "delete" and row.key is not None:
                yield row.key, row.was, None
            elif row.outcome in ("add", "change") and row.key is not None:
                if row.replaces is not None:
                    yield row.replaces, row.was, None
                yield row.key, row.was if row.replaces is None else None, row.body


def plan_import(kind: Kind, sheet: Sheet, choices: Choices, standing: Standing) -> ImportPlan:
    """What the file would do, read so."""
    positions = {column: position for position, column in enumerate(choices.columns) if column}

    def place(index: int, column: str | None) -> str:
        return sheet.place(index, positions.get(column or ""))

    overlong = {index for index, (_, cells) in enumerate(sheet.rows) if _is_overlong(cells, len(sheet.header))}
    read_row = row_reader(kind, sheet, choices)
    cells = (None if index in overlong else read_row(one) for index, (_, one) in enumerate(sheet.rows))
    read = rows_of(kind, cells, place)
    wrong: dict[int, list[str]] = defaultdict(list)
    for index in overlong:
        wrong[index].append(f"{sheet.place(index)}: has more cells than the first row has columns")
    for index, fault in (*read.faults, *_beyond(kind, read, standing.catalogue, place)):
        wrong[index].append(_reason(fault))
    good = [(index, row) for index, row in read.good if index not in wrong]
    told = _warnings(kind, good, sheet, standing)
    planned = dict(_planned(kind, good, sheet, told, standing.rows))
    rejected = {
        index: PlannedRow("reject", sheet.place(index), index, None, None, None, None, tuple(said))
        for index, said in wrong.items()
    }
    gone = _gone(kind, planned.values(), read, wrong, standing.rows) if choices.manner == "replace" else ()
    both = {**planned, **rejected}
    return ImportPlan(kind, (*(both[index] for index in sorted(both)), *gone))


def _is_overlong(cells: Sequence[Cell], width: int) -> bool:
    return len(cells) > width and any(cell not in (None, "") for cell in cells[width:])


def _reason(fault: Fault) -> str:
    said = fault.detail if not fault.location or fault.location in fault.detail else f"{fault.location}: {fault.detail}"
    return f"{said} (expected: {fault.expected})" if fault.expected and fault.code == "not_a_number" else said


def _beyond(kind: Kind, read: RowsRead, catalogue: Catalogue, place: Any) -> Iterator[tuple[int, Fault]]:
    """Products that we don't have, also such as lost their leading zeros."""
    if "product" not in TABLES[kind].names:
        return
    lost = dict(lost_zeros((*read.good, *read.faulty), kind, catalogue))
    for index, row in (*read.good, *read.faulty):
        where = place(index, "product")
        if index in lost:
            yield index, Fault("bad_value", f"{where}: {lost[index].detail}", "", where, row.product)
        elif row.product is not None and row.product not in catalogue.products:
            detail = f"{where}: there is no product {shown(row.product)}"
            yield index, Fault("bad_value", detail, "", where, row.product)


def _warnings(
    kind: Kind, good: Sequence[tuple[int, Any]], sheet: Sheet, standing: Standing
) -> Mapping[int, Sequence[str]]:
    """What will keep some orders from being answered, by the row."""
    placed: dict[Kind, Sequence[tuple[str, Any]]] = {"item": (), "unit": (), "site": (), "price": ()}
    placed |= standing.beside or {}
    placed[kind] = [(sheet.place(index), row) for index, row in good]
    unread: tuple[Kind, ...] = () if kind == "price" else ("item",)
    found: dict[str, list[str]] = defaultdict(list)
    for fault in mapping_problems("the account", None, placed, standing.catalogue, standing.sites, unread):
        found[fault.location].append(fault.detail)
    return {index: found[place] for index, _ in good if (place := sheet.place(index)) in found} if found else {}


def _planned(
    kind: Kind,
    good: Sequence[tuple[int, Any]],
    sheet: Sheet,
    told: Mapping[int, Sequence[str]],
    standing: Mapping[str, str],
) -> Iterator[tuple[int, PlannedRow]]:
    keys = [natural_key(row) for _, row in good]
    replaced = _replaced(kind, keys, standing)
    for (index, row), key in zip(good, keys, strict=True):
        body, reasons = row_text(row), tuple(told.get(index, ()))
        old = key if key in standing else replaced.get(key)
        was = None if old is None else standing[old]
        if old is None:
            outcome: Outcome = "add"
        elif old == key and was is not None and (was == body or row_by_value(kind, was) == row_by_value(kind, body)):
            outcome = "same"
        else:
            outcome = "change"
        yield (
            index,
            PlannedRow(outcome, sheet.place(index), index, key, body, was, None if old == key else old, reasons),
        )


def _replaced(kind: Kind, keys: Sequence[str], standing: Mapping[str, str]) -> dict[str, str]:
    """New key → the standing one that says the same but for what it stands for, where it is the only one."""
    if kind not in _WITHOUT:
        return {}
    coming, left_out = set(keys), TABLES[kind].key.index(_WITHOUT[kind])
    new = [key for key in keys if key not in standing]
    by_rest: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for key in standing if new else ():
        if key not in coming:
            by_rest[_rest(key, left_out)].append(key)
    of_rest: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for key in new:
        of_rest[_rest(key, left_out)].append(key)
    return {come[0]: by_rest[rest][0] for rest, come in of_rest.items() if len(come) == 1 == len(by_rest.get(rest, ()))}


def _rest(key: str, left_out: int) -> tuple[str, ...]:
    parts = _parts(key)
    del parts[left_out]
    return tuple(parts)


def _parts(key: str) -> list[str]:
    """A key's columns, as they stand in it."""
    if "\\" not in key:
        return key.split("|")
    return [found[0] for found in _PART.findall(f"{key}|")]


def _gone(
    kind: Kind,
    planned: Iterable[PlannedRow],
    read: RowsRead,
    wrong: Mapping[int, Sequence[str]],
    standing: Mapping[str, str],
) -> Iterator[PlannedRow]:
    """The standing rows that the file hasn't. One about what a rejected row is about stays: nobody said it goes."""
    table = TABLES[kind]
    stay = {key for row in planned for key in (row.key, row.replaces)}
    about = {
        tuple(key_part(name, getattr(row, name)) for name in table.subject)
        for index, row in (*read.good, *read.faulty)
        if index in wrong
    }
    for key, body in standing.items():
        if key not in stay and tuple(_parts(key)[: table.about]) not in about:
            yield PlannedRow("delete", "", None, key, None, body)
