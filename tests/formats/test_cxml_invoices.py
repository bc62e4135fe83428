"""Invoices and credit notes as cXML InvoiceDetailRequests: valid by the DTD, and adding up as they stand there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from schemas.documents.common import Address, Contact, Party, Price
from schemas.documents.invoice import Invoice
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected, Fault
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.json_1 import JSON_1
from tests import outbound_strategies
from tests.formats.cxml_strategies import CODES, TEXTS
from tests.valid_invoices import valid_invoices

FORMATS = Path(__file__).resolve().parents[2] / "schemas" / "formats"
EXAMPLES = sorted(path for kind in ("invoice", "credit_note") for path in FORMATS.glob(f"*/examples/{kind}/*.json"))
ITEM = "InvoiceDetailOrder/InvoiceDetailItem"
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


# --- read again -------------------------------------------------------------------------------------------------
def carried(invoice: Invoice) -> Invoice:
    """The invoice less what the README says that an InvoiceDetailRequest has no place for."""
    is_credit = invoice.type == "credit_note"
    orders = [line.order_number or invoice.order_number for line in invoice.lines]
    return replace(
        invoice,
        due_date=None if is_credit else invoice.due_date,
        order_number=orders[0] if len(set(orders)) == 1 else None,
        seller=_partner(invoice.seller),
        buyer=_partner(invoice.buyer),
        ship_to=invoice.ship_to and Party(
            id=invoice.ship_to.id, scheme=invoice.ship_to.scheme, name=invoice.ship_to.name,
            address=_address(invoice.ship_to.address),
        ),
        lines=tuple(
            replace(
                line,
                order_number=order,
                despatch_number=line.despatch_number or invoice.despatch_number,
                despatch_line_number=None,
                order_line_number=line.order_line_number or line.line_number,
                unit=line.unit_code,
                price=line.price.model_copy(update={"gross": None, **_basis_of(line.price)}),
            )
            for line, order in zip(invoice.lines, orders, strict=True)
        ),
    )  # fmt: skip


def _basis_of(price: Price) -> dict[str, Any]:
    return {} if price.base_quantity != 1 else {"unit": None, "unit_code": None}


def _partner(party: Party) -> Party:
    contact = party.contact and Contact(telephone=party.contact.telephone, email=party.contact.email)
    return Party(
        id=party.id,
        scheme=party.scheme,
        name=party.legal_name or party.name,
        vat_id=party.vat_id,
        address=_address(party.address),
        contact=contact,
    )


def _address(address: Address | None) -> Address | None:
    if address is None:
        return None
    street = " ".join(part for part in (address.street, address.building_number) if part) or None
    return address.model_copy(update={"street": street, "building_number": None})


@MANY
@given(valid_invoices().filter(lambda invoice: invoice.type == "invoice" or invoice.totals.payable > 0))
def test_an_invoice_comes_back(invoice: Invoice) -> None:
    assert CXML_1_2.parsers[invoice.type](CXML_1_2.renderers[invoice.type](invoice)) == carried(invoice)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parents[2].name}-{path.stem}")
def test_an_example_comes_back(path: Path) -> None:
    found = JSON_1.parsers["invoice"](path.read_bytes())
    assert isinstance(found, Invoice)
    back = CXML_1_2.parsers[found.type](CXML_1_2.renderers[found.type](found))
    assert isinstance(back, Invoice)
    assert (back.type, back.totals, back.taxes, back.charges) == (found.type, found.totals, found.taxes, found.charges)
    assert [(line.quantity, line.net_amount, line.charges) for line in back.lines] == [
        (line.quantity, line.net_amount, line.charges) for line in found.lines
    ]


def test_shipping_and_a_price_for_many_are_read_from_others() -> None:
    """Not written so by us: ShippingAmount in the summary, a conversion factor, a rate without a category's letter."""
    path = FORMATS / "ubl_2_1" / "examples" / "invoice" / "peppol-two-rates.json"
    found = JSON_1.parsers["invoice"](path.read_bytes())
    text = CXML_1_2.renderers["invoice"](found).decode()
    for old, new in (
        ("<GrossAmount>", '<ShippingAmount><Money currency="EUR">3.50</Money></ShippingAmount><GrossAmount>'),
        ('quantity="12" conversionFactor="1"', 'quantity="6" conversionFactor="0.5"'),
        ('<Extrinsic name="taxCategoryCode">S</Extrinsic>', ""),
    ):
        assert old in text
        text = text.replace(old, new)
    back = CXML_1_2.parsers["invoice"](text.encode())
    assert isinstance(back, Invoice)
    assert [(one.amount, one.reason_code) for one in back.charges] == [(10, "FC"), (Decimal("3.50"), "FC")]
    assert back.totals.charges == Decimal("13.50")
    assert back.lines[0].price.base_quantity == 12
    assert {one.category for one in back.taxes} == {"S"}


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "location"),
    [
        ('category="vat"', 'category="sales"', "bad_value", "/lines/0/tax", f"{ITEM}[1]/Tax/TaxDetail"),
        ('operation="new"', 'operation="delete"', "bad_value", "/number", "InvoiceDetailRequestHeader"),
        ('purpose="standard"', 'purpose="debitMemo"', "bad_value", "/type", "InvoiceDetailRequestHeader/@purpose"),
        ('quantity="19"', 'quantity="lots"', "not_a_number", "/lines/0/quantity", f"{ITEM}[1]/@quantity"),
        ('<UnitPrice><Money currency="EUR">42.00</Money></UnitPrice>', "", "missing_field", "/lines/1/price",
         f"{ITEM}[2]/UnitPrice (missing)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, code: str, path: str, location: str) -> None:
    example = FORMATS / "ubl_2_1" / "examples" / "invoice" / "peppol-two-rates.json"
    text = CXML_1_2.renderers["invoice"](JSON_1.parsers["invoice"](example.read_bytes())).decode()
    assert old in text
    with pytest.raises(DocumentRejected) as refused:
        CXML_1_2.parsers["invoice"](text.replace(old, new, 1).encode())
    (fault,) = refused.value.faults
    assert (fault.code, fault.path, fault.location.partition(": ")[2]) == (code, path, location)


def read_or_refused(body: bytes) -> Invoice | tuple[Fault, ...]:
    try:
        found = CXML_1_2.parsers["invoice"](body)
    except DocumentRejected as refused:
        return refused.faults
    assert isinstance(found, Invoice)
    return found


@MANY
@given(outbound_strategies.invoices(CODES, TEXTS))
def test_whatever_was_written_is_read_or_refused_with_faults(invoice: Invoice) -> None:
    found = read_or_refused(CXML_1_2.renderers[invoice.type](invoice))
    if isinstance(found, Invoice):
        assert found.number == invoice.number
    else:
        assert all(fault.code in FAULTS and fault.location for fault in found)


def test_the_corpus_is_read_or_refused(corpus_dir: Path, corpus_count: Callable[[str, int], None]) -> None:
    documents = sorted((corpus_dir / "cxml" / "invoice_detail_request").glob("*.xml"))
    assert documents
    for document in documents:
        found = read_or_refused(document.read_bytes())
        if not isinstance(found, Invoice):
            assert found
            assert all(fault.code in FAULTS and fault.detail and fault.location for fault in found)
    corpus_count("cxml/invoice_detail_request", len(documents))
