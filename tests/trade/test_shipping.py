"""What holds for every shipment: of any units, in any packages, in however many steps."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.trade.amendment import LineSums, Standing
from gateway.trade.despatch import Advice, despatch_advices
from gateway.trade.leaving import leaving
from gateway.trade.shipping import OrderToShip, Shipped, ShippedMove, is_delivered, judge_shipment, shipped_moves
from gateway.trade.stock import Allocation, Place
from mappings.revision import Product
from mappings.units import DIVISIBLE
from schemas.documents.despatch_advice import DespatchLine
from schemas.documents.shipment import Shipment
from schemas.formats.json_1 import JSON_1
from schemas.values import from_fraction, is_carried, shortest
from tests.trade.builders import ISSUED, SUPPLIER, account, line, mapped

ACME = account()
SITES = ("HAM", "KIEL")
FACTORS = [
    *(Fraction(1), Fraction(6), Fraction(12), Fraction(50), Fraction(1000), Fraction(1, 2), Fraction(1, 3)),
    *(Fraction(1, 12), Fraction(2, 7), Fraction("0.3"), Fraction("0.001"), Fraction(1, 4096), Fraction(1, 10**12)),
    *(Fraction(100, 3), Fraction("12.345")),
]


@dataclass(frozen=True)
class Ordered:
    """A line on the books: the unit that it is ordered in, and how much of it is what, in that unit."""

    factor: Fraction
    unit_code: str | None
    base_unit: str
    confirmed: Decimal
    backordered: Decimal = Decimal(0)
    undecided: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    held: tuple[tuple[str, Decimal], ...] = ()


@st.composite
def ordered_lines(draw: st.DrawFn) -> Ordered:
    factor = draw(st.sampled_from(FACTORS) | st.fractions(min_value=Fraction(1, 100), max_value=500))
    finest = draw(st.sampled_from([Decimal(1), Decimal(1), Decimal("0.5"), Decimal("0.001")]))
    parts = [finest * draw(st.integers(0, 40)) for _ in range(4)]
    more = Decimal(factor.denominator) - sum(parts) % factor.denominator  # so that it is a decimal in base units
    assume(is_carried(sum(parts) + more))  # no order has more digits
    held = tuple((site, Decimal(draw(st.integers(1, 300)))) for site in SITES if draw(st.booleans()))
    code, base_unit = draw(st.sampled_from([None, "XBX", "KGM", "GRM"])), draw(st.sampled_from(["EA", "KGM"]))
    return Ordered(factor, code, base_unit, parts[0] + more, parts[1], parts[2], parts[3], held)


def base_quantities(base_unit: str, of: Decimal) -> st.SearchStrategy[Decimal]:
    """So much as can leave: pieces, or a weight; often what makes the ordered unit whole."""
    if base_unit not in DIVISIBLE:
        return st.integers(1, 500).map(Decimal)
    weights = st.decimals("0.0001", 500, places=4) | st.decimals("0.0000000001", 1, places=10)
    return weights.filter(bool) | (st.just(of) if of > 0 and is_carried(of) else weights.filter(bool))


@st.composite
def shipped_orders(draw: st.DrawFn) -> tuple[list[Ordered], list[list[tuple[int, int, Decimal]]]]:
    """Lines of an order, and shipments of them: which package has how much of which line."""
    lines = draw(st.lists(ordered_lines(), min_size=1, max_size=3))

    @st.composite
    def part(draw: st.DrawFn) -> tuple[int, int, Decimal]:
        index = draw(st.integers(0, len(lines) - 1))
        whole = from_fraction(Fraction(lines[index].confirmed) * lines[index].factor) or Decimal(1)
        quantity = draw(base_quantities(lines[index].base_unit, whole))
        return draw(st.integers(0, 2)), index, quantity

    return lines, draw(st.lists(st.lists(part(), min_size=1, max_size=5), min_size=1, max_size=3))


def on_the_books(lines: list[Ordered]) -> OrderToShip:
    asked, sums, held = [], {}, {}
    for index, one in enumerate(lines):
        number, product = str(index + 1), Product(f"P{index}", "Thing", one.base_unit)
        quantity = one.confirmed + one.backordered + one.undecided + one.rejected
        base = from_fraction(Fraction(quantity) * one.factor)
        assert base is not None
        of_line = line("1", index=index, product=product, unit="U", per_unit=1, unit_code=one.unit_code)
        asked.append(replace(of_line, meaning=replace(of_line.meaning, unit_code=one.unit_code)))
        sums[number] = LineSums(
            *(product.product, "U", index, 1, base, quantity, Decimal(0), one.confirmed, one.backordered),
            *(one.rejected, Decimal(0), Decimal(0)),
        )
        held[number] = tuple(Allocation(product.product, site, ACME.id, number, much) for site, much in one.held)
    order = mapped(*asked)
    return OrderToShip(ACME, Standing("o-1", 1, "open", 0, order.order, sums, held, ()), order)


def test_an_orders_lines_are_looked_up_once_for_all_parts() -> None:
    """Else a shipment of a long order would take time in the square of its lines."""
    order = on_the_books([Ordered(Fraction(12), "XBX", "EA", Decimal(5))])
    assert order.lines is order.lines


def shipment(parts: list[tuple[int, int, Decimal]], *, number: int, override: bool) -> Shipment:
    packages: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for package, index, quantity in parts:
        said = {"order_number": "PO-1", "account": ACME.id, "line_number": str(index + 1), "product": f"P{index}"}
        packages[package].append({**said, "base_quantity": quantity})
    told = [{"id": f"C{package}", "lines": some} for package, some in packages.items()]
    reason = {"override_reason": "it left"} if override else {}
    return Shipment.model_validate(
        {"shipment_number": f"LS-{number}", "shipped_at": ISSUED, "packages": told, **reason},
    )


def judged(order: OrderToShip, told: Shipment) -> Shipped:
    return judge_shipment(told, {(ACME.id, "PO-1"): [order]}, {})


def advised(told: Shipment, shipped: Shipped, moves: list[ShippedMove]) -> Advice:
    by_line = {(one.order_id, one.move.line_number): one for one in moves}
    numbers = (f"DA-{number}" for number in count(1))
    (advice,) = despatch_advices(
        *(told, shipped, by_line, {}, SUPPLIER), numbers=numbers, local_time=lambda account: ISSUED
    )
    return advice


def as_left(order: OrderToShip, moves: list[ShippedMove]) -> OrderToShip:
    """The order once the moves are in the books."""
    lines = dict(order.standing.lines)
    for one in moves:
        before, move = lines[one.move.line_number], one.move
        lines[move.line_number] = replace(
            before,
            number=move.number,
            confirmed=before.confirmed + move.confirmed,
            backordered=before.backordered + move.backordered,
            raised=before.raised + move.raised,
            shipped=before.shipped + one.shipped,
        )
    return replace(order, standing=replace(order.standing, lines=lines))


def still_to_come(sums: LineSums) -> Fraction:
    """In base units."""
    factor = Fraction(sums.base_ordered) / Fraction(sums.ordered)
    return max(Fraction(0), Fraction(sums.confirmed + sums.backordered) * factor - Fraction(sums.shipped))


# --- whatever leaves -------------------------------------------------------------------------------------------------
@given(shipped_orders())
def test_advices_say_what_left_and_what_is_still_to_come(
    drawn: tuple[list[Ordered], list[list[tuple[int, int, Decimal]]]],
) -> None:
    ordered, shipments = drawn
    order = on_the_books(ordered)
    for number, parts in enumerate(shipments):
        told = shipment(parts, number=number, override=True)
        shipped = judged(order, told)
        assert shipped.faults == []
        moves = shipped_moves(shipped)
        advice = advised(told, shipped, moves)
        order = as_left(order, moves)
        assert (
            JSON_1.parsers["despatch_advice"](JSON_1.renderers["despatch_advice"](advice.document)) == advice.document
        )
        _sums_are_what_left(advice.document.lines, parts, moves)
        for one in advice.document.lines:
            _is_exact(one, order)
        _says_what_is_outstanding(advice.document.lines, order)
        _the_ledger_holds(order)


def _sums_are_what_left(
    lines: tuple[DespatchLine, ...], parts: list[tuple[int, int, Decimal]], moves: list[ShippedMove]
) -> None:
    left: dict[str, Decimal] = defaultdict(Decimal)
    for _, index, quantity in parts:
        left[str(index + 1)] += quantity
    said: dict[str, Decimal] = defaultdict(Decimal)
    for one in lines:
        said[one.order_line_number] += one.base_quantity
    assert said == left == {one.move.line_number: one.shipped for one in moves}


def _is_exact(one: DespatchLine, order: OrderToShip) -> None:
    line, factor = order.lines[one.order_line_number], order.standing.lines[one.order_line_number].base_per_unit
    assert factor is not None
    if one.ordered_unit is None:
        assert (one.unit, one.unit_code) == (line.unit, line.unit_code)
        assert Fraction(one.quantity) * factor == one.base_quantity
        assert line.unit_code in DIVISIBLE or one.quantity == one.quantity.to_integral_value()
    else:
        assert (one.quantity, one.unit, one.ordered_unit) == (one.base_quantity, one.base_unit, line.unit)
        assert one.base_per_ordered_unit is None or one.base_per_ordered_unit == factor


def _says_what_is_outstanding(lines: tuple[DespatchLine, ...], order: OrderToShip) -> None:
    told: set[str] = set()
    for one in lines:
        if one.order_line_number in told:
            assert (one.outstanding, one.outstanding_reason) == (None, None)
            continue
        told.add(one.order_line_number)
        sums = order.standing.lines[one.order_line_number]
        rest, factor = still_to_come(sums), sums.base_per_unit
        assert factor is not None
        in_its_unit = rest if one.ordered_unit is not None else rest / factor
        if one.outstanding is not None:
            assert one.outstanding == in_its_unit >= 0
        else:
            said = from_fraction(in_its_unit)
            is_counted = one.ordered_unit is None and order.lines[one.order_line_number].unit_code not in DIVISIBLE
            assert said is None or not is_carried(said) or (is_counted and said != said.to_integral_value())
            exact = from_fraction(rest)
            amount = str(rest) if exact is None else f"{shortest(exact):f}"
            assert str(one.outstanding_reason).startswith(f"{amount} {one.base_unit} are still to come. ")
        assert (one.outstanding_reason is None) == (rest == 0)


def _the_ledger_holds(order: OrderToShip) -> None:
    for sums in order.standing.lines.values():
        assert sums.shipped <= sums.base_confirmed
        assert min(sums.backordered, sums.raised, sums.open) >= 0
        assert all(is_carried(one) for one in (sums.confirmed, sums.backordered, sums.raised, sums.shipped))


@given(shipped_orders())
def test_without_a_reason_no_more_leaves_than_is_confirmed(
    drawn: tuple[list[Ordered], list[list[tuple[int, int, Decimal]]]],
) -> None:
    ordered, shipments = drawn
    order = on_the_books(ordered)
    for number, parts in enumerate(shipments):
        shipped = judged(order, shipment(parts, number=number, override=False))
        after = {key[1]: order.standing.lines[key[1]].shipped + total for key, total in shipped.totals().items()}
        is_more = any(total > order.standing.lines[key].base_confirmed for key, total in after.items())
        assert {fault.code for fault in shipped.faults} == ({"more_than_confirmed"} if is_more else set())
        if is_more:
            continue
        moves = shipped_moves(shipped)
        assert all(one.move.confirmed == one.move.backordered == one.move.raised == 0 for one in moves)
        order_after = as_left(order, moves)
        is_all = all(still_to_come(one) == 0 and one.open == 0 for one in order_after.standing.lines.values())
        assert is_delivered(order, shipped.totals()) == is_all
        order = order_after
        _the_ledger_holds(order)


@given(shipped_orders(), st.lists(st.sampled_from([None, *SITES, "ELSEWHERE"]), min_size=3, max_size=3))
def test_a_place_gives_what_it_held_and_takes_what_left_it(
    drawn: tuple[list[Ordered], list[list[tuple[int, int, Decimal]]]], sites: list[str | None]
) -> None:
    """What is held of the stock, less what has left, is never below nothing, however often goods leave."""
    ordered, shipments = drawn
    order = on_the_books(ordered)
    places = frozenset((f"P{index}", one) for index in range(len(ordered)) for one in SITES)
    departed: dict[tuple[str, str], dict[Place, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for number, (parts, site) in enumerate(zip(shipments, sites, strict=False)):
        shipped = judged(order, shipment(parts, number=number, override=True))
        taken = defaultdict(Decimal, _held_by_line(order))
        left: dict[str, Decimal] = defaultdict(Decimal)
        for one in leaving(shipped, departed, site, places):
            key = (one.line_number, one.product, one.site)
            if one.has_left:
                assert one.quantity > 0
                assert site in (None, one.site)
                departed[one.order_id, one.line_number][one.product, one.site] += one.quantity
                left[one.line_number] += one.quantity
            else:
                taken[key] += one.quantity
        for line_number, product, at in taken:
            gone = departed["o-1", line_number][product, at]
            assert taken[line_number, product, at] >= gone
        for (_, line_number), total in shipped.totals().items():
            assert left[line_number] <= total
            assert left[line_number] == total or site in (None, "ELSEWHERE")
        order = as_left(_holding(order, taken), shipped_moves(shipped))


def _held_by_line(order: OrderToShip) -> dict[tuple[str, str, str], Decimal]:
    return {
        (one.line_number, one.product, one.site): one.quantity for some in order.standing.held.values() for one in some
    }


def _holding(order: OrderToShip, taken: dict[tuple[str, str, str], Decimal]) -> OrderToShip:
    held: dict[str, tuple[Allocation, ...]] = {}
    for (number, product, site), quantity in taken.items():
        held[number] = (*held.get(number, ()), Allocation(product, site, ACME.id, number, quantity))
    return replace(order, standing=replace(order.standing, held=held))
