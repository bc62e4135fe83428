"""Everything that the scanner refuses in a document, and where: a second pass, which marks instead of stopping."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from schemas.documents.validation import SHOWN, pointer, shown
from schemas.faults import Fault
from schemas.safe_json.scanner import (
    KEY_TWICE,
    NUMBER_EXPECTED,
    OffenceError,
    exact_decimal,
    whole_number,
    why_refused,
)
from schemas.values import LONGEST_NUMBER

MAX_OFFENCES = 1_000
"""Repeated keys, refused numbers or characters that one answer lists."""
MAX_SEARCHED = 1_000_000
"""Characters of a document in which every offence is looked for. In a larger one the first is enough."""
UNCARRIED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 (section 2.2, Char) has no way to write, and no database takes: answers could not repeat it."""


class _Marked:
    """A value refused, in the second pass: what stood there, and its fault's code."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        self.text = text


class _MarkedObject(dict[str, Any]):
    """An object in which keys came twice, in the second pass."""

    repeated: tuple[str, ...] = ()


def _marked_number(text: str) -> Any:
    try:
        return whole_number(text) if text.lstrip("-").isdigit() else exact_decimal(text)
    except OffenceError:
        return _Marked("json_number", text)


def _marked_constant(text: str) -> _Marked:
    return _Marked("json_number", text)


def _marked_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = _MarkedObject(pairs)
    if len(members) != len(pairs):
        counted = Counter(name for name, _ in pairs)
        members.repeated = tuple(name for name, times in counted.items() if times > 1)
    return members


LENIENT = json.JSONDecoder(
    object_pairs_hook=_marked_members,
    parse_float=_marked_number,
    parse_int=_marked_number,
    parse_constant=_marked_constant,
)
"""Reads whatever is JSON, and marks what is refused."""


def offences(value: Any, exactly: bool = True) -> Iterator[Fault]:
    """A fault for each key that came twice and each number refused, in a value that LENIENT read. Where not all numbers
    must be exact, those are no offence that can be taken as they are written."""
    for steps, found in walk(value):
        if isinstance(found, _Marked):
            if not exactly and _can_be_text(found.text):
                continue
            yield fault_at(found.code, why_refused(found.text), steps, found.text, NUMBER_EXPECTED)
        elif isinstance(found, _MarkedObject):
            for name in found.repeated:
                yield fault_at("json_duplicate_key", KEY_TWICE, [*steps, name], name)


def _can_be_text(number: str) -> bool:
    return len(number) <= LONGEST_NUMBER and number[-1].isdigit()


def walk(value: Any) -> Iterator[tuple[list[str | int], Any]]:
    """Every value in document order with the steps to it, without recursion; the list of steps changes as it goes."""
    steps: list[str | int] = []
    yield steps, value
    open_nodes = [_children(value)]
    while open_nodes:
        child = next(open_nodes[-1], None)
        if child is None:
            open_nodes.pop()
            if steps:
                steps.pop()
            continue
        step, found = child
        steps.append(step)
        yield steps, found
        open_nodes.append(_children(found))


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    return enumerate(value) if isinstance(value, list) else iter(())


def fault_at(code: str, detail: str, steps: list[str | int], value: str | None, expected: str | None = None) -> Fault:
    """A fault at these steps, which are its path and its location; it shows only what an answer can repeat."""
    path = pointer(writable(step)[:SHOWN] if isinstance(step, str) else step for step in steps)
    text = shown(value)
    return Fault(code, detail, path=path, location=path, value=text and writable(text), expected=expected)


def writable(text: str) -> str:
    """The text with a sign for each character that no answer could repeat."""
    return UNCARRIED.sub("\ufffd", text)


def not_valid(error: json.JSONDecodeError) -> Fault:
    """The fault for what is no JSON."""
    place = f"line {error.lineno} column {error.colno} (character {error.pos + 1})"
    found = error.doc[error.pos : error.pos + 20] or "the end"
    return Fault("json_not_valid", error.msg, location=place, value=shown(found), expected="RFC 8259 JSON")
