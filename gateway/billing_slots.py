"""When what shipped is to be billed, as an account's terms have it: at once, once it is there, or with all that left in
the same day, week or month of the account's."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.store.invoices import WaitsFor
from mappings.account import Account


def waits_for(account: Account) -> WaitsFor:
    """What its invoices wait for: the back office's request where its terms don't say."""
    terms = account.outbound.get("invoice")
    return (terms.when if terms else None) or "request"


def slot_of(when: WaitsFor, shipped_at: int, taken_at: int, time_zone: str) -> int | None:
    """When it is billed, in microseconds since 1970, of a shipment that left then and is told of now; None: once it is
    there, or asked for. What is told of after its day, week or month has ended is billed with the present one."""
    if when in ("delivered", "request"):
        return None
    if when == "shipped":
        return taken_at
    zone = ZoneInfo(time_zone)
    left, now = (datetime.fromtimestamp(at // 1_000_000, zone).date() for at in (shipped_at, taken_at))
    last = max(left, now)
    end = datetime.combine(_next(when, last), time(), zone)
    return int(end.timestamp()) * 1_000_000


def _next(when: WaitsFor, day: date) -> date:
    """The first day after the day, week (from Monday, ISO 8601) or month of this one."""
    if when == "weekly":
        return day + timedelta(days=7 - day.weekday())
    if when == "monthly":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=1)
