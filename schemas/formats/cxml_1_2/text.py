"""cXML written as prepared text: attributes and elements with their values escaped, absent ones left out."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

from schemas.formats.ubl_2_1.text import escaped, quoted

__all__ = ["attribute", "document", "element", "escaped", "group", "instant", "money", "noon", "quoted"]

NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency: cXML wants a currency on every amount, a canonical document may have none."""
LANGUAGE = "en"
"""cXML wants a language on names, descriptions and statuses; the canonical documents don't know theirs."""
_DTD = "http://xml.cxml.org/schemas/cXML/1.2.060/"


def attribute(name: str, value: str | None) -> str:
    """` name="value"`, or nothing."""
    return "" if value is None else f' {name}="{quoted(value)}"'


def element(name: str, value: str | None) -> str:
    """`<Name>value</Name>`, or nothing."""
    return "" if value is None else f"<{name}>{escaped(value)}</{name}>"


def group(name: str, inner: str) -> str:
    """A group around what was written, or nothing around nothing."""
    return f"<{name}>{inner}</{name}>" if inner else ""


def money(value: Decimal, currency: str | None) -> str:
    """An amount with its currency."""
    return f'<Money currency="{quoted(currency or NO_CURRENCY)}">{value:f}</Money>'


def instant(moment: datetime) -> str:
    """A moment with its offset."""
    return moment.isoformat()


def noon(day: date) -> str:
    """A day where cXML wants a moment: noon UTC is that day nearly everywhere on earth."""
    return f"{day.isoformat()}T12:00:00+00:00"


def clocked(day: date, clock: time | None) -> str:
    """A day, with a time where there is one."""
    return day.isoformat() if clock is None else f"{day.isoformat()}T{clock.isoformat()}"


def document(dtd: str, payload_id: str, timestamp: str, inner: str) -> bytes:
    """The whole document in UTF-8. `dtd` is the name of the DTD that has the request."""
    start = f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE cXML SYSTEM "{_DTD}{dtd}.dtd">\n'
    named = attribute("payloadID", payload_id) + attribute("timestamp", timestamp)
    return f'{start}<cXML{named} xml:lang="{LANGUAGE}">{inner}</cXML>\n'.encode()
