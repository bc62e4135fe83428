"""When an account must have been told that goods left for it: policy `despatch_notice_before_arrival`.

A despatch advice goes out when the goods do, so what is confirmed and hasn't left has no notice. It is overdue from the
earlier of two moments on: so long before the place opens on the day on which it is to arrive; and the end of the day on
which it has to leave to be there then. Days are the account's own, opening hours those of its calendar. The day that is
promised is the one on which the goods stand in the shelves; they are at the gate `receiving_days` before, and leave us
`transit_days` before that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from gateway.trade.amendment import LineSums
from gateway.trade.decision import NOTHING, LineLedger
from gateway.trade.hours import MICROSECOND, begins, opens
from gateway.trade.wanted import delivery_site
from mappings.account import Account, BusinessHours
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import SiteRow
from schemas.documents.common import Period
from schemas.documents.order_response import OrderResponse, ResponseLine

_CONFIRMED = ("accepted", "changed")
_FIRST, _LAST = date.min.toordinal(), date.max.toordinal()


class Promise(NamedTuple):
    """What was confirmed of a line for one day, in its unit, and from when on its notice is overdue; never, where no
    day was promised or asked for."""

    line_number: str
    quantity: Decimal
    due_at: int | None


class Confirmed(NamedTuple):
    """What was confirmed of a line, in its unit, of which `ordered` are `base_ordered` base units."""

    quantity: Decimal
    ordered: Decimal
    base_ordered: Decimal

    @property
    def base_per_unit(self) -> Fraction:
        """Base units in one of the line's unit."""
        return Fraction(self.base_ordered) / Fraction(self.ordered)


def confirmed_by(ledger: Iterable[LineLedger]) -> dict[str, Confirmed]:
    """Line number → what a decision confirms of it."""
    return {
        line.line_number: Confirmed(line.confirmed, line.ordered, line.base_ordered)
        for line in ledger
        if line.base_ordered and line.ordered
    }


def confirmed_in(lines: Mapping[str, LineSums]) -> dict[str, Confirmed]:
    """Line number → what is confirmed of it, of an order as it stands."""
    return {
        number: Confirmed(sums.confirmed, sums.ordered, sums.base_ordered)
        for number, sums in lines.items()
        if sums.ordered and sums.base_ordered
    }


def first_overdue(
    account: Account,
    mapped: MappedOrder,
    response: OrderResponse | None,
    confirmed: Mapping[str, Confirmed],
    shipped: Mapping[str, Fraction],
) -> int | None:
    """From when on the notice of the first of what hasn't left is overdue, in microseconds since 1970; None where all
    that is confirmed has left, or was confirmed for no day.

    `response` is what the account was told; an order that wants no response counts by what it asks for. `shipped` are
    base units by line: what is due first is taken to have left first.
    """
    if mapped.order.order_type == "blanket":
        return None
    promises = _promises(account, mapped, response, confirmed)
    waiting = _not_left(promises, shipped, confirmed) if any(shipped.values()) else (one.due_at for one in promises)
    return min((due for due in waiting if due is not None), default=None)


def _not_left(
    promises: Iterable[Promise], shipped: Mapping[str, Fraction], confirmed: Mapping[str, Confirmed]
) -> Iterator[int | None]:
    """When what hasn't left is due."""
    left = dict(shipped)
    for promise in sorted(promises, key=lambda one: (one.due_at is None, one.due_at)):
        quantity = Fraction(promise.quantity) * confirmed[promise.line_number].base_per_unit
        covered = min(left.get(promise.line_number, Fraction(0)), quantity)
        left[promise.line_number] = left.get(promise.line_number, Fraction(0)) - covered
        if covered < quantity:
            yield promise.due_at


def _promises(
    account: Account,
    mapped: MappedOrder,
    response: OrderResponse | None,
    confirmed: Mapping[str, Confirmed],
) -> Iterator[Promise]:
    told = {line.line_number: line for line in response.lines} if response is not None else {}
    dues: dict[tuple[date, int], int] = {}  # an order mostly goes to one place on one day
    for line in mapped.lines:
        known = confirmed.get(line.line_number)
        if known is None or known.quantity == NOTHING:
            continue
        site = delivery_site(mapped, line)
        for quantity, promised in _parts(told.get(line.line_number), known.quantity):
            day = promised or _asked_for(mapped, line)
            if day is not None and (day, id(site)) not in dues:
                dues[day, id(site)] = notice_due(account, day, site)
            yield Promise(line.line_number, quantity, None if day is None else dues[day, id(site)])


def _parts(told: ResponseLine | None, confirmed: Decimal) -> Sequence[tuple[Decimal, date | None]]:
    """(quantity, promised day) of what was confirmed, as the account was told; all of it for no day where it wasn't."""
    outcomes = told.outcomes if told is not None else ()
    return [(one.quantity, one.promised_delivery) for one in outcomes if one.status in _CONFIRMED] or [
        (confirmed, None)
    ]


def _asked_for(mapped: MappedOrder, line: MappedLine) -> date | None:
    """The last day on which the first of the line may come."""
    own = (line.line.requested_delivery if line.own_delivery else None) or mapped.order.requested_delivery
    windows = [part.requested_delivery or own for part in line.line.schedule] or [own]
    return min((day for window in windows if (day := _last_of(window)) is not None), default=None)


def _last_of(window: Period | None) -> date | None:
    return None if window is None else window.end or window.start


def notice_due(account: Account, arrives_on: date, site: SiteRow | None) -> int:
    """From when on goods that are to stand in the account's place on that day, and haven't left, have an overdue
    notice; in microseconds since 1970."""
    days = (site.receiving_days, site.transit_days) if site else (0, 0)
    before = account.policies.despatch_notice_before_arrival // MICROSECOND
    return _due(account.time_zone, account.calendar, account.business_hours, before, arrives_on, *days)


@lru_cache(maxsize=4096)
def _due(
    time_zone: str,
    calendar: str | None,
    hours: BusinessHours | None,
    before: int,
    arrives_on: date,
    receiving_days: int,
    transit_days: int,
) -> int:
    """A busy account promises one day a thousand times."""
    at_the_gate = _days_before(arrives_on, receiving_days)
    noticed = opens(time_zone, calendar, hours, at_the_gate) - before
    if transit_days == 0:
        return noticed
    return min(noticed, begins(time_zone, _days_before(at_the_gate, transit_days - 1)))


def _days_before(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() - days, _FIRST + 1), _LAST - 1))
