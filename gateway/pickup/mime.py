"""An e-mail taken apart into its parts (RFC 2045, 2046), each with its headers and its own bytes.

Not by Python's own parser: that one needs a stack for each level and looks at each line once a level, which a stranger
may make as many of as a mail has room for. Here levels, parts and headers are counted, and nothing is copied until a
part is decoded.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser

MOST_LEVELS = 10
MOST_PARTS = 500
MOST_HEADER_BYTES = 262_144
"""Of one part, and of the mail itself."""
_LONGEST_HEADER = 4_000
"""Characters of one header that are read: the library takes time by the square of them."""
_STRUCTURED = ("Content-Type", "Content-Disposition", "Content-Transfer-Encoding")
_LONGEST_BOUNDARY = 200
"""RFC 2046, 5.1.1 allows 70."""
_LONGEST_NAME = 200
_HEADERS_END = re.compile(rb"(?:\A|\r?\n)\r?\n")
_ENCODINGS_AS_IT_IS = ("", "7bit", "8bit", "binary")


class Unreadable(Exception):
    """The mail can't be taken apart; why, for people."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part that holds no others, or a mail within a mail."""

    headers: Message
    raw: memoryview
    """Its body as it was sent, still encoded."""
    levels: int = 0
    """How deep it is."""
    mails: int = 0
    """How many forwarded mails are around it."""

    @property
    def media_type(self) -> str:
        """In small letters, without its parameters; text/plain where none is said (RFC 2045, 5.2)."""
        return self.headers.get_content_type()

    @property
    def is_attached(self) -> bool:
        """Whether its sender calls it an attachment."""
        return self.headers.get_content_disposition() == "attachment"

    def filename(self) -> str | None:
        """Its file name, without folders and control characters; None where it has none."""
        try:
            named = self.headers.get_filename()
        except (MessageError, LookupError, ValueError, TypeError, AttributeError):  # what the library lets out
            return None
        said = "".join(one for one in _in_words(str(named or "")) if one.isprintable())
        return re.split(r"[/\\]", said)[-1].strip()[-_LONGEST_NAME:] or None

    def body(self) -> bytes:
        """Its own bytes, decoded; the charset is the document's affair. Raises Unreadable."""
        encoding = str(self.headers.get("Content-Transfer-Encoding", "")).partition(";")[0].strip().lower()
        if encoding in _ENCODINGS_AS_IT_IS:
            return bytes(self.raw)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.raw)
        if encoding != "base64":
            raise Unreadable(f"the encoding {encoding[:40]!r} is unknown")
        try:
            return base64.b64decode(b"".join(bytes(self.raw).split()), validate=True)
        except binascii.Error as error:
            raise Unreadable(f"its base64 can't be decoded ({error})") from None


def whole(raw: bytes | memoryview, levels: int = 0, mails: int = 0) -> Part:
    """The headers and body of a mail, or of a part of one. Raises Unreadable."""
    view = memoryview(raw)
    found = _HEADERS_END.search(view[: MOST_HEADER_BYTES + 4])
    if found is None and len(view) > MOST_HEADER_BYTES:
        raise Unreadable(f"it has more than {MOST_HEADER_BYTES:,} bytes of headers")
    head, start = (view, len(view)) if found is None else (view[: found.start()], found.end())
    headers = HeaderParser().parsestr(_text(bytes(head)))
    if any(len(str(value)) > _LONGEST_HEADER for name in _STRUCTURED for value in headers.get_all(name, [])):
        raise Unreadable(f"a header of it says in more than {_LONGEST_HEADER:,} characters what a part is")
    return Part(headers, view[start:], levels, mails)


def parts_of(mail: Part) -> Iterator[Part]:
    """Every part that holds no others, in the order of the mail; what is in forwarded mails, too. Raises Unreadable."""
    waiting, seen = [mail], 0
    while waiting:
        part = waiting.pop()
        seen += 1
        if seen > MOST_PARTS:
            raise Unreadable(f"it has more than {MOST_PARTS} parts")
        within = list(_within(part))
        if within and part.levels >= MOST_LEVELS:
            raise Unreadable(f"its parts are nested more than {MOST_LEVELS} deep")
        waiting.extend(reversed(within))
        if not within:
            yield part


def _within(part: Part) -> Iterator[Part]:
    """The parts of a part; of one that holds none, none."""
    if part.media_type == "message/rfc822":
        yield whole(part.body(), part.levels + 1, part.mails + 1)
    elif part.headers.get_content_maintype() == "multipart":
        for raw in _split(part.raw, _boundary(part.headers)):
            yield whole(raw, part.levels + 1, part.mails)


def _boundary(headers: Message) -> str:
    try:
        boundary = headers.get_boundary()
    except (MessageError, LookupError, ValueError, TypeError, AttributeError):
        boundary = None
    if not boundary or len(boundary) > _LONGEST_BOUNDARY:
        raise Unreadable("its parts have no boundary that can be read")
    return boundary


def _split(body: memoryview, boundary: str) -> Iterator[memoryview]:
    """The parts between the boundaries; a last one that is not closed goes to the end (RFC 2046, 5.1.1)."""
    start = None
    for count, found in enumerate(_boundaries(body, boundary)):
        if start is not None:
            yield body[start : max(start, _before_line_end(body, found.start()))]
        if found[1]:
            return
        if count >= MOST_PARTS:
            raise Unreadable(f"it has more than {MOST_PARTS} parts")
        start = _after_line_end(body, found.end())
    if start is None:
        raise Unreadable("its boundary stands nowhere in it")
    yield body[start:]


def _boundaries(body: memoryview, boundary: str) -> Iterator[re.Match[bytes]]:
    """The lines that are one, each with the line end before it; its group 1 says that it is the last."""
    line = rb"--" + re.escape(boundary.encode("utf-8", "surrogateescape")) + rb"(--)?[ \t]*(?=\r?\n|\Z)"
    if (first := re.match(line, body)) is not None:
        yield first
    yield from re.finditer(b"\n" + line, body)


def _before_line_end(body: memoryview, at: int) -> int:
    return at - 1 if at and bytes(body[at - 1 : at]) == b"\r" else at


def _after_line_end(body: memoryview, at: int) -> int:
    line_end = re.match(rb"\r?\n", body[at : at + 2])
    return at + line_end.end() if line_end else at


def _text(head: bytes) -> str:
    """Headers are ASCII, or UTF-8 (RFC 6532); of anything else each byte is kept as a character."""
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError:
        return head.decode("latin-1")


def _in_words(text: str) -> str:
    """What encoded words say (RFC 2047); the text itself where they can't be read."""
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, ValueError):
        return text


def header(mail: Part, name: str) -> str:
    """The beginning of a header's text on one line, its encoded words read; '' where there is none."""
    return " ".join(_in_words(str(mail.headers.get(name, ""))[:_LONGEST_HEADER]).split())
