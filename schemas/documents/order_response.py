"""The canonical order response: what we promise, line by line, in the account's items and units.

It is our own document, made for every order of values that are exact and judged already, so these are plain
dataclasses: making one judges nothing again. `judged_response` does, for one that comes in as text. Nothing changes
one after it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from schemas.documents.common import Code, OwnDocument, Party, Price, Text
from schemas.documents.known_parties import PartyTexts
from schemas.documents.order import Currency
from schemas.values import plain

Outcome = Literal["accepted", "changed", "rejected", "received"]
LineStatus = Literal["accepted", "changed", "backordered", "rejected", "cancelled"]
_Count = Annotated[Decimal, Field(ge=0), AfterValidator(plain)]


class _WrittenOnce(OwnDocument):
    """A part that many documents share, and so is written once."""

    __slots__ = ("_written",)

    def written(self, write: Callable[[Any], str]) -> str:
        """What `write` makes of it, which is always the same function."""
        found: str | None = getattr(self, "_written", None)
        if found is None:
            found = self._written = write(self)
        return found


@dataclass(slots=True, kw_only=True)
class LineOutcome(_WrittenOnce):
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

    `received` says that it arrived and nothing else (the ERP decides); `changed` that lines differ from what was
    ordered; `rejected` has its reasons in `note` and, where a line is at fault, at that line.
    `change_number` is the number of the change or cancellation that is answered.
    """

    number: Code
    order_number: Code
    order_version: int = 1
    change_number: Code | None = None
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


# --- as it is kept -------------------------------------------------------------------------------------------------
def canonical_response(response: OrderResponse) -> str:
    """The order response as it is kept: JSON without absent fields, decimals without exponents, as pydantic writes
    it (which the tests compare)."""
    text = f'{{"number":{quoted(response.number)},"order_number":{quoted(response.order_number)}'
    text += f',"order_version":{response.order_version}'
    if response.change_number is not None:
        text += f',"change_number":{quoted(response.change_number)}'
    text += f',"issue_date":"{response.issue_date.isoformat()}"'
    if response.issued_at is not None:
        text += f',"issued_at":"{_moment(response.issued_at)}"'
    text += f',"outcome":"{response.outcome}","test":{"true" if response.test else "false"}'
    if response.currency is not None:
        text += f',"currency":{quoted(response.currency)}'
    if response.note is not None:
        text += f',"note":{quoted(response.note)}'
    if response.order_issue_date is not None:
        text += f',"order_issue_date":"{response.order_issue_date.isoformat()}"'
    if response.buyer is not None:
        text += f',"buyer":{_BUYERS.of(response.buyer)}'
    if response.seller is not None:
        text += f',"seller":{_SELLERS.of(response.seller)}'
    return text + ',"lines":[' + ",".join([_line(line) for line in response.lines]) + "]}"


def _line(line: ResponseLine) -> str:
    text = f'{{"line_number":{quoted(line.line_number)}'
    if line.buyer_line_reference is not None:
        text += f',"buyer_line_reference":{quoted(line.buyer_line_reference)}'
    if line.buyer_item is not None:
        text += f',"buyer_item":{quoted(line.buyer_item)}'
    if line.seller_item is not None:
        text += f',"seller_item":{quoted(line.seller_item)}'
    if line.gtin is not None:
        text += f',"gtin":{quoted(line.gtin)}'
    if line.description is not None:
        text += f',"description":{quoted(line.description)}'
    return text + ',"outcomes":[' + ",".join([outcome.written(_outcome) for outcome in line.outcomes]) + "]}"


def _outcome(outcome: LineOutcome) -> str:
    text = f'{{"status":"{outcome.status}","quantity":"{_decimal(outcome.quantity)}"'
    if outcome.unit is not None:
        text += f',"unit":{quoted(outcome.unit)}'
    if outcome.unit_code is not None:
        text += f',"unit_code":{quoted(outcome.unit_code)}'
    if outcome.price is not None:
        text += f',"price":{_price(outcome.price)}'
    if outcome.promised_delivery is not None:
        text += f',"promised_delivery":"{outcome.promised_delivery.isoformat()}"'
    return text + "}" if outcome.reason is None else f'{text},"reason":{quoted(outcome.reason)}}}'


def _price(price: Price) -> str:
    text = f'{{"amount":"{_decimal(price.amount)}","base_quantity":"{_decimal(price.base_quantity)}"'
    if price.unit is not None:
        text += f',"unit":{quoted(price.unit)}'
    if price.unit_code is not None:
        text += f',"unit_code":{quoted(price.unit_code)}'
    return text + "}" if price.gross is None else f'{text},"gross":"{_decimal(price.gross)}"}}'


def _decimal(value: Decimal) -> str:
    text = str(value)
    return f"{value:f}" if "E" in text else text


def _moment(at: datetime) -> str:
    """RFC 3339; Z where the offset is none."""
    text = at.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def _party(party: Party) -> str:
    return party.model_dump_json(exclude_none=True)


_BUYERS, _SELLERS = PartyTexts(_party), PartyTexts(_party)
