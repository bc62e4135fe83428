"""EN 16931's arithmetic, worked out a second time with fractions, for any lines, allowances, charges and taxes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trade.invoice_sums import Exemption, net_amount, percentage, tax_subtotals, totals
from schemas.documents.common import Price
from schemas.documents.invoice import Invoice, InvoiceCharge, InvoiceLine, TaxCategory, TaxSubtotal, Totals
from schemas.formats.json_1 import JSON_1

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "formats"
DOCUMENTS = sorted(path for kind in ("invoice", "credit_note") for path in EXAMPLES.glob(f"*/examples/{kind}/*.json"))
MONEY = st.integers(0, 10**9).map(lambda cents: Decimal(cents).scaleb(-2))
PRICES = st.one_of(st.integers(0, 10**12).map(lambda digits: Decimal(digits).scaleb(-6)), MONEY)
QUANTITIES = st.one_of(
    st.integers(1, 10**5).map(Decimal), st.integers(1, 10**9).map(lambda digits: Decimal(digits).scaleb(-5))
)
BASES = st.sampled_from([Decimal(1), Decimal(12), Decimal(7), Decimal(1000), Decimal("0.25")])
TAXES = st.one_of(
    st.builds(
        TaxCategory,
        category=st.sampled_from(["S", "L", "M"]),
        percent=st.sampled_from(["19", "19.00", "7", "5.5", "2.6", "0.1"]).map(Decimal),
    ),
    st.builds(TaxCategory, category=st.sampled_from(["Z", "E", "AE", "K", "G"]), percent=st.just(Decimal(0))),
    st.just(TaxCategory(category="O")),
)


def charges(tax: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[InvoiceCharge, ...]]:
    one = st.builds(InvoiceCharge, is_charge=st.booleans(), amount=MONEY, tax=tax)
    return st.lists(one, max_size=3).map(tuple)


@st.composite
def lines(draw: st.DrawFn) -> InvoiceLine:
    quantity, price = draw(QUANTITIES), Price(amount=draw(PRICES), base_quantity=draw(BASES))
    own = draw(charges(st.none()))
    return InvoiceLine(
        line_number="1",
        quantity=quantity,
        price=price,
        charges=own,
        net_amount=net_amount(quantity, price, own),
        tax=draw(TAXES),
    )


def rounded(value: Fraction) -> Fraction:
    """Half up to cents, by whole numbers."""
    cents, rest = divmod(abs(value) * 100, 1)
    whole = int(cents) + (1 if rest >= Fraction(1, 2) else 0)
    return Fraction(whole if value >= 0 else -whole, 100)


def signed(found: Iterable[InvoiceCharge]) -> Fraction:
    return sum((Fraction(one.amount) * (1 if one.is_charge else -1) for one in found), Fraction(0))


@given(lines())
def test_a_line_is_rounded_once(line: InvoiceLine) -> None:
    """BT-131, and Peppol's R120: quantity x (price / base quantity), which alone has parts of cents, + charges -
    allowances."""
    price = Fraction(line.price.amount) / Fraction(line.price.base_quantity)
    assert Fraction(line.net_amount) == rounded(Fraction(line.quantity) * price) + signed(line.charges)
    assert line.net_amount.as_tuple().exponent == -2


@given(st.lists(lines(), min_size=1, max_size=6), charges(TAXES))
def test_tax_is_of_the_rounded_amounts_of_each_category_and_rate(
    found: list[InvoiceLine], of_document: tuple[InvoiceCharge, ...]
) -> None:
    """BR-CO-17 and BR-CO-18; BR-S-08 and its sisters; BR-Z-09 and its: no tax where there is no rate."""
    due: dict[tuple[str, Fraction], Fraction] = defaultdict(Fraction)
    for line in found:
        due[line.tax.category, Fraction(line.tax.percent or 0)] += Fraction(line.net_amount)
    for charge in of_document:
        assert charge.tax is not None
        due[charge.tax.category, Fraction(charge.tax.percent or 0)] += signed([charge])
    subtotals = tax_subtotals(found, of_document)
    told = {(one.category, Fraction(one.percent or 0)): one for one in subtotals}
    assert len(told) == len(subtotals)
    assert {group: Fraction(one.taxable_amount) for group, one in told.items()} == due
    for (category, percent), one in told.items():
        assert Fraction(one.tax_amount) == rounded(Fraction(one.taxable_amount) * percent / 100)
        assert (one.percent is None) == (category == "O")


@given(
    st.lists(lines(), min_size=1, max_size=6),
    charges(TAXES),
    MONEY,
    st.sampled_from([None, Decimal("0.05"), Decimal("0.10"), Decimal(1)]),
)
def test_totals_are_sums_of_what_was_rounded(
    found: list[InvoiceLine], of_document: tuple[InvoiceCharge, ...], prepaid: Decimal, step: Decimal | None
) -> None:
    taxes = tax_subtotals(found, of_document)
    sums = totals(found, of_document, taxes, prepaid=prepaid, payable_step=step)
    assert_adds_up(sums, found, of_document, taxes)
    assert Fraction(sums.prepaid) == Fraction(prepaid)
    if step is None:
        assert sums.rounding == 0
    else:
        assert Fraction(sums.payable) % Fraction(step) == 0
        assert abs(Fraction(sums.rounding)) <= Fraction(step) / 2


def assert_adds_up(
    sums: Totals, found: Iterable[InvoiceLine], of_document: Iterable[InvoiceCharge], taxes: Iterable[TaxSubtotal]
) -> None:
    """BR-CO-10 to BR-CO-16."""
    exact = {name: Fraction(getattr(sums, name)) for name in Totals.__slots__}
    assert exact["lines"] == sum(Fraction(line.net_amount) for line in found)
    assert exact["allowances"] == sum(Fraction(one.amount) for one in of_document if not one.is_charge)
    assert exact["charges"] == sum(Fraction(one.amount) for one in of_document if one.is_charge)
    assert exact["without_tax"] == exact["lines"] - exact["allowances"] + exact["charges"]
    assert exact["tax"] == sum(Fraction(one.tax_amount) for one in taxes)
    assert exact["with_tax"] == exact["without_tax"] + exact["tax"]
    assert exact["payable"] == exact["with_tax"] - exact["prepaid"] + exact["rounding"]
    assert all(getattr(sums, name).as_tuple().exponent == -2 for name in Totals.__slots__)


@pytest.mark.parametrize(
    ("quantity", "amount", "base", "net"),
    [
        ("19", "12.80", "12", "20.27"),
        ("1", "0.005", "1", "0.01"),
        ("-1", "0.005", "1", "-0.01"),
        ("3", "0.001", "1", "0.00"),
        ("1000", "12.3456", "100", "123.46"),
    ],
)
def test_a_half_is_rounded_up(quantity: str, amount: str, base: str, net: str) -> None:
    price = Price(amount=Decimal(amount), base_quantity=Decimal(base))
    assert net_amount(Decimal(quantity), price) == Decimal(net)


def test_five_percent_of_a_line_is_rounded_by_itself() -> None:
    assert percentage(Decimal("84.10"), Decimal("5")) == Decimal("4.21")


def test_rates_that_are_one_number_are_one_subtotal_and_the_reason_stands_at_its_category() -> None:
    def line(category: str, percent: str | None, net: str) -> InvoiceLine:
        tax = TaxCategory(category=category, percent=None if percent is None else Decimal(percent))
        amount = Decimal(net)
        return InvoiceLine(line_number="1", quantity=Decimal(1), price=Price(amount=amount), net_amount=amount, tax=tax)

    found = tax_subtotals(
        [line("S", "19", "1.00"), line("E", "0", "5.00"), line("S", "19.0", "2.00"), line("S", "7", "1.00")],
        exemptions={"E": Exemption("VATEX-EU-132", "Exempt")},
    )
    assert [(one.category, one.percent, one.taxable_amount, one.tax_amount, one.exemption_code) for one in found] == [
        ("S", 7, 1, Decimal("0.07"), None),
        ("S", 19, 3, Decimal("0.57"), None),
        ("E", 0, 5, 0, "VATEX-EU-132"),
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_examples_add_up(path: Path) -> None:
    """Every invoice and credit note that the formats show."""
    found = JSON_1.parsers["invoice"](path.read_bytes())
    assert isinstance(found, Invoice)
    for line in found.lines:
        assert line.net_amount == net_amount(line.quantity, line.price, line.charges)
    why = {one.category: Exemption(one.exemption_code, one.exemption_reason) for one in found.taxes}
    taxes = tax_subtotals(found.lines, found.charges, why)
    assert found.taxes == taxes
    step = Decimal("0.05") if found.totals.rounding else None
    assert found.totals == totals(found.lines, found.charges, taxes, prepaid=found.totals.prepaid, payable_step=step)


def test_a_charge_of_the_document_needs_its_tax() -> None:
    with pytest.raises(ValueError, match="no tax category"):
        tax_subtotals([], [InvoiceCharge(is_charge=True, amount=Decimal(1))])
