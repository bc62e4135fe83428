"""Rows as a spreadsheet has spoilt them, of every table that our own systems send, and the files that they come in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula


@dataclass(frozen=True, slots=True)
class Sent:
    """One table: a good row of it, and columns of its that take a text, a number, a day."""

    good: Mapping[str, str]
    text: str
    number: str
    day: str | None = None

    def lying(self, column: str, cell: Any) -> dict[str, Any]:
        """Another row, with this in one of its cells."""
        return {**self.good, self.text: "0044", column: cell}


SENT: Mapping[str, Sent] = {
    "products": Sent(
        {"product": "0043", "name": "Pens", "base_unit": "EA", "order_minimum": "2"}, "product", "order_minimum"
    ),
    "packs": Sent({"product": "0043", "unit": "XCT", "quantity": "12"}, "product", "quantity"),
    "taxes": Sent(
        {"tax_class": "0043", "category": "S", "percent": "7", "valid_from": "2026-01-01"},
        *("tax_class", "percent", "valid_from"),
    ),
    "stock": Sent(
        {"product": "0043", "site": "HAMBURG", "as_of": "2026-11-23", "on_hand": "5"}, "product", "on_hand", "as_of"
    ),
    "prices": Sent(
        {"product": "0043", "unit": "EA", "currency": "EUR", "price": "1.10", "valid_from": "2026-01-01"},
        *("product", "price", "valid_from"),
    ),
}

IN_NUMBERS = {
    "=1+1": "is a formula; paste its value instead",
    "@SUM(A1:A2)": "is a formula; paste its value instead",
    "@SUM": "is a formula; paste its value instead",
    "+1+1": "is a formula; paste its value instead",
    "-A1*2": "is a formula; paste its value instead",
    "12,5": "write a point for the decimal comma",
    "1.234,50": "write a point for the decimal comma",
    "1,2E+05": "is not a decimal number",
    "7%": "is not a decimal number",
}
"""Text where a number belongs, and what is said of it."""
IN_TEXTS = {
    "=A1": "is a formula; paste its value instead",
    '="0042"': "is a formula; paste its value instead",
    "@SUM(A1)": "is a formula; paste its value instead",
    "=cmd|'/C calc'!A0": "is a formula; paste its value instead",
    "4.01E+12": "is a long number that a spreadsheet has rounded",
    "4,01E+12": "is a long number that a spreadsheet has rounded",
}
IN_DAYS = {
    "=TODAY()": "is a formula; paste its value instead",
    "25.11.2026": "is not a",
    "46000": "is not a",
    "11/25/2026": "is not a",
}
CELLS_IN_NUMBERS: Sequence[tuple[Any, str | None, str, str]] = (
    ("=1+1", None, "=1+1", "is a formula; paste its value instead"),
    (ArrayFormula("A1", "=SUM(A1:A2)"), None, "=SUM(A1:A2)", "is a formula; paste its value instead"),
    ("#N/A", None, "#N/A", "is a spreadsheet error"),
    (0.07, "0%", "7%", "is a percentage"),
    (date(2026, 5, 12), None, "2026-05-12 00:00:00", "is a date cell"),
    (True, None, "True", "is a tick box"),
)
"""A spreadsheet's cell where a number belongs, its format, how it is shown, and what is said of it."""
CELLS_IN_TEXTS: Sequence[tuple[Any, str | None, str, str]] = (
    (42, None, "42", "format the cell as text, so that leading zeros stay"),
    (4012345000016.0, None, "4012345000016", "format the cell as text, so that leading zeros stay"),
    (4.01e12, None, "4010000000000", "format the cell as text, so that leading zeros stay"),
    (date(2026, 3, 4), None, "2026-03-04 00:00:00", "format the cell as text, so that leading zeros stay"),
    ("=A1", None, "=A1", "is a formula; paste its value instead"),
)
CELLS_IN_DAYS: Sequence[tuple[Any, str | None, str, str]] = (
    (46000, None, "46000", "is not a date"),
    (datetime.fromisoformat("2026-11-25T06:30"), None, "2026-11-25 06:30:00", "is a date with a time"),
    ("=TODAY()", None, "=TODAY()", "is a formula; paste its value instead"),
)


def texts(what: str) -> Iterator[tuple[str, str, str]]:
    """(column, text, what is said of it) for each lie that text can tell."""
    sent = SENT[what]
    for column, lies in ((sent.number, IN_NUMBERS), (sent.text, IN_TEXTS), (sent.day, IN_DAYS)):
        if column is not None:
            yield from ((column, lie, said) for lie, said in lies.items())


def cells(what: str) -> Iterator[tuple[str, Any, str | None, str, str]]:
    """(column, cell, its format, how it is shown, what is said of it) for each lie of a spreadsheet's own."""
    sent = SENT[what]
    for column, lies in (
        (sent.number, CELLS_IN_NUMBERS),
        (sent.text, CELLS_IN_TEXTS),
        (sent.day, CELLS_IN_DAYS),
    ):
        if column is not None:
            yield from ((column, *lie) for lie in lies)


def csv_of(rows: Sequence[Mapping[str, str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """A CSV file of these rows."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode(encoding)


def xlsx_of(rows: Sequence[Mapping[str, Any]], formats: Mapping[str, str] | None = None) -> bytes:
    """An XLSX file of these rows; the cells of the last one have these formats by column."""
    book, file = Workbook(), io.BytesIO()
    sheet: Any = book.active
    columns = list(rows[0])
    sheet.append(columns)
    for row in rows:
        sheet.append([None if isinstance(row[name], ArrayFormula) else row[name] for name in columns])
    for position, name in enumerate(columns, 1):
        cell = sheet.cell(len(rows) + 1, position)
        if isinstance(rows[-1][name], ArrayFormula):
            formula = rows[-1][name]
            sheet[cell.coordinate] = ArrayFormula(cell.coordinate, formula.text)
        if formats and name in formats:
            cell.number_format = formats[name]
    book.save(file)
    return file.getvalue()


def letter(rows: Sequence[Mapping[str, Any]], column: str) -> str:
    """The letter of a column in the spreadsheet."""
    return "ABCDEFGHIJ"[list(rows[0]).index(column)]
