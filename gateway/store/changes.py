"""What one batch of decided messages writes, gathered first and written in one transaction, table by table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from gateway.states import advance
from gateway.store.answers import Said
from gateway.store.chain import HELD_AS_CHANGE, as_json, next_event, quoted, written_event
from gateway.store.columns import in_full
from gateway.store.contracts import Drawings
from gateway.store.fault_rows import fault_rows
from gateway.store.open_causes import HeldMessage, cause_rows
from gateway.store.outbox import Outbound
from gateway.store.packing import packed
from gateway.store.search_words import Words
from gateway.store.takings import Takings
from gateway.store.urgency import Urgency
from gateway.trade.changing import LineMove
from gateway.trade.decision import NOTHING, LineLedger
from gateway.trade.precedence import Precedence
from mappings.account import Policies
from schemas.documents.order import Order
from schemas.faults import Fault


@dataclass(slots=True)
class ClaimedMessage:
    """A message that this worker holds a lease on, with its bytes. Never changed."""

    id: str
    account_id: str
    test: bool
    lane: int
    due_at: int
    received_at: int
    source: str
    format: str | None
    body: bytes
    run: int
    losses: int
    event_count: int
    event_hash: bytes
    mapping_revision: int | None
    """Pinned to this revision; None: whichever is published."""
    moved_up: str | None = None
    """Why it had been moved up a lane when it was claimed."""
    part: int | None = None
    """Which order of the body it is, from 1; None: the body is its own."""
    envelope_id: str | None = None
    """The sender's own id of the transmission, where the door or an earlier run has read it."""
    parts: int | None = None
    """How many orders the body holds, where it is one of several."""
    has_waited: bool = False
    """Whether it waited for its order, or for what came before it, in this run or an earlier one."""
    urgency: Urgency | None = None
    """How urgent it was found to be once it was read; None: as it was claimed."""

    @property
    def lane_told(self) -> dict[str, Any]:
        """For the timeline: the lane of its next run and why, where that isn't its account's own; the answer's time
        where the document tightened it."""
        moved_up, lane = (
            (self.moved_up, self.lane) if self.urgency is None else (self.urgency.moved_up, self.urgency.lane)
        )
        told: dict[str, Any] = {"lane": lane, "moved_up": moved_up} if moved_up else {}
        if self.urgency is not None and self.urgency.due_at != self.due_at:
            told["due_at"] = self.urgency.due_at
        return told


@dataclass(slots=True)
class Settlement:
    """How a message ended this run. Never changed."""

    event: str
    """An event of `gateway.states`: answer, hold, reject, fail, mark_duplicate."""
    stages: dict[str, int]
    faults: tuple[Fault, ...] = ()
    stage: str = "decide"
    mapping_revision: int | None = None
    policies: Policies | None = None
    """Those of that mapping, by which its faults hold it or don't; None: it was judged under none."""
    catalogue_revision: int | None = None
    content_sha256: bytes | None = None
    order_number: str | None = None
    order_id: str | None = None
    duplicate_of: str | None = None
    envelope_id: str | None = None
    takes_envelope: bool = False
    """The envelope id stands for this message from now on."""
    is_test: bool = False
    """Sent with a test key, or marked as a test by its sender."""
    is_change: bool = False
    """It changes or cancels an order: told where it is held, for then it will bring none."""
    kind: str | None = None
    """What the message is: order, change, cancel, answer; None: it was not read."""
    amount: Decimal | None = None
    """What it says that it is worth."""
    currency: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    """Document of ours → what the message says of it, where it is no order."""


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An order's row as a change makes it, as long as it still is what the change was decided on."""

    order_id: str
    seen_version: int
    seen_updated_at: int
    version: int
    status: str
    outcome: str
    message_id: str
    mapping_revision: int
    catalogue_revision: int
    content_sha256: bytes
    currency: str | None
    requested_start: str | None
    requested_end: str | None
    ship_to_site: str | None
    says_all: bool
    """Whether the change said the whole order."""
    precedence: Precedence | None
    """None: as before."""
    notice_due: int | None = None
    """From when on the despatch advice of the first of it that hasn't left is overdue."""


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order that stands, as something was said of it."""

    order_id: str
    version: int
    updated_at: int


@dataclass(slots=True)
class Wait:
    """A message that is claimed again after so many seconds, or as soon as its order is there."""

    message_id: str
    account_id: str
    order_number: str
    seen_updated_at: int
    """When the newest of the orders of this number was last changed, as it was loaded; 0: there was none."""
    content_sha256: bytes
    is_test: bool
    for_version: int | None
    """The version of the order that has to come first, by its sender's number; 0: the order itself; None: neither, but
    what was received before it."""
    seconds: float
    event_count: int
    event_hash: bytes


@dataclass(slots=True)
class Changes:
    """Rows to be written, in each table's column order. One batch, one object."""

    at: int
    message_updates: list[tuple[Any, ...]] = field(default_factory=list)
    faults: list[tuple[Any, ...]] = field(default_factory=list)
    open_causes: list[tuple[Any, ...]] = field(default_factory=list)
    """For which of them messages are held."""
    events: list[tuple[Any, ...]] = field(default_factory=list)
    orders: list[tuple[Any, ...]] = field(default_factory=list)
    order_versions: list[tuple[Any, ...]] = field(default_factory=list)
    quantity_movements: list[tuple[Any, ...]] = field(default_factory=list)
    takings: Takings | None = None
    """What is taken of the stock that was decided on."""
    drawings: Drawings | None = None
    """What is drawn on blanket orders."""
    documents: list[tuple[Any, ...]] = field(default_factory=list)
    document_digests: dict[str, list[str]] = field(default_factory=dict)
    """Message → its documents of this run, as its settling event tells them: kept before it is settled."""
    deliveries: list[tuple[Any, ...]] = field(default_factory=list)
    is_sending: bool = False
    """Whether any of them doesn't wait in the mailbox for the account to come."""
    files: list[tuple[Any, ...]] = field(default_factory=list)
    envelopes: list[tuple[Any, ...]] = field(default_factory=list)
    """(account, test, envelope id, message, content): ids that stand for these messages from now on."""
    urgencies: list[tuple[Any, ...]] = field(default_factory=list)
    """What was found to be more urgent than it was claimed: `Urgency.row`."""
    tried_again: list[tuple[str, str]] = field(default_factory=list)
    """(earlier message, the resend's id): held or failed earlier messages to be judged again."""
    order_changes: list[OrderChange] = field(default_factory=list)
    """What changes make of orders that stand."""
    orders_seen: list[OrderSeen] = field(default_factory=list)
    """Orders that stand as answers to refused changes of them say."""
    waits: list[Wait] = field(default_factory=list)
    """Messages that are claimed again later."""
    wakes: set[tuple[str, str]] = field(default_factory=set)
    """(account, order number): what waits for these orders may be claimed, because this save writes them."""
    said: list[Said] = field(default_factory=list)
    """What the accounts' systems say of documents of ours."""
    words: list[Words] = field(default_factory=list)
    """What the messages that are settled are found by."""
    settled: list[str] = field(default_factory=list)
    """Ids of the messages that leave `processing` with this save."""

    def settle(self, message: ClaimedMessage, end: Settlement) -> None:
        """The message leaves `processing`."""
        status = advance("processing", end.event)
        told = _told(status, message, end, self.document_digests.get(message.id, ()))
        number = message.event_count + 1
        event = written_event(message.id, number, message.event_hash, _EVENT_NAMES[status], "gateway", told, self.at)
        self.events.append(event)
        if end.takes_envelope:
            identity = (message.account_id, int(message.test), end.envelope_id)
            self.envelopes.append((*identity, message.id, end.content_sha256))
        if message.urgency is not None:
            self.urgencies.append(message.urgency.row(message.id, message.received_at))
        if end.faults:
            self.faults.extend(fault_rows(message.id, message.account_id, message.run, end.stage, end.faults))
        if status in ("held", "failed"):
            self.open_causes.extend(cause_rows(_held(message, end), end.faults, end.policies))
        self.settled.append(message.id)
        self.message_updates.append(
            (
                status,
                self.at,
                end.mapping_revision,
                end.catalogue_revision,
                end.content_sha256,
                end.order_number,
                end.order_id,
                end.duplicate_of,
                end.envelope_id,
                _times(end.stages),
                number,
                event.hash,
                int(end.is_test or message.test),
                end.kind,
                None if end.amount is None else in_full(end.amount),
                end.currency,
                message.id,
            )
        )

    def note_words(self, words: Iterable[Words]) -> None:
        """What these messages are found by, of which those count that this settles."""
        settled = set(self.settled)
        self.words = [one for one in words if one.message_id in settled]

    def keep_order(
        self,
        message: ClaimedMessage,
        order: Order,
        *,
        order_id: str,
        order_key: str,
        epoch: int,
        ordinal: int,
        outcome: str,
        status: str,
        revision: int,
        catalogue: int,
        content: bytes,
        site: str | None,
        canonical: str,
        precedence: Precedence,
        notice_due: int | None,
    ) -> None:
        """A new order on the account's books."""
        version = 1  # ours: the sender's own number is the order's
        requested = order.requested_delivery
        self.orders.append(
            (
                order_id,
                message.account_id,
                int(message.test),
                order_key,
                epoch,
                ordinal,
                order.order_number,
                version,
                status,
                outcome,
                order.order_type,
                message.id,
                revision,
                catalogue,
                content,
                order.currency,
                order.issue_date and order.issue_date.isoformat(),
                requested and requested.start and requested.start.isoformat(),
                requested and requested.end and requested.end.isoformat(),
                site,
                self.at,
                self.at,
                precedence.rank,
                precedence.ship_by.isoformat(),
                precedence.lane,
                notice_due,
            )
        )
        self.order_versions.append((order_id, version, message.id, canonical, 1))

    def change_order(
        self, message: ClaimedMessage, row: OrderChange, canonical: str, moves: Sequence[LineMove]
    ) -> None:
        """A new version of an order that stands, and what it adds to its lines' quantities."""
        self.order_changes.append(row)
        self.order_versions.append((row.order_id, row.version, message.id, canonical, int(row.says_all)))
        self.move_lines(message.id, row.order_id, moves)

    def move_lines(self, message_id: str, order_id: str, moves: Sequence[LineMove]) -> None:
        """What a change, or a decision, adds to the quantities of an order's lines."""
        for move in moves:
            self.quantity_movements.append(
                (
                    order_id,
                    move.line_number,
                    move.number,
                    move.position,
                    message_id,
                    self.at,
                    move.product,
                    move.unit,
                    move.base_unit,
                    *(in_full(move.base_ordered), in_full(move.ordered), in_full(move.confirmed)),
                    *(in_full(move.backordered), in_full(move.rejected), in_full(move.cancelled)),
                    *("0", "0", "0", "0"),
                    in_full(move.raised),
                )
            )

    def wait(self, message: ClaimedMessage, wait: Wait, event: Mapping[str, Any] | None) -> None:
        """The message leaves `processing` unsettled, to be claimed again; `event` is told the first time."""
        self.waits.append(wait)
        if event is not None:
            number = message.event_count + 1
            told = next_event(message.id, number, message.event_hash, "waits", "gateway", event, self.at)
            self.events.append(told)
            wait.event_count, wait.event_hash = number, told.hash

    def move_quantities(self, message: ClaimedMessage, order_id: str, ledger: Sequence[LineLedger]) -> None:
        """The first movement of each line: what was ordered and what became of it."""
        message_id, at = message.id, self.at
        for position, line in enumerate(ledger):
            ordered = in_full(line.ordered)
            self.quantity_movements.append(
                (
                    order_id,
                    line.line_number,
                    1,
                    position,
                    message_id,
                    at,
                    line.product,
                    line.unit,
                    line.base_unit,
                    None if line.base_ordered is None else in_full(line.base_ordered),
                    ordered,
                    ordered if line.confirmed is line.ordered else in_full(line.confirmed),
                    "0" if line.backordered is NOTHING else in_full(line.backordered),
                    "0" if line.rejected is NOTHING else in_full(line.rejected),
                    "0" if line.cancelled is NOTHING else in_full(line.cancelled),
                    "0",
                    "0",
                    "0",
                    "0",
                    "0" if line.raised is NOTHING else in_full(line.raised),
                )
            )

    def keep_document(
        self,
        message: ClaimedMessage,
        *,
        kind: str,
        number: str,
        order_id: str | None,
        order_number: str | None,
        revision: int,
        format_name: str,
        media_type: str,
        body: bytes,
        canonical: str,
        transport: str,
        answer_within: timedelta | None = None,
    ) -> str:
        """An outbound document and its delivery; the document's id. The message is settled after it: the settling event
        says what the document was."""
        made = Outbound(
            *(message.account_id, kind, number, message.id, order_id, order_number, message.test, revision),
            *(format_name, media_type, body, canonical, transport, answer_within),
        )
        document_id, row, delivery = made.rows(self.at)
        told = '","'.join(made.digests())
        self.document_digests.setdefault(message.id, []).append(f'"{document_id}":["{told}"]')
        self.documents.append(row)
        self.deliveries.append(delivery)
        self.is_sending |= made.transport != "mailbox"
        return document_id

    def keep_aside(self, message: ClaimedMessage, attachments: Mapping[str, bytes]) -> None:
        """Files that came in the document, under their own digests."""
        for digest, body in attachments.items():
            self.files.append(
                (
                    message.account_id,
                    int(message.test),
                    bytes.fromhex(digest),
                    message.id,
                    len(body),
                    packed(body),
                )
            )


def _held(message: ClaimedMessage, end: Settlement) -> HeldMessage:
    due_at = message.due_at if message.urgency is None else message.urgency.due_at
    return HeldMessage(
        *(message.id, message.account_id, message.run, message.received_at, due_at, end.is_test or message.test),
        *(end.amount, end.currency),
    )


_EVENT_NAMES = {
    "done": "answered",
    "held": "held",
    "rejected": "rejected",
    "failed": "failed",
    "duplicate": "recognised as a resend",
}


def _told(status: str, message: ClaimedMessage, end: Settlement, documents: Sequence[str]) -> str:
    """What the event says of the settlement, as JSON; `as_json` would write the same. A document's two digests are of
    its body and of its canonical form."""
    told = f'{{"status":"{status}","run":{message.run}'
    if end.is_change and status == "held":
        told += HELD_AS_CHANGE
    if end.mapping_revision is not None:
        told += f',"mapping_revision":{end.mapping_revision}'
    if end.catalogue_revision is not None:
        told += f',"catalogue_revision":{end.catalogue_revision}'
    if end.order_number is not None:
        told += f',"order_number":{quoted(end.order_number)}'
    if end.duplicate_of is not None:
        told += f',"duplicate_of":{quoted(end.duplicate_of)}'
    if documents:
        told += f',"documents":{{{",".join(documents)}}}'
    if end.answers:
        told += f',"answers":{as_json(end.answers)}'
    if lane := message.lane_told:
        told += "," + as_json(lane)[1:-1]
    if end.faults:
        told += f',"faults":{as_json([fault.code for fault in end.faults[:100]])}'
    return told + "}"


def _times(stages: Mapping[str, int]) -> str:
    """Stage → when, as JSON; the stages' names are ours and need no escapes."""
    return "{" + ",".join([f'"{stage}":{at}' for stage, at in stages.items()]) + "}"


SETTLED = (
    *("status", "settled_at", "mapping_revision", "catalogue_revision", "content_sha256", "order_number", "order_id"),
    *("duplicate_of", "envelope_id", "stages", "event_count", "event_hash", "is_test"),
    *("kind", "amount", "currency"),
)
"""What a settlement sets of a message, as `message_updates` has it, with the message's id behind."""
