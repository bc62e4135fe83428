"""One message on its way through the pipeline, and the document that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from gateway.intake import kept_envelope_id
from gateway.lanes import lane_of
from gateway.order_keys import Likeness, likeness, order_key
from gateway.store.answers import Said
from gateway.store.changes import ClaimedMessage, Settlement
from gateway.store.envelopes import EnvelopeKey
from gateway.store.urgency import RUSH, TIME, Urgency
from gateway.trade.hours import tightened
from gateway.trade.worth import worth_of
from mappings.account import Account
from mappings.buyers import NOBODY, BuyerNumbers, buyer_numbers
from mappings.mapped import MappedOrder
from mappings.revision import Catalogue, MappingRevision
from schemas.documents.application_response import ApplicationResponse
from schemas.documents.order import Order, canonical_json, content_digest
from schemas.faults import Fault
from schemas.formats import ReadOrder


@dataclass(slots=True)
class Work:
    """One message on its way. Either `settlement` says how it ended early, or `mapped` is ready to be decided."""

    message: ClaimedMessage
    revision: MappingRevision | None
    catalogue: Catalogue
    stages: dict[str, int] = field(default_factory=dict)
    read: ReadOrder | None = None
    mapped: MappedOrder | None = None
    answer: ApplicationResponse | None = None
    """What the message says of documents of ours, where it is no order."""
    said: tuple[Said, ...] = ()
    """The same of each of them, to be written."""
    faults: tuple[Fault, ...] = ()
    canonical: str = ""
    """The order as JSON, as it is kept."""
    content: bytes = b""
    """The digest of what the order says."""
    is_test: bool = False
    """Sent with a test key, or marked as a test by its sender."""
    order_key: tuple[str, bool, str] = ("", False, "")
    """(account, test, the parts that the account's policy makes an order's key of, joined)."""
    buyer: BuyerNumbers = NOBODY
    """Which of the account's buyers it is of."""
    settlement: Settlement | None = None
    unread_number: str | None = None
    """The order number of a document that could not be read whole."""
    answer_to: str | None = None
    """The order number of a document that could not be read whole, so that its refusal can name it."""
    answer_currency: str | None = None
    """The currency of such a document, where that could be read."""
    places: Callable[[Sequence[str]], list[str]] | None = None
    """Where values of the order stand in a body that it shares with others, without reading that again for each."""

    def __post_init__(self) -> None:
        self.is_test = self.message.test

    def note_order(self, read: ReadOrder) -> None:
        """The order as read, and what follows from it alone."""
        self.read = read
        written = canonical_json(read.order)
        self.canonical = written.decode()
        self.content = content_digest(read.order, written)
        self.is_test = self.message.test or read.order.test
        self.buyer = buyer_numbers(read.order.buyer, self.account)
        self.order_key = (self.message.account_id, self.is_test, order_key(read.order, self.buyer, self.account))

    def note_urgency(self, now: int) -> None:
        """How urgent the order itself is: its respond-by tightens the clock; a rush order, or one that has less than a
        quarter of its time left at `now`, moves up one lane, unless it was moved up before."""
        message, order = self.message, self.order
        due_at = tightened(message.due_at, order.respond_by, message.received_at, self.account.time_zone)
        lane, moved_up = message.lane, message.moved_up
        if moved_up is None:
            share_left = (due_at - now) / max(1, due_at - message.received_at)
            lane = min(lane, lane_of(self.account.tier, rush=order.rush, share_of_time_left=share_left))
            moved_up = None if lane == message.lane else RUSH if order.rush else TIME
        if (lane, due_at) != (message.lane, message.due_at):
            self.message = replace(message, urgency=Urgency(lane, due_at, moved_up))

    def likeness(self, key: str) -> Likeness:
        """Whether the message is about the order under that key."""
        return likeness(self.order_key[2], self.buyer, key, self.account)

    @property
    def may_change(self) -> bool:
        """Whether the message may change an order that stands."""
        return self.order.function != "original" or self.account.policies.same_number_other_content == "change"

    @property
    def as_judged(self) -> ClaimedMessage:
        """The message as what comes of it is kept: a test also where only its document says so."""
        return self.message if self.message.test == self.is_test else replace(self.message, test=self.is_test)

    @property
    def of_number(self) -> tuple[str, bool, str]:
        """(account, test, order number): how the orders of this number are found."""
        return (self.message.account_id, self.is_test, self.order.order_number)

    @property
    def test_number(self) -> str:
        """The number of a test's response: of no series, and another one each time the test is judged."""
        return f"TEST-{self.message.id}-{self.message.run}"

    @property
    def number_key(self) -> tuple[str, bool, str]:
        """(account, test key, order number): how earlier messages that are still open are found."""
        return (self.message.account_id, self.message.test, self.order.order_number)

    @property
    def contract_key(self) -> tuple[str, bool, str] | None:
        """(account, test, number) of the contract that a release names; None for what is no release."""
        order = self.order
        if order.order_type != "release" or order.contract is None:
            return None
        return (self.message.account_id, self.is_test, order.contract)

    @property
    def order(self) -> Order:
        """The order of a message that was read."""
        if self.read is None:
            raise AssertionError("the message was not read")
        return self.read.order

    @property
    def account(self) -> Account:
        """The account of a message that has a mapping."""
        if self.revision is None:
            raise AssertionError("the message has no mapping")
        return self.revision.account

    @property
    def sent_envelope_id(self) -> str | None:
        """The sender's own id of the transmission, as people are told of it."""
        return kept_envelope_id(self.read.envelope_id if self.read else None)

    @property
    def envelope_id(self) -> str | None:
        """The same as it is kept: with the number of the order where there are several in it."""
        sent, part = self.sent_envelope_id, self.message.part
        return sent if sent is None or part is None else f"{sent}#{part}"

    @property
    def envelope_key(self) -> EnvelopeKey:
        """(account, test key, envelope id): how the message that the id stands for is found."""
        return (self.message.account_id, self.message.test, self.envelope_id or "")

    @property
    def described(self) -> dict[str, Any]:
        """What the message is, and what it says that it is worth, for its settlement; nothing where it was not read."""
        if self.answer is not None:
            return {"kind": "answer"}
        if self.read is None:
            return {}
        order = self.read.order
        kind = "order" if order.function == "original" else order.function
        return {"kind": kind, "amount": worth_of(order), "currency": order.currency}

    def end(self, event: str, faults: Sequence[Fault], stage: str, **known: object) -> None:
        """Settle without a decision."""
        pinned = self.revision.number if self.revision else None
        self.settlement = Settlement(
            event,
            dict(self.stages),
            tuple(faults),
            stage,
            mapping_revision=pinned,
            policies=self.revision.account.policies if self.revision else None,
            catalogue_revision=self.catalogue.number,
            content_sha256=self.content or None,
            order_number=self.read.order.order_number if self.read else self.unread_number,
            envelope_id=self.envelope_id or self.message.envelope_id,
            is_test=self.is_test,
            **{**self.described, **known},
        )


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document in the account's format, ready to leave."""

    format_name: str
    media_type: str
    body: bytes
    canonical: str
    transport: str
    answer_within: timedelta | None = None
