"""Inventory lines → rows of CSV (RFC 4180: commas, CRLF, UTF-8), as they come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from schemas.documents.inventory_report import InventoryLine, InventoryReport
from schemas.formats.csv_1.columns import HEADER, MARK, TAKEN_FOR_FORMULAS

_AT_ONCE = 500
"""Rows in a piece."""
_FORMULA = re.escape(TAKEN_FOR_FORMULAS)
_to_be_kept = re.compile(f'^[{_FORMULA}{MARK}]|[",\r\n]|^ | $').search


def stream(report: InventoryReport, lines: Iterable[InventoryLine]) -> Iterator[bytes]:
    """The file in pieces: the header, then a row for each line. What the report's head says has no place in it."""
    rows = [HEADER]
    for line in lines:
        rows.append(_row(line))
        if len(rows) >= _AT_ONCE:
            yield _piece(rows)
            rows = []
    if rows:
        yield _piece(rows)


def render(report: InventoryReport) -> bytes:
    """The whole file."""
    return b"".join(stream(report, report.lines))


def _piece(rows: list[str]) -> bytes:
    rows.append("")
    return "\r\n".join(rows).encode()


def _row(line: InventoryLine) -> str:
    """In the order of `COLUMNS`; absent values are empty."""
    due, arriving = line.next_receipt_date, line.next_receipt_quantity
    minimum, multiple = line.order_minimum, line.order_multiple
    return (
        f"{_text(line.buyer_item)},{_text(line.seller_item)},{_text(line.gtin)},{_text(line.description)},"
        f"{line.status},{_number(line.quantity)},{_word(line.unit)},{_word(line.unit_code)},{_moment(line.as_of)},"
        f"{'' if due is None else due.isoformat()},{'' if arriving is None else _number(arriving)},"
        f"{'' if minimum is None else _number(minimum)},{'' if multiple is None else _number(multiple)},"
        f"{'' if line.lead_time_days is None else line.lead_time_days},{_word(line.replaced_by)}"
    )


def _text(text: str | None) -> str:
    if text is None:
        return ""
    return text if _to_be_kept(text) is None else _kept(text)


def _kept(text: str) -> str:
    marked = MARK + text if text[0] in TAKEN_FOR_FORMULAS or text[0] == MARK else text
    return '"' + marked.replace('"', '""') + '"'


_word = lru_cache(maxsize=4096)(_text)
"""Units are few."""


def _number(value: Decimal) -> str:
    text = str(value)
    return f"{value:f}" if "E" in text else text


@lru_cache(maxsize=1024)
def _moment(value: datetime | None) -> str:
    """Much was counted at one moment."""
    return "" if value is None else value.isoformat()
