"""csv-1 as one of the formats: it writes inventory reports, and reads no orders."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.faults import DocumentRejected, Fault
from schemas.formats import Format, ReadOrder, read_only_part
from schemas.formats.csv_1.writing import render, stream


def sniff(body: bytes) -> bool:
    """Never: no table is taken for an order."""
    return False


def check(body: bytes) -> int:
    """Raises DocumentRejected: there are no orders in a table."""
    raise _no_orders()


def parse_orders(body: bytes) -> tuple[ReadOrder, ...]:
    """Raises DocumentRejected as `check`."""
    raise _no_orders()


def locate(body: bytes, pointers: Sequence[str], part: int = 1) -> list[str]:
    """Nowhere."""
    return ["" for _ in pointers]


def _no_orders() -> DocumentRejected:
    detail = "csv-1 carries inventory reports, no orders"
    return DocumentRejected([Fault("wrong_document", detail, expected="an order in another format")])


CSV_1 = Format(
    name="csv-1",
    media_type="text/csv",
    suffix=".csv",
    sniff=sniff,
    check=check,
    parse_orders=parse_orders,
    read_parts=read_only_part(parse_orders),
    locate=locate,
    renderers={"inventory_report": render},
    streams={"inventory_report": stream},
)
