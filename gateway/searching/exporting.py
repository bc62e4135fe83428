"""The messages that fit as a file: CSV or a workbook, which no spreadsheet calculates anything in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.searching.filters import Search
from gateway.searching.rows import COLUMNS, cells_of, rows_of
from gateway.store.store import Store
from mappings.sheets.writing import csv_pieces, write_xlsx

XLSX = ".xlsx"


class Export:
    """The cells of all that fit, row by row, some hundred messages in memory; `told` counts them as they are read.
    Where more than `most` fit a last row says so."""

    def __init__(self, store: Store, search: Search, most: int) -> None:
        self._store, self._search, self._most = store, search, most
        self.told = 0
        self.is_cut = False

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for some in self._store.search.each(self._search, self._most + 1):
            kept = some[: self._most - self.told]
            yield from cells_of(rows_of(self._store, kept))
            self.told += len(kept)
            self.is_cut = len(kept) < len(some)
        if self.is_cut:
            said = f"Cut here: a file has {self._most:,} rows, and more messages fit. Narrow the search."
            yield (said, *[None] * (len(COLUMNS) - 1))


def write_file(store: Store, search: Search, file: Path, most: int) -> tuple[int, bool]:
    """Write them there: as a workbook where its name ends so. How many there are, and whether more fit. Raises
    OSError."""
    export = Export(store, search, most)
    with file.open("wb") as out:
        if file.suffix.casefold() == XLSX:
            write_xlsx(out, "messages", COLUMNS, export)
        else:
            out.writelines(csv_pieces(COLUMNS, export))
    return export.told, export.is_cut
