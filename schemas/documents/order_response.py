"""The canonical order response: what we promise, line by line, in the account's items and units.

It is our own document, made for every order of values that are exact and judged already, so these are plain
dataclasses: making one judges nothing again. `judged_response` does, for one that comes in as text. Nothing changes
one after it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from schemas.documents.common import Code, OwnDocument, Party, Price, Text
from schemas.documents.order import Currency, without_exponents
from schemas.values import plain

Outcome = Literal["accepted", "changed", "rejected", "received"]
LineStatus = Literal["accepted", "changed", "backordered", "rejected", "cancelled"]
_Count = Annotated[Decimal, Field(ge=0), AfterValidator(plain)]


@dataclass(slots=True, kw_only=True)
class LineOutcome(OwnDocument):
    """A part of a line's quantity and what becomes of it."""

    status: LineStatus
    quantity: _Count
    unit: Code | None = None
    unit_code: Code | None = None
    price: Price | None = None
    promised_delivery: date | None = None
    reason: Text | None = None


@dataclass(slots=True, kw_only=True)
class ResponseLine(OwnDocument):
    """One line's outcomes; their quantities sum to what was ordered."""

    line_number: Code
    buyer_line_reference: Code | None = None
    buyer_item: Code | None = None
    seller_item: Code | None = None
    gtin: Code | None = None
    description: Text | None = None
    outcomes: tuple[LineOutcome, ...]


@dataclass(slots=True, kw_only=True)
class OrderResponse(OwnDocument):
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


_JUDGED = TypeAdapter(OrderResponse)


def judged_response(found: Any) -> OrderResponse:
    """The order response that these members are. Raises pydantic's ValidationError with all that is wrong."""
    return _JUDGED.validate_python(found)


def canonical_response(response: OrderResponse) -> bytes:
    """The order response as it is kept: JSON without absent fields, decimals without exponents."""
    return without_exponents(_JUDGED.dump_json(response, exclude_none=True))
