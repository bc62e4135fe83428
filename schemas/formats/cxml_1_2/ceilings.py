"""What a blanket line is limited to: a quantity, which is what is ordered, or an amount, which a person judges."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.formats.cxml_1_2.amounts import amount
from schemas.formats.cxml_1_2.reading import Found, Reading, Step
from schemas.formats.xml import Element
from schemas.values import EXACT

_money = amount("max_amount")
_UNSAID = Decimal(1)
"""ItemOut/@quantity of a blanket order's line that says none: the DTD demands one, and calls this its default."""


def _max_quantity(reading: Reading, element: Element, found: Found, path: str) -> None:
    if (value := reading.text(element)) is None:
        return
    if "max_quantity" in found:
        reading.again(element, path)
    else:
        found["max_quantity"], found["max_quantity_element"] = reading.number(value), element


def _max_amount(reading: Reading, element: Element, found: Found, path: str) -> None:
    """It is kept aside as well: the canonical line has no field for it."""
    if "max_amount_element" in found:
        reading.again(element, path)
        return
    reading.keep(element, path)
    found["max_amount_element"] = element
    for money in element.iterchildren("Money"):
        _money(reading, money, found, path)


def _value_limit(reading: Reading, element: Element, found: Found, path: str) -> None:
    """A limit of what may be spent on things that aren't said yet."""
    reading.keep(element, path)
    reading.hold("unsupported_document", f"the line is limited to a value ({element.tag!s})", element)


CEILINGS: Mapping[str, Step] = {
    "MaxQuantity": _max_quantity,
    "MaxAmount": _max_amount,
    "OverallLimit": _value_limit,
    "ExpectedLimit": _value_limit,
    "MaxContractAmount": _value_limit,
    "MaxAdhocAmount": _value_limit,
}
"""Of BlanketItemDetail. Its MinQuantity and MinAmount are kept aside: no release is raised to them."""


def settle_ceilings(reading: Reading, line: Found, is_blanket: bool, element: Element) -> None:
    """MaxQuantity is what a blanket line orders; MaxAmount must leave room for all of that."""
    if "max_quantity" in line:
        _settle_quantity(reading, line, is_blanket)
    elif is_blanket and "max_amount_element" in line and line.get("quantity") == _UNSAID:
        detail = "the blanket line is limited to an amount, and to no quantity"
        reading.hold("unsupported_document", detail, line["max_amount_element"])
    elif is_blanket and line.get("quantity") == _UNSAID and element.find("BlanketItemDetail") is not None:
        detail = (
            "the blanket line has no MaxQuantity, and its quantity is 1, which is how cXML writes that none is said"
        )
        reading.hold("unsupported_document", detail, element)
    if "max_amount_element" in line:
        _settle_amount(reading, line)


def _settle_quantity(reading: Reading, line: Found, is_blanket: bool) -> None:
    most, element, said = line.pop("max_quantity"), line.pop("max_quantity_element"), line.get("quantity")
    if is_blanket and said in (None, _UNSAID):
        line["quantity"] = most
    elif most != said:
        detail = f"the line's quantity is {said} and its MaxQuantity {most}; which of them is ordered isn't said"
        reading.hold("unsupported_document", detail, element)


def _settle_amount(reading: Reading, line: Found) -> None:
    most, element = line.pop("max_amount", None), line.pop("max_amount_element")
    worth = _worth(line)
    if worth is None or not isinstance(most, Decimal) or worth > most:
        detail = (
            "the line's MaxAmount doesn't cover its quantity at its price"
            if worth
            else "what the line's MaxAmount pays for can't be told"
        )
        reading.hold("unsupported_document", detail, element)


def _worth(line: Found) -> Decimal | None:
    """The quantity at its price, where that is for the ordered unit."""
    price: Any = line.get("price") or {}
    quantity, paid, basis = line.get("quantity"), price.get("amount"), price.get("base_quantity", _UNSAID)
    if price.get("unit") not in (None, line.get("unit")) or basis != _UNSAID:
        return None
    return EXACT.multiply(quantity, paid) if isinstance(quantity, Decimal) and isinstance(paid, Decimal) else None
