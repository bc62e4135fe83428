"""The canonical order: what an account asked for, in its own items and units."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

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
MAX_VERSION = 2**63 - 1
"""Senders number by date and time as well (20261125123456789)."""
Function = Literal["original", "change", "cancel"]
LineAction = Literal["add", "delete", "change", "nothing"]
"""UBL 2.1 LineStatusCode 1 to 4 (UNCL 1229)."""
OtherLines = Literal["deleted", "kept", "unsaid"]
"""What a change means with the order's lines that it doesn't name."""
OrderType = Literal["stand_alone", "blanket", "release", "consignment", "other"]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class ScheduleLine(Document):
    """A part of a line's quantity with its own delivery."""

    quantity: ExactDecimal = Field(gt=Decimal(0))
    requested_delivery: Period | None = None


class OrderLine(Document):
    """One line. `unit` is the sender's, verbatim; `unit_code` is Rec 20 (X + Rec 21 for packages) where it is known."""

    line_number: Code
    action: LineAction | None = Field(default=None, description="what a change does with the line")
    buyer_line_reference: Code | None = None
    buyer_item: Code | None = None
    seller_item: Code | None = None
    gtin: Code | None = None
    description: Text | None = None
    quantity: ExactDecimal = Field(gt=Decimal(0))
    unit: Code | None = None
    unit_code: Code | None = None
    pack_size: ExactDecimal | None = Field(
        default=None,
        gt=Decimal(0),
        description="what is in one unit, as the document says: base items, or of pack_unit",
    )
    pack_unit: Code | None = Field(default=None, description="what pack_size counts, where the document says it")
    pack_unit_code: Code | None = None
    price: Price | None = None
    ship_to: Party | None = None
    requested_delivery: Period | None = None
    schedule: tuple[ScheduleLine, ...] = ()
    partial_allowed: bool | None = None
    backorder_allowed: bool | None = None
    charges: tuple[Charge, ...] = ()
    note: Text | None = None
    extensions: tuple[Extension, ...] = ()


_LINES_BUT_IN_A_CANCELLATION: dict[str, Any] = {
    "if": {"properties": {"function": {"const": "cancel"}}, "required": ["function"]},
    "else": {"properties": {"lines": {"minItems": 1}}, "required": ["lines"]},
}
"""What `_lines_where_needed` says, as JSON Schema."""


class Order(Document):
    """One order, change or cancellation as the account sent it.

    A change replaces the order: a line that isn't in it any more is cancelled. One whose lines say an `action` is made
    line by line instead: what it doesn't name stays as it is. `other_lines` says it where it is otherwise, and that it
    is unsaid where the sender's format leaves it open. A cancellation needs no lines.
    """

    model_config = ConfigDict(json_schema_extra=_LINES_BUT_IN_A_CANCELLATION)

    function: Function = "original"
    version: int = Field(default=1, ge=0, le=MAX_VERSION, description="0: a change that says none; it is the next one")
    order_type: OrderType = "stand_alone"
    test: bool = False
    order_number: Code
    change_number: Code | None = Field(default=None, description="a change's or cancellation's own number")
    other_lines: OtherLines | None = Field(
        default=None,
        description="what a change means with the lines that it doesn't name; absent: deleted, or kept where its lines "
        "say an action",
    )
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
    lines: tuple[OrderLine, ...] = Field(default=(), max_length=MAX_LINES, validate_default=True)

    @field_validator("lines")
    @classmethod
    def _lines_where_needed(cls, lines: tuple[OrderLine, ...], info: ValidationInfo) -> tuple[OrderLine, ...]:
        if not lines and info.data.get("function") != "cancel":
            raise PydanticCustomError("too_short", "an order has at least one line", {"min_length": 1})
        return lines


def says_no_version(found: Mapping[str, Any]) -> bool:
    """Whether these members of an order are a change or cancellation without a version: it is the next one, 0. The
    model's 1 is an original's."""
    return found.get("version") is None and found.get("function") in ("change", "cancel")


def canonical_json(order: Order) -> bytes:
    """The order as it is kept: JSON without absent fields, decimals as they were written."""
    return without_exponents(_as_json(order, exclude_none=True))


def said_in(canonical: str) -> int:
    """The sender's number of an order as it is kept, of which this is the beginning. Raises ValueError where it is
    none."""
    found = _VERSION.match(canonical)
    if found is None:
        raise ValueError(f"an order as it is kept begins otherwise: {canonical[:80]}")
    return int(found[1])


def without_exponents(written: bytes) -> bytes:
    """A canonical document as JSON with 0.0000005 where pydantic, as `str` does, writes 5E-7."""
    return _EXPONENT.sub(_written_out, written) if _EXPONENT_SIGN.search(written) else written


def content_digest(order: Order, canonical: bytes | None = None) -> bytes:
    """SHA-256 of what the order says, however it was written: 10, 10.0 and 10.00 are equal, field order is none's.

    Taken over the order as JSON (`canonical`, where it is at hand), in which names and quotes keep every value apart
    from its neighbours, without absent fields, and with the zeros at the end of decimals cut. Nothing about the
    transport is part of it.
    """
    written = canonical_json(order) if canonical is None else canonical
    if _EXPONENT_SIGN.search(written) or _MINUS_ZERO.search(written):
        written = _DECIMAL.sub(_written_shortest, written)
    return hashlib.sha256(_without_last_zeros(written)).digest()


_as_json = TypeAdapter(Order).serializer.to_json
DECIMALS = frozenset(("amount", "base_amount", "base_quantity", "factor", "gross", "pack_size", "quantity", "total"))
"""Every decimal of an order and of what is in it; no field of another kind has one of these names."""
_DECIMAL_NAMES = "|".join(sorted(DECIMALS)).encode()
_DECIMAL = re.compile(b'("(?:%s)":")([^"]*)(?=")' % _DECIMAL_NAMES)
_EXPONENT = re.compile(rb'("(?:%s)":")(-?\d(?:\.\d+)?E-\d+)(?=")' % _DECIMAL_NAMES)
_DECIMAL_OPENINGS = tuple(f'"{name}":"'.encode() for name in sorted(DECIMALS))
_VERSION = re.compile(r'{"function":"[a-z]+","version":(\d+)')
_EXPONENT_SIGN = re.compile(rb'E(?<=\dE)[-+]\d+"')
"""Where there can be an exponent at all: not in every order whose number is PRE-2026."""
_MINUS_ZERO = re.compile(rb':"-0')
_LAST_ZERO = re.compile(rb'\.\d*0"')
"""Where there can be one at all: expressions that begin with one character are found several times faster."""


def _written_out(member: re.Match[bytes]) -> bytes:
    return member[1] + f"{Decimal(member[2].decode()):f}".encode()


def _written_shortest(member: re.Match[bytes]) -> bytes:
    """A decimal's member without exponent and without minus before zero: 1E-7 becomes 0.0000001."""
    number = Decimal(member[2].decode())
    return member[1] + (f"{number:f}" if number else "0").encode()


def _without_last_zeros(written: bytes) -> bytes:
    """`12.50"` as `12.5"` and `12.00"` as `12"` where they end a decimal. Inside a text every quote has a backslash
    before it, so the quote nearest before the digits, with a colon and a decimal's name before it, tells."""
    pieces, done = [], 0
    for ending in _LAST_ZERO.finditer(written):
        opening = written.rfind(b'"', 0, ending.start())
        if written.endswith(_DECIMAL_OPENINGS, 0, opening + 1):
            closing = ending.end() - 1
            pieces.append(written[done:closing].rstrip(b"0").rstrip(b"."))
            done = closing
    pieces.append(written[done:])
    return b"".join(pieces)
