"""A UBL StockAvailabilityReport: what is written is valid and read back; one that others wrote says what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from schemas.documents.common import Party
from schemas.documents.inventory_report import InventoryLine, InventoryReport
from schemas.faults import DocumentHeld, DocumentRejected
from schemas.formats.json_1 import JSON_1
from schemas.formats.ubl_2_1 import PEPPOL_BIS_3, UBL_2_1
from schemas.units import rec_20
from tests.formats.test_csv_1 import LINES
from tests.formats.ubl_strategies import CODES, TEXTS, issued_as_carried, party_as_carried
from tests.outbound_strategies import inventory_reports

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas/formats/ubl_2_1/examples/inventory_report"
ISSUED = datetime(2026, 11, 24, 6, 0, tzinfo=timezone(timedelta(hours=1)))
REPORT = InventoryReport(
    number="IR-00000001",
    issue_date=ISSUED.date(),
    issued_at=ISSUED,
    buyer=Party(id="4012345000009", scheme="0088", name="ACME Retail"),
    seller=Party(id="4098765000005", scheme="0088", name="Halden Provisions AS"),
    lines=LINES,
)


@pytest.fixture(scope="module")
def valid(schemas_dir: Path) -> Any:
    return etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1/maindoc/UBL-StockAvailabilityReport-2.1.xsd"))


def written(report: InventoryReport) -> bytes:
    return UBL_2_1.renderers["inventory_report"](report)


def read(body: bytes) -> Any:
    return UBL_2_1.parsers["inventory_report"](body)


def carried(report: InventoryReport) -> InventoryReport:
    """The report less what UBL has no place for."""
    issue_date, issued_at = issued_as_carried(report.issue_date, report.issued_at)
    since = None if report.is_full or report.since is None else issued_as_carried(report.since.date(), report.since)[1]
    return replace(
        report,
        test=False,
        issue_date=issue_date,
        issued_at=issued_at,
        since=since,
        buyer=party_as_carried(report.buyer),
        seller=party_as_carried(report.seller),
        lines=tuple(_told_apart(line, number) for number, line in enumerate(report.lines)),
    )


def _told_apart(line: InventoryLine, number: int) -> InventoryLine:
    """A unit's code is read from the unit; two lines of one item and unit would be one."""
    code = line.unit_code or rec_20(line.unit)
    return replace(line, seller_item=f"{number}-{line.seller_item}"[:200].strip(), unit_code=code)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(report=inventory_reports(CODES, TEXTS))
def test_a_report_is_valid_and_comes_back(report: InventoryReport, valid: Any) -> None:
    report = carried(report)
    if not report.lines:
        with pytest.raises(DocumentHeld):
            written(report)
        return
    body = written(report)
    valid.assertValid(etree.fromstring(body))
    assert read(body) == report


def test_the_example_is_what_is_written() -> None:
    body = (EXAMPLES / "full.xml").read_bytes()
    assert read(body) == REPORT == JSON_1.parsers["inventory_report"]((EXAMPLES / "full.json").read_bytes())
    indented = etree.fromstring(body, etree.XMLParser(remove_blank_text=True))
    assert etree.tostring(etree.fromstring(written(REPORT)), method="c14n") == etree.tostring(indented, method="c14n")


def test_what_is_due_is_a_line_of_its_own() -> None:
    root = etree.fromstring(written(REPORT))
    told = [
        (line.findtext("{*}Quantity"), line.findtext("{*}AvailabilityDate"), line.findtext("{*}AvailabilityStatusCode"))
        for line in root.iter("{*}StockAvailabilityReportLine")
    ]
    assert told == [("118", None, "2"), ("40", "2026-12-01", "1"), ("0", None, "7"), ("0", None, "9")]


def test_the_time_has_the_offset_of_its_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    report = replace(REPORT, issued_at=ISSUED.astimezone(berlin), is_full=False, since=ISSUED.astimezone(berlin))
    assert (read(written(report)).issued_at, read(written(report)).since) == (ISSUED, ISSUED)


def test_a_report_of_changes_says_so() -> None:
    report = replace(REPORT, is_full=False, since=ISSUED - timedelta(days=1))
    assert read(written(report)) == report


def test_the_corpus_document_says_what_there_is(corpus_dir: Path) -> None:
    (path,) = (corpus_dir / "ubl/stock_availability_report").glob("*.xml")
    report = read(path.read_bytes())
    assert (report.number, report.issue_date, report.seller.name) == (
        "SA2009",
        date(2010, 4, 11),
        "Arancio Forniture spa",
    )
    assert report.buyer.name == "Beta Shop"
    assert [
        (line.buyer_item, line.status, line.quantity, line.unit, line.next_receipt_date, line.next_receipt_quantity)
        for line in report.lines
    ] == [
        ("TT319", "out_of_stock", Decimal(0), "NAR", date(2010, 4, 20), Decimal(50)),
        ("TJ043", "available", Decimal(80), "NAR", None, None),
        ("TS893", "discontinued", Decimal(0), "NAR", None, None),
    ]


def test_every_fault_has_its_place() -> None:
    body = (EXAMPLES / "full.xml").read_text(encoding="utf-8")
    for right, wrong in (
        (">118<", ">many<"),
        ("<cbc:AvailabilityStatusCode>7<", "<cbc:AvailabilityStatusCode>out<"),
    ):
        assert right in body
        body = body.replace(right, wrong, 1)
    with pytest.raises(DocumentRejected) as refused:
        read(body.encode())
    assert [(fault.code, fault.path, fault.location.partition(": ")[2]) for fault in refused.value.faults] == [
        ("not_a_number", "/lines/0/quantity", "cac:StockAvailabilityReportLine[1]/cbc:Quantity"),
        ("bad_value", "/lines/1/status", "cac:StockAvailabilityReportLine[3]/cbc:AvailabilityStatusCode"),
    ]


@pytest.mark.parametrize("body", [b"<a/>", b"<StockAvailabilityReport/>", b"nothing"])
def test_another_document_is_none(body: bytes) -> None:
    with pytest.raises(DocumentRejected):
        read(body)


def test_peppol_has_none_so_an_account_of_peppols_gets_ubls() -> None:
    assert PEPPOL_BIS_3.renderers["inventory_report"](REPORT) == written(REPORT)
