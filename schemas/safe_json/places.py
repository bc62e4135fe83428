"""Where a value stands in a JSON document."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.faults import DocumentRejected
from schemas.safe_json.offences import LENIENT
from schemas.safe_json.scanner import OffenceError
from schemas.safe_json.text import decoded

Steps = Sequence[str | int]
_BLANK = re.compile(r"[ \t\n\r]*")


def line_of(body: bytes, steps: Steps) -> int | None:
    """The line, from 1, on which the value at these steps stands, or the nearest value around it that is there.

    None where all of the document is one line, or can't be read. What stands before is skipped by the C scanner.
    """
    try:
        text = decoded(body)
        if "\n" not in text.strip():
            return None
        return text.count("\n", 0, _position(text, steps)) + 1
    except (DocumentRejected, OffenceError, RecursionError, ValueError, IndexError):
        return None


def span_of(text: str, steps: Steps) -> tuple[int, int] | None:
    """The characters of the value at these steps, a text's without its quotes; of the nearest value around it where
    there is none. None where the text can't be read as far as there."""
    try:
        start = _position(text, steps)
        _, end = LENIENT.raw_decode(text, start)
    except (OffenceError, RecursionError, ValueError, IndexError):
        return None
    return (start + 1, end - 1) if text[start] == '"' else (start, end)


def _position(text: str, steps: Steps) -> int:
    """The character at which the value at these steps begins, or the last one on the way that is there."""
    at = _after_blank(text, 0)
    for step in steps:
        found = _member_at(text, at, str(step)) if text[at] == "{" else _element_at(text, at, step)
        if found is None:
            break
        at = found
    return at


def _member_at(text: str, at: int, wanted: str) -> int | None:
    at = _after_blank(text, at + 1)
    while text[at] != "}":
        name, at = LENIENT.raw_decode(text, at)
        at = _after_blank(text, _after_blank(text, at) + 1)
        if name == wanted:
            return at
        at = _next_one(text, at)
    return None


def _element_at(text: str, at: int, wanted: str | int) -> int | None:
    if text[at] != "[" or not str(wanted).isdigit():
        return None
    at = _after_blank(text, at + 1)
    for _ in range(int(wanted)):
        if text[at] == "]":
            return None
        at = _next_one(text, at)
    return None if text[at] == "]" else at


def _next_one(text: str, at: int) -> int:
    _, at = LENIENT.raw_decode(text, at)
    at = _after_blank(text, at)
    return _after_blank(text, at + 1) if text[at] == "," else at


def _after_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
