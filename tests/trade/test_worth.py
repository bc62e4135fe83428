"""What an order says that it is worth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.trade.worth import worth_of
from schemas.documents.order import Order


def order(*lines: dict[str, Any], **more: Any) -> Order:
    numbered = [{"line_number": str(number), "unit": "CS"} | line for number, line in enumerate(lines, 1)]
    return Order.model_validate({"order_number": "PO-1", "currency": "EUR", "lines": numbered} | more)


@pytest.mark.parametrize(
    ("lines", "worth"),
    [
        ([{"quantity": "10", "price": {"amount": "12.50"}}], "125.00"),
        ([{"quantity": "3", "price": {"amount": "1", "base_quantity": "3"}}] * 2, "2.00"),
        ([{"quantity": "1", "price": {"amount": "1", "base_quantity": "3"}}] * 2, "0.67"),
        ([{"quantity": "10", "price": {"amount": "0.0005"}}], "0.01"),
        ([{"quantity": "2", "price": {"amount": "5", "unit": "CS"}}, {"quantity": "7"}], "10.00"),
        ([{"quantity": "2", "price": {"amount": "5", "unit": "EA"}}], None),
        ([{"quantity": "7"}], None),
        ([{"quantity": "9" * 20, "price": {"amount": "9" * 20}}], None),
        ([{"quantity": "1", "price": {"amount": "0"}}], "0.00"),
    ],
)
def test_it_is_the_sum_of_what_its_lines_say(lines: list[dict[str, Any]], worth: str | None) -> None:
    assert worth_of(order(*lines)) == (None if worth is None else Decimal(worth))


def test_the_total_that_it_says_counts_before_its_lines() -> None:
    said = order({"quantity": "10", "price": {"amount": "12.50"}}, total="118.75")
    assert worth_of(said) == Decimal("118.75")
