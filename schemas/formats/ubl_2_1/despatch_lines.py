"""A despatch advice's lines, read and written: the order line, the item, its lot and serial numbers, and what is still
to come.

The quantity is in the line's unit. Where that isn't the base unit, what it is in the base unit stands among the item's
properties, and beside it the ordered unit where what shipped is not whole in that.
"""

from __future__ import annotations

from decimal import Decimal

from schemas.documents.despatch_advice import DespatchLine
from schemas.documents.validation import Unreadable
from schemas.formats.ubl_2_1.handling_units import WrittenUnits, handling_unit
from schemas.formats.ubl_2_1.names import cac, cbc
from schemas.formats.ubl_2_1.order_lines import ITEM, item_text
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import day, quantity, texts, through
from schemas.formats.ubl_2_1.text import element, escaped, group, measured
from schemas.formats.xml import Element

BASE_QUANTITY = "Base quantity"
ORDERED_UNIT = "Ordered unit"
"""Names of item properties: what the line is in the base unit, and the unit that was ordered with what each holds."""
BUYER_LINE_REFERENCE = "Buyer line reference"
"""The type of a document reference: UBL's despatch line has no line reference."""


# --- reading ----------------------------------------------------------------------------------------------------
def _property(reading: Reading, element: Element, found: Found, path: str) -> None:
    """AdditionalItemProperty: our own two are read, any other is not."""
    said = reading.group(element, _PROPERTY, f"{path}cac:AdditionalItemProperty/")
    name = said.get("name")
    if name == BASE_QUANTITY:
        wanted = {"base_quantity": "amount", "base_unit": "unit"}
    elif name == ORDERED_UNIT:
        wanted = {"ordered_unit": "value", "base_per_ordered_unit": "amount"}
    else:
        return
    if any(field in found for field in wanted):
        reading.second(element)
    else:
        found.update({field: said[known] for field, known in wanted.items() if known in said})


def _instance(reading: Reading, element: Element, found: Found, path: str) -> None:
    """ItemInstance: one for each serial number. A line is of one lot, so that another one is a fault."""
    said = reading.group(element, _INSTANCE, f"{path}cac:ItemInstance/")
    if "serial" in said:
        reading.add("serials", said["serial"], element, found)
    for field in ("lot", "expiry", "best_before"):
        if field in said and found.setdefault(field, said[field]) != said[field]:
            reading.second(element)
            return


def _document_reference(reading: Reading, element: Element, found: Found, path: str) -> None:
    said = reading.group(element, _DOCUMENT, f"{path}cac:DocumentReference/")
    if said.get("type") == BUYER_LINE_REFERENCE and "number" in said:
        if "buyer_line_reference" in found:
            reading.second(element)
        else:
            found["buyer_line_reference"] = said["number"]


def _order_line_reference(reading: Reading, element: Element, found: Found, path: str) -> None:
    """OrderLineReference: UBL has several, a canonical line is of one order line."""
    if "order_line_number" in found or "order_number" in found:
        reading.second(element)
    else:
        reading.into(found, element, _ORDER_LINE, f"{path}cac:OrderLineReference/")


def _shipment(reading: Reading, element: Element, found: Found, path: str) -> None:
    """A line's Shipment, of which UBL has several: all that counts in them is their handling units."""
    reading.into(found, element, _SHIPMENT, f"{path}cac:Shipment/")


def _without(table: Table, *tags: str) -> Table:
    return {tag: step for tag, step in table.items() if tag not in tags}


_PROPERTY: Table = {
    cbc("Name"): "name",
    cbc("Value"): "value",
    cbc("ValueQuantity"): quantity("amount", "unit"),
}
_INSTANCE: Table = {
    cbc("BestBeforeDate"): day("best_before"),
    cbc("SerialID"): "serial",
    cac("LotIdentification"): through(
        "cac:LotIdentification", {cbc("LotNumberID"): "lot", cbc("ExpiryDate"): day("expiry")}
    ),
}
_DOCUMENT: Table = {cbc("ID"): "number", cbc("DocumentType"): "type"}
_ORDER_LINE: Table = {
    cbc("LineID"): "order_line_number",
    cac("OrderReference"): through("cac:OrderReference", {cbc("ID"): "order_number"}),
}
_ITEM: Table = {
    **_without(ITEM, cbc("PackSizeNumeric")),
    cac("AdditionalItemProperty"): _property,
    cac("ItemInstance"): _instance,
}
_SHIPMENT: Table = {cac("TransportHandlingUnit"): handling_unit("units")}
_LINE: Table = {
    cbc("ID"): "line_number",
    cbc("DeliveredQuantity"): quantity("quantity", "unit"),
    cbc("BackorderQuantity"): quantity("backorder", "backorder_unit"),
    cbc("BackorderReason"): texts("backorder_reason"),
    cbc("OutstandingQuantity"): quantity("outstanding", "outstanding_unit"),
    cbc("OutstandingReason"): texts("outstanding_reason"),
    cac("OrderLineReference"): _order_line_reference,
    cac("DocumentReference"): _document_reference,
    cac("Item"): through("cac:Item", _ITEM),
    cac("Shipment"): _shipment,
}


def despatch_line(reading: Reading, element: Element, found: Found, path: str) -> None:
    """One DespatchLine. The handling units it is in stay beside its fields, in `units`."""
    of_document, reading.kept = reading.kept, []
    line = reading.open(element)
    reading.into(line, element, _LINE, "")
    reading.kept = of_document
    _settle_description(line)
    _settle_expiry(line)
    _settle_outstanding(reading, line)
    _settle_base(line)
    found.setdefault("lines", []).append(line)


def _settle_description(line: Found) -> None:
    """Item/Name, or without one the first Description."""
    described = line.pop("item_texts", ())
    if described:
        line.setdefault("description", described[0])


def _settle_expiry(line: Found) -> None:
    """The lot's expiry, or without one the day that it is best before."""
    best_before = line.pop("best_before", None)
    if best_before is not None:
        line.setdefault("expiry", best_before)


def _settle_outstanding(reading: Reading, line: Found) -> None:
    """What is outstanding, or on back order in documents of UBL 2.0; in the line's unit."""
    backorder = {field: line.pop(f"backorder{field}", None) for field in ("", "_unit", "_unit_code", "_reason")}
    if "outstanding" not in line:
        line.update({f"outstanding{field}": value for field, value in backorder.items() if value is not None})
    line.pop("outstanding_unit_code", None)
    unit, line_unit, amount = line.pop("outstanding_unit", None), line.get("unit"), line.get("outstanding")
    if unit is not None and unit != line_unit and isinstance(amount, Decimal):
        expected = f"a quantity in the line's unit {line_unit or '(none)'}"
        line["outstanding"] = reading.refused(amount, Unreadable(f"{amount:f} {unit}", "bad_value", expected))


def _settle_base(line: Found) -> None:
    """Without a word about the base unit, it is the line's."""
    if "base_quantity" in line or "base_unit" in line:
        return
    for field, of_line in (("base_quantity", "quantity"), ("base_unit", "unit")):
        if of_line in line:
            line[field] = line[of_line]


# --- writing ----------------------------------------------------------------------------------------------------
def despatch_line_text(line: DespatchLine, units: WrittenUnits, *, peppol: bool) -> str:
    """A DespatchLine in the schema's order."""
    unit = _unit(line, peppol=peppol)
    reference = f"<cbc:LineID>{escaped(line.order_line_number)}</cbc:LineID>"
    order = f"<cac:OrderReference><cbc:ID>{escaped(line.order_number)}</cbc:ID></cac:OrderReference>"
    return (
        f"<cac:DespatchLine><cbc:ID>{escaped(line.line_number)}</cbc:ID>"
        + measured("DeliveredQuantity", line.quantity, unit)
        + _outstanding_text(line, unit, peppol=peppol)
        + f"<cac:OrderLineReference>{reference}{order}</cac:OrderLineReference>"
        + _reference_text(line.buyer_line_reference)
        + f"<cac:Item>{_name(line, peppol=peppol)}{item_text(line.buyer_item, line.seller_item, line.gtin)}"
        + _properties_text(line, unit)
        + _instances_text(line)
        + "</cac:Item>"
        + ("" if line.package is None else _shipment_text(units.of(line.package)))
        + "</cac:DespatchLine>"
    )


def _unit(line: DespatchLine, *, peppol: bool) -> str | None:
    """The unit as the account writes it. Peppol takes codes of Rec 20 alone."""
    first, other = (line.unit_code, line.unit) if peppol else (line.unit, line.unit_code)
    return first if first is not None else other


def _outstanding_text(line: DespatchLine, unit: str | None, *, peppol: bool) -> str:
    """Peppol wants a reason beside a quantity (PEPPOL-T16-R007): of nothing that is outstanding there is none."""
    if peppol and not line.outstanding:
        return ""
    return measured("OutstandingQuantity", line.outstanding, unit) + element(
        "OutstandingReason", line.outstanding_reason
    )


def _reference_text(reference: str | None) -> str:
    if reference is None:
        return ""
    return group("DocumentReference", element("ID", reference) + element("DocumentType", BUYER_LINE_REFERENCE))


def _name(line: DespatchLine, *, peppol: bool) -> str:
    """Peppol wants a name for every item (PEPPOL-T16-R004): without a description its number has to do."""
    name = line.description
    if name is None and peppol:
        name = line.buyer_item or line.seller_item or line.gtin or f"Line {line.order_line_number}"
    return element("Name", name)


def _properties_text(line: DespatchLine, unit: str | None) -> str:
    text = ""
    if line.base_unit != unit or line.base_quantity != line.quantity:
        text = _property_text(BASE_QUANTITY, f"{line.base_quantity:f}", line.base_quantity, line.base_unit)
    if line.ordered_unit is not None:
        text += _property_text(ORDERED_UNIT, line.ordered_unit, line.base_per_ordered_unit, line.base_unit)
    return text


def _property_text(name: str, value: str, amount: Decimal | None, unit: str) -> str:
    said = f"<cbc:Name>{name}</cbc:Name><cbc:Value>{escaped(value)}</cbc:Value>"
    return f"<cac:AdditionalItemProperty>{said}{measured('ValueQuantity', amount, unit)}</cac:AdditionalItemProperty>"


def _instances_text(line: DespatchLine) -> str:
    """The lot stands with the first serial number; further ones have an ItemInstance each."""
    expiry = None if line.expiry is None else line.expiry.isoformat()
    lot = group("LotIdentification", element("LotNumberID", line.lot) + element("ExpiryDate", expiry))
    first, *others = line.serials or (None,)
    return group("ItemInstance", element("SerialID", first) + lot) + "".join(
        [f"<cac:ItemInstance><cbc:SerialID>{escaped(one)}</cbc:SerialID></cac:ItemInstance>" for one in others if one]
    )


def _shipment_text(unit: str) -> str:
    """UBL demands a number of the line's shipment, where Peppol has NA."""
    return f"<cac:Shipment><cbc:ID>NA</cbc:ID>{unit}</cac:Shipment>"
