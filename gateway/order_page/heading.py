"""How an order stands, in one sentence: what was decided, what left and was billed, and what is open of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from gateway.amounts import amount
from gateway.order_page.lines import is_to_ship
from gateway.order_page.words import counted, quantity, until
from gateway.store.order_threads import Billed, OrderHead
from gateway.store.orders import LedgerLine
from schemas.values import EXACT

MOST_SUMMED = 1_000
"""Lines: of an order that has more the sentence says how many they are, and the pages of its ledger the rest."""
_DECIDED = {
    "awaiting_decision": "received, and not decided yet by the back office",
    "awaiting_buyer": "answered with changes that the buyer has to agree to",
    "cancelled": "cancelled",
}
_SHIPS_NOTHING = ("closed", "cancelled")


@dataclass(frozen=True, slots=True)
class Heading:
    """The sentence without its end, and how that stands: `bad` where somebody has to act, `wait` where something is
    open, else `good`."""

    kind: Literal["good", "wait", "bad"]
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What else is open of an order: messages that wait for its predecessor, are held or are being judged, documents
    that don't arrive, and those that the account says nothing of."""

    waiting: int = 0
    held: int = 0
    in_work: int = 0
    stuck: int = 0
    unanswered: int = 0


def heading(
    head: OrderHead, ledger: Sequence[LedgerLine] | None, billed: Iterable[Billed], others: Open, now: int
) -> Heading:
    """`ledger`: None where the order has more lines than are summed."""
    order = head.order
    decided = _DECIDED.get(order.status, order.outcome)
    stands = [f"{decided}, a test that ships nothing" if order.test else decided]
    is_shipped = not (order.test or order.order_type == "blanket")
    if order.order_type == "blanket":
        stands.append("a blanket order that releases draw on")
    lines = ledger or ()
    if ledger is None:
        stands.append(f"of more than {counted(MOST_SUMMED, 'line')}")
    elif is_shipped and any(line.confirmed for line in lines):
        stands.append(_shipped(lines))
    stands += _billed(billed)
    open_ = list(_open(head, lines if is_shipped else (), others, now))
    is_bad = _is_late(head, now) or bool(others.held or others.stuck or others.unanswered)
    said = f"{', '.join(stands)}; {', '.join(open_) if open_ else _closed(ledger)}"
    return Heading("bad" if is_bad else "wait" if open_ else "good", said)


def _closed(ledger: Sequence[LedgerLine] | None) -> str:
    return "nothing is open" if ledger is not None else "nothing is late"


def _is_late(head: OrderHead, now: int) -> bool:
    return head.notice_due is not None and head.notice_due <= now


def _shipped(lines: Sequence[LedgerLine]) -> str:
    """`480 of 480 EA shipped`; of several units by lines."""
    confirmed = [line for line in lines if line.confirmed]
    units = {line.unit for line in confirmed}
    if len(units) == 1:
        of = quantity(_sum(line.confirmed for line in confirmed), units.pop())
        return f"{quantity(_sum(line.shipped for line in confirmed))} of {of} shipped"
    done = [line for line in confirmed if not is_to_ship(line)]
    return f"{len(done):,} of {counted(len(confirmed), 'line')} shipped in full"


def _billed(billed: Iterable[Billed]) -> Iterator[str]:
    sums: dict[tuple[str, str], Decimal] = {}
    for one in billed:
        key = (one.type, one.currency)
        sums[key] = EXACT.add(sums.get(key, Decimal(0)), one.net)
    for (kind, currency), net in sorted(sums.items(), key=lambda one: (one[0][0] == "credit_note", one[0][1])):
        yield f"{'credited' if kind == 'credit_note' else 'invoiced'} {amount(net, currency)}"


def _open(head: OrderHead, lines: Sequence[LedgerLine], others: Open, now: int) -> Iterator[str]:
    """What isn't done, the most pressing first."""
    if others.held:
        yield f"{_are(others.held, 'message')} held"
    if others.stuck:
        yield f"{counted(others.stuck, 'document')} can't be delivered"
    if head.notice_due is not None:
        yield f"{_rest(lines)} to ship (despatch notice {until(head.notice_due, now)})"
    elif head.order.status not in _SHIPS_NOTHING and any(map(is_to_ship, lines)):
        yield f"{_rest(lines)} to ship"
    yield from _parts(lines, "backordered", lambda line: line.backordered)
    yield from _parts(lines, "not decided", lambda line: line.open)
    if others.unanswered:
        yield f"{counted(others.unanswered, 'document')} not answered by the account in time"
    if others.waiting:
        yield f"{counted(others.waiting, 'change')} waiting for what comes before"
    if others.in_work:
        yield f"{_are(others.in_work, 'message')} being worked on"


def _rest(lines: Sequence[LedgerLine]) -> str:
    """What is confirmed and hasn't left, in the account's unit, or by lines."""
    waiting = list(filter(is_to_ship, lines))
    units = {line.unit for line in waiting}
    if len(units) != 1:
        return counted(len(waiting), "line") if waiting else "something"
    left = (max(Decimal(0), EXACT.subtract(line.confirmed, line.shipped)) for line in waiting)
    return quantity(_sum(left), units.pop())


def _parts(lines: Sequence[LedgerLine], said: str, part: Callable[[LedgerLine], Decimal]) -> Iterator[str]:
    """`24 CS backordered`; of several units `3 lines backordered`."""
    found = [line for line in lines if part(line) > 0]
    units = {line.unit for line in found}
    if len(units) == 1:
        yield f"{quantity(_sum(map(part, found)), units.pop())} {said}"
    elif found:
        yield f"{counted(len(found), 'line')} {said}"


def _are(count: int, word: str) -> str:
    return f"{counted(count, word)} {'is' if count == 1 else 'are'}"


def _sum(quantities: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for one in quantities:
        total = EXACT.add(total, one)
    return total
