"""Rebates: what is counted, by tier, to the cent; and the credit notes that settle them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.trade.discounts import Discount, OrderCharge
from gateway.trade.invoice_sums import Exemption, percentage
from gateway.trade.invoicing import CreditedLine, CreditFacts, credit_note_of, invoice_of
from gateway.trade.rebates import (
    CountedDocument,
    CountedLine,
    RebatePeriod,
    RebateStatement,
    SettlementFacts,
    Sold,
    counted,
    period_of,
    settlement_of,
    settlement_parts,
    statements,
)
from mappings.account import Rebate
from schemas.documents.invoice import InvoiceReference, TaxCategory
from schemas.faults import DocumentHeld
from schemas.formats.ubl_2_1 import PEPPOL_BIS_3
from schemas.values import half_up
from tests.formats.en16931 import broken_rules
from tests.trade.test_invoicing import NO_SHRINKING, PLACE, RULES, facts, order, shipped
from tests.valid_invoices import BUYER, SELLER

DAY = date(2026, 11, 24)
YEAR = RebatePeriod(date(2026, 1, 1), date(2026, 12, 31))
FOOD, STANDARD = TaxCategory(category="S", percent=Decimal(7)), TaxCategory(category="S", percent=Decimal("19.0"))
CLERK = SettlementFacts(number="C-9", issue_date=date(2027, 1, 4), seller=SELLER, buyer=BUYER, ship_to=PLACE)


def rebate(*tiers: tuple[str, str], **others: Any) -> Rebate:
    told = [{"from": start, "percent": percent} for start, percent in tiers]
    return Rebate.model_validate({"period": "year", "tiers": told} | others)


def line(net: str, product: str = "OAT-1L", quantity: str = "0", tax: TaxCategory = FOOD, **others: Any) -> CountedLine:
    return CountedLine(product=product, net=Decimal(net), base_quantity=Decimal(quantity), tax=tax, **others)


def invoiced(number: str, *lines: CountedLine, **others: Any) -> CountedDocument:
    known: dict[str, Any] = {"type": "invoice", "number": number, "issue_date": DAY, "currency": "EUR"}
    return CountedDocument(**(known | others), lines=lines)


def credited(number: str, *lines: CountedLine, **others: Any) -> CountedDocument:
    return invoiced(number, *lines, type="credit_note", **others)


def only(found: tuple[RebateStatement, ...]) -> RebateStatement:
    (statement,) = found
    return statement


def tiers(statement: RebateStatement) -> list[tuple[str, str | None, str, str, str]]:
    """From, to, part, net and rebate of each tier."""
    return [
        (f"{one.start}", None if one.end is None else f"{one.end}", f"{one.part}", f"{one.net}", f"{one.rebate}")
        for one in statement.tiers
    ]


# --- by hand ------------------------------------------------------------------------------------------------------
def test_each_tiers_rate_for_what_lies_in_it() -> None:
    """300,000 less nothing: 2 % of the 150,000 from 100,000 to 250,000, and 3 % of the 50,000 above."""
    agreed = rebate(("100000.00", "2.0"), ("250000.00", "3"))
    found = only(statements(agreed, YEAR, [invoiced("1", line("300000.00"))]))
    assert tiers(found) == [
        ("0", "100000.00", "100000.00", "100000.00", "0.00"),
        ("100000.00", "250000.00", "150000.00", "150000.00", "3000.00"),
        ("250000.00", None, "50000.00", "50000.00", "1500.00"),
    ]
    assert (found.net, found.basis, found.total, found.open) == (
        Decimal("300000.00"),
        Decimal("300000.00"),
        Decimal("4500.00"),
        Decimal("4500.00"),
    )


def test_the_reached_tiers_rate_for_all_of_it() -> None:
    agreed = rebate(("250000.00", "3"), ("100000.00", "2.0"), method="retroactive")
    just_below = only(statements(agreed, YEAR, [invoiced("1", line("249999.99"))]))
    assert (just_below.total, just_below.tiers[1].part) == (Decimal("5000.00"), Decimal("249999.99"))
    reached = only(statements(agreed, YEAR, [invoiced("1", line("250000.00"))]))
    assert [one.rebate for one in reached.tiers] == [Decimal("0.00"), Decimal("0.00"), Decimal("7500.00")]


def test_by_quantity_the_money_follows_the_pieces() -> None:
    """100 of 120 pieces for 1,000.00 are 833.33 at 1 %, the other 20 are 166.67 at 5 %."""
    agreed = rebate(("0", "1"), ("100", "5"), basis="quantity")
    found = only(statements(agreed, YEAR, [invoiced("1", line("1000.00", quantity="120"))]))
    assert tiers(found) == [("0", "100", "100", "833.33", "8.33"), ("100", None, "20", "166.67", "8.33")]
    assert (found.basis, found.net, found.total) == (Decimal(120), Decimal("1000.00"), Decimal("16.66"))


def test_credit_notes_count_against_invoices_in_the_period_of_their_date() -> None:
    agreed = rebate(("0", "10"), period="quarter")
    documents = [
        credited("C-1", line("30.00", quantity="3"), issue_date=date(2026, 12, 31)),
        invoiced("1", line("100.00", quantity="10"), issue_date=date(2026, 10, 1)),
        invoiced("2", line("5.00"), issue_date=date(2026, 9, 30)),
        credited("C-2", line("70.00"), issue_date=date(2027, 1, 1)),
    ]
    found = only(statements(agreed, period_of(agreed, DAY), documents))
    assert [(one.type, one.number, one.net, one.base_quantity) for one in found.documents] == [
        ("invoice", "1", Decimal("100.00"), Decimal(10)),
        ("credit_note", "C-1", Decimal("-30.00"), Decimal(-3)),
    ]
    assert (found.net, found.total) == (Decimal("70.00"), Decimal("7.00"))


def test_more_credited_than_invoiced_earns_nothing_and_owes_what_was_settled() -> None:
    agreed = rebate(("0", "10"))
    found = only(statements(agreed, YEAR, [credited("C-1", line("30.00"))], {"EUR": Decimal("2")}))
    assert (found.net, found.total, found.settled, found.open) == (-30, 0, 2, -2)
    assert settlement_parts(found, [credited("C-1", line("30.00"))]) == ()


def test_only_what_the_rebate_is_for() -> None:
    agreed = rebate(("0", "10"), products=["OAT-1L"])
    documents = [invoiced("1", line("10.00"), line("90.00", "MUG")), invoiced("2", line("5.00", "MUG"))]
    found = only(statements(agreed, YEAR, documents))
    assert ([one.number for one in found.documents], found.net) == (["1"], Decimal("10.00"))


def test_each_currency_by_itself_or_the_agreed_one_alone() -> None:
    documents = [invoiced("1", line("10.00")), invoiced("2", line("20.00"), currency="NOK")]
    agreed = rebate(("0", "10"))
    assert [(one.currency, one.net) for one in statements(agreed, YEAR, documents)] == [("EUR", 10), ("NOK", 20)]
    assert [one.currency for one in statements(agreed, YEAR, documents, currency="EUR")] == ["EUR"]
    named = rebate(("0", "10"), currency="NOK")
    assert [one.currency for one in statements(named, YEAR, documents, currency="EUR")] == ["NOK"]


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("month", date(2028, 2, 1), date(2028, 2, 29)),
        ("quarter", date(2028, 1, 1), date(2028, 3, 31)),
        ("year", date(2028, 1, 1), date(2028, 12, 31)),
    ],
)
def test_periods_of_the_calendar(period: str, start: date, end: date) -> None:
    assert period_of(rebate(period=period), date(2028, 2, 10)) == RebatePeriod(start, end)


def test_a_period_is_no_longer_than_the_rebate_is_agreed() -> None:
    agreed = rebate(valid_from="2026-03-01", valid_to="2026-06-30")
    assert period_of(agreed, DAY) == RebatePeriod(date(2026, 3, 1), date(2026, 6, 30))
    with pytest.raises(ValueError, match="agreed from 2026-03-01 to 2026-06-30"):
        period_of(agreed, date(2027, 1, 1))


# --- from invoices and credit notes ---------------------------------------------------------------------------------
def test_an_invoices_lines_count_with_their_part_of_its_discounts_and_without_freight() -> None:
    """100.00 at 7 % and 200.00 at 19 %, 10 % off all of it: 90.00 and 180.00; half of the first comes back."""
    goods = [shipped("10", 1, "10.00", unit="EA"), shipped("20", 1, "10.00", unit="EA", tax_class="standard")]
    billed = order(charges=(OrderCharge(amount=Decimal("9.00")),))
    invoice = invoice_of(goods, [billed], facts(), RULES, [Discount(percent=Decimal(10))])
    sold = {"1": Sold("OAT-1L", Decimal(10)), "2": Sold("MUG", Decimal(20))}
    assert [(one.product, one.net) for one in counted(invoice, sold).lines] == [("OAT-1L", 90), ("MUG", 180)]
    part = CreditedLine(line_number="1", quantity=Decimal(5))
    note = credit_note_of(invoice, [part], CreditFacts(number="C-1", issue_date=DAY))
    documents = [counted(invoice, sold), counted(note, {"1": Sold("OAT-1L", Decimal(5))})]
    found = only(statements(rebate(("0", "10")), YEAR, documents))
    assert (found.net, found.total) == (Decimal("225.00"), Decimal("22.50"))


def test_a_settlement_is_in_the_taxes_of_what_was_invoiced_and_counts_for_no_rebate() -> None:
    """45.00 and 180.00 of 225.00: 22.50 are 4.50 at 7 % and 18.00 at 19 %."""
    documents = [
        invoiced("1", line("90.00"), line("100.00", tax=STANDARD)),
        invoiced("2", line("80.00", tax=STANDARD), issue_date=date(2026, 12, 1)),
        credited("C-1", line("45.00")),
    ]
    statement = only(statements(rebate(("0", "10"), name="Bonus"), YEAR, documents))
    (part,) = settlement_parts(statement, documents)
    note = settlement_of(statement, part, CLERK)
    assert [(one.net_amount, one.tax.percent, one.description) for one in note.lines] == [
        (Decimal("4.50"), 7, "Bonus from 2026-01-01 to 2026-12-31"),
        (Decimal("18.00"), 19, "Bonus from 2026-01-01 to 2026-12-31"),
    ]
    assert note.credits == (
        InvoiceReference(number="1", issue_date=DAY),
        InvoiceReference(number="2", issue_date=date(2026, 12, 1)),
    )
    assert (note.totals.without_tax, note.totals.tax) == (Decimal("22.50"), Decimal("3.74"))
    assert broken_rules(PEPPOL_BIS_3.renderers["credit_note"](note), warnings=True) == []
    assert counted(note, {}).lines == ()


def test_what_was_settled_is_not_settled_again() -> None:
    documents = [invoiced("1", line("1000.00"))]
    agreed = rebate(("0", "10"))
    statement = only(statements(agreed, YEAR, documents, {"EUR": Decimal("60.00")}))
    assert [one.amount for one in settlement_parts(statement, documents)] == [Decimal("40.00")]
    done = only(statements(agreed, YEAR, documents, {"EUR": Decimal("100.00")}))
    assert settlement_parts(done, documents) == ()


def test_taxes_that_cannot_stand_together_are_settled_apart() -> None:
    """What is not subject to VAT alone, and what is exempt for another reason than the rest of its category."""
    exempt, untaxed = TaxCategory(category="E", percent=Decimal(0)), TaxCategory(category="O")
    documents = [
        invoiced("1", line("100.00"), line("50.00", tax=exempt, exemption=Exemption("VATEX-EU-132", "Medical"))),
        invoiced("2", line("30.00", tax=exempt, exemption=Exemption("VATEX-EU-143", "Import"))),
        invoiced("3", line("20.00", tax=untaxed, exemption=Exemption("VATEX-EU-O", "No VAT"))),
    ]
    statement = only(statements(rebate(("0", "10")), YEAR, documents))
    parts = settlement_parts(statement, documents)
    assert [([one.number for one in part.invoices], part.amount) for part in parts] == [
        (["1"], Decimal("15.00")),
        (["2"], Decimal("3.00")),
        (["3"], Decimal("2.00")),
    ]
    for part in parts:
        note = settlement_of(statement, part, CLERK)
        assert broken_rules(PEPPOL_BIS_3.renderers["credit_note"](note), warnings=True) == []


def test_an_interim_settlement_says_no_day_that_is_to_come() -> None:
    documents = [invoiced("1", line("1000.00"))]
    statement = only(statements(rebate(("0", "10")), YEAR, documents))
    (part,) = settlement_parts(statement, documents)
    final, interim = CLERK, replace(CLERK, issue_date=date(2026, 11, 26))
    said = [settlement_of(statement, part, one).delivered_on for one in (final, interim)]
    assert said == [date(2026, 12, 31), date(2026, 11, 26)]


def test_each_vat_number_of_ours_has_a_settlement_of_its_own() -> None:
    """What left a warehouse in another country was taxed under our number there, and so is what is given back of it."""
    documents = [
        invoiced("1", line("100.00"), our_vat_id="NO999888771MVA"),
        invoiced("2", line("50.00"), our_vat_id="DE318265499"),
        credited("C-1", line("20.00"), our_vat_id="DE318265499"),
    ]
    statement = only(statements(rebate(("0", "10")), YEAR, documents))
    parts = settlement_parts(statement, documents)
    assert [(part.our_vat_id, [one.number for one in part.invoices], part.amount) for part in parts] == [
        ("NO999888771MVA", ["1"], Decimal("10.00")),
        ("DE318265499", ["2"], Decimal("3.00")),
    ]


def test_what_the_law_wants_and_nobody_knows_holds_the_settlement() -> None:
    within = TaxCategory(category="K", percent=Decimal(0))
    documents = [invoiced("1", line("100.00", tax=within, exemption=Exemption("VATEX-EU-IC", "Within the EU")))]
    statement = only(statements(rebate(("0", "10")), YEAR, documents))
    (part,) = settlement_parts(statement, documents)
    with pytest.raises(DocumentHeld) as held:
        settlement_of(statement, part, replace(CLERK, ship_to=None))
    assert [fault.path for fault in held.value.faults] == ["/ship_to/address/country"]
    note = settlement_of(statement, part, CLERK)
    assert broken_rules(PEPPOL_BIS_3.renderers["credit_note"](note), warnings=True) == []


# --- for any tiers and documents ------------------------------------------------------------------------------------
TAXES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"tax": FOOD},
        {"tax": STANDARD},
        {"tax": TaxCategory(category="Z", percent=Decimal(0))},
        {"tax": TaxCategory(category="E", percent=Decimal(0)), "exemption": Exemption("VATEX-EU-132", "Medical")},
        {"tax": TaxCategory(category="E", percent=Decimal(0)), "exemption": Exemption("VATEX-EU-143", "Import")},
        {"tax": TaxCategory(category="AE", percent=Decimal(0)), "exemption": Exemption("VATEX-EU-AE", "Reverse")},
        {"tax": TaxCategory(category="O"), "exemption": Exemption("VATEX-EU-O", "No VAT")},
    ]
)
cents = st.integers(0, 10**7).map(lambda number: f"{Decimal(number).scaleb(-2)}")
rising = st.lists(st.tuples(st.integers(0, 10**5), st.integers(0, 1000)), max_size=4, unique_by=lambda one: one[0]).map(
    lambda drawn: [
        (str(start), f"{Decimal(percent).scaleb(-2)}")
        for start, percent in zip(
            sorted(start for start, _ in drawn), sorted(percent for _, percent in drawn), strict=True
        )
    ]
)


@st.composite
def documents_of(draw: st.DrawFn) -> list[CountedDocument]:
    found = []
    for number in range(draw(st.integers(0, 4))):
        lines = [
            line(draw(cents), draw(st.sampled_from(["OAT-1L", "MUG"])), str(draw(st.integers(0, 99))), **draw(TAXES))
            for _ in range(draw(st.integers(0, 3)))
        ]
        kind = draw(st.sampled_from(["invoice", "invoice", "credit_note"]))
        found.append(invoiced(str(number), *lines, type=kind))
    return found


@settings(max_examples=200)
@given(
    documents_of(), rising, st.sampled_from(["marginal", "retroactive"]), st.sampled_from(["net_invoiced", "quantity"])
)
def test_a_statement_adds_up(documents: list[CountedDocument], steps: Any, method: str, basis: str) -> None:
    agreed = rebate(*steps, method=method, basis=basis)
    for found in statements(agreed, YEAR, documents):
        counts = max(found.basis, Decimal(0))
        assert sum(one.part for one in found.tiers) == counts
        assert sum(one.net for one in found.tiers) == (max(found.net, Decimal(0)) if counts else 0)
        assert [one.rebate for one in found.tiers] == [percentage(one.net, one.percent) for one in found.tiers]
        assert sum(one.rebate for one in found.tiers) == found.total
        assert sum(one.net for one in found.documents) == found.net
        assert [one.end for one in found.tiers] == [*(one.start for one in found.tiers[1:]), None]
        assert found.tiers[0].start == 0


@settings(max_examples=200)
@given(cents, cents, rising, st.sampled_from(["marginal", "retroactive"]))
def test_who_buys_more_gets_no_less(one: str, more: str, steps: Any, method: str) -> None:
    """Under tiers whose rates rise."""
    agreed = rebate(*steps, method=method)
    before = only(statements(agreed, YEAR, [invoiced("1", line(one))]))
    after = only(statements(agreed, YEAR, [invoiced("1", line(one)), invoiced("2", line(more))]))
    assert after.total >= before.total


@settings(max_examples=200)
@given(cents, rising)
def test_the_marginal_rebate_is_the_exact_one_but_for_a_cent_a_tier(net: str, steps: Any) -> None:
    """By another way: every tier's percentage over the one before, of all that lies above where it begins."""
    found = only(statements(rebate(*steps), YEAR, [invoiced("1", line(net))]))
    exact, below = Fraction(0), Fraction(0)
    for start, percent in steps:
        exact += max(Fraction(net) - Fraction(start), Fraction(0)) * (Fraction(percent) - below) / 100
        below = Fraction(percent)
    assert abs(found.total - half_up(exact, 6)) <= Decimal("0.005") * len(found.tiers) + Decimal("0.000001")


@settings(max_examples=40, phases=NO_SHRINKING)
@given(documents_of(), st.integers(1, 3000))
def test_settlements_sum_to_what_is_open_and_keep_the_rules(documents: list[CountedDocument], percent: int) -> None:
    agreed = rebate(("0", f"{Decimal(percent).scaleb(-2)}"))
    for statement in statements(agreed, YEAR, documents):
        parts = settlement_parts(statement, documents)
        assert sum(part.amount for part in parts) == max(statement.open, Decimal(0))
        for part in parts:
            note = settlement_of(statement, part, CLERK)
            assert note.totals.without_tax == part.amount
            assert {one.number for one in note.credits} <= {one.number for one in documents if one.type == "invoice"}
            assert broken_rules(PEPPOL_BIS_3.renderers["credit_note"](note), warnings=True) == []
