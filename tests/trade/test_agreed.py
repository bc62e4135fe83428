"""Discounts and charges as the account's terms have them, on the invoice of the day and currency they count for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.trade.agreed import document_discounts, line_discounts
from gateway.trade.discounts import Discount, Tier
from gateway.trade.invoicing import invoice_of
from gateway.trade.order_charges import as_billed, charges_now, order_charges
from mappings.account import TradeTerms
from schemas.charge_codes import ALLOWANCE_REASONS, CHARGE_REASONS
from schemas.documents.common import Charge
from schemas.documents.order import Order, OrderLine
from schemas.formats.ubl_2_1 import PEPPOL_BIS_3
from tests.formats.en16931 import broken_rules
from tests.trade.test_invoicing import RULES, facts, order, shipped

ADVENT = date(2026, 12, 6)


def terms(*discounts: dict[str, Any], currency: str | None = "EUR") -> TradeTerms:
    return TradeTerms.model_validate({"currency": currency, "discounts": list(discounts)})


def reasons(found: tuple[Discount, ...]) -> list[str | None]:
    return [one.reason for one in found]


def test_a_line_has_what_its_product_has_on_the_day() -> None:
    agreed = terms(
        {"percent": "3", "reason": "all"},
        {"percent": "5", "products": ["OAT-1L", "RYE-500"], "reason": "two"},
        {"percent": "10", "valid_from": "2026-12-01", "valid_to": "2026-12-24", "reason": "advent"},
        {"of": "document", "percent": "1", "reason": "whole"},
    )
    assert reasons(line_discounts(agreed, "OAT-1L", ADVENT, "EUR")) == ["all", "two", "advent"]
    assert reasons(line_discounts(agreed, "MUG", ADVENT, "EUR")) == ["all", "advent"]
    assert reasons(document_discounts(agreed, ADVENT, "EUR")) == ["whole"]


@pytest.mark.parametrize(
    ("on", "counts"),
    [
        (date(2026, 11, 30), False),
        (date(2026, 12, 1), True),
        (date(2026, 12, 24), True),
        (date(2026, 12, 25), False),
        (None, False),
    ],
)
def test_a_promotion_counts_from_its_first_day_to_its_last(on: date | None, counts: bool) -> None:
    agreed = terms({"percent": "10", "valid_from": "2026-12-01", "valid_to": "2026-12-24"})
    assert bool(line_discounts(agreed, "MUG", on, "EUR")) is counts


def test_amounts_count_in_their_own_currency_and_per_cents_in_every_one() -> None:
    agreed = terms(
        {"percent": "3", "reason": "percent"},
        {"percent": "4", "currency": "EUR", "reason": "percent in EUR"},
        {"amount": "5", "reason": "amount"},
        {"amount": "60", "currency": "NOK", "reason": "amount in NOK"},
        {"tiers": [{"from": "100", "percent": "2"}], "reason": "by amount"},
        {"tiers": [{"from": "10", "percent": "2"}], "by": "quantity", "reason": "by quantity"},
    )
    in_euros = ["percent", "percent in EUR", "amount", "by amount", "by quantity"]
    assert reasons(line_discounts(agreed, "MUG", ADVENT, "EUR")) == in_euros
    assert reasons(line_discounts(agreed, "MUG", ADVENT, "NOK")) == ["percent", "amount in NOK", "by quantity"]


def test_tiers_amounts_and_reasons_come_as_they_were_agreed() -> None:
    tiers = [{"from": "10", "percent": "2"}, {"from": "100", "percent": "5.5"}]
    agreed = terms(
        {"by": "quantity", "tiers": tiers, "reason": "Volume", "reason_code": "100"}, {"amount": "5", "products": ["X"]}
    )
    assert line_discounts(agreed, "X", ADVENT, "EUR") == (
        Discount(
            tiers=(Tier(Decimal(10), Decimal(2)), Tier(Decimal(100), Decimal("5.5"))),
            by="quantity",
            reason_code="100",
            reason="Volume",
        ),
        Discount(each=Decimal(5), reason_code="95", reason="Discount"),
    )


def test_an_amount_is_off_each_ordered_unit_so_that_parts_have_it_once() -> None:
    """0.50 off each case of 12: 24 pieces have 1.00, 6 pieces 0.25; and never more than the goods cost."""
    off = line_discounts(terms({"amount": "0.5"}), "OAT-1L", ADVENT, "EUR")
    two, half = (shipped(pieces, 12, "12.00", discounts=off) for pieces in ("24", "6"))
    found = invoice_of([two, half], [order()], facts(), RULES)
    assert [(one.charges[0].amount, one.net_amount) for one in found.lines] == [
        (Decimal("1.00"), Decimal("23.00")),
        (Decimal("0.25"), Decimal("5.75")),
    ]


def test_no_more_is_taken_off_than_there_is() -> None:
    """A line of 10.00: 80 % and then 3.00 of which 2.00 are left. A document of 10.00 and 20.00: 35.00 are 30.00."""
    agreed = terms({"percent": "80"}, {"amount": "3"}, {"percent": "5"})
    off = line_discounts(agreed, "OAT-1L", ADVENT, "EUR")
    found = invoice_of([shipped("1", 1, "10.00", discounts=off)], [order()], facts(), RULES)
    assert [(one.amount, one.percent) for one in found.lines[0].charges] == [(8, 80), (2, None)]
    assert found.lines[0].net_amount == 0
    goods = [shipped("1", 1, "10.00"), shipped("2", 1, "10.00", tax_class="standard")]
    whole = document_discounts(terms({"of": "document", "amount": "35"}), ADVENT, "EUR")
    emptied = invoice_of(goods, [order()], facts(), RULES, whole)
    assert [one.amount for one in emptied.charges] == [10, 20]
    assert (emptied.totals.without_tax, emptied.totals.payable) == (0, 0)
    assert broken_rules(PEPPOL_BIS_3.renderers["invoice"](emptied)) == []


def test_an_invoice_with_all_of_it_by_hand() -> None:
    """100 at 10.00: 5 % and 3 % off the line, 2 % of the rest off the invoice, and freight of 50.00, all at 7 %."""
    agreed = terms(
        {"by": "quantity", "tiers": [{"from": "10", "percent": "2"}, {"from": "100", "percent": "5"}]},
        {"percent": "3", "valid_to": "2026-12-31", "reason": "Promotion", "reason_code": "100"},
        {"of": "document", "tiers": [{"from": "500.00", "percent": "2"}]},
    )
    sent = Order(
        order_number="PO-1001",
        charges=(Charge(is_charge=True, amount=Decimal(50), reason_code="FC"),),
        lines=(OrderLine(line_number="1", quantity=Decimal(100)),),
    )
    line = shipped("100", 1, "10.00", unit="EA", discounts=line_discounts(agreed, "OAT-1L", ADVENT, "EUR"))
    billed = order(charges=as_billed(order_charges(sent.charges)))
    found = invoice_of([line], [billed], facts(), RULES, document_discounts(agreed, ADVENT, "EUR"))
    assert [one.amount for one in found.lines[0].charges] == [Decimal("50.00"), Decimal("30.00")]
    assert found.totals.lines == Decimal("920.00")
    assert [(one.is_charge, one.amount, one.reason) for one in found.charges] == [
        (False, Decimal("18.40"), "Discount"),
        (True, Decimal("50.00"), "Charge"),
    ]
    assert (found.totals.without_tax, found.totals.tax) == (Decimal("951.60"), Decimal("66.61"))


agreements = st.fixed_dictionaries(
    {"reason_code": st.sampled_from(sorted(ALLOWANCE_REASONS))},
    optional={"products": st.lists(st.sampled_from(["OAT-1L", "MUG"]), max_size=2)},
).flatmap(
    lambda shared: st.one_of(
        st.builds(lambda percent: shared | {"percent": percent}, st.decimals(0, 70, places=2)),
        st.builds(lambda amount: shared | {"amount": amount}, st.decimals("0.01", "9.99", places=2)),
        st.builds(
            lambda by, percent: shared | {"by": by, "tiers": [{"from": "3", "percent": percent}]},
            st.sampled_from(["quantity", "amount"]),
            st.decimals(0, 20, places=2),
        ),
    )
)
codes = st.sampled_from([None, "FC", "freight", *sorted(CHARGE_REASONS)[:5], *sorted(ALLOWANCE_REASONS)[:5]])
charges = st.builds(Charge, is_charge=st.booleans(), amount=st.decimals(-5, 5, places=4), reason_code=codes)


@settings(max_examples=25)
@given(
    st.lists(agreements, max_size=3),
    st.lists(st.decimals(0, 70, places=1), max_size=2),
    st.lists(charges, max_size=3),
    st.sampled_from([Fraction(1), Fraction(247, 1000)]),
)
def test_whatever_is_agreed_the_invoice_keeps_the_standards_rules(
    lines: list[dict[str, Any]], percents: list[Decimal], charged: list[Charge], part: Fraction
) -> None:
    agreed = terms(*lines, *({"of": "document", "percent": one} for one in percents))
    goods = [
        shipped("10", 1, "12.34", tax_class=tax, discounts=line_discounts(agreed, product, ADVENT, "EUR"))
        for product, tax in (("OAT-1L", "food"), ("MUG", "standard"))
    ]
    billed = order(charges=as_billed(charges_now(order_charges(charged), {}, part)))
    found = invoice_of(goods, [billed], facts(), RULES, document_discounts(agreed, ADVENT, "EUR"))
    assert broken_rules(PEPPOL_BIS_3.renderers["invoice"](found)) == []
