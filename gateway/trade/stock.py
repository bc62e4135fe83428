"""Stock as one account may see it, while a batch of its orders is decided.

Free stock of a product at a site is what the last snapshot had on hand less what others reserved. An account may
take `allocation_percent` of that, less what it has taken since; and nobody more than what all have left.
Movements are append-only; `Position` is the running total that the last movement of a product and site carries, and
what this view takes on top of it. Whether there is still enough for that is seen when it is saved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from schemas.values import EXACT

_NOTHING = Decimal(0)
_HUNDREDTH = Decimal("0.01")
_NEVER = date(9000, 1, 1)
"""ERPs write 9999-12-31 where no receipt is planned: nobody can be promised that, and days can't be added to it."""

Place = tuple[str, str]
"""(product, site)."""


@dataclass(slots=True)
class Position:
    """One product at one site: the snapshot, and what was taken since by whom. Quantities in base units."""

    product: str
    site: str
    snapshot: int
    on_hand: Decimal
    reserved_other: Decimal
    next_receipt_date: date | None
    next_receipt_quantity: Decimal | None
    taken: Decimal = Decimal(0)
    taken_by: dict[str, Decimal] = field(default_factory=dict)
    cut_short: bool = False
    """Whether a line was given less here than it wanted: were there more, it could have been decided otherwise."""
    free_then: Decimal = field(init=False)
    """What was free at the snapshot, before anything was taken here."""

    def __post_init__(self) -> None:
        self.free_then = EXACT.subtract(self.on_hand, self.reserved_other)

    def free(self, account: str, percent: int) -> Decimal:
        """Base units that `account`, whose share is `percent`, may still take."""
        everyone = EXACT.subtract(self.free_then, self.taken)
        share = self.free_then if percent == 100 else self.share(percent)
        own = EXACT.subtract(share, self.taken_by.get(account, _NOTHING))
        left = everyone if everyone < own else own
        return left if left > 0 else _NOTHING

    def share(self, percent: int) -> Decimal:
        """Base units that an account may take in all, if so many per cent are its share."""
        if percent == 100:
            return self.free_then
        return EXACT.multiply(self.free_then, EXACT.multiply(percent, _HUNDREDTH))

    def take(self, account: str, quantity: Decimal) -> None:
        """Note in this view that `account` takes `quantity` base units; negative gives back."""
        self.taken = EXACT.add(self.taken, quantity)
        self.taken_by[account] = EXACT.add(self.taken_by.get(account, _NOTHING), quantity)


class Allocation(NamedTuple):
    """Stock taken for one order line, in base units."""

    product: str
    site: str
    account: str
    line_number: str
    quantity: Decimal


class Receipt(NamedTuple):
    """Goods that are due at a site: when, and how many base units (None where nobody said)."""

    day: date
    quantity: Decimal | None


class Stock:
    """The positions loaded for a batch. Taking from it changes this view only; the save writes the movements."""

    def __init__(self, positions: dict[Place, Position], sites: dict[str, tuple[str, ...]]) -> None:
        self.positions = positions
        self.sites = sites
        """Product → the sites that have a snapshot of it, in name order."""

    def supply_sites(self, product: str, supply_site: str | None) -> tuple[str, ...]:
        """The one site that supplies the place, or every site where the account's sites.csv names none."""
        return (supply_site,) if supply_site else self.sites.get(product, ())

    def free(self, product: str, site: str, account: str, percent: int) -> Decimal:
        """Base units that `account` may still take there; 0 where there is no snapshot."""
        position = self.positions.get((product, site))
        return _NOTHING if position is None else position.free(account, percent)

    def next_receipt(self, product: str, supply_site: str | None, on_or_after: date) -> Receipt | None:
        """The first goods of the product due at its supply sites; None where none are, or only ones overdue or of a day
        that stands for none."""
        due = [
            Receipt(position.next_receipt_date, position.next_receipt_quantity)
            for site in self.supply_sites(product, supply_site)
            if (position := self.positions.get((product, site))) is not None
            and position.next_receipt_date is not None
            and on_or_after <= position.next_receipt_date < _NEVER
        ]
        return min(due, key=lambda receipt: receipt.day, default=None)
