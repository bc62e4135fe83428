"""Keeping secrets out of what is told of an attempt: a partner may send back what it was sent, header by header."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

from schemas.formats.ubl_2_1.text import escaped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gateway.delivery.transport import Means, Parcel, Result, Transport

_IN_PLACE = "…"
_SHORTEST = 4
"""Characters of what is looked for: a shorter one stands in too much that is none."""


def send(transport: Transport, parcel: Parcel, terms: Mapping[str, Any], means: Means) -> Result:
    """One attempt, whose result tells none of the secrets that it used. Raises BadTerms."""
    used: list[str] = []
    result = transport.send(parcel, terms, replace(means, used=used))
    told = None if result.answer is None else without(result.answer, used)
    return replace(result, detail=without(result.detail, used), answer=told)


def without(said: str, secrets: Iterable[str]) -> str:
    """The text without these, however they are written in it, and without the beginning of one at its end, where an
    answer was cut."""
    forms = sorted({form for one in secrets for form in _forms(one) if len(form) >= _SHORTEST}, key=len, reverse=True)
    for form in forms:
        said = said.replace(form, _IN_PLACE)
    for form in forms:
        for length in range(min(len(form), len(said)), _SHORTEST - 1, -1):
            if said.endswith(form[:length]):
                return said[:-length] + _IN_PLACE
    return said


def _forms(secret: str) -> Iterator[str]:
    for one in (secret, secret.strip()):
        yield from (one, escape(one), escaped(one), quote(one, ""))
        yield from (json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1])
