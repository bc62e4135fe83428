"""Which lines of a change are refused, and the order with these as they stand.

A refused change of one line leaves that line with what was confirmed and back-ordered of it; the other lines go on. So
the order is decided with the lines as they were in place of those that can't be had as the change wants them, until
nothing more is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.trade.amendment import Amended, LineSums, Standing
from gateway.trade.consequences import Judgement, consequence_of, line_index
from gateway.trade.decision import Decision
from gateway.trade.reasons import because
from gateway.trade.response import Thread, judged
from mappings.account import Account, Policies
from mappings.mapped import MappedLine, MappedOrder
from schemas.documents.common import Period
from schemas.documents.order import Order, OrderLine
from schemas.faults import Fault

AsStanding = Callable[[Order], tuple[MappedOrder, Sequence[Fault]]]
"""An order in our terms, with the faults to judge it by beside what stands."""
_JUDGED_ONCE = frozenset(("reject_order", "reject_line", "hold_order", "hold_line"))
_WAITS_FOR = frozenset(("reject_line", "hold_order"))
"""What a back-ordered line that the change leaves alone waits for instead."""


@dataclass(slots=True)
class Case:
    """The order as the change would have it, in our terms, and the faults to judge it by."""

    amended: Amended
    mapped: MappedOrder
    faults: Sequence[Fault]


StillFits = Callable[[Case], Sequence[Fault]]
"""The faults, of the change as a whole, of an order whose refused lines stand as they were."""


def faults_to_judge(standing: Standing, mapped: MappedOrder, faults: Sequence[Fault], account: Account) -> list[Fault]:
    """The faults of the order as it would be, less those of what the change leaves alone: what was confirmed once is
    not refused or held because something else on the order changes, and a date that was fine when the order came is
    not over because the change came later."""
    before = _lines_of(standing)
    return [
        fault
        for fault in faults
        if not _is_of_an_old_date(fault, standing.order, mapped.order, before)
        and not (
            (index := line_index(fault)) is not None
            and consequence_of(fault.code, account.policies) in _JUDGED_ONCE
            and _stands(mapped.lines[index], before, standing.lines)
        )
    ]


def thread_of(standing: Standing, case: Case, policies: Policies) -> Thread:
    """What the order has behind it, for deciding it as it would be.

    A back-ordered line that the change leaves alone goes on waiting, whatever is found wrong with it now. A line of
    which something is confirmed is not put on hold: then the change is held, and the order stands.
    """
    before, lines = _lines_of(standing), case.mapped.lines
    waiting = {line.index for line in lines if _waits(line, before, standing.lines)}
    kept_back, others = _parted(case.faults, waiting, policies)
    judgement = judged(case.mapped, others, policies) if others else Judgement()
    for index, fault in kept_back:
        judgement.held.setdefault(index, []).append(fault)
    if any(_is_confirmed(lines[index], standing) for index in judgement.held):
        judgement.order = judgement.order or "hold_order"
    held = {number: taken for number, taken in standing.held.items() if taken and number not in case.amended.deleted}
    stands = {line.line_number for line in lines if _stands(line, before, standing.lines)}
    return Thread(judgement, held, stands)


def refused_for_faults(standing: Standing, case: Case, judgement: Judgement) -> dict[str, str]:
    """Line number → why it can't be changed so, of the lines that stand."""
    lines = case.mapped.lines
    return {
        lines[index].line_number: because(faults)
        for index, faults in judgement.rejected.items()
        if _loses(lines[index], standing)
    }


def refused_for_stock(standing: Standing, case: Case, decision: Decision) -> dict[str, str]:
    """As `refused_for_faults`, of the lines of which nothing could come."""
    told = {} if decision.response is None else {line.line_number: line for line in decision.response.lines}
    refused: dict[str, str] = {}
    for line, ledger in zip(case.mapped.lines, decision.ledger, strict=True):
        if ledger.rejected and ledger.rejected == ledger.ordered and _loses(line, standing):
            answered = told.get(line.line_number)
            refused[line.line_number] = (answered and answered.outcomes[0].reason) or "It can't be supplied."
    return refused


def as_they_stand(standing: Standing, case: Case, refused: Mapping[str, str], as_standing: AsStanding) -> Case:
    """The case with the refused lines as they were before the change."""
    before, order = _lines_of(standing), case.mapped.order
    lines = tuple(before[line.line_number] if line.line_number in refused else line for line in order.lines)
    order = order.model_copy(update={"lines": lines})
    mapped, found = as_standing(order)
    theirs = {index for index, line in enumerate(lines) if line.line_number in refused}
    faults = [fault for fault in case.faults if line_index(fault) not in theirs]
    faults += [fault for fault in found if line_index(fault) in theirs]
    reasons = {number: f"{reason} The line stands as it was." for number, reason in refused.items()}
    return Case(replace(case.amended, order=order, refused=case.amended.refused | reasons), mapped, faults)


# --- what stands -------------------------------------------------------------------------------------------------


def _lines_of(standing: Standing) -> dict[str, OrderLine]:
    return {line.line_number: line for line in standing.order.lines}


def _stands(line: MappedLine, before: Mapping[str, OrderLine], sums: Mapping[str, LineSums]) -> bool:
    """Whether the line is as it was, and was confirmed or left to others to decide."""
    known = sums.get(line.line_number)
    if known is None or known.rejected or not (known.confirmed or known.is_open):
        return False  # a line on hold is back-ordered whole, and only its fault says why
    if line.product is None or line.base_quantity is None:
        return False
    return before.get(line.line_number) == line.line


def _waits(line: MappedLine, before: Mapping[str, OrderLine], sums: Mapping[str, LineSums]) -> bool:
    """Whether the line is as it was, and back-ordered whole."""
    known = sums.get(line.line_number)
    if known is None or known.confirmed or known.rejected or not known.backordered:
        return False
    return before.get(line.line_number) == line.line


def _is_confirmed(line: MappedLine, standing: Standing) -> bool:
    known = standing.lines.get(line.line_number)
    return known is not None and bool(known.confirmed)


def _loses(line: MappedLine, standing: Standing) -> bool:
    """Whether the line stands otherwise, so that refusing it whole would take what it has."""
    known, before = standing.lines.get(line.line_number), _lines_of(standing).get(line.line_number)
    return known is not None and not known.is_closed and before is not None and before != line.line


def _parted(
    faults: Sequence[Fault], waiting: set[int], policies: Policies
) -> tuple[list[tuple[int, Fault]], list[Fault]]:
    """The faults for which a waiting line goes on waiting, each with its line's index; and the others."""
    kept_back: list[tuple[int, Fault]] = []
    others: list[Fault] = []
    for fault in faults:
        index = line_index(fault)
        if index is not None and index in waiting and consequence_of(fault.code, policies) in _WAITS_FOR:
            kept_back.append((index, fault))
        else:
            others.append(fault)
    return kept_back, others


# --- dates -------------------------------------------------------------------------------------------------------


def _is_of_an_old_date(fault: Fault, before: Order, after: Order, lines: Mapping[str, OrderLine]) -> bool:
    """Whether it is a date in the past that the order said before."""
    if fault.code != "past_date":
        return False
    index = line_index(fault)
    if index is None:
        return before.requested_delivery == after.requested_delivery
    line, known = after.lines[index], lines.get(after.lines[index].line_number)
    if known is None:
        return False
    return set(_periods(line, fault.path)) <= set(_periods(known, fault.path))


def _periods(line: OrderLine, path: str) -> Iterator[Period | None]:
    """The line's own delivery, or those of its parts; whichever the path is in."""
    if "/schedule/" in path:
        yield from (part.requested_delivery for part in line.schedule)
    else:
        yield line.requested_delivery
