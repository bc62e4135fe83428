"""Orders in the account's own terms, mapped by the real engine, checked and decided: worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.trade.checks import check
from gateway.trade.decision import Decision
from gateway.trade.response import decide
from mappings.account import Account
from mappings.compile import compile_catalogue, compile_revision
from mappings.engine import to_ours
from mappings.revision import ItemRow, Pack, PriceRow, Product, SiteRow, UnitRow
from schemas.documents.common import Party, Price
from schemas.documents.order import Order, OrderLine
from tests.trade.builders import DAY, ISSUED, RECEIVED, SUPPLIER, account, outcomes, parts, stock_of

CATALOGUE = compile_catalogue(
    1,
    [Product("OAT-1L", "Oat drink 1 l", "EA", sales_unit="XCT", lead_time_days=1)],
    [Pack("OAT-1L", "XCT", Decimal(12)), Pack("OAT-1L", "XPX", Decimal(480))],
)
ITEMS = [ItemRow("PL-0042", None, "OAT-1L", "CS", "EA", Decimal(12))]
UNITS = [UnitRow("PCE", None, "EA", Decimal(1))]
SITES = [SiteRow("4012345000016", "0088", supply_site="HAM", transit_days=2, receiving_days=1)]
PRICES = [PriceRow("OAT-1L", "XCT", "EUR", Decimal("12.50"))]
DC_EAST = Party(id="4012345000016", scheme="0088", name="DC East")


def answered(*lines: dict[str, Any], terms: Account | None = None, on_hand: int = 1000) -> Decision:
    terms = terms or account()
    order = Order(
        order_number="PO-1001",
        currency="EUR",
        issue_date=RECEIVED,
        ship_to=DC_EAST,
        lines=tuple(
            OrderLine.model_validate({"line_number": str(number), "buyer_item": "PL-0042", **line})
            for number, line in enumerate(lines, 1)
        ),
    )
    mapped = to_ours(order, compile_revision(terms, 7, ITEMS, UNITS, SITES, PRICES), CATALOGUE, SUPPLIER, RECEIVED)
    return decide(
        mapped,
        (*mapped.all_faults(), *check(mapped, RECEIVED)),
        stock_of({("OAT-1L", "HAM"): on_hand}),
        terms,
        SUPPLIER,
        response_number="OR-1",
        received_on=RECEIVED,
        issued_at=ISSUED,
    )


def test_ten_cases_of_the_private_label_are_120_pieces() -> None:
    price = Price(amount=Decimal("12.50"))
    decision = answered({"quantity": Decimal(10), "unit": "CS", "price": price})
    assert decision.faults == ()
    assert outcomes(decision) == [("accepted", "10")]
    assert parts(decision)[0].promised_delivery == RECEIVED + 4 * DAY  # 1 to get ready, 2 on the road, 1 to be received
    assert decision.response is not None
    assert decision.response.outcome == "accepted"
    assert decision.allocations[0].quantity == 120
    assert decision.ledger[0].base_ordered == 120


def test_only_whole_cartons_of_what_is_there() -> None:
    decision = answered({"quantity": Decimal(10), "unit": "CS"}, on_hand=100)
    assert outcomes(decision) == [("accepted", "8"), ("backordered", "2")]
    assert decision.allocations[0].quantity == 96


def test_seven_of_a_twelve_carton() -> None:
    decision = answered({"quantity": Decimal(7), "unit": "PCE"}, {"quantity": Decimal(24), "unit": "PCE"})
    assert [fault.code for fault in decision.faults] == ["fractional_unit"]
    assert (outcomes(decision, 0), outcomes(decision, 1)) == ([("rejected", "7")], [("accepted", "24")])
    raised = answered({"quantity": Decimal(7), "unit": "PCE"}, terms=account(fractional_unit="round_up"))
    assert outcomes(raised) == [("changed", "12")]


def test_two_unknown_items_are_both_named() -> None:
    lines = [{"quantity": Decimal(1), "unit": "CS", "buyer_item": name} for name in ("X-1", "PL-0042", "X-2")]
    held = answered(*lines)
    assert held.verdict == "held"
    assert [(fault.code, fault.value) for fault in held.faults] == [("unknown_item", "X-1"), ("unknown_item", "X-2")]
    waits = answered(*lines, terms=account(unknown_item="hold_line"))
    assert [outcomes(waits, index)[0][0] for index in range(3)] == ["backordered", "accepted", "backordered"]


def test_a_price_two_percent_off() -> None:
    line = {"quantity": Decimal(10), "unit": "CS", "price": Price(amount=Decimal("12.75"))}
    assert answered(line).verdict == "held"
    assert answered(line, terms=account(price_tolerance_percent="2.0")).verdict == "answered"
    (outcome,) = parts(answered(line, terms=account(price_mismatch="accept_contract_price")))
    assert outcome.price is not None
    assert (outcome.status, str(outcome.price.amount), outcome.price.unit) == ("changed", "12.50", "CS")


def test_by_the_piece_the_contract_price_of_a_carton_is_said_by_twelve() -> None:
    """12.50 for twelve is 1.041666… by the piece: no decimal, so it is said as it was agreed."""
    (outcome,) = parts(answered({"quantity": Decimal(24), "unit": "PCE"}))
    assert outcome.price is not None
    assert (str(outcome.price.amount), outcome.price.base_quantity, outcome.price.unit) == ("12.50", 12, "PCE")
