"""What is kept of a cXML request: the document as it came but for its shared secrets, its attachments with it.

A request of several parts is kept as one MIME entity (RFC 2045), its Content-Type in front: without the boundary, which
stands in the header of the HTTP request, nobody could take it apart again.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, unescape

from lxml import etree

from schemas.faults import DocumentRejected
from schemas.formats.cxml_1_2.doctypes import DOCTYPES
from schemas.formats.cxml_1_2.multipart import Parts, parts_of, with_contents
from schemas.formats.xml import UTF_16_STARTS, parse

_ENTITY = re.compile(rb"Content-Type:[ \t]*(multipart/[^\r\n]{1,2000})\r\n\r\n", re.IGNORECASE)
_WORD = b"SharedSecret"
_NAME = rb"(?:[^\s<>/:\"'=]*:)?SharedSecret"
_BEGUN = re.compile(rb"<" + _NAME)
_ENDED = re.compile(rb"</" + _NAME)
_CLOSED = re.compile(rb"</" + _NAME + rb"\s*>\s*</(?:[^\s<>/:\"'=]*:)?Credential")
_ATTRIBUTES = rb"(?:\s+[^\s<>/=\"']+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*\s*"
_PLAIN = re.compile(rb"(<" + _NAME + _ATTRIBUTES + rb">)([^<]*)(</" + _NAME + rb"\s*>)")
_EMPTY = re.compile(rb"<" + _NAME + _ATTRIBUTES + rb"/>")
_IDENTITY = re.compile(rb"<Identity[^<>]*>([^<]*)</Identity")
_SIGNS = re.compile(r"<!\[CDATA\[|\]\]>|<!--|-->|</?[A-Za-z_:][^<>]*>?|[<>]")
_SHORTEST = 12
"""Characters of a secret that is looked for outside its element: a shorter one may be any word of an order."""
_MOST = 20
"""Secrets that are looked for."""
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "latin-1")


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
    """The same with every SharedSecret of the document emptied, and no copy of one left anywhere else."""
    found = _ENTITY.match(kept)
    if found is None:
        return _emptied(kept)
    try:
        content_type, body = found[1].decode("latin-1"), kept[found.end() :]
        document = parts_of(content_type, body).document
        secrets: list[str] = []
        blank = _emptied(document, secrets)
        if blank == document:
            return kept
        # in the files as they read first: Base64 and quoted-printable hide a copy from the look at the bytes behind it
        body = with_contents(content_type, body, blank, lambda file: _but_for(file, secrets))
        return _but_for(kept[: found.end()] + body, secrets)
    except DocumentRejected:  # nobody can say what is the document: it is kept to be looked at, and not for its secret
        return _emptied(kept)


def _emptied(document: bytes, secrets: list[str] | None = None) -> bytes:
    """The document without its secrets; those to be looked for elsewhere are added."""
    known: list[str] = [] if secrets is None else secrets
    encoding = UTF_16_STARTS.get(document[:2])
    if encoding is None:
        return _but_for(_without(document, known), known) if _WORD in document else document
    text = document.decode(encoding, "replace")
    written = text.encode("utf-8", "replace")
    if _WORD not in written:
        return document
    blank = _but_for(_without(written, known, text), known)
    return document if blank == written else _as_before(document, encoding, blank.decode("utf-8", "replace"))


def _as_before(document: bytes, encoding: str, text: str) -> bytes:
    """In the byte order that the document had."""
    if encoding != "utf-16":
        return text.encode(encoding)
    order = "utf-16-le" if document.startswith(b"\xff\xfe") else "utf-16-be"
    return document[:2] + text.encode(order)


def _without(document: bytes, secrets: list[str], text: str | None = None) -> bytes:
    """The document with its secrets emptied. Of them the first few are added that are no word of the document."""
    begun = len(_BEGUN.findall(document))
    plain = _PLAIN.findall(document)
    ended = len(_ENDED.findall(document)), len(_CLOSED.findall(document))
    if len(plain) + len(_EMPTY.findall(document)) == begun and ended == (len(plain), len(plain)):
        blank = _PLAIN.sub(rb"\1\3", document)
        secrets += [unescape(_text(secret)) for _, secret, _ in plain[:_MOST]]
    else:
        blank = _rewritten(document, secrets, text) or _to_the_last_end(document, secrets)
    named = {unescape(_text(one)) for one in _IDENTITY.findall(blank)}
    secrets[:] = [one for one in secrets[:_MOST] if len(one) >= _SHORTEST and one not in named]
    return blank


def _text(written: bytes) -> str:
    return written.decode("utf-8", "replace").strip()


def _rewritten(document: bytes, secrets: list[str], text: str | None) -> bytes | None:
    """Where comments or CDATA stand in a secret: the tree, written anew. None where there is no tree."""
    try:
        root = parse(document if text is None else text.encode("utf-16"), DOCTYPES)
    except DocumentRejected:
        return None
    for secret in root.iter("{*}SharedSecret"):
        secrets += [part.strip() for part in ("".join(secret.itertext()), *secret.itertext())]
        for child in list(secret):
            secret.remove(child)
        secret.text = None
    doctype = root.getroottree().docinfo.doctype or None
    encoding = "utf-8" if text is not None else root.getroottree().docinfo.encoding or "utf-8"
    return etree.tostring(root, encoding=encoding, xml_declaration=text is None, doctype=doctype)


def _to_the_last_end(document: bytes, secrets: list[str]) -> bytes:
    """Where there is no tree nobody can say which of several ends is a secret's own: all that stands between the first
    beginning and the last end goes, or to the end of the document where that isn't a Credential's end as well."""
    first, last = None, 0
    for begun in _BEGUN.finditer(document):
        first, last = first or begun, begun.end()
    if first is None:
        return document
    *_, end = (len(document), *(ended.start() for ended in _ENDED.finditer(document, last)))
    if _CLOSED.match(document, end) is None:
        end = len(document)
    secrets += _read_of(document[first.end() : end])
    return document[: first.end()] + b">" + document[end:]


def _read_of(inside: bytes) -> list[str]:
    """The texts between the signs of markup: one of them is the secret."""
    parts = (part.strip() for part in _SIGNS.split(inside.decode("utf-8", "replace")))
    return [unescape(part) for part in parts if part]


def _but_for(kept: bytes, secrets: list[str]) -> bytes:
    """The same without a copy of a secret, as it is or escaped: in a comment, an attachment, in front of the parts."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        for written in {secret, escape(secret), escape(secret, {'"': "&quot;", "'": "&apos;"})}:
            for encoding in _ENCODINGS:
                kept = kept.replace(written.encode(encoding, "xmlcharrefreplace"), b"")
    return kept
