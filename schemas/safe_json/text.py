"""The text in the bytes of a JSON document."""

from __future__ import annotations

import codecs

from schemas.faults import DocumentRejected, Fault


def decoded(body: bytes) -> str:
    """The text of these bytes without its byte order mark (RFC 8259 section 8.1, and UTF-16 where a mark says so).

    Raises DocumentRejected: empty_body, unknown_encoding.
    """
    encoding, mark = _encoding(body)
    try:
        text = body[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = f"byte {error.start + len(mark) + 1}"
        raise DocumentRejected([_encoding_fault(f"not {encoding.upper()} at {place}: {error.reason}", place)]) from None
    if not text or text.isspace():
        raise DocumentRejected([Fault("empty_body", "there is nothing in the document", expected="a JSON document")])
    return text


def looks_like_json(body: bytes) -> bool:
    """Whether the first character is that of a JSON object or array."""
    head = body[:256]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.replace(b"\x00", b"")
    return head.removeprefix(codecs.BOM_UTF8).lstrip(b"\xff\xfe \t\r\n")[:1] in (b"{", b"[")


def _encoding(body: bytes) -> tuple[str, bytes]:
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8", codecs.BOM_UTF8
    if body.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise DocumentRejected([_encoding_fault("UTF-32 is not taken", "byte 1")])
    if body.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", codecs.BOM_UTF16_LE
    if body.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", codecs.BOM_UTF16_BE
    if b"\x00" in body[:4]:
        raise DocumentRejected([_encoding_fault("zero bytes: UTF-16 or UTF-32 without a byte order mark", "byte 1")])
    return "utf-8", b""


def _encoding_fault(detail: str, place: str) -> Fault:
    return Fault("unknown_encoding", detail, location=place, expected="UTF-8, or UTF-16 with a byte order mark")
