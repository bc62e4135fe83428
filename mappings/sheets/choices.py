"""How somebody wants a file to be read: what each column is, how numbers are written, and what becomes of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from mappings.sheets.columns import matched_columns
from mappings.sheets.decimals import Decimals, Number, Sign, decimals_of
from mappings.sheets.reading import Sheet
from mappings.sheets.words import label
from mappings.tables import TABLES

Manner = Literal["add", "replace"]
MANNERS: tuple[Manner, ...] = get_args(Manner)
"""Add rows and change those that are there; or make the file the whole table."""
NUMBERS = frozenset(("not_a_number",))
"""Codes of the columns that take numbers."""


@dataclass(frozen=True, slots=True)
class Choices:
    """`columns` says for each of the file's columns which of ours it is (None: not taken). `sign` is the decimal one;
    None: nobody said, and it can't be told."""

    columns: tuple[str | None, ...]
    sign: Sign | None
    manner: Manner = "add"
    encoding: str | None = None
    separator: str | None = None

    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Choices:
        """What `text` kept."""
        told = json.loads(text)
        return cls(**{**told, "columns": tuple(told["columns"])})


def guessed(kind: str, sheet: Sheet) -> Choices:
    """The choices that the file itself speaks for."""
    columns = matched_columns(kind, sheet.header)
    return Choices(columns, decimals_in(kind, sheet, columns).sign, "add", sheet.encoding, sheet.separator)


def decimals_in(kind: str, sheet: Sheet, columns: tuple[str | None, ...]) -> Decimals:
    """How the numbers in those columns are written that take numbers."""
    return decimals_of(_numbers(kind, sheet, columns))


def is_numeric(kind: str, column: str | None) -> bool:
    """Whether the column takes numbers."""
    return any(one.name == column and one.type.code in NUMBERS for one in TABLES[kind].columns)


def _numbers(kind: str, sheet: Sheet, columns: tuple[str | None, ...]) -> Iterator[Number]:
    positions = [position for position, column in enumerate(columns) if is_numeric(kind, column)]
    for index, (_, cells) in enumerate(sheet.rows):
        for position in positions:
            cell = cells[position] if position < len(cells) else None
            if isinstance(cell, str) and ("," in cell or "." in cell):
                yield Number(sheet.place(index, position), cell)


def choice_faults(kind: str, sheet: Sheet, choices: Choices) -> dict[str, str]:
    """What keeps the file from being read so: the field (`column.3`, `columns`, `sign`) → a sentence."""
    found: dict[str, str] = {}
    taken = [column for column in choices.columns if column]
    for position, column in enumerate(choices.columns):
        if column and choices.columns.index(column) != position:
            found[f"column.{position}"] = f"{label(kind, column)} is another column already."
    missing = [one.name for one in TABLES[kind].columns if one.required and one.name not in taken]
    if missing:
        said = ", ".join(label(kind, name) for name in missing)
        found["columns"] = f"No column of the file is {said}, without which no row can be taken."
    elif not taken:
        found["columns"] = "No column of the file is one of ours."
    if choices.sign is None and decimals_in(kind, sheet, choices.columns).sign is None:
        found["sign"] = "Say how its decimals are written: a number in it can be read in two ways."
    return found
