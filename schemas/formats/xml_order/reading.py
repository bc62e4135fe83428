"""One document's reading: what is kept aside, misused or remarked on while its groups are read. What walks through the
elements is each format's own: there is no time to lose in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lxml import etree
from pydantic import ValidationError

from schemas.documents.common import LONGEST_TEXT, Document
from schemas.documents.validation import shown
from schemas.faults import DocumentRejected, Fault
from schemas.formats.xml import Element
from schemas.formats.xml_order.limits import (
    BYTES_ASIDE,
    LONGEST_PATH,
    LONGEST_REMEMBERED,
    MAX_ASIDE,
    MAX_KEPT,
    MAX_MISUSED,
    MAX_REMARKS,
    MAX_TOGETHER,
)
from schemas.values import exact

Found = dict[str, Any]
Remark = tuple[str, str, Element]
"""A warning about an element that has no place in the canonical order: code, detail, element."""
NUMBER = "a decimal number of at most 20 digits before and 10 after the point"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a group was read as, wherever it is written the same: its model, and what was kept aside of it under names
    that begin with its own."""

    model: Document | None
    """None of a group that says nothing."""
    kept: tuple[tuple[str, str], ...]


class TooMuch(DocumentRejected):
    """Beyond one of the reading's limits, where nothing more is read."""


@lru_cache(maxsize=65_536)
def exact_number(text: str) -> Decimal:
    """Quantities and prices repeat, line after line and order after order. Raises ValueError."""
    return exact(text)


class OrderReading:
    """One document's reading, without the loop through its elements."""

    def __init__(self) -> None:
        self.kept: list[Found] = []
        """Extensions of the order, or of the line being read."""
        self.attachments: list[Found] = []
        self.room = MAX_ASIDE
        """Bytes that are left for what is kept aside."""
        self.currency: str | None = None
        self.remarks: list[Remark] = []
        self.wrong_check_digits = False
        """Whether a GLN or GTIN with a wrong check digit was read, wherever it ended up."""
        self.held: list[Remark] = []
        """What a person must decide: read as it stands it would be another order than was meant."""
        self.misused: dict[Element, Fault] = {}
        """Elements that can't be taken as they stand: their faults, still without a place."""

    def named(self, tag: Any) -> str:
        """An element's name, as it is told to people."""
        return str(tag)

    # --- groups written alike -----------------------------------------------------------------------------------
    def remembered(
        self, element: Element, read: Callable[[bytes], Remembered | None], path: str
    ) -> Document | Found | None:
        """What was read where a group was written like this one, an empty group where it says nothing; None where it
        is for this reading to read it. `path` is that of the group around it."""
        written = etree.tostring(element, with_tail=False)
        known = read(written) if len(written) <= LONGEST_REMEMBERED else None
        if known is None or len(self.kept) + len(known.kept) > MAX_KEPT:
            return None
        self.kept += [{"name": path + name, "value": value} for name, value in known.kept]
        return {} if known.model is None else known.model

    def to_remember(self, model: type[Document], group: Found) -> Remembered | None:
        """The group read, unless there is more to be said about it than the same for every order that it stands in."""
        if self.misused or self.remarks or self.held or self.attachments or self.wrong_check_digits:
            return None
        try:
            read = model.model_validate(group) if group else None
        except ValidationError:
            return None
        return Remembered(read, tuple((one["name"], one["value"]) for one in self.kept))

    # --- several of a kind --------------------------------------------------------------------------------------
    def add(self, field: str, value: object, element: Element, found: Found) -> None:
        """One more of what there may be several of."""
        several = found.setdefault(field, [])
        several.append(value)
        if len(several) > MAX_TOGETHER:
            raise self.too_many_together(element)

    def add_attachment(self, attachment: Found, element: Element) -> None:
        """One more file or link of the order."""
        self.attachments.append(attachment)
        if len(self.attachments) > MAX_TOGETHER:
            raise self.too_many_together(element)

    def too_many_together(self, element: Any) -> TooMuch:
        """The refusal of a group in which this is one element too many."""
        return self.beyond(element, f"{MAX_TOGETHER:,} elements in one group", MAX_TOGETHER)

    # --- what can't be taken, and what is remarked on -----------------------------------------------------------
    def misuse(self, element: Element, code: str, detail: str, expected: str) -> None:
        """A fault of the element itself, whatever its value would be."""
        if len(self.misused) >= MAX_MISUSED:
            first = next(iter(self.misused.values())).detail
            raise self.beyond(element, f"{MAX_MISUSED:,} elements that can't be taken; the first: {first}", MAX_MISUSED)
        self.misused[element] = Fault(code, detail, value=shown_text(element), expected=expected)

    def second(self, element: Element) -> None:
        """One more of an element that the standard has once: which of the two was meant is not guessed."""
        name, value = self.named(element.tag), shown_text(element)
        detail = f"one more {name} stands here" + (f": {value}" if value is not None else "")
        self.misuse(element, "repeated_element", detail, f"one {name}")

    def not_a_value(self, element: Element) -> None:
        """An element with others inside, where a value should be: neither the text before them nor all of it need be
        what was meant."""
        inside = f"{self.named(element[0].tag)} inside"
        detail = f"{self.named(element.tag)} must be a value without elements, but has {inside}"
        self.misuse(element, "bad_value", detail, "a value without elements inside")

    def remark(self, code: str, detail: str, element: Element) -> None:
        """A warning about an element; MAX_REMARKS of them say enough."""
        if len(self.remarks) < MAX_REMARKS:
            self.remarks.append((code, detail, element))

    def hold(self, code: str, detail: str, element: Element) -> None:
        """Something that a person must decide; MAX_REMARKS of them say enough."""
        if len(self.held) < MAX_REMARKS:
            self.held.append((code, detail, element))

    # --- what has no field --------------------------------------------------------------------------------------
    def keep_value(self, name: str, value: str | None) -> None:
        """One value that has no field, under the name it had; nothing where it is blank."""
        if value and (value := value.strip()):
            self.kept.append({"name": name, "value": value})
            self.room -= BYTES_ASIDE + len(name)

    def keep_beside(self, element: Any, text: str, path: str) -> None:
        """Text that stands in a group beside its elements: kept aside under the group's own name."""
        self.keep_value(path[:-1] or self.named(element.tag), text)
        self.check_room(element)

    def check_room(self, element: Any) -> None:
        """Raises TooMuch where more is kept aside than any order has, naming the limit that is passed."""
        if self.room < 0:
            most = MAX_ASIDE // BYTES_ASIDE
            raise self.beyond(element, f"{most:,} elements and values without a field, or fewer of long names", most)
        if len(self.kept) > MAX_KEPT:
            raise self.beyond(element, f"{MAX_KEPT:,} values without a field in one order or line", MAX_KEPT)

    def beyond(self, element: Any, what: str, most: int) -> TooMuch:
        """The refusal of a document that has more than so many of something."""
        place = f"line {element.sourceline}: {self.named(element.tag)[:LONGEST_PATH]}"
        return TooMuch([Fault("xml_limit", f"more than {what}", location=place, expected=f"at most {most:,}")])

    def settle(self, found: Found) -> None:
        """The order's members that are known at its end: currency, attachments, and what is kept aside."""
        found.setdefault("lines", [])
        if "currency" not in found and self.currency is not None:
            found["currency"] = self.currency
        if self.attachments:
            found["attachments"] = self.attachments
        if self.kept:
            found["extensions"] = self.kept


def more_text(field: str, value: str, found: Found) -> None:
    """Texts that may be repeated, one a line. Beyond LONGEST_TEXT they are refused as they are: no more are added."""
    if field not in found:
        found[field] = value
    elif len(found[field]) <= LONGEST_TEXT:
        found[field] = f"{found[field]}\n{value}"


def fault_of_remark(remark: Remark, location: str) -> Fault:
    """A warning as a fault; it has no place in the canonical order, only in the document."""
    code, detail, element = remark
    return Fault(code, detail, location=location, value=shown_text(element))


def shown_text(element: Element) -> str | None:
    """An element's text as a fault shows it."""
    return shown((element.text or "").strip() or None)
