"""What is kept of a cXML request: the document as it came but for its shared secrets, its attachments with it.

A request of several parts is kept as one MIME entity (RFC 2045), its Content-Type in front: without the boundary, which
stands in the header of the HTTP request, nobody could take it apart again.
"""

from __future__ import annotations

import re

from lxml import etree

from schemas.faults import DocumentRejected
from schemas.formats.cxml_1_2.doctypes import DOCTYPES
from schemas.formats.cxml_1_2.multipart import Parts, parts_of, with_document
from schemas.formats.xml import UTF_16_STARTS, parse

_ENTITY = re.compile(rb"Content-Type:[ \t]*(multipart/[^\r\n]{1,2000})\r\n\r\n", re.IGNORECASE)
_BEGUN = b"<SharedSecret"
_PLAIN = re.compile(rb"(<SharedSecret(?:\s[^<>]*)?>)[^<]*(</SharedSecret\s*>)")
_EMPTY = re.compile(rb"<SharedSecret(?:\s[^<>]*)?/>")
_TO_ITS_END = re.compile(rb"(<SharedSecret[^>]*>).*?(?=</SharedSecret|\Z)", re.DOTALL)


def entity_of(content_type: str, body: bytes) -> bytes:
    """The request's body so that it tells by itself how to take it apart; a single document as it is."""
    said = " ".join(content_type.split())
    if not said.lower().startswith("multipart/"):
        return body
    return b"Content-Type: %b\r\n\r\n%b" % (said.encode("latin-1", "replace"), body)


def is_entity(kept: bytes) -> bool:
    """Whether these are several parts with their Content-Type in front."""
    return _ENTITY.match(kept) is not None


def document_and_files(kept: bytes) -> Parts:
    """The document and its attachments. Raises DocumentRejected where the parts can't be told."""
    found = _ENTITY.match(kept)
    return Parts(kept) if found is None else parts_of(found[1].decode("latin-1"), kept[found.end() :])


def without_secrets(kept: bytes) -> bytes:
    """The same with every SharedSecret of the document emptied."""
    found = _ENTITY.match(kept)
    if found is None:
        return _emptied(kept)
    try:
        content_type, body = found[1].decode("latin-1"), kept[found.end() :]
        document = parts_of(content_type, body).document
        blank = _emptied(document)
        return kept if blank == document else kept[: found.end()] + with_document(content_type, body, blank)
    except DocumentRejected:  # nobody can say what is the document: it is kept to be looked at, and not for its secret
        return _emptied(kept)


def _emptied(document: bytes) -> bytes:
    encoding = UTF_16_STARTS.get(document[:2])
    if encoding is None:
        return _without(document)
    text = document.decode(encoding, "replace")
    written = text.encode("utf-8", "replace")
    blank = _without(written, text)
    return document if blank == written else _as_before(document, encoding, blank.decode("utf-8"))


def _as_before(document: bytes, encoding: str, text: str) -> bytes:
    """In the byte order that the document had."""
    if encoding != "utf-16":
        return text.encode(encoding)
    order = "utf-16-le" if document.startswith(b"\xff\xfe") else "utf-16-be"
    return document[:2] + text.encode(order)


def _without(document: bytes, text: str | None = None) -> bytes:
    begun = document.count(_BEGUN)
    if not begun:
        return document
    blank, plain = _PLAIN.subn(rb"\1\2", document)
    if plain + len(_EMPTY.findall(document)) == begun:
        return blank
    return _rewritten(document, text) or _TO_ITS_END.sub(rb"\1", document)


def _rewritten(document: bytes, text: str | None) -> bytes | None:
    """Where comments or CDATA stand in a secret: the tree, written anew. None where there is no tree."""
    try:
        root = parse(document if text is None else text.encode("utf-16"), DOCTYPES)
    except DocumentRejected:
        return None
    for secret in root.iter("SharedSecret"):
        for child in list(secret):
            secret.remove(child)
        secret.text = None
    doctype = root.getroottree().docinfo.doctype or None
    encoding = "utf-8" if text is not None else root.getroottree().docinfo.encoding or "utf-8"
    return etree.tostring(root, encoding=encoding, xml_declaration=text is None, doctype=doctype)
