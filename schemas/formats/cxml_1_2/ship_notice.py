"""A despatch advice as a cXML ShipNoticeRequest, written and read: a ShipNoticePortion for each order, its items flat,
each with what it is packed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from schemas.documents.common import Period
from schemas.documents.despatch_advice import Carrier, DespatchAdvice, DespatchedOrder, DespatchLine
from schemas.documents.validation import Unreadable
from schemas.formats.cxml_1_2.envelope import Envelope, request_text
from schemas.formats.cxml_1_2.order_lines import ITEM_ID, description, item_id_text, unit_of_measure
from schemas.formats.cxml_1_2.packaging import ReadPackages, WrittenPackaging, packaging
from schemas.formats.cxml_1_2.parties import credentials, header_parts, party_contact, party_contact_text
from schemas.formats.cxml_1_2.reading import Found, Number, Reading, Step, Table, Through
from schemas.formats.cxml_1_2.steps import comments, comments_text
from schemas.formats.cxml_1_2.text import LANGUAGE, attribute, element, escaped, instant, noon
from schemas.formats.xml import Element

SCAC, COMPANY = "SCAC", "companyName"
SHIPMENT_NUMBER = "shipmentNumber"
_TEXTS = {"buyerLineReference": "buyer_line_reference", "baseUnit": "base_unit", "orderedUnit": "ordered_unit"}
_AMOUNTS = {
    "baseQuantity": "base_quantity",
    "basePerOrderedUnit": "base_per_ordered_unit",
    "outstandingQuantity": "outstanding",
}
"""Extrinsics of an item, for what cXML has no element for, and their fields."""


# --- reading ----------------------------------------------------------------------------------------------------
def _notice_date(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    when = reading.moment(value)
    if isinstance(when, Unreadable):
        found["issue_date"] = reading.as_read(when, value)
        return
    found["issue_date"] = reading.as_read(when.day, value)
    if when.at is not None and not _is_noon(when.at):
        found["issued_at"] = reading.as_read(when.at, value)


def _shipment_date(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@shipmentDate: a moment. A day alone, as of any local time, is none."""
    when = reading.moment(value)
    if isinstance(when, Unreadable):
        found["despatched_at"] = reading.as_read(when, value)
    elif when.at is not None:
        found["despatched_at"] = reading.as_read(when.at, value)


def _delivery_date(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@deliveryDate: a day, until a time of it where one is written. Noon UTC is how a day alone is written."""
    when = reading.moment(value)
    period = found["estimated_delivery"] = reading.open(element)
    if isinstance(when, Unreadable):
        period["end"] = reading.as_read(when, value)
        return
    period["start"] = period["end"] = reading.as_read(when.day, value)
    if when.at is not None and when.says_time and not _is_noon(when.at):
        period["end_time"] = reading.as_read(when.at.timetz(), value)


def _is_noon(at: datetime) -> bool:
    return noon(at.date()) == at.isoformat()


def _extrinsic(texts: Mapping[str, str], amounts: Mapping[str, str]) -> Step:
    """An Extrinsic of ours, by its name."""

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        name = (element.get("name") or "").strip()
        field = texts.get(name) or amounts.get(name)
        if field is None:
            reading.keep(element, path)
        elif field in found:
            reading.second(element)
        elif (value := reading.text(element)) is not None:
            found[field] = reading.number(value) if name in amounts else value

    return step


def _carrier(reading: Reading, element: Element, found: Found, path: str) -> None:
    """CarrierIdentifier: its SCAC, or its name in any other domain. The first of each is taken."""
    field = "code" if (element.get("domain") or "").strip().upper() == SCAC else "name"
    value = reading.text(element)
    if value is not None:
        carrier = found.setdefault("carrier", reading.open(element))
        carrier.setdefault(field, value)


def _shipment(reading: Reading, element: Element, found: Found, path: str) -> None:
    value = reading.text(element)
    if value is not None and "tracking" not in found:
        found["tracking"] = value


def _order_date(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    found["issue_date"] = reading.day(value)


def _expiry(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    found["expiry"] = reading.day(value)


def _batch(reading: Reading, element: Element, found: Found, path: str) -> None:
    """A line is of one lot, so that another Batch is a fault."""
    if "batch" in found:
        reading.second(element)
        return
    found["batch"] = True
    reading.into(found, element, _BATCH, f"{path}Batch/")


def _lot(reading: Reading, element: Element, found: Found, path: str) -> None:
    value = reading.text(element)
    if value is not None and found.setdefault("lot", value) != value:
        reading.second(element)


def _asset(reading: Reading, element: Element, found: Found, path: str) -> None:
    serial = (element.get("serialNumber") or "").strip()
    if serial:
        reading.add("serials", reading.located(serial, element, "serialNumber"), element, found)


def _comments(reading: Reading, element: Element, found: Found, path: str) -> None:
    comments(reading, element, found, path)
    if "note" in found:
        found["outstanding_reason"] = found.pop("note")


_BATCH = Table({"SupplierBatchID": _lot}, {"expirationDate": _expiry})
_ITEM = Table(
    {
        "ItemID": Through(ITEM_ID),
        "ShipNoticeItemDetail": Through(Table({"Description": description})),
        "UnitOfMeasure": unit_of_measure,
        "Packaging": packaging,
        "Batch": _batch,
        "SupplierBatchID": _lot,
        "AssetInfo": _asset,
        "Comments": _comments,
        "Extrinsic": _extrinsic(_TEXTS, _AMOUNTS),
    },
    {"quantity": Number("quantity"), "lineNumber": "order_line_number", "shipNoticeLineNumber": "line_number"},
)
_AGREEMENT = Table({}, {"agreementID": "contract"})
_ORDER = Table({}, {"orderID": "order_number", "orderDate": _order_date})


def _item(reading: Reading, element: Element, found: Found, path: str) -> None:
    of_document, reading.kept = reading.kept, []
    line = reading.group(element, _ITEM, "")
    reading.kept = of_document
    line.pop("batch", None)
    found.setdefault("items", []).append(line)


def _portion(reading: Reading, element: Element, found: Found, path: str) -> None:
    """One order's items. Those of an order that stands in several portions are its items all the same."""
    order = reading.open(element)
    reading.into(order, element, _PORTION, f"{path}ShipNoticePortion/")
    lines, orders = found.setdefault("lines", []), found.setdefault("orders", {})
    number = order.get("order_number")
    for line in order.pop("items", ()):
        lines.append(line)
        line.setdefault("line_number", reading.located(str(len(lines)), element))
        if number is not None:
            line["order_number"] = number
    orders.setdefault(number, order)


_PORTION = Table(
    {
        "OrderReference": Through(_ORDER),
        "MasterAgreementReference": Through(_AGREEMENT),
        "MasterAgreementIDInfo": Through(_AGREEMENT),
        "ShipNoticeItem": _item,
    }
)
_ROLES = {"shipFrom": "ship_from", "shipTo": "ship_to"}
_HEADER = Table(
    {
        "Contact": party_contact(_ROLES),
        "Comments": comments,
        "Extrinsic": _extrinsic({SHIPMENT_NUMBER: "shipment_number"}, {}),
    },
    {
        "shipmentID": "number",
        "noticeDate": _notice_date,
        "shipmentDate": _shipment_date,
        "deliveryDate": _delivery_date,
    },
)
_CONTROL = Table({"CarrierIdentifier": _carrier, "ShipmentIdentifier": _shipment})
_SHIP_NOTICE_REQUEST = Table(
    {"ShipNoticeHeader": Through(_HEADER), "ShipControl": Through(_CONTROL), "ShipNoticePortion": _portion}
)


def read_ship_notice(reading: Reading, root: Element) -> Found:
    """The advice's fields as they are validated. What it says beyond them is not kept: an advice is our own. `root` is
    a ShipNoticeRequest."""
    found = reading.group(root, _SHIP_NOTICE_REQUEST, "")
    found["orders"] = list(found.get("orders", {}).values())
    packages = ReadPackages()
    for line in found.setdefault("lines", []):
        package = packages.of(line.pop("units", ()))
        if package is not None:
            line["package"] = package
        _settle_base(line)
    found["packages"] = packages.listed()
    if "number" in found:
        found.setdefault("shipment_number", found["number"])
    parts = header_parts(root)
    for field, name in (("seller", "From"), ("buyer", "To")):
        if name in parts and (party := credentials(reading, parts[name])):
            found[field] = party
    request = root.getparent()
    if request is not None and (request.get("deploymentMode") or "").strip().lower() == "test":
        found["test"] = True
    return found


def _settle_base(line: Found) -> None:
    """Without a word about the base unit, it is the line's."""
    if "base_quantity" in line or "base_unit" in line:
        return
    for field, of_line in (("base_quantity", "quantity"), ("base_unit", "unit")):
        if of_line in line:
            line[field] = line[of_line]


# --- writing ----------------------------------------------------------------------------------------------------
def render_ship_notice(advice: DespatchAdvice, envelope: Envelope | None = None) -> bytes:
    """The advice as a ShipNoticeRequest. Without an envelope it names itself and its orders by their numbers."""
    known = envelope or Envelope.of(advice.seller, advice.buyer, advice.number, advice.test, _notice_date_text(advice))
    if advice.test and not known.test:
        known = replace(known, test=True)
    inner = _header_text(advice) + _control_text(advice.carrier, advice.tracking) + _portions_text(advice, known)
    return request_text("Fulfill", known, f"<ShipNoticeRequest>{inner}</ShipNoticeRequest>")


def _notice_date_text(advice: DespatchAdvice) -> str:
    at = advice.issued_at
    return instant(at) if at is not None and at.tzinfo is not None else noon(advice.issue_date)


def _header_text(advice: DespatchAdvice) -> str:
    left = advice.despatched_at
    named = attribute("shipmentID", advice.number) + attribute("noticeDate", _notice_date_text(advice))
    if left is not None and left.tzinfo is not None:
        named += attribute("shipmentDate", instant(left))
    named += attribute("deliveryDate", _delivery_date_text(advice.estimated_delivery)) + ' shipmentType="actual"'
    named += attribute("fulfillmentType", _fulfillment(advice))
    parties = party_contact_text("shipFrom", advice.ship_from) + party_contact_text("shipTo", advice.ship_to)
    number = _extrinsic_text(SHIPMENT_NUMBER, advice.shipment_number)
    return f"<ShipNoticeHeader{named}>{parties}{comments_text(advice.note)}{number}</ShipNoticeHeader>"


def _delivery_date_text(period: Period | None) -> str | None:
    """The end of the period, or its start where it has none."""
    day = None if period is None else period.end or period.start
    if period is None or day is None:
        return None
    clock = period.end_time
    is_moment = period.end is not None and clock is not None and clock.tzinfo is not None
    return f"{day.isoformat()}T{clock.isoformat()}" if is_moment and clock is not None else noon(day)


def _fulfillment(advice: DespatchAdvice) -> str | None:
    """Whether something is still to come, as far as that is known."""
    said = [line.outstanding for line in advice.lines if line.outstanding is not None]
    return ("partial" if any(said) else "complete") if said else None


def _control_text(carrier: Carrier | None, tracking: str | None) -> str:
    """cXML demands the carrier and its number of the shipment: what isn't known is empty."""
    code = None if carrier is None else carrier.code
    name = None if carrier is None else carrier.name
    if code is None and name is None and tracking is None:
        return ""
    known = _carrier_text(SCAC, code) + _carrier_text(COMPANY, name) or _carrier_text(COMPANY, "")
    return f"<ShipControl>{known}<ShipmentIdentifier>{escaped(tracking or '')}</ShipmentIdentifier></ShipControl>"


def _carrier_text(domain: str, value: str | None) -> str:
    return "" if value is None else f'<CarrierIdentifier domain="{domain}">{escaped(value)}</CarrierIdentifier>'


def _portions_text(advice: DespatchAdvice, envelope: Envelope) -> str:
    """A portion for each order, in the orders' own order; then those that only lines name."""
    packed = WrittenPackaging(advice.packages)
    orders = {one.order_number: one for one in reversed(advice.orders)}
    items: dict[str, list[str]] = {one.order_number: [] for one in advice.orders}
    for line in advice.lines:
        items.setdefault(line.order_number, []).append(_item_text(line, packed))
    portions = []
    for name, of_order in items.items():
        order = _order_text(name, orders.get(name), envelope)
        portions.append(f"<ShipNoticePortion>{order}{''.join(of_order)}</ShipNoticePortion>")
    return "".join(portions)


def _order_text(number: str, order: DespatchedOrder | None, envelope: Envelope) -> str:
    issued = order.issue_date.isoformat() if order is not None and order.issue_date is not None else None
    named = attribute("orderID", number) + attribute("orderDate", issued)
    payload_id = envelope.order_payload_ids.get(number, number)
    contract = "" if order is None or order.contract is None else _contract_text(order.contract)
    return f"<OrderReference{named}>{_document_reference(payload_id)}</OrderReference>{contract}"


def _contract_text(contract: str) -> str:
    named = attribute("agreementID", contract)
    return f"<MasterAgreementReference{named}>{_document_reference(contract)}</MasterAgreementReference>"


def _document_reference(payload_id: str) -> str:
    return f"<DocumentReference{attribute('payloadID', payload_id)}/>"


def _item_text(line: DespatchLine, packed: WrittenPackaging) -> str:
    """A ShipNoticeItem in the DTD's order. cXML demands a unit: one that isn't known is empty."""
    unit = line.unit if line.unit is not None else line.unit_code
    named = f' quantity="{line.quantity:f}"' + attribute("lineNumber", line.order_line_number)
    return (
        f"<ShipNoticeItem{named}{attribute('shipNoticeLineNumber', line.line_number)}>"
        + item_id_text(line.seller_item, line.buyer_item, line.gtin)
        + _detail_text(line.description)
        + f"<UnitOfMeasure>{escaped(unit or '')}</UnitOfMeasure>"
        + ("" if line.package is None else packed.of(line.package))
        + _batch_text(line)
        + "".join([f"<AssetInfo{attribute('serialNumber', one)}/>" for one in line.serials])
        + comments_text(line.outstanding_reason)
        + _extrinsics_text(line, unit)
        + "</ShipNoticeItem>"
    )


def _detail_text(said: str | None) -> str:
    if said is None:
        return ""
    words = f'<Description xml:lang="{LANGUAGE}">{escaped(said)}</Description>'
    return f"<ShipNoticeItemDetail>{words}</ShipNoticeItemDetail>"


def _batch_text(line: DespatchLine) -> str:
    if line.lot is None and line.expiry is None:
        return ""
    expires = attribute("expirationDate", None if line.expiry is None else noon(line.expiry))
    return f"<Batch{expires}>{element('SupplierBatchID', line.lot)}</Batch>"


def _extrinsics_text(line: DespatchLine, unit: str | None) -> str:
    text = _extrinsic_text("buyerLineReference", line.buyer_line_reference)
    if line.base_unit != unit or line.base_quantity != line.quantity:
        text += _amount_text("baseQuantity", line.base_quantity) + _extrinsic_text("baseUnit", line.base_unit)
    text += _extrinsic_text("orderedUnit", line.ordered_unit)
    text += _amount_text("basePerOrderedUnit", line.base_per_ordered_unit)
    return text + _amount_text("outstandingQuantity", line.outstanding)


def _amount_text(name: str, value: Decimal | None) -> str:
    return "" if value is None else f'<Extrinsic name="{name}">{value:f}</Extrinsic>'


def _extrinsic_text(name: str, value: str | None) -> str:
    return "" if value is None else f'<Extrinsic name="{name}">{escaped(value)}</Extrinsic>'
