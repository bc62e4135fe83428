"""What happened in an order's thread, one entry a message, document or word of the account's, the first one first; and
the times by which something of it is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from gateway.amounts import amount
from gateway.order_page.words import until
from gateway.store.line_history import DecidedByErp
from gateway.store.order_threads import (
    Billed,
    MadeVersion,
    OrderHead,
    ThreadDocument,
    ThreadMessage,
    ThreadReceipt,
    ThreadShipment,
)

Lane = Literal["order", "response", "despatch", "invoice", "receipt"]
LANES: Mapping[Lane, str] = {
    "order": "Orders in",
    "response": "Responses",
    "despatch": "Despatches",
    "invoice": "Invoices",
    "receipt": "Receipts",
}
_LANE_OF: Mapping[str, Lane] = {
    "order_response": "response",
    "despatch_advice": "despatch",
    "invoice": "invoice",
    "credit_note": "invoice",
}
Kind = Literal["good", "wait", "bad", ""]
_MESSAGE_SAID: Mapping[str, tuple[Kind, str]] = {
    "received": ("wait", "waits to be read"),
    "processing": ("wait", "is being read"),
    "done": ("good", "done"),
    "held": ("bad", "held: we must act"),
    "rejected": ("bad", "rejected: the sender was told"),
    "failed": ("bad", "failed: our mistake"),
    "duplicate": ("", "a resend: the first one counts"),
    "superseded": ("", "replaced by an edited one"),
    "dismissed": ("", "closed by one of us"),
}
_DELIVERY_SAID: Mapping[str, tuple[Kind, str]] = {
    "waiting": ("wait", "waits to be sent"),
    "sending": ("wait", "is being sent"),
    "held": ("bad", "held: their terms can't be used"),
    "given_up": ("bad", "given up: it didn't arrive"),
    "rejected": ("bad", "refused"),
    "queried": ("bad", "asked about"),
    "delivered": ("good", "delivered"),
    "received": ("good", "they say they have it"),
    "dismissed": ("", "closed by one of us"),
    "available": ("good", "in their mailbox"),
}
_FUNCTIONS = {"change": "Change", "cancel": "Cancellation", "answer": "Answer", "order": "Order"}
_DAYS_SHOWN = 3
"""Promised days that are marked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `number` counts them from 1, `target` is (message, document) and its id; `kind` and
    `state` are how it stands."""

    number: int
    at: int
    lane: Lane
    title: str
    target: tuple[Literal["message", "document", ""], str]
    kind: Kind = ""
    state: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is, or was, due by then. `letter` names its mark; `day`: it is a day, marked at its noon."""

    letter: str
    at: int
    lane: Lane
    title: str
    day: str = ""
    is_open: bool = True


def message_standing(status: str) -> tuple[Kind, str]:
    """How a message stands, for people."""
    return _MESSAGE_SAID.get(status, ("", status))


def delivery_standing(one: ThreadDocument, now: int) -> tuple[Kind, str]:
    """How a document stands on its way, for people."""
    if one.status is None:
        return "", "nobody is sent it"
    if one.code is not None and one.status in ("waiting", "sending"):
        return "bad", "their endpoint wants nothing more"
    if is_unanswered(one, now):
        return "bad", "no answer in time"
    return _DELIVERY_SAID.get(one.status, ("", one.status.replace("_", " ")))


def is_stuck(one: ThreadDocument) -> bool:
    """Whether somebody has to act before it arrives."""
    return one.code is not None or one.status in ("held", "given_up", "rejected", "queried")


def is_unanswered(one: ThreadDocument, now: int) -> bool:
    """Whether the account should have said something of it by now."""
    waits = one.status in ("waiting", "sending", "held", "given_up")
    return one.answer_due_at is not None and one.answer_due_at < now and not waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything that entries are made of, as it was read."""

    head: OrderHead
    versions: Sequence[MadeVersion]
    messages: Sequence[ThreadMessage]
    decisions: Sequence[DecidedByErp]
    documents: Sequence[ThreadDocument]
    outcomes: Mapping[str, str]
    shipments: Mapping[str, ThreadShipment]
    billed: Mapping[str, Billed]
    receipts: Sequence[ThreadReceipt]
    now: int


def entries(told: Told) -> list[Entry]:
    """All of it by time; what came of something stands behind it."""
    found = [*_of_messages(told), *_of_decisions(told), *_of_documents(told), *_of_receipts(told)]
    lanes = list(LANES)
    found.sort(key=lambda one: (one.at, lanes.index(one.lane)))
    return [
        Entry(number, one.at, one.lane, one.title, one.target, one.kind, one.state, one.more)
        for number, one in enumerate(found, 1)
    ]


def _of_messages(told: Told) -> Iterator[Entry]:
    made = {one.message_id: one for one in told.versions}
    for one in told.messages:
        kind, state = message_standing(one.status)
        title = _message_title(one, made.get(one.id))
        if one.waits_for_version is not None and one.status == "received":
            of = f"version {one.waits_for_version}" if one.waits_for_version else "the order itself"
            kind, state = "wait", f"waits for {of}"
        more = "" if one.amount is None else f"worth {amount(one.amount, one.currency)}"
        yield Entry(0, one.received_at, "order", title, ("message", one.id), kind, state, more)


def _message_title(one: ThreadMessage, made: MadeVersion | None) -> str:
    if made is not None:
        what = "Order" if made.version == 1 else f"{_FUNCTIONS.get(one.kind or '', 'Change')}, version {made.version}"
        called = "" if made.order_version == made.version else f", answered as {made.order_version}"
        return f"{what}{called}"
    if one.duplicate_of is not None:
        return "Resend"
    return _FUNCTIONS.get(one.kind or "", "Message")


def _of_decisions(told: Told) -> Iterator[Entry]:
    for one in told.decisions:
        yield Entry(0, one.at, "response", f"Our back office decided version {one.version}", ("", one.id))


def _of_documents(told: Told) -> Iterator[Entry]:
    for one in told.documents:
        kind, state = delivery_standing(one, told.now)
        named = one.type.replace("_", " ").capitalize()
        title = f"{named} {one.number}" + (f": {told.outcomes[one.id]}" if one.id in told.outcomes else "")
        lane = _LANE_OF.get(one.type, "response")
        yield Entry(0, one.created_at, lane, title, ("document", one.id), kind, state, ", ".join(_said_of(one, told)))


def _said_of(one: ThreadDocument, told: Told) -> Iterator[str]:
    if shipment := told.shipments.get(one.id):
        yield f"shipment {shipment.number}"
    if billed := told.billed.get(one.id):
        yield f"{amount(billed.net, billed.currency)} of this order, {amount(billed.payable, billed.currency)} in all"


def _of_receipts(told: Told) -> Iterator[Entry]:
    numbers = {one.id: one.number for one in told.documents}
    for one in told.receipts:
        word = "they have it" if one.word == "received" else one.word.replace("_", " ")
        kind: Kind = "bad" if one.word in ("rejected", "queried") else "good"
        target: tuple[Literal["message", "document", ""], str] = ("document", one.document_id)
        yield Entry(0, one.at, "receipt", f"The account says of {numbers[one.document_id]}", target, kind, word)


# --- what is due --------------------------------------------------------------------------------------------------
def dues(told: Told, promised: Iterable[str], time_zone: str) -> list[Due]:
    """By when the order is to be answered, its goods announced and there, and its documents answered; by time."""
    found = [
        *_responses(told),
        *_notices(told),
        *_promised(promised, time_zone),
        *(Due("", at, "receipt", f"answer to {number} due") for at, number in _expected(told)),
    ]
    found.sort(key=lambda one: one.at)
    return [
        Due(chr(ord("a") + index), one.at, one.lane, one.title, one.day, one.is_open)
        for index, one in enumerate(found[:26])
    ]


def _responses(told: Told) -> Iterator[Due]:
    """Of the order as it came first, and of whatever isn't settled yet."""
    first = told.versions[0].message_id if told.versions else ""
    for one in told.messages:
        is_open = one.status in ("received", "processing")
        if one.id == first or is_open:
            yield Due("", one.due_at, "response", "respond by", is_open=is_open)


def _notices(told: Told) -> Iterator[Due]:
    if told.head.notice_due is not None:
        yield Due("", told.head.notice_due, "despatch", "despatch notice due")


def _promised(days: Iterable[str], time_zone: str) -> Iterator[Due]:
    wanted = sorted(set(days))
    shown = wanted if len(wanted) <= _DAYS_SHOWN else [*wanted[: _DAYS_SHOWN - 1], wanted[-1]]
    for day in shown:
        noon = datetime.combine(date.fromisoformat(day), time(12), ZoneInfo(time_zone))
        yield Due("", int(noon.timestamp()) * 1_000_000, "despatch", "promised delivery", day=day)


def _expected(told: Told) -> Iterator[tuple[int, str]]:
    for one in told.documents:
        if one.answer_due_at is not None:
            yield one.answer_due_at, one.number


def said_of(due: Due, now: int) -> str:
    """Whether it is past, for people; empty of what is settled, and of a day."""
    return "" if due.day or not due.is_open else until(due.at, now)
