"""Where the goods of a batch come from: the products it is about, and the supply sites that no stock is known of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from gateway.amending import PreparedChange
from gateway.services import Services
from gateway.trade.response import takes_stock
from gateway.trade.stock import Stock
from gateway.trade.supply import named_supply_sites, unknown_supply_sites
from gateway.work import Work
from schemas.faults import Fault


def products_and_accounts(works: Sequence[Work], changes: Iterable[PreparedChange] = ()) -> tuple[set[str], set[str]]:
    """What these orders are for, or hold already, and whose they are."""
    products = {
        line.product.product for work in works if work.mapped for line in work.mapped.lines if line.product is not None
    }
    products.update(*(change.products for change in changes))
    return products, {work.message.account_id for work in works}


def unknown_supply(work: Work, without_stock: Collection[str]) -> tuple[Fault, ...]:
    """The faults of supply sites without any stock, where what is there would decide the order."""
    if not without_stock or work.mapped is None:
        return ()
    if not takes_stock(work.mapped.order, work.account, test=work.is_test):
        return ()
    return unknown_supply_sites(work.mapped, without_stock)


def unknown_supply_now(services: Services, work: Work) -> tuple[Fault, ...]:
    """As `unknown_supply`, of one order that is not decided: on the stock places that there are now."""
    products, _ = products_and_accounts([work])
    return unknown_supply(work, sites_without_stock(services, [work], services.store.stock.load(products, ())))


def sites_without_stock(services: Services, works: Sequence[Work], stock: Stock) -> frozenset[str]:
    """The supply sites of these orders that no stock was ever told of; none while no stock is known at all. All sites
    are asked for only where some place has none of the batch's products."""
    named = {site for work in works if work.mapped for site in named_supply_sites(work.mapped)}
    named.difference_update(site for _, site in stock.positions)
    known = services.store.stock.sites() if named else frozenset()
    return frozenset(named - known) if known else frozenset()
