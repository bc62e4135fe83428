"""Rows as a CSV file to download: written as they are read, and no spreadsheet takes a cell of them for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from flask import Response

from mappings.sheets.writing import harmless

_AT_ONCE = 200


def csv_download(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The file of this name; however many rows there are, a few hundred are in memory. Its first bytes say that it is
    UTF-8, or spreadsheets take it for something else."""
    answer = Response(_written(columns, rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]", "_", name)}"'
    return answer


def _written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    yield b"\xef\xbb\xbf"
    for number, row in enumerate(rows, 1):
        writer.writerow([_cell(cell) for cell in row])
        if number % _AT_ONCE == 0:
            yield _taken(out)
    yield _taken(out)


def _cell(value: object) -> str:
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
    return text.encode()
