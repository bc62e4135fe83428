"""What the demo's warehouse lets leave first, and what follows."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.warehouse import Leaving, in_two


def leaving(order: str, line: str, quantity: str, ordered: str, to_ship: str) -> Leaving:
    """A line of so many of the account's units, which are so many base units, of which so many are to be shipped."""
    told = {"line_number": line, "quantity": quantity, "ordered": ordered, "to_ship": to_ship}
    return Leaving({"id": order, "version": 1}, told, Decimal(to_ship))


def told(parts: list[list[Leaving]]) -> Any:
    return [
        [(one.order["id"], one.line["line_number"], f"{one.quantity:f}", f"{one.rest:f}") for one in part]
        for part in parts
    ]


def test_the_first_order_that_can_be_halved_leaves_in_two_parts() -> None:
    whole = leaving("A", "1", "1", "12", "12")  # one case of twelve
    cases, sacks = leaving("B", "1", "9", "108", "108"), leaving("B", "2", "1", "25", "25")
    kilograms, later = leaving("C", "1", "120.5", "120.5", "120.5"), leaving("C", "2", "4", "4", "0")
    assert told(in_two([whole, cases, sacks, kilograms, later])) == [
        [("A", "1", "12", "0"), ("B", "1", "48", "60"), ("B", "2", "25", "0"), ("C", "1", "120.5", "0")],
        [("B", "1", "60", "0")],
    ]


def test_what_can_t_be_halved_leaves_at_once() -> None:
    assert told(in_two([leaving("A", "1", "1", "12", "12")])) == [[("A", "1", "12", "0")]]
    assert in_two([leaving("A", "1", "4", "48", "0")]) == []
    assert in_two([]) == []


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 50), st.integers(1, 30), st.integers(0, 60)), max_size=6)
)
def test_both_together_are_what_waits_and_halves_are_whole_units(lines: list[tuple[str, int, int, int]]) -> None:
    waiting = [
        leaving(order, str(number), str(units), str(units * size), str(min(units * size, left)))
        for number, (order, units, size, left) in enumerate(lines)
    ]
    parts = in_two(waiting)
    sums: dict[str, Decimal] = {}
    for one in (one for part in parts for one in part):
        assert one.quantity > 0
        sums[one.line["line_number"]] = sums.get(one.line["line_number"], Decimal(0)) + one.quantity
    assert sums == {one.line["line_number"]: one.quantity for one in waiting if one.quantity}
    for one in parts[1] if len(parts) > 1 else ():
        size = Fraction(one.line["ordered"]) / Fraction(one.line["quantity"])
        assert (Fraction(Decimal(one.line["to_ship"]) - one.quantity) / size).denominator == 1
