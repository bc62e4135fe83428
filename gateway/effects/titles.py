"""Groups of differences as sentences: how many lines and orders, and what changes for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Protocol

from schemas.fault_codes import FAULTS
from schemas.values import shortest


class Told(Protocol):
    """What a sentence needs of a group."""

    @property
    def kind(self) -> str: ...
    @property
    def about(self) -> tuple[str, ...]: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...
    @property
    def orders(self) -> int: ...
    @property
    def lines(self) -> int: ...
    @property
    def is_uniform(self) -> bool: ...
    @property
    def is_rest(self) -> bool: ...
    @property
    def sums_before(self) -> Mapping[str, Decimal]: ...
    @property
    def sums_after(self) -> Mapping[str, Decimal]: ...


LEFT_OUT = {
    "erased": "erased",
    "unsettled": "not judged yet, or failed at a fault of ours",
    "duplicate": "a repeat of an earlier message",
    "closed": "closed or replaced by a person",
    "envelope": "a body of several orders, each of which is a message of its own",
    "answer": "an answer to documents of ours, which no mapping decides",
    "order_book": "judged by the order book alone (a number used twice, a contract, a change of another order)",
}
"""Why messages are not compared."""
STATUS_WORDS = {"done": "answered", "held": "held", "rejected": "refused", "failed": "failed", "duplicate": "a repeat"}
_OUTCOMES = {
    "accepted": "confirmed",
    "changed": "confirmed with a change",
    "backordered": "back-ordered",
    "rejected": "refused",
    "cancelled": "cancelled",
    "open": "left open",
}


def left_out_words(reason: str, count: int) -> str:
    """`3 messages: erased`."""
    return f"{counted(count, 'message')}: {LEFT_OUT.get(reason, reason)}"


def title_of(group: Told) -> str:
    """The sentence."""
    sentence, rest = _KINDS[group.kind]
    if group.is_rest:
        return f"{_where(group)}: further changes of the kind: {rest}"
    return sentence(group)


# --- orders and lines that fail or pass --------------------------------------------------------------------------
def _order_fails(group: Told) -> str:
    return f"{_orders(group)} newly {_verb(group, 'fails', 'fail')}: {_fault(group)}"


def _order_passes(group: Told) -> str:
    return f"{_orders(group)} now {_verb(group, 'passes', 'pass')}: no more {_fault(group)}"


def _status(group: Told) -> str:
    before, after = (STATUS_WORDS.get(one, one) for one in group.about)
    return f"{_orders(group)} {_verb(group, 'is', 'are')} {after} instead of {before}"


def _line_refused(group: Told) -> str:
    return f"{_where(group)} newly refused: {_fault(group)}"


def _line_taken(group: Told) -> str:
    return f"{_where(group)} refused no more: no more {_fault(group)}"


def _line_waits(group: Told) -> str:
    return f"{_where(group)} newly back-ordered, on hold: {_fault(group)}"


def _noted(group: Told) -> str:
    return f"{_where(group)}: newly found, {_fault(group)}"


def _gone(group: Told) -> str:
    return f"{_where(group)}: found no more, {_fault(group)}"


def _fault(group: Told) -> str:
    code, value = group.about
    title = FAULTS[code].title if code in FAULTS else code
    is_a_name = code.startswith("unknown_") and " " not in value
    told = f" {value}" if value and is_a_name else f" ({value})" if value else ""
    return f"{title[:1].lower()}{title[1:]}{told}"


# --- what lines mean ---------------------------------------------------------------------------------------------
def _factor(group: Told) -> str:
    unit, item, before, after = group.about
    return f"{_where(group)}: {unit} of {item} is {after} instead of {before}{_sums(group)}"


def _product(group: Told) -> str:
    item, before, after = group.about
    return f"{_where(group)}: {item} is {after} instead of {before}{_sums(group)}"


def _price(group: Told) -> str:
    product, unit, before, after = group.about
    return f"{_where(group)}: contract price of {product} {before} → {after} for 1 {unit}"


def _site(group: Told) -> str:
    before, after = group.about
    return f"{_where(group)}: delivered to {after} instead of {before}"


def _supply(group: Told) -> str:
    site, before, after = group.about
    return f"{_where(group)}: {site} is supplied from {after} instead of {before}"


def _currency(group: Told) -> str:
    before, after = group.about
    return f"{_where(group)}: priced in {after} instead of {before}"


# --- how the document reads, and what becomes of it --------------------------------------------------------------
def _field(group: Told) -> str:
    (pattern,) = group.about
    changed = f"{group.before} → {group.after}"
    told = f" {changed}" if group.is_uniform else f" ({changed} and others)"
    verb = "reads" if (group.lines or group.orders) == 1 else "read"
    return f"{_where(group)} {verb} otherwise: {field_words(pattern)}{told}{_sums(group)}"


def _line_count(group: Told) -> str:
    (which,) = group.about
    here = "in lines that were not there" if which == "added" else "without lines that were there"
    return f"{_orders(group)} {_verb(group, 'reads', 'read')} {here}: {counted(group.lines, 'line')}"


def _order_count(group: Told) -> str:
    before, after = group.about
    verb = _verb(group, "reads", "read")
    return f"{counted(group.orders, 'message')} {verb} as {counted(int(after), 'order')} instead of {before}"


def _outcome(group: Told) -> str:
    before, after = _parts(group.sums_before), _parts(group.sums_after)
    return f"{_where(group)}: {after} instead of {before}"


def _promise(group: Told) -> str:
    (days,) = group.about
    if not days.lstrip("-").isdigit():
        others = "" if group.is_uniform else ", and others"
        return f"{_where(group)}: promised for {group.after} instead of {group.before}{others}"
    later = "later" if int(days) > 0 else "earlier"
    return f"{_where(group)}: promised {counted(abs(int(days)), 'day')} {later}"


def _answer(group: Told) -> str:
    return f"{_orders(group)}: the same answer is written otherwise"


def _answer_format(group: Told) -> str:
    before, after = group.about
    return f"{_orders(group)}: answered in {after} instead of {before}"


def field_words(pattern: str) -> str:
    """`/requested_delivery/start` as `requested delivery start`."""
    return " ".join(one.replace("_", " ") for one in pattern.split("/") if one not in ("", "*", "lines"))


def outcome_words(parts: Mapping[str, Decimal], unit: str | None = None) -> str:
    """`confirmed 10, back-ordered 2`."""
    return _parts(parts) + (f" {unit}" if unit and parts else "")


def _parts(parts: Mapping[str, Decimal]) -> str:
    known = [f"{words} {amount_text(parts[one])}" for one, words in _OUTCOMES.items() if one in parts]
    return ", ".join(known) or "nothing said"


def _sums(group: Told) -> str:
    before, after = group.sums_before, group.sums_after
    if not before or not after or before == after:
        return ""
    if before.keys() == after.keys() and len(before) == 1:
        ((unit, amount),) = after.items()
        return f" ({amount_text(before[unit])} → {amount_text(amount)} {unit})"
    return f" ({_amounts(before)} → {_amounts(after)})"


def _amounts(sums: Mapping[str, Decimal]) -> str:
    return " and ".join(f"{amount_text(amount)} {unit}" for unit, amount in sums.items())


def amount_text(amount: Decimal) -> str:
    """`5,760`; all its decimals."""
    return f"{shortest(amount):,f}"


def counted(count: int, word: str) -> str:
    """`1 order`, `1,204 orders`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _orders(group: Told) -> str:
    return counted(group.orders, "order")


def _where(group: Told) -> str:
    if not group.lines:
        return _orders(group)
    lines = counted(group.lines, "line")
    return lines if group.lines == group.orders == 1 else f"{lines} in {_orders(group)}"


def _verb(group: Told, one: str, many: str) -> str:
    return one if group.orders == 1 else many


_KINDS: Mapping[str, tuple[Callable[[Told], str], str]] = {
    "order_fails": (_order_fails, "orders that newly fail"),
    "order_passes": (_order_passes, "orders that pass now"),
    "status": (_status, "other standing"),
    "line_refused": (_line_refused, "lines newly refused"),
    "line_taken": (_line_taken, "lines refused no more"),
    "line_waits": (_line_waits, "lines newly on hold"),
    "noted": (_noted, "faults newly found"),
    "gone": (_gone, "faults found no more"),
    "factor": (_factor, "units of another size"),
    "product": (_product, "items that are another product"),
    "price": (_price, "other contract prices"),
    "site": (_site, "other places of delivery"),
    "supply": (_supply, "other places of supply"),
    "currency": (_currency, "another currency"),
    "field": (_field, "what reads otherwise"),
    "line_count": (_line_count, "lines that come or go"),
    "order_count": (_order_count, "another number of orders"),
    "outcome": (_outcome, "other quantities"),
    "promise": (_promise, "other days"),
    "answer": (_answer, "answers written otherwise"),
    "answer_format": (_answer_format, "answers in another format"),
}
"""Kind of change → its sentence, and what those of the kind are called that are not told apart."""
