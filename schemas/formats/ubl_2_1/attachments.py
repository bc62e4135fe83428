"""Files and links that come with an order, read and written."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from schemas.documents.common import Attachment
from schemas.formats.ubl_2_1.names import cac, cbc
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import texts, through, within
from schemas.formats.ubl_2_1.text import element, group, quoted
from schemas.formats.xml import Element

_BINARY = cbc("EmbeddedDocumentBinaryObject")


def _embedded(reading: Reading, element: Element, found: Found, path: str) -> None:
    if "embedded" in found:
        reading.again(element, path)
    else:
        found["embedded"] = element


_REFERENCE: Table = {
    cbc("ID"): "id",
    cbc("DocumentType"): "document_type",
    cbc("DocumentDescription"): texts("description"),
    cac("Attachment"): through(
        "cac:Attachment",
        {
            _BINARY: _embedded,
            cac("ExternalReference"): within("cac:ExternalReference", cbc("URI"), "uri"),
        },
    ),
}


def additional_document(reading: Reading, element: Element, found: Found, path: str) -> None:
    """AdditionalDocumentReference: what it is, and the file or link it carries."""
    reference = reading.group(element, _REFERENCE, f"{path}cac:AdditionalDocumentReference/")
    embedded = reference.pop("embedded", None)
    if embedded is not None:
        reading.attach(embedded, reference)
    elif reference:
        reading.add_attachment(reference, element)


def attachment_text(index: int, attachment: Attachment, files: Mapping[str, bytes]) -> str:
    """An AdditionalDocumentReference; UBL demands an ID, so a file without one gets its position.

    The file itself goes in where its bytes are at hand.
    """
    return group(
        "AdditionalDocumentReference",
        element("ID", attachment.id if attachment.id is not None else str(index))
        + element("DocumentType", attachment.document_type)
        + element("DocumentDescription", attachment.description)
        + group("Attachment", _embedded_text(attachment, files) + _external_text(attachment.uri)),
    )


def _embedded_text(attachment: Attachment, files: Mapping[str, bytes]) -> str:
    content = files.get(attachment.sha256 or "")
    if content is None and attachment.media_type is None and attachment.filename is None:
        return ""
    filename = f' filename="{quoted(attachment.filename)}"' if attachment.filename is not None else ""
    media_type = quoted(attachment.media_type or "application/octet-stream")
    encoded = base64.b64encode(content or b"").decode("ascii")
    name = "EmbeddedDocumentBinaryObject"
    return f'<cbc:{name} mimeCode="{media_type}"{filename}>{encoded}</cbc:{name}>'


def _external_text(uri: str | None) -> str:
    return group("ExternalReference", element("URI", uri))
