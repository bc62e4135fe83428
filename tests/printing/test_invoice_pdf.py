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
from schemas.documents.common import Address, Party
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


def test_what_is_long_is_on_it_to_the_last_letter() -> None:
    """A company's registered name, an order number of 60 letters, an item's of 40, a text without a space."""
    invoice = example(next(path for path in PATHS if path.stem == "peppol-two-rates"))
    name = "Handelsgesellschaft für Befestigungstechnik und Eisenwaren Nord-West mbH & Co. KG"
    street = "Straße der Vereinigung der Handwerkerinnen und Handwerker des Nordens 1234a"
    address = Address(street=street, city="Hamburg", postal_code="20457", country="DE")
    order, item, text = "PO-" + "1234567890" * 6, "SKU-" + "ABCDEFGHIJ" * 4, "".join(f"word{n}_" for n in range(60))
    reference = "REF" + "0123456789" * 4
    line = replace(invoice.lines[0], buyer_item=item, order_number=order, description=text)
    buyer = invoice.buyer.model_copy(update={"legal_name": name, "name": None, "address": address})
    long = replace(
        invoice,
        number="2026-" + "7" * 50,
        buyer=buyer,
        ship_to=Party(name=name, address=address),
        order_number=order,
        buyer_reference=reference,
        lines=(line,),
    )
    whole = "".join("".join(read(long)).split())
    for said in (name, street, order, item, text, reference, long.number):
        assert said.replace(" ", "") in whole
    assert "…" not in whole


def test_numbers_are_never_cut() -> None:
    """A sum of which the end is missing is another one."""
    invoice = example(next(path for path in PATHS if path.stem == "peppol-two-rates"))
    amount = Decimal("12345678901234567890.12")
    line = invoice.lines[0]
    price = line.price.model_copy(update={"amount": Decimal("98765432109876543210.1234567891")})
    quantity = Decimal("55566677788899900011.2223334445")
    odd = replace(line, price=price, net_amount=amount, quantity=quantity, charges=())
    whole = " ".join(read(replace(invoice, lines=(odd,))))
    for number in (amount, price.amount, quantity):
        assert f"{number:f}" in whole


def test_empty_lines_of_a_text_take_no_paper() -> None:
    invoice = example(next(path for path in PATHS if path.stem == "peppol-two-rates"))
    assert len(read(replace(invoice, lines=(replace(invoice.lines[0], description="a" + "\n" * 5000 + "b"),)))) == 1


def test_whatever_is_in_its_head_the_lines_are_below_it() -> None:
    """Texts of 10,000 letters, codes of 200: they end somewhere, and say that they do."""
    invoice = example(next(path for path in PATHS if path.stem == "peppol-two-rates"))
    endless = Party(
        name="Name" * 2500, address=Address(street="Street" * 1600, lines=("Line " * 2000,) * 9, country="DE")
    )
    codes = dict.fromkeys(("number", "order_number", "despatch_number", "contract", "buyer_reference"), "C" * 200)
    found = read(replace(invoice, seller=endless, buyer=endless, ship_to=endless, **codes))
    assert "…" in found[0]
    assert any("Oat drink 1 l" in page for page in found)
    assert len(found) <= 2


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
