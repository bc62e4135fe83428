"""One pass over a cXML document: each element and attribute is looked up in a table, and what the table doesn't name
is kept.

A table maps attributes and the tags of elements to steps, or to the canonical field where the value is plain text. A
step gets the reading, what it reads, the group found so far (field → value) and the path of names down to the group
around it, and puts what it reads there. A value that can't be converted goes in as `Unreadable`, so that the one
validation at the end gives it its place among all other faults. Of what is read once, a second one is a fault: which of
the two was meant is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from schemas.documents.validation import Unreadable
from schemas.formats.xml import Element
from schemas.formats.xml_order.limits import BYTES_ASIDE, LONGEST_PATH, MAX_KEPT
from schemas.formats.xml_order.reading import NUMBER, Found, OrderReading
from schemas.values import LONGEST_NUMBER, exact, plain

Step = Callable[["Reading", Element, Found, str], None]
AttributeStep = Callable[["Reading", str, Element, Found, str], None]

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MOMENT = "a date and time with an offset, YYYY-MM-DDThh:mm:ss+hh:mm, or a date, YYYY-MM-DD"
_WRITTEN = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?", re.ASCII
)
"""ISO 8601 as real files have it: with and without time, zone, the zone's minutes and its colon."""
_WITH_EXPONENT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)[eE][+-]?\d{1,3}", re.ASCII)
"""cXML's numbers are r8: a program that keeps them as floating-point numbers writes 1.0E7."""
_LONGEST_MOMENT = len("2026-11-23T08:00:00.123456789+01:00") + 1


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """An attribute that is a number, as one field."""

    field: str


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What an element's attributes and children are read as."""

    children: Mapping[Any, Step | str | Through | Part] = field(default_factory=dict)
    attributes: Mapping[Any, AttributeStep | str | Number] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Through:
    """A group whose values belong to the group around it."""

    table: Table


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A group of its own, as one field of the group around it."""

    field: str
    table: Table


class Moment(NamedTuple):
    """A day, and the time of it where one is written, with its offset where that is."""

    day: date
    clock: time | None

    @property
    def at(self) -> datetime | None:
        """The moment, where it is one: a local time is none."""
        return datetime.combine(self.day, self.clock) if self.clock is not None and self.clock.tzinfo else None

    @property
    def says_time(self) -> bool:
        """Whether there is more to it than the day: midnight is how real files write a date."""
        return self.clock is not None and self.clock.replace(tzinfo=None) != time(0)


@lru_cache(maxsize=65_536)
def _exact(text: str) -> Decimal:
    """Quantities and prices repeat, line after line and order after order."""
    if _WITH_EXPONENT.fullmatch(text) and len(text) <= LONGEST_NUMBER:
        return plain(Decimal(text))
    return exact(text)


@lru_cache(maxsize=4_096)
def moment_of(text: str) -> Moment | None:
    """The moment that is written so; None where none is. Raises ValueError for one that the calendar doesn't have."""
    match = _WRITTEN.fullmatch(text) if len(text) <= _LONGEST_MOMENT else None
    if match is None:
        return None
    day, clock, zone = match.groups()
    return Moment(date.fromisoformat(day), None if clock is None else _clock(clock, zone or ""))


def _clock(clock: str, zone: str) -> time:
    whole, point, fraction = clock.partition(".")
    return time.fromisoformat(f"{whole}{point}{fraction[:6].ljust(6, '0') if point else ''}{zone.upper()}")


class Reading(OrderReading):
    """One document's reading: what is kept aside while its groups are read."""

    locates = False
    """Whether values shall know where they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.parts_of: dict[str, Element] = {}
        """Line number, without zeros in front → the first line that says it is a part of that one; an empty one where
        it doesn't say of which."""
        self.composites: list[Element] = []
        """Lines that say they are groups."""
        self.headings: list[Element] = []
        """Lines that are a group's heading and nothing else."""
        self.says_agreements = False
        """Whether a line names its agreement."""
        self.says_dues = False
        """Whether a line says when its confirmation is due."""

    # --- groups -------------------------------------------------------------------------------------------------
    def open(self, element: Element) -> Found:
        """An empty group for the element's values."""
        return {}

    def group(self, element: Element, table: Table, path: str) -> Found:
        """The element's attributes and children by the table; `path` ends in the element's own name and a slash."""
        found = self.open(element)
        self.into(found, element, table, path)
        return found

    def into(self, found: Found, element: Element, table: Table, path: str) -> None:
        """The element's attributes and children, read into a group that is already open. The common case of `plain`
        stands in here: this is the loop that every element goes through, so a step's kind is told by its very type, and
        the children are taken as a slice, which lxml makes faster than it iterates."""
        if element.text is not None:
            self.keep_beside(element, element.text, path)
        locates = self.locates
        if attributes := element.items():
            self.attributes_into(found, element, attributes, table.attributes, path)
        step_for = table.children.get
        for child in element[:]:
            tag: Any = child.tag
            step: Any = step_for(tag)
            kind = type(step)
            if kind is str:
                value = child.text
                if value and not (locates or step in found or len(child) or child.items()):
                    if value := value.strip():
                        found[step] = value
                elif value or len(child):
                    self.plain(step, child, found, path)
            elif kind is Through:
                self.into(found, child, step.table, f"{path}{tag}/")
            elif kind is Part:
                if step.field in found:
                    self.again(child, path)
                else:
                    group = self.open(child) if locates else {}
                    self.into(group, child, step.table, f"{path}{tag}/")
                    if group:
                        found[step.field] = group
            elif step is None:
                self.keep(child, path)
            else:
                step(self, child, found, path)
            if child.tail is not None:
                self.keep_beside(element, child.tail, path)

    def attributes_into(
        self,
        found: Found,
        element: Element,
        attributes: Iterable[tuple[Any, str]],
        steps: Mapping[Any, AttributeStep | str | Number],
        path: str,
    ) -> None:
        """The element's attributes, each into its field; blank ones say nothing."""
        step_for, locates = steps.get, self.locates
        for name, written in attributes:
            value = written.strip()
            if not value:
                continue
            step: Any = step_for(name)
            if locates and step is not None:
                value = self.located(value, element, name)
            kind = type(step)
            if kind is str:
                found[step] = value
            elif kind is Number:
                found[step.field] = self.number(value)
            elif step is None:
                self.keep_attribute(element, path, name, value)
            else:
                step(self, value, element, found, path)

    def plain(self, field_name: str, element: Element, found: Found, path: str) -> None:
        """A plain text; its attributes are kept aside."""
        value = self.text(element)
        if value is None:
            return
        if field_name in found:
            self.again(element, path)
            return
        found[field_name] = value
        if attributes := element.items():
            self.keep_attributes(element, attributes, f"{path}{element.tag!s}/")

    # --- what stands there twice, or can't be taken -------------------------------------------------------------
    def again(self, element: Element, path: str) -> None:
        """One more of what was read already: a fault where cXML has it once, else kept aside."""
        if element.tag in REPEATABLE:
            self.keep(element, path)
            return
        self.second(element)

    # --- values -------------------------------------------------------------------------------------------------
    def text(self, element: Element) -> str | None:
        """The element's text without the white space around it; None where there is none. An element inside is a
        fault: neither the text before it nor all of it need be what was meant."""
        if len(element):
            self.not_a_value(element)
        text = element.text
        value = text.strip() if text else ""
        if self.locates and value:
            return self.located(value, element)
        return value or None

    def number(self, text: str) -> Any:
        """A decimal number, or Unreadable."""
        found: Decimal | Unreadable
        try:
            found = _exact(text)
        except ValueError:
            found = Unreadable(text, "not_a_number", NUMBER)
        return self.as_read(found, text) if self.locates else found

    def moment(self, text: str) -> Moment | Unreadable:
        """A date, with a time and an offset or without."""
        try:
            found = moment_of(text)
        except ValueError:
            found = None
        return Unreadable(text, "not_a_date", _MOMENT) if found is None else found

    def day(self, text: str) -> Any:
        """The day of a moment, or Unreadable."""
        found = self.moment(text)
        return self.as_read(found.day if isinstance(found, Moment) else found, text)

    def located(self, value: str, element: Element, attribute: str | None = None) -> str:
        """The value, which knows where it stands if the reading is asked for places."""
        return value

    def as_read(self, value: Any, text: str) -> Any:
        """What a text was read as."""
        return value

    # --- what has no field --------------------------------------------------------------------------------------
    def keep(self, element: Element, path: str) -> None:
        """Every value below this element, under its path; attributes as `path/@name`."""
        tag: Any = element.tag
        name, named = f"{path}{tag}", None
        if tag == "Extrinsic":
            name, named = f"{path}Extrinsic[{(element.get('name') or '').strip()}]", "name"
        elif tag == "ItemOut" and _stands_elsewhere(element):
            self.misuse(element, "bad_value", "an ItemOut stands inside another element", "ItemOuts beside one another")
        if len(name) > LONGEST_PATH:
            raise self.beyond(element, f"{LONGEST_PATH:,} characters in the names down to one element", LONGEST_PATH)
        value = element.text
        if value and (value := value.strip()):
            self.kept.append({"name": name, "value": value})
        self.room -= BYTES_ASIDE + len(name)
        if self.room < 0 or len(self.kept) > MAX_KEPT:
            self.check_room(element)
        for attribute, value in element.items():
            if value and attribute != named:
                self.keep_attribute(element, name + "/", attribute, value)
        if len(element):
            below = name + "/"
            for child in element:
                self.keep(child, below)
                self.keep_value(name, child.tail)

    def keep_attributes(
        self, element: Element, attributes: Iterable[tuple[Any, str]], path: str, but: str | None = None
    ) -> None:
        """The attributes' values, kept aside. What is lost anyway is passed over here: nearly all that has a language
        has nothing else."""
        for name, value in attributes:
            if name not in (but, XML_LANG):
                self.keep_attribute(element, path, name, value)

    def keep_attribute(self, element: Element, path: str, name: str, value: str) -> None:
        """One attribute's value, kept aside unless it is one that the README lists as lost, or blank."""
        if name == XML_LANG or (name == "currency" and value == self.currency):
            return
        if value := value.strip():
            self.kept.append({"name": f"{path}@{name}", "value": value})
            self.room -= BYTES_ASIDE + len(path) + len(name)
            if self.room < 0 or len(self.kept) > MAX_KEPT:
                self.check_room(element)


def _stands_elsewhere(item_out: Element) -> bool:
    """Whether a line would be lost: it is none where no order's lines are."""
    parent = item_out.getparent()
    return parent is not None and parent.tag != "OrderRequest"


REPEATABLE = frozenset(
    [
        *("Comments", "Contact", "IdReference", "Description", "Email", "Phone", "Fax", "URL", "Modification"),
        *("Street", "DeliverTo", "PaymentTerm", "BusinessPartner", "OrganizationalUnit", "CarrierIdentifier"),
    ]
)
"""What of all that is read once cXML has any number of times somewhere: the first is taken, others are kept aside."""


def lost(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """An attribute that is deliberately not kept: named in the README's list."""
