"""A cXML document with its attachments: multipart/related (RFC 2387) taken apart, and files put beside their order.

The first part, or the one that `start` names, is the document; the others are its attachments by Content-ID.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import quopri
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from email.parser import HeaderParser
from typing import NoReturn
from urllib.parse import unquote

from schemas.documents.common import Attachment
from schemas.faults import DocumentRejected, Fault
from schemas.formats import ReadOrder
from schemas.formats.cxml_1_2.limits import LONGEST_PART_HEADER, MAX_PARTS

_LONGEST_BOUNDARY = 70
"""RFC 2046 5.1.1."""
_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n|\A[ \t]*\r?\n")
_AS_THEY_ARE = frozenset(("", "7bit", "8bit", "binary"))


@dataclass(frozen=True, slots=True)
class File:
    """One attachment, as it came beside the document."""

    content: bytes
    media_type: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """A body taken apart."""

    document: bytes
    files: Mapping[str, File] = field(default_factory=dict)
    """By Content-ID, without its angle brackets."""


def parts_of(content_type: str, body: bytes) -> Parts:
    """The document and its attachments; a body that isn't multipart is the document itself.

    Raises DocumentRejected (`bad_value`), saying which part, and what is wrong with it.
    """
    header = Message()
    header["Content-Type"] = " ".join(content_type.split())
    if header.get_content_maintype() != "multipart":
        return Parts(body)
    parts = [_part(number, part) for number, part in enumerate(_split(header, body), 1)]
    root = _root_of(header, [content_id for content_id, _ in parts])
    files: dict[str, File] = {}
    for number, (content_id, file) in enumerate(parts, 1):
        if number - 1 == root:
            continue
        if content_id in files:
            _refuse("two parts have the same Content-ID", number, content_id, "a Content-ID of its own")
        files[content_id or f"part {number}"] = file
    return Parts(parts[root][1].content, files)


def with_contents(content_type: str, body: bytes, document: bytes, file: Callable[[bytes], bytes]) -> bytes:
    """The same body with another document in the place of its own, and of each file what `file` makes of it; each in
    its part's own encoding, and byte for byte as it came where it is the same. Raises as `parts_of`."""
    header = Message()
    header["Content-Type"] = " ".join(content_type.split())
    raw = _split(header, body)
    parts = [_part(number, part) for number, part in enumerate(raw, 1)]
    root = _root_of(header, [content_id for content_id, _ in parts])
    for index, (written, (_, found)) in enumerate(zip(raw, parts, strict=True)):
        content = document if index == root else file(found.content)
        if content != found.content:
            body = body.replace(written, _part_with(written, content))
    return body


def _part_with(written: bytes, content: bytes) -> bytes:
    blank = _BLANK_LINE.search(written, 0, LONGEST_PART_HEADER)
    start = blank.end() if blank is not None else 0
    encoding = str(_part_header(written[:start]).get("Content-Transfer-Encoding", "")).strip().lower()
    return written[:start] + _encoded(encoding, content)


def _encoded(encoding: str, content: bytes) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(content)
    return quopri.encodestring(content) if encoding == "quoted-printable" else content


def with_files(read: ReadOrder, files: Mapping[str, File]) -> ReadOrder:
    """The order with the files that its links name (`cid:…`, RFC 2392), their bytes beside it under their SHA-256.

    A file that no link names is an attachment of its own, so that none is lost.
    """
    left = dict(files)
    attachments, contents = [], dict(read.attachments)
    for attachment in read.order.attachments:
        name = _content_id(attachment.uri)
        file = files.get(name) if name is not None else None
        if file is None or name is None:
            attachments.append(attachment)
            continue
        left.pop(name, None)
        attachments.append(_filled(attachment, file, contents))
    attachments += [_filled(Attachment(uri=f"cid:{name}"), file, contents) for name, file in left.items()]
    order = read.order.model_copy(update={"attachments": tuple(attachments)})
    return replace(read, order=order, attachments=contents)


def _filled(attachment: Attachment, file: File, contents: dict[str, bytes]) -> Attachment:
    digest = hashlib.sha256(file.content).hexdigest()
    contents[digest] = file.content
    known = attachment.model_dump(exclude_none=True)
    found = {"filename": file.filename, "media_type": file.media_type, "size": len(file.content), "sha256": digest}
    return Attachment.model_validate({**{name: value for name, value in found.items() if value is not None}, **known})


def _content_id(uri: str | None) -> str | None:
    if uri is None or uri[:4].lower() != "cid:":
        return None
    return unquote(uri[4:]).strip("<> ")


# --- taking apart -----------------------------------------------------------------------------------------------
def _split(header: Message, body: bytes) -> list[bytes]:
    """The parts between the boundaries (RFC 2046 5.1.1); what stands before the first and after the last is none."""
    boundary = header.get_boundary() or ""
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii():
        _refuse("the Content-Type names no boundary", None, boundary or None, "a boundary of 1 to 70 ASCII characters")
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    parts: list[bytes] = []
    begun: int | None = None
    for found in delimiter.finditer(body):
        if begun is not None:
            parts.append(body[begun : found.start()])
        if len(parts) > MAX_PARTS:
            _refuse(f"there are more than {MAX_PARTS} parts", None, None, f"at most {MAX_PARTS} parts")
        if found[1]:
            break
        begun = found.end()
    else:
        _refuse("the body doesn't end with its boundary", None, boundary, "a closing boundary")
    if not parts:
        _refuse("there is no part in the body", None, boundary, "at least one part")
    return parts


def _part(number: int, part: bytes) -> tuple[str, File]:
    """The part's Content-ID and what it holds."""
    blank = _BLANK_LINE.search(part, 0, LONGEST_PART_HEADER)
    if blank is None:
        limit = f"a header of at most {LONGEST_PART_HEADER:,} bytes, then an empty line"
        _refuse("the part's header doesn't end", number, None, limit)
    header = _part_header(part[: blank.start()])
    content = _decoded(number, str(header.get("Content-Transfer-Encoding", "")), part[blank.end() :])
    content_id = " ".join(str(header.get("Content-ID", "")).split()).strip("<> ")
    media_type = header.get_content_type() if "Content-Type" in header else None
    return content_id, File(content, _shortened(media_type), _shortened(_filename(header)))


def _part_header(text: bytes) -> Message:
    return HeaderParser().parsestr(text.decode("utf-8", "replace").replace("\r\n", "\n") + "\n\n")


def _filename(header: Message) -> str | None:
    try:
        return " ".join((header.get_filename() or "").split()) or None
    except (LookupError, ValueError):  # an RFC 2231 name in an encoding that nobody knows
        return None


def _shortened(text: str | None) -> str | None:
    """No header is so long that the attachment can't be kept for it."""
    return text[:200] if text is not None else None


def _decoded(number: int, encoding: str, content: bytes) -> bytes:
    known = encoding.strip().lower()
    if known in _AS_THEY_ARE:
        return content
    if known == "quoted-printable":
        return quopri.decodestring(content)
    if known != "base64":
        expected = "base64, quoted-printable, binary, 7bit or 8bit"
        _refuse("the part's Content-Transfer-Encoding isn't known", number, encoding[:200], expected)
    try:
        return base64.b64decode(b"".join(content.split()), validate=True)
    except binascii.Error:
        return _refuse("the part's content is no Base64", number, None, "Base64 (RFC 4648)")


def _root_of(header: Message, content_ids: list[str]) -> int:
    """Where the document is: the part that `start` names, else the first (RFC 2387 3.2)."""
    start = header.get_param("start")
    name = start.strip("<> ") if isinstance(start, str) else ""
    if not name:
        return 0
    if name not in content_ids:
        _refuse("no part has the Content-ID that start names", None, name[:200], "the Content-ID of a part")
    return content_ids.index(name)


def _refuse(detail: str, number: int | None, value: str | None, expected: str) -> NoReturn:
    location = f"part {number}" if number is not None else "the body"
    raise DocumentRejected([Fault("bad_value", detail, location=location, value=value, expected=expected)])
