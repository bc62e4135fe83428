"""Public holidays by calendar: a country, or one of its regions, as ISO 3166 writes them: `NO`, `DE-HH`.

The days are those of the `holidays` library. It is imported with the first calendar that is asked for (an eighth of a
second and 20 MB), because most commands need none.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_CODE = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?")


class UnknownCalendar(ValueError):
    """There is no such calendar; `expected` says what there is."""

    def __init__(self, calendar: str, expected: str) -> None:
        super().__init__(f"no calendar {calendar!r}: {expected}")
        self.expected = expected


@lru_cache(maxsize=1024)
def public_holidays(calendar: str, year: int) -> frozenset[date]:
    """The days of the year on which nobody works there, those among them on which a holiday is observed instead.

    Raises UnknownCalendar.
    """
    import holidays

    country, region = known_calendar(calendar)
    return frozenset(holidays.country_holidays(country, subdiv=region, years=year))


@lru_cache(maxsize=256)
def known_calendar(calendar: str) -> tuple[str, str | None]:
    """The country and the region (None: all of the country) that a calendar is of. Raises UnknownCalendar."""
    import holidays

    found = _CODE.fullmatch(calendar)
    countries = holidays.list_supported_countries(include_aliases=False)
    if found is None or found[1] not in countries:
        raise UnknownCalendar(calendar, "a country of ISO 3166 such as NO, or a region of one such as DE-HH")
    country, region = found[1], found[2]
    if region is not None and region not in countries[country]:
        codes = (f"{country}-{one}" for one in sorted(countries[country]))
        regions = ", ".join(code for code in codes if _CODE.fullmatch(code))
        raise UnknownCalendar(calendar, f"{country}, or one of its regions: {regions}" if regions else country)
    return country, region
