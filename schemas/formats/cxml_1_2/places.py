"""Where a value of the canonical order stands in cXML: the reading once more, with values that know their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from schemas.formats.cxml_1_2.reading import Reading
from schemas.formats.xml import Element
from schemas.formats.xml_order.places import LocatedText, OrderPlaces, located_group, located_number, located_text
from schemas.formats.xml_order.reading import Found

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


_MISSING_IN_NOTICES = {
    "number": "ShipNoticeHeader/@shipmentID",
    "issue_date": "ShipNoticeHeader/@noticeDate",
    "order_number": "OrderReference/@orderID",
    "order_line_number": "@lineNumber",
    "quantity": "@quantity",
    "base_quantity": "@quantity",
    "base_unit": "UnitOfMeasure",
}
"""The same in a ship notice."""


class LocatingReading(Reading):
    """The reading whose values know where they stand."""

    locates = True

    def open(self, element: Element) -> Found:
        return located_group(element)

    def remembered(self, element: Element, read: object, path: str) -> None:
        """What was read elsewhere stands elsewhere."""

    def located(self, value: str, element: Element, attribute: str | None = None) -> str:
        return located_text(value, element, attribute)

    def as_read(self, value: Any, text: str) -> Any:
        if not isinstance(value, Decimal) or not isinstance(text, LocatedText):
            return text
        return located_number(value, text)

    def misuse(self, element: Element, code: str, detail: str, expected: str) -> None:
        return


class Places(OrderPlaces):
    """The places of one order's values in its document."""

    missing: Mapping[str, str] = _MISSING

    def __init__(self, root: Element, read: Callable[[Reading, Element], Found]) -> None:
        super().__init__(root, read(LocatingReading(), root))
        if root.tag == "ShipNoticeRequest":
            self.missing = _MISSING_IN_NOTICES
