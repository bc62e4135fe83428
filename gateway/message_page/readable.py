"""A document's bytes as text that people can read, by the encoding that it declares."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from schemas.formats.xml import UTF_16_STARTS

_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_KNOWN = re.compile(r"utf-8|utf-16(-[bl]e)?|ascii|iso8859-\d+|cp125\d|cp437|cp850|koi8-r|mac-roman")
_BINARY_START = 4_096
_HEX_SHOWN = 512
_UNSEEN = {code: 0x2400 + code for code in range(32) if code not in (9, 10, 13)}
_UNSEEN |= dict.fromkeys((127, *range(0x80, 0xA0), *range(0x200B, 0x2010), *range(0x2028, 0x202F)), 0xFFFD)
_UNSEEN |= dict.fromkeys((*range(0x2060, 0x2070), 0xFEFF, *range(0xD800, 0xE000)), 0xFFFD)
"""Characters that nobody sees, or that turn round how the others are read: each as one that is seen."""


@dataclass(frozen=True, slots=True)
class Readable:
    """A document for people. `text` is None where it is no text: then `beginning` is in hexadecimal numbers."""

    text: str | None
    encoding: str
    note: str = ""
    """What is to be said of how it was decoded."""
    beginning: str = ""


def readable(document: bytes) -> Readable:
    """The text of a document, a character for each of it, those that nobody sees as ones that are seen."""
    encoding, note = _encoding(document)
    if _is_binary(document, encoding):
        return Readable(None, encoding, "These bytes are no text.", _in_hex(document[:_HEX_SHOWN]))
    text = document.decode(encoding, "replace").removeprefix("\ufeff")
    lost = text.count("\ufffd") - document.count(b"\xef\xbf\xbd") if encoding == "utf-8" else text.count("\ufffd")
    if lost > 0:
        places = "place is" if lost == 1 else "places are"
        note = f"{note} {lost:,} {places} not {encoding.upper()}; they are shown as \ufffd.".strip()
    return Readable(text.translate(_UNSEEN), encoding, note)


def _encoding(document: bytes) -> tuple[str, str]:
    """The encoding's name, and what is to be said of it."""
    if document.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32", ""
    if document[:2] in UTF_16_STARTS:
        return UTF_16_STARTS[document[:2]], ""
    found = _DECLARED.match(document[:400].removeprefix(codecs.BOM_UTF8))
    if found is None or document.startswith(codecs.BOM_UTF8):
        return "utf-8", ""
    declared = found[1].decode("ascii")
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        name = ""
    if _KNOWN.fullmatch(name) and not name.startswith("utf-16"):
        return name, ""
    return "utf-8", f"It says that it is in {declared}, which it can't be read in here; it is shown as UTF-8."


def _is_binary(document: bytes, encoding: str) -> bool:
    start = document[:_BINARY_START]
    if encoding.startswith(("utf-16", "utf-32")):
        return False
    controls = sum(one < 32 and one not in b"\t\n\r\f\x1a\x1b" for one in start)
    return b"\0" in start or controls * 10 > len(start)


def _in_hex(start: bytes) -> str:
    """Sixteen bytes a line, as they are usually written."""
    rows = (start[at : at + 16] for at in range(0, len(start), 16))
    return "\n".join(
        f"{index * 16:08x}  {row.hex(' '):<47}  {''.join(chr(one) if 32 <= one < 127 else '.' for one in row)}"
        for index, row in enumerate(rows)
    )
