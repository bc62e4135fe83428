"""SSCCs of our own for packages that have none: one after the other, and again from the first once all were given.

An SSCC is free for another package a year after the shipment that had it (GS1 General Specifications 2.2.1). A prefix
of 12 digits has 100,000, which a busy warehouse has used up before that: then nothing is guessed, the shipment is
refused until one is free. Who saves first has an SSCC; the other's save collides, and takes the next.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from gateway.services import Services
from schemas.values import gs1_check_digit

_BODY = 17
"""Digits of extension, company prefix and serial reference; the check digit is behind them."""
_LOOKED_UP = 10_000
"""SSCCs that are asked for at once."""
_MOST_LOOKED_AT = 1_000_000
"""So far one shipment looks for free ones: through all that a prefix of 11 digits has."""


def sscc_count(prefix: str) -> int:
    """How many SSCCs a company prefix has: 10,000,000,000 for one of 7 digits."""
    return int(10 ** (_BODY - len(prefix)))


def sscc_of(prefix: str, number: int) -> str:
    """The SSCC of our company prefix with this running number, whose first digit is the extension digit (GS1 General
    Specifications 2.2.1). Behind the last one comes the first again."""
    digits = f"{number % sscc_count(prefix):0{_BODY - len(prefix)}d}"
    body = f"{digits[0]}{prefix}{digits[1:]}"
    return body + gs1_check_digit(body)


def new_ssccs(services: Services, prefix: str, count: int, given: AbstractSet[str], now: int) -> list[str]:
    """So many SSCCs of ours that were on no package for a year: a warehouse that numbers packages under our prefix as
    well may have been there first, in this shipment (`given`) or an earlier one. Fewer where no more are free.

    Each look is at a row of numbers that nobody else looks at, twice as long as the one before, the last at all that
    there are: so what is used is passed by once for everybody, and a free one is found wherever it is.
    """
    free: dict[str, None] = {}
    asked, most = count, max(count, min(sscc_count(prefix), _MOST_LOOKED_AT))
    while True:
        numbers = services.store.numbers.take("sscc", asked, series=prefix)
        for start in range(0, asked, _LOOKED_UP):
            some = [sscc_of(prefix, number) for number in numbers[start : start + _LOOKED_UP]]
            used = services.store.shipments.used(some, now)
            free |= dict.fromkeys(one for one in some if one not in used and one not in given)
            if len(free) >= count:
                return list(free)[:count]
        if asked == most:
            return list(free)
        asked = min(2 * asked, most)
