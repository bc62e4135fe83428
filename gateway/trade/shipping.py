"""Whether what left may have left, and what it moves: of which order lines it is, never more than was confirmed.

Everything is counted in base units. What shipped is a fact that can't be undone; so a shipment is taken whole or not at
all, with every fault of it told, and whoever shipped more than was confirmed on purpose says why (`override_reason`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import ceil

from gateway.trade.amendment import LineSums, Standing
from gateway.trade.changing import LineMove
from gateway.trade.decision import NOTHING
from gateway.trade.packing import packing_faults
from mappings.account import Account
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import Product
from mappings.units import DIVISIBLE
from schemas.documents.shipment import Shipment, ShippedLine
from schemas.faults import Fault
from schemas.values import EXACT, MAX_FRACTION_DIGITS, from_fraction, shortest

_NOT_SHIPPED: Mapping[str, str] = {
    "cancelled": "it was cancelled",
    "closed": "it was refused",
    "awaiting_decision": "it isn't decided yet",
    "awaiting_buyer": "its buyer hasn't answered to what was changed of it yet",
}


@dataclass(frozen=True)
class OrderToShip:
    """An order that a shipment names, as it stands, its lines in our terms."""

    account: Account
    standing: Standing
    mapped: MappedOrder

    @cached_property
    def lines(self) -> Mapping[str, MappedLine]:
        """Line number → the line as it is ordered now. Asked for by every part of the shipment."""
        return {line.line_number: line for line in self.mapped.lines}


@dataclass(frozen=True, slots=True)
class ShippedPart:
    """What a package has of an order line, found in the books. `index` counts the parts of the shipment from 0."""

    index: int
    package: str
    order: OrderToShip
    sums: LineSums
    line: MappedLine
    product: Product
    said: ShippedLine

    @property
    def key(self) -> tuple[str, str]:
        """(order id, line number)."""
        return self.order.standing.order_id, self.line.line_number


@dataclass(slots=True)
class Shipped:
    """A shipment as judged: its parts where there are no faults, and what it moves."""

    faults: list[Fault] = field(default_factory=list)
    parts: list[ShippedPart] = field(default_factory=list)

    def totals(self) -> dict[tuple[str, str], Decimal]:
        """(order id, line number) → base units of it that left."""
        sums: dict[tuple[str, str], Decimal] = {}
        for part in self.parts:
            sums[part.key] = EXACT.add(sums.get(part.key, NOTHING), part.said.base_quantity)
        return sums


Candidates = Mapping[tuple[str, str], Sequence[OrderToShip]]
"""(account, order number) → the orders of that number that aren't tests."""


def judge_shipment(shipment: Shipment, orders: Candidates, products: Mapping[str, Product]) -> Shipped:
    """The shipment held against the books: every fault, with its path in the shipment. `products` are those of today:
    how they are tracked counts when they leave, whatever it was when they were ordered."""
    judged = Shipped(list(packing_faults(shipment)))
    left, serials = _Left(allows_more=shipment.override_reason is not None), _Serials()
    for index, package in enumerate(shipment.packages):
        for number, said in enumerate(package.lines):
            path = f"/packages/{index}/lines/{number}"
            found = _found(said, orders, path)
            if isinstance(found, Fault):
                judged.faults.append(found)
                continue
            order, sums, line, product = found
            part = ShippedPart(len(judged.parts), package.id, order, sums, line, product, said)
            tracking = products.get(product.product, product).tracking
            judged.faults += _line_faults(part, path, tracking)
            judged.faults += left.take(part, path)
            judged.faults += serials.take(part, path)
            judged.parts.append(part)
    return judged


def _found(
    said: ShippedLine, orders: Candidates, path: str
) -> tuple[OrderToShip, LineSums, MappedLine, Product] | Fault:
    """The line in the books; or why it can't be told, or can't be shipped."""
    known = [
        one
        for one in orders.get((said.account, said.order_number), ())
        if said.order_id in (None, one.standing.order_id)
    ]
    if not known:
        detail = f"Account {said.account} has no order {said.order_number} on the books."
        expected = "an order that stands; test orders are never shipped"
        return Fault("unknown_order", detail, f"{path}/order_number", value=said.order_number, expected=expected)
    if len(known) > 1:
        detail = f"Account {said.account} has {len(known)} orders {said.order_number}."
        return Fault(
            "order_unclear", detail, f"{path}/order_number", value=said.order_number, expected="its order_id as well"
        )
    order = known[0]
    if why := _why_not_shipped(order):
        detail = f"Nothing can be shipped of order {said.order_number}: {why}."
        return Fault("not_shippable", detail, f"{path}/order_number", value=said.order_number, expected="an open order")
    sums, line = order.standing.lines.get(said.line_number), order.lines.get(said.line_number)
    if sums is None or line is None:
        detail = f"Order {said.order_number} has no line {said.line_number}."
        expected = f"one of {', '.join(list(order.lines)[:20])}"
        return Fault("unknown_line", detail, f"{path}/line_number", value=said.line_number, expected=expected)
    if line.product is None or not sums.base_per_unit:
        detail = f"Line {said.line_number} of order {said.order_number} was never put into our terms."
        return Fault("not_shippable", detail, f"{path}/line_number", value=said.line_number, expected="a mapped line")
    return order, sums, line, line.product


def _why_not_shipped(order: OrderToShip) -> str | None:
    if order.standing.order.order_type == "blanket":
        return "it is a blanket order, of which only its releases are delivered"
    return _NOT_SHIPPED.get(order.standing.status)


def _line_faults(part: ShippedPart, path: str, tracking: str | None) -> Iterator[Fault]:
    said, product = part.said, part.product
    if part.sums.product != said.product:
        detail = f"Line {said.line_number} of order {said.order_number} is {part.sums.product}, not {said.product}."
        yield Fault("wrong_product", detail, f"{path}/product", value=said.product, expected=part.sums.product)
        return
    if said.unit not in (None, product.base_unit):
        detail = f"{said.product} is counted in {product.base_unit}, not in {said.unit}."
        yield Fault("wrong_unit", detail, f"{path}/unit", value=said.unit, expected=product.base_unit)
        return
    is_counted = product.base_unit not in DIVISIBLE
    if is_counted and said.base_quantity != said.base_quantity.to_integral_value():
        detail = f"{said.base_quantity:f} {product.base_unit} of {said.product} is no whole number of them."
        value, expected = f"{said.base_quantity:f}", f"whole {product.base_unit}"
        yield Fault("fractional_unit", detail, f"{path}/base_quantity", value=value, expected=expected)
    yield from _tracking_faults(said, path, tracking, is_counted=is_counted)


def _tracking_faults(said: ShippedLine, path: str, tracking: str | None, *, is_counted: bool) -> Iterator[Fault]:
    """A product that is tracked by lot or serial number leaves with them."""
    if tracking == "lot" and said.lot is None:
        detail = f"{said.product} is tracked by lot."
        yield Fault("missing_field", detail, f"{path}/lot", expected="the lot that left")
    if not said.serials and tracking != "serial":
        return
    count = len(set(said.serials))
    if is_counted and (count != said.base_quantity or count != len(said.serials)):
        detail = (
            f"{said.base_quantity:f} of {said.product} left, and {count} different serial numbers stand beside them."
        )
        yield Fault("serials_mismatch", detail, f"{path}/serials", value=str(count), expected=f"{said.base_quantity:f}")


class _Left:
    """What may still leave of each order line, as the parts take it in turn."""

    def __init__(self, *, allows_more: bool) -> None:
        self._allows_more = allows_more
        self._left: dict[tuple[str, str], Fraction] = {}

    def take(self, part: ShippedPart, path: str) -> Iterator[Fault]:
        """A fault where it is more than is left."""
        confirmed = part.sums.base_confirmed
        left = self._left.get(part.key, confirmed - Fraction(part.sums.shipped))
        taken = Fraction(part.said.base_quantity)
        self._left[part.key] = left - taken
        if taken > left and not self._allows_more:
            word, said = part.product.base_unit, part.said
            detail = (
                f"{said.base_quantity:f} {word} left of line {said.line_number} of order {said.order_number}, of which "
                f"{_text(confirmed)} {word} are confirmed and {_text(max(left, Fraction(0)))} {word} not shipped yet."
            )
            value, expected = f"{said.base_quantity:f}", f"at most {_text(max(left, Fraction(0)))} {word}"
            yield Fault("more_than_confirmed", detail, f"{path}/base_quantity", value=value, expected=expected)


class _Serials:
    """Which pieces left, by product and serial number: each in one place."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], str] = {}

    def take(self, part: ShippedPart, path: str) -> Iterator[Fault]:
        """A fault for each that stands in another line of the shipment; one twice in its own line is told there."""
        for serial in dict.fromkeys(part.said.serials):
            first = self._first.setdefault((part.said.product, serial), path)
            if first != path:
                detail = f"Serial number {serial} of {part.said.product} stands at {first} already."
                expected = "each piece once in the shipment"
                yield Fault("serials_mismatch", detail, f"{path}/serials", value=serial, expected=expected)


def _text(value: Fraction) -> str:
    decimal = from_fraction(value)
    return str(value) if decimal is None else f"{shortest(decimal):f}"


# --- quantities --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShippedMove:
    """One line's movement: what shipped of it, in base units, and what is raised of what was confirmed for that."""

    order_id: str
    move: LineMove
    shipped: Decimal


def shipped_moves(shipped: Shipped) -> list[ShippedMove]:
    """One movement for each line of which something left."""
    parts = {part.key: part for part in shipped.parts}
    return [_shipped_move(parts[key], total) for key, total in sorted(shipped.totals().items())]


def _shipped_move(part: ShippedPart, total: Decimal) -> ShippedMove:
    sums = part.sums
    beyond = Fraction(sums.shipped) + Fraction(total) - sums.base_confirmed
    confirmed, backordered, raised = _confirmed_for(beyond, part) if beyond > 0 else (NOTHING, NOTHING, NOTHING)
    move = LineMove(
        line_number=part.line.line_number,
        number=sums.number + 1,
        position=sums.position,
        product=None,
        unit=None,
        base_unit=None,
        base_ordered=NOTHING,
        ordered=NOTHING,
        confirmed=confirmed,
        backordered=backordered,
        rejected=NOTHING,
        cancelled=NOTHING,
        raised=raised,
    )
    return ShippedMove(part.order.standing.order_id, move, total)


def _confirmed_for(beyond: Fraction, part: ShippedPart) -> tuple[Decimal, Decimal, Decimal]:
    """(confirmed, back-ordered, raised) in the ordered unit, of a line of which so many base units more left than were
    confirmed: what waits for stock is confirmed first, then what isn't decided, and the rest is added to the order. All
    is rounded up to whole units, of a measure to the last place that a quantity has."""
    sums = part.sums
    needed = beyond / (sums.base_per_unit or 1)
    places = MAX_FRACTION_DIGITS if part.line.unit_code in DIVISIBLE else 0
    more = shortest(Decimal(ceil(needed * 10**places)).scaleb(-places, EXACT))
    waiting = min(more, sums.backordered)
    settled = [sums.confirmed, sums.backordered, sums.rejected, sums.cancelled]
    undecided = EXACT.add(sums.ordered, sums.raised)
    for one in settled:
        undecided = EXACT.subtract(undecided, one)
    raised = EXACT.subtract(EXACT.subtract(more, waiting), max(undecided, NOTHING))
    return more, EXACT.minus(waiting), max(raised, NOTHING)


def is_delivered(order: OrderToShip, totals: Mapping[tuple[str, str], Decimal]) -> bool:
    """Whether nothing of the order is still to leave once this has."""
    standing = order.standing
    for number, sums in standing.lines.items():
        settled = EXACT.add(EXACT.add(sums.confirmed, sums.rejected), sums.cancelled)
        shipped = Fraction(sums.shipped) + Fraction(totals.get((standing.order_id, number), NOTHING))
        if settled != EXACT.add(sums.ordered, sums.raised) or shipped < sums.base_confirmed:
            return False
    return True
