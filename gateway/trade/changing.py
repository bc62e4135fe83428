"""The decision on a change or cancellation: the order as it would be is decided as any other, with the stock that its
lines hold already; what that moves, and the response to all of it.

A change that is refused or held moves nothing: the order stands as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gateway.trade.amendment import Amended, LineSums, Standing, changes_nothing
from gateway.trade.answers import closed
from gateway.trade.consequences import judge
from gateway.trade.decision import NOTHING, Decision, LineLedger
from gateway.trade.reasons import joined, sentence
from gateway.trade.refused_lines import (
    AsStanding,
    Case,
    StillFits,
    as_they_stand,
    refused_for_faults,
    refused_for_stock,
    thread_of,
)
from gateway.trade.response import Heading, Thread, buyer_party, decide, heading_response, seller_party
from gateway.trade.stock import Allocation, Stock
from mappings.account import Account
from mappings.mapped import MappedOrder
from mappings.revision import Supplier
from schemas.documents.common import Party
from schemas.documents.order import Order, OrderLine
from schemas.documents.order_response import LineOutcome, LineStatus, OrderResponse, Outcome, ResponseLine
from schemas.faults import Fault
from schemas.values import EXACT


@dataclass(slots=True)
class LineMove:
    """What a change adds to one line's quantities, and where the line stands; `number` counts its movements."""

    line_number: str
    number: int
    position: int
    product: str | None
    unit: str | None
    base_unit: str | None
    base_ordered: Decimal
    ordered: Decimal
    confirmed: Decimal
    backordered: Decimal
    rejected: Decimal
    cancelled: Decimal
    raised: Decimal


@dataclass(slots=True)
class ChangeDecision:
    """What becomes of a change. Where it is `answered`, `moves` and `allocations` are what it adds to the order's."""

    decision: Decision
    moves: list[LineMove] = field(default_factory=list)
    is_cancelled: bool = False
    """Nothing of the order is left to be delivered."""
    case: Case | None = None
    """What the answer was decided on, where lines of the change may have been refused; None for a cancellation."""


def decide_change(
    standing: Standing,
    amended: Amended,
    mapped: MappedOrder,
    faults: Sequence[Fault],
    stock: Stock,
    account: Account,
    supplier: Supplier,
    as_standing: AsStanding,
    still_fits: StillFits,
    *,
    response_number: str,
    received_on: date,
    issued_at: datetime,
    test: bool = False,
) -> ChangeDecision:
    """What becomes of the order as it would be (`mapped`). As `decide`; the stock view shows afterwards what the change
    adds to what was taken, and nothing where it is refused or held. Lines that can't be changed so stay as they are,
    which `as_standing` puts into our terms; then `still_fits` says why the others can't be had beside them."""
    heading: dict[str, Any] = {
        "response_number": response_number,
        "received_on": received_on,
        "issued_at": issued_at,
        "test": test,
    }
    case, decision = _as_far_as_it_goes(
        standing, Case(amended, mapped, faults), stock, account, supplier, as_standing, heading
    )
    if case.amended.refused and (unfit := still_fits(case)):
        faults = (*faults, *unfit)
        case, decision = _as_far_as_it_goes(
            standing, Case(amended, mapped, faults), stock, account, supplier, as_standing, heading
        )
    decision = replace(decision, faults=tuple(faults))
    if decision.verdict != "answered":
        return ChangeDecision(decision)
    if case.amended.refused and changes_nothing(standing, case.amended):
        version = change_version(standing, amended)
        told = Heading(response_number, issued_at, seller_party(supplier), _buyer(mapped, account), version, test)
        return ChangeDecision(Decision("rejected", tuple(faults), _refusal(standing, case.amended, told)), case=case)
    if less := _less_than_shipped(standing, decision):
        return ChangeDecision(Decision("held", (*faults, *less)))
    return _applied(standing, case, decision, stock)


def _as_far_as_it_goes(
    standing: Standing,
    case: Case,
    stock: Stock,
    account: Account,
    supplier: Supplier,
    as_standing: AsStanding,
    heading: Mapping[str, Any],
) -> tuple[Case, Decision]:
    """The case with the lines that can't be changed so as they stand, and what is decided on it."""
    while True:  # each turn refuses one line more at least
        thread = thread_of(standing, case, account.policies)
        refused = refused_for_faults(standing, case, thread.judgement) if thread.judgement.order is None else {}
        if not refused:
            decision = _decided(standing, case, thread, stock, account, supplier, heading)
            refused = refused_for_stock(standing, case, decision) if decision.verdict == "answered" else {}
        if not refused:
            return case, decision
        case = as_they_stand(standing, case, refused, as_standing)


def _decided(
    standing: Standing,
    case: Case,
    thread: Thread,
    stock: Stock,
    account: Account,
    supplier: Supplier,
    heading: Mapping[str, Any],
) -> Decision:
    """The decision on the order as it would be; the stock view is as it was before."""
    with _as_it_was(stock):
        _give_back(stock, [one for number in case.amended.deleted for one in standing.held.get(number, ())])
        return decide(
            case.mapped,
            case.faults,
            stock,
            account,
            supplier,
            version=change_version(standing, case.amended),
            thread=thread,
            **heading,
        )


def _applied(standing: Standing, case: Case, decision: Decision, stock: Stock) -> ChangeDecision:
    """What the decision moves, taken in the stock view, and the answer with what is refused and deleted."""
    allocations = _net(standing.held, decision.allocations)
    for one in allocations:
        stock.positions[one.product, one.site].take(one.account, one.quantity)
    ledger = {line.line_number: line for line in decision.ledger}
    moves = [*moves_of(standing, ledger), *_closing_moves(standing, case.amended.deleted)]
    response = None if decision.response is None else _told(decision.response, standing, case.amended)
    told = replace(decision, response=response, allocations=tuple(allocations))
    return ChangeDecision(told, moves, case=case)


def _refusal(standing: Standing, amended: Amended, heading: Heading) -> OrderResponse | None:
    """The answer to a change of which nothing is left."""
    if amended.order is None or not amended.order.response_requested:
        return None
    order = _named(standing.order, amended.order)
    return heading_response(order, "rejected", (), heading, joined(_reasons(amended)))


def _reasons(amended: Amended) -> list[str]:
    return [f"Line {number}: {reason}" for number, reason in amended.refused.items()]


def _buyer(mapped: MappedOrder, account: Account) -> Party:
    return mapped.buyer or buyer_party(account)


def change_version(standing: Standing, amended: Amended) -> int:
    """What the answer calls the version: the sender's number of it, or one more than the last that an answer called
    the order, where the change says none or that number has been given."""
    said = amended.order.version if amended.order else 0
    return max(said, standing.order_version + 1)


def _less_than_shipped(standing: Standing, decision: Decision) -> list[Fault]:
    """The lines of which less would be confirmed than has shipped: that is for a person to settle."""
    confirmed = {line.line_number: line.base_confirmed for line in decision.ledger}
    return [
        Fault(
            "unsupported_document",
            f"Line {number} would be left with less confirmed than the {sums.shipped:f} (in base units) that have "
            "shipped of it; one of our people looks at it.",
            "/lines",
            value=number,
        )
        for number, sums in standing.lines.items()
        if confirmed.get(number, NOTHING) < sums.shipped
    ]


def decide_cancellation(
    standing: Standing,
    amended: Amended,
    cancellation: Order,
    account: Account,
    supplier: Supplier,
    stock: Stock,
    *,
    response_number: str,
    issued_at: datetime,
    version: int,
    test: bool = False,
) -> ChangeDecision:
    """The order's lines closed, but for those that have shipped: these stand. Where all of them have, it is refused."""
    buyer = standing.order.buyer or buyer_party(account)
    heading = Heading(response_number, issued_at, seller_party(supplier), buyer, version, test)
    outcome: Outcome = "changed" if amended.refused else "accepted"
    reasons = _reasons(amended)
    if not amended.deleted:
        reasons = reasons or ["Nothing of the order is left to be cancelled."]
        refusal = heading_response(_named(standing.order, cancellation), "rejected", (), heading, joined(reasons))
        return ChangeDecision(Decision("rejected", (), _wanted(cancellation, refusal)))
    lines = [_closed_or_standing(line, standing, amended) for line in standing.order.lines]
    note = joined(["Cancelled as requested.", *reasons])
    response = heading_response(_named(standing.order, cancellation), outcome, lines, heading, note)
    held = [one for number in amended.deleted for one in standing.held.get(number, ())]
    given_back = [one._replace(quantity=EXACT.minus(one.quantity)) for one in held]
    _give_back(stock, held)
    moves = list(_closing_moves(standing, amended.deleted))
    decision = Decision("answered", (), _wanted(cancellation, response), allocations=tuple(given_back))
    return ChangeDecision(decision, moves, is_cancelled=not amended.refused)


def refuse_or_hold(
    order: Order,
    change: Order,
    faults: Sequence[Fault],
    account: Account,
    supplier: Supplier,
    *,
    response_number: str,
    issued_at: datetime,
    version: int,
    test: bool = False,
) -> ChangeDecision:
    """The verdict on a change of which nothing can be made: refused with its reasons, or held. `order` stands as it is;
    it is the change itself where there is no such order."""
    if judge(faults, account.policies).order != "reject_order":
        return ChangeDecision(Decision("held", tuple(faults)))
    buyer = order.buyer or buyer_party(account)
    heading = Heading(response_number, issued_at, seller_party(supplier), buyer, version, test)
    reasons = joined([sentence(fault) for fault in faults])
    refusal = heading_response(_named(order, change), "rejected", (), heading, reasons)
    return ChangeDecision(Decision("rejected", tuple(faults), _wanted(change, refusal)))


def _named(order: Order, change: Order) -> Order:
    """The order, for an answer that names the change."""
    return order.model_copy(update={"change_number": change.change_number})


def _wanted(asked: Order, response: OrderResponse) -> OrderResponse | None:
    return response if asked.response_requested else None


# --- stock -------------------------------------------------------------------------------------------------------


@contextmanager
def _as_it_was(stock: Stock) -> Iterator[None]:
    """The view is put back as it was; that something was cut short stays noted."""
    seen = [(position, position.taken, dict(position.taken_by)) for position in stock.positions.values()]
    try:
        yield
    finally:
        for position, taken, taken_by in seen:
            position.taken, position.taken_by = taken, taken_by


def _give_back(stock: Stock, held: Sequence[Allocation]) -> None:
    for one in held:
        stock.positions[one.product, one.site].take(one.account, EXACT.minus(one.quantity))


def _net(before: Mapping[str, Sequence[Allocation]], after: Sequence[Allocation]) -> list[Allocation]:
    """What each line takes more than it held, or gives back, at each place; nothing where that is none."""
    more: dict[tuple[str, str, str, str], Decimal] = {}
    held = [one._replace(quantity=EXACT.minus(one.quantity)) for lines in before.values() for one in lines]
    for one in (*held, *after):
        more[one[:4]] = EXACT.add(more.get(one[:4], NOTHING), one.quantity)
    return [Allocation(*key, quantity) for key, quantity in more.items() if quantity]


# --- quantities --------------------------------------------------------------------------------------------------


def moves_of(standing: Standing, ledger: Mapping[str, LineLedger]) -> Iterator[LineMove]:
    """What is different of each line that the order has now."""
    position = 1 + max((sums.position for sums in standing.lines.values()), default=-1)
    for number, line in ledger.items():
        sums = standing.lines.get(number)
        if sums is None:
            sums = LineSums(line.product, line.unit, position, 0, *([NOTHING] * 8))
            position += 1
        move = _move(sums, line)
        if sums.number == 0 or _moves_anything(move, sums):
            yield move


def _move(sums: LineSums, line: LineLedger) -> LineMove:
    less = EXACT.subtract
    return LineMove(
        line.line_number,
        sums.number + 1,
        sums.position,
        line.product,
        line.unit,
        line.base_unit,
        less(line.base_ordered or NOTHING, sums.base_ordered),
        less(line.ordered, sums.ordered),
        less(line.confirmed, sums.confirmed),
        less(line.backordered, sums.backordered),
        less(line.rejected, sums.rejected),
        less(line.cancelled, sums.cancelled),
        less(line.raised, sums.raised),
    )


def _moves_anything(move: LineMove, sums: LineSums) -> bool:
    settled = (move.confirmed, move.backordered, move.rejected, move.cancelled)
    return any((move.base_ordered, move.ordered, move.raised, *settled)) or (move.product, move.unit) != (
        sums.product,
        sums.unit,
    )


def _closing_moves(standing: Standing, deleted: Mapping[str, OrderLine]) -> Iterator[LineMove]:
    """All of a deleted line that isn't refused already is cancelled."""
    for number in deleted:
        sums = standing.lines.get(number)
        if sums is not None and not sums.is_closed:
            yield _move(sums, _closed_ledger(number, sums))


def _closed_ledger(number: str, sums: LineSums) -> LineLedger:
    cancelled = EXACT.subtract(sums.ordered, sums.rejected)
    return LineLedger(
        number,
        sums.product,
        sums.unit,
        None,
        sums.ordered,
        sums.base_ordered,
        rejected=sums.rejected,
        cancelled=cancelled,
    )


# --- the response ------------------------------------------------------------------------------------------------


def _told(response: OrderResponse, standing: Standing, amended: Amended) -> OrderResponse:
    """The response to the order as it is now, with what was deleted, and why a line's change is refused."""
    lines = [_refused(line, amended.refused) for line in response.lines]
    lines += [_closed_line(line, standing.lines.get(number)) for number, line in amended.deleted.items()]
    outcome: Outcome = "changed" if amended.refused and response.outcome == "accepted" else response.outcome
    note = response.note
    if amended.refused and not response.lines:  # what is left for the ERP to decide is answered without its lines
        note = joined([*([note] if note else []), *_reasons(amended)])
    return replace(response, lines=tuple(lines), outcome=outcome, note=note)


def _refused(line: ResponseLine, refused: Mapping[str, str]) -> ResponseLine:
    reason = refused.get(line.line_number)
    if reason is None:
        return line
    first = line.outcomes[0]
    status = "changed" if first.status == "accepted" else first.status
    told = replace(first, status=status, reason=f"{reason} {first.reason}" if first.reason else reason)
    return replace(line, outcomes=(told, *line.outcomes[1:]))


def _closed_or_standing(line: OrderLine, standing: Standing, amended: Amended) -> ResponseLine:
    sums, reason = standing.lines.get(line.line_number), amended.refused.get(line.line_number)
    if reason is None or sums is None:
        return _closed_line(line, sums)
    return closed(line, tuple(_as_it_stands(line, sums, reason)))


def _as_it_stands(line: OrderLine, sums: LineSums, reason: str) -> Iterator[LineOutcome]:
    """What the ledger says of the line, what it was raised by included; the first outcome has the reason."""
    parts: tuple[tuple[LineStatus, Decimal], ...] = (
        ("changed", sums.confirmed),
        ("backordered", sums.backordered),
        ("rejected", sums.rejected),
        ("cancelled", sums.cancelled),
    )
    told: str | None = reason
    for status, quantity in parts:
        if quantity:
            yield LineOutcome(
                status=status, quantity=quantity, unit=line.unit or sums.unit, unit_code=line.unit_code, reason=told
            )
            told = None


def _closed_line(line: OrderLine, sums: LineSums | None) -> ResponseLine:
    """A line that is cancelled because the buyer wants it so; what was refused of it before stays refused."""
    unit = line.unit or (sums.unit if sums else None)
    refused = sums.rejected if sums else NOTHING
    ordered = sums.ordered if sums else line.quantity
    outcomes = [
        LineOutcome(
            status="cancelled",
            quantity=EXACT.subtract(ordered, refused),
            unit=unit,
            unit_code=line.unit_code,
            reason="Cancelled as requested.",
        )
    ]
    if refused:
        outcomes = [one for one in outcomes if one.quantity]
        outcomes.append(
            LineOutcome(
                status="rejected", quantity=refused, unit=unit, unit_code=line.unit_code, reason="Refused before."
            )
        )
    return closed(line, tuple(outcomes))
