"""What the order must keep of contract and catalogue, beyond being understood: kind, dates, minimum, multiple, status.

Nothing here knows a policy; `gateway.trade.consequences` says what each fault leads to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from math import ceil

from gateway.trade.line_status import stops_delivery
from gateway.trade.quantities import in_sales_units
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import Product
from schemas.documents.common import Period
from schemas.documents.order import Order
from schemas.faults import Fault
from schemas.values import EXACT, from_fraction, shortest

_KINDS_KEPT = frozenset(("cbc:OrderTypeCode", "@orderType"))
"""UBL's (UNCL 1001) and cXML's."""
_STATUS_KEPT = "cac:LineItem/cbc:LineStatusCode"


def check(mapped: MappedOrder, received_on: date) -> tuple[Fault, ...]:
    """Every fault of the order against contract and catalogue, the header's first, then line by line.

    `received_on` is the account's local date of receipt, so that a replay next day finds nothing new.
    """
    order = mapped.order
    found = [*_kind(order), *_window(order.requested_delivery, "/requested_delivery", order, received_on)]
    if len({line.line_number for line in mapped.lines}) < len(mapped.lines):
        found += _duplicates(mapped)
    for line in mapped.lines:
        if line.own_delivery:
            found += _line_dates(line, order, received_on)
            found += _schedule(line)
        if line.line.extensions:
            found += _status(line)
        product = line.meaning.product
        if product is not None and not _is_plainly_right(line, product):
            found += _catalogue(line, product)
    return tuple(found)


def _kind(order: Order) -> Iterator[Fault]:
    if order.order_type == "other":
        yield Fault(
            "unsupported_document",
            "This kind of order isn't handled automatically; one of our people does it.",
            "/order_type",
            value=_kind_as_sent(order),
            expected="stand_alone, blanket, release or consignment",
        )
    if order.order_type == "release" and order.contract is None:
        yield Fault(
            "release_without_contract",
            "A release order draws on a contract, and this one names none.",
            "/contract",
            expected="the contract's number",
        )


def _kind_as_sent(order: Order) -> str:
    """The sender's own word or code for the kind, which a codec keeps aside where it is none of ours."""
    kept = (one.value for one in order.extensions if one.name in _KINDS_KEPT and one.value)
    return next(kept, order.order_type)


def _duplicates(mapped: MappedOrder) -> Iterator[Fault]:
    if any(fault.code == "duplicate_line" for fault in mapped.all_faults()):
        return
    seen: set[str] = set()
    for index, line in enumerate(mapped.order.lines):
        if line.line_number in seen:
            detail = f"More than one line has the number {line.line_number}."
            yield Fault(
                "duplicate_line",
                detail,
                f"/lines/{index}/line_number",
                value=line.line_number,
                expected="a number that no other line has",
            )
        seen.add(line.line_number)


# --- dates -------------------------------------------------------------------------------------------------------


def _line_dates(line: MappedLine, order: Order, received_on: date) -> Iterator[Fault]:
    path = f"/lines/{line.index}"
    yield from _window(line.line.requested_delivery, f"{path}/requested_delivery", order, received_on)
    for number, part in enumerate(line.line.schedule):
        place = f"{path}/schedule/{number}/requested_delivery"
        yield from _window(part.requested_delivery, place, order, received_on)


def _schedule(line: MappedLine) -> Iterator[Fault]:
    """Every part has a quantity, and in the line's unit: a codec takes no other."""
    parts = line.line.schedule
    if not parts:
        return
    total = Decimal(0)
    for part in parts:
        total = EXACT.add(total, part.quantity)
    if total == line.line.quantity:
        return
    scheduled, ordered = f"{shortest(total):f}", f"{shortest(line.line.quantity):f}"
    unit = line.line.unit or line.unit or ""
    yield Fault(
        "schedule_mismatch",
        f"The deliveries of the line sum to {scheduled} {unit}".rstrip() + f", and {ordered} are ordered.",
        f"/lines/{line.index}/schedule",
        value=scheduled,
        expected=ordered,
    )


def _status(line: MappedLine) -> Iterator[Fault]:
    """What the sender's own system says of the line's state, where that may mean that it isn't to ship."""
    for one in line.line.extensions:
        if one.name == _STATUS_KEPT and one.value and stops_delivery(one.value):
            yield Fault(
                "unsupported_document",
                f"Line {line.line_number} of the order has the status {one.value}; whether it is to be delivered isn't "
                "guessed.",
                f"/lines/{line.index}",
                value=one.value,
                expected="a line without a status that says otherwise, or a change",
            )


def _window(period: Period | None, path: str, order: Order, received_on: date) -> Iterator[Fault]:
    if period is None:
        return
    if _ends_before_start(period):
        yield Fault(
            "dates_contradict",
            "The delivery window ends before it starts.",
            f"{path}/end",
            value=_moment(period.end, period.end_time),
            expected=f"{_moment(period.start, period.start_time)} or later",
        )
    if order.cancel_after is not None and period.start is not None and order.cancel_after < period.start:
        yield Fault(
            "dates_contradict",
            f"The order is cancelled after {order.cancel_after}, before the delivery it requests.",
            f"{path}/start",
            value=str(period.start),
            expected=f"{order.cancel_after} or earlier",
        )
    last = period.end or period.start
    if last is not None and last < received_on:
        yield Fault(
            "past_date",
            f"The requested delivery was over when the order was received on {received_on}.",
            f"{path}/end" if period.end else f"{path}/start",
            value=str(last),
            expected=f"{received_on} or later",
        )


def _ends_before_start(period: Period) -> bool:
    if period.start is None or period.end is None:
        return False
    if period.start != period.end or period.start_time is None or period.end_time is None:
        return period.end < period.start
    if (period.start_time.utcoffset() is None) != (period.end_time.utcoffset() is None):
        return False  # one with an offset and one without can't be compared
    return period.end_time < period.start_time


def _moment(day: date | None, at: time | None) -> str:
    return f"{day} {at}" if at else str(day)


# --- catalogue ---------------------------------------------------------------------------------------------------


def _is_plainly_right(line: MappedLine, product: Product) -> bool:
    """Whether the product is sold and its decimals alone show that its rules are kept; what almost every line is.
    `_catalogue` judges the others, in fractions."""
    if product.status != "active":
        return False
    minimum, multiple, ordered = product.order_minimum, product.order_multiple, line.meaning.sales_quantity
    if minimum is None and multiple is None:
        return True
    if ordered is None or line.faults or (minimum is not None and ordered < minimum):
        return False
    return multiple is None or multiple <= 0 or not EXACT.remainder(ordered, multiple)


def _catalogue(line: MappedLine, product: Product) -> Iterator[Fault]:
    if product.status != "active":
        yield _inactive(line, product)
    minimum, multiple = product.order_minimum, product.order_multiple
    if (minimum is None and multiple is None) or line.base_per_unit is None:
        return
    ordered = _sales_units(line)
    if minimum is not None and ordered < Fraction(minimum):
        yield _rule_fault("below_minimum", line, product, "is below the product's minimum of {rule}", minimum)
    if multiple is not None and multiple > 0 and ordered % Fraction(multiple):
        yield _rule_fault(
            "not_a_multiple", line, product, "isn't a multiple of {rule}, as the product is sold", multiple
        )


def _inactive(line: MappedLine, product: Product) -> Fault:
    asked = line.line
    name, value = next(
        ((name, value) for name in ("buyer_item", "seller_item", "gtin") if (value := getattr(asked, name))),
        ("seller_item", product.product),
    )
    return Fault(
        "inactive_product",
        f"{product.name} isn't sold ({product.status}).",
        f"/lines/{line.index}/{name}",
        value=value,
        expected=f"its replacement {product.replaced_by}" if product.replaced_by else "a product that is sold",
    )


def _sales_units(line: MappedLine) -> Fraction:
    """Counted in the unit we sell. Where that must be whole and isn't, which is a fault of its own, rounded up."""
    ordered = in_sales_units(line) if line.sales_quantity is None else Fraction(line.sales_quantity)
    return Fraction(ceil(ordered)) if any(fault.code == "fractional_unit" for fault in line.faults) else ordered


def _rule_fault(code: str, line: MappedLine, product: Product, sentence: str, rule: Decimal) -> Fault:
    unit = line.line.unit or line.unit or ""
    seen = f"{shortest(line.line.quantity):f} {unit}".strip()
    words, told = "at least" if code == "below_minimum" else "a multiple of", _theirs(line, Fraction(rule), unit)
    orderable = _orderable(line, product)
    such_as = "" if orderable == [Fraction(rule)] else f", such as {_in_words(line, orderable, unit)}"
    return Fault(
        code,
        f"{seen} {sentence.format(rule=told)}.",
        f"/lines/{line.index}/quantity",
        value=f"{line.line.quantity:f}",
        expected=f"{words} {told}{such_as}",
    )


def _orderable(line: MappedLine, product: Product) -> list[Fraction]:
    """The nearest quantities that keep both the minimum and the multiple, in the unit we sell."""
    minimum, multiple = Fraction(product.order_minimum or 0), Fraction(product.order_multiple or 0)
    if multiple <= 0:
        return [minimum]
    ordered, least = _sales_units(line), max(ceil(minimum / multiple), 1) * multiple
    below = ordered // multiple * multiple
    return sorted({max(below, least), max(below if below == ordered else below + multiple, least)})


def _in_words(line: MappedLine, quantities: list[Fraction], unit: str) -> str:
    told = [_theirs(line, quantity, unit) for quantity in quantities]
    if unit and all(one.endswith(f" {unit}") for one in told):
        told[:-1] = [one.removesuffix(f" {unit}") for one in told[:-1]]
    return " or ".join(told)


def _theirs(line: MappedLine, quantity: Fraction, unit: str) -> str:
    """What is so many of the unit we sell, in the sender's own unit where that can be said exactly; else in ours, with
    the base units that it has."""
    base = quantity * (line.base_per_sales_unit or 1)
    theirs = from_fraction(base / line.base_per_unit) if line.base_per_unit else None
    if theirs is not None:
        return f"{shortest(theirs):f} {unit}".strip()
    ours, base_unit = _of(quantity, line.sales_unit), line.product.base_unit if line.product else None
    return ours if base_unit in (None, line.sales_unit) else f"{ours} ({_of(base, base_unit)})"


def _of(quantity: Fraction, unit: str | None) -> str:
    exact = from_fraction(quantity)
    return f"{quantity if exact is None else f'{shortest(exact):f}'} {unit or ''}".strip()
