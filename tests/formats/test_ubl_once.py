"""What UBL has once is there once: a second one, and an element inside a value, are faults that say where.

How often UBL has an element is read from its official schemas; which elements are read, from one order that has all.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from schemas.faults import DocumentRejected, Fault
from schemas.formats.ubl_2_1 import UBL_2_1
from schemas.formats.ubl_2_1.amounts import CHARGE, PRICE
from schemas.formats.ubl_2_1.deliveries import DELIVERY
from schemas.formats.ubl_2_1.names import qualified
from schemas.formats.ubl_2_1.order import ORDER
from schemas.formats.ubl_2_1.order_lines import ORDER_LINE
from schemas.formats.ubl_2_1.parties import PARTY
from schemas.formats.ubl_2_1.reading import REPEATABLE, Part, Table, Through
from schemas.formats.ubl_2_1.steps import lost

XSD = "{http://www.w3.org/2001/XMLSchema}"
Allowed = Mapping[str, Mapping[str, str]]
"""Group → element → maxOccurs."""


def party(number: str) -> str:
    return f"""<cbc:EndpointID schemeID="0088">{number}</cbc:EndpointID>
    <cac:PartyIdentification><cbc:ID>{number}</cbc:ID></cac:PartyIdentification>
    <cac:PartyName><cbc:Name>Name</cbc:Name></cac:PartyName>
    <cac:PostalAddress>{ADDRESS}</cac:PostalAddress>
    <cac:PartyTaxScheme><cbc:CompanyID>SE1</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
    </cac:PartyTaxScheme>
    <cac:PartyLegalEntity><cbc:RegistrationName>Legal</cbc:RegistrationName><cbc:CompanyID>7</cbc:CompanyID>
    </cac:PartyLegalEntity>
    <cac:Contact><cbc:ID>c</cbc:ID><cbc:Name>Ada</cbc:Name><cbc:Telephone>1</cbc:Telephone>
    <cbc:ElectronicMail>a@b.example</cbc:ElectronicMail></cac:Contact>"""


ADDRESS = """<cbc:StreetName>Street</cbc:StreetName><cbc:AdditionalStreetName>Yard</cbc:AdditionalStreetName>
    <cbc:BuildingNumber>1</cbc:BuildingNumber><cbc:CityName>City</cbc:CityName><cbc:PostalZone>1000</cbc:PostalZone>
    <cbc:CountrySubentity>Region</cbc:CountrySubentity><cac:AddressLine><cbc:Line>Door</cbc:Line></cac:AddressLine>
    <cac:Country><cbc:IdentificationCode>SE</cbc:IdentificationCode></cac:Country>"""
PERIOD = """<cac:RequestedDeliveryPeriod><cbc:StartDate>2026-12-01</cbc:StartDate>
    <cbc:StartTime>08:00:00</cbc:StartTime><cbc:EndDate>2026-12-02</cbc:EndDate><cbc:EndTime>16:00:00</cbc:EndTime></cac:RequestedDeliveryPeriod>"""
CHARGED = """<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>
    <cbc:AllowanceChargeReasonCode>FC</cbc:AllowanceChargeReasonCode>
    <cbc:AllowanceChargeReason>Freight</cbc:AllowanceChargeReason>
    <cbc:MultiplierFactorNumeric>0.1</cbc:MultiplierFactorNumeric><cbc:Amount currencyID="SEK">1</cbc:Amount>
    <cbc:BaseAmount currencyID="SEK">10</cbc:BaseAmount></cac:AllowanceCharge>"""
FULL = f"""<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>custom</cbc:CustomizationID><cbc:ProfileID>profile</cbc:ProfileID><cbc:ID>BT-1</cbc:ID>
<cbc:CopyIndicator>false</cbc:CopyIndicator><cbc:IssueDate>2026-11-23</cbc:IssueDate><cbc:IssueTime>10:00:00Z</cbc:IssueTime>
<cbc:OrderTypeCode>220</cbc:OrderTypeCode><cbc:Note>note</cbc:Note>
<cbc:DocumentCurrencyCode>SEK</cbc:DocumentCurrencyCode>
<cac:ValidityPeriod><cbc:EndDate>2026-11-30</cbc:EndDate></cac:ValidityPeriod>
<cac:AdditionalDocumentReference><cbc:ID>a</cbc:ID><cbc:DocumentType>plan</cbc:DocumentType>
 <cbc:DocumentDescription>drawing</cbc:DocumentDescription><cac:Attachment>
 <cbc:EmbeddedDocumentBinaryObject mimeCode="text/plain">aGVsbG8=</cbc:EmbeddedDocumentBinaryObject>
 <cac:ExternalReference><cbc:URI>https://example.com/a</cbc:URI></cac:ExternalReference></cac:Attachment>
</cac:AdditionalDocumentReference>
<cac:Contract><cbc:ID>K-1</cbc:ID></cac:Contract>
<cac:BuyerCustomerParty><cac:Party>{party("4012345000009")}</cac:Party></cac:BuyerCustomerParty>
<cac:SellerSupplierParty><cac:Party>{party("4012345000016")}</cac:Party></cac:SellerSupplierParty>
<cac:OriginatorCustomerParty><cac:Party>{party("4012345000023")}</cac:Party></cac:OriginatorCustomerParty>
<cac:AccountingCustomerParty><cac:Party>{party("4012345000030")}</cac:Party></cac:AccountingCustomerParty>
<cac:Delivery><cac:DeliveryAddress><cbc:ID>D</cbc:ID>{ADDRESS}</cac:DeliveryAddress>
 <cac:DeliveryLocation><cbc:ID>L</cbc:ID><cbc:Name>Yard</cbc:Name><cac:Address><cbc:ID>A</cbc:ID>{ADDRESS}</cac:Address>
 </cac:DeliveryLocation>{PERIOD}<cac:DeliveryParty>{party("4012345000047")}</cac:DeliveryParty></cac:Delivery>
{CHARGED}
<cac:AnticipatedMonetaryTotal><cbc:PayableAmount currencyID="SEK">30</cbc:PayableAmount></cac:AnticipatedMonetaryTotal>
<cac:OrderLine><cbc:Note>line</cbc:Note><cac:LineItem><cbc:ID>1</cbc:ID><cbc:Note>item</cbc:Note>
 <cbc:Quantity unitCode="C62">10</cbc:Quantity>
 <cbc:MinimumQuantity unitCode="C62">1</cbc:MinimumQuantity><cbc:MaximumQuantity unitCode="C62">99</cbc:MaximumQuantity>
 <cbc:PartialDeliveryIndicator>true</cbc:PartialDeliveryIndicator>
 <cbc:BackOrderAllowedIndicator>true</cbc:BackOrderAllowedIndicator>
 <cac:Delivery><cbc:Quantity unitCode="C62">4</cbc:Quantity>{PERIOD}</cac:Delivery>{CHARGED}
 <cac:Price><cbc:PriceAmount currencyID="SEK">3</cbc:PriceAmount><cbc:BaseQuantity unitCode="C62">1</cbc:BaseQuantity>
  <cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount currencyID="SEK">1</cbc:Amount>
  <cbc:BaseAmount currencyID="SEK">4</cbc:BaseAmount></cac:AllowanceCharge></cac:Price>
 <cac:Item><cbc:Description>long</cbc:Description><cbc:PackQuantity unitCode="C62">5</cbc:PackQuantity>
  <cbc:PackSizeNumeric>5</cbc:PackSizeNumeric><cbc:Name>Hammer</cbc:Name>
  <cac:BuyersItemIdentification><cbc:ID>B</cbc:ID></cac:BuyersItemIdentification>
  <cac:SellersItemIdentification><cbc:ID>S</cbc:ID></cac:SellersItemIdentification>
  <cac:StandardItemIdentification><cbc:ID schemeID="0160">4012345000009</cbc:ID></cac:StandardItemIdentification>
 </cac:Item><cac:LineReference><cbc:LineID>7</cbc:LineID></cac:LineReference></cac:LineItem></cac:OrderLine></Order>"""


def full() -> Any:
    return etree.fromstring(FULL)


def path_of(element: Any) -> str:
    upwards = [element, *element.iterancestors()][:-1]
    return "/".join(qualified(one.tag) for one in reversed(upwards))


def at(root: Any, path: str) -> Any:
    (found,) = (element for element in root.iter() if element is not root and path_of(element) == path)
    return found


PATHS = [path_of(element) for element in full().iter() if element.getparent() is not None]
LEAVES = [path for path in PATHS if not any(other.startswith(path + "/") for other in PATHS)]


def judged(body: bytes) -> tuple[Fault, ...]:
    try:
        UBL_2_1.parse_orders(body)
    except DocumentRejected as refused:
        return refused.faults
    return ()


@pytest.fixture(scope="module")
def allowed(schemas_dir: Path) -> Allowed:
    """How often each group of an order may have each of its elements."""
    folder = schemas_dir / "ubl-2.1"
    groups = etree.parse(folder / "common" / "UBL-CommonAggregateComponents-2.1.xsd").getroot()
    order = etree.parse(folder / "maindoc" / "UBL-Order-2.1.xsd").getroot()
    types = {one.get("name"): one for root in (groups, order) for one in root.iter(f"{XSD}complexType")}
    return {
        prefix + str(one.get("name")): {
            str(member.get("ref")): str(member.get("maxOccurs"))
            for member in types[one.get("type")].iter(f"{XSD}element")
        }
        for prefix, root in (("cac:", groups), ("", order))
        for one in root.iterfind(f"{XSD}element")
    }


def after(element: Any, second: Any) -> None:
    element.addnext(second)


def at_the_end(element: Any, second: Any) -> None:
    element.getparent().append(second)


def after_a_blank_one(element: Any, second: Any) -> None:
    for child in [*second]:
        second.remove(child)
    second.text = None
    element.addprevious(second)


def test_the_order_with_everything_is_valid_and_read_without_a_word(schemas_dir: Path) -> None:
    etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / "UBL-Order-2.1.xsd")).assertValid(full())
    (found,) = UBL_2_1.parse_orders(FULL.encode())
    assert found.warnings == ()


def test_the_order_with_everything_has_all_that_is_read() -> None:
    tables = [("", ORDER), ("cac:OrderLine/", ORDER_LINE), ("cac:AllowanceCharge/", CHARGE)]
    tables += [("cac:OrderLine/cac:LineItem/cac:Price/", PRICE)]
    tables += [("cac:BuyerCustomerParty/cac:Party/", PARTY), ("cac:AccountingCustomerParty/cac:Party/", PARTY)]
    expected = {path for prefix, table in tables for path in named(table, prefix)}
    expected |= {path for path in named(DELIVERY, "cac:Delivery/") if path != "cac:Delivery/cbc:Quantity"}
    held = {"cac:OrderLine/cac:LineItem/cac:SubLineItem"}  # whatever it says
    assert expected - set(PATHS) == held


def named(table: Table, prefix: str) -> Iterator[str]:
    for tag, step in table.items():
        if step is lost:
            continue
        yield prefix + qualified(tag)
        if isinstance(step, (Through, Part)):
            yield from named(step.table, f"{prefix}{qualified(tag)}/")


@pytest.mark.parametrize("put", [after, at_the_end, after_a_blank_one])
@pytest.mark.parametrize("path", PATHS)
def test_a_second_one_is_a_fault_where_ubl_has_one(
    path: str, put: Callable[[Any, Any], None], allowed: Allowed
) -> None:
    root = full()
    element = at(root, path)
    put(element, copy.deepcopy(element))
    faults = judged(etree.tostring(root))
    repeated = [fault.location.split(": ")[1] for fault in faults if fault.code == "repeated_element"]
    once = allowed[qualified(element.getparent().tag)][qualified(element.tag)] == "1"
    assert repeated == ([f"{path}[2]"] if once else [])
    if once and put is not after_a_blank_one:
        assert [fault.code for fault in faults] == ["repeated_element"]
    assert (element.tag not in REPEATABLE) == once


@pytest.mark.parametrize("path", LEAVES)
def test_an_element_inside_a_value_is_a_fault(path: str) -> None:
    root = full()
    stray = etree.SubElement(at(root, path), "x")
    stray.tail = "5"
    faults = [fault for fault in judged(etree.tostring(root)) if fault.code == "bad_value"]
    assert [fault.location.split(": ")[1] for fault in faults] == [path]
    assert faults[0].expected == "a value without elements inside"


SMALL = """<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
{header}
<cac:OrderLine><cac:LineItem>
<cbc:ID>1</cbc:ID>
{line}
</cac:LineItem></cac:OrderLine></Order>"""
NUMBER = "<cbc:ID>BT-1</cbc:ID>"
TEN = "<cbc:Quantity>10</cbc:Quantity>"
BUYERS_ITEM = "<cac:Item><cac:BuyersItemIdentification><cbc:ID>A</cbc:ID></cac:BuyersItemIdentification></cac:Item>"
SELLERS_ITEM = "<cac:Item><cac:SellersItemIdentification><cbc:ID>B</cbc:ID></cac:SellersItemIdentification></cac:Item>"


@pytest.mark.parametrize(
    ("header", "line", "path", "location", "value"),
    [
        (
            NUMBER,
            TEN + "<cbc:Quantity>99</cbc:Quantity>",
            "/lines/0/quantity",
            "line 7: cac:OrderLine/cac:LineItem/cbc:Quantity[2]",
            "99",
        ),
        (NUMBER + "<cbc:ID>BT-2</cbc:ID>", TEN, "/order_number", "line 4: cbc:ID[2]", "BT-2"),
        (
            NUMBER + "<cbc:OrderTypeCode>220</cbc:OrderTypeCode><cbc:OrderTypeCode>221</cbc:OrderTypeCode>",
            TEN,
            "/order_type",
            "line 4: cbc:OrderTypeCode[2]",
            "221",
        ),
        (
            NUMBER,
            TEN + "<cbc:ID>1</cbc:ID>",
            "/lines/0/line_number",
            "line 7: cac:OrderLine/cac:LineItem/cbc:ID[2]",
            "1",
        ),
        (
            NUMBER,
            TEN + BUYERS_ITEM + SELLERS_ITEM,
            "/lines/0",
            "line 7: cac:OrderLine/cac:LineItem/cac:Item[2]",
            None,
        ),
        (
            NUMBER + "<cac:BuyerCustomerParty><cac:Party><cac:Contact><cbc:Name>A</cbc:Name></cac:Contact><cac:Contact>"
            "<cbc:Name>B</cbc:Name></cac:Contact></cac:Party></cac:BuyerCustomerParty>",
            TEN,
            "/buyer/contact",
            "line 4: cac:BuyerCustomerParty/cac:Party/cac:Contact[2]",
            None,
        ),
    ],
)
def test_the_second_one_is_named(header: str, line: str, path: str, location: str, value: str | None) -> None:
    (fault,) = judged(SMALL.format(header=header, line=line).encode())
    assert (fault.code, fault.path, fault.location, fault.value) == ("repeated_element", path, location, value)


def test_a_text_in_two_pieces_is_named() -> None:
    (fault,) = judged(SMALL.format(header=NUMBER, line="<cbc:Quantity>10<x/>5</cbc:Quantity>").encode())
    assert (fault.code, fault.path, fault.value) == ("bad_value", "/lines/0/quantity", "10")
    assert fault.location == "line 7: cac:OrderLine/cac:LineItem/cbc:Quantity"


def test_a_part_of_a_delivery_that_is_no_number_is_named_whatever_its_unit() -> None:
    part = '<cac:Delivery><cbc:Quantity unitCode="EA">ten</cbc:Quantity></cac:Delivery>'
    (fault,) = judged(SMALL.format(header=NUMBER, line=TEN + part).encode())
    assert (fault.code, fault.path, fault.value) == ("not_a_number", "/lines/0/schedule/0/quantity", "ten")
    assert fault.location == "line 7: cac:OrderLine/cac:LineItem/cac:Delivery/cbc:Quantity"


def test_everything_wrong_is_said_at_once() -> None:
    line = TEN + TEN + "<cbc:Quantity>3</cbc:Quantity><cac:Delivery><cbc:Quantity>ten</cbc:Quantity></cac:Delivery>"
    faults = judged(SMALL.format(header="<cbc:ID>1<b>2</b></cbc:ID>", line=line).encode())
    codes = sorted(fault.code for fault in faults)
    assert codes == ["bad_value", "not_a_number", "repeated_element", "repeated_element"]


@pytest.mark.parametrize(
    ("header", "answer_to"),
    [
        (NUMBER, "BT-1"),
        (NUMBER + "<cbc:ID>BT-2</cbc:ID>", None),
        ("<cbc:ID>BT<x/>-1</cbc:ID>", None),
        (NUMBER + "<cbc:ProfileID>a</cbc:ProfileID><cbc:ProfileID>b</cbc:ProfileID>", None),
    ],
)
def test_an_answer_names_no_number_that_is_in_doubt(header: str, answer_to: str | None) -> None:
    with pytest.raises(DocumentRejected) as refused:
        UBL_2_1.parse_orders(SMALL.format(header=header, line=TEN + TEN).encode())
    assert refused.value.answer_to == answer_to


def test_what_ubl_has_often_and_an_order_once_is_kept_aside() -> None:
    header = NUMBER + "".join(f"<cac:Contract><cbc:ID>K-{n}</cbc:ID></cac:Contract>" for n in (1, 2, 3))
    (found,) = UBL_2_1.parse_orders(SMALL.format(header=header, line=TEN).encode())
    assert found.order.contract == "K-1"
    assert [(kept.name, kept.value) for kept in found.order.extensions] == [
        ("cac:Contract/cbc:ID", "K-2"),
        ("cac:Contract/cbc:ID", "K-3"),
    ]


@pytest.mark.parametrize("number", ["A1", "4012345000009"])
def test_two_standard_numbers_are_a_fault_whatever_they_are(number: str) -> None:
    numbers = f"<cbc:ID>{number}</cbc:ID><cac:PhysicalAttribute/><cac:PhysicalAttribute/><cbc:ID>4012345000016</cbc:ID>"
    item = f"<cac:Item><cac:StandardItemIdentification>{numbers}</cac:StandardItemIdentification></cac:Item>"
    (fault,) = judged(SMALL.format(header=NUMBER, line=TEN + item).encode())
    assert (fault.code, fault.value) == ("repeated_element", "4012345000016")


@pytest.mark.parametrize("name", ["OrderResponseCode", "LineStatusCode", "DocumentCurrencyCode"])
def test_a_response_is_read_as_strictly(name: str) -> None:
    examples = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "ubl_2_1" / "examples"
    root = etree.parse(examples / "order_response" / "peppol-changed.xml").getroot()
    element = next(root.iter(f"{{*}}{name}"))
    element.addnext(copy.deepcopy(element))
    with pytest.raises(DocumentRejected) as refused:
        UBL_2_1.parsers["order_response"](etree.tostring(root))
    (fault,) = refused.value.faults
    assert fault.code == "repeated_element"
    assert fault.location.endswith(f"cbc:{name}[2]")
