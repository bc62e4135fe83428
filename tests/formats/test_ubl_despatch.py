"""Despatch advices in UBL and Peppol: what is written comes back, is valid by the official schema, and has what T16
demands and nothing that T16 hasn't."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from schemas.documents.common import Address, Identifier, Party
from schemas.documents.despatch_advice import DespatchAdvice, judged_despatch_advice
from schemas.faults import DocumentRejected
from schemas.formats import Format
from schemas.formats.ubl_2_1 import PEPPOL_ADVANCED_3, PEPPOL_BIS_3, UBL_2_1
from schemas.formats.ubl_2_1.names import qualified
from tests.formats import ubl_despatch_strategies as ubl

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "ubl_2_1" / "examples" / "despatch_advice"
PATHS = sorted(EXAMPLES.glob("*.xml"))
MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

_ADDRESS = """
  0..1 cac:PostalAddress
    0..1 cbc:StreetName
    0..1 cbc:AdditionalStreetName
    0..1 cbc:CityName
    0..1 cbc:PostalZone
    0..1 cbc:CountrySubentity
    0..1 cac:AddressLine
      0..1 cbc:Line
    1..1 cac:Country
      1..1 cbc:IdentificationCode"""
_CONTACT = """
    0..1 cbc:Name
    0..1 cbc:Telephone
    0..1 cbc:ElectronicMail"""
_REGISTERED = f"""
1..1 cac:Party
  1..1 cbc:EndpointID
  0..1 cac:PartyIdentification
    1..1 cbc:ID{_ADDRESS}
  1..1 cac:PartyLegalEntity
    1..1 cbc:RegistrationName"""
_BY_NAME = f"""
1..1 cac:Party
  0..1 cac:PartyIdentification
    1..1 cbc:ID
  0..1 cac:PartyName
    1..1 cbc:Name{_ADDRESS}"""
_SHIPMENT = """
1..1 cbc:ID
0..1 cac:Consignment
  1..1 cbc:ID
  0..1 cac:CarrierParty
    0..1 cac:PartyIdentification
      1..1 cbc:ID
    0..1 cac:PartyName
      1..1 cbc:Name
0..1 cac:Delivery
  0..1 cbc:TrackingID
  0..1 cac:EstimatedDeliveryPeriod
    0..1 cbc:StartDate
    0..1 cbc:StartTime
    0..1 cbc:EndDate
    0..1 cbc:EndTime
  0..1 cac:Despatch
    0..1 cbc:ActualDespatchDate
    0..1 cbc:ActualDespatchTime"""
_LINE = """
1..1 cbc:ID
1..1 cbc:DeliveredQuantity
0..1 cbc:OutstandingQuantity
0..n cbc:OutstandingReason
1..1 cac:OrderLineReference
  1..1 cbc:LineID
  0..1 cac:OrderReference
    1..1 cbc:ID
0..n cac:DocumentReference
  1..1 cbc:ID
  0..1 cbc:DocumentType
1..1 cac:Item
  1..1 cbc:Name
  0..1 cac:BuyersItemIdentification
    1..1 cbc:ID
  0..1 cac:SellersItemIdentification
    1..1 cbc:ID
  0..1 cac:StandardItemIdentification
    1..1 cbc:ID
  0..n cac:AdditionalItemProperty
    1..1 cbc:Name
    1..1 cbc:Value
    0..1 cbc:ValueQuantity
  0..n cac:ItemInstance
    0..1 cbc:SerialID
    0..1 cac:LotIdentification
      0..1 cbc:LotNumberID
      0..1 cbc:ExpiryDate
0..1 cac:Shipment
  1..1 cbc:ID
  0..n cac:TransportHandlingUnit
    0..1 cbc:ID
    0..1 cbc:TransportHandlingUnitTypeCode
    0..n cac:MeasurementDimension
      1..1 cbc:AttributeID
      0..1 cbc:Measure
    0..n cac:Package
      1..1 cbc:ID
      0..1 cbc:PackagingTypeCode"""


def _inside(text: str) -> str:
    return text.replace("\n", "\n  ")


T16 = f"""
1..1 cbc:CustomizationID
1..1 cbc:ProfileID
1..1 cbc:ID
1..1 cbc:IssueDate
0..1 cbc:IssueTime
0..1 cbc:Note
0..n cac:OrderReference
  1..1 cbc:ID
1..1 cac:DespatchSupplierParty{_inside(_REGISTERED)}
    0..1 cac:Contact{_inside(_CONTACT)}
1..1 cac:DeliveryCustomerParty{_inside(_REGISTERED)}
  0..1 cac:DeliveryContact{_CONTACT}
0..1 cac:BuyerCustomerParty{_inside(_BY_NAME)}
0..1 cac:SellerSupplierParty{_inside(_BY_NAME)}
0..1 cac:Shipment{_inside(_SHIPMENT)}
1..n cac:DespatchLine{_inside(_LINE)}
"""
"""What Peppol BIS Despatch Advice 3 has of all that we may write, and how often."""


def cardinalities() -> dict[str, dict[str, tuple[int, bool]]]:
    """Path of a group → element → the least number of them, and whether there may be more than one."""
    found: dict[str, dict[str, tuple[int, bool]]] = {}
    path: list[str] = []
    for line in T16.strip("\n").splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        occurs, name = line.split()
        path[depth:] = [name]
        found.setdefault("/".join(path[:-1]), {})[name] = (int(occurs[0]), occurs.endswith("n"))
    return found


ALLOWED = cardinalities()


def against_t16(element: Any, path: str = "") -> Iterator[str]:
    """What T16 has otherwise than this group of the document."""
    members = Counter(qualified(child.tag) for child in element)
    allowed = ALLOWED.get(path, {})
    yield from (f"{path}/{name}: not in T16" for name in members if name not in allowed)
    yield from (f"{path}/{name}: missing" for name, (least, _) in allowed.items() if members[name] < least)
    yield from (f"{path}/{name}: twice" for name, (_, many) in allowed.items() if members[name] > 1 and not many)
    for child in element:
        name = qualified(child.tag)
        below = f"{path}/{name}" if path else name
        if below in ALLOWED:
            yield from against_t16(child, below)
        elif len(child):
            yield f"{below}: not in T16"


@pytest.fixture(scope="module")
def schema(schemas_dir: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / "UBL-DespatchAdvice-2.1.xsd"))


def written(known: Format, advice: DespatchAdvice) -> bytes:
    return known.renderers["despatch_advice"](advice)


def read(known: Format, body: bytes) -> Any:
    return known.parsers["despatch_advice"](body)


@MANY
@given(ubl.despatch_advices())
def test_an_advice_comes_back_from_ubl(advice: DespatchAdvice) -> None:
    assert read(UBL_2_1, written(UBL_2_1, advice)) == advice


@MANY
@given(ubl.everything())
def test_what_the_readme_says_is_lost_is_lost_and_nothing_else(advice: DespatchAdvice) -> None:
    assert read(UBL_2_1, written(UBL_2_1, advice)) == ubl.carried_advice(advice)
    assert read(PEPPOL_BIS_3, written(PEPPOL_BIS_3, advice)) == ubl.peppol_advice(advice)


@MANY
@given(advice=ubl.everything())
def test_rendered_advices_are_valid(schema: etree.XMLSchema, advice: DespatchAdvice) -> None:
    """UBL wants a line."""
    if advice.lines:
        for known in (UBL_2_1, PEPPOL_BIS_3):
            schema.assertValid(etree.fromstring(written(known, advice)))


REACHABLE = Party(endpoint=Identifier(id="4098765000010", scheme="0088"), name="Haferwerk")


@MANY
@given(ubl.everything())
def test_a_peppol_advice_is_as_t16_has_it(advice: DespatchAdvice) -> None:
    """Where the parties have an electronic address and a name, lines a unit and the item its seller's number."""
    party = {name: _reachable(getattr(advice, name)) for name in ("ship_from", "ship_to")}
    lines = [replace(line, seller_item="OAT-1L", unit="EA") for line in advice.lines]
    body = written(PEPPOL_BIS_3, replace(advice, **party, lines=tuple(lines)))
    root = etree.fromstring(body)
    missing = [] if lines else ["/cac:DespatchLine: missing"]
    assert [*against_t16(root)] == missing
    for measured in root.iter("{*}DeliveredQuantity", "{*}OutstandingQuantity", "{*}Measure"):
        assert measured.get("unitCode")
    assert all(one.get("schemeID") in (None, "SSCC") for one in root.iterfind(".//{*}TransportHandlingUnit/{*}ID"))


def _reachable(party: Party | None) -> Party:
    return (
        REACHABLE
        if party is None
        else party.model_copy(update={"endpoint": REACHABLE.endpoint, "name": REACHABLE.name})
    )


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_example_says_what_its_golden_says_and_is_written_the_same(path: Path, schema: etree.XMLSchema) -> None:
    known = PEPPOL_BIS_3 if path.stem.startswith("peppol") else UBL_2_1
    advice = read(known, path.read_bytes())
    assert advice == judged_despatch_advice(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
    rendered = etree.fromstring(written(known, advice))
    without_indents = etree.fromstring(path.read_bytes(), etree.XMLParser(remove_blank_text=True, remove_comments=True))
    assert etree.tostring(rendered, method="c14n") == etree.tostring(without_indents, method="c14n")
    schema.assertValid(rendered)
    if known is PEPPOL_BIS_3:
        assert [*against_t16(rendered)] == []


def test_advanced_ordering_has_the_same_advice() -> None:
    advice = read(PEPPOL_BIS_3, next(path for path in PATHS if path.stem.startswith("peppol")).read_bytes())
    assert written(PEPPOL_ADVANCED_3, advice) == written(PEPPOL_BIS_3, advice)


# --- reading what others write ----------------------------------------------------------------------------------
SMALL = """<DespatchAdvice xmlns="urn:oasis:names:specification:ubl:schema:xsd:DespatchAdvice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>D-1</cbc:ID><cbc:IssueDate>2026-11-24</cbc:IssueDate>
{header}
<cac:DespatchLine><cbc:ID>1</cbc:ID>
<cbc:DeliveredQuantity unitCode="EA">5</cbc:DeliveredQuantity>
{line}
</cac:DespatchLine></DespatchAdvice>"""
OF_ORDER = """<cac:OrderLineReference><cbc:LineID>1</cbc:LineID><cac:OrderReference><cbc:ID>PO-1</cbc:ID>
</cac:OrderReference></cac:OrderLineReference>"""


def small(header: str = "", line: str = OF_ORDER) -> bytes:
    return SMALL.format(header=header, line=line).encode()


def refusal(body: bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(DocumentRejected) as refused:
        read(UBL_2_1, body)
    return [(fault.code, fault.path, fault.location.partition(": ")[2]) for fault in refused.value.faults]


def test_without_a_shipment_the_document_is_the_shipment() -> None:
    advice = read(UBL_2_1, small())
    assert (advice.number, advice.shipment_number) == ("D-1", "D-1")
    (line,) = advice.lines
    assert (line.base_quantity, line.base_unit, [one.order_number for one in advice.orders]) == (
        Decimal(5),
        "EA",
        ["PO-1"],
    )


def test_a_line_of_an_advice_of_one_order_is_of_that() -> None:
    of_line = "<cac:OrderLineReference><cbc:LineID>1</cbc:LineID></cac:OrderLineReference>"
    order = "<cac:OrderReference><cbc:ID>{}</cbc:ID></cac:OrderReference>"
    assert read(UBL_2_1, small(order.format("PO-7"), of_line)).lines[0].order_number == "PO-7"
    place = "cac:DespatchLine/cac:OrderLineReference/cac:OrderReference/cbc:ID (missing)"
    two = order.format("PO-7") + order.format("PO-8")
    assert refusal(small(two, of_line)) == [("missing_field", "/lines/0/order_number", place)]


def test_the_despatch_address_is_where_goods_left() -> None:
    header = """<cac:DespatchSupplierParty><cac:Party><cac:PartyName><cbc:Name>W</cbc:Name></cac:PartyName>
    </cac:Party><cac:DespatchContact><cbc:Name>Ada</cbc:Name></cac:DespatchContact></cac:DespatchSupplierParty>
    <cac:Shipment><cbc:ID>S</cbc:ID><cac:Delivery><cac:Despatch><cbc:ActualDespatchDate>2026-11-24</cbc:ActualDespatchDate>
    <cac:DespatchAddress><cbc:CityName>Oslo</cbc:CityName></cac:DespatchAddress></cac:Despatch></cac:Delivery>
    </cac:Shipment>"""
    advice = read(UBL_2_1, small(header))
    assert advice.ship_from.name == "W"
    assert advice.ship_from.address == Address(city="Oslo")
    assert advice.ship_from.contact.name == "Ada"
    assert advice.despatched_at is None, "a day is no moment"


def test_goods_in_several_packages_are_in_what_holds_them() -> None:
    units = """<cac:Item/><cac:Shipment><cbc:ID>NA</cbc:ID><cac:TransportHandlingUnit><cbc:ID>{}</cbc:ID>
    <cac:Package><cbc:ID>A</cbc:ID></cac:Package>{}</cac:TransportHandlingUnit>{}</cac:Shipment>"""
    pallet = "340987650000000011"
    one = read(UBL_2_1, small(line=OF_ORDER + units.format(pallet, "", "")))
    assert one.lines[0].package == "A"
    assert [(p.id, p.sscc, p.parent) for p in one.packages] == [(pallet, pallet, None), ("A", None, pallet)]
    two = read(
        UBL_2_1, small(line=OF_ORDER + units.format(pallet, "<cac:Package><cbc:ID>B</cbc:ID></cac:Package>", ""))
    )
    assert two.lines[0].package == pallet
    other = "<cac:TransportHandlingUnit><cbc:ID>P2</cbc:ID></cac:TransportHandlingUnit>"
    assert read(UBL_2_1, small(line=OF_ORDER + units.format(pallet, "", other))).lines[0].package is None


def test_every_fault_is_told_with_its_place() -> None:
    body = small(
        "<cac:Shipment><cbc:ID>S</cbc:ID><cac:Delivery><cac:Despatch><cbc:ActualDespatchDate>soon</cbc:ActualDespatchDate>"
        "</cac:Despatch></cac:Delivery></cac:Shipment>",
        """<cbc:OutstandingQuantity unitCode="XCS">2</cbc:OutstandingQuantity>
        <cac:OrderLineReference><cbc:LineID>1</cbc:LineID></cac:OrderLineReference><cac:Item>
        <cac:ItemInstance><cac:LotIdentification><cbc:LotNumberID>L1</cbc:LotNumberID></cac:LotIdentification>
        </cac:ItemInstance><cac:ItemInstance><cac:LotIdentification><cbc:LotNumberID>L2</cbc:LotNumberID>
        </cac:LotIdentification></cac:ItemInstance></cac:Item>""",
    ).replace(b"<cbc:IssueDate>2026-11-24</cbc:IssueDate>", b"")
    place = "cac:DespatchLine/cac:OrderLineReference/cac:OrderReference/cbc:ID (missing)"
    assert refusal(body) == [
        ("repeated_element", "/lines/0", "cac:DespatchLine/cac:Item/cac:ItemInstance[2]"),
        ("missing_field", "/issue_date", "cbc:IssueDate (missing)"),
        ("not_a_date", "/despatched_at", "cac:Shipment/cac:Delivery/cac:Despatch/cbc:ActualDespatchDate"),
        ("missing_field", "/lines/0/order_number", place),
        ("bad_value", "/lines/0/outstanding", "cac:DespatchLine/cbc:OutstandingQuantity"),
    ]


def test_a_place_of_which_nothing_is_said_is_the_buyers_and_the_sellers() -> None:
    nobody, buyer, seller = Party(), Party(vat_id="DE1"), Party(vat_id="DE2")
    advice = DespatchAdvice(
        number="DA-1",
        shipment_number="S-1",
        issue_date=date(2026, 11, 27),
        ship_to=nobody,
        buyer=buyer,
        ship_from=nobody,
        seller=seller,
        orders=(),
        lines=(),
    )
    found = read(UBL_2_1, written(UBL_2_1, advice))
    assert (found.ship_to, found.ship_from) == (buyer, seller)
