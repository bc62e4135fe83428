"""The invoice on paper says what the document says, on as many pages as it takes."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given

from gateway.printing.invoice import invoice_pdf
from gateway.printing.papers import PAPERS
from schemas.documents.invoice import Invoice, InvoiceCharge, InvoiceReference, judged_invoice
from schemas.formats import ubl_2_1
from tests import outbound_strategies
from tests.printing.test_labels import SOME, pages, text_of
from tests.valid_invoices import valid_invoices

EXAMPLES = Path(ubl_2_1.__file__).parent / "examples"
PATHS = sorted(path for kind in ("invoice", "credit_note") for path in (EXAMPLES / kind).glob("*.json"))


def example(path: Path) -> Invoice:
    return judged_invoice(json.loads(path.read_text(encoding="utf-8")))


def read(invoice: Invoice) -> list[str]:
    return [" ".join(text_of(page).split()) for page in pages(invoice_pdf(invoice))]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_all_that_is_owed_and_why_is_on_it(path: Path) -> None:
    invoice = example(path)
    (page,) = read(invoice)
    said = [invoice.number, invoice.issue_date.isoformat(), f"{invoice.totals.payable:f} {invoice.currency}"]
    said += [party.vat_id or "" for party in (invoice.seller, invoice.buyer)]
    said += [party.legal_name or "" for party in (invoice.seller, invoice.buyer)]
    said += [one.number for one in invoice.credits]
    for line in invoice.lines:
        said += [line.description or "", f"{line.quantity:f} {line.unit}", f"{line.net_amount:f}", line.note or ""]
        said += [f"Order {line.order_number} line {line.order_line_number}"]
    for tax in invoice.taxes:
        said += [f"{tax.taxable_amount:f} {tax.tax_amount:f}", tax.exemption_reason or ""]
    if invoice.payment is not None:
        said += [invoice.payment.iban or "", invoice.payment.reference or "", invoice.payment.note or ""]
    assert [one for one in said if one not in page] == []


def test_money_has_two_decimals_or_the_more_that_it_has() -> None:
    invoice = example(next(path for path in PATHS if path.stem == "peppol-two-rates"))
    line = invoice.lines[0]
    amounts = {"12.5": "12.50", "12": "12.00", "1E+1": "10.00", "0.0125": "0.0125", "12.500": "12.500"}
    for written, shown in amounts.items():
        priced = replace(line, price=line.price.model_copy(update={"amount": Decimal(written)}))
        (page,) = read(replace(invoice, lines=(priced,)))
        assert f" {shown} " in page
    freight = InvoiceCharge(is_charge=True, reason="Freight", amount=Decimal(15), tax=line.tax)
    assert "Freight (VAT 7 %) 15.00" in read(replace(invoice, charges=(freight,)))[0]


def test_a_credit_note_is_called_one_and_a_test_says_so() -> None:
    invoice = example(next(path for path in PATHS if path.parent.name == "credit_note"))
    (page,) = read(replace(invoice, test=True))
    assert "Credit note 2026-000018 Test: nothing was delivered, and nothing is to be paid." in page
    assert "Credits 2026-000017" in page
    assert "To your credit 47.48 EUR" in page
    assert "To pay" not in page
    due = invoice.due_date
    assert due is not None
    assert f"Due {due}" not in page, "nobody pays it by a day"
    assert f"Due {due}" in read(replace(invoice, type="invoice", credits=()))[0]


def test_a_credit_note_names_every_invoice_that_it_is_about() -> None:
    """A rebate's is about all of a period, which may take more than a page."""
    invoice = example(next(path for path in PATHS if path.parent.name == "credit_note"))
    for count in (2, 5, 600):
        numbers = [f"2026-{number:06}" for number in range(100, 100 + count)]
        about = tuple(InvoiceReference(number=number) for number in numbers)
        said = " ".join(read(replace(invoice, credits=about)))
        assert [number for number in numbers if number not in said] == []


def test_many_lines_take_several_pages_with_the_columns_on_each() -> None:
    invoice = example(next(path for path in PATHS if path.stem == "peppol-two-rates"))
    lines = tuple(replace(invoice.lines[0], line_number=str(number)) for number in range(1, 201))
    found = read(replace(invoice, lines=lines))
    assert len(found) > 3
    assert all("No. Item Description Quantity" in page for page in found[:-1])
    assert all(f"Page {number} " in page for number, page in enumerate(found, 1))
    assert sum(page.count("Oat drink 1 l") for page in found) == 200
    assert "To pay 128.55 EUR" in found[-1]


def test_it_is_one_of_the_papers_and_the_same_bytes_each_time() -> None:
    for path in PATHS:
        invoice = example(path)
        assert PAPERS["invoice-pdf"].renderers[invoice.type](invoice) == invoice_pdf(invoice)


@SOME
@given(valid_invoices())
def test_every_sum_is_on_it(invoice: Invoice) -> None:
    whole = " ".join(read(invoice))
    sums = invoice.totals
    for amount in (sums.lines, sums.without_tax, sums.with_tax, *(one.tax_amount for one in invoice.taxes)):
        assert f"{amount:.2f}" in whole
    assert f"{sums.payable:.2f} {invoice.currency}" in whole


@SOME
@given(outbound_strategies.invoices())
def test_whatever_an_invoice_says_it_can_be_printed(invoice: Invoice) -> None:
    assert read(invoice)


def test_a_units_code_is_explained_once_under_the_lines() -> None:
    invoice = example(next(path for path in PATHS if path.stem == "peppol-two-rates"))
    line = invoice.lines[0]
    units = [("CS", "XCS"), (None, "XCS"), ("CS", "XCS"), ("kilogram", "KGM"), ("KG", "KGM"), ("own", None)]
    lines = tuple(replace(line, unit=unit, unit_code=code) for unit, code in units)
    assert "Units: CS: case, XCS: case, KG: kilogram " in read(replace(invoice, lines=lines))[0]
    unexplained = replace(line, unit="own", unit_code=None)
    assert "Units:" not in read(replace(invoice, lines=(unexplained,)))[0]
