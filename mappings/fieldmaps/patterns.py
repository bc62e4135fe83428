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
        raise ValueError(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from None
    except (UnicodeError, OverflowError) as error:
        raise ValueError(str(error)) from None
