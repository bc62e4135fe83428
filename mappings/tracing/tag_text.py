"""XML as text: its signs, one after the other, whatever is wrong with the document."""

from __future__ import annotations

import re

TOKEN = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<![^>]*>|"
    r"<(?P<end>/?)(?P<name>[^\s/>]+)(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
"""A comment, an instruction, CDATA, a declaration, or a tag: that has a `name`, and `end` where it ends an element."""
ATTRIBUTE = re.compile(r"([^\s=\"']+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
"""In a tag's `attributes`: the name, and the value in the second or third group."""
