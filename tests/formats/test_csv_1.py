"""csv-1: what is written is read back to the letter, no cell is a formula, and a wrong file is told of whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.documents.common import fields_of
from schemas.documents.inventory_report import InventoryLine, InventoryReport
from schemas.faults import DocumentRejected
from schemas.formats.csv_1 import CSV_1, read_lines
from schemas.formats.csv_1.columns import COLUMNS, HEADER, TAKEN_FOR_FORMULAS
from schemas.formats.csv_1.writing import stream
from tests.outbound_strategies import inventory_reports

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas/formats/csv_1/examples"
COUNTED = datetime(2026, 11, 24, 5, 30, tzinfo=timezone(timedelta(hours=1)))
GRINDER = InventoryLine(
    buyer_item="0077",
    seller_item="GRINDER-2",
    description='Grinder "2", steel',
    status="out_of_stock",
    quantity=Decimal(0),
    unit="EA",
    unit_code="EA",
    as_of=COUNTED,
    next_receipt_date=date(2026, 12, 4),
    lead_time_days=14,
)
LINES = (
    InventoryLine(
        buyer_item="PL-0042",
        seller_item="OAT-1L",
        gtin="04098765001215",
        description="Oat drink 1 l",
        status="available",
        quantity=Decimal(118),
        unit="CS",
        unit_code="XCT",
        as_of=COUNTED,
        next_receipt_date=date(2026, 12, 1),
        next_receipt_quantity=Decimal(40),
        order_minimum=Decimal(2),
        lead_time_days=3,
    ),
    GRINDER,
    InventoryLine(
        buyer_item="0076",
        seller_item="GRINDER-1",
        description='=HYPERLINK("https://example.com")',
        status="discontinued",
        quantity=Decimal(0),
        unit="EA",
        unit_code="EA",
        as_of=COUNTED,
        lead_time_days=0,
        replaced_by="0077",
    ),
)


def written(*lines: InventoryLine) -> bytes:
    report = InventoryReport(number="IR-1", issue_date=date(2026, 11, 24), lines=lines)
    return CSV_1.renderers["inventory_report"](report)


def test_every_member_of_a_line_has_its_column() -> None:
    assert {column.name for column in COLUMNS} == set(fields_of(InventoryLine))


def test_the_example_says_these_lines() -> None:
    body = (EXAMPLES / "inventory_report/full.csv").read_bytes()
    assert read_lines(body) == LINES
    assert written(*LINES) == body


@settings(max_examples=200, deadline=None)
@given(inventory_reports())
def test_lines_come_back(report: InventoryReport) -> None:
    assert read_lines(CSV_1.renderers["inventory_report"](report)) == report.lines


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from([*TAKEN_FOR_FORMULAS, *" '\"|,A1("]), min_size=1, max_size=8))
def test_no_cell_is_a_formula(text: str) -> None:
    body = written(replace(GRINDER, description=text, order_minimum=Decimal("1.50")))
    (row,) = csv.DictReader(io.StringIO(body.decode(), newline=""))
    assert not row["description"].startswith(tuple(TAKEN_FOR_FORMULAS))
    assert read_lines(body)[0].description == text
    assert (row["buyer_item"], row["quantity"], row["order_minimum"]) == ("0077", "0", "1.50")


def test_a_report_comes_in_pieces_as_its_lines_do() -> None:
    taken = []

    def lines() -> Iterator[InventoryLine]:
        for number in range(2000):
            taken.append(number)
            yield GRINDER

    pieces = stream(InventoryReport(number="IR-1", issue_date=date(2026, 11, 24)), lines())
    assert not taken
    first = next(pieces)
    assert len(taken) < 600
    assert first.startswith(HEADER.encode())
    assert len(read_lines(first + b"".join(pieces))) == 2000


def test_nothing_to_report_is_a_header() -> None:
    assert written() == HEADER.encode() + b"\r\n"
    assert read_lines(written()) == ()


@pytest.mark.parametrize(
    ("file", "faults"),
    [
        (b"\xff", [("bad_value", "", "the file")]),
        (b"", [("bad_value", "", "the file")]),
        (b"seller_item,status,quantity,colour\n", [("bad_value", "", "the file")]),
        (b"seller_item,quantity\n", [("bad_value", "", "the file")]),
        (b'seller_item,status,quantity\n"A,available,1\n', [("bad_value", "", "the file")]),
        (
            b"seller_item,status,quantity\nA,available,1e5\n,sold,-1\nB,available,1,2\n",
            [
                ("not_a_number", "/lines/0/quantity", "row 2"),
                ("missing_field", "/lines/1/seller_item", "row 3"),
                ("bad_value", "/lines/1/status", "row 3"),
                ("quantity_not_positive", "/lines/1/quantity", "row 3"),
                ("unknown_field", "/lines/2/column 4", "row 4"),
            ],
        ),
        (
            b"seller_item,status,quantity,next_receipt_date,lead_time_days\nA,available,1,1.12.2026,3.5\n",
            [
                ("not_a_date", "/lines/0/next_receipt_date", "row 2"),
                ("not_a_number", "/lines/0/lead_time_days", "row 2"),
            ],
        ),
    ],
)
def test_a_file_that_is_no_report_is_told_of_whole(file: bytes, faults: list[tuple[str, str, str]]) -> None:
    with pytest.raises(DocumentRejected) as refused:
        read_lines(file)
    assert [(one.code, one.path, one.location) for one in refused.value.faults] == faults


@given(st.binary(max_size=200))
def test_reading_raises_nothing_else(body: bytes) -> None:
    try:
        read_lines(body)
        read_lines(HEADER.encode() + b"\r\n" + body)
    except DocumentRejected:
        pass


def test_no_order_is_read_from_a_table() -> None:
    assert not CSV_1.sniff(HEADER.encode())
    for read in (CSV_1.check, CSV_1.parse_orders):
        with pytest.raises(DocumentRejected) as refused:
            read(HEADER.encode())
        assert refused.value.faults[0].code == "wrong_document"
