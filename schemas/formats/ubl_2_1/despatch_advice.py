"""A UBL DespatchAdvice, read and written: plain, and as Peppol BIS Despatch Advice 3 (T16) has it."""

from __future__ import annotations

from datetime import date, datetime, time

from schemas.documents.common import Party
from schemas.documents.despatch_advice import Carrier, DespatchAdvice, DespatchedOrder
from schemas.documents.known_parties import PartyTexts
from schemas.formats.ubl_2_1.deliveries import PERIOD, period_text
from schemas.formats.ubl_2_1.despatch_lines import despatch_line, despatch_line_text
from schemas.formats.ubl_2_1.despatch_parties import (
    despatching_party_text,
    party_by_name_text,
    receiving_party_text,
    settle_contact,
)
from schemas.formats.ubl_2_1.handling_units import WrittenUnits, handling_unit, package_of
from schemas.formats.ubl_2_1.names import cac, cbc
from schemas.formats.ubl_2_1.parties import ADDRESS, CONTACT, PARTY, party_text
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import clock, day, part, texts, through, within
from schemas.formats.ubl_2_1.text import document, element, escaped, group
from schemas.formats.xml import Element

PEPPOL_DESPATCH_ADVICE = "urn:fdc:peppol.eu:poacc:trns:despatch_advice:3"
PEPPOL_DESPATCHING = "urn:fdc:peppol.eu:poacc:bis:despatch_advice:3"

CONTRACT = "315"
"""UNCL 1001: a contract."""


# --- reading ----------------------------------------------------------------------------------------------------
def _order(reading: Reading, element: Element, found: Found, path: str) -> None:
    order = reading.open(element)
    reading.into(order, element, _ORDER_REFERENCE, f"{path}cac:OrderReference/")
    reading.add("orders", order, element, found)


def _contract(reading: Reading, element: Element, found: Found, path: str) -> None:
    said = reading.group(element, _DOCUMENT, f"{path}cac:DocumentReference/")
    if said.get("type") == CONTRACT and "number" in said and not reading.is_second(element):
        found["contract"] = said["number"]


_DOCUMENT: Table = {cbc("ID"): "number", cbc("DocumentTypeCode"): "type"}
_ORDER_REFERENCE: Table = {
    cbc("ID"): "order_number",
    cbc("IssueDate"): day("issue_date"),
    cac("DocumentReference"): _contract,
}
_CARRIER: Table = {
    cac("PartyIdentification"): within("cac:PartyIdentification", cbc("ID"), "code"),
    cac("PartyName"): within("cac:PartyName", cbc("Name"), "name"),
}
_DESPATCH: Table = {
    cbc("ActualDespatchDate"): day("despatch_date"),
    cbc("ActualDespatchTime"): clock("despatch_time"),
    cac("DespatchAddress"): part("despatch_address", "cac:DespatchAddress", ADDRESS),
}
_DELIVERY: Table = {
    cbc("TrackingID"): "tracking",
    cac("EstimatedDeliveryPeriod"): part("estimated_delivery", "cac:EstimatedDeliveryPeriod", PERIOD),
    cac("Despatch"): through("cac:Despatch", _DESPATCH),
}
_SHIPMENT: Table = {
    cbc("ID"): "shipment_number",
    cac("Consignment"): through(
        "cac:Consignment", {cac("CarrierParty"): part("carrier", "cac:CarrierParty", _CARRIER)}
    ),
    cac("Delivery"): through("cac:Delivery", _DELIVERY),
    cac("TransportHandlingUnit"): handling_unit("units"),
}


def _holder(field: str, name: str, contact: str) -> Table:
    """A CustomerParty or SupplierParty, and the contact that it has beside its party."""
    table: Table = {
        cac("Party"): part(field, "cac:Party", PARTY),
        cac(contact): part(f"{field}_contact", f"cac:{contact}", CONTACT),
    }
    return {cac(name): through(f"cac:{name}", table)}


DESPATCH_ADVICE: Table = {
    cbc("ID"): "number",
    cbc("IssueDate"): day("issue_date"),
    cbc("IssueTime"): "issue_time",
    cbc("Note"): texts("note"),
    cac("OrderReference"): _order,
    **_holder("ship_from", "DespatchSupplierParty", "DespatchContact"),
    **_holder("ship_to", "DeliveryCustomerParty", "DeliveryContact"),
    **_holder("buyer", "BuyerCustomerParty", "BuyerContact"),
    **_holder("seller", "SellerSupplierParty", "SellerContact"),
    cac("Shipment"): through("cac:Shipment", _SHIPMENT),
    cac("DespatchLine"): despatch_line,
}


def read_despatch_advice(reading: Reading, root: Element) -> Found:
    """The advice's fields as they are validated. What it says beyond them is not kept: an advice is our own."""
    found = reading.group(root, DESPATCH_ADVICE, "")
    for field in ("ship_from", "ship_to", "buyer", "seller"):
        settle_contact(found, field)
    _settle_place(found)
    _settle_moments(reading, found)
    _settle_orders(reading, root, found)
    _settle_packages(found)
    if "number" in found:
        found.setdefault("shipment_number", found["number"])
    return found


def _settle_place(found: Found) -> None:
    """The despatch address is where the goods left, wherever the despatching party has its own."""
    address = found.pop("despatch_address", None)
    if address is not None:
        found.setdefault("ship_from", {})["address"] = address


def _settle_moments(reading: Reading, found: Found) -> None:
    """A day and a time with an offset are a moment; one without the other is none."""
    written = found.pop("issue_time", None)
    if written is not None:
        _moment(found, "issued_at", found.get("issue_date"), reading.clock(written))
    _moment(found, "despatched_at", found.pop("despatch_date", None), found.pop("despatch_time", None))


def _moment(found: Found, field: str, day: object, clock: object) -> None:
    if isinstance(day, date) and isinstance(clock, time):
        if clock.tzinfo is not None:
            found[field] = datetime.combine(day, clock)
        return
    wrong = next((one for one in (day, clock) if one is not None and not isinstance(one, (date, time))), None)
    if wrong is not None and field != "issued_at":
        found[field] = wrong


def _settle_orders(reading: Reading, root: Element, found: Found) -> None:
    """Orders of the header, each once, and those that only lines name. A line of an advice of one order is of that."""
    orders = found.setdefault("orders", [])
    only = orders[0].get("order_number") if len(orders) == 1 else None
    named: dict[str | None, Found] = {}
    for one in orders:
        named.setdefault(one.get("order_number"), one)
    for line in found.get("lines", ()):
        if only is not None:
            line.setdefault("order_number", only)
        number = line.get("order_number")
        if number is not None and number not in named:
            named[number] = reading.open(root) | {"order_number": number}
    found["orders"] = list(named.values())


def _settle_packages(found: Found) -> None:
    packages: dict[str, Found] = {}
    package_of(found.pop("units", ()), packages)
    for line in found.setdefault("lines", []):
        package = package_of(line.pop("units", ()), packages)
        if package is not None:
            line["package"] = package
    found["packages"] = list(packages.values())


# --- writing ----------------------------------------------------------------------------------------------------
def render_despatch_advice(advice: DespatchAdvice) -> bytes:
    """The advice as a plain UBL 2.1 DespatchAdvice."""
    units = WrittenUnits(advice.packages, peppol=False)
    return document(
        "DespatchAdvice",
        _header_text(advice)
        + "".join([_order_text(one) for one in advice.orders])
        + _holder_text("DespatchSupplierParty", _said(advice.ship_from, advice.seller), demanded=True)
        + _holder_text("DeliveryCustomerParty", _said(advice.ship_to, advice.buyer), demanded=True)
        + _holder_text("BuyerCustomerParty", advice.buyer)
        + _holder_text("SellerSupplierParty", advice.seller)
        + _shipment_text(advice, units.without_goods(advice.lines))
        + "".join([despatch_line_text(line, units, peppol=False) for line in advice.lines]),
    )


def render_peppol_despatch_advice(advice: DespatchAdvice) -> bytes:
    """The advice as Peppol BIS Despatch Advice 3 has it (T16)."""
    units = WrittenUnits(advice.packages, peppol=True)
    specification = f"<cbc:CustomizationID>{PEPPOL_DESPATCH_ADVICE}</cbc:CustomizationID>"
    return document(
        "DespatchAdvice",
        f"{specification}<cbc:ProfileID>{PEPPOL_DESPATCHING}</cbc:ProfileID>"
        + _header_text(advice)
        + "".join([group("OrderReference", element("ID", one.order_number)) for one in advice.orders])
        + despatching_party_text(advice.ship_from, advice.seller)
        + receiving_party_text(advice.ship_to, advice.buyer)
        + party_by_name_text("BuyerCustomerParty", advice.buyer)
        + party_by_name_text("SellerSupplierParty", advice.seller)
        + _shipment_text(advice, "")
        + "".join([despatch_line_text(line, units, peppol=True) for line in advice.lines]),
    )


def _header_text(advice: DespatchAdvice) -> str:
    issued = advice.issued_at
    # of the moment, not of its time alone: a zone has no offset without the day
    clock = issued.isoformat()[11:] if issued is not None and issued.date() == advice.issue_date else None
    return (
        element("ID", advice.number)
        + element("IssueDate", advice.issue_date.isoformat())
        + element("IssueTime", clock)
        + element("Note", advice.note)
    )


def _order_text(order: DespatchedOrder) -> str:
    issued = order.issue_date.isoformat() if order.issue_date is not None else None
    kind = f"<cbc:DocumentTypeCode>{CONTRACT}</cbc:DocumentTypeCode>"
    contract = "" if order.contract is None else element("ID", order.contract) + kind
    return group(
        "OrderReference",
        element("ID", order.order_number) + element("IssueDate", issued) + group("DocumentReference", contract),
    )


def _said(party: Party | None, other: Party | None) -> Party | None:
    """The party, or the other one where nothing is said of it."""
    return party if party is not None and _PARTIES.of(party) else other


def _holder_text(name: str, party: Party | None, *, demanded: bool = False) -> str:
    inner = _PARTIES.of(party) if party is not None else ""
    return f"<cac:{name}>{inner}</cac:{name}>" if inner else f"<cac:{name}/>" if demanded else ""


def _whole_party(party: Party) -> str:
    return group("Party", party_text(party))


_PARTIES = PartyTexts(_whole_party)


def _shipment_text(advice: DespatchAdvice, units: str) -> str:
    left = advice.despatched_at
    despatch = "" if left is None else element("ActualDespatchDate", left.date().isoformat())
    despatch += "" if left is None else element("ActualDespatchTime", left.isoformat()[11:])
    return (
        f"<cac:Shipment><cbc:ID>{escaped(advice.shipment_number)}</cbc:ID>"
        + _carrier_text(advice.carrier, advice.shipment_number)
        + group(
            "Delivery",
            element("TrackingID", advice.tracking)
            + period_text("EstimatedDeliveryPeriod", advice.estimated_delivery)
            + group("Despatch", despatch),
        )
        + f"{units}</cac:Shipment>"
    )


def _carrier_text(carrier: Carrier | None, shipment: str) -> str:
    """UBL demands a number of the consignment: it is the shipment's."""
    if carrier is None:
        return ""
    inner = group("PartyIdentification", element("ID", carrier.code)) + group(
        "PartyName", element("Name", carrier.name)
    )
    return group("Consignment", element("ID", shipment) + group("CarrierParty", inner)) if inner else ""
