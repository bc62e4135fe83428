"""What is different between what stands and what is to follow it, row by row: a person looks at it before it counts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gateway.store.revisions import Row
from mappings.by_value import terms_by_value
from mappings.tables import TABLES

TERMS_FILE = "account.yaml"
Cells = Mapping[str, str]
_SAMPLES = "samples/"
_SUBJECTS = {table.file: table.subject for table in TABLES.values()}
_ORDER = (TERMS_FILE, *(table.file for table in TABLES.values()))


@dataclass(frozen=True, slots=True)
class Difference:
    """One row, key or file. `name` says which; `old` and `new` are its cells, None where there is no such row."""

    file: str
    change: Literal["removed", "changed", "added"]
    name: str
    old: Cells | None
    new: Cells | None

    def as_json(self) -> dict[str, Any]:
        """For programs; `old` and `new` whole, also what is the same in both."""
        return {"file": self.file, "change": self.change, "name": self.name, "old": self.old, "new": self.new}

    def text(self) -> str:
        """For people: what there is of a row that comes or goes; old → new of what changed in one that stays."""
        old, new = self.old or {}, self.new or {}
        if self.change == "changed":
            columns = [column for column in {**old, **new} if old.get(column) != new.get(column)]
            said = [f"{old.get(column, 'nothing')} → {new.get(column, 'nothing')}" for column in columns]
        else:
            cells = new or old
            columns = [column for column in cells if column not in _SUBJECTS.get(self.file, ())]
            said = [cells[column] for column in columns]
        told = [one if column == self.name else f"{column} {one}" for column, one in zip(columns, said, strict=True)]
        return f"{self.name}: {', '.join(told)}" if told else self.name


def row_differences(old: Iterable[Row], new: Iterable[Row]) -> list[Difference]:
    """Rows that went, changed and came, by file. A row of another key is the old one changed where it is the only one
    that came, and the old one the only one that went, for what both are about: an item that is another product now."""
    gone, come = _unlike(old, new)
    pairs = [*_paired(gone, come, lambda row: (row.kind, row.natural_key)), *_paired(gone, come, _subject)]
    found = [
        *(_difference(row, None) for row in gone),
        *(_difference(row, other) for row, other in pairs),
        *(_difference(None, row) for row in come),
    ]
    return sorted(found, key=lambda one: _ORDER.index(one.file) if one.file in _ORDER else len(_ORDER))


def term_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """The keys of account.yaml that are different, by their place in it (`policies.partial`); a list is one value."""
    before, after = dict(leaves(old)), dict(leaves(new))
    was, is_now = dict(leaves(terms_by_value(old))), dict(leaves(terms_by_value(new)))
    return [
        _of(TERMS_FILE, key, _one(key, before.get(key)), _one(key, after.get(key)))
        for key in dict.fromkeys((*before, *after))
        if was.get(key) != is_now.get(key)
    ]


def _unlike(old: Iterable[Row], new: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The rows that only one side has, by their values."""
    before, after = [(row.by_value(), row) for row in old], [(row.by_value(), row) for row in new]
    gone, come = Counter(key for key, _ in before), Counter(key for key, _ in after)
    return list(_beyond(before, come)), list(_beyond(after, gone))


def _beyond(rows: Iterable[tuple[Row, Row]], others: Counter[Row]) -> Iterator[Row]:
    left = others.copy()
    for key, row in rows:
        if left[key]:
            left[key] -= 1
        else:
            yield row


def _paired(gone: list[Row], come: list[Row], key: Callable[[Row], object]) -> list[tuple[Row, Row]]:
    """Rows that are alone under their key on both sides, old and new; they are taken out of the two lists."""
    went, came = _by(gone, key), _by(come, key)
    pairs = [(rows[0], came[name][0]) for name, rows in went.items() if len(rows) == 1 == len(came.get(name, ()))]
    taken = {id(row) for pair in pairs for row in pair}
    gone[:] = [row for row in gone if id(row) not in taken]
    come[:] = [row for row in come if id(row) not in taken]
    return pairs


def _by(rows: Iterable[Row], key: Callable[[Row], object]) -> dict[object, list[Row]]:
    grouped: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[key(row)].append(row)
    return grouped


def _subject(row: Row) -> object:
    """What the row is about, whatever else its key says; a file is about itself."""
    if row.kind not in TABLES:
        return row.kind, row.natural_key
    cells, table = json.loads(row.body), TABLES[row.kind]
    return row.kind, tuple(cells.get(column) for column in table.subject)


def _difference(old: Row | None, new: Row | None) -> Difference:
    row = new or old
    assert row is not None  # noqa: S101 - one of the two is always there
    if row.kind not in TABLES:
        name = row.natural_key.removeprefix(_SAMPLES)
        file = row.natural_key if name == row.natural_key else _SAMPLES
        return _of(file, name, _file_cells(old), _file_cells(new))
    cells = [None if one is None else json.loads(one.body) for one in (old, new)]
    return _of(TABLES[row.kind].file, _name(row.kind, [one for one in cells if one is not None]), *cells)


def _of(file: str, name: str, old: Cells | None, new: Cells | None) -> Difference:
    return Difference(file, "added" if old is None else "removed" if new is None else "changed", name, old, new)


def _name(kind: str, cells: Sequence[Cells]) -> str:
    """What the row is about; of one that stays, also what tells it from the others about that."""
    table, newest = TABLES[kind], cells[-1]
    about = " ".join(newest[column] for column in table.subject if column in newest)
    rest = [column for column in table.key if column not in table.subject and column in newest]
    kept = [
        f"{column} {newest[column]}" for column in rest if len(cells) > 1 and cells[0].get(column) == newest[column]
    ]
    return ", ".join([about, *kept])


def _file_cells(row: Row | None) -> Cells | None:
    """Of a file the size is told: what changed in it is what a tool for that kind of file shows."""
    if row is None:
        return None
    content = json.loads(row.body)
    size = len(content["base64"]) * 3 // 4 - content["base64"].count("=") if "base64" in content else None
    return {"bytes": str(len(str(content["text"]).encode()) if size is None else size)}


def leaves(tree: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    """The values of account.yaml by their place in it; a list is one value."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{place}{key}.")
        else:
            yield (
                f"{place}{key}",
                value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True),
            )


def _one(key: str, value: str | None) -> Cells | None:
    return None if value is None else {key: value}
