"""Where a value of the canonical order stands in the document: worked out only when somebody asks.

The same reading is run once more with values that remember their elements, so there is no second map to keep in step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from schemas.faults import Fault
from schemas.formats.xml import Element
from schemas.formats.xml_order.reading import Found, Remark, fault_of_remark

_NO_FIELD = frozenset(("extensions",))


class LocatedText(str):
    """A text that knows its element, and its attribute where it is one's."""

    element: Element
    attribute: str | None = None


class LocatedNumber(Decimal):
    """A number that knows the same."""

    element: Element
    attribute: str | None = None


class LocatedGroup(dict[str, Any]):
    """A group that knows its element."""

    element: Any
    attribute: str | None = None


def located_text(value: str, element: Element, attribute: str | None = None) -> LocatedText:
    """The text, knowing where it stands."""
    text = LocatedText(value)
    text.element, text.attribute = element, attribute
    return text


def located_number(value: Decimal, text: LocatedText) -> LocatedNumber:
    """The number that a text was read as, knowing where that stands."""
    number = LocatedNumber(value)
    number.element, number.attribute = text.element, text.attribute
    return number


def located_group(element: Any) -> LocatedGroup:
    """An empty group, knowing where it stands."""
    group = LocatedGroup()
    group.element = element
    return group


class OrderPlaces:
    """The places of one order's values in its document; `found` is what a locating reading found in it."""

    missing: Mapping[str, str] = {}
    """Where a value would stand that isn't there."""

    def __init__(self, root: Element, found: Found) -> None:
        self.root = root
        self.found = found
        self._positions: dict[tuple[Element, Any], dict[Element, int]] = {}

    def named(self, tag: Any) -> str:
        """An element's name, as it is told to people."""
        return str(tag)

    def missing_at(self, step: str, element: Element) -> str:
        """Where the value of this step would stand in the element."""
        return self.missing.get(step, "")

    def of(self, pointer: str) -> str:
        """`line 120: ItemOut[4]/@quantity` for `/lines/3/quantity`; where the value is absent, the nearest element
        around it and what is missing there."""
        node: Any = self.found
        element, attribute = self.root, None
        for step in _steps(pointer):
            below = _below(node, step)
            if below is None or below == []:
                return self._written(element, attribute, self.missing_at(step, element))
            node = below
            if hasattr(node, "element"):
                element, attribute = node.element, node.attribute
        return self._written(element, attribute)

    def with_locations(self, faults: Iterable[Fault]) -> tuple[Fault, ...]:
        """The faults, each saying where in the document it is."""
        return tuple(replace(fault, location=self.of(fault.path)) for fault in faults)

    def of_remarks(self, remarks: Iterable[Remark]) -> tuple[Fault, ...]:
        """Warnings about elements, each saying where its element is."""
        return tuple(fault_of_remark(remark, self._written(remark[2])) for remark in remarks)

    def of_misused(self, misused: Mapping[Element, Fault]) -> tuple[Fault, ...]:
        """Faults of elements themselves, each with its element's place, and the path of what is read there: of a
        second one that of the first, of what is no field that of the group around it."""
        pointers = dict(reversed([*_pointers(self.found, "")])) if misused else {}
        return tuple(
            replace(fault, path=self._path_of(element, pointers), location=self._written(element))
            for element, fault in misused.items()
        )

    def _path_of(self, element: Element, pointers: Mapping[Element, str]) -> str:
        first = next(iter(self._siblings(element)))
        return next((pointers[one] for one in (element, first, *element.iterancestors()) if one in pointers), "")

    def _written(self, element: Element, attribute: str | None = None, missing: str = "") -> str:
        chain = [element, *element.iterancestors()]
        upwards = chain[: chain.index(self.root)] if self.root in chain else chain[:-1]
        names = [self._name(one) for one in reversed(upwards)]
        if attribute is not None:
            names.append(f"@{attribute}")
        if missing:
            names.append(f"{missing} (missing)")
        return f"line {element.sourceline}: {'/'.join(names) or self.named(element.tag)}"

    def _name(self, element: Element) -> str:
        positions = self._siblings(element)
        return self.named(element.tag) + (f"[{positions[element]}]" if len(positions) > 1 else "")

    def _siblings(self, element: Element) -> Mapping[Element, int]:
        """The elements of this name in the same group, itself among them, numbered from 1 on."""
        parent = element.getparent()
        if parent is None:
            return {element: 1}
        key = (parent, element.tag)
        if key not in self._positions:
            self._positions[key] = {child: n for n, child in enumerate(parent.iterchildren(str(element.tag)), 1)}
        return self._positions[key]


def _pointers(node: Any, pointer: str) -> Iterator[tuple[Element, str]]:
    """Every element that a value or group below the node comes from, with its JSON Pointer; outer ones first. What is
    kept aside has none: it is no field."""
    element = getattr(node, "element", None)
    if element is not None:
        yield element, pointer
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, (list, tuple)) else ()
    for step, value in below:
        if step not in _NO_FIELD:
            yield from _pointers(value, f"{pointer}/{step}")


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _below(node: Any, step: str) -> Any:
    if isinstance(node, dict):
        return node.get(step)
    if isinstance(node, (list, tuple)) and step.isdigit() and int(step) < len(node):
        return node[int(step)]
    return None
