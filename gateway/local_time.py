"""The account's clock: what day and time it is where the account is."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from mappings.revision import MappingRevision


def local_date(at: int, revision: MappingRevision) -> date:
    """The day in the account's time zone."""
    return local_time(at, revision).date()


def local_time(at: int, revision: MappingRevision) -> datetime:
    """The time in the account's time zone, to the second, from microseconds since 1970."""
    return _second(at // 1_000_000, revision.account.time_zone)


@lru_cache(maxsize=4096)
def _second(seconds: int, time_zone: str) -> datetime:
    """Orders come and are answered many in a second."""
    return datetime.fromtimestamp(seconds, ZoneInfo(time_zone))
