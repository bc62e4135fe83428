"""An order's lines, read and written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from schemas.documents.check_digits import is_gtin
from schemas.documents.order import OrderLine
from schemas.formats.ubl_2_1.amounts import charge, charge_text, price, price_text
from schemas.formats.ubl_2_1.deliveries import line_delivery, line_delivery_text, settle_line_place, settle_schedule
from schemas.formats.ubl_2_1.names import cac, cbc, qualified
from schemas.formats.ubl_2_1.reading import Found, Reading, Step, Table
from schemas.formats.ubl_2_1.steps import flag, number, quantity, texts, through, within
from schemas.formats.ubl_2_1.text import element, flagged, group, identified, measured
from schemas.formats.xml import Element
from schemas.units import KNOWN as REC_20

GTIN_SCHEMES = frozenset(
    [
        *("0160", "GTIN", "GTIN-8", "GTIN-12", "GTIN-13", "GTIN-14", "GTIN8", "GTIN12", "GTIN13", "GTIN14"),
        *("EAN", "EAN-8", "EAN-13", "EAN8", "EAN13", "UPC", "UPC-A"),
    ]
)
"""ISO 6523 0160 and the names older documents have for it."""
_ITEM = "cac:LineItem/cac:Item/"
_ID = cbc("ID")
_PACK_QUANTITY = cbc("PackQuantity")
_PACK_SIZE = cbc("PackSizeNumeric")
_RATE = cbc("OrderableUnitFactorRate")
_PIECES = frozenset(("EA", "C62", "H87"))
"""Rec 20's each, one and piece: which of them a system writes says nothing."""


def _standard_item(reading: Reading, element: Element, found: Found, path: str) -> None:
    """StandardItemIdentification: a GTIN by scheme or GS1's agency code 9; without a scheme by its check digit."""
    if "gtin" in found:
        reading.again(element, path)
        return
    reading.into(found, element, _STANDARD_ITEM, f"{path}cac:StandardItemIdentification/")
    if "gtin" not in found:
        reading.blank(element)


def _standard_number(reading: Reading, element: Element, found: Found, path: str) -> None:
    if "gtin" in found or not _is_meant_as_gtin(reading, element):
        reading.again(element, path)
        reading.blank(element)
    elif (value := reading.text(element)) is not None:
        found["gtin"] = value
        if not is_gtin(value):
            reading.wrong_check_digits = True
    else:
        reading.blank(element)


def _is_meant_as_gtin(reading: Reading, element: Element) -> bool:
    scheme = reading.attribute(element, "schemeID")
    if scheme is not None:
        return scheme.upper() in GTIN_SCHEMES
    return element.get("schemeAgencyID") == "9" or is_gtin((element.text or "").strip())


def _item_text(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Item/Description comes before Item/Name, which says it better: see `_settle_description`."""
    value = reading.text(element)
    if value is not None:
        reading.add("item_texts", value, element, found)


def _settle_description(reading: Reading, found: Found) -> None:
    """Item/Name, or without one the first Description; what is left is kept aside."""
    for value in found.pop("item_texts"):
        if "description" not in found:
            found["description"] = value
        else:
            reading.keep_value(f"{_ITEM}cbc:Description", value)


def _price(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The line's price. OrderableUnitFactorRate, how many of the price's unit are in one ordered, is kept aside with it
    and is the document's word on the pack as well."""
    price(reading, element, found, path)
    for rate in element.iterchildren(_RATE):
        if (value := reading.text(rate)) is not None:
            found.setdefault("factor_rates", []).append((reading.number(value), rate))


def _settle_pack(reading: Reading, line: Found, element: Element) -> None:
    """How many are in one ordered unit: PackSizeNumeric of ours, else PackQuantity in its own unit, and the factor
    between the units of price and order. Where one document says it twice and differently, nobody guesses."""
    if line.get("pack_size") == 0:
        del line["pack_size"]
        reading.keep(next(element.iter(_PACK_SIZE)), _ITEM)
    if "pack_quantity" in line and not _is_size(line):
        del line["pack_quantity"]
        line.pop("pack_unit", None)
        line.pop("pack_unit_code", None)
        reading.keep(next(element.iter(_PACK_QUANTITY)), _ITEM)
    if "pack_quantity" in line:
        line["pack_size"] = line.pop("pack_quantity")
    for rate, of_rate in line.pop("factor_rates", ()):
        _settle_rate(reading, line, rate, of_rate)


def _is_size(line: Found) -> bool:
    """Whether PackQuantity says what is in one ordered unit. UBL has it count packs, of PackSizeNumeric each: beside
    that it is no size of its own. One pack, in the line's unit or in none, and none at all, say nothing."""
    packs, unit = line["pack_quantity"], line.get("pack_unit")
    if not isinstance(packs, Decimal):
        return True  # then the line is refused for it
    if packs == 0 or (packs == 1 and unit in (None, line.get("unit"))):
        return False
    return bool(line.get("pack_size", packs) == packs)


def _settle_rate(reading: Reading, line: Found, rate: Any, element: Element) -> None:
    """1 in the unit of the order is what there is to expect; anything else there contradicts the price."""
    of_price = line.get("price", {}).get("unit")
    if rate == 1 and of_price in (None, line.get("unit")):
        return
    if "pack_size" not in line:
        line["pack_size"] = rate
        if (unit := of_price or line.get("unit")) is not None:
            line["pack_unit"] = unit
            if unit in REC_20:
                line["pack_unit_code"] = unit
    elif line["pack_size"] != rate:
        detail = f"the document says both {line['pack_size']} and {rate} of what is in one pack"
        reading.hold("pack_contradiction", detail, element)


def _sub_line(reading: Reading, element: Element, found: Found, path: str) -> None:
    """SubLineItem: what the line consists of, or what comes with it. Which of them is delivered UBL doesn't say."""
    reading.keep(element, path)
    detail = "the line has lines of its own (SubLineItem); whether they or it are to be delivered isn't said"
    reading.hold("unsupported_document", detail, element)


def _bound(field: str) -> Step:
    """MinimumQuantity and MaximumQuantity: kept aside, and judged once the line's quantity is known."""
    read = quantity("quantity", "unit")

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        if reading.is_second(element):
            return
        bound: Found = {}
        read(reading, element, bound, path)
        if bound:
            reading.keep(element, path)
            found.setdefault("bounds", []).append((field, bound, element))

    return step


def _settle_bounds(reading: Reading, line: Found) -> None:
    """The ordered quantity is within what its own line allows."""
    for field, bound, where in line.pop("bounds"):
        if not _is_within(field, bound, line):
            said = f"{qualified(where.tag)} {(where.text or '').strip()[:100]} {bound.get('unit') or ''}".rstrip()
            ordered = f"{line.get('quantity')} {line.get('unit') or ''}".rstrip()
            detail = f"{ordered} are ordered, and {said} contradicts that"
            reading.hold("unsupported_document", detail, where)


def _is_within(field: str, bound: Found, line: Found) -> bool:
    """Not told of a bound in another unit, nor of a greatest quantity of 0, which many systems write for none."""
    limit, ordered = bound["quantity"], line.get("quantity")
    if not isinstance(limit, Decimal) or not isinstance(ordered, Decimal):
        return not isinstance(ordered, Decimal)  # then the line is refused for it
    if not _is_one_unit(bound.get("unit"), line.get("unit")):
        return True
    if field == "most":
        return limit == 0 or ordered <= limit
    return ordered >= limit


def _is_one_unit(one: str | None, other: str | None) -> bool:
    """A bound without a unit is in the line's."""
    return one in (None, other) or {one, other} <= _PIECES


def _identification(name: str, field: str) -> Table:
    return {cac(name): within(f"cac:{name}", _ID, field)}


_STANDARD_ITEM: Table = {_ID: _standard_number}
ITEM: Table = {
    cbc("Name"): "description",
    cbc("Description"): _item_text,
    _PACK_QUANTITY: quantity("pack_quantity", "pack_unit"),
    _PACK_SIZE: number("pack_size"),
    **_identification("BuyersItemIdentification", "buyer_item"),
    **_identification("SellersItemIdentification", "seller_item"),
    cac("StandardItemIdentification"): _standard_item,
}
LINE_ITEM: Table = {
    _ID: "line_number",
    cbc("Note"): texts("note"),
    cbc("Quantity"): quantity("quantity", "unit"),
    cbc("PartialDeliveryIndicator"): flag("partial_allowed"),
    cbc("BackOrderAllowedIndicator"): flag("backorder_allowed"),
    cbc("MinimumQuantity"): _bound("least"),
    cbc("MaximumQuantity"): _bound("most"),
    cac("SubLineItem"): _sub_line,
    cac("Delivery"): line_delivery,
    cac("AllowanceCharge"): charge,
    cac("Price"): _price,
    cac("Item"): through("cac:Item", ITEM),
    cac("LineReference"): within("cac:LineReference", cbc("LineID"), "buyer_line_reference"),
}
ORDER_LINE: Table = {cbc("Note"): texts("note"), cac("LineItem"): through("cac:LineItem", LINE_ITEM)}


def lines_by(table: Table, settle: Callable[[Reading, Found], None] | None = None) -> Step:
    """The step of an OrderLine that this table reads; `settle` makes of its fields what only all of them tell."""

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        """What the line keeps aside is its own, under names that start at the line."""
        of_order, reading.kept = reading.kept, []
        line = reading.group(element, table, "")
        if "item_texts" in line:
            _settle_description(reading, line)
        if "told_place" in line or "parts_of_none" in line:
            settle_line_place(reading, line, found)
        if "schedule" in line:
            settle_schedule(line)
        if "bounds" in line:
            _settle_bounds(reading, line)
        if "pack_quantity" in line or "pack_size" in line or "factor_rates" in line:
            _settle_pack(reading, line, element)
        if settle is not None:
            settle(reading, line)
        if reading.kept:
            line["extensions"] = reading.kept
        reading.kept = of_order
        found.setdefault("lines", []).append(reading.whole_line(line, element))

    return step


order_line = lines_by(ORDER_LINE)


# --- writing ----------------------------------------------------------------------------------------------------
def order_line_text(line: OrderLine, currency: str, status: str | None = None) -> str:
    """An OrderLine in the schema's order; `status` is the LineStatusCode of a change's line."""
    reference = group("LineReference", element("LineID", line.buyer_line_reference))
    return group(
        "OrderLine",
        element("Note", line.note)
        + group(
            "LineItem",
            element("ID", line.line_number)
            + element("LineStatusCode", status)
            + measured("Quantity", line.quantity, line.unit)
            + flagged("PartialDeliveryIndicator", line.partial_allowed)
            + flagged("BackOrderAllowedIndicator", line.backorder_allowed)
            + line_delivery_text(line)
            + "".join(charge_text(one, currency) for one in line.charges)
            + price_text(line.price, currency)
            + _item(line)
            + reference,
        ),
    )


def item_text(buyer_item: str | None, seller_item: str | None, gtin: str | None) -> str:
    """The item's numbers in the schema's order."""
    return (
        group("BuyersItemIdentification", element("ID", buyer_item))
        + group("SellersItemIdentification", element("ID", seller_item))
        + group("StandardItemIdentification", identified("ID", gtin, "0160"))
    )


def _item(line: OrderLine) -> str:
    numbers = item_text(line.buyer_item, line.seller_item, line.gtin)
    return f"<cac:Item>{_pack_text(line)}{element('Name', line.description)}{numbers}</cac:Item>"


def _pack_text(line: OrderLine) -> str:
    """PackQuantity where the order says what is counted, PackSizeNumeric where it counts items."""
    if line.pack_size is None:
        return ""
    if line.pack_unit is not None:
        return measured("PackQuantity", line.pack_size, line.pack_unit)
    return f"<cbc:PackSizeNumeric>{line.pack_size:f}</cbc:PackSizeNumeric>"
