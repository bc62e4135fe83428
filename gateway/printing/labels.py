"""What a logistic label says of one package of a despatch advice (GS1 General Specifications 5.4 and 6.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.printing.words import Words, address_lines, amount, package_kind
from schemas.documents.despatch_advice import DespatchAdvice, DespatchLine, Nesting, Package

_MOST_ORDERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label. `contents` are (title, value) pairs: the one item that is inside, or that there are several."""

    sscc: str
    kind: str
    place: str
    """Which of the labels of its shipment it is: `3 / 12`."""
    ship_from: tuple[str, ...]
    ship_to: tuple[str, ...]
    carrier: str | None
    tracking: str | None
    shipment: str
    orders: tuple[str, ...]
    contents: tuple[tuple[str, str], ...]
    weight: str | None

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """All that stands between addresses and barcode, each with its title."""
        said = [
            (Words.SHIPMENT, f"{self.shipment} · {self.kind}"),
            (Words.CARRIER, self.carrier),
            (Words.TRACKING, self.tracking),
            (Words.ORDERS, _orders_text(self.orders)),
            *self.contents,
            (Words.WEIGHT, self.weight),
        ]
        return tuple((title, value) for title, value in said if value)

    @property
    def readable(self) -> str:
        """The barcode's element string as people read it: application identifiers in parentheses."""
        return f"(00) {self.sscc}"


def labels_of(advice: DespatchAdvice) -> Iterator[Label]:
    """A label for each package that has an SSCC, in the order of the packages."""
    inside = _lines_inside(advice)
    labelled = [one for one in Nesting(advice.packages).packages.values() if one.sscc is not None]
    ship_from = address_lines(advice.ship_from or advice.seller)
    ship_to = address_lines(advice.ship_to or advice.buyer)
    for position, package in enumerate(labelled, 1):
        lines = inside.get(package.id, [])
        yield Label(
            sscc=package.sscc or "",
            kind=package_kind(package.type_code),
            place=f"{position} / {len(labelled)}",
            ship_from=ship_from,
            ship_to=ship_to,
            carrier=None if advice.carrier is None else advice.carrier.name or advice.carrier.code,
            tracking=advice.tracking,
            shipment=advice.shipment_number,
            orders=tuple(dict.fromkeys(line.order_number for line in lines)),
            contents=_contents(lines),
            weight=_weight(package),
        )


def _orders_text(orders: Sequence[str]) -> str:
    """The order numbers, as many as a label has room for."""
    more = f" + {len(orders) - _MOST_ORDERS}" if len(orders) > _MOST_ORDERS else ""
    return ", ".join(orders[:_MOST_ORDERS]) + more


def _lines_inside(advice: DespatchAdvice) -> dict[str, list[DespatchLine]]:
    """Package → the lines that are in it, or in what it holds."""
    nesting = Nesting(advice.packages)
    found: dict[str, list[DespatchLine]] = {}
    for line in advice.lines:
        for one in nesting.around(line.package) if line.package is not None else ():
            found.setdefault(one.id, []).append(line)
    return found


def _contents(lines: Sequence[DespatchLine]) -> tuple[tuple[str, str], ...]:
    """The item with its quantity, lot and expiry, where it is one; a lot and expiry only where all of it has them."""
    if not lines:
        return ()
    items = {_item(line) for line in lines}
    if len(items) > 1:
        return ((Words.CONTENTS, f"{len(items)} {Words.ITEMS}"),)
    line = lines[0]
    lots = {(one.lot, one.expiry) for one in lines}
    lot, expiry = next(iter(lots)) if len(lots) == 1 else (None, None)
    gtins = {one.gtin for one in lines}
    said = [
        (Words.ITEM, line.buyer_item or line.seller_item or line.gtin),
        (Words.GTIN, line.gtin if len(gtins) == 1 and (line.buyer_item or line.seller_item) else None),
        (Words.DESCRIPTION, line.description),
        (Words.QUANTITY, amount(lines)),
        (Words.LOT, lot),
        (Words.EXPIRY, None if expiry is None else expiry.isoformat()),
    ]
    return tuple((title, value) for title, value in said if value is not None)


def _item(line: DespatchLine) -> tuple[str | None, ...]:
    """What tells it from others: its numbers, because cartons and loose pieces of one have GTINs of their own."""
    return (line.buyer_item, line.seller_item) if line.buyer_item or line.seller_item else (line.gtin,)


def _weight(package: Package) -> str | None:
    return None if package.gross_weight_kg is None else f"{package.gross_weight_kg:f} kg"
