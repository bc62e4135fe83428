"""The columns, and what keeps a cell from being taken for anything but what it says."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["text", "number", "whole", "day", "moment"]


class Column(NamedTuple):
    """A member of a line, and how its value is written."""

    name: str
    kind: Kind


COLUMNS = (
    Column("buyer_item", "text"),
    Column("seller_item", "text"),
    Column("gtin", "text"),
    Column("description", "text"),
    Column("status", "text"),
    Column("quantity", "number"),
    Column("unit", "text"),
    Column("unit_code", "text"),
    Column("as_of", "moment"),
    Column("next_receipt_date", "day"),
    Column("next_receipt_quantity", "number"),
    Column("order_minimum", "number"),
    Column("order_multiple", "number"),
    Column("lead_time_days", "whole"),
    Column("replaced_by", "text"),
)
"""In their order in the file. New ones come at the end."""
HEADER = ",".join(column.name for column in COLUMNS)

MARK = "'"
"""Before a text that a spreadsheet would take for a formula, and before one that begins with the mark itself. Whoever
reads the file takes one mark away."""
TAKEN_FOR_FORMULAS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""How a text begins that spreadsheets calculate, in either width of East Asian writing, or that begins so once white
space in front is cut."""
