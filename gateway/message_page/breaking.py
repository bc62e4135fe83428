"""Where a text stops being JSON: from there on nobody can say what of it is a name and what a value."""

from __future__ import annotations

import json

_JSON = json.JSONDecoder(object_pairs_hook=lambda members: None, parse_int=str, parse_float=str)
"""Builds next to nothing: all that is asked is whether it can be read."""


def json_breaks_at(text: str) -> int | None:
    """The first character that is no JSON, or the text's length where it ends too early; None where it is JSON."""
    try:
        _JSON.decode(text)
    except json.JSONDecodeError as error:
        return error.pos
    except RecursionError:  # deeper than any order
        return 0
    return None
