"""Rows as a CSV file to download: written as they are read, and no spreadsheet takes a cell of them for a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from flask import Response

from mappings.sheets.writing import csv_pieces


def csv_download(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The file of this name; however many rows there are, a few hundred are in memory. Its first bytes say that it is
    UTF-8, or spreadsheets take it for something else."""
    answer = Response(csv_pieces(columns, rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]", "_", name)}"'
    return answer
