"""The canonical order: what an account asked for, in its own items and units."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.documents.common import (
    Attachment,
    Charge,
    Code,
    Document,
    Extension,
    Party,
    Period,
    Price,
    Text,
)
from schemas.values import ExactDecimal

MAX_LINES = 100_000
Function = Literal["original", "change", "cancel"]
OrderType = Literal["stand_alone", "blanket", "release", "consignment", "other"]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class ScheduleLine(Document):
    """A part of a line's quantity with its own delivery."""

    quantity: ExactDecimal = Field(gt=Decimal(0))
    requested_delivery: Period | None = None


class OrderLine(Document):
    """One line. `unit` is the sender's, verbatim; `unit_code` is Rec 20 (X + Rec 21 for packages) where it is known."""

    line_number: Code
    buyer_line_reference: Code | None = None
    buyer_item: Code | None = None
    seller_item: Code | None = None
    gtin: Code | None = None
    description: Text | None = None
    quantity: ExactDecimal = Field(gt=Decimal(0))
    unit: Code | None = None
    unit_code: Code | None = None
    pack_size: ExactDecimal | None = Field(
        default=None, gt=Decimal(0), description="base items in one unit, as the document says"
    )
    price: Price | None = None
    ship_to: Party | None = None
    requested_delivery: Period | None = None
    schedule: tuple[ScheduleLine, ...] = ()
    partial_allowed: bool | None = None
    backorder_allowed: bool | None = None
    charges: tuple[Charge, ...] = ()
    note: Text | None = None
    extensions: tuple[Extension, ...] = ()


class Order(Document):
    """One order, change or cancellation as the account sent it."""

    function: Function = "original"
    version: int = Field(default=1, ge=1, le=1_000_000)
    order_type: OrderType = "stand_alone"
    test: bool = False
    order_number: Code
    issue_date: date | None = None
    issued_at: datetime | None = None
    currency: Currency | None = None
    contract: Code | None = None
    rush: bool = False
    respond_by: date | None = None
    cancel_after: date | None = None
    note: Text | None = None
    buyer: Party | None = None
    seller: Party | None = None
    bill_to: Party | None = None
    final_recipient: Party | None = None
    ship_to: Party | None = None
    requested_delivery: Period | None = None
    partial_allowed: bool | None = None
    response_requested: bool = True
    customization: Code | None = None
    profile: Code | None = None
    charges: tuple[Charge, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    total: ExactDecimal | None = None
    extensions: tuple[Extension, ...] = ()
    lines: tuple[OrderLine, ...] = Field(min_length=1, max_length=MAX_LINES)


def content_digest(order: Order) -> bytes:
    """SHA-256 of what the order says, however it was written: 10, 10.0 and 10.00 are equal, field order is none's.

    Envelope matters (test flag aside) are part of it; nothing about the transport is.
    """
    return hashlib.sha256(repr(_plain(order.__dict__)).encode()).digest()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    if isinstance(value, Document):
        return _plain(value.__dict__)
    if isinstance(value, dict):
        return [(name, _plain(member)) for name, member in value.items() if member is not None and member != ()]
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    return str(value)
