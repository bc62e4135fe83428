"""What is said of an order that stands, where something that came under its number is refused.

A refusal that names an order and nothing else reads as that order's: its buyer's system would close what we ship.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gateway.trade.reasons import joined
from gateway.work import Work
from schemas.documents.order import Order, OrderLine
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from schemas.formats.json_1.reading import parse_order_response


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What an order on the books was confirmed as before, by the numbers of our responses."""

    first: str | None = None
    latest: str | None = None
    stands: str | None = None
    """The canonical response to the order as it stands; None where that got none."""
    is_refusal: bool = False
    """What goes out now refuses a change, and says how the order stands."""


def as_it_stands(work: Work, refusal: OrderResponse, before: Confirmed) -> OrderResponse | None:
    """The refusal of what came under the number of an order that stands, said without refusing that: how it stands, and
    why it was not changed. None where nobody has been told how it stands.

    A rejection would be the order's own, and an acceptance could be of either: the order, or what was refused. So every
    line is told as it was confirmed, with its quantity, day and price.
    """
    if before.stands is None:
        return None
    stands = parse_order_response(before.stands.encode())
    lines = [_told_in_full(line) for line in stands.lines]
    if lines:
        lines += _never_taken(work.order, {line.line_number for line in lines})
    note = joined([_refused(work.order, stands), *([refusal.note] if refusal.note else [])])
    base = refusal
    if work.order.function == "original":  # the refusal is of the order that came again, in its currency and version
        base = replace(stands, number=refusal.number, issue_date=refusal.issue_date, issued_at=refusal.issued_at)
        base = replace(base, change_number=None)
    return replace(base, outcome="changed" if lines else "received", note=note, lines=tuple(lines))


def beside_the_order(refusal: OrderResponse) -> OrderResponse:
    """The same of a refusal that was kept as one, without the order: nothing is said of its lines, and the note says
    why."""
    first = "What came under this order's number was refused and the order stands as it was."
    note = joined([first, *([refusal.note] if refusal.note else [])])
    return replace(refusal, outcome="received", note=note, lines=())


def _refused(asked: Order, stands: OrderResponse) -> str:
    what = {"cancel": "cancellation", "change": "change"}.get(asked.function, "order that came again under this number")
    states = {one.status for line in stands.lines for one in line.outcomes}
    if states and states <= {"cancelled", "rejected"}:
        return f"The {what} was refused; nothing of the order is to be delivered."
    return f"The {what} was refused and the order stands as it was confirmed."


def _told_in_full(line: ResponseLine) -> ResponseLine:
    outcomes = [replace(one, status="changed") if one.status == "accepted" else one for one in line.outcomes]
    return replace(line, outcomes=tuple(outcomes))


def _never_taken(asked: Order, standing: set[str]) -> Iterator[ResponseLine]:
    """The lines that only what was refused has."""
    what = "order" if asked.function == "original" else "change"
    for line in asked.lines:
        if line.line_number not in standing:
            yield _refused_line(line, f"The {what} was refused.")


def _refused_line(line: OrderLine, reason: str) -> ResponseLine:
    refused = LineOutcome(
        status="rejected", quantity=line.quantity, unit=line.unit, unit_code=line.unit_code, reason=reason
    )
    return ResponseLine(
        line_number=line.line_number,
        buyer_line_reference=line.buyer_line_reference,
        buyer_item=line.buyer_item,
        seller_item=line.seller_item,
        gtin=line.gtin,
        description=line.description,
        outcomes=(refused,),
    )
