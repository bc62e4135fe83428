"""A body of rows as JSON, CSV or XLSX: the good rows, and what is wrong with the others, each by its index.

The rows are those of the files (`mappings.tables`), read by the same reader, so the same row is right or wrong
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mappings.cells import shown
from mappings.files.tables import read_table_in
from mappings.rows import RowsRead, rows_of
from mappings.tables import TABLES, Kind
from schemas.documents.validation import pointer
from schemas.faults import DocumentRejected, Fault
from schemas.safe_json.reader import read_json

JSON = "application/json"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = (JSON, CSV, XLSX)
_ENDS = {CSV: "csv", XLSX: "xlsx"}
_UNPACKED = 3
"""So many times the largest body an XLSX file may unpack to: it is read where orders are taken in, too."""
_SHOWN = 100
"""Characters of an unknown member's name that its fault shows."""
Placed = tuple[int, Fault]
"""A fault with the index of its row."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Rows that can be stored, and what is wrong with the others; each with its index among the rows sent."""

    kind: Kind
    count: int
    good: tuple[tuple[int, Any], ...]
    faults: tuple[Placed, ...]

    def without(self, faults: Iterable[Placed]) -> Uploaded:
        """The same, with these rows among the wrong ones, too."""
        found = tuple(faults)
        if not found:
            return self
        wrong = {index for index, _ in found}
        good = tuple((index, row) for index, row in self.good if index not in wrong)
        return replace(self, good=good, faults=tuple(sorted((*self.faults, *found), key=lambda one: one[0])))

    @property
    def rows(self) -> list[Any]:
        """The good rows alone."""
        return [row for _, row in self.good]

    @property
    def bad(self) -> int:
        """How many rows have faults."""
        return len({index for index, _ in self.faults})


def read_upload(kind: Kind, media_type: str, body: bytes, most_bytes: int) -> Uploaded:
    """The rows of a body of this media type. Paths are in the body as JSON: `/rows/3/quantity`.

    Raises DocumentRejected, or FilesRejected for CSV and XLSX, where its rows can't be told at all.
    """
    if media_type == JSON:
        read = _json_rows(kind, body)
    else:
        name = f"{TABLES[kind].file.removesuffix('.csv')}.{_ENDS[media_type]}"
        read = read_table_in(body, name, kind, _UNPACKED * most_bytes)
    faults = tuple(sorted((row_fault(*one) for one in read.faults), key=lambda one: one[0]))
    count = len({index for index, _ in (*read.good, *faults)})
    return Uploaded(kind, count, read.good, faults)


def row_fault(index: int, fault: Fault) -> Placed:
    """A fault whose path begins with the row's index, with its path in the body."""
    return index, replace(fault, path=f"/rows{fault.path}", location=fault.location or f"/rows{fault.path}")


def _json_rows(kind: Kind, body: bytes) -> RowsRead:
    sent = read_json(body)
    if not isinstance(sent, dict):
        raise _rejected("wrong_document", "The body is not an object with rows", "", None, '{"rows": […]}')
    for name in sent:
        if name != "rows":
            named = name[:_SHOWN]
            raise _rejected("unknown_field", f"The body has no member {named!r}", pointer([named]), named, "rows")
    rows = sent.get("rows")
    if not isinstance(rows, list):
        code = "missing_field" if rows is None else "bad_value"
        raise _rejected(code, "rows is missing, or no list", "/rows", None, "a list of objects")
    return _read(kind, rows)


def _read(kind: Kind, rows: list[Any]) -> RowsRead:
    strange = tuple((index, _no_object(index, row)) for index, row in enumerate(rows) if not isinstance(row, dict))
    cells: Iterator[Mapping[str, Any] | None] = (row if isinstance(row, dict) else None for row in rows)
    read = rows_of(kind, cells, lambda index, column: f"/rows/{index}{f'/{column}' if column else ''}")
    return replace(read, faults=(*read.faults, *strange))


def _no_object(index: int, row: Any) -> Fault:
    return Fault("bad_value", f"/rows/{index} is no object", f"/{index}", f"/rows/{index}", shown(row), "an object")


def _rejected(code: str, detail: str, path: str, value: str | None, expected: str) -> DocumentRejected:
    return DocumentRejected([Fault(code, f"{detail}.", path, path, value, expected)])
