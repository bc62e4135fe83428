"""Numbers as accounts write them ↔ exact decimals."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from schemas.values import EXACT, LONGEST_NUMBER, exact

_BLANKS = re.compile("[\u00a0\u2009\u202f]")
"""A space that separates thousands may be any of these."""


def number_reader(decimal: str, thousands: str | None, implied: int | None) -> Callable[[str], Decimal]:
    """What reads numbers with this decimal sign and this sign between thousands. `implied` decimals stand at the end
    without a sign: 1250 is 12.50, and 12.50 is not written so, nor is 12.00; 1250.0 is what programs make of 1250. The
    function raises ValueError for what isn't."""
    grouped = None if thousands is None else _grouped(decimal, thousands)

    def read(text: str) -> Decimal:
        if len(text) > 2 * LONGEST_NUMBER:
            raise ValueError("too many digits")
        if grouped is not None and thousands is not None:
            text = _BLANKS.sub(" ", text) if thousands == " " else text
            text = text.replace(thousands, "") if grouped(text) else text
        if decimal != ".":
            text = "?" if "." in text else text.replace(decimal, ".")
        if implied is not None:
            text = text.removesuffix(".0")
        value = exact(text)
        if implied is not None and "." in text:
            raise ValueError("has a decimal sign")
        return value if implied is None else exact(f"{value.scaleb(-implied, context=EXACT):f}")

    return read


def _grouped(decimal: str, thousands: str) -> Callable[[str], object]:
    """Whether the sign stands between thousands: nobody writes these with a zero in front, so that 0.500 is no 500."""
    sign = re.escape(thousands)
    return re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{sign}\d{{3}})+(?:{re.escape(decimal)}\d*)?", re.ASCII).fullmatch


def number_writer(decimal: str, thousands: str | None, implied: int | None, places: int | None) -> Callable[..., str]:
    """The way back. `places` decimals are written at least, with zeros; nothing is ever rounded away."""

    def write(value: Decimal) -> str:
        shifted = value if implied is None else _whole(value.scaleb(implied, context=EXACT))
        whole, _, fraction = f"{shifted:f}".partition(".")
        if places is not None:
            fraction = fraction.rstrip("0").ljust(places, "0")
        if thousands is not None:
            whole = f"{Decimal(whole):,}".replace(",", thousands)
        return f"{whole}{decimal}{fraction}" if fraction else whole

    return write


def _whole(value: Decimal) -> Decimal:
    """Raises ValueError where decimals are left over."""
    found = value.to_integral_value()
    if found != value:
        raise ValueError("has more decimals than are written")
    return found
