"""What the ERP decides on an order that the account's policy leaves to it (`decision: backoffice`), line by line.

Quantities come in base units and are answered in the account's; what is confirmed must be an exact number there. The
ERP has the last word on what can be delivered: stock is taken as far as there is any, so that nobody else is promised
it, and where the gateway knows of too little the line is confirmed all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gateway.trade.allocation import allocate
from gateway.trade.amendment import LineSums, Standing
from gateway.trade.answers import (
    Answer,
    Rules,
    agreed,
    at_fault,
    in_full,
    later_whole,
    ledger_of,
    outcome_of,
    response_line,
)
from gateway.trade.changing import LineMove, moves_of
from gateway.trade.consequences import Judgement
from gateway.trade.decision import NOTHING, LineLedger
from gateway.trade.quantities import in_their_unit
from gateway.trade.reasons import because
from gateway.trade.response import AGREED, Heading, answered_response, buyer_party, seller_party
from gateway.trade.stock import Allocation, Stock
from gateway.trade.wanted import Wanted, wanted
from mappings.account import Account
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import Supplier
from mappings.units import DIVISIBLE
from schemas.documents.common import Code, Document, Period, Price, Text
from schemas.documents.order_response import LineOutcome, LineStatus, OrderResponse
from schemas.faults import Fault
from schemas.values import EXACT, ExactDecimal, shortest

_Quantity = Annotated[ExactDecimal, Field(gt=0), AfterValidator(shortest)]
_Amount = Annotated[ExactDecimal, Field(ge=0)]
Action = Literal["accept", "change", "backorder", "reject"]


class LineDecision(Document):
    """What is decided on one line. Quantities are in base units; dates are local where it is delivered."""

    line_number: Code
    action: Action
    base_quantity: _Quantity | None = None
    """Of a change: so much is confirmed; all of it where nothing is said."""
    backordered: _Quantity | None = None
    """Of a change: so much follows later. What is neither confirmed nor follows is cancelled."""
    promised_delivery: date | None = None
    """Of what is confirmed, or is back-ordered by `backorder`; when it can be there by the gateway's terms, or no day,
    where nothing is said."""
    backorder_delivery: date | None = None
    """Of what a change back-orders."""
    price: _Amount | None = None
    """Of a change: the amount for what the order's price is for."""
    site: Code | None = None
    """Ours, that it is taken from; the site's supply site, or wherever there is any, where nothing is said."""
    reason: Text | None = None
    """Told to the account."""


class OrderDecision(Document):
    """What is decided on an order. `action` is for every open line that `lines` doesn't name."""

    version: Annotated[int, Field(ge=1, strict=True)]
    """The version of the order that was seen."""
    action: Literal["accept", "backorder", "reject"] | None = None
    reason: Text | None = None
    lines: tuple[LineDecision, ...] = ()


@dataclass(slots=True)
class ErpDecision:
    """What it makes of the order; or `faults`, and nothing is decided."""

    response: OrderResponse | None = None
    ledger: tuple[LineLedger, ...] = ()
    moves: tuple[LineMove, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True)
class _Deciding:
    """One decision while it is worked out."""

    mapped: MappedOrder
    standing: Standing
    judgement: Judgement
    rules: Rules
    stock: Stock
    account: Account
    is_blanket: bool
    allocations: list[Allocation] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def decide_by_erp(
    asked: OrderDecision,
    mapped: MappedOrder,
    standing: Standing,
    judgement: Judgement,
    stock: Stock,
    account: Account,
    supplier: Supplier,
    *,
    response_number: str,
    received_on: date,
    issued_at: datetime,
) -> ErpDecision:
    """The order answered as the ERP decides, with every fault of the decision or none. What was refused or is on hold
    when the order was read stays so. `stock` is a view: what is confirmed is taken from it."""
    order = mapped.order
    rules = Rules(order, account.policies, max(received_on, issued_at.date()))
    blanket = order.order_type == "blanket"
    deciding = _Deciding(mapped, standing, judgement, rules, stock, account, blanket)
    named = _named(asked, deciding)
    answers = [answer for line in mapped.lines if (answer := _answer(asked, named, line, deciding)) is not None]
    if deciding.faults:
        return ErpDecision(faults=tuple(deciding.faults))
    buyer = mapped.buyer or buyer_party(account)
    heading = Heading(response_number, issued_at, seller_party(supplier), buyer, standing.order_version, False)
    response = answered_response(mapped, answers, heading)
    if blanket and response.outcome != "rejected":
        response = replace(response, note=AGREED)
    ledger = tuple(answer.ledger for answer in answers)
    moves = tuple(moves_of(standing, {line.line_number: line for line in ledger}))
    return ErpDecision(response, ledger, moves, tuple(deciding.allocations))


def _named(asked: OrderDecision, deciding: _Deciding) -> Mapping[str, tuple[int, LineDecision]]:
    """The lines that are named, each with its place. A line that can't be decided, or is named twice, is a fault."""
    known = {line.line_number for line in deciding.mapped.lines}
    found: dict[str, tuple[int, LineDecision]] = {}
    for index, line in enumerate(asked.lines):
        place, number = f"/lines/{index}/line_number", line.line_number
        sums = deciding.standing.lines.get(number)
        if number not in known or sums is None:
            detail = f"The order has no line {number}."
            deciding.faults.append(Fault("unknown_line", detail, place, place, number, "a line of the order"))
        elif not sums.is_open:
            detail = f"Line {number} is not open: it was decided when the order was read."
            deciding.faults.append(Fault("bad_value", detail, place, place, number, "an open line"))
        elif number in found:
            detail = f"Line {number} is decided twice."
            deciding.faults.append(Fault("duplicate_line", detail, place, place, number, "each line once"))
        else:
            found[number] = index, line
    return found


def _answer(
    asked: OrderDecision, named: Mapping[str, tuple[int, LineDecision]], line: MappedLine, deciding: _Deciding
) -> Answer | None:
    """The line's answer; None where a fault says why there is none."""
    number = line.line_number
    sums = deciding.standing.lines.get(number)
    if sums is None or not sums.is_open:
        return _as_before(line, sums, deciding.judgement)
    index, decision = named.get(number, (None, None))
    if decision is None:
        if asked.action is None:
            detail = f"Line {number} is open, and neither named nor is there an action for all others."
            deciding.faults.append(Fault("missing_field", detail, "/lines", "/lines", number, "every open line"))
            return None
        decision = LineDecision(line_number=number, action=asked.action, reason=asked.reason)
    want = wanted(
        deciding.mapped,
        line,
        deciding.rules.decided_on,
        rounded=line.index in deciding.judgement.rounded,
        repriced=line.index in deciding.judgement.repriced,
    )
    place = "" if index is None else f"/lines/{index}"
    faults = [*_unfit(decision, want, place, deciding.is_blanket), *_no_days(decision, place, deciding.rules)]
    if faults:
        deciding.faults += faults
        return None
    return _decided(decision, want, deciding)


def _as_before(line: MappedLine, sums: LineSums | None, judgement: Judgement) -> Answer:
    """A line that was refused, or put on hold, when the order was read."""
    if sums is not None and sums.backordered:
        held = judgement.held.get(line.index)
        return at_fault(line, "backordered", f"On hold: {because(held)}" if held else "On hold.")
    refused = judgement.rejected.get(line.index)
    return at_fault(line, "rejected", because(refused) if refused else "Refused before.")


def _decided(decision: LineDecision, want: Wanted, deciding: _Deciding) -> Answer:
    if decision.action == "reject":
        return at_fault(want.line, "rejected", decision.reason or "Refused.")
    if deciding.is_blanket:
        return agreed(want)
    if decision.action == "backorder":
        return later_whole(want, decision.promised_delivery, decision.reason or "Not available now; follows later.")
    if decision.action == "accept" and decision.promised_delivery is None:
        _take(decision, want, deciding)
        return in_full(want, deciding.rules)
    return _in_parts(decision, want, deciding)


def _in_parts(decision: LineDecision, want: Wanted, deciding: _Deciding) -> Answer:
    """What is confirmed, at its day and price; what follows; and what doesn't come."""
    later = _theirs(decision.backordered, want) if decision.backordered else NOTHING
    left = EXACT.subtract(want.quantity, later)
    confirmed = left if decision.base_quantity is None else _theirs(decision.base_quantity, want)
    never = EXACT.subtract(left, confirmed)
    priced = _priced(decision, want)
    base = decision.base_quantity or EXACT.subtract(want.base, decision.backordered or NOTHING)
    _take(decision, replace(priced, quantity=confirmed, base=base), deciding)
    day = decision.promised_delivery or want.promise(want.window)
    outcomes = [_confirmed(decision, priced, confirmed, day)]
    if later:
        reason = decision.reason or "Not available now; follows later."
        outcomes.append(outcome_of(priced, "backordered", later, decision.backorder_delivery, reason))
    if never:
        outcomes.append(outcome_of(priced, "cancelled", never, None, decision.reason or "Not available."))
    return Answer(response_line(want.line, tuple(outcomes)), ledger_of(want, confirmed, later, never))


def _confirmed(decision: LineDecision, want: Wanted, quantity: Decimal, day: date) -> LineOutcome:
    reasons = [*want.changes, *_other_day(day, want.window)]
    if reasons and decision.reason:
        reasons.append(decision.reason)
    status: LineStatus = "changed" if reasons else "accepted"
    return outcome_of(want, status, quantity, day, " ".join(reasons) or None)


def _other_day(day: date, window: Period | None) -> list[str]:
    if window is None:
        return []
    first, last = window.start or window.end, window.end or window.start
    if first is None or last is None or first <= day <= last or (window.start is None and day <= last):
        return []
    return [f"Delivery on {day} instead of {last if day > last else first} as requested."]


def _priced(decision: LineDecision, want: Wanted) -> Wanted:
    """The line at the price that is decided; the change is said where it is another one than ordered."""
    if decision.price is None or (want.price is not None and want.price.amount == decision.price):
        return want
    before = want.price
    price = Price(amount=decision.price) if before is None else before.model_copy(update={"amount": decision.price})
    ordered = want.line.line.price
    said = f"Confirmed at {decision.price:f}" + (f" instead of {ordered.amount:f} as ordered." if ordered else ".")
    return replace(want, price=price.model_copy(update={"gross": None}), changes=(*want.changes, said))


def _take(decision: LineDecision, want: Wanted, deciding: _Deciding) -> None:
    """Take what is confirmed, as far as there is any."""
    sourced = want if decision.site is None else replace(want, supply_site=decision.site)
    deciding.allocations += allocate(deciding.stock, deciding.account, sourced)


def _theirs(base: Decimal, want: Wanted) -> Decimal:
    """Base units in the account's unit, the whole line's as the line has them. Raises ValueError where that is no exact
    number."""
    return want.quantity if base == want.base else in_their_unit(base, want.line)


# --- what can't be decided so ---------------------------------------------------------------------------------------
_NEVER = date(9000, 1, 1)
_OF_A_CHANGE = ("base_quantity", "backordered", "backorder_delivery", "price")


def _unfit(decision: LineDecision, want: Wanted, place: str, is_blanket: bool) -> Sequence[Fault]:
    """What is wrong with a line's decision."""
    number = decision.line_number
    found = []
    if decision.action != "change":
        for name in _OF_A_CHANGE:
            if (given := getattr(decision, name)) is not None:
                detail = f"Line {number}: {name} is said, which only a change has."
                found.append(Fault("bad_value", detail, f"{place}/{name}", f"{place}/{name}", str(given), "nothing"))
    if is_blanket and (decision.action not in ("accept", "reject") or decision.promised_delivery):
        detail = f"Line {number}: a blanket order delivers nothing itself; its lines are accepted or rejected."
        path = f"{place}/action"
        found.append(Fault("bad_value", detail, path, path, decision.action, "accept, without a day, or reject"))
    if found or decision.action != "change":
        return found
    for name in ("base_quantity", "backordered"):
        if (base := getattr(decision, name)) is not None:
            found += _not_theirs(base, want, f"{place}/{name}", name)
    total = EXACT.add(decision.base_quantity or NOTHING, decision.backordered or NOTHING)
    if total > want.base or (decision.base_quantity is None and total == want.base):
        path = f"{place}/{'base_quantity' if decision.base_quantity is not None else 'backordered'}"
        counted = f"{total:f} {want.product.base_unit}"
        detail = f"Line {number}: {counted} are confirmed or follow, of {want.base:f} that are ordered."
        found.append(Fault("bad_value", detail, path, path, f"{total:f}", f"at most {shortest(want.base):f} in all"))
    return found


def _no_days(decision: LineDecision, place: str, rules: Rules) -> Iterator[Fault]:
    """Days that nobody can promise: those that were over when it was decided, and the end of the calendar, which
    programs write where they have none."""
    for name in ("promised_delivery", "backorder_delivery"):
        day: date | None = getattr(decision, name)
        if day is not None and not rules.decided_on <= day < _NEVER:
            path, expected = f"{place}/{name}", f"{rules.decided_on} or later, or nothing"
            detail = f"Line {decision.line_number}: nothing can be promised for {day}."
            yield Fault("bad_value", detail, path, path, day.isoformat(), expected)


def _not_theirs(base: Decimal, want: Wanted, path: str, name: str) -> list[Fault]:
    ours = want.product.base_unit
    if ours not in DIVISIBLE and base != base.to_integral_value():  # no half of a piece ever leaves
        detail = f"Line {want.line.line_number}: {name} {base:f} {ours} is no whole number of them."
        return [Fault("fractional_unit", detail, path, path, f"{base:f}", f"whole {ours}")]
    try:
        _theirs(base, want)
    except ValueError:
        unit = want.unit or "its unit"
        detail = f"Line {want.line.line_number}: {name} {base:f} {want.product.base_unit} is no exact number of {unit}."
        return [Fault("fractional_unit", detail, path, path, f"{base:f}", f"a whole number of {unit}")]
    return []
