"""Regular expressions that take a time that grows with the text alone: RE2, which never goes back.

What it can't do (looking around, references to a group in the pattern) is a mistake of the map.
"""

from __future__ import annotations

from typing import Any

import re2

MAX_PATTERN = 500
_MEMORY = 1 << 20
"""Bytes for one compiled pattern; a counted repetition of thousands is refused."""


def compiled_pattern(pattern: str) -> Any:
    """The pattern, compiled. Raises ValueError with what is wrong with it."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"is longer than {MAX_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        raise ValueError(_in_words(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))) from None
    except (UnicodeError, OverflowError) as error:
        raise ValueError(str(error)) from None


_GROUPS = {
    "(?=": "looks around, which RE2 can't",
    "(?!": "looks around, which RE2 can't",
    "(?<": "looks around, which RE2 can't",
    "(?>": "is a group that never goes back, which RE2 doesn't have: it never does",
    "(?P": "is no group; a named one is written (?P<name>…)",
}
_WORDS = {
    "missing )": "a ) is missing",
    "missing ]": "a ] is missing behind {}",
    "unexpected )": "there is a ) too many",
    "bad repetition operator": "{} repeats what is repeated already",
    "no argument for repetition operator": "there is nothing before {} to be repeated",
    "invalid repetition size": "{} repeats too often: at most 1000, together too",
    "invalid character class range": "{} is no range or class of characters",
    "trailing \\": "a single \\ at its end means nothing",
}


def _in_words(said: str) -> str:
    """What RE2 says of a pattern, for people who write maps."""
    wrong, _, part = said.partition(": ")
    if wrong == "invalid perl operator":
        return f"{part} {_GROUPS.get(part[:3], 'is nothing that RE2 has')}"
    if wrong == "invalid escape sequence":
        is_group = part[1:].isdigit()
        return f"{part} " + ("refers to a group inside the pattern, which RE2 can't" if is_group else "means nothing")
    return _WORDS[wrong].format(part) if wrong in _WORDS else said
