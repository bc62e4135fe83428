"""Where a value of the canonical order stands in the document: worked out only when somebody asks.

The same reading is run once more with values that remember their elements, so there is no second map to keep in step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from schemas.faults import Fault
from schemas.formats.cxml_1_2.reading import Found, Reading, fault_of_remark
from schemas.formats.xml import Element

_MISSING = {
    "order_number": "OrderRequestHeader/@orderID",
    "issue_date": "OrderRequestHeader/@orderDate",
    "lines": "ItemOut",
    "quantity": "@quantity",
    "unit": "ItemDetail/UnitOfMeasure",
    "ship_to": "ShipTo",
    "price": "ItemDetail/UnitPrice",
    "contract": "OrderRequestHeader/@agreementID",
    "currency": "Money/@currency",
    "amount": "Money",
}
"""Where a value would stand that isn't there."""
_NO_FIELD = frozenset(("extensions",))


class LocatedText(str):
    """A text that knows its element, and its attribute where it is one's."""

    element: Element
    attribute: str | None


class LocatedNumber(Decimal):
    """A number that knows the same."""

    element: Element
    attribute: str | None


class LocatedGroup(dict[str, Any]):
    """A group that knows its element."""

    element: Element
    attribute: str | None = None


class LocatingReading(Reading):
    """The reading whose values know where they stand."""

    locates = True

    def open(self, element: Element) -> Found:
        group = LocatedGroup()
        group.element = element
        return group

    def remembered(self, element: Element, read: object, path: str) -> None:
        """What was read elsewhere stands elsewhere."""

    def located(self, value: str, element: Element, attribute: str | None = None) -> str:
        text = LocatedText(value)
        text.element, text.attribute = element, attribute
        return text

    def as_read(self, value: Any, text: str) -> Any:
        if not isinstance(value, Decimal) or not isinstance(text, LocatedText):
            return text
        number = LocatedNumber(value)
        number.element, number.attribute = text.element, text.attribute
        return number

    def misuse(self, element: Element, code: str, detail: str, expected: str) -> None:
        return


class Places:
    """The places of one order's values in its document."""

    def __init__(self, root: Element, read: Callable[[Reading, Element], Found]) -> None:
        self._root = root
        self._found = read(LocatingReading(), root)
        self._positions: dict[tuple[Element, Any], dict[Element, int]] = {}

    def of(self, pointer: str) -> str:
        """`line 120: ItemOut[4]/@quantity` for `/lines/3/quantity`; where the value is absent, the nearest element
        around it and what is missing there."""
        node: Any = self._found
        place: tuple[Element, str | None] = (self._root, None)
        steps = _steps(pointer)
        for step in steps:
            below = _below(node, step)
            if below is None or below == []:
                return self._written(*place, missing=_MISSING.get(step, ""))
            node = below
            if hasattr(node, "element"):
                place = (node.element, node.attribute)
        return self._written(*place)

    def with_locations(self, faults: Iterable[Fault]) -> tuple[Fault, ...]:
        """The faults, each saying where in the document it is."""
        return tuple(replace(fault, location=self.of(fault.path)) for fault in faults)

    def of_remarks(self, remarks: Iterable[tuple[str, str, Element]]) -> tuple[Fault, ...]:
        """Warnings about elements, each saying where its element is."""
        return tuple(fault_of_remark(remark, self._written(remark[2], None)) for remark in remarks)

    def of_misused(self, misused: Mapping[Element, Fault]) -> tuple[Fault, ...]:
        """Faults of elements themselves, each with its element's place, and the path of what is read there: of a
        second one that of the first, of what is no field that of the group around it."""
        pointers = dict(reversed([*_pointers(self._found, "")])) if misused else {}
        return tuple(
            replace(fault, path=self._path_of(element, pointers), location=self._written(element, None))
            for element, fault in misused.items()
        )

    def _path_of(self, element: Element, pointers: Mapping[Element, str]) -> str:
        first = next(iter(self._siblings(element)))
        return next((pointers[one] for one in (element, first, *element.iterancestors()) if one in pointers), "")

    def _written(self, element: Element, attribute: str | None, missing: str = "") -> str:
        chain = [element, *element.iterancestors()]
        upwards = chain[: chain.index(self._root)] if self._root in chain else chain[:-1]
        names = [self._name(one) for one in reversed(upwards)]
        if attribute is not None:
            names.append(f"@{attribute}")
        if missing:
            names.append(f"{missing} (missing)")
        return f"line {element.sourceline}: {'/'.join(names) or str(element.tag)}"

    def _name(self, element: Element) -> str:
        positions = self._siblings(element)
        return str(element.tag) + (f"[{positions[element]}]" if len(positions) > 1 else "")

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
    """Every element that a value or group below the node comes from, with its JSON Pointer; outer ones first."""
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
