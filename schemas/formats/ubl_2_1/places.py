"""Where a value of the canonical order stands in UBL: the reading once more, with values that know their place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Any

from schemas.documents.validation import Unreadable
from schemas.formats.large_xml import Arriving
from schemas.formats.ubl_2_1.names import DESPATCH_ADVICE, ORDER, cac, qualified
from schemas.formats.ubl_2_1.reading import Part, Reading, Table, Through
from schemas.formats.xml import Element
from schemas.formats.xml_order.places import OrderPlaces, located_group, located_number, located_text
from schemas.formats.xml_order.reading import Found

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

_MISSING_IN_ADVICES = {
    "number": "cbc:ID",
    "issue_date": "cbc:IssueDate",
    "shipment_number": "cac:Shipment/cbc:ID",
    "lines": "cac:DespatchLine",
    "line_number": "cbc:ID",
    "order_line_number": "cac:OrderLineReference/cbc:LineID",
    "quantity": "cbc:DeliveredQuantity",
    "base_quantity": "cbc:DeliveredQuantity",
    "base_unit": "cbc:DeliveredQuantity/@unitCode",
}
"""The same in a despatch advice."""


class LocatingReading(Reading):
    """The reading whose values know where they stand. Empty elements are values too: there the missing one would be."""

    def open(self, element: Element | Arriving) -> Found:
        return located_group(element)

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
        return located_text((element.text or "").strip(), element)

    def attribute(self, element: Element, name: str) -> str | None:
        value = element.get(name)
        return located_text(value.strip(), element) if value and value.strip() else None

    def number(self, text: str) -> Decimal | Unreadable:
        value = super().number(text)
        if not isinstance(value, Decimal):
            return text  # type: ignore[return-value]  # nothing is validated here: the text knows its element
        return located_number(value, text)  # type: ignore[arg-type]

    def day(self, text: str) -> date | Unreadable:
        return text  # type: ignore[return-value]

    def clock(self, text: str) -> time | Unreadable:
        return text  # type: ignore[return-value]

    def flag(self, text: str) -> bool | Unreadable:
        return text  # type: ignore[return-value]

    def refused(self, value: object, unreadable: Unreadable) -> Any:
        return value

    def meaning(self, value: object, element: Element) -> Any:
        return located_text(str(value), element)

    def keep(self, element: Element, path: str) -> None:
        self.kept.append(self.open(element))

    def keep_value(self, name: str, value: str | None) -> None:
        if value and value.strip():
            self.kept.append({"name": name, "value": value})

    def attach(self, element: Element, attachment: Found) -> None:
        self.attachments.append(self.open(element))

    def misuse(self, element: Element, code: str, detail: str, expected: str) -> None:
        return


class Places(OrderPlaces):
    """The places of one order's values in its document."""

    missing = _MISSING

    def __init__(self, root: Element, read: Callable[[Reading, Element], Found]) -> None:
        super().__init__(root, read(LocatingReading(), root))

    def named(self, tag: Any) -> str:
        """With the prefix that everybody writes."""
        return qualified(tag)

    def missing_at(self, step: str, element: Element) -> str:
        """A change and a cancellation name their order by reference, as a line of a despatch advice does."""
        if self.root.tag == DESPATCH_ADVICE:
            return self._missing_in_advice(step, element)
        missing = super().missing_at(step, element)
        is_reference = step == "order_number" and element is self.root and element.tag != ORDER
        return f"cac:OrderReference/{missing}" if is_reference else missing

    def _missing_in_advice(self, step: str, element: Element) -> str:
        if step != "order_number":
            return _MISSING_IN_ADVICES.get(step, "")
        is_line = element.tag == cac("DespatchLine")
        return "cac:OrderLineReference/cac:OrderReference/cbc:ID" if is_line else "cbc:ID"
