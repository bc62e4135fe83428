"""The decision on one order, and the order response that says it.

`decide` reads in the order of the trade's questions: is the order refused or held for its faults? is it ours to
decide? what is there for each line? may it go out in parts? Nothing here reads a clock, a table or a setting.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from gateway.trade.allocation import Taken, allocate, allocate_whole, kept_of, release, taken
from gateway.trade.answers import (
    Answer,
    Rules,
    agreed,
    at_fault,
    in_full,
    in_part,
    late_reason,
    later_whole,
    left_open,
    too_late,
)
from gateway.trade.consequences import Judgement, consequence_of, judge
from gateway.trade.decision import Decision, LineLedger
from gateway.trade.quantities import rounded_up
from gateway.trade.reasons import because, joined, sentence
from gateway.trade.stock import Allocation, Stock
from gateway.trade.wanted import Wanted, wanted
from mappings.account import Account, Policies
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import Supplier
from schemas.documents.common import Address, Identifier, Party
from schemas.documents.order import Order
from schemas.documents.order_response import LineOutcome, OrderResponse, Outcome, ResponseLine
from schemas.faults import Fault, line_index

AGREED = (
    "A blanket order: what is accepted may be ordered by releases that name this order as their contract. Nothing is "
    "delivered on the blanket order itself."
)
_GLN = "0088"
_REFUSING = frozenset(("reject_order", "reject_line"))
_ADDRESS = frozenset({"street", "city", "postal_code", "region", "country"})


@dataclass(slots=True)
class Heading:
    """What stands at the head of a response. `issued_at` is in the account's zone; its date is the issue date. `buyer`
    is as the order names it, and as its account is known to us where it names none."""

    number: str
    issued_at: datetime
    seller: Party
    buyer: Party
    version: int
    test: bool


def decide(
    mapped: MappedOrder,
    faults: Sequence[Fault],
    stock: Stock,
    account: Account,
    supplier: Supplier,
    *,
    response_number: str,
    received_on: date,
    issued_at: datetime,
    version: int | None = None,
    test: bool = False,
    thread: Thread | None = None,
) -> Decision:
    """What becomes of an order, with the response that says so.

    `faults` are all that were found, the mapping's included; `received_on` and `issued_at` are in the account's zone.
    `stock` is a view: what the order takes is taken from it, so that the next order decided on it sees what is left.
    A `test` (by its key, or marked in the document) is answered in full and takes nothing. `thread` is what a changed
    order has behind it.
    """
    order = mapped.order
    buyer = mapped.buyer or buyer_party(account)
    heading = Heading(
        response_number, issued_at, seller_party(supplier), buyer, version or order.version or 1, test or order.test
    )
    judgement = thread.judgement if thread else judged(mapped, faults, account.policies)
    if judgement.order == "reject_order" or _all_lines_refused(mapped, judgement):
        return Decision("rejected", tuple(faults), _wanted_response(order, _refusal(mapped, judgement, heading)))
    if judgement.order == "hold_order":
        return Decision("held", tuple(faults))
    rules = Rules(order, account.policies, max(received_on, issued_at.date()))
    if is_left_open(account, test=heading.test):
        ledger = tuple(_open_ledger(mapped, judgement, rules))
        return Decision("answered", tuple(faults), _wanted_response(order, _received(mapped, heading)), ledger)
    if order.order_type == "blanket":
        return _agreement(mapped, faults, judgement, rules, heading)
    answers, allocations = _answer(mapped, judgement, rules, _Taking(stock, account, thread), heading)
    if judgement.rejected and rules.ship_complete() and all(_refused(answer) for answer in answers):
        # the lines at fault took the others of a ship-complete order with them
        return Decision("rejected", tuple(faults), _wanted_response(order, answered_response(mapped, answers, heading)))
    response = answered_response(mapped, answers, heading) if order.response_requested else None
    return Decision("answered", tuple(faults), response, tuple([answer.ledger for answer in answers]), allocations)


def refusal_of_unread(
    order_number: str,
    faults: Sequence[Fault],
    account: Account,
    supplier: Supplier,
    *,
    response_number: str,
    issued_at: datetime,
    test: bool = False,
    currency: str | None = None,
) -> OrderResponse:
    """The refusal of an order that could not be read whole: it has no lines to answer, so every reason is in the note,
    and its buyer is the account as we know it. The note has what the order is refused for, by the same table as that of
    an order that was read: not what only we can mend. `currency` is the order's where that could be read."""
    refused_for = [fault for fault in faults if consequence_of(fault.code, account.policies) in _REFUSING]
    return OrderResponse(
        number=response_number,
        order_number=order_number,
        issue_date=issued_at.date(),
        issued_at=issued_at,
        outcome="rejected",
        test=test,
        currency=currency,
        note=joined([sentence(fault) for fault in refused_for]),
        buyer=buyer_party(account),
        seller=seller_party(supplier),
    )


def buyer_party(account: Account) -> Party:
    """The account as its terms name it."""
    first = account.identifiers[0] if account.identifiers else None
    legal = account.legal
    endpoint = legal.endpoint if legal else None
    return Party(
        id=first.id if first else None,
        scheme=first.scheme if first else None,
        name=account.name,
        endpoint=Identifier(id=endpoint.id, scheme=endpoint.scheme) if endpoint else None,
        legal_name=legal.name if legal and legal.name else account.name,
        vat_id=legal.vat_id if legal else None,
    )


def seller_party(supplier: Supplier) -> Party:
    """Who we are, as our documents say it."""
    party = supplier.compiled.get("party")
    if not isinstance(party, Party):
        party = supplier.compiled["party"] = _party(supplier)
    return party


def _party(supplier: Supplier) -> Party:
    number, registration = supplier.endpoint_id, supplier.registration
    address = {part: text for part, text in supplier.address.items() if part in _ADDRESS}
    return Party(
        id=supplier.gln,
        scheme=_GLN if supplier.gln else None,
        name=supplier.legal_name,
        endpoint=Identifier(id=number, scheme=supplier.endpoint_scheme) if number else None,
        legal_name=supplier.legal_name,
        registration=Identifier(id=registration) if registration else None,
        vat_id=supplier.vat_id,
        address=Address(**address) if supplier.address else None,
    )


# --- refused -----------------------------------------------------------------------------------------------------


def _all_lines_refused(mapped: MappedOrder, judgement: Judgement) -> bool:
    return bool(judgement.rejected) and all(line.index in judgement.rejected for line in mapped.lines)


def judged(mapped: MappedOrder, faults: Sequence[Fault], policies: Policies) -> Judgement:
    """What the faults lead to, also where they lead to what can't be done."""
    judgement = judge(faults, policies)
    _refuse_unroundable(mapped, judgement)
    return judgement


def _refuse_unroundable(mapped: MappedOrder, judgement: Judgement) -> None:
    """A line whose next whole quantity can't be said exactly in the account's unit is refused: its sender can."""
    for index, fault in judgement.rounded.items():
        if rounded_up(mapped.lines[index]) is None:
            judgement.rejected.setdefault(index, []).append(fault)


def _refusal(mapped: MappedOrder, judgement: Judgement, heading: Heading) -> OrderResponse:
    """Every line refused, each with its own faults, or with the order; the reasons once more in the note."""
    own: dict[int, list[Fault]] = {index: list(faults) for index, faults in judgement.rejected.items()}
    for fault in judgement.order_faults:
        if (index := line_index(fault)) is not None:
            own.setdefault(index, []).append(fault)
    lines = [
        at_fault(line, "rejected", because(own[line.index]) if line.index in own else "Refused with the order.").line
        for line in mapped.lines
    ]
    header = [fault for fault in judgement.order_faults if line_index(fault) is None]
    reasons = [
        sentence(fault) for fault in (*header, *(fault for _, faults in sorted(own.items()) for fault in faults))
    ]
    return _response(mapped, "rejected", lines, heading, joined(reasons))


# --- left to the ERP, or to later releases --------------------------------------------------------------------------


def takes_stock(order: Order, account: Account, *, test: bool) -> bool:
    """Whether what is in stock decides the order. A blanket order's lines are ceilings for its releases."""
    return not (test or order.order_type == "blanket" or is_left_open(account, test=test))


def is_left_open(account: Account, *, test: bool) -> bool:
    """With `decision: backoffice` the ERP decides. A test never reaches the ERP, so it is answered here."""
    return account.policies.decision == "backoffice" and not test


def _agreement(
    mapped: MappedOrder, faults: Sequence[Fault], judgement: Judgement, rules: Rules, heading: Heading
) -> Decision:
    """A blanket order is answered as the terms that it is: what may be released at which price, for no day and from no
    stock. What is agreed stays open; the releases confirm it."""
    wants = [_want(mapped, line, judgement, rules) for line in mapped.lines]
    answers = [want if isinstance(want, Answer) else agreed(want) for want in wants]
    response = replace(answered_response(mapped, answers, heading), note=AGREED)
    ledger = tuple([answer.ledger for answer in answers])
    wanted_response = _wanted_response(mapped.order, response)
    return Decision("answered", tuple(faults), wanted_response, ledger, outcome=response.outcome)


def _received(mapped: MappedOrder, heading: Heading) -> OrderResponse:
    return _response(mapped, "received", (), heading, None)


def _open_ledger(mapped: MappedOrder, judgement: Judgement, rules: Rules) -> list[LineLedger]:
    """Everything open but what is refused already."""
    return [
        found.ledger if isinstance(found, Answer) else left_open(found)
        for found in (_want(mapped, line, judgement, rules) for line in mapped.lines)
    ]


# --- decided here ----------------------------------------------------------------------------------------------------


def _want(mapped: MappedOrder, line: MappedLine, judgement: Judgement, rules: Rules) -> Wanted | Answer:
    """What the line asks for, or its answer where its faults have decided that already."""
    index = line.index
    if index in judgement.rejected:
        return at_fault(line, "rejected", because(judgement.rejected[index]))
    if index in judgement.held:
        return at_fault(line, "backordered", f"On hold: {because(judgement.held[index])}")
    return wanted(
        mapped,
        line,
        rules.decided_on,
        rounded=index in judgement.rounded,
        repriced=index in judgement.repriced,
    )


@dataclass(slots=True)
class Thread:
    """What a changed order has behind it."""

    judgement: Judgement
    """What its faults lead to, those that were judged before left out."""
    held: Mapping[str, Taken]
    """Line number → what it holds of the stock."""
    stands: Collection[str]
    """The lines that stand as they were confirmed: whenever they can be there, they are not too late now."""


@dataclass(slots=True)
class _Taking:
    """The stock, who takes from it, and what the order's lines hold of it already."""

    stock: Stock
    account: Account
    thread: Thread | None
    kept: dict[str, Taken] = field(default_factory=dict)

    def give_back(self, wants: Sequence[Wanted | Answer], rules: Rules) -> None:
        """What the lines hold and want no more, before any of them takes: what one gives back is there for the others,
        whichever comes first, and what a line keeps is nobody else's."""
        if self.thread is None or not self.thread.held:
            return
        supplied = {want.line.line_number: want for want in wants if isinstance(want, Wanted)}
        for number, held in self.thread.held.items():
            want = supplied.get(number)
            kept = () if want is None or self.too_late(want, rules) else kept_of(held, want, self.stock)
            release(self.stock, held)
            for one in kept:
                self.stock.positions[one.product, one.site].take(one.account, one.quantity)
            self.kept[number] = kept

    def too_late(self, want: Wanted, rules: Rules) -> bool:
        """Whether the line can only come after the buyer has cancelled the order, and was not confirmed before."""
        stands = self.thread is not None and want.line.line_number in self.thread.stands
        return not stands and too_late(want, rules)

    def allocate(self, want: Wanted) -> Taken:
        """What the line wants, or as much as there is."""
        return allocate(self.stock, self.account, want, self.kept.get(want.line.line_number, ()))

    def allocate_whole(self, want: Wanted) -> Taken:
        """All that the line wants, or nothing."""
        return allocate_whole(self.stock, self.account, want, self.kept.get(want.line.line_number, ()))


def _answer(
    mapped: MappedOrder, judgement: Judgement, rules: Rules, taking: _Taking, heading: Heading
) -> tuple[list[Answer], Taken]:
    wants = [_want(mapped, line, judgement, rules) for line in mapped.lines]
    if heading.test:
        return [want if isinstance(want, Answer) else in_full(want, rules) for want in wants], ()
    taking.give_back(wants, rules)
    if rules.ship_complete():
        return _complete_or_not(wants, rules, taking)
    stock = taking.stock
    answers: list[Answer] = []
    allocations: list[Allocation] = []
    for want in wants:
        if isinstance(want, Answer):
            answers.append(want)
            continue
        if taking.too_late(want, rules):
            answers.append(at_fault(want.line, "rejected", late_reason(want, rules)))
            continue
        found = taking.allocate(want)
        if taken(found) == want.base:
            answers.append(in_full(want, rules))
        else:
            if not rules.partial(want.line):
                release(stock, found)
                found = ()
            answers.append(in_part(want, found, stock, rules))
        allocations += found
    return answers, tuple(allocations)


# --- ship complete: the order goes out whole, or waits, or is refused ------------------------------------------------


def _complete_or_not(wants: list[Wanted | Answer], rules: Rules, taking: _Taking) -> tuple[list[Answer], Taken]:
    supplied, stock = [want for want in wants if isinstance(want, Wanted)], taking.stock
    found = {id(want): taking.allocate_whole(want) for want in supplied}
    short = [want for want in supplied if taken(found[id(want)]) != want.base]
    late = [want for want in supplied if taking.too_late(want, rules)]
    allocations = tuple(one for want in supplied for one in found[id(want)])
    if len(supplied) == len(wants) and not short and not late:
        return [in_full(want, rules) for want in supplied], allocations
    release(stock, allocations)
    answer_of = _whole_order(wants, supplied, short, late, stock, rules)
    return [want if isinstance(want, Answer) else answer_of(want) for want in wants], ()


def _whole_order(
    wants: list[Wanted | Answer],
    supplied: list[Wanted],
    short: list[Wanted],
    late: list[Wanted],
    stock: Stock,
    rules: Rules,
) -> Callable[[Wanted], Answer]:
    """The one answer that every line of an order gets that can't go out complete now."""
    refused = [want for want in wants if isinstance(want, Answer) and _refused(want)]
    waiting = [want for want in wants if isinstance(want, Answer) and not _refused(want)]
    if refused:
        return _all_refused(f"line {refused[0].line.line_number} is refused.")
    if late:
        return _all_refused(f"line {late[0].line.line_number}: {late_reason(late[0], rules)}")
    if not all(rules.backorder(want.line) for want in supplied):
        return _all_refused(f"{_numbers(short)} not in stock, and back-orders are not agreed.")
    if waiting:
        reason = f"To be delivered complete, and line {waiting[0].line.line_number} is on hold."
        return lambda want: later_whole(want, None, reason)
    day = _complete_on(supplied, short, stock, rules)
    limit = rules.order.cancel_after
    if limit is not None and (day is None or day > limit):
        return _all_refused(f"{_numbers(short)} not due in time for the order's cancel-after date {limit}.")
    reason = f"To be delivered complete: {_numbers(short)} not in stock now."
    return lambda want: later_whole(want, day, reason)


def _all_refused(why: str) -> Callable[[Wanted], Answer]:
    return lambda want: at_fault(want.line, "rejected", f"The order is to be delivered complete: {why}")


def _numbers(short: list[Wanted]) -> str:
    numbers = [want.line.line_number for want in short[:5]]
    more = f" and {len(short) - 5} more" if len(short) > 5 else ""
    return f"line {', '.join(numbers)}{more}" if len(short) == 1 else f"lines {', '.join(numbers)}{more}"


def _complete_on(supplied: list[Wanted], short: list[Wanted], stock: Stock, rules: Rules) -> date | None:
    """The day on which all of it can be there; None where the next receipts don't cover all that is short."""
    days = [want.promise(want.window) for want in supplied]
    for want in short:
        receipt = want.receipt(stock, rules.decided_on)
        if receipt is None or (receipt.quantity is not None and receipt.quantity < want.base):
            return None
        days.append(want.arrival(receipt))
    return max(days)


# --- the document ----------------------------------------------------------------------------------------------------


def _refused(answer: Answer) -> bool:
    return answer.ledger.rejected == answer.ledger.ordered


def answered_response(mapped: MappedOrder, answers: list[Answer], heading: Heading) -> OrderResponse:
    """The response that gives these answers, a line each."""
    lines = [answer.line for answer in answers]
    outcome = _outcome_of(lines)
    note = None
    if outcome == "rejected":  # a rejection's reasons stand at the head too: Peppol's RE carries no lines
        note = joined([f"Line {line.line_number}: {_reason(line.outcomes[0])}" for line in lines])
    return _response(mapped, outcome, lines, heading, note)


def _outcome_of(lines: Sequence[ResponseLine]) -> Outcome:
    statuses = {outcome.status for line in lines for outcome in line.outcomes}
    if statuses == {"accepted"}:
        return "accepted"
    return "rejected" if statuses == {"rejected"} else "changed"


def _reason(outcome: LineOutcome) -> str:
    return outcome.reason or outcome.status


def _response(
    mapped: MappedOrder, outcome: Outcome, lines: Sequence[ResponseLine], heading: Heading, note: str | None
) -> OrderResponse:
    return heading_response(mapped.order, outcome, lines, heading, note)


def heading_response(
    order: Order, outcome: Outcome, lines: Sequence[ResponseLine], heading: Heading, note: str | None
) -> OrderResponse:
    """The response to this order that says so."""
    return OrderResponse(
        number=heading.number,
        order_number=order.order_number,
        order_version=heading.version,
        change_number=order.change_number,
        issue_date=heading.issued_at.date(),
        issued_at=heading.issued_at,
        outcome=outcome,
        test=heading.test,
        currency=order.currency,
        note=note,
        order_issue_date=order.issue_date,
        buyer=heading.buyer,
        seller=heading.seller,
        lines=tuple(lines),
    )


def _wanted_response(order: Order, response: OrderResponse) -> OrderResponse | None:
    return response if order.response_requested else None
