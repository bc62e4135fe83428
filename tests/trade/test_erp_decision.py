"""What holds for every decision of the ERP, on every order and stock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.trade.amendment import LineSums, Made, Receipt, Standing
from gateway.trade.decision import LineLedger
from gateway.trade.erp_decision import ErpDecision, LineDecision, OrderDecision, decide_by_erp
from gateway.trade.response import judged
from gateway.trade.stock import Stock
from mappings.account import Account
from mappings.mapped import MappedOrder
from tests.kept import judged_anew
from tests.trade.builders import ISSUED, RECEIVED, SUPPLIER, account, decided, stock_of
from tests.trade.test_properties import orders, stocks

ERP = account(decision="backoffice", fractional_unit="round_up", unknown_item="hold_line")
DAYS = st.none() | st.integers(0, 30).map(lambda days: RECEIVED + timedelta(days))


def standing_of(order: MappedOrder, ledger: tuple[LineLedger, ...]) -> Standing:
    """The order as its first answer leaves it."""
    sums: Mapping[str, LineSums] = {
        one.line_number: LineSums(
            one.product,
            one.unit,
            position,
            1,
            one.base_ordered or Decimal(0),
            *(one.ordered, one.raised, one.confirmed, one.backordered, one.rejected, one.cancelled, Decimal(0)),
        )
        for position, one in enumerate(ledger)
    }
    return Standing("o", 1, "awaiting_decision", 1, order.order, sums, {}, (Made(1, Receipt(1, "m"), True, 1),))


@st.composite
def line_decisions(draw: st.DrawFn, number: str) -> LineDecision:
    action = draw(st.sampled_from(["accept", "change", "change", "backorder", "reject"]))
    base = st.none() | st.integers(1, 5000).map(Decimal)
    changes: dict[str, Any] = {}
    if action == "change":
        price = draw(st.none() | st.sampled_from(["1.25", "1.20"]))
        changes = {"base_quantity": draw(base), "backordered": draw(base), "price": price and Decimal(price)}
        changes["backorder_delivery"] = draw(DAYS)
    return LineDecision(line_number=number, action=action, promised_delivery=draw(DAYS), **changes)


def decide(asked: OrderDecision, order: MappedOrder, standing: Standing, stock: Stock, terms: Account) -> ErpDecision:
    return decide_by_erp(
        asked,
        order,
        standing,
        judged(order, order.all_faults(), terms.policies),
        stock,
        terms,
        SUPPLIER,
        response_number="OR-2",
        received_on=RECEIVED,
        issued_at=ISSUED,
    )


@given(orders(), stocks, st.data())
@settings(max_examples=400, deadline=None)
def test_what_always_holds(order: MappedOrder, levels: Any, data: st.DataObject) -> None:
    """All faults and nothing done, or every line answered, in outcomes that sum to what is ordered; and never more
    taken than is confirmed, or than there is."""
    order.order = order.order.model_copy(update={"test": False})
    first = decided(order, stock_of({}), ERP)
    if first.verdict != "answered":
        return
    standing, stock = standing_of(order, first.ledger), stock_of(levels)
    open_lines = [number for number, sums in standing.lines.items() if sums.is_open]
    named = [data.draw(line_decisions(number)) for number in open_lines if data.draw(st.booleans())]
    asked = OrderDecision(version=1, action=data.draw(st.sampled_from(["accept", "reject"])), lines=tuple(named))
    on_hand = {place: position.on_hand for place, position in stock.positions.items()}
    found = decide(asked, order, standing, stock, ERP)
    if found.faults:
        assert (found.response, found.ledger, found.moves, found.allocations) == (None, (), (), ())
        return
    assert found.response is not None
    judged_anew(found.response)
    check_quantities(order, standing, found)
    check_stock(order, found, on_hand)
    again = decide(asked, order, standing, stock_of(levels), ERP)
    assert again == found


def check_quantities(order: MappedOrder, standing: Standing, found: ErpDecision) -> None:
    assert found.response is not None
    moved = {move.line_number: move for move in found.moves}
    assert [line.line_number for line in found.response.lines] == [line.line_number for line in order.lines]
    for line, ledger in zip(found.response.lines, found.ledger, strict=True):
        sums = standing.lines[line.line_number]
        agreed = ledger.ordered + ledger.raised
        settled = ledger.confirmed + ledger.backordered + ledger.rejected + ledger.cancelled
        is_ceiling = order.order.order_type == "blanket" and not ledger.rejected and not ledger.backordered
        assert settled == (0 if is_ceiling else agreed)
        assert sum(one.quantity for one in line.outcomes) == agreed
        assert min(ledger.confirmed, ledger.backordered, ledger.rejected, ledger.cancelled) >= 0
        assert ledger.ordered == sums.ordered
        if sums.is_open and not is_ceiling:
            move = moved[line.line_number]
            assert sums.raised + move.raised == ledger.raised
            assert (move.confirmed, move.rejected) == (ledger.confirmed, ledger.rejected)
        else:
            assert line.line_number not in moved


def check_stock(order: MappedOrder, found: ErpDecision, on_hand: Mapping[tuple[str, str], Decimal]) -> None:
    for line, ledger in zip(order.lines, found.ledger, strict=True):
        taken = sum(
            (Fraction(one.quantity) for one in found.allocations if one.line_number == line.line_number), Fraction()
        )
        assert taken <= Fraction(ledger.confirmed) * (line.base_per_unit or 1)
    for place, there in on_hand.items():
        assert sum(one.quantity for one in found.allocations if (one.product, one.site) == place) <= there


def test_the_order_that_was_decided_is_left_as_it_was() -> None:
    from tests.trade.builders import line, mapped

    order = mapped(line("10"))
    standing = standing_of(order, decided(order, stock_of({}), ERP).ledger)
    before = replace(standing)
    decide(OrderDecision(version=1, action="accept"), order, standing, stock_of({}), ERP)
    assert standing == before
