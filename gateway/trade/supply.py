"""Whether the sites of ours that an order is supplied from are any: unknown is not zero."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gateway.trade.wanted import delivery_site
from mappings.mapped import MappedOrder
from mappings.revision import SiteRow
from schemas.faults import Fault


def named_supply_sites(mapped: MappedOrder) -> Iterator[str]:
    """The sites of ours that sites.csv names for the order's places of delivery, some of them more than once."""
    if mapped.site is not None and mapped.site.supply_site:
        yield mapped.site.supply_site
    for line in mapped.lines:
        if line.own_delivery and line.site is not None and line.site.supply_site:
            yield line.site.supply_site


def unknown_supply_sites(mapped: MappedOrder, without_stock: Collection[str]) -> tuple[Fault, ...]:
    """A fault for each supply site of the order that is one of `without_stock`, at the first place it supplies.

    What is there for these lines can't be said. That a site has nothing of a product is another thing: there stock was
    told, of other products at least.
    """
    if not without_stock:
        return ()
    found: dict[str, Fault] = {}
    for line in mapped.lines:
        site = delivery_site(mapped, line)
        supply_site = site.supply_site if site else None
        if site is not None and supply_site is not None and supply_site in without_stock and supply_site not in found:
            path = f"/lines/{line.index}/ship_to" if line.line.ship_to else "/ship_to"
            found[supply_site] = _unknown(site, supply_site, path)
    return tuple(found.values())


def _unknown(site: SiteRow, supply_site: str, path: str) -> Fault:
    detail = f"{site.account_site} is supplied from {supply_site}, for which no stock was ever told"
    return Fault("unknown_supply_site", detail, path, value=supply_site, expected="a site that stock is told of")
