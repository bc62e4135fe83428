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

from schemas.documents.common import Document
from schemas.documents.validation import Unreadable
from schemas.formats.large_xml import Arriving
from schemas.formats.ubl_2_1.names import KNOWN, cac, cbc, is_known, qualified
from schemas.formats.xml import Element
from schemas.formats.xml_order.limits import BYTES_ASIDE, LONGEST_PATH, MAX_KEPT
from schemas.formats.xml_order.reading import NUMBER, Found, OrderReading, Remembered, exact_number

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
        cac("Consignment"),
        *map(cac, ("BillingReference", "DespatchDocumentReference", "ContractDocumentReference", "PaymentMeans")),
        *map(cac, ("PaymentTerms", "TaxSubtotal", "InvoiceLine", "CreditNoteLine", "DespatchLineReference")),
        *map(cbc, ("TaxExemptionReason", "PaymentID")),
    ]
)
"""What of all that is read UBL 2.1 has any number of times (maxOccurs="unbounded"), wherever it is read."""

_BINARY = cbc("EmbeddedDocumentBinaryObject")
_ORDER_LINE = cac("OrderLine")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?")
_LONGEST_DAY = len("2026-11-23+01:00")
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@lru_cache(maxsize=4_096)
def _day(text: str) -> date | None:
    """The orders of a day name the same few dates; None for what isn't written as one."""
    match = _DATE.fullmatch(text)
    return date.fromisoformat(match[1]) if match else None


class Reading(OrderReading):
    """One document's reading: what is kept aside while its groups are read."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}

    def named(self, tag: Any) -> str:
        """With the prefix that everybody writes."""
        return qualified(tag)

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

    def to_remember(self, model: type[Document], group: Found) -> Remembered | None:
        """Not where an amount's currency was kept aside: another order may be in it."""
        if any(one["name"].endswith("@currencyID") for one in self.kept):
            return None
        return super().to_remember(model, group)

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
        self.second(element)
        return True

    # --- values -------------------------------------------------------------------------------------------------
    def text(self, element: Element) -> str | None:
        """The element's text without the white space around it; None where there is none. An element inside is a
        fault: neither the text before it nor all of it need be what was meant."""
        if len(element):
            self.not_a_value(element)
        text = element.text
        return text.strip() or None if text else None

    def attribute(self, element: Element, name: str) -> str | None:
        """An attribute's text, None where it is absent or blank."""
        value = element.get(name)
        return value.strip() or None if value else None

    def number(self, text: str) -> Decimal | Unreadable:
        """xs:decimal."""
        try:
            return exact_number(text)
        except ValueError:
            return Unreadable(text, "not_a_number", NUMBER)

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
        if tag == _ORDER_LINE:
            self.misuse(
                element, "bad_value", "a line of the order stands inside another element", "cac:OrderLine in the order"
            )
        if tag == _BINARY:
            self.attach(element, {"description": name})
            return
        value = element.text
        if value and (value := value.strip()):
            self.kept.append({"name": name, "value": value})
        self.room -= BYTES_ASIDE + len(name)
        if len(self.kept) > MAX_KEPT or self.room < 0:
            self.check_room(element)
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
            raise self.beyond(element, f"{LONGEST_PATH:,} characters in the names down to one element", LONGEST_PATH)
        if not is_known(tag) and "ext:UBLExtensions/" not in path + name:
            self.remark("unknown_element", f"{name} is not known here; it is kept aside", element)
        return name

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
                self.check_room(element)
