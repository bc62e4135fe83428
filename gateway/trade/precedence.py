"""Which order is picked first: rush orders, then by the day by which an order has to leave, then by the tier."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from gateway.trade.wanted import delivery_site
from mappings.mapped import MappedLine, MappedOrder
from schemas.documents.common import Period

RUSH, USUAL, NOTHING_TO_SHIP = 0, 1, 2


class Precedence(NamedTuple):
    """The smallest goes first."""

    rank: int
    """0 a rush order, 1 any other, 2 one that ships nothing itself: a blanket order."""
    ship_by: date
    """The day by which the first of it has to leave us to be there in time; the day it came, where it asks for none."""
    lane: int
    """Of the account's tier."""


def precedence_of(mapped: MappedOrder, received_on: date, lane: int) -> Precedence:
    """Where the order stands among those that are to be shipped."""
    order = mapped.order
    days = {_ship_by(mapped, line, received_on) for line in mapped.lines if line.own_delivery}
    usual = next((line for line in mapped.lines if not line.own_delivery), None)
    if usual is not None or not days:
        transit = mapped.site.transit_days + mapped.site.receiving_days if mapped.site else 0
        days.add(_leaves_on(order.requested_delivery, transit) or received_on)
    rank = NOTHING_TO_SHIP if order.order_type == "blanket" else RUSH if order.rush else USUAL
    return Precedence(rank, min(days), lane)


def _ship_by(mapped: MappedOrder, line: MappedLine, received_on: date) -> date:
    """The same of a line that says where, when or in which parts it is to be delivered."""
    site = delivery_site(mapped, line)
    transit = site.transit_days + site.receiving_days if site else 0
    own = line.line.requested_delivery or mapped.order.requested_delivery
    windows = [part.requested_delivery or own for part in line.line.schedule] or [own]
    days = [day for window in windows if (day := _leaves_on(window, transit)) is not None]
    return min(days, default=received_on)


def _leaves_on(window: Period | None, transit_days: int) -> date | None:
    """The last day on which it may leave us; None where no day is asked for."""
    last = None if window is None else window.end or window.start
    if last is None:
        return None
    return last - timedelta(days=min(transit_days, (last - date.min).days))
