"""The despatch advices of a shipment: one for each account, buyer and place, in the account's items and units.

Quantities go back into the unit that was ordered, exactly. What isn't whole there (seven pieces of a case of twelve)
is told in the base unit, with what one ordered unit is, so that both are known and nothing was rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from gateway.trade.decision import NOTHING
from gateway.trade.parties import named_buyer, place_of, said_place
from gateway.trade.response import seller_party
from gateway.trade.shipping import Shipped, ShippedMove, ShippedPart
from mappings.account import Account
from mappings.items import base_gtin
from mappings.revision import Supplier
from mappings.units import DIVISIBLE, count_text
from schemas.documents.common import Party, Period
from schemas.documents.despatch_advice import Carrier, DespatchAdvice, DespatchedOrder, DespatchLine, Package
from schemas.documents.shipment import Shipment, ShippedPackage
from schemas.values import EXACT, from_fraction, is_carried, shortest


@dataclass(frozen=True, slots=True)
class Advice:
    """A despatch advice, whose it is, and the parts of the shipment that its lines tell of, in the lines' order."""

    account: Account
    document: DespatchAdvice
    parts: tuple[ShippedPart, ...]

    @property
    def orders(self) -> dict[str, str]:
        """Order id → its number."""
        return {part.order.standing.order_id: part.said.order_number for part in self.parts}


@dataclass(frozen=True, slots=True)
class _Recipient:
    """Who gets one advice, as the orders say it: an account, the buyer that it orders for, and the place."""

    account_id: str
    buyer: Party | None
    ship_to: Party | None


def despatch_advices(
    shipment: Shipment,
    shipped: Shipped,
    moves: Mapping[tuple[str, str], ShippedMove],
    ssccs: Mapping[str, str],
    supplier: Supplier,
    *,
    numbers: Iterator[str],
    local_time: Callable[[Account], datetime],
) -> list[Advice]:
    """The advices, in the order in which their first goods stand in the shipment. `moves` are by order and line,
    `ssccs` by package; `local_time` is now in an account's zone."""
    groups: dict[_Recipient, list[ShippedPart]] = {}
    for part in shipped.parts:
        groups.setdefault(_recipient(part), []).append(part)
    return [_advice(shipment, parts, moves, ssccs, supplier, next(numbers), local_time) for parts in groups.values()]


def _recipient(part: ShippedPart) -> _Recipient:
    order = part.order.mapped
    return _Recipient(part.order.account.id, order.buyer, said_place(order, part.line))


def _newest(parts: list[ShippedPart]) -> ShippedPart:
    """Of the order that came last: by its terms buyer and place are named, where they were mended since an earlier one
    was decided."""
    return max(parts, key=lambda part: part.order.standing.order_id)


def _advice(
    shipment: Shipment,
    parts: list[ShippedPart],
    moves: Mapping[tuple[str, str], ShippedMove],
    ssccs: Mapping[str, str],
    supplier: Supplier,
    number: str,
    local_time: Callable[[Account], datetime],
) -> Advice:
    account, newest = parts[0].order.account, _newest(parts)
    issued_at, arrival = local_time(account), shipment.estimated_delivery
    carrier = Carrier(name=shipment.carrier, code=shipment.carrier_code)
    document = DespatchAdvice(
        number=number,
        shipment_number=shipment.shipment_number,
        issue_date=issued_at.date(),
        issued_at=issued_at,
        despatched_at=shipment.shipped_at,
        estimated_delivery=Period(start=arrival, end=arrival) if arrival else None,
        carrier=carrier if carrier.name or carrier.code else None,
        tracking=shipment.tracking,
        note=shipment.note,
        buyer=named_buyer(newest.order.mapped.buyer, newest.order.account),
        seller=seller_party(supplier),
        ship_from=Party(id=shipment.site) if shipment.site else None,
        ship_to=place_of(newest.order.mapped, newest.line),
        orders=tuple(_orders(parts)),
        packages=tuple(_package(one, ssccs) for one in _packages_of(shipment, parts)),
        lines=tuple(_lines(parts, moves)),
    )
    return Advice(account, document, tuple(parts))


def _orders(parts: list[ShippedPart]) -> Iterator[DespatchedOrder]:
    orders = {part.order.standing.order_id: part.order.standing.order for part in parts}
    for order in orders.values():
        yield DespatchedOrder(order_number=order.order_number, issue_date=order.issue_date, contract=order.contract)


def _packages_of(shipment: Shipment, parts: list[ShippedPart]) -> list[ShippedPackage]:
    """The packages that hold these parts, and those around them, as they stand in the shipment."""
    parents = {package.id: package.parent for package in shipment.packages}
    wanted: set[str] = set()
    for part in parts:
        at: str | None = part.package
        while at is not None and at not in wanted:
            wanted.add(at)
            at = parents[at]
    return [package for package in shipment.packages if package.id in wanted]


def _package(package: ShippedPackage, ssccs: Mapping[str, str]) -> Package:
    return Package(
        id=package.id,
        type_code=_rec_21(package.type),
        sscc=ssccs.get(package.id),
        parent=package.parent,
        gross_weight_kg=package.gross_weight_kg,
    )


def _rec_21(code: str | None) -> str | None:
    """Rec 20 has the package codes with an X before them: XPX is the pallet, PX, of Rec 21."""
    return code[1:] if code and len(code) == 3 and code.startswith("X") else code


def _lines(parts: list[ShippedPart], moves: Mapping[tuple[str, str], ShippedMove]) -> Iterator[DespatchLine]:
    told: set[tuple[str, str]] = set()
    for number, part in enumerate(parts, 1):
        line = _line(str(number), part)
        if part.key not in told:
            told.add(part.key)
            line.outstanding, line.outstanding_reason = _outstanding(part, moves[part.key], line)
        yield line


def _line(number: str, part: ShippedPart) -> DespatchLine:
    ordered, said, product = part.line.line, part.said, part.product
    whole = in_ordered_unit(said.base_quantity, part)
    factor = _carried(part.sums.base_per_unit or Fraction(1))
    is_whole = whole is not None
    return DespatchLine(
        line_number=number,
        order_number=said.order_number,
        order_line_number=said.line_number,
        buyer_line_reference=ordered.buyer_line_reference,
        buyer_item=ordered.buyer_item,
        seller_item=ordered.seller_item or product.product,
        gtin=ordered.gtin if is_whole else base_gtin(ordered.gtin, product),
        description=ordered.description or product.name,
        quantity=said.base_quantity if whole is None else whole,
        unit=part.line.unit if is_whole else product.base_unit,
        unit_code=part.line.unit_code if is_whole else product.base_unit,
        base_quantity=said.base_quantity,
        base_unit=product.base_unit,
        ordered_unit=None if is_whole else part.line.unit,
        base_per_ordered_unit=None if is_whole else factor,
        package=part.package,
        lot=said.lot,
        expiry=said.expiry,
        serials=said.serials,
    )


def in_ordered_unit(base_quantity: Decimal | Fraction, part: ShippedPart) -> Decimal | None:
    """So many base units in the unit that the line was ordered in; None where that is not whole there. A measure is
    whole where it has an end within ten decimals."""
    units = _carried(Fraction(base_quantity) / (part.sums.base_per_unit or 1))
    if units is None or (part.line.unit_code not in DIVISIBLE and units != units.to_integral_value()):
        return None
    return units


def _carried(value: Fraction) -> Decimal | None:
    """The number as the advice can carry it; None where it has no end, or more digits."""
    found = from_fraction(value)
    return shortest(found) if found is not None and is_carried(found) else None


def _outstanding(part: ShippedPart, moved: ShippedMove, line: DespatchLine) -> tuple[Decimal | None, str | None]:
    """What is still to come of the order line, in the line's unit, and why it isn't here."""
    sums, move = part.sums, moved.move
    confirmed = EXACT.add(sums.confirmed, move.confirmed)
    waiting = EXACT.add(sums.backordered, move.backordered)
    factor = sums.base_per_unit or Fraction(1)
    shipped = Fraction(EXACT.add(sums.shipped, moved.shipped))
    base = Fraction(confirmed) * factor + Fraction(waiting) * factor - shipped
    if base <= 0:
        return NOTHING, None
    reason = "Follows in another shipment." if Fraction(confirmed) * factor > shipped else "Back-ordered."
    rest = in_ordered_unit(base, part) if line.ordered_unit is None else _carried(base)
    if rest is None:
        return None, f"{count_text(base)} {line.base_unit} are still to come. {reason}"
    return rest, reason
