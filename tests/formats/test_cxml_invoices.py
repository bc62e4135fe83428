"""Invoices and credit notes as cXML InvoiceDetailRequests: valid by the DTD, and adding up as they stand there."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from schemas.documents.invoice import Invoice
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.json_1 import JSON_1
from tests import outbound_strategies
from tests.formats.cxml_strategies import CODES, TEXTS
from tests.valid_invoices import valid_invoices

FORMATS = Path(__file__).resolve().parents[2] / "schemas" / "formats"
EXAMPLES = sorted(path for kind in ("invoice", "credit_note") for path in FORMATS.glob(f"*/examples/{kind}/*.json"))
MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.fixture(scope="module")
def dtd(schemas_dir: Path) -> etree.DTD:
    return etree.DTD(str(schemas_dir / "cxml" / "InvoiceDetail.dtd"))


def written(invoice: Invoice) -> Any:
    return etree.fromstring(CXML_1_2.renderers[invoice.type](invoice))


def money(element: Any, path: str) -> Decimal:
    return Decimal(element.findtext(f"{path}/Money"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parents[2].name}-{path.stem}")
def test_an_example_is_valid_and_names_its_dtd(path: Path, dtd: etree.DTD) -> None:
    found = JSON_1.parsers["invoice"](path.read_bytes())
    assert isinstance(found, Invoice)
    body = CXML_1_2.renderers[found.type](found)
    assert b"1.2.060/InvoiceDetail.dtd" in body
    assert dtd.validate(etree.fromstring(body)), dtd.error_log


def test_an_invoice_says_whose_where_and_when() -> None:
    path = FORMATS / "ubl_2_1" / "examples" / "invoice" / "peppol-two-rates.json"
    found = JSON_1.parsers["invoice"](path.read_bytes())
    assert isinstance(found, Invoice)
    root = written(found)
    head = root.find("Request/InvoiceDetailRequest/InvoiceDetailRequestHeader")
    assert dict(head.attrib) == {
        "invoiceID": "2026-000017",
        "purpose": "standard",
        "operation": "new",
        "invoiceDate": "2026-11-24T12:00:00+00:00",
    }
    roles = {one.get("role"): one.findtext("Name") for one in head.iter("Contact")}
    assert roles == {
        "from": "Halden Provisions AS",
        "remitTo": "Halden Provisions AS",
        "billTo": "ACME Retail SE",
        "shipFrom": "Halden Provisions AS",
        "shipTo": "DC East",
    }
    assert [one.get("identifier") for one in head.iter("IdReference")] == [
        "NO999888771MVA",
        "NO999888771MVA",
        "DE123456789",
    ]
    assert head.find("PaymentTerm").get("payInNumberOfDays") == "30"
    assert head.find("ShipNoticeIDInfo").get("shipNoticeID") == "DA-00000001"
    (order,) = root.iter("InvoiceDetailOrder")
    assert order.find("InvoiceDetailOrderInfo/OrderIDInfo").get("orderID") == "PO-1001"
    assert order.find("InvoiceDetailOrderInfo/MasterAgreementIDInfo").get("agreementID") == "FRAME-7"
    oats, grinder = order.iter("InvoiceDetailItem")
    basis = oats.find("PriceBasisQuantity")
    assert (basis.get("quantity"), basis.get("conversionFactor"), basis.findtext("UnitOfMeasure")) == ("12", "1", "EA")
    assert oats.find("InvoiceDetailItemReference").get("lineNumber") == "10"
    assert (money(oats, "SubtotalAmount"), money(oats, "NetAmount")) == (Decimal("20.27"), Decimal("20.27"))
    assert (money(grinder, "SubtotalAmount"), money(grinder, "TotalAllowances"), money(grinder, "NetAmount")) == (
        84,
        Decimal("4.20"),
        Decimal("79.80"),
    )
    summary = next(root.iter("InvoiceDetailSummary"))
    assert [(one.get("percentageRate"), money(one, "TaxAmount")) for one in summary.findall("Tax/TaxDetail")] == [
        ("7", Decimal("1.42")),
        ("19", Decimal("17.06")),
    ]
    assert (money(summary, "TotalAmountWithoutTax"), money(summary, "DueAmount")) == (
        Decimal("110.07"),
        Decimal("128.55"),
    )


def test_a_credit_note_is_negative_and_names_its_invoice() -> None:
    path = FORMATS / "ubl_2_1" / "examples" / "credit_note" / "peppol-return.json"
    found = JSON_1.parsers["credit_note"](path.read_bytes())
    assert isinstance(found, Invoice)
    root = written(found)
    head = next(root.iter("InvoiceDetailRequestHeader"))
    assert head.get("purpose") == "lineLevelCreditMemo"
    assert head.find("InvoiceIDInfo").get("invoiceID") == "2026-000017"
    (item,) = root.iter("InvoiceDetailItem")
    assert (item.get("quantity"), item.get("reason")) == ("-1", "return")
    assert (money(item, "UnitPrice"), money(item, "NetAmount")) == (42, Decimal("-39.90"))
    assert money(next(root.iter("InvoiceDetailSummary")), "DueAmount") == Decimal("-47.48")


@MANY
@given(invoice=outbound_strategies.invoices(CODES, TEXTS).filter(lambda invoice: bool(invoice.lines)))
def test_whatever_an_invoice_says_it_is_valid(dtd: etree.DTD, invoice: Invoice) -> None:
    root = written(invoice)
    assert dtd.validate(root), dtd.error_log


@MANY
@given(invoice=valid_invoices())
def test_the_sums_add_up_as_they_stand_there(dtd: etree.DTD, invoice: Invoice) -> None:
    """SubtotalAmount - allowances + charges is TotalAmountWithoutTax; with Tax it is NetAmount; less deposit, due."""
    root = written(invoice)
    assert dtd.validate(root), dtd.error_log
    summary = next(root.iter("InvoiceDetailSummary"))
    items = list(root.iter("InvoiceDetailItem"))
    assert [item.get("invoiceLineNumber") for item in items] == [line.line_number for line in invoice.lines]

    def sum_of(element: Any, name: str) -> Decimal:
        return money(element, name) if element.find(name) is not None else Decimal(0)

    for one in (*items, summary):
        without_tax = money(one, "NetAmount" if one.tag == "InvoiceDetailItem" else "TotalAmountWithoutTax")
        assert (
            money(one, "SubtotalAmount") + sum_of(one, "TotalCharges") - sum_of(one, "TotalAllowances") == without_tax
        )
    assert sum(money(item, "NetAmount") for item in items) == money(summary, "SubtotalAmount")
    assert money(summary, "TotalAmountWithoutTax") + money(summary, "Tax") == money(summary, "NetAmount")
    rest = money(summary, "NetAmount") - sum_of(summary, "DepositAmount")
    assert abs(rest - money(summary, "DueAmount")) <= Decimal("0.025")
    sign = -1 if invoice.type == "credit_note" else 1
    assert sign * money(summary, "DueAmount") == invoice.totals.payable
