"""UBL written as prepared text: elements with their values escaped, groups left out where they would be empty."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal

from schemas.formats.ubl_2_1.names import CAC, CBC, DOCUMENTS

_SPECIAL = re.compile('[&<>"\r\n\t\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_special_in = _SPECIAL.search
_REPLACED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
_IN_ATTRIBUTE = {**_REPLACED, "\n": "&#10;", "\t": "&#9;"}
_VERBATIM = {"\n": "\n", "\t": "\t"}


def escaped(text: str) -> str:
    """A value as element content. What XML 1.0 has no character for (it can only have come from JSON) becomes U+FFFD,
    so that its loss shows."""
    if _special_in(text) is None:
        return text
    return _SPECIAL.sub(lambda match: _REPLACED.get(match[0]) or _VERBATIM.get(match[0], "\ufffd"), text)


def quoted(text: str) -> str:
    """A value as an attribute's content, without the quotes; line breaks and tabs survive there too."""
    if _special_in(text) is None:
        return text
    return _SPECIAL.sub(lambda match: _IN_ATTRIBUTE.get(match[0], "\ufffd"), text)


def element(name: str, value: str | None) -> str:
    """`<cbc:name>value</cbc:name>`, or nothing."""
    if value is None:
        return ""
    return f"<cbc:{name}>{value if _special_in(value) is None else escaped(value)}</cbc:{name}>"


def identified(name: str, value: str | None, scheme: str | None) -> str:
    """An identifier with its scheme."""
    if value is None:
        return ""
    attribute = f' schemeID="{quoted(scheme)}"' if scheme is not None else ""
    return f"<cbc:{name}{attribute}>{escaped(value)}</cbc:{name}>"


def money(name: str, value: Decimal | None, currency: str) -> str:
    """An amount; UBL wants its currency on each."""
    return "" if value is None else f'<cbc:{name} currencyID="{currency}">{value:f}</cbc:{name}>'


def measured(name: str, value: Decimal | None, unit: str | None) -> str:
    """A quantity in the account's own unit, or without a unit."""
    if value is None:
        return ""
    attribute = f' unitCode="{quoted(unit)}"' if unit is not None else ""
    return f"<cbc:{name}{attribute}>{value:f}</cbc:{name}>"


def flagged(name: str, value: bool | None) -> str:
    """An indicator."""
    return "" if value is None else f"<cbc:{name}>{'true' if value else 'false'}</cbc:{name}>"


def clocked(name: str, value: time | None) -> str:
    """A time, with its offset where it has one."""
    return "" if value is None else f"<cbc:{name}>{value.isoformat()}</cbc:{name}>"


def group(name: str, inner: str) -> str:
    """A group around what was written, or nothing around nothing."""
    return f"<cac:{name}>{inner}</cac:{name}>" if inner else ""


def document(name: str, inner: str) -> bytes:
    """The whole document in UTF-8."""
    namespaces = f'xmlns="{DOCUMENTS}{name}-2" xmlns:cac="{CAC}" xmlns:cbc="{CBC}"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} {namespaces}>{inner}</{name}>\n'.encode()
