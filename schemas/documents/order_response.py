"""The canonical order response: what we promise, line by line, in the account's items and units."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field, TypeAdapter

from schemas.documents.common import Code, Document, Party, Price, Text
from schemas.documents.order import Currency, without_exponents
from schemas.values import ExactDecimal

Outcome = Literal["accepted", "changed", "rejected", "received"]
LineStatus = Literal["accepted", "changed", "backordered", "rejected", "cancelled"]


class LineOutcome(Document):
    """A part of a line's quantity and what becomes of it."""

    status: LineStatus
    quantity: ExactDecimal = Field(ge=0)
    unit: Code | None = None
    unit_code: Code | None = None
    price: Price | None = None
    promised_delivery: date | None = None
    reason: Text | None = None


class ResponseLine(Document):
    """One line's outcomes; their quantities sum to what was ordered."""

    line_number: Code
    buyer_line_reference: Code | None = None
    buyer_item: Code | None = None
    seller_item: Code | None = None
    gtin: Code | None = None
    description: Text | None = None
    outcomes: tuple[LineOutcome, ...]


class OrderResponse(Document):
    """Our answer to one order, change or cancellation.

    `received` says that it arrived and nothing else (the ERP decides, or a blanket order); `changed` that lines differ
    from what was ordered; `rejected` has its reasons in `note` and, where a line is at fault, at that line.
    """

    number: Code
    order_number: Code
    order_version: int = 1
    issue_date: date
    issued_at: datetime | None = None
    outcome: Outcome
    test: bool = False
    currency: Currency | None = None
    note: Text | None = None
    order_issue_date: date | None = None
    buyer: Party | None = None
    seller: Party | None = None
    lines: tuple[ResponseLine, ...] = ()


def canonical_response(response: OrderResponse) -> bytes:
    """The order response as it is kept: JSON without absent fields, decimals without exponents."""
    return without_exponents(_AS_JSON.dump_json(response, exclude_none=True))


_AS_JSON = TypeAdapter(OrderResponse)
