"""From which places a shipment left, and what it held of the stock elsewhere.

Goods leave where they were allocated, or where the warehouse says they left (`site`). Where that is another place, what
they held goes with them: it is free again where it was allocated, and taken where they left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from gateway.trade.decision import NOTHING
from gateway.trade.shipping import Shipped
from gateway.trade.stock import Allocation, Place
from schemas.values import EXACT


class Left(NamedTuple):
    """Base units of an order line at a place: that left it (`has_left`), or that are taken there on the books only
    (negative: given back)."""

    product: str
    site: str
    account_id: str
    order_id: str
    line_number: str
    quantity: Decimal
    has_left: bool


def leaving(
    shipped: Shipped,
    departed: Mapping[tuple[str, str], Mapping[Place, Decimal]],
    site: str | None,
    places: Collection[Place],
) -> Iterator[Left]:
    """What leaves each place. `departed` is what of each order line had left before; `places` those that stock is
    known of. What was never allocated is taken where it left, if that is known."""
    parts = {part.key: part for part in shipped.parts}
    for key, total in sorted(shipped.totals().items()):
        part = parts[key]
        product, of_line = part.product.product, (part.order.account.id, *key)
        rest = total
        for place, held in _held(part.order.standing.held.get(key[1], ()), departed.get(key, {}), site):
            quantity = min(rest, held)
            if quantity <= 0:
                continue
            rest = EXACT.subtract(rest, quantity)
            if site in (None, place[1]):
                yield Left(*place, *of_line, quantity, has_left=True)
                continue
            yield Left(*place, *of_line, EXACT.minus(quantity), has_left=False)
            yield from _from_elsewhere((product, str(site)), of_line, quantity, places)
        if rest > 0 and site is not None:
            yield from _from_elsewhere((product, site), of_line, rest, places)


def _from_elsewhere(
    place: Place, of_line: tuple[str, str, str], quantity: Decimal, places: Collection[Place]
) -> Iterator[Left]:
    """It left a place that it wasn't allocated at."""
    if place in places:
        yield Left(*place, *of_line, quantity, has_left=False)
        yield Left(*place, *of_line, quantity, has_left=True)


def _held(
    allocations: Iterable[Allocation], departed: Mapping[Place, Decimal], site: str | None
) -> list[tuple[Place, Decimal]]:
    """What the line still holds at each place, where the goods left first."""
    left: dict[Place, Decimal] = {}
    for one in allocations:
        place = (one.product, one.site)
        left[place] = EXACT.add(left.get(place, NOTHING), one.quantity)
    for place, quantity in departed.items():
        left[place] = EXACT.subtract(left.get(place, NOTHING), quantity)
    return sorted(left.items(), key=lambda one: (one[0][1] != site, one[0]))
