"""XML as text: its signs, one after the other, whatever is wrong with the document."""

from __future__ import annotations

import re


def _token(closed: str, quoted: str) -> re.Pattern[str]:
    """What stands once is not gone back to (`++`, `*+`): a text that is no XML would be read as often as it is long."""
    return re.compile(
        rf"<!--.*?(?:-->{closed})|<\?.*?(?:\?>{closed})|<!\[CDATA\[.*?(?:\]\]>{closed})|<![^>]*+(?:>{closed})|"
        rf"<(?P<end>/?)(?P<name>[^\s/>]++)"
        rf"(?P<attributes>(?:[^>\"']|\"[^\"]*+(?:\"{quoted})|'[^']*+(?:'{quoted}))*+)(?:>{closed})",
        re.DOTALL,
    )


TOKEN = _token("", "")
"""A comment, an instruction, CDATA, a declaration, or a tag: that has a `name`, and `end` where it ends an element."""
TORN_TOKEN = _token(r"|\Z", r"|\Z")
"""The same of a text that may be no XML: what isn't closed goes on to its end, so that all of it is read once."""
ATTRIBUTE = re.compile(r"(?<![^\s=\"'])([^\s=\"']++)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)')")
"""In a tag's `attributes`: the name, and the value in the second or third group."""
