"""Steps that header and lines share: requested days, Comments and Extrinsics, read and written."""

from __future__ import annotations

from schemas.documents.common import Attachment, Extension
from schemas.documents.validation import Unreadable
from schemas.formats.cxml_1_2.reading import Reading
from schemas.formats.cxml_1_2.text import attribute, escaped
from schemas.formats.xml import Element
from schemas.formats.xml_order.limits import MAX_KEPT
from schemas.formats.xml_order.reading import Found, more_text


def requested_day(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@requestedDeliveryDate: the day as it is written. A time of it that isn't midnight is kept aside as written."""
    when = reading.moment(value)
    period = found["requested_delivery"] = reading.open(element)
    if isinstance(when, Unreadable):
        period["end"] = reading.as_read(when, value)
        return
    period["start"] = period["end"] = reading.as_read(when.day, value)
    if when.says_time:
        reading.keep_value(f"{path}@requestedDeliveryDate", value)


def comments(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Comments: text with Attachments in it. Several are one note, a line each; attachments are the order's."""
    said = [element.text or ""]
    for child in element:
        if child.tag == "Attachment":
            _attachment(reading, child, f"{path}Comments/")
        else:
            reading.keep(child, f"{path}Comments/")
        said.append(child.tail or "")
    words = "\n".join(part for part in (one.strip() for one in said) if part)
    if words:
        more_text("note", reading.located(words, element), found)
    if attributes := element.items():
        reading.keep_attributes(element, attributes, f"{path}Comments/")


def _attachment(reading: Reading, element: Element, path: str) -> None:
    url = element.find("URL")
    attachment = reading.open(element)
    if url is not None:
        if uri := (url.text or "").strip():
            attachment["uri"] = reading.located(uri, url)
        if name := (url.get("name") or "").strip():
            attachment["filename"] = reading.located(name, url, "name")
    if attachment:
        reading.add_attachment(attachment, element)
    reading.keep_attributes(element, element.items(), f"{path}Attachment/")
    for child in element:
        if child is not url:
            reading.keep(child, f"{path}Attachment/")


def extrinsic(reading: Reading, element: Element, found: Found, path: str) -> None:
    """An Extrinsic is kept under its own name, elements in it below that."""
    attributes, has_children = element.items(), len(element) > 0
    is_plain = len(attributes) == 1 and attributes[0][0] == "name"
    name = (attributes[0][1] if is_plain else element.get("name") or "").strip()
    if not name:
        reading.keep(element, path)
        return
    text = (element.text or "").strip()
    if text or not has_children:
        reading.kept.append({"name": name, "value": text})
        if len(reading.kept) > MAX_KEPT:
            reading.check_room(element)
    if not is_plain:
        reading.keep_attributes(element, attributes, f"{name}/", but="name")
    if has_children:
        for child in element:
            reading.keep(child, f"{name}/")
            reading.keep_value(name, child.tail)


# --- writing ----------------------------------------------------------------------------------------------------
def comments_text(note: str | None, attachments: tuple[Attachment, ...] = ()) -> str:
    """Comments with the links in them, or nothing."""
    links = "".join(_attachment_text(one) for one in attachments if one.uri is not None or one.filename is not None)
    if note is None and not links:
        return ""
    return f"<Comments>{escaped(note or '')}{links}</Comments>"


def _attachment_text(attachment: Attachment) -> str:
    named = attribute("name", attachment.filename)
    return f"<Attachment><URL{named}>{escaped(attachment.uri or '')}</URL></Attachment>"


def extrinsics_text(extensions: tuple[Extension, ...]) -> str:
    """What is kept aside goes out as Extrinsics, under the names that it has."""
    return "".join(f"<Extrinsic{attribute('name', one.name)}>{escaped(one.value)}</Extrinsic>" for one in extensions)
