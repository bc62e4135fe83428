"""An order's lines, read and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.documents.check_digits import is_gtin
from schemas.documents.common import Period
from schemas.documents.order import OrderLine, ScheduleLine
from schemas.documents.validation import Unreadable
from schemas.formats.cxml_1_2.amounts import (
    price_basis,
    price_basis_text,
    settle_price,
    shipping,
    shipping_text,
    unit_price,
    unit_price_text,
)
from schemas.formats.cxml_1_2.ceilings import CEILINGS, settle_ceilings
from schemas.formats.cxml_1_2.parties import place, place_text
from schemas.formats.cxml_1_2.reading import (
    XML_LANG,
    AttributeStep,
    Found,
    Number,
    Part,
    Reading,
    Step,
    Table,
    Through,
    lost,
)
from schemas.formats.cxml_1_2.steps import comments, comments_text, extrinsic, extrinsics_text, requested_day
from schemas.formats.cxml_1_2.text import LANGUAGE, attribute, element, escaped
from schemas.formats.xml import Element
from schemas.formats.xml_order.same_place import is_same_place
from schemas.units import KNOWN as REC_20

GTIN_DOMAINS = frozenset(
    [
        *("0160", "GTIN", "GTIN-8", "GTIN-12", "GTIN-13", "GTIN-14", "GTIN8", "GTIN12", "GTIN13", "GTIN14"),
        *("EAN", "EAN-8", "EAN-13", "EAN8", "EAN13", "EANID", "UPC", "UPC-A", "UPCID"),
    ]
)


_NO = ("no", "false")
_NOT_SOLD = frozenset(("text", "limit", "subcontract", "stocktransfer", "consignment"))
"""Of ItemOut/@itemCategory: a text, a value to be spent, work on what is provided, goods that are only moved, goods
that are paid for when they are used. The others are goods like any, whoever they are for."""


def _gtin(reading: Reading, value: str, found: Found) -> None:
    found["gtin"] = value
    if not is_gtin(value):
        reading.wrong_check_digits = True


def _id_reference(reading: Reading, element: Element, found: Found, path: str) -> None:
    """IdReference: the GTIN by its domain; any other number is kept aside."""
    domain, value = (element.get("domain") or "").strip(), (element.get("identifier") or "").strip()
    if "gtin" in found or not value or domain.upper() not in GTIN_DOMAINS:
        reading.keep(element, path)
        return
    _gtin(reading, reading.located(value, element, "identifier"), found)
    for child in element:
        reading.keep(child, f"{path}IdReference/")


def _ean(reading: Reading, element: Element, found: Found, path: str) -> None:
    value = reading.text(element)
    if "gtin" in found:
        reading.keep(element, path)
    elif value is not None:
        _gtin(reading, value, found)


def unit_of_measure(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The unit, and its Rec 20 code where it is one."""
    value = element.text
    if value and not (reading.locates or "unit" in found or len(element) or element.items()):
        if value := value.strip():
            found["unit"] = value
    else:
        reading.plain("unit", element, found, path)
    if (code := found.get("unit")) in REC_20:
        found["unit_code"] = code


def description(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The first Description that says something; its ShortName, and further Descriptions, are kept aside."""
    words, children = (element.text or "").strip(), element[:] if len(element) else []
    if children:
        words = " ".join(part for part in (words, *((child.tail or "").strip() for child in children)) if part)
    if "description" in found or not words:
        reading.keep(element, path)
        return
    found["description"] = reading.located(words, element) if reading.locates else words
    if element.keys() != _LANGUAGE_ALONE:
        reading.keep_attributes(element, element.items(), f"{path}Description/")
    for child in children:
        reading.keep(child, f"{path}Description/")


_LANGUAGE_ALONE = [XML_LANG]


def _classification(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Kept aside. The DTD demands one: who has none writes an empty one, which needs no further look."""
    if element.text is not None or len(element) or any(element.values()):
        reading.keep(element, path)


def _due(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@confirmationDueDate, which is the order's once the earliest is known."""
    found["due"] = reading.day(value)
    reading.says_dues = True


def _return(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@isReturn: the DTD has yes and nothing else, and senders write what they like; only a no says no."""
    reading.keep_attribute(element, path, "isReturn", value)
    if value.lower() not in _NO:
        reading.hold("unsupported_document", "the line is a return, not an order of goods", element)


def _return_number(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    reading.keep_attribute(element, path, "returnAuthorizationNumber", value)
    reading.hold("unsupported_document", f"the line has the number of a return, {value[:200]}", element)


def _delivery_completed(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@isDeliveryCompleted: no more deliveries are expected, whatever the quantity says."""
    reading.keep_attribute(element, path, "isDeliveryCompleted", value)
    if value.lower() not in _NO:
        reading.hold(
            "unsupported_document", "the line is marked as delivered in full: nothing more is expected", element
        )


def _category(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@itemCategory: what isn't bought by the piece for the place of delivery, and paid for when it ships."""
    reading.keep_attribute(element, path, "itemCategory", value)
    if value.lower() in _NOT_SOLD:
        reading.hold("unsupported_document", f"the line's category is {value}", element)


def _special(name: str) -> AttributeStep:
    """An attribute that only a line of another kind of business has."""

    def step(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
        reading.keep_attribute(element, path, name, value)
        reading.hold("unsupported_document", f"the line's {name} is {value[:200]}", element)

    return step


def _item_type(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    reading.keep_attribute(element, path, "itemType", value)
    if value == "composite":
        reading.composites.append(element)
    elif value == "item" and not (element.get("parentLineNumber") or "").strip():
        reading.parts_of.setdefault("", element)


def _operation(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    reading.keep_attribute(element, path, "operation", value)
    if value != "delete":
        reading.hold("unsupported_document", f"the line's operation is {value}", element)


def _parent(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    reading.keep_attribute(element, path, "parentLineNumber", value)
    reading.parts_of.setdefault(_whole(value), element)


def _composite_type(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """itemLevel: what the group consists of is ordered and priced, line by line; the line itself is their heading."""
    reading.keep_attribute(element, path, "compositeItemType", value)
    if value == "itemLevel":
        reading.headings.append(element)


def _agreement(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    found["agreement"] = value
    reading.says_agreements = True


_AGREEMENT = Through(Table({}, {"agreementID": _agreement}))
_DETAIL: dict[Any, Step | str | Through | Part] = {
    "UnitPrice": unit_price,
    "Description": description,
    "UnitOfMeasure": unit_of_measure,
    "PriceBasisQuantity": price_basis,
    "Classification": _classification,
    "ItemDetailIndustry": Through(Table({"ItemDetailRetail": Through(Table({"EANID": _ean}))})),
    "Extrinsic": extrinsic,
}
_ITEM_DETAIL = Table(_DETAIL)
_BLANKET_ITEM_DETAIL = Table({**_DETAIL, **CEILINGS})
ITEM_ID = Table({"SupplierPartID": "seller_item", "BuyerPartID": "buyer_item", "IdReference": _id_reference})


def _schedule_line(reading: Reading, element: Element, found: Found, path: str) -> None:
    """A part of the line's quantity with its own delivery, in the line's unit."""
    part = reading.group(element, _SCHEDULE_LINE, f"{path}ScheduleLine/")
    unit = part.pop("unit", None)
    if unit is not None and unit != found.get("unit") and isinstance(part.get("quantity"), Decimal):
        expected = f"a quantity in the line's unit {found.get('unit') or '(none)'}"
        wrong = Unreadable(f"{part['quantity']:f} {unit}", "bad_value", expected)
        part["quantity"] = reading.as_read(wrong, str(part["quantity"]))
    if (elsewhere := part.pop("ship_to", None)) is not None:
        reading.add("schedule_places", (elsewhere, element), element, found)
    reading.add("schedule", part, element, found)


def _schedule_type(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@type and ScheduleLineReleaseInfo/@commitmentCode: what is forecast isn't ordered yet."""
    name = "type" if element.tag == "ScheduleLine" else "commitmentCode"
    reading.keep_attribute(element, path, name, value)
    if value.lower() in ("forecast", "tradeoff"):
        detail = f"a part of the line's quantity is {value}, which is not ordered yet"
        reading.hold("unsupported_document", detail, element)


_SCHEDULE_LINE = Table(
    {
        "UnitOfMeasure": "unit",
        "ShipTo": place("ship_to"),
        "ScheduleLineReleaseInfo": Through(Table({}, {"commitmentCode": _schedule_type})),
    },
    {
        "quantity": Number("quantity"),
        "requestedDeliveryDate": requested_day,
        "lineNumber": lost,
        "type": _schedule_type,
    },
)


def _forecast(reading: Reading, element: Element, found: Found, path: str) -> None:
    """ReleaseInfo: of a scheduling agreement, whose quantities are cumulative."""
    reading.keep(element, path)
    reading.hold("unsupported_document", "the line releases a scheduling agreement (ReleaseInfo)", element)


ITEM_OUT = Table(
    {
        "ItemID": Through(ITEM_ID),
        "ItemDetail": Through(_ITEM_DETAIL),
        "BlanketItemDetail": Through(_BLANKET_ITEM_DETAIL),
        "ShipTo": place("ship_to"),
        "Shipping": shipping,
        "Comments": comments,
        "ScheduleLine": _schedule_line,
        "ReleaseInfo": _forecast,
        "MasterAgreementReference": _AGREEMENT,
        "MasterAgreementIDInfo": _AGREEMENT,
        "Extrinsic": extrinsic,
    },
    {
        "quantity": Number("quantity"),
        "lineNumber": "line_number",
        "requestedDeliveryDate": requested_day,
        "confirmationDueDate": _due,
        "isReturn": _return,
        "operation": _operation,
        "parentLineNumber": _parent,
        "compositeItemType": _composite_type,
        "itemType": _item_type,
        "returnAuthorizationNumber": _return_number,
        "isDeliveryCompleted": _delivery_completed,
        "itemCategory": _category,
        "subcontractingType": _special("subcontractingType"),
        "stockTransferType": _special("stockTransferType"),
    },
)


def item_out(reading: Reading, element: Element, found: Found, path: str) -> None:
    """One ItemOut; what it keeps aside is its own, under names that start at the line. One that is to be deleted is
    none of the order's lines any more: it is kept aside whole."""
    if (element.get("operation") or "").strip() == "delete":
        reading.keep(element, path)
        return
    of_order, reading.kept = reading.kept, []
    line: Found = reading.open(element) if reading.locates else {}
    reading.into(line, element, ITEM_OUT, "")
    if "price_basis" in line:
        settle_price(reading, line)
    is_blanket = found.get("order_type") == "blanket"
    if is_blanket or "max_quantity" in line or "max_amount_element" in line:
        settle_ceilings(reading, line, is_blanket, element)
    if "schedule" in line:
        _settle_schedule_places(reading, line, found.get("ship_to"))
        _settle_schedule(line)
    if reading.kept:
        line["extensions"] = reading.kept
    reading.kept = of_order
    if "lines" not in found:
        found["lines"] = []
    lines = found["lines"]
    lines.append(line)
    if "line_number" not in line:
        line["line_number"] = reading.located(str(len(lines)), element)


def settle_agreements(reading: Reading, root: Element, found: Found) -> None:
    """The agreement that every line names is the order's contract, where its header names none. A release that draws
    on several is for a person; otherwise what differs from the contract is kept aside with its line."""
    if not reading.says_agreements:
        return
    lines = found.get("lines", ())
    named = [line.get("agreement") for line in lines]
    if not any(named):
        return
    contract = found.get("contract")
    if contract is None and len(set(named)) == 1:
        contract = found["contract"] = named[0]
    elif found.get("order_type") == "release" and {contract} != set(named) - ({None} if contract else set()):
        several = ", ".join(sorted({str(one)[:100] for one in (contract, *named) if one}))
        detail = f"the release draws on several agreements, or some of its lines on none: {several}"
        reading.hold("unsupported_document", detail, root)
    for line in lines:
        agreement = line.pop("agreement", None)
        if agreement is not None and agreement != contract:
            name = "MasterAgreementReference/@agreementID"
            line.setdefault("extensions", []).append({"name": name, "value": str(agreement)})


def settle_groups(reading: Reading, found: Found) -> None:
    """A group and its parts are not both delivered. Where the parts are what is ordered, the heading is none of the
    lines and is kept aside whole; where that isn't said, a person decides. Line numbers are whole numbers here: a part
    of line 1 is one of line 001."""
    headings = {_whole(_number_of(one)): one for one in reading.headings}
    numbers = Counter(_whole(line["line_number"]) for line in found["lines"])
    for group, part in reading.parts_of.items():
        if numbers[group] > 1 or (group in numbers and group not in headings):
            detail = f"line {group} and its part, line {_number_of(part) or '?'}, are both lines of the order"
            reading.hold("unsupported_document", f"{detail}; which of them is to be delivered isn't said", part)
    _hold_unclear_groups(reading, headings, numbers)
    gone = headings.keys() & reading.parts_of.keys()
    if gone:
        found["lines"] = [line for line in found["lines"] if _whole(line["line_number"]) not in gone]
        for group in sorted(gone):
            reading.keep(headings[group], "")


def _hold_unclear_groups(reading: Reading, headings: Mapping[str, Element], numbers: Mapping[str, int]) -> None:
    """A heading of nothing; and a group without parts beside a part without its group, which may belong together."""
    for group, heading in headings.items():
        if group not in reading.parts_of:
            detail = f"line {group or '?'} is the heading of a group whose parts aren't there"
            reading.hold("unsupported_document", detail, heading)
            return
    alone = [one for one in reading.composites if _whole(_number_of(one)) not in reading.parts_of]
    strays = [part for group, part in reading.parts_of.items() if group not in numbers]
    if alone and strays:
        detail = f"line {_number_of(alone[0]) or '?'} is a group whose parts aren't there, line {{}} a part of none"
        reading.hold("unsupported_document", detail.format(_number_of(strays[0]) or "?"), strays[0])


def _number_of(element: Element) -> str:
    return (element.get("lineNumber") or "").strip()


def _whole(number: str) -> str:
    """The DTD's uint, zeros in front or not."""
    return number.lstrip("0") or number[-1:]


def _settle_schedule_places(reading: Reading, line: Found, of_order: Any) -> None:
    """A ScheduleLine's ShipTo is where all of the line goes, or a person decides: a line has one place, its own or the
    order's."""
    places = line.pop("schedule_places", ())
    if places and len(places) == len(line["schedule"]):
        line.setdefault("ship_to", places[0][0])
    known = line.get("ship_to", of_order)
    for elsewhere, part in places:
        if not is_same_place(elsewhere, known):
            detail = "a part of the line is to be delivered to another place than the rest of it"
            reading.hold("unsupported_document", detail, part)
        elif elsewhere != known:
            for child in part.iterchildren("ShipTo"):
                reading.keep(child, "ScheduleLine/")


def _settle_schedule(line: Found) -> None:
    """A schedule of one part that is the whole line is no schedule: its window is the line's."""
    schedule = line["schedule"]
    if len(schedule) > 1 or schedule[0].get("quantity") != line.get("quantity"):
        return
    period = schedule[0].get("requested_delivery")
    if period is None or "requested_delivery" not in line or period == line["requested_delivery"]:
        del line["schedule"]
        if period is not None:
            line["requested_delivery"] = period


# --- writing ----------------------------------------------------------------------------------------------------
def item_out_text(line: OrderLine, currency: str | None, respond_by: str | None) -> str:
    """An ItemOut in the DTD's order."""
    named = attribute("quantity", f"{line.quantity:f}") + attribute("lineNumber", line.line_number)
    named += attribute("requestedDeliveryDate", day_text(line.requested_delivery))
    named += attribute("confirmationDueDate", respond_by)
    return (
        f"<ItemOut{named}>{item_id_text(line.seller_item, line.buyer_item, line.gtin)}{_detail_text(line, currency)}"
        + place_text("ShipTo", line.ship_to)
        + shipping_text(line.charges, currency)
        + comments_text(line.note)
        + "".join(_schedule_text(part, line.unit) for part in line.schedule)
        + "</ItemOut>"
    )


def item_id_text(seller_item: str | None, buyer_item: str | None, gtin: str | None) -> str:
    """An ItemID; cXML demands the supplier's number, so an unknown one is empty."""
    reference = "" if gtin is None else f'<IdReference{attribute("identifier", gtin)} domain="GTIN"/>'
    number = f"<SupplierPartID>{escaped(seller_item or '')}</SupplierPartID>"
    return f"<ItemID>{number}{element('BuyerPartID', buyer_item)}{reference}</ItemID>"


def _detail_text(line: OrderLine, currency: str | None) -> str:
    return (
        f"<ItemDetail>{unit_price_text(line.price, currency)}"
        f'<Description xml:lang="{LANGUAGE}">{escaped(line.description or "")}</Description>'
        f"<UnitOfMeasure>{escaped(line.unit or '')}</UnitOfMeasure>"
        f"{price_basis_text(line)}"
        f'<Classification domain=""></Classification>{extrinsics_text(line.extensions)}</ItemDetail>'
    )


def _schedule_text(part: ScheduleLine, unit: str | None) -> str:
    named = attribute("quantity", f"{part.quantity:f}")
    named += attribute("requestedDeliveryDate", day_text(part.requested_delivery) or "")
    return f"<ScheduleLine{named}><UnitOfMeasure>{escaped(unit or '')}</UnitOfMeasure></ScheduleLine>"


def day_text(period: Period | None) -> str | None:
    """The one day that cXML has where the canonical order has a window: its last."""
    day = None if period is None else period.end or period.start
    return None if day is None else day.isoformat()
