"""A line's outcomes: what is confirmed, what follows later, what does not come. They sum to what the line asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from gateway.trade.allocation import taken
from gateway.trade.decision import NOTHING, LineLedger
from gateway.trade.quantities import in_their_unit, whole
from gateway.trade.stock import Allocation, Stock
from gateway.trade.wanted import Wanted
from mappings.account import Policies
from mappings.mapped import MappedLine
from schemas.documents.common import Period
from schemas.documents.order import Order, OrderLine
from schemas.documents.order_response import LineOutcome, LineStatus, ResponseLine
from schemas.values import EXACT, shortest

_DAYS_KEPT = 8
"""Promised days that an outcome is kept for."""


@dataclass(slots=True)
class Answer:
    """One line as answered: for the document, and for the ledger."""

    line: ResponseLine
    ledger: LineLedger


@dataclass(slots=True)
class Rules:
    """What decides the rest of a line that can't be filled: the order's flags first, then the account's policy."""

    order: Order
    policies: Policies
    decided_on: date

    def ship_complete(self) -> bool:
        """Whether the order goes out whole or not at all. A line that allows parts lifts the policy, not the order."""
        allowed = self.order.partial_allowed
        if allowed is not None or self.policies.partial != "all_or_nothing":
            return allowed is False
        return not any(line.partial_allowed for line in self.order.lines)

    def partial(self, line: MappedLine) -> bool:
        """Whether a part of the line may be confirmed."""
        flag = line.line.partial_allowed if line.own_delivery else None
        if flag is None:
            flag = self.order.partial_allowed
        return self.policies.partial != "all_or_nothing" if flag is None else flag

    def backorder(self, line: MappedLine) -> bool:
        """Whether what is missing may follow later."""
        flag = line.line.backorder_allowed if line.own_delivery else None
        return self.policies.partial != "ship_and_cancel" if flag is None else flag


# --- a line that can be supplied ---------------------------------------------------------------------------------


def in_full(want: Wanted, rules: Rules) -> Answer:
    """All of it confirmed."""
    if want.line.own_delivery and want.line.line.schedule:
        outcomes = tuple(_confirmed(want, want.quantity, rules))
    else:
        outcomes = (_confirmed_part(want, want.quantity, want.window, rules),)
    return Answer(response_line(want.line, outcomes), ledger_of(want, want.quantity))


def in_part(want: Wanted, allocations: tuple[Allocation, ...], stock: Stock, rules: Rules) -> Answer:
    """What was taken is confirmed; the rest follows where that is allowed, and is cancelled where it isn't. A line of
    which nothing comes is refused, as it was ordered."""
    base = taken(allocations)
    confirmed = in_their_unit(base, want.line) if base else NOTHING
    missing = EXACT.subtract(want.quantity, confirmed)
    later, day, reason = _later(want, missing, stock, rules)
    never = EXACT.subtract(missing, later)
    if not (confirmed or later):
        return at_fault(want.line, "rejected", _why_never(want, rules))
    outcomes = list(_confirmed(want, confirmed, rules)) if confirmed else []
    if later:
        outcomes.append(outcome_of(want, "backordered", later, day, _with_changes(want, reason)))
    if never:
        outcomes.append(outcome_of(want, "cancelled", never, None, _why_never(want, rules)))
    ledger = ledger_of(want, confirmed, later, never)
    return Answer(response_line(want.line, tuple(outcomes)), ledger)


def later_whole(want: Wanted, day: date | None, reason: str) -> Answer:
    """All of it back-ordered."""
    outcome = outcome_of(want, "backordered", want.quantity, day, _with_changes(want, reason))
    return Answer(response_line(want.line, (outcome,)), ledger_of(want, backordered=want.quantity))


def too_late(want: Wanted, rules: Rules) -> bool:
    """Whether even what is in stock would come after the buyer has cancelled the order."""
    limit = rules.order.cancel_after
    return limit is not None and want.promise(want.window) > limit


def agreed(want: Wanted) -> Answer:
    """The line of a blanket order: accepted as a ceiling, for no day. All of it is open until it is released."""
    status: LineStatus = "changed" if want.changes else "accepted"
    outcome = outcome_of(want, status, want.quantity, None, " ".join(want.changes) or None)
    return Answer(response_line(want.line, (outcome,)), ledger_of(want))


def left_open(want: Wanted) -> LineLedger:
    """Nothing decided yet: all of it open."""
    return ledger_of(want)


def _confirmed(want: Wanted, quantity: Decimal, rules: Rules) -> Iterator[LineOutcome]:
    for part, window in _parts(want, quantity):
        yield _confirmed_part(want, part, window, rules)


def _confirmed_part(want: Wanted, quantity: Decimal, window: Period | None, rules: Rules) -> LineOutcome:
    day = want.promise(window)
    late = None if window is None else _lateness(window, day, rules)
    reasons = want.changes if late is None else (*want.changes, late)
    if reasons:
        return outcome_of(want, "changed", quantity, day, " ".join(reasons))
    if quantity is want.quantity:
        return _as_ordered(want, day)
    return outcome_of(want, "accepted", quantity, day, None)


def _as_ordered(want: Wanted, day: date) -> LineOutcome:
    """All of it, unchanged. Lines that say the same, to the letter, share the outcome of a day."""
    shared = want.line.meaning.compiled
    if shared is None:
        return outcome_of(want, "accepted", want.quantity, day, None)
    found: LineOutcome | None = shared.get(day)
    if found is None:
        if len(shared) >= _DAYS_KEPT:
            shared.clear()
        found = shared[day] = outcome_of(want, "accepted", want.quantity, day, None)
    return found


def _lateness(window: Period, day: date, rules: Rules) -> str | None:
    """Why the promised day is a change: it is after the last one asked for. A last day that was over already on the
    day of the decision is changed only where the account's policy is to say so (`past_date: change_date`)."""
    last = window.end or window.start
    if last is None or day <= last:
        return None
    if last < rules.decided_on and rules.policies.past_date != "change_date":
        return None
    return f"Delivery on {day} instead of {last} as requested: the earliest we can be there."


def _parts(want: Wanted, quantity: Decimal) -> Iterator[tuple[Decimal, Period | None]]:
    """The confirmed quantity over the deliveries that the line is scheduled in, earliest part first.

    A schedule whose parts we couldn't ship whole, or of a line that was raised to whole packs, is confirmed as one
    delivery. One that doesn't add up to what is ordered is held (`schedule_mismatch`).
    """
    schedule = want.line.line.schedule
    if not schedule or not _can_follow(want):
        yield quantity, want.window
        return
    left = quantity
    for part in schedule:
        now = min(left, part.quantity)
        if now:
            yield now, part.requested_delivery or want.window
            left = EXACT.subtract(left, now)


def _can_follow(want: Wanted) -> bool:
    total, step = NOTHING, want.step()
    for part in want.line.line.schedule:
        total = EXACT.add(total, part.quantity)
        if Fraction(part.quantity) * (want.line.base_per_unit or 1) % step:
            return False
    return total == want.quantity


def _with_changes(want: Wanted, reason: str) -> str:
    """What the policies changed about the line is told with whatever becomes of it."""
    return " ".join((*want.changes, reason))


def _later(want: Wanted, missing: Decimal, stock: Stock, rules: Rules) -> tuple[Decimal, date | None, str]:
    """How much of what is missing is back-ordered, for which day, and the sentence about it.

    The day is promised only where the next receipt covers all that is back-ordered. Where the buyer cancels the order
    after some day, only what the next receipt brings in time is back-ordered: nothing else can be promised before it.
    """
    if not rules.backorder(want.line):
        return NOTHING, None, ""
    receipt = want.receipt(stock, rules.decided_on)
    covered = missing if receipt and receipt.quantity is None else NOTHING
    if receipt and receipt.quantity is not None:
        covered = min(missing, in_their_unit(whole(receipt.quantity, want.step()), want.line))
    day = want.arrival(receipt) if receipt else None
    limit = rules.order.cancel_after
    if limit is not None:
        covered = covered if day is not None and day <= limit else NOTHING
        return covered, day, "Not in stock now; follows with the next receipt."
    if day is not None and covered == missing:
        return missing, day, "Not in stock now; follows with the next receipt."
    return missing, None, "Not in stock now; no date yet for all of it."


def _why_never(want: Wanted, rules: Rules) -> str:
    if rules.backorder(want.line):
        return f"Not in stock, and not due in time for the order's cancel-after date {rules.order.cancel_after}."
    return "Not in stock, and back-orders are not agreed."


def late_reason(want: Wanted, rules: Rules) -> str:
    """Why a line is refused that could only come after the buyer's cancel-after date."""
    day = want.promise(want.window)
    return f"Can't be there before {day}, after the order's cancel-after date {rules.order.cancel_after}."


# --- a line that is at fault ---------------------------------------------------------------------------------------


def at_fault(line: MappedLine, status: LineStatus, reason: str) -> Answer:
    """All of the line refused, or waiting (`backordered`, no date), as it was ordered and for this reason."""
    asked = line.line
    outcome = LineOutcome(
        status=status,
        quantity=asked.quantity,
        unit=asked.unit or line.unit,
        unit_code=asked.unit_code or line.unit_code,
        price=asked.price,
        reason=reason,
    )
    refused = status == "rejected"
    ledger = LineLedger(
        asked.line_number,
        line.product.product if line.product else None,
        asked.unit or line.unit,
        line.product.base_unit if line.product else None,
        asked.quantity,
        line.base_quantity,
        backordered=NOTHING if refused else asked.quantity,
        rejected=asked.quantity if refused else NOTHING,
    )
    return Answer(response_line(line, (outcome,)), ledger)


def closed(line: OrderLine, outcomes: tuple[LineOutcome, ...]) -> ResponseLine:
    """A line that isn't asked for any more, or stands as it was, in its own words."""
    return ResponseLine(
        line_number=line.line_number,
        buyer_line_reference=line.buyer_line_reference,
        buyer_item=line.buyer_item,
        seller_item=line.seller_item,
        gtin=line.gtin,
        description=line.description,
        outcomes=outcomes,
    )


# --- the pieces ----------------------------------------------------------------------------------------------------


def outcome_of(
    want: Wanted, status: LineStatus, quantity: Decimal, day: date | None, reason: str | None
) -> LineOutcome:
    """What becomes of so much of the line."""
    return LineOutcome(
        status=status,
        quantity=quantity if quantity is want.quantity else shortest(quantity),
        unit=want.unit,
        unit_code=want.unit_code,
        price=want.price,
        promised_delivery=day,
        reason=reason,
    )


def response_line(line: MappedLine, outcomes: tuple[LineOutcome, ...]) -> ResponseLine:
    """The line with what becomes of it, in its own words."""
    words = line.meaning.words
    return ResponseLine(
        line_number=line.line_number,
        buyer_line_reference=words.buyer_line_reference,
        buyer_item=words.buyer_item,
        seller_item=words.seller_item,
        gtin=words.gtin,
        description=words.description,
        outcomes=outcomes,
    )


def ledger_of(
    want: Wanted,
    confirmed: Decimal = NOTHING,
    backordered: Decimal = NOTHING,
    cancelled: Decimal = NOTHING,
) -> LineLedger:
    """The line's quantities: what is neither of these is open."""
    ordered = want.line.meaning.words.quantity
    is_raised = want.quantity is not ordered
    return LineLedger(
        want.line.line_number,
        want.product.product,
        want.unit,
        want.product.base_unit,
        ordered,
        want.line.meaning.base_quantity,
        confirmed,
        backordered,
        NOTHING,
        cancelled,
        EXACT.subtract(want.quantity, ordered) if is_raised else NOTHING,
    )
