"""Where a text stops being JSON or XML: from there on nobody can say what of it is a name and what a value."""

from __future__ import annotations

import json
from xml.parsers import expat

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


def xml_breaks_at(text: str) -> int | None:
    """The same of XML that is well-formed. Entities and the encoding that it declares are nobody's concern here: it is
    text already, and nothing is fetched."""
    parser = expat.ParserCreate("utf-8")
    encoded = text.encode("utf-8", "surrogatepass")
    try:
        parser.Parse(encoded, True)
    except expat.ExpatError:
        return len(encoded[: parser.ErrorByteIndex].decode("utf-8", "ignore"))
    return None
