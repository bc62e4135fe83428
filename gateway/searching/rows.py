"""Messages as rows: what each is, how it stands and why, as a person reads it; the same for pages and for files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from gateway.amounts import worth_said
from gateway.lanes import LANES
from gateway.store.messages import FirstFault, StoredMessage
from gateway.store.store import Store
from schemas.fault_codes import FAULTS

KINDS_SAID = {
    "order": "order",
    "change": "change",
    "cancel": "cancellation",
    "answer": "answer",
    "several": "several orders",
    None: "not read",
}
_STANDS = {
    "received": ("wait", "Waits to be worked on."),
    "processing": ("wait", "Is being worked on."),
    "done": ("good", "Answered."),
    "held": ("bad", "We must act."),
    "rejected": ("bad", "The sender was told what to correct."),
    "failed": ("bad", "We must act: it could not be worked on."),
    "duplicate": ("good", "Repeats an earlier message, which answers for it."),
    "superseded": ("good", "An edited one took its place."),
    "dismissed": ("good", "Closed by a person."),
}
_LONGEST_VALUE = 60
COLUMNS = (
    *("message", "received_at", "account", "kind", "order_number", "status", "why", "amount", "currency", "lane"),
    *("test", "source", "format", "settled_at", "fault"),
)
"""Of a file. Times are in UTC."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message. `mark`: good, wait or bad; `code`: of the fault that `why` tells of."""

    message: StoredMessage
    mark: str
    why: str
    code: str | None

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return KINDS_SAID.get(self.message.kind, "not read")

    @property
    def lane(self) -> str:
        """The lane's name."""
        return LANES[self.message.lane]

    @property
    def worth(self) -> str:
        """The amount with its currency; empty where it says none."""
        worth = self.message.amount
        return "" if worth is None else worth_said(worth, self.message.currency)


def rows_of(store: Store, messages: Sequence[StoredMessage]) -> list[Row]:
    """These messages, each with its first fault that counts."""
    faults = store.messages.first_faults([one.id for one in messages])
    return [_row(one, faults.get(one.id)) for one in messages]


def _row(message: StoredMessage, fault: FirstFault | None) -> Row:
    mark, said = _STANDS[message.status]
    if message.status == "received" and message.waits_for_version is not None:
        said = "Waits for its order." if message.waits_for_version == 0 else "Waits for what comes before it."
    if fault is None or message.status not in ("held", "failed", "rejected"):
        return Row(message, mark, said, None)
    known = FAULTS.get(fault.code)
    title = known.title if known is not None else fault.code.replace("_", " ")
    value = f": {_shortened(fault.value)}" if fault.value else ""
    return Row(message, mark, f"{title}{value}{', and more' if fault.has_more else ''}", fault.code)


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"


def cells_of(rows: Sequence[Row]) -> Iterator[tuple[str | Decimal | datetime | None, ...]]:
    """The same as cells of a file, as COLUMNS names them."""
    for one in rows:
        message = one.message
        yield (
            *(message.id, _time(message.received_at), message.account_id, message.kind or "unread"),
            *(message.order_number, message.status, one.why, message.amount, message.currency, one.lane),
            *("yes" if message.test else "no", message.source, message.format, _time(message.settled_at), one.code),
        )


def _time(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at // 1_000_000, UTC)
