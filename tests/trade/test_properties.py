"""What holds for every order, every stock and every policy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.trade.decision import Decision
from gateway.trade.stock import Stock
from mappings.account import Account
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import Product, SiteRow
from schemas.faults import Fault
from tests.trade.builders import DAY, RECEIVED, account, decided, line, mapped, stock_of

PRODUCTS = [Product(name, name, "EA", lead_time_days=days) for name, days in (("A", 0), ("B", 3), ("C", 0))]
SITES = ("HAM", "KIEL")
PLACES = [None, SiteRow("DC", supply_site="KIEL", transit_days=2), SiteRow("ANY", receiving_days=1)]
FLAG = st.sampled_from([None, None, True, False])

terms = st.builds(
    account,
    partial=st.sampled_from(["ship_and_cancel", "backorder", "all_or_nothing"]),
    allocation_percent=st.integers(0, 100),
    decision=st.sampled_from(["gateway", "gateway", "gateway", "backoffice"]),
    unknown_item=st.sampled_from(["hold", "hold_line", "reject_line"]),
    fractional_unit=st.sampled_from(["reject", "hold", "round_up"]),
)


@st.composite
def order_line(draw: st.DrawFn, index: int) -> MappedLine:
    """Units of sale and the account's units of any size; the quantity whole in the first, or a fault that says not."""
    per_sales, per_unit = draw(st.sampled_from([1, 2, 5, 6, 10, 12])), draw(st.sampled_from([1, 2, 4, 5, 10, 12, 24]))
    quantity = draw(st.integers(1, 400)) * draw(st.sampled_from([Decimal(1), Decimal(1), Decimal("0.5")]))
    base = Fraction(quantity) * per_unit
    product: Product | None = draw(st.sampled_from(PRODUCTS))
    faults: tuple[Fault, ...] = ()
    if base % per_sales:
        faults = (Fault("fractional_unit", "Not whole.", f"/lines/{index}/quantity"),)
    elif draw(st.integers(0, 9)) == 0:
        product, faults = None, (Fault("unknown_item", "Who knows?", f"/lines/{index}/buyer_item"),)
    return line(
        str(quantity),
        index=index,
        product=product,
        unit="U",
        per_unit=per_unit if product else None,
        per_sales=per_sales,
        sales_unit="S",
        site=draw(st.sampled_from(PLACES)),
        faults=faults,
        partial_allowed=draw(FLAG),
        backorder_allowed=draw(FLAG),
    )


@st.composite
def orders(draw: st.DrawFn) -> MappedOrder:
    lines = [draw(order_line(index)) for index in range(draw(st.integers(1, 6)))]
    return mapped(
        *lines,
        partial_allowed=draw(FLAG),
        response_requested=draw(st.booleans()),
        test=draw(st.integers(0, 9)) == 0,
        order_type=draw(st.sampled_from(["stand_alone", "stand_alone", "blanket", "consignment"])),
        cancel_after=draw(st.sampled_from([None, None, RECEIVED + 2 * DAY, RECEIVED + 9 * DAY])),
    )


due = st.none() | st.integers(0, 20).map(lambda days: RECEIVED + days * DAY)
level = st.tuples(st.integers(0, 2000), due, st.none() | st.integers(0, 300))
stocks = st.dictionaries(
    st.tuples(st.sampled_from([one.product for one in PRODUCTS]), st.sampled_from(SITES)), level, max_size=6
)


def check_sums(order: MappedOrder, decision: Decision) -> None:
    """The outcomes sum to what was ordered, or to what a rounded-up line was raised to; so does the ledger."""
    ledgers = {row.line_number: row for row in decision.ledger}
    for index, one in enumerate(order.lines):
        row = ledgers.get(one.line.line_number)
        agreed = row.ordered + row.raised if row else one.line.quantity
        if not any(fault.code == "fractional_unit" for fault in one.faults):
            assert agreed == one.line.quantity
        assert agreed >= one.line.quantity
        if row:
            assert (row.ordered, row.base_ordered) == (one.line.quantity, one.base_quantity)
            decided_on = row.confirmed + row.backordered + row.rejected + row.cancelled
            assert decided_on in (0, agreed)
            assert min(row.confirmed, row.backordered, row.rejected, row.cancelled) >= 0
        if decision.response and decision.response.lines:
            outcomes = decision.response.lines[index].outcomes
            assert sum(outcome.quantity for outcome in outcomes) == agreed
            assert all(outcome.quantity > 0 for outcome in outcomes)
            assert all(outcome.reason for outcome in outcomes if outcome.status != "accepted")


def check_allocations(order: MappedOrder, decision: Decision) -> None:
    """What is taken for a line is what is confirmed of it, whole in our unit of sale at every site."""
    untouched = order.order.test or order.order.order_type == "blanket"
    for one in order.lines:
        taken = [part for part in decision.allocations if part.line_number == one.line.line_number]
        row = next((row for row in decision.ledger if row.line_number == one.line.line_number), None)
        total = sum((Fraction(part.quantity) for part in taken), Fraction(0))
        if untouched:
            assert not taken
        elif row is not None and one.base_per_unit is not None:
            assert total == Fraction(row.confirmed) * one.base_per_unit
        for part in taken:
            assert part.quantity > 0
            assert one.base_per_sales_unit is not None
            assert Fraction(part.quantity) % one.base_per_sales_unit == 0


def check_stock(stock: Stock, before: dict[tuple[str, str], Any], terms: Account) -> None:
    """Never more than there was, never more than the account's share of it, never less than nothing."""
    for key, position in stock.positions.items():
        share = before[key] * Fraction(terms.policies.allocation_percent, 100)
        assert 0 <= position.taken <= position.on_hand
        assert 0 <= Fraction(position.taken_by.get(terms.id, Decimal(0))) <= share


@given(orders(), stocks, terms)
@settings(max_examples=400, deadline=None)
def test_what_always_holds(order: MappedOrder, levels: Any, terms: Account) -> None:
    stock = stock_of(levels)
    before = {key: Fraction(position.on_hand) for key, position in stock.positions.items()}
    for _ in range(3):  # the same again takes no more than is left
        decision = decided(order, stock, terms)
        check_sums(order, decision)
        check_allocations(order, decision)
        check_stock(stock, before, terms)
        wanted = order.order.response_requested and decision.verdict != "held"
        assert (decision.response is not None) == wanted
        if decision.verdict != "answered":
            assert (decision.ledger, decision.allocations) == ((), ())


@given(orders(), stocks, terms)
@settings(max_examples=100, deadline=None)
def test_the_same_order_on_the_same_stock_is_decided_the_same(order: MappedOrder, levels: Any, terms: Account) -> None:
    assert decided(order, stock_of(levels), terms) == decided(order, stock_of(levels), terms)


@given(orders(), stocks, terms)
@settings(max_examples=200, deadline=None)
def test_ship_complete_is_all_or_nothing(order: MappedOrder, levels: Any, terms: Account) -> None:
    whole = replace(order, order=order.order.model_copy(update={"partial_allowed": False}))
    decision = decided(whole, stock_of(levels), terms)
    confirmed = [row.confirmed == row.ordered + row.raised for row in decision.ledger]
    if not order.order.test:
        assert all(confirmed) or not any(row.confirmed for row in decision.ledger)
