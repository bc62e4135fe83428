"""Secrets in documents as bytes, whatever their encoding."""

from __future__ import annotations

from gateway.masking.texts import masked_text
from schemas.faults import DocumentRejected
from schemas.formats.cxml_1_2.keeping import document_and_files, is_entity
from schemas.formats.cxml_1_2.multipart import Parts
from schemas.formats.xml import UTF_16_STARTS


def shown_document(body: bytes) -> Parts:
    """The document of a body, without secrets, and the files that came with it in the same body, as they came. A body
    whose parts nobody can tell is the document."""
    try:
        found = document_and_files(body) if is_entity(body) else Parts(body)
    except DocumentRejected:
        found = Parts(body)
    return Parts(masked_bytes(found.document), found.files)


def masked_bytes(document: bytes) -> bytes:
    """The document without its secrets. Every other byte is as it was."""
    encoding = UTF_16_STARTS.get(document[:2])
    if encoding is None:
        text = document.decode("latin-1")  # byte for byte: names of secrets are of letters that all encodings share
        masked = masked_text(text)
        return document if masked == text else masked.encode("latin-1")
    name = "utf-16-le" if document.startswith(b"\xff\xfe") or encoding == "utf-16-le" else "utf-16-be"
    whole = len(document) // 2 * 2
    text = document[:whole].decode(name, "surrogatepass")
    masked = masked_text(text)
    return document if masked == text else masked.encode(name, "surrogatepass") + document[whole:]
