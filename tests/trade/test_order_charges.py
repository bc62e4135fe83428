"""What each invoice has of an order's own charges: by hand, and whatever happens to the order between its invoices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.trade.discounts import OrderCharge
from gateway.trade.order_charges import (
    ChargeName,
    CountedLine,
    as_billed,
    charges_now,
    order_charges,
    part_of_all,
    part_of_the_rest,
    summed,
)
from schemas.documents.common import Charge

FREIGHT = ChargeName(True, "FC", "Freight", 1)
EXPRESS = ChargeName(True, "FC", "Express", 1)
BONUS = ChargeName(False, None, "Bonus", 1)


def test_an_orders_charges_as_invoices_can_have_them() -> None:
    """Cents, nothing below zero, codes of the lists, and a reason in words; those that are alike stay apart."""
    sent = (
        Charge(is_charge=True, amount=Decimal("12.345"), reason_code="FC", reason="Freight"),
        Charge(is_charge=True, amount=Decimal(-3), reason_code="FC"),
        Charge(is_charge=False, amount=Decimal("2.5"), reason_code="freight"),
        Charge(is_charge=False, amount=Decimal(-2)),
        Charge(is_charge=True, amount=Decimal("0.004")),
    )
    assert as_billed(order_charges(sent)) == (
        OrderCharge(amount=Decimal("12.35"), reason_code="FC", reason="Freight"),
        OrderCharge(is_charge=False, amount=Decimal("3.00"), reason_code=None, reason="Discount"),
        OrderCharge(is_charge=False, amount=Decimal("2.50"), reason_code=None, reason="Discount"),
        OrderCharge(amount=Decimal("2.00"), reason_code=None, reason="Charge"),
    )


def amounts(**named: str) -> dict[ChargeName, Decimal]:
    names = {"freight": FREIGHT, "express": EXPRESS, "bonus": BONUS}
    return {names[name]: Decimal(amount) for name, amount in named.items()}


def test_an_invoice_has_its_part_of_what_is_left() -> None:
    half = Fraction(1, 2)
    assert charges_now(amounts(freight="10.00", bonus="4.00"), {}, half) == amounts(freight="5.00", bonus="2.00")
    assert charges_now(amounts(freight="10.00"), amounts(freight="5.00"), Fraction(1)) == amounts(freight="5.00")
    assert charges_now(amounts(freight="0.01"), {}, Fraction(1, 3)) == {}


def test_what_was_charged_under_another_name_counts_and_is_not_taken_back() -> None:
    every = Fraction(1)
    assert charges_now(amounts(express="12.00"), amounts(freight="10.00"), every) == amounts(express="2.00")
    both = amounts(freight="8.00", express="5.00")
    assert charges_now(both, amounts(freight="10.00"), every) == amounts(express="3.00")
    assert charges_now(amounts(freight="8.00"), amounts(freight="10.00"), every) == {}
    assert charges_now({}, amounts(freight="10.00"), every) == {}
    assert charges_now(amounts(freight="8.00"), amounts(bonus="3.00"), every) == amounts(freight="8.00")


def test_free_goods_that_are_left_have_what_is_left_of_the_charge() -> None:
    """The goods that cost something were billed, or cancelled, before their part of it was."""
    free = CountedLine(Decimal(0), Fraction(4), Decimal(1), Decimal(1))
    other = CountedLine(Decimal(0), Fraction(9), Decimal(0), Decimal(9))
    billed = CountedLine(Decimal("6.00"), Fraction(50), Decimal(50), Decimal(0))
    assert part_of_the_rest([billed, free, other]) == Fraction(2, 3)
    assert part_of_the_rest([billed]) == part_of_the_rest([]) == 1
    assert part_of_all([billed, free, other]) == 1
    assert part_of_all([]) == 0


@dataclass
class Ordered:
    """An order's line: base units, and what one of them costs."""

    price: Decimal
    confirmed: int
    billed: int = 0


@dataclass
class Account:
    """What was invoiced of an order's charges, one invoice after the other."""

    lines: list[Ordered]
    charged: list[Mapping[ChargeName, Decimal]] = field(default_factory=list)

    def bill(self, wanted: Mapping[ChargeName, Decimal], now: list[int]) -> None:
        costs = [line.price * line.confirmed for line in self.lines]
        weights = costs if any(costs) else [Decimal(1) for _ in costs]
        counted = [
            CountedLine(weight, Fraction(line.confirmed), Decimal(line.billed), Decimal(some))
            for line, weight, some in zip(self.lines, weights, now, strict=True)
            if line.confirmed
        ]
        for line, some in zip(self.lines, now, strict=True):
            line.billed += some
        self.charged.append(charges_now(wanted, summed(*self.charged), part_of_the_rest(counted)))


LINES = st.builds(Ordered, st.sampled_from(["0", "0.005", "1", "6.25"]).map(Decimal), st.integers(0, 30))
CENTS = st.integers(1, 3000).map(lambda cents: Decimal(cents).scaleb(-2))


@given(st.lists(LINES, min_size=1, max_size=4), CENTS, CENTS, st.data())
def test_all_invoices_have_the_charge_and_never_more(
    lines: list[Ordered], freight: Decimal, bonus: Decimal, drawn: st.DataObject
) -> None:
    """Whatever is confirmed besides or cancelled in between, and however many pieces an invoice has."""
    wanted, account = {FREIGHT: freight, BONUS: bonus}, Account(lines)
    for what in drawn.draw(st.lists(st.sampled_from(["more", "less", "bill"]), max_size=8)):
        line = drawn.draw(st.sampled_from(lines))
        if what == "more":
            line.confirmed += drawn.draw(st.integers(1, 20))
        elif what == "less":
            line.confirmed = drawn.draw(st.integers(line.billed, line.confirmed))
        else:
            now = [drawn.draw(st.integers(0, one.confirmed - one.billed)) for one in lines]
            if any(now):
                account.bill(wanted, now)
        had = summed(*account.charged)
        assert all(0 <= amount <= wanted[name] for name, amount in had.items())
    lines[0].confirmed += not any(one.confirmed > one.billed for one in lines)
    account.bill(wanted, [one.confirmed - one.billed for one in lines])
    assert summed(*account.charged) == wanted
