"""Where a value of the canonical order stands in the document: worked out only when somebody asks.

The same reading is run once more with values that remember their elements, so there is no second map to keep in step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from schemas.documents.validation import Unreadable
from schemas.faults import Fault
from schemas.formats.large_xml import Arriving
from schemas.formats.ubl_2_1.names import ORDER, qualified
from schemas.formats.ubl_2_1.reading import Found, Part, Reading, Table, Through, fault_of_remark
from schemas.formats.xml import Element

_MISSING = {
    "order_number": "cbc:ID",
    "issue_date": "cbc:IssueDate",
    "lines": "cac:OrderLine",
    "line_number": "cac:LineItem/cbc:ID",
    "quantity": "cac:LineItem/cbc:Quantity",
    "unit": "cac:LineItem/cbc:Quantity/@unitCode",
    "ship_to": "cac:Delivery/cac:DeliveryLocation",
    "price": "cac:LineItem/cac:Price",
    "is_charge": "cbc:ChargeIndicator",
    "contract": "cac:Contract/cbc:ID",
    "currency": "cbc:DocumentCurrencyCode",
}
"""Where a value would stand that isn't there."""


class LocatedText(str):
    """A text that knows its element."""

    element: Element


class LocatedNumber(Decimal):
    """A number that knows its element."""

    element: Element


class LocatedGroup(dict[str, Any]):
    """A group that knows its element."""

    element: Element | Arriving


class LocatingReading(Reading):
    """The reading whose values know where they stand. Empty elements are values too: there the missing one would be."""

    def open(self, element: Element | Arriving) -> Found:
        group = LocatedGroup()
        group.element = element
        return group

    def group(self, element: Element | Arriving, table: Table, path: str) -> Found:
        found = self.open(element)
        self.into(found, element, table, path)
        return found

    def into(self, found: Found, element: Element | Arriving, table: Table, path: str) -> None:
        for child in element[:]:
            step = table.get(child.tag)
            if isinstance(step, str):
                self.plain(step, child, found, path)
            elif isinstance(step, Through):
                self.into(found, child, step.table, path)
            elif isinstance(step, Part):
                if step.field in found:
                    self.again(child, path)
                elif group := self.group(child, step.table, path):
                    found[step.field] = group
            elif step is not None:
                step(self, child, found, path)

    def remembered(self, element: Element, read: object, path: str) -> None:
        """What was read elsewhere stands elsewhere."""

    def text(self, element: Element) -> str | None:
        return _located(element, (element.text or "").strip())

    def attribute(self, element: Element, name: str) -> str | None:
        value = element.get(name)
        return _located(element, value.strip()) if value and value.strip() else None

    def number(self, text: str) -> Decimal | Unreadable:
        value = super().number(text)
        if not isinstance(value, Decimal):
            return text  # type: ignore[return-value]  # nothing is validated here: the text knows its element
        number = LocatedNumber(value)
        number.element = text.element  # type: ignore[attr-defined]
        return number

    def day(self, text: str) -> date | Unreadable:
        return text  # type: ignore[return-value]

    def clock(self, text: str) -> time | Unreadable:
        return text  # type: ignore[return-value]

    def flag(self, text: str) -> bool | Unreadable:
        return text  # type: ignore[return-value]

    def refused(self, value: object, unreadable: Unreadable) -> Any:
        return value

    def meaning(self, value: object, element: Element) -> Any:
        return _located(element, str(value))

    def keep(self, element: Element, path: str) -> None:
        self.kept.append(self.open(element))

    def keep_value(self, name: str, value: str | None) -> None:
        if value and value.strip():
            self.kept.append({"name": name, "value": value})

    def attach(self, element: Element, attachment: Found) -> None:
        self.attachments.append(self.open(element))

    def misuse(self, element: Element, code: str, detail: str, expected: str) -> None:
        return


def _located(element: Element, value: str) -> LocatedText:
    text = LocatedText(value)
    text.element = element
    return text


class Places:
    """The places of one order's values in its document."""

    def __init__(self, root: Element, read: Callable[[Reading, Element], Found]) -> None:
        self._root = root
        self._found = read(LocatingReading(), root)
        self._positions: dict[tuple[Element, Any], dict[Element, int]] = {}

    def of(self, pointer: str) -> str:
        """`line 120: cac:OrderLine[4]/cac:LineItem/cbc:Quantity` for `/lines/3/quantity`; where the value is absent,
        the nearest element around it and what is missing there."""
        node: Any = self._found
        element, index, steps = self._root, 0, _steps(pointer)
        for index, step in enumerate(steps):  # noqa: B007
            below = _below(node, step)
            if below is None or below == []:
                break
            node = below
            element = getattr(node, "element", element)
        else:
            return self._written(element)
        missing = _MISSING.get(steps[index], "")
        if steps[index] == "order_number" and element is self._root and element.tag != ORDER:
            missing = f"cac:OrderReference/{missing}"
        return self._written(element, missing)

    def with_locations(self, faults: Iterable[Fault]) -> tuple[Fault, ...]:
        """The faults, each saying where in the document it is."""
        return tuple(replace(fault, location=self.of(fault.path)) for fault in faults)

    def of_remarks(self, remarks: Iterable[tuple[str, str, Element]]) -> tuple[Fault, ...]:
        """Warnings about elements, each saying where its element is."""
        return tuple(fault_of_remark(remark, self._written(remark[2])) for remark in remarks)

    def of_misused(self, misused: Mapping[Element, Fault]) -> tuple[Fault, ...]:
        """Faults of elements themselves, each with its element's place, and the path of what is read there: of a
        second one that of the first, of what is no field that of the group around it."""
        pointers = dict(reversed([*_pointers(self._found, "")])) if misused else {}
        return tuple(
            replace(fault, path=self._path_of(element, pointers), location=self._written(element))
            for element, fault in misused.items()
        )

    def _path_of(self, element: Element, pointers: Mapping[Element, str]) -> str:
        first = next(iter(self._siblings(element)))
        return next((pointers[one] for one in (element, first, *element.iterancestors()) if one in pointers), "")

    def _written(self, element: Element, missing: str = "") -> str:
        chain = [element, *element.iterancestors()]
        upwards = chain[: chain.index(self._root)] if self._root in chain else chain
        names = [self._name(one) for one in reversed(upwards)]
        if missing:
            names = [*names, f"{missing} (missing)"]
        return f"line {element.sourceline}: {'/'.join(names) or qualified(element.tag)}"

    def _name(self, element: Element) -> str:
        positions = self._siblings(element)
        return qualified(element.tag) + (f"[{positions[element]}]" if len(positions) > 1 else "")

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
        if step != "extensions":
            yield from _pointers(value, f"{pointer}/{step}")


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _below(node: Any, step: str) -> Any:
    if isinstance(node, dict):
        return node.get(step)
    if isinstance(node, (list, tuple)) and step.isdigit() and int(step) < len(node):
        return node[int(step)]
    return None
