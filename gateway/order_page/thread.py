"""load → put together: one order's thread as people look at it. However many lines, messages and documents it has, so
much is read of it at most."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import Any

from gateway.amending import waits_until
from gateway.order_page.entries import Due, Entry, Told, dues, entries, is_stuck, is_unanswered
from gateway.order_page.heading import MOST_SUMMED, Heading, Open, heading
from gateway.order_page.lines import ShownLine, lines_in, promised_in, shown
from gateway.order_page.picture import Picture, picture
from gateway.services import Services
from gateway.store.contracts import Released
from gateway.store.order_threads import MadeVersion, OrderHead, ThreadDocument, ThreadMessage
from gateway.trade.worth import worth_of
from schemas.documents.order import Order

LINES = 50
"""Lines of the ledger on a page."""
_MESSAGES, _DOCUMENTS, _RECEIPTS = 100, 100, 100
_VERSIONS_LOOKED_AT = 5
"""Earlier versions that are looked at for what is written of a line that the newest one doesn't have."""
_OTHERS, _RELEASED = 20, 50
_LARGE = 200_000
"""Characters of a document as it is kept, from which on only some of its lines are read."""
_BEGIN_LINES = '"lines":[{"line_number":'
"""Behind all that is said of the whole (an address has lines, too); inside a text its quotes would be escaped."""
_LINES = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that waits for what comes before it, and until when."""

    message: ThreadMessage
    until: int


@dataclass(frozen=True, slots=True)
class Thread:
    """One order's thread. `written` is its newest version as json-1 has it, `worth` what it says it is worth: None
    where it has no prices or too many lines. `lines` are those of the page that begins behind `skipped` of `count`;
    `others` the other orders of its number; `is_cut`: there is more of it than is shown."""

    head: OrderHead
    heading: Heading
    written: Mapping[str, Any]
    worth: Decimal | None
    versions: Sequence[MadeVersion]
    lines: Sequence[ShownLine]
    skipped: int
    count: int
    entries: Sequence[Entry]
    dues: Sequence[Due]
    picture: Picture | None
    waiting: Sequence[Waiting]
    open_messages: Sequence[ThreadMessage]
    stuck: Sequence[ThreadDocument]
    unanswered: Sequence[ThreadDocument]
    others: Sequence[OrderHead]
    released: Sequence[Released]
    is_cut: bool
    now: int

    @property
    def behind(self) -> int | None:
        """How many lines come before the next page; None where there is none."""
        end = self.skipped + len(self.lines)
        return end if self.lines and end < self.count else None


def thread_of(services: Services, head: OrderHead, skipped: int, now: int, time_zone: str) -> Thread:
    """The order's thread as of now, with the lines behind so many."""
    store, order = services.store, head.order
    versions = store.order_threads.versions(order.id)
    count = store.order_threads.count_lines(order.id)
    messages = store.order_threads.messages(order, _MESSAGES + 1)
    documents = store.order_threads.documents(order, _DOCUMENTS + 1)
    canonical = store.order_threads.canonical(order.id, order.version) or "{}"
    numbers = store.order_threads.line_numbers(order.id, skipped, LINES)
    written = _read(canonical, numbers)
    promised = _promised(services, order.id, documents, numbers)
    told = Told(
        head=head,
        versions=versions,
        messages=messages[:_MESSAGES],
        decisions=store.line_history.decisions(order.id),
        documents=documents[:_DOCUMENTS],
        outcomes=store.order_threads.outcomes([one.id for one in documents if one.type == "order_response"]),
        shipments=store.order_threads.shipments(order.id),
        billed=store.order_threads.billed(order.id),
        receipts=store.order_threads.receipts([one.id for one in documents[:_DOCUMENTS]], _RECEIPTS),
        now=now,
    )
    waiting = [one for one in told.messages if one.status == "received" and one.waits_for_version is not None]
    open_messages = [one for one in told.messages if one.status in ("held", "failed")]
    stuck = [one for one in told.documents if is_stuck(one)]
    unanswered = [one for one in told.documents if is_unanswered(one, now)]
    others = Open(
        waiting=len(waiting),
        held=len(open_messages),
        in_work=sum(one.status in ("received", "processing") for one in told.messages) - len(waiting),
        stuck=len(stuck),
        unanswered=len(unanswered),
    )
    summed = store.orders.ledger(order.id) if count <= MOST_SUMMED else None
    happened, due = entries(told), dues(told, [day for days in promised.values() for day in days], time_zone)
    return Thread(
        head=head,
        heading=heading(head, summed, told.billed.values(), others, now),
        written=written,
        worth=worth_of(Order.model_validate_json(canonical)) if written and count <= MOST_SUMMED else None,
        versions=versions,
        lines=_lines(services, order.id, versions, written, promised, numbers),
        skipped=skipped,
        count=count,
        entries=happened,
        dues=due,
        picture=picture(happened, due, now, time_zone),
        waiting=[Waiting(one, waits_until(one.received_at)) for one in waiting],
        open_messages=open_messages,
        stuck=stuck,
        unanswered=unanswered,
        others=[
            one
            for one in store.order_threads.of_number(order.account_id, order.order_number, _OTHERS)
            if one.order.id != order.id
        ],
        released=store.contracts.released(order.id)[:_RELEASED] if order.order_type == "blanket" else (),
        is_cut=len(messages) > _MESSAGES or len(documents) > _DOCUMENTS,
        now=now,
    )


def _promised(
    services: Services, order_id: str, documents: Sequence[ThreadDocument], numbers: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Line → the days that our newest response to the order promises."""
    answered = next((one for one in documents if one.type == "order_response" and one.order_id == order_id), None)
    if answered is None:
        return {}
    return promised_in(_read(services.store.documents.canonical(answered.id), numbers))


def _lines(
    services: Services,
    order_id: str,
    versions: Sequence[MadeVersion],
    written: Mapping[str, Any],
    promised: Mapping[str, tuple[str, ...]],
    numbers: Sequence[str],
) -> list[ShownLine]:
    store = services.store
    newest = lines_in(written)
    missing = {one for one in numbers if one not in newest}
    earlier: dict[str, Mapping[str, Any]] = {}
    for one in list(reversed(versions))[1 : 1 + _VERSIONS_LOOKED_AT]:
        if not missing:
            break
        found = lines_in(_read(store.order_threads.canonical(order_id, one.version) or "{}", numbers))
        earlier |= {number: found[number] for number in missing & found.keys()}
        missing -= found.keys()
    return shown(store.orders.ledger(order_id, numbers), newest, earlier, promised)


def _read(canonical: str, numbers: Sequence[str]) -> dict[str, Any]:
    """A document as it is kept, unjudged; of one with thousands of lines only those of these numbers are read, which a
    page shows: all of them take a second."""
    head, behind, _ = canonical.partition(_BEGIN_LINES)
    if len(canonical) < _LARGE or not behind:
        return _parsed(canonical)
    found, at = _parsed(f"{head.rstrip().rstrip(',')}}}"), len(head)
    found["lines"] = []
    for number in numbers:  # mostly one behind the other
        begins = f'{{"line_number":{quoted(number)}'
        place = canonical.find(begins, at)
        place = canonical.find(begins, 0, at) if place < 0 else place
        if place >= 0:
            line, at = _LINES.raw_decode(canonical, place)
            found["lines"].append(line)
    return found


def _parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found
