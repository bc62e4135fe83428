"""A document as text that a person can edit, and the edited text as bytes: what was not edited stays to the letter."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.drafting.line_differences import blocks
from schemas.formats.xml import UTF_16_STARTS, head

_DECLARED = re.compile(r"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"'>]*)[\"']")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_ENDS = ("\r\n", "\n", "\r")
_USUAL = ("\n", "\r\n", "\r")
"""Where two are as frequent, the first."""


class NotText(Exception):
    """It can't be edited as text: why, as a sentence."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The document as text without a byte order mark; every line ends with a line feed."""

    text: str
    original: str
    """With the ends of lines that it came with."""
    encoding: str
    mark: bytes
    """The byte order mark that it begins with."""


def opened(body: bytes) -> Opened:
    """The document as text. Raises NotText for bytes that are none in the encoding that they declare, or that hold
    what no text has."""
    encoding, mark = _encoding_of(body)
    try:
        original = body[len(mark) :].decode(encoding)
    except (UnicodeDecodeError, LookupError) as failure:
        raise NotText(f"The document can't be read as {encoding}.") from failure
    if "\0" in original:
        raise NotText("The document holds a zero byte: it is no text.")
    return Opened("\n".join(_split(original)), original, encoding, mark)


def written(document: Opened, text: str) -> bytes:
    """The edited text as bytes, in the document's encoding and with its ends of lines, whatever a browser made of
    those. Raises NotText for a character that the encoding doesn't have."""
    came = [_ended(line) for line in _LINES.findall(document.original) if line]
    usual = max(_USUAL, key=[end for _, end in came].count)
    lines = _split(text)
    ends = [usual] * (len(lines) - 1) + [""]
    old = _split(document.original)
    for block in blocks(old, lines):
        if block.stayed:
            for index in range(block.new_to - block.new_from):
                ended = came[block.old_from + index][1] if block.old_from + index < len(came) else ""
                at = block.new_from + index
                ends[at] = (ended or usual) if at < len(lines) - 1 else ""
    whole = "".join(line + end for line, end in zip(lines, ends, strict=True))
    try:
        return document.mark + whole.encode(document.encoding)
    except UnicodeEncodeError as failure:
        character = failure.object[failure.start]
        said = f"The document is in {document.encoding}, which has no character {character!r} (U+{ord(character):04X})."
        raise NotText(said) from failure


def _split(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


def _ended(line: str) -> tuple[str, str]:
    end = next((end for end in _ENDS if line.endswith(end)), "")
    return line.removesuffix(end), end


def _encoding_of(body: bytes) -> tuple[str, bytes]:
    """The encoding, and the byte order mark that is there."""
    if body.startswith(b"\xef\xbb\xbf"):
        return "utf-8", b"\xef\xbb\xbf"
    if (utf_16 := UTF_16_STARTS.get(body[:2])) is not None:
        little = "le" in utf_16.lower() or body[:2] == b"\xff\xfe" or body[1:2] == b"\0"
        mark = body[:2] if body[:2] in (b"\xff\xfe", b"\xfe\xff") else b""
        return "utf-16-le" if little else "utf-16-be", mark
    declared = _DECLARED.match(head(body).lstrip())
    return (declared[1] if declared is not None else "utf-8"), b""
