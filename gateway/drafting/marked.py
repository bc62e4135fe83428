"""Differences as people look at them: what went marked −, what came marked +; a text line by line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.differences import Difference, row_differences, term_differences
from gateway.drafting.line_differences import Line, line_differences
from gateway.store.drafts import TERMS_KIND, Edit, Key
from gateway.store.revisions import Row
from mappings.tables import TABLES

MOST_ROWS = 2_000
"""Rows that are compared for a page. A first revision may have 100,000."""
_SUBJECTS = {table.file: table.subject for table in TABLES.values()}


@dataclass(frozen=True, slots=True)
class Marked:
    """What is different about one row, key or file."""

    file: str
    change: str
    """removed, changed, added"""
    name: str
    lines: tuple[Line, ...]


def marked(
    old_terms: Mapping[str, Any], new_terms: Mapping[str, Any], old: Iterable[Row], new: Iterable[Row]
) -> list[Marked]:
    """All that is different, file by file. Rows that both sides have needn't be among them."""
    before, after = list(old), list(new)
    texts = {row.natural_key: text_of(row) for row in before if row.kind == "file"}
    new_texts = {row.natural_key: text_of(row) for row in after if row.kind == "file"}
    found = [*term_differences(old_terms, new_terms), *row_differences(before, after)]
    return [_marked(one, texts.get(_path(one)), new_texts.get(_path(one))) for one in found]


def first_marked(
    old_terms: Mapping[str, Any], new_terms: Mapping[str, Any], old: Sequence[Row], new: Sequence[Row]
) -> tuple[list[Marked], int]:
    """The same of as many rows as anybody reads, files first; and of how many rows nothing is said."""
    keys = sorted({(row.kind != "file", row.kind, row.natural_key) for row in (*old, *new)})
    shown = {key[1:] for key in keys[:MOST_ROWS]}
    before, after = ([row for row in rows if (row.kind, row.natural_key) in shown] for rows in (old, new))
    return marked(old_terms, new_terms, before, after), max(0, len(keys) - MOST_ROWS)


def marked_edit(edit: Edit) -> list[Marked]:
    """What an edit of a draft makes of what it was made of."""
    return marked_bodies(edit.key, edit.was, edit.body)


def marked_bodies(key: Key, old: str | None, new: str | None) -> list[Marked]:
    """What is different between two bodies of a draft's row (None: no such row)."""
    if key[0] == TERMS_KIND:
        return marked(json.loads(old or "{}"), json.loads(new or "{}"), (), ())
    before, after = ([] if body is None else [Row(*key, body)] for body in (old, new))
    return marked({}, {}, before, after)


def text_of(row: Row) -> str | None:
    """A file's text; None where it has none: a picture for instance."""
    text: str | None = json.loads(row.body).get("text")
    return text


def _path(one: Difference) -> str:
    """A file's name as its row has it."""
    return one.file + one.name if one.file.endswith("/") else one.file


def _marked(one: Difference, old_text: str | None, new_text: str | None) -> Marked:
    lines: Sequence[Line] = ()
    if old_text is not None or new_text is not None:
        lines = line_differences(old_text or "", new_text or "")
    return Marked(one.file, one.change, one.name, tuple(lines or _of_cells(one)))


def _of_cells(one: Difference) -> list[Line]:
    """Of a row that stays the cells that changed; of one that comes or goes all but those that name it."""
    old, new = one.old or {}, one.new or {}
    if one.change == "changed":
        columns = [column for column in {**old, **new} if old.get(column) != new.get(column)]
    else:
        columns = [column for column in {**old, **new} if column not in _SUBJECTS.get(one.file, ())]
    sides = (("-", one.old), ("+", one.new))
    return [Line(sign, _said(cells, columns, one.name)) for sign, cells in sides if cells is not None]  # type: ignore[arg-type]


def _said(cells: Mapping[str, str], columns: Sequence[str], name: str) -> str:
    told = [(column, cells[column]) for column in columns if column in cells]
    return ", ".join(text if column == name else f"{column} {text}" for column, text in told) or "nothing more"
