"""One pass over a UBL document: each element's tag is looked up in a table, and what the table doesn't name is kept.

A table maps a tag to a step, or to the canonical field where the value is plain text. A step gets the reading, the
element, the group found so far (field → value) and the path of names down to the element, and puts what it reads
there. A value that can't be converted goes in as `Unreadable`, so that the one validation at the end gives it its
place among all other faults. Of what UBL has once, a second one is a fault: which of the two was meant is not guessed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lxml import etree
from pydantic import ValidationError

from schemas.documents.common import Document
from schemas.documents.validation import Unreadable, shown
from schemas.faults import DocumentRejected, Fault
from schemas.formats.large_xml import Arriving
from schemas.formats.ubl_2_1.limits import (
    BYTES_ASIDE,
    LONGEST_PATH,
    LONGEST_REMEMBERED,
    MAX_ASIDE,
    MAX_CANCELLED,
    MAX_KEPT,
    MAX_MISUSED,
    MAX_REMARKS,
    MAX_TOGETHER,
)
from schemas.formats.ubl_2_1.names import KNOWN, cac, cbc, is_known, qualified
from schemas.formats.xml import Element
from schemas.values import exact

Found = dict[str, Any]
Step = Callable[["Reading", Element, Found, str], None]
Table = Mapping[Any, "Step | str | Through | Part"]
"""Keys are tags; lxml types an element's tag wider than the text it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Through:
    """A group whose values belong to the group around it; `name` ends in a slash."""

    name: str
    table: Table


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A group of its own, as one field of the group around it; `name` ends in a slash."""

    field: str
    name: str
    table: Table


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a group was read as, wherever it is written the same: its model, and what was kept aside of it under names
    that begin with its own."""

    model: Document
    kept: tuple[tuple[str, str], ...]


LOST_ATTRIBUTES = frozenset(
    [
        *("schemeName", "schemeAgencyID", "schemeAgencyName", "schemeVersionID", "schemeDataURI", "schemeURI"),
        *("listAgencyID", "listAgencyName", "listName", "listVersionID", "listURI", "listSchemeURI"),
        *("languageID", "languageLocaleID", "unitCodeListID", "unitCodeListAgencyID", "unitCodeListAgencyName"),
        *("currencyCodeListVersionID", "characterSetCode", "encodingCode"),
    ]
)
"""Where a code list or scheme is published, and a text's language: not kept, as the README says."""

REPEATABLE = frozenset(
    [
        *map(cbc, ("Note", "Description", "DocumentDescription", "AllowanceChargeReason")),
        *map(cac, ("ValidityPeriod", "AdditionalDocumentReference", "Contract", "OrderReference")),
        *map(cac, ("PartyIdentification", "PartyName", "AddressLine", "PartyTaxScheme", "PartyLegalEntity")),
        *map(cac, ("Delivery", "AllowanceCharge", "OrderLine", "LineReference", "OrderLineReference")),
    ]
)
"""What of all that is read UBL 2.1 has any number of times (maxOccurs="unbounded"), wherever it is read."""

_BINARY = cbc("EmbeddedDocumentBinaryObject")
_NUMBER = "a decimal number of at most 20 digits before and 10 after the point"
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?")
_LONGEST_DAY = len("2026-11-23+01:00")
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@lru_cache(maxsize=65_536)
def _exact(text: str) -> Decimal:
    """Quantities and prices repeat, line after line and order after order."""
    return exact(text)


@lru_cache(maxsize=4_096)
def _day(text: str) -> date | None:
    """The orders of a day name the same few dates; None for what isn't written as one."""
    match = _DATE.fullmatch(text)
    return date.fromisoformat(match[1]) if match else None


class TooMuch(DocumentRejected):
    """Beyond one of the reading's limits, where nothing more is read."""


class Reading:
    """One document's reading: what is kept aside while its groups are read."""

    def __init__(self) -> None:
        self.kept: list[Found] = []
        """Extensions of the order, or of the line being read."""
        self.attachments: list[Found] = []
        self.files: dict[str, bytes] = {}
        self.room = MAX_ASIDE
        """Bytes that are left for what is kept aside."""
        self.currency: str | None = None
        self.remarks: list[tuple[str, str, Element]] = []
        """Warnings about elements that have no place in the canonical order: code, detail, element."""
        self.wrong_check_digits = False
        """Whether a GLN or GTIN with a wrong check digit was read, wherever it ended up."""
        self.misused: dict[Element, Fault] = {}
        """Elements that can't be taken as they stand: their faults, still without a place."""

    # --- groups -------------------------------------------------------------------------------------------------
    def open(self, element: Element | Arriving) -> Found:
        """An empty group for the element's values."""
        return {}

    def group(self, element: Element | Arriving, table: Table, path: str) -> Found:
        """The element's children by the table; `path` ends in the element's own name and a slash."""
        found: Found = {}
        self.into(found, element, table, path)
        return found

    def into(self, found: Found, element: Element | Arriving, table: Table, path: str) -> None:
        """The element's children, read into a group that is already open. The common case of `plain` stands in here:
        this is the loop that every element goes through, so a step's kind is told by its very type, and the children
        are taken as a slice, which lxml makes faster than it iterates."""
        step_for = table.get
        opened: Through | None = None
        others: tuple[Through, ...] = ()
        if element.text is not None:
            self.keep_beside(element, element.text, path)
        for child in element[:]:
            step: Any = step_for(child.tag)
            kind = type(step)
            if kind is str:
                value = child.text
                if value and step not in found and not len(child) and (value := value.strip()):
                    found[step] = value
                else:
                    self.plain(step, child, found, path)
            elif kind is Through:
                if opened is None:
                    opened = step
                elif step is not opened and step not in others:
                    others = (*others, step)
                elif self.is_second(child):
                    continue
                self.into(found, child, step.table, path + step.name)
            elif kind is Part:
                if step.field in found:
                    self.again(child, path)
                elif group := self.group(child, step.table, path + step.name):
                    found[step.field] = group
                else:
                    self.blank(child)
            elif step is None:
                self.keep(child, path)
            else:
                step(self, child, found, path)
            if child.tail is not None:
                self.keep_beside(element, child.tail, path)

    def remembered(self, element: Element, read: Callable[[bytes], Remembered | None], path: str) -> Document | None:
        """What was read where a group was written like this one; None where it is for this reading to read it. `path`
        is that of the group around it."""
        written = etree.tostring(element, with_tail=False)
        known = read(written) if len(written) <= LONGEST_REMEMBERED else None
        if known is None or len(self.kept) + len(known.kept) > MAX_KEPT:
            return None
        self.kept += [{"name": path + name, "value": value} for name, value in known.kept]
        return known.model

    def to_remember(self, model: type[Document], group: Found) -> Remembered | None:
        """The group read, unless there is more to be said about it than the same for every order that it stands in."""
        if not group or self.misused or self.remarks or self.attachments or self.wrong_check_digits:
            return None
        if any(one["name"].endswith("@currencyID") for one in self.kept):
            return None
        try:
            return Remembered(model.model_validate(group), tuple((one["name"], one["value"]) for one in self.kept))
        except ValidationError:
            return None

    def add(self, field: str, value: object, element: Element, found: Found) -> None:
        """One more of what there may be several of."""
        several = found.setdefault(field, [])
        several.append(value)
        if len(several) > MAX_TOGETHER:
            raise too_many_together(element)

    def add_attachment(self, attachment: Found, element: Element) -> None:
        """One more file or link of the order."""
        self.attachments.append(attachment)
        if len(self.attachments) > MAX_TOGETHER:
            raise too_many_together(element)

    def whole_line(self, line: Found, element: Element) -> Any:
        """What stands for a line that was read to its end."""
        return line

    def plain(self, field: str, element: Element, found: Found, path: str) -> None:
        """A plain text."""
        value = self.text(element)
        if field in found:
            self.again(element, path)
        elif value is None:
            self.blank(element)
        else:
            found[field] = value

    # --- what stands there twice --------------------------------------------------------------------------------
    def again(self, element: Element, path: str) -> None:
        """One more of what was read already: a fault where UBL has it once, else kept aside."""
        if not self.is_second(element):
            self.keep(element, path)

    def blank(self, element: Element) -> None:
        """An element that says nothing: one of its name after it is a second one all the same."""
        following = next(element.itersiblings(str(element.tag)), None)
        if following is not None:
            self.is_second(following)

    def is_second(self, element: Element) -> bool:
        """Whether its group has an element of this name before it, and UBL has only one there: that is a fault."""
        if element.getprevious() is None:
            return False
        tag = str(element.tag)
        if tag in REPEATABLE or next(element.itersiblings(tag, preceding=True), None) is None:
            return False
        name, value = qualified(tag), _shown_text(element)
        detail = f"one more {name} stands here" + (f": {value}" if value is not None else "")
        self.misuse(element, "repeated_element", detail, f"one {name}")
        return True

    def misuse(self, element: Element, code: str, detail: str, expected: str) -> None:
        """A fault of the element itself, whatever its value would be."""
        if len(self.misused) >= MAX_MISUSED:
            first = next(iter(self.misused.values())).detail
            raise _beyond(element, f"{MAX_MISUSED:,} elements that can't be taken; the first: {first}", MAX_MISUSED)
        self.misused[element] = Fault(code, detail, value=_shown_text(element), expected=expected)

    # --- values -------------------------------------------------------------------------------------------------
    def text(self, element: Element) -> str | None:
        """The element's text without the white space around it; None where there is none. An element inside is a
        fault: neither the text before it nor all of it need be what was meant."""
        if len(element):
            inside = f"{qualified(element[0].tag)} inside"
            detail = f"{qualified(element.tag)} must be a value without elements, but has {inside}"
            self.misuse(element, "bad_value", detail, "a value without elements inside")
        text = element.text
        return text.strip() or None if text else None

    def attribute(self, element: Element, name: str) -> str | None:
        """An attribute's text, None where it is absent or blank."""
        value = element.get(name)
        return value.strip() or None if value else None

    def number(self, text: str) -> Decimal | Unreadable:
        """xs:decimal."""
        try:
            return _exact(text)
        except ValueError:
            return Unreadable(text, "not_a_number", _NUMBER)

    def day(self, text: str) -> date | Unreadable:
        """xs:date; a zone says nothing about a local date and is dropped."""
        try:
            found = _day(text) if len(text) <= _LONGEST_DAY else None
        except ValueError:
            return Unreadable(text, "not_a_date", "a date of the calendar, YYYY-MM-DD")
        return Unreadable(text, "not_a_date", "a date, YYYY-MM-DD") if found is None else found

    def clock(self, text: str) -> time | Unreadable:
        """xs:time, with its zone where it has one. 24:00:00 is refused: it would be a moment of the next day."""
        if not _TIME.fullmatch(text):
            return Unreadable(text, "not_a_date", "a time, hh:mm:ss")
        try:
            return time.fromisoformat(text)
        except ValueError:
            return Unreadable(text, "not_a_date", "a time of the day, 00:00:00 to 23:59:59")

    def flag(self, text: str) -> bool | Unreadable:
        """xs:boolean."""
        value = _FLAGS.get(text)
        return Unreadable(text, "bad_value", "true or false") if value is None else value

    def refused(self, value: object, unreadable: Unreadable) -> Any:
        """What stands for a value that can be converted, but not be taken."""
        return unreadable

    def meaning(self, value: object, element: Element) -> Any:
        """What the element's code stands for."""
        return value

    # --- what has no field --------------------------------------------------------------------------------------
    def keep(self, element: Element, path: str) -> None:
        """Every value below this element, under its path; attributes as `path/@name`."""
        tag = element.tag
        name = path + (KNOWN.get(tag) or self._foreign(tag, element, path))
        if tag == _BINARY:
            self.attach(element, {"description": name})
            return
        value = element.text
        if value and (value := value.strip()):
            self.kept.append({"name": name, "value": value})
        self.room -= BYTES_ASIDE + len(name)
        if len(self.kept) > MAX_KEPT or self.room < 0:
            raise self._too_much_kept(element)
        for attribute, value in element.items():
            if attribute != "currencyID" or value != self.currency:
                self._keep_attribute(element, f"{name}/@{attribute}", attribute, value)
        if len(element):
            below = name + "/"
            for child in element:
                self.keep(child, below)
                self.keep_value(name, child.tail)

    def _foreign(self, tag: Any, element: Element, path: str) -> str:
        """The name of an element that an order isn't likely to hold: one that isn't UBL's is told to the sender."""
        name = qualified(tag)
        if len(path) + len(name) > LONGEST_PATH:
            raise _beyond(element, f"{LONGEST_PATH:,} characters in the names down to one element", LONGEST_PATH)
        if not is_known(tag) and "ext:UBLExtensions/" not in path + name:
            self.remark("unknown_element", f"{name} is not known here; it is kept aside", element)
        return name

    def keep_value(self, name: str, value: str | None) -> None:
        """One value that has no field, under the name it had; nothing where it is blank."""
        if value and (value := value.strip()):
            self.kept.append({"name": name, "value": value})
            self.room -= BYTES_ASIDE + len(name)

    def keep_beside(self, element: Element | Arriving, text: str, path: str) -> None:
        """Text that stands in a group beside its elements: kept aside under the group's own name."""
        self.keep_value(path[:-1] or qualified(element.tag), text)
        if len(self.kept) > MAX_KEPT or self.room < 0:
            raise self._too_much_kept(element)

    def _too_much_kept(self, element: Element | Arriving) -> DocumentRejected:
        """Which limit it is that has been passed."""
        if self.room < 0:
            most = MAX_ASIDE // BYTES_ASIDE
            return _beyond(element, f"{most:,} elements and values without a field, or fewer of long names", most)
        return _beyond(element, f"{MAX_KEPT:,} values without a field in one order or line", MAX_KEPT)

    def remark(self, code: str, detail: str, element: Element) -> None:
        """A warning about an element; MAX_REMARKS of them say enough."""
        if len(self.remarks) < MAX_REMARKS:
            self.remarks.append((code, detail, element))

    def attach(self, element: Element, attachment: Found) -> None:
        """The embedded file, its bytes beside the order under their SHA-256; adds the attachment to the order."""
        for field, attribute in (("media_type", "mimeCode"), ("filename", "filename"), ("uri", "uri")):
            value = self.attribute(element, attribute)
            if value is not None:
                attachment.setdefault(field, value)
        text = self.text(element)
        if text:
            self._store(text, attachment)
        self.add_attachment(attachment, element)

    def _store(self, text: str, attachment: Found) -> None:
        try:
            content = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            attachment["sha256"] = Unreadable(text, "bad_value", "an embedded file in Base64 (RFC 4648)")
            return
        digest = hashlib.sha256(content).hexdigest()
        attachment["size"], attachment["sha256"] = len(content), digest
        self.files[digest] = content

    def _keep_attribute(self, element: Element, name: str, attribute: str, value: str) -> None:
        if attribute not in LOST_ATTRIBUTES and not attribute.startswith("{"):
            self.keep_value(name, value)
            if len(self.kept) > MAX_KEPT:
                raise self._too_much_kept(element)


def too_many_together(element: Element) -> DocumentRejected:
    """The refusal of a group in which this is one element too many."""
    return _beyond(element, f"{MAX_TOGETHER:,} elements in one group", MAX_TOGETHER)


def too_many_cancelled(element: Element) -> DocumentRejected:
    """The refusal of a cancellation in which this is one order too many."""
    return _beyond(element, f"{MAX_CANCELLED:,} orders in one cancellation", MAX_CANCELLED)


def _beyond(element: Element | Arriving, what: str, most: int) -> TooMuch:
    place = f"line {element.sourceline}: {qualified(str(element.tag))[:LONGEST_PATH]}"
    return TooMuch([Fault("xml_limit", f"more than {what}", location=place, expected=f"at most {most:,}")])


def fault_of_remark(remark: tuple[str, str, Element], location: str) -> Fault:
    """A warning as a fault; it has no place in the canonical order, only in the document."""
    code, detail, element = remark
    return Fault(code, detail, location=location, value=_shown_text(element))


def _shown_text(element: Element) -> str | None:
    return shown((element.text or "").strip() or None)
