"""Characters that no answer could repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from schemas.faults import DocumentRejected, Fault
from schemas.safe_json.offences import MAX_OFFENCES, MAX_SEARCHED, UNCARRIED, fault_at, walk, writable

_NO_CHARACTER = "a control character, or half of a surrogate pair"
_CHARACTERS = "characters that XML 1.0 can carry: tab, line ends and everything printable"
_NONCHARACTER = re.compile("[\ufffe\uffff]")
_SUSPECT = re.compile(r"\\(?:[bf]|u(?:[dD][89a-fA-F]|[fF]{3}[eEfF]|000[0-8bcefBCEF]|001))")
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
"""Those as escapes: what may be one, and the two halves of a character that isn't one. Simple patterns on purpose: the
possessive ones that would do it in a single match are wrong in Python 3.11 before 3.11.5."""


def refuse_uncarried(value: Any, text: str) -> None:
    """Raises DocumentRejected where a text or key of the value has a character that no answer could repeat."""
    end = _first_uncarried(text)
    if end == len(text):
        return
    if len(text) > MAX_SEARCHED:
        place = f"line {text.count(chr(10), 0, end) + 1} (character {end + 1})"
        seen = writable(text[end : end + 6])
        raise DocumentRejected(
            [Fault("bad_character", _NO_CHARACTER, location=place, value=seen, expected=_CHARACTERS)]
        )
    faults = tuple(islice(_uncarried(value), MAX_OFFENCES))
    if faults:
        raise DocumentRejected(faults)


def _first_uncarried(text: str) -> int:
    """Where the first of them stands in a JSON text, written out or as an escape; its length where there is none."""
    written = _NONCHARACTER.search(text)
    end = written.start() if written else len(text)
    paired = 0
    for suspect in _SUSPECT.finditer(text, 0, end):
        start = suspect.start()
        if start < paired or _is_escaped(text, start):
            continue
        pair = _PAIR.match(text, start)
        if pair is None:
            return start
        paired = pair.end()
    return end


def _is_escaped(text: str, position: int) -> bool:
    """Whether the backslash there is itself escaped: an odd number of them stands before it."""
    first = position
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    return (position - first) % 2 == 1


def _uncarried(value: Any) -> Iterator[Fault]:
    for steps, found in walk(value):
        if isinstance(found, str) and UNCARRIED.search(found):
            yield _uncarried_fault(steps, found)
        elif isinstance(found, dict):
            yield from (_uncarried_fault([*steps, name], name) for name in found if UNCARRIED.search(name))


def _uncarried_fault(steps: list[str | int], text: str) -> Fault:
    return fault_at("bad_character", _NO_CHARACTER, steps, text, _CHARACTERS)
