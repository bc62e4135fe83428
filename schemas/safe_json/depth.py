"""How deep objects and arrays are inside each other."""

from __future__ import annotations

import re
from typing import Any

from schemas.documents.validation import pointer
from schemas.faults import Fault
from schemas.safe_json.offences import LENIENT, MAX_SEARCHED

MAX_DEPTH = 64
"""Objects and arrays inside each other; the outermost is 1."""
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]', re.DOTALL)


def is_deeper(value: Any, limit: int) -> bool:
    """Whether objects and arrays are inside each other more than `limit` deep."""
    level = [value]
    for _ in range(limit):
        level = [
            member
            for node in level
            if type(node) in (dict, list)
            for member in (node.values() if type(node) is dict else node)
            if type(member) in (dict, list)
        ]
        if not level:
            return False
    return True


def too_deep(text: str) -> Fault:
    """The fault with the place of the first bracket too deep: its path is read off the document cut there."""
    offset, closing = _first_too_deep(text)
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return Fault(
        "json_too_deep",
        f"objects and arrays are nested deeper than {MAX_DEPTH}",
        path=_last_path(text[:offset] + "0" + closing) if offset <= MAX_SEARCHED else "",
        location=f"line {line} column {column} (character {offset + 1})",
        expected=f"at most {MAX_DEPTH} levels",
    )


def _first_too_deep(text: str) -> tuple[int, str]:
    """Where the first bracket beyond the limit opens, and the brackets that would close those open before it."""
    closers: list[str] = []
    for token in _STRING_OR_BRACKET.finditer(text):
        sign = token[0]
        if sign in "[{":
            if len(closers) == MAX_DEPTH:
                return token.start(), "".join(reversed(closers))
            closers.append("]" if sign == "[" else "}")
        elif sign in "]}" and closers:
            closers.pop()
    return len(text), ""


def _last_path(text: str) -> str:
    try:
        value = LENIENT.decode(text)
    except (RecursionError, ValueError):
        return ""
    steps: list[str | int] = []
    while isinstance(value, (dict, list)) and value:
        last = len(value) - 1 if isinstance(value, list) else next(reversed(value))
        steps.append(last)
        value = value[last]
    return pointer(steps)
