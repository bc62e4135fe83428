"""Invoices of what shipped, and credit notes of what came back: by hand, and for any lines, packs, discounts, taxes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.trade.discounts import Discount, OrderCharge, Tier
from gateway.trade.invoice_sums import net_amount, percentage, tax_subtotals, totals
from gateway.trade.invoicing import (
    BilledOrder,
    CreditedLine,
    CreditFacts,
    InvoiceFacts,
    ShippedLine,
    credit_note_of,
    invoice_of,
)
from gateway.trade.payment_terms import due
from mappings.account import Payment
from mappings.revision import TaxRow
from schemas.documents.common import Address, Party, Price
from schemas.documents.invoice import Invoice
from schemas.faults import DocumentHeld
from schemas.formats.ubl_2_1 import PEPPOL_BIS_3, UBL_2_1
from tests.formats.en16931 import broken_rules
from tests.valid_invoices import BUYER, SELLER

NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""Each example takes a hundredth of a second by the standard's rules: made smaller it would take minutes."""
DAY = date(2026, 11, 24)
PLACE = Party(id="4012345000016", scheme="0088", name="DC East", address=Address(city="Hamburg", country="DE"))
TERMS = Payment.model_validate({"days": 30, "from": "invoice", "discount": {"days": 10, "percent": "2.0"}})
RULES = (
    TaxRow("food", "DE", "DE", "any", "S", Decimal(7)),
    TaxRow("standard", "DE", "DE", "any", "S", Decimal(19)),
    TaxRow("books", "DE", "DE", "any", "Z"),
    TaxRow("medical", "DE", "DE", "any", "E", Decimal(0), "VATEX-EU-132"),
    TaxRow("care", "DE", "DE", "any", "E", Decimal(0), "VATEX-EU-143"),
    TaxRow("nothing", "DE", "DE", "any", "O"),
    TaxRow(None, "DE", "FR", "registered", "K"),
    TaxRow(None, "DE", "DK", "any", "AE"),
    TaxRow(None, "DE", "NO", "any", "G", Decimal(0), "VATEX-EU-G"),
)


def facts(**others: Any) -> InvoiceFacts:
    known: dict[str, Any] = {
        "number": "2026-17",
        "issue_date": DAY,
        "tax_point": DAY,
        "currency": "EUR",
        "seller": SELLER,
        "buyer": BUYER,
        "ship_to": PLACE,
        "ship_from_country": "DE",
        "ship_to_country": "DE",
        "delivered_on": DAY,
        "payment": TERMS,
        "iban": "NO9386011117947",
    }
    return InvoiceFacts(**(known | others))


def shipped(base: str, per_unit: int | Fraction = 1, price: str = "1.00", **others: Any) -> ShippedLine:
    known: dict[str, Any] = {
        "order_number": "PO-1001",
        "order_line_number": "1",
        "despatch_number": "DA-1",
        "description": "Oat drink 1 l",
        "base_quantity": Decimal(base),
        "base_unit": "EA",
        "base_per_unit": Fraction(per_unit),
        "unit": "CS",
        "unit_code": "XCS",
        "price": Price(amount=Decimal(price)),
        "tax_class": "food",
    }
    return ShippedLine(**(known | others))


def order(**others: Any) -> BilledOrder:
    return BilledOrder(**({"order_number": "PO-1001"} | others))


def held(*codes: str, **given: Any) -> list[str]:
    """The paths of the faults that an invoice is held with, which are these."""
    known: dict[str, Any] = {"shipped": [shipped("12", 12)], "orders": [order()], "facts": facts(), "rules": RULES}
    with pytest.raises(DocumentHeld) as stopped:
        invoice_of(**(known | given))
    assert [fault.code for fault in stopped.value.faults] == list(codes)
    return [fault.path for fault in stopped.value.faults]


# --- by hand ----------------------------------------------------------------------------------------------------
def test_cases_are_billed_by_the_case_and_what_is_no_case_by_the_piece() -> None:
    """24 pieces are 2 cases of 12; 19 pieces are none, and cost 12.80 for 12: 20.266... is 20.27."""
    found = invoice_of([shipped("24", 12, "12.80"), shipped("19", 12, "12.80")], [order()], facts(), RULES)
    cases, pieces = found.lines
    assert (cases.quantity, cases.unit, cases.unit_code, cases.net_amount) == (2, "CS", "XCS", Decimal("25.60"))
    assert (pieces.quantity, pieces.unit, pieces.unit_code, pieces.net_amount) == (19, "EA", "EA", Decimal("20.27"))
    assert pieces.price == Price(amount=Decimal("12.80"), base_quantity=Decimal(12), unit="EA", unit_code="EA")
    assert (found.order_number, found.despatch_number, found.due_date) == ("PO-1001", "DA-1", date(2026, 12, 24))
    assert found.payment is not None
    assert found.payment.note == "30 days from the invoice; 2 % discount within 10 days."
    assert (found.totals.lines, found.totals.tax, found.totals.payable) == (
        Decimal("45.87"),
        Decimal("3.21"),
        Decimal("49.08"),
    )


def test_a_measure_is_billed_as_it_was_ordered_and_a_third_exactly() -> None:
    kilograms = shipped("2.5", 1, "84.1234", unit="kg", unit_code="KGM", base_unit="KGM")
    thirds = shipped("7", Fraction(10, 3), "0.10", unit="T", unit_code=None)
    found = invoice_of([kilograms, thirds], [order()], facts(), RULES)
    assert (found.lines[0].quantity, found.lines[0].unit) == (Decimal("2.5"), "kg")
    assert found.lines[0].net_amount == Decimal("210.31")
    third = found.lines[1]
    assert (third.quantity, third.unit) == (7, "EA")
    assert third.price == Price(amount=Decimal("0.30"), base_quantity=Decimal(10), unit="EA", unit_code="EA")
    assert third.net_amount == Decimal("0.21")


def test_discounts_of_lines_and_of_the_document_by_tiers() -> None:
    tiers = (Tier(Decimal(10), Decimal(5)), Tier(Decimal(100), Decimal(8)))
    by_quantity = Discount(tiers=tiers, by="quantity", reason="Volume discount")
    few, many = (
        shipped(count, 1, "10.00", unit="EA", unit_code="EA", discounts=(by_quantity,), tax_class=tax)
        for count, tax in (("9", "food"), ("100", "standard"))
    )
    whole = Discount(tiers=(Tier(Decimal(1000), Decimal(2)),), reason="Bonus")
    found = invoice_of([few, many], [order()], facts(), RULES, [whole, Discount(amount=Decimal("1.01"))])
    assert [line.net_amount for line in found.lines] == [Decimal("90.00"), Decimal("920.00")]
    assert found.lines[1].charges[0].amount == Decimal("80.00")
    told = [(one.tax.percent, one.amount, one.base_amount) for one in found.charges if one.tax]
    assert told == [
        (7, Decimal("1.80"), Decimal("90.00")),
        (19, Decimal("18.40"), Decimal("920.00")),
        (7, Decimal("0.09"), None),
        (19, Decimal("0.92"), None),
    ]
    below = invoice_of([few], [order()], facts(), RULES, [whole])
    assert below.charges == ()


def test_a_charge_with_a_tax_class_of_its_own_is_taxed_by_that() -> None:
    freight = OrderCharge(amount=Decimal("10.00"))
    insurance = OrderCharge(amount=Decimal("3.33"), tax_class="standard", reason="Insurance")
    nothing = OrderCharge(amount=Decimal("0.00"), tax_class="books")
    found = invoice_of([shipped("3", 1)], [order(charges=(freight, insurance, nothing))], facts(), RULES)
    assert [(one.reason, one.amount, one.tax.percent) for one in found.charges if one.tax] == [
        ("Freight", Decimal("10.00"), 7),
        ("Insurance", Decimal("3.33"), 19),
    ]


def test_freight_without_a_tax_class_follows_the_goods() -> None:
    goods = [shipped("1", 1, "30.00"), shipped("1", 1, "60.00", tax_class="standard")]
    found = invoice_of(goods, [order(charges=(OrderCharge(amount=Decimal("10.00")),))], facts(), RULES)
    assert [(one.amount, one.tax.percent) for one in found.charges if one.tax] == [
        (Decimal("3.33"), 7),
        (Decimal("6.67"), 19),
    ]


def test_what_is_not_subject_to_vat_stands_alone_and_names_no_vat_number() -> None:
    alone = invoice_of([shipped("1", tax_class="nothing")], [order()], facts(), RULES)
    assert (alone.seller.vat_id, alone.buyer.vat_id, alone.taxes[0].percent) == (None, None, None)
    assert broken_rules(PEPPOL_BIS_3.renderers["invoice"](alone), warnings=True) == []
    goods = [shipped("1", tax_class="nothing"), shipped("1")]
    assert held("taxes_not_together", shipped=goods) == ["/taxes"]
    assert held("taxes_not_together", shipped=[shipped("1", tax_class=one) for one in ("medical", "care")]) == [
        "/taxes"
    ]


def test_every_line_without_a_tax_is_told_at_once() -> None:
    goods = [shipped("1", tax_class="toys"), shipped("1"), shipped("1", tax_class=None)]
    assert held("no_tax_rule", "no_tax_rule", shipped=goods) == ["/lines/0/tax", "/lines/2/tax"]


def test_what_the_law_wants_and_nobody_knows_is_a_fault() -> None:
    nameless = Party(id="1")
    found = held("invoice_incomplete", "invoice_incomplete", facts=facts(buyer=nameless))
    assert found == ["/buyer/name", "/buyer/address/country"]
    unnumbered = BUYER.model_copy(update={"vat_id": None})
    assert held("invoice_incomplete", facts=facts(buyer=unnumbered, ship_to_country="DK")) == ["/buyer/vat_id"]
    abroad = facts(ship_to_country="FR", ship_to=None, delivered_on=None)
    assert held("invoice_incomplete", "invoice_incomplete", facts=abroad) == [
        "/delivered_on",
        "/ship_to/address/country",
    ]


@pytest.mark.parametrize(
    ("terms", "delivered", "day", "note"),
    [
        (None, None, DAY, None),
        ({"days": 14}, None, date(2026, 12, 8), "14 days from the invoice."),
        ({"days": 1, "from": "delivery"}, date(2026, 11, 20), date(2026, 11, 21), "1 day from delivery."),
        ({"days": 10, "from": "end_of_month"}, None, date(2026, 12, 10), "10 days from the end of the month."),
    ],
)
def test_the_due_date_is_the_agreed_one(terms: Any, delivered: date | None, day: date, note: str | None) -> None:
    found = due(None if terms is None else Payment.model_validate(terms), DAY, delivered)
    assert (found.on, found.note) == (day, note)


def test_a_return_is_credited_with_its_part_of_every_discount() -> None:
    half = Discount(percent=Decimal(5))
    goods = [shipped("2", 1, "42.00", tax_class="standard", discounts=(half,)), shipped("1", 1, "20.00")]
    freight = order(charges=(OrderCharge(amount=Decimal("10.00"), tax_class="standard"),))
    invoice = invoice_of(goods, [freight], facts(), RULES, [Discount(percent=Decimal(10), reason="Bonus")])
    back = CreditFacts(number="2026-18", issue_date=date(2026, 12, 2))
    note = credit_note_of(invoice, [CreditedLine(line_number="1", quantity=Decimal(1), note="broken")], back)
    assert (note.type, note.credits[0].number, note.due_date) == ("credit_note", "2026-17", date(2026, 12, 2))
    (line,) = note.lines
    assert (line.quantity, line.net_amount, line.note, line.charges[0].amount) == (
        1,
        Decimal("39.90"),
        "broken",
        Decimal("2.10"),
    )
    assert [(one.amount, one.base_amount) for one in note.charges] == [(Decimal("3.99"), Decimal("39.90"))]
    assert (note.totals.without_tax, note.totals.tax) == (Decimal("35.91"), Decimal("6.82"))
    with_freight = credit_note_of(
        invoice, [CreditedLine(line_number="1", quantity=Decimal(2))], replace(back, with_charges=True)
    )
    assert [one.amount for one in with_freight.charges if one.is_charge] == [Decimal("10.00")]


def test_more_than_was_invoiced_is_never_credited() -> None:
    invoice = invoice_of([shipped("3", 1)], [order()], facts(), RULES)
    back = CreditFacts(number="2026-18", issue_date=DAY, before={"1": Decimal(1)})
    wanted = [
        CreditedLine(line_number="9", quantity=Decimal(1)),
        CreditedLine(line_number="1", quantity=Decimal(2)),
        CreditedLine(line_number="1", quantity=Decimal(1)),
        CreditedLine(line_number="1", quantity=Decimal(0)),
    ]
    with pytest.raises(DocumentHeld) as stopped:
        credit_note_of(invoice, wanted, back)
    assert [(fault.code, fault.path) for fault in stopped.value.faults] == [
        ("not_on_invoice", "/lines/0/line_number"),
        ("more_than_invoiced", "/lines/2/quantity"),
        ("more_than_invoiced", "/lines/3/quantity"),
    ]
    assert stopped.value.faults[0].expected == "1"


def test_a_line_that_a_long_invoice_lacks_is_told_with_some_that_it_has() -> None:
    invoice = invoice_of([shipped("1", number) for number in range(1, 24)], [order()], facts(), RULES)
    back = CreditFacts(number="2026-18", issue_date=DAY)
    with pytest.raises(DocumentHeld) as stopped:
        credit_note_of(invoice, [CreditedLine(line_number="99", quantity=Decimal(1))], back)
    (fault,) = stopped.value.faults
    assert fault.expected == ", ".join(map(str, range(1, 21))) + " and 3 more"


# --- for any lines, packs, discounts, charges and taxes ---------------------------------------------------------
MONEY = st.integers(1, 10**6).map(lambda cents: Decimal(cents).scaleb(-2))
PERCENTS = st.sampled_from(["0.5", "3", "12.5"]).map(Decimal)
DISCOUNTS = st.one_of(
    st.builds(Discount, percent=PERCENTS),
    st.builds(
        Discount,
        tiers=st.just((Tier(Decimal(5), Decimal(2)), Tier(Decimal(50), Decimal(4)))),
        by=st.sampled_from(["quantity", "amount"]),
    ),
)
CHARGES = st.builds(
    OrderCharge,
    amount=MONEY,
    tax_class=st.sampled_from([None, "standard", "books"]),
)
COUNTRIES = st.sampled_from(["DE", "DE", "FR", "DK", "NO"])


@st.composite
def goods(draw: st.DrawFn) -> ShippedLine:
    unit, code, base, per_unit = draw(
        st.sampled_from(
            [
                ("EA", "EA", "EA", Fraction(1)),
                ("CS", "XCS", "EA", Fraction(12)),
                ("kg", "KGM", "KGM", Fraction(1)),
                ("lb", "LBR", "GRM", Fraction(45359237, 100000)),
                ("T", None, "EA", Fraction(10, 3)),
            ]
        )
    )
    pieces = draw(st.integers(1, 3000))
    return shipped(
        str(Decimal(pieces).scaleb(-1) if base == "KGM" else pieces),
        per_unit,
        str(draw(st.integers(0, 10**6)) / Decimal(1000)),
        order_number=draw(st.sampled_from(["PO-1", "PO-2"])),
        order_line_number=str(draw(st.integers(1, 9))),
        despatch_number=draw(st.sampled_from(["DA-1", "DA-2"])),
        base_unit=base,
        unit=unit,
        unit_code=code,
        discounts=tuple(draw(st.lists(DISCOUNTS, max_size=2))),
        tax_class=draw(st.sampled_from(["food", "standard", "books", "medical"])),
    )


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    lines = draw(st.lists(goods(), min_size=1, max_size=5))
    numbers = dict.fromkeys(line.order_number for line in lines)
    orders = [
        BilledOrder(
            order_number=number,
            charges=tuple(draw(st.lists(CHARGES, max_size=2))),
        )
        for number in numbers
    ]
    country = draw(COUNTRIES)
    place = PLACE.model_copy(update={"address": Address(city="X", country=country)})
    rest = facts(ship_to=place, ship_to_country=country, payable_step=draw(st.sampled_from([None, Decimal("0.05")])))
    return invoice_of(lines, orders, rest, RULES, draw(st.lists(DISCOUNTS, max_size=1)))


def assert_adds_up(invoice: Invoice) -> None:
    reasons: dict[str, Any] = defaultdict(lambda: None)
    ours = tax_subtotals(invoice.lines, invoice.charges, reasons)
    assert [(one.category, one.percent, one.taxable_amount, one.tax_amount) for one in ours] == [
        (one.category, one.percent, one.taxable_amount, one.tax_amount) for one in invoice.taxes
    ]
    sums = totals(invoice.lines, invoice.charges, ours)
    assert (sums.without_tax, sums.tax, sums.with_tax) == (
        invoice.totals.without_tax,
        invoice.totals.tax,
        invoice.totals.with_tax,
    )
    for charge in (*invoice.charges, *(one for line in invoice.lines for one in line.charges)):
        if charge.percent is not None and charge.base_amount is not None:
            assert abs(charge.amount - percentage(charge.base_amount, charge.percent)) <= Decimal("0.02")


@settings(max_examples=60)
@given(goods())
def test_a_line_costs_what_was_agreed_whatever_the_unit(line: ShippedLine) -> None:
    """The value of a line in base units is that in the ordered unit, exactly, before it is rounded."""
    (found,) = invoice_of([line], [order(order_number=line.order_number)], facts(), RULES).lines
    agreed = Fraction(line.base_quantity) / line.base_per_unit * Fraction(line.price.amount)
    assert Fraction(found.quantity) * Fraction(found.price.amount) / Fraction(found.price.base_quantity) == agreed
    assert found.net_amount == net_amount(found.quantity, found.price, found.charges)


@settings(max_examples=50, phases=NO_SHRINKING)
@given(invoices())
def test_an_invoice_adds_up_and_keeps_the_rules(invoice: Invoice) -> None:
    assert_adds_up(invoice)
    for line in invoice.lines:
        assert line.net_amount == net_amount(line.quantity, line.price, line.charges)
    assert broken_rules(PEPPOL_BIS_3.renderers["invoice"](invoice), warnings=True) == []
    of_their_own = any(line.unit_code is None for line in invoice.lines)
    broken = broken_rules(UBL_2_1.renderers["invoice"](invoice))
    assert all(of_their_own and rule.startswith("BR-CL-23") for rule in broken)


@settings(max_examples=50, phases=NO_SHRINKING)
@given(invoices(), st.data())
def test_credit_notes_of_everything_sum_to_the_invoice(invoice: Invoice, data: st.DataObject) -> None:
    """In up to three parts a line, however it is cut: each keeps the rules, and together they are the invoice."""
    left = {line.line_number: line.quantity for line in invoice.lines}
    before: dict[str, Decimal] = {}
    without_tax = lines = Decimal(0)
    for step in range(3):
        parts = []
        for number, quantity in left.items():
            whole = step == 2 or data.draw(st.booleans())
            part = quantity if whole else (quantity / 2).quantize(Decimal("0.1"))
            if part:
                parts.append(CreditedLine(line_number=number, quantity=part))
        if not parts:
            continue
        told = CreditFacts(number=f"C-{step}", issue_date=DAY, before=dict(before), with_charges=True)
        note = credit_note_of(invoice, parts, told)
        assert_adds_up(note)
        assert broken_rules(PEPPOL_BIS_3.renderers["credit_note"](note), warnings=True) == []
        without_tax, lines = without_tax + note.totals.without_tax, lines + note.totals.lines
        for one in parts:
            before[one.line_number] = before.get(one.line_number, Decimal(0)) + one.quantity
            left[one.line_number] -= one.quantity
    assert not any(left.values())
    assert lines == invoice.totals.lines
    goods_only = [one for one in invoice.charges if one.tax and _has_goods(invoice, one.tax.category, one.tax.percent)]
    if len(goods_only) == len(invoice.charges):
        assert without_tax == invoice.totals.without_tax


def _has_goods(invoice: Invoice, category: str, percent: Decimal | None) -> bool:
    """Freight taxed by a rate that no goods have goes back with none."""
    groups = {(line.tax.category, line.tax.percent) for line in invoice.lines if line.net_amount}
    return (category, percent) in groups
