"""What a change or cancellation makes of an order that stands: the order as it would be, and what of it is refused.

A change replaces the order, so that a line which isn't in it any more is deleted; or it is made line by line, where
its lines say what to do (UBL 2.1 LineStatusCode, X12 860). Where a change says neither, no line goes by being left
out: it is held, unless the account's policy says what it means. Nothing is decided here about stock or prices: the
order as it would be is mapped, checked and decided as any other, with what it holds already (`Standing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import Any, Literal, NamedTuple

from gateway.trade.merging import contradictions, merged
from gateway.trade.stock import Allocation
from schemas.documents.order import Order, OrderLine, OtherLines
from schemas.faults import Fault
from schemas.values import EXACT, from_fraction, shortest

When = Literal["next", "stale", "overtaken", "early", "again"]
"""Where a change stands in the order's thread: `next`: it applies; `stale`: a later one was applied, and says all that
it says; `overtaken`: a later one was applied that leaves something of it open; `early`: one before it is missing;
`again`: its number was used for other content."""
_OF_THE_ORDER = ("order_number", "order_type", "contract", "issue_date", "issued_at")
"""What no change changes: prices and items are judged by the day on which the order was issued. The contract that a
stand-alone order names is no more than a reference, which its buyer may renew."""
_SAID_ANEW = (
    *("currency", "respond_by", "cancel_after", "note", "buyer", "seller", "bill_to", "final_recipient", "ship_to"),
    *("requested_delivery", "partial_allowed", "charges", "attachments", "total", "customization", "profile"),
    "extensions",
)
"""What a change line by line says of the order itself, where it says it; number, kind and day of issue are the
order's."""
_OF_THE_DELIVERY = (
    *("currency", "respond_by", "cancel_after", "note", "buyer", "seller", "bill_to", "final_recipient", "ship_to"),
    *("requested_delivery", "partial_allowed", "charges", "rush", "contract"),
)
_SEQUENCE_KEPT = "cbc:SequenceNumberID"
"""Where UBL's codec keeps a change's number that is none."""
_AGREED: Mapping[str, OtherLines] = {"delete": "deleted", "keep": "kept"}


@dataclass(frozen=True, slots=True)
class LineSums:
    """One line's quantities as they stand, in the account's unit, but for what shipped, which is in base units: that
    need not be whole, or even a decimal, in the unit that was ordered. And the number of its last movement."""

    product: str | None
    unit: str | None
    position: int
    number: int
    base_ordered: Decimal
    ordered: Decimal
    raised: Decimal
    confirmed: Decimal
    backordered: Decimal
    rejected: Decimal
    cancelled: Decimal
    shipped: Decimal

    @property
    def base_per_unit(self) -> Fraction | None:
        """Base units in one of the ordered unit; None where the line could not be mapped."""
        if not self.base_ordered or not self.ordered:
            return None
        return _ratio(self.base_ordered, self.ordered)

    @property
    def base_confirmed(self) -> Fraction:
        """What is confirmed, in base units."""
        return Fraction(self.confirmed) * (self.base_per_unit or 0)

    @property
    def shipped_units(self) -> Fraction:
        """What has shipped, in the ordered unit."""
        factor = self.base_per_unit
        return Fraction(self.shipped) / factor if factor else Fraction(0)

    @property
    def is_closed(self) -> bool:
        """Whether all of it is refused or cancelled."""
        return EXACT.add(self.rejected, self.cancelled) == EXACT.add(self.ordered, self.raised)

    @property
    def open(self) -> Decimal:
        """What is ordered, or was raised, and not yet decided."""
        settled = EXACT.add(EXACT.add(self.confirmed, self.backordered), EXACT.add(self.rejected, self.cancelled))
        return EXACT.subtract(EXACT.add(self.ordered, self.raised), settled)

    @property
    def is_open(self) -> bool:
        """Whether nothing of it is decided yet."""
        return not (self.confirmed or self.backordered or self.rejected or self.cancelled)


@lru_cache(maxsize=4096)
def _ratio(base: Decimal, ordered: Decimal) -> Fraction:
    """Lines are asked for theirs again and again, and most have one of few."""
    return Fraction(base) / Fraction(ordered)


class Receipt(NamedTuple):
    """When a message came. Later ones are greater; those of one body have its time, and their ids are in its order."""

    at: int
    message_id: str


class Made(NamedTuple):
    """What made a version of an order: a message, as it was received."""

    version: int
    receipt: Receipt
    says_all: bool
    """Whether it said the whole order, so that nothing of what had been sent before counts any more."""
    said: int
    """The sender's number of the order as of it; that of the version before where it said none."""


def order_versions(said: Iterable[int]) -> list[int]:
    """What answers call each version of an order (`order_version`), by the sender's numbers of them, the first one's
    first: his own number, or one more than the version before where that is no higher. So none is given twice."""
    return [*accumulate(said, lambda before, number: max(number, before + 1), initial=0)][1:]


@dataclass(frozen=True, slots=True)
class Standing:
    """An order as it stands: its newest version, its lines' quantities and the stock that each of them holds."""

    order_id: str
    version: int
    """Ours, one more with each change; the sender's own number is the order's, and answers say `order_version`."""
    status: str
    updated_at: int
    order: Order
    lines: Mapping[str, LineSums]
    """By line number, every line that the order ever had."""
    held: Mapping[str, tuple[Allocation, ...]]
    """Line number → what is allocated to it."""
    made: tuple[Made, ...]
    """What made each version of it, the first one first."""

    @property
    def order_version(self) -> int:
        """What answers call the version that stands."""
        return order_versions(one.said for one in self.made)[-1]

    def made_since(self, change: Order, receipt: Receipt) -> list[Made]:
        """The versions whose messages were received after this one. A change is of the first version whenever that
        came; an order that comes as a change may have been meant to be it."""
        first = 1 if change.function == "original" else 2
        return [one for one in self.made if one.version >= first and one.receipt > receipt]


@dataclass(slots=True)
class Amended:
    """The order as it would be. `refused` lines stand as they were, for the reason given; `deleted` ones are cancelled
    as far as they haven't shipped. `faults` are the change's own, with their paths in the change."""

    order: Order | None
    refused: dict[str, str] = field(default_factory=dict)
    deleted: dict[str, OrderLine] = field(default_factory=dict)
    is_cancellation: bool = False
    """Nothing new is wanted: there is nothing to be mapped or judged."""
    faults: list[Fault] = field(default_factory=list)


def when(standing: Standing, change: Order, receipt: Receipt, *, judged_again: bool) -> When:
    """Where the change stands in the order's thread. One that says no number stands where it was received; and a sender
    who doesn't count the order itself numbers the first change 1. `judged_again`: it was held or failed before."""
    said, last, is_first = said_version(change), standing.order.version, standing.version == 1
    if said == 0 or (is_first and said == last == 1):
        return _by_receipt(standing, change, receipt, judged_again)
    if said < last:
        return "stale"
    if said == last:
        return "again"
    return "early" if is_line_by_line(change) and said > last + 1 else "next"


def _by_receipt(standing: Standing, change: Order, receipt: Receipt, judged_again: bool) -> When:
    """What was received before is not applied over what was received after it, whichever a worker reaches first. A
    cancellation is: whatever comes behind one changes nothing, and the order ends as cancelled either way; unless it
    lay held while its sender went on with the order."""
    later = standing.made_since(change, receipt)
    if not later:
        return "next"
    if change.function == "cancel":
        return "overtaken" if judged_again else "next"
    return "stale" if any(one.says_all for one in later) else "overtaken"


def said_version(change: Order) -> int:
    """The sender's number of the change; 0 where it says none. An order that comes as a change (policy
    `same_number_other_content`) has one only where its document does: 1 is what others are taken for."""
    if change.function == "original" and "version" not in change.model_fields_set:
        return 0
    return change.version


def is_line_by_line(change: Order) -> bool:
    """Whether the change names what to do with each line, and leaves the others alone."""
    if change.function != "change":
        return False
    return change.other_lines == "kept" or any(line.action is not None for line in change.lines)


def as_agreed(change: Order, unnamed_lines: str) -> Order:
    """The change with what its account means by leaving lines out (policy `unnamed_lines`), where it doesn't say it."""
    if change.other_lines != "unsaid" or unnamed_lines not in _AGREED:
        return change
    return change.model_copy(update={"other_lines": _AGREED[unnamed_lines]})


def amend(standing: Standing, change: Order, currency: str | None = None) -> Amended:
    """The order as the change would have it, with the version that it would be. `currency` is the account's own: that
    of a document which names none."""
    if standing.status == "cancelled":
        return Amended(None, faults=[_cancelled_already(change)])
    if change.function == "cancel":
        return _cancelled(standing)
    another = (*_another_order(standing.order, change), *_another_currency(standing.order, change, currency))
    if faults := [*another, *_no_number(change)]:
        return Amended(None, faults=faults)
    unnamed = _unnamed(standing, change) if change.other_lines == "unsaid" else ()
    if faults := [_not_named(line) for line in unnamed if not standing.lines[line.line_number].shipped]:
        return Amended(None, faults=faults)
    if unnamed:  # what has shipped of a line stands, whatever leaving it out meant
        change = change.model_copy(update={"lines": (*change.lines, *unnamed)})
    amended = _line_by_line(standing, change) if is_line_by_line(change) else _replaced(standing, change)
    if amended.order is not None and not amended.order.lines and not amended.faults:
        return _cancelled(standing)
    _keep_what_has_shipped(standing, amended)
    return amended


def changes_nothing(standing: Standing, amended: Amended) -> bool:
    """Whether the order would be as it stands, in all that is delivered, where to, when and on what terms."""
    before, after = standing.order, amended.order
    if after is None or amended.deleted or after.lines != before.lines:
        return False
    return all(getattr(before, name) == getattr(after, name) for name in _OF_THE_DELIVERY)


def number_after(standing: Standing, change: Order) -> int:
    """The sender's number of the order once the change is applied; a change that says none leaves it."""
    return said_version(change) or standing.order.version


# --- what becomes of the lines -----------------------------------------------------------------------------------


def _cancelled(standing: Standing) -> Amended:
    """Every line of which something is left to come. The order keeps the lines that stand; one without any, all of
    them, so that it shows what was ordered."""
    amended = Amended(standing.order, is_cancellation=True)
    for line in standing.order.lines:
        sums = standing.lines.get(line.line_number)
        if sums is not None and sums.shipped:
            amended.refused[line.line_number] = _has_shipped(sums, "it can't be cancelled")
        elif sums is None or not sums.is_closed:
            amended.deleted[line.line_number] = line
    if amended.refused:
        lines = tuple(line for line in standing.order.lines if line.line_number in amended.refused)
        amended.order = standing.order.model_copy(update={"lines": lines})
    return amended


def _unnamed(standing: Standing, change: Order) -> tuple[OrderLine, ...]:
    """The order's lines that the change says nothing of, though something of them stands."""
    if is_line_by_line(change):
        return ()
    there = {line.line_number for line in change.lines}
    return tuple(
        line
        for line in standing.order.lines
        if line.line_number not in there
        and (sums := standing.lines.get(line.line_number)) is not None
        and not sums.is_closed
    )


def _replaced(standing: Standing, change: Order) -> Amended:
    """The change as the order; what it has no line for is deleted."""
    there = {line.line_number for line in change.lines}
    gone = {line.line_number: line for line in standing.order.lines if line.line_number not in there}
    before = standing.order
    kept = {name: value for name in _OF_THE_ORDER if (value := getattr(before, name)) is not None}
    said = {"function": "original", "version": number_after(standing, change), "other_lines": None, **kept}
    said |= _renewed_contract(before, change)
    return Amended(change.model_copy(update=said), deleted=gone)


def _line_by_line(standing: Standing, change: Order) -> Amended:
    """The order that stands, with what the change does to each line; its header as the change says it."""
    amended = Amended(None)
    lines = {line.line_number: line for line in standing.order.lines}
    done: dict[str, str] = {}
    for index, line in enumerate(change.lines):
        number, known = line.line_number, line.line_number in lines
        action = line.action or ("change" if known else "add")
        before = done.get(number)
        done[number] = action
        if before is not None and (before, action) != ("delete", "add"):
            expected = "one line of each number, or its deletion and then what is added in its place"
            amended.faults.append(_fault("duplicate_line", index, line, "is in the change already", expected))
        elif action == "add" and known:
            amended.faults.append(_fault("line_exists", index, line, "is on the order already", "a number of its own"))
        elif action != "add" and not known:
            expected = "the number of a line of the order"
            amended.faults.append(_fault("unknown_line", index, line, "isn't on the order", expected))
        elif action == "delete":
            amended.deleted[number] = lines.pop(number)
        elif action == "add":
            amended.deleted.pop(number, None)  # deleted and added again: it is another line under its number
            lines[number] = line.model_copy(update={"action": None})
        elif action == "change":
            amended.faults += _contradictions(index, lines[number], line)
            lines[number] = merged(lines[number], line)
    if change.other_lines == "deleted":
        there = _numbers(change)
        amended.deleted |= {number: lines.pop(number) for number in [*lines] if number not in there}
    said: dict[str, Any] = {name: value for name in _SAID_ANEW if (value := getattr(change, name)) not in (None, ())}
    said |= {"version": number_after(standing, change), "lines": tuple(lines.values())}
    said |= _renewed_contract(standing.order, change)
    said |= {"response_requested": change.response_requested, "change_number": change.change_number}
    amended.order = standing.order.model_copy(update=said)
    return amended


def _renewed_contract(order: Order, change: Order) -> dict[str, Any]:
    """The contract that the change names instead of the order's, where the order draws on none."""
    return {"contract": change.contract} if change.contract is not None and _may_be_renewed(order) else {}


def _may_be_renewed(order: Order) -> bool:
    """Whether another contract makes it no other order: nothing is counted against what a stand-alone order names."""
    return order.order_type == "stand_alone"


def _keep_what_has_shipped(standing: Standing, amended: Amended) -> None:
    """A line can't be made less than what has shipped of it, nor another product or unit: it stands as it was."""
    order = amended.order
    if order is None or not any(sums.shipped for sums in standing.lines.values()):
        return
    before = {line.line_number: line for line in standing.order.lines}
    lines = {line.line_number: line for line in order.lines}
    for number, sums in standing.lines.items():
        if not sums.shipped or number not in before:
            continue
        after = lines.get(number)
        if after is not None and _is_same_item(before[number], after) and after.quantity >= sums.shipped_units:
            continue
        asked = "it can't be deleted" if after is None else f"it can't be changed to {_said(after)}"
        amended.refused[number] = _has_shipped(sums, asked)
        amended.deleted.pop(number, None)
        lines[number] = before[number]
    if amended.refused:
        kept = [line for number, line in before.items() if number in amended.refused and number not in _numbers(order)]
        there = [lines[line.line_number] for line in order.lines]
        amended.order = order.model_copy(update={"lines": (*there, *kept)})


def _numbers(order: Order) -> set[str]:
    return {line.line_number for line in order.lines}


def _is_same_item(before: OrderLine, after: OrderLine) -> bool:
    """Whether it is the same product in the same unit, as far as the words tell."""
    names = ("buyer_item", "seller_item", "gtin", "unit", "unit_code")
    return all(getattr(before, name) == getattr(after, name) for name in names)


def _said(line: OrderLine) -> str:
    item = line.buyer_item or line.seller_item or line.gtin or ""
    return " ".join(part for part in (f"{shortest(line.quantity):f}", line.unit or "", item) if part)


def _has_shipped(sums: LineSums, what: str) -> str:
    whole = from_fraction(sums.shipped_units)
    unit = "base units" if whole is None else sums.unit or ""
    shipped = f"{shortest(sums.shipped if whole is None else whole):f} {unit}".rstrip()
    return f"{shipped} of the line have shipped: {what}. It stands as it was."


# --- faults ------------------------------------------------------------------------------------------------------


def _fault(code: str, index: int, line: OrderLine, what: str, expected: str) -> Fault:
    detail = f"Line {line.line_number} {what}."
    return Fault(code, detail, f"/lines/{index}/line_number", value=line.line_number, expected=expected)


def _contradictions(index: int, before: OrderLine, line: OrderLine) -> Iterator[Fault]:
    """Parts of the change that don't go with what stands of the line."""
    for field_name, what in contradictions(before, line):
        expected = "all that belongs to it, said anew"
        detail = f"Line {line.line_number}: {what} The order stands as it was."
        yield Fault("change_unclear", detail, f"/lines/{index}/{field_name}", value=line.line_number, expected=expected)


def _another_order(order: Order, change: Order) -> Iterator[Fault]:
    """What the change says of the order that no change changes. What it doesn't say is the order's."""
    stays = "no change makes it another. The order stands as it was."
    if "order_type" in change.model_fields_set and change.order_type != order.order_type:
        detail = f"Order {order.order_number} is of the kind {order.order_type}; {stays}"
        yield Fault("bad_value", detail, "/order_type", value=change.order_type, expected=order.order_type)
    is_another = change.contract is not None and order.contract is not None and change.contract != order.contract
    if is_another and not _may_be_renewed(order):
        detail = f"Order {order.order_number} names the contract {order.contract}; {stays}"
        yield Fault("bad_value", detail, "/contract", value=change.contract, expected=order.contract)


def _another_currency(order: Order, change: Order, currency: str | None) -> Iterator[Fault]:
    """Prices in another currency than those that were agreed: a line that the change leaves alone would keep its amount
    and be paid in the other one. A change line by line that names none leaves the order's."""
    named = change.currency or (None if is_line_by_line(change) else currency)
    agreed = order.currency or currency
    if named is not None and agreed is not None and named != agreed:
        prices = f"The prices of order {order.order_number} are in {agreed}, those of the change in {named}."
        detail = f"{prices} The order stands as it was."
        expected = f"{agreed}, or another order"
        yield Fault("change_unclear", detail, "/currency", value=named, expected=expected)


def _no_number(change: Order) -> Iterator[Fault]:
    """A change's place among the others, said in a way that can't be compared: as one without a number it would pass
    those that wait for their turn."""
    for one in change.extensions:
        if one.name == _SEQUENCE_KEPT:
            detail = f"The change has the sequence number {one.value}, which is no number. The order stands as it was."
            yield Fault("unsupported_document", detail, "/version", one.name, one.value, "a whole number")


def _not_named(line: OrderLine) -> Fault:
    detail = (
        f"Line {line.line_number} of the order isn't in the change, and nothing says whether it is cancelled. "
        "The order stands as it was."
    )
    expected = "each line that goes as deleted, and each that stands by its number"
    return Fault("line_not_named", detail, "/lines", value=line.line_number, expected=expected)


def _cancelled_already(change: Order) -> Fault:
    return Fault(
        "order_cancelled",
        f"Order {change.order_number} was cancelled; it can't be changed any more.",
        "/order_number",
        value=change.order_number,
        expected="an order that stands, or a new number",
    )
