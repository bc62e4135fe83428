"""What is said where a sample comes out otherwise than expected: one sentence for each value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.judging import Judged
from gateway.samples import differences
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from schemas.faults import Fault


def answered(number: str) -> Judged:
    """An order whose line 10 is confirmed in two parts."""
    parts = (
        LineOutcome(status="accepted", quantity=Decimal(20)),
        LineOutcome(status="backordered", quantity=Decimal(4)),
    )
    response = OrderResponse(
        number="OR-1",
        order_number=number,
        issue_date=date(2026, 11, 24),
        outcome="changed",
        lines=(ResponseLine(line_number="10", outcomes=parts),),
    )
    return Judged("done", response, (Fault("price_mismatch", "dearer", "/lines/0/price/amount"),), (), number)


def line(*outcomes: dict[str, str]) -> dict[str, Any]:
    return {"lines": [{"line_number": "10", "outcomes": list(outcomes)}]}


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ({"story": "Once.", "status": "done", "outcome": "changed"}, []),
        ({"status": "held"}, ['status: expected "held", came "done"']),
        (
            line({"status": "accepted", "quantity": "24"}, {"status": "rejected", "quantity": "4"}),
            [
                'line 10, outcome 1, quantity: expected "24", came "20"',
                'line 10, outcome 2, status: expected "rejected", came "backordered"',
            ],
        ),
        ({"faults": [{"code": "unknown_item"}]}, ['fault 1, code: expected "unknown_item", came "price_mismatch"']),
        ({"faults": []}, ['faults: expected [], came [{"code": "price_mismatch", "path": "/lines/0/price/amount"}]']),
    ],
)
def test_each_value_that_differs_is_a_sentence(expected: dict[str, Any], said: list[str]) -> None:
    assert differences(expected, answered("PO-1")) == said


def test_of_several_orders_the_one_is_named() -> None:
    orders = [
        {"story": "The first.", "status": "done"},
        {"story": "The second.", "outcome": "accepted", "status": "held"},
    ]
    judged = Judged("done", None, (), (answered("PO-1"), answered("PO-2")))
    assert differences({"status": "done", "orders": orders}, judged) == [
        'order 2 (PO-2), outcome: expected "accepted", came "changed"',
        'order 2 (PO-2), status: expected "held", came "done"',
    ]
