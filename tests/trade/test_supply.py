"""Supply sites that no stock was ever told of."""

from __future__ import annotations

from gateway.trade.supply import named_supply_sites, unknown_supply_sites
from mappings.revision import SiteRow
from schemas.documents.common import Party
from tests.trade.builders import line, mapped

EAST, WEST = SiteRow("EAST", supply_site="HAM"), SiteRow("WEST", supply_site="HAMBRUG")


def test_the_fault_stands_where_the_site_is_named_once() -> None:
    own = [line("1", index=index, site=WEST, ship_to=Party(id="WEST")) for index in (1, 2)]
    order = mapped(line("1", site=EAST), *own, site=EAST)
    assert set(named_supply_sites(order)) == {"HAM", "HAMBRUG"}
    (fault,) = unknown_supply_sites(order, {"HAMBRUG"})
    assert (fault.path, fault.value) == ("/lines/1/ship_to", "HAMBRUG")
    (fault,) = unknown_supply_sites(order, {"HAM"})
    assert (fault.path, fault.value) == ("/ship_to", "HAM")
    assert unknown_supply_sites(order, ()) == ()


def test_without_a_supply_site_nothing_is_unknown() -> None:
    anywhere = SiteRow("ANY")
    assert unknown_supply_sites(mapped(line("1", site=anywhere), site=anywhere), {"HAM"}) == ()
