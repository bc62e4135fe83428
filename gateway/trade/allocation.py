"""Taking stock for a line: from its supply site, or from every site in name order, in whole units."""

from __future__ import annotations

from decimal import Decimal

from gateway.trade.quantities import exact_base, whole
from gateway.trade.stock import Allocation, Stock
from gateway.trade.wanted import Wanted
from mappings.account import Account
from schemas.values import EXACT

Taken = tuple[Allocation, ...]


def allocate(stock: Stock, account: Account, want: Wanted, kept: Taken = ()) -> Taken:
    """Take what the line wants, or as much as there is; what it has `kept` is taken already.

    Every part is whole in the unit of sale and in the account's unit, at each site: no carton is opened.
    """
    product, number, taker = want.product.product, want.line.line_number, account.id
    percent = account.policies.allocation_percent
    found: list[Allocation] = [*kept]
    missing = EXACT.subtract(want.base, taken(kept)) if kept else want.base
    if kept and not missing:
        return kept
    for site in stock.supply_sites(product, want.supply_site):
        position = stock.positions.get((product, site))
        if position is None:
            continue
        free = position.free(taker, percent)
        if free >= missing:
            position.take(taker, missing)
            last = Allocation(product, site, taker, number, missing)
            return (*found, last) if found else (last,)
        position.cut_short = True
        part = _whole_part(free, want)
        if part:
            position.take(taker, part)
            found.append(Allocation(product, site, taker, number, part))
            missing = EXACT.subtract(missing, part)
    return tuple(found)


def allocate_whole(stock: Stock, account: Account, want: Wanted, kept: Taken = ()) -> Taken:
    """Take all that the line wants, or nothing, and then it keeps nothing either."""
    found = allocate(stock, account, want, kept)
    if taken(found) == want.base:
        return found
    release(stock, found)
    return ()


def kept_of(held: Taken, want: Wanted, stock: Stock) -> Taken:
    """What a line of a changed order keeps of what it holds: as much as it still wants, where it may still come from.
    It stays where it is, whatever is free there by now."""
    sites = stock.supply_sites(want.product.product, want.supply_site)
    missing, kept = want.base, []
    for one in held:
        if one.product != want.product.product or one.site not in sites or not missing:
            continue
        part = _whole_part(min(one.quantity, missing), want)
        if part:
            kept.append(one._replace(quantity=part))
            missing = EXACT.subtract(missing, part)
    return tuple(kept)


def release(stock: Stock, allocations: tuple[Allocation, ...]) -> None:
    """Give back what was taken in this view."""
    for one in allocations:
        stock.positions[one.product, one.site].take(one.account, EXACT.minus(one.quantity))


def taken(allocations: tuple[Allocation, ...]) -> Decimal:
    """Base units taken."""
    if len(allocations) == 1:
        return allocations[0].quantity
    total = Decimal(0)
    for one in allocations:
        total = EXACT.add(total, one.quantity)
    return total


def _whole_part(free: Decimal, want: Wanted) -> Decimal:
    if free <= 0:
        return Decimal(0)
    part = whole(free, want.step())
    return exact_base(part) or Decimal(0) if part else Decimal(0)
