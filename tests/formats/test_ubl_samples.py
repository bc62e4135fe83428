"""UBL documents written for this project, against what their author says they mean; and every way to write one."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.documents.common import Price
from schemas.documents.order import Order
from schemas.documents.order_response import judged_response
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected, Fault
from schemas.formats import ReadOrder
from schemas.formats.ubl_2_1 import PEPPOL_ADVANCED_3, PEPPOL_BIS_3, UBL_2_1

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "ubl_2_1" / "examples"
ORDERS = sorted(
    path for kind in ("order", "order_change", "order_cancellation") for path in (EXAMPLES / kind).glob("*.xml")
)
RESPONSES = sorted((EXAMPLES / "order_response").glob("*.xml"))
REJECTED = sorted((EXAMPLES / "rejected").glob("*.xml"))
FIVE_LINES = EXAMPLES / "order" / "peppol-five-lines.xml"
SMALL = """<?xml version="1.0" encoding="{encoding}"?>{before}
<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">{header}
<cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID>{line}<cac:Item><cbc:Name>Öl</cbc:Name></cac:Item>
</cac:LineItem></cac:OrderLine></Order>"""


def small(
    header: str = "<cbc:ID>Größe</cbc:ID>",
    line: str = "<cbc:Quantity>1</cbc:Quantity>",
    encoding: str = "UTF-8",
    before: str = "",
) -> str:
    return SMALL.format(header=header, line=line, encoding=encoding, before=before)


def read(document: str) -> ReadOrder:
    (order,) = UBL_2_1.parse_orders(document.encode())
    return order


def faults(body: bytes) -> tuple[Fault, ...]:
    with pytest.raises(DocumentRejected) as refused:
        UBL_2_1.parse_orders(body)
    return refused.value.faults


def assert_read_or_refused(body: bytes) -> None:
    """Any other exception than DocumentRejected is the test's failure."""
    found: tuple[Fault, ...] = ()
    orders: tuple[ReadOrder, ...] = ()
    try:
        orders = UBL_2_1.parse_orders(body)
    except DocumentRejected as refused:
        found = refused.faults
    assert bool(found) != bool(orders)
    assert all(fault.code in FAULTS and fault.detail for fault in found)


def expected_of(path: Path) -> Any:
    return json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ORDERS, ids=lambda path: path.stem)
def test_an_example_order_says_what_its_golden_says(path: Path) -> None:
    body = path.read_bytes()
    assert UBL_2_1.sniff(body)
    UBL_2_1.check(body)
    (read_order,) = UBL_2_1.parse_orders(body)
    assert read_order.order == Order.model_validate(expected_of(path))
    assert read_order.warnings == ()


@pytest.mark.parametrize("path", ORDERS, ids=lambda path: path.stem)
def test_an_example_order_is_valid_ubl(path: Path, schemas_dir: Path) -> None:
    name = "".join(word.capitalize() for word in path.parent.name.split("_"))
    schema = etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / f"UBL-{name}-2.1.xsd"))
    order = next(etree.parse(path).getroot().iter(f"{{urn:oasis:names:specification:ubl:schema:xsd:{name}-2}}{name}"))
    schema.assertValid(etree.fromstring(etree.tostring(order)))


def test_a_response_to_a_change_names_it_in_advanced_ordering() -> None:
    """The example as T116: its own customization and profile, the change beside the order, no contact of the seller."""
    path = EXAMPLES / "order_response" / "peppol-changed.xml"
    response = PEPPOL_BIS_3.parsers["order_response"](path.read_bytes())
    written = PEPPOL_ADVANCED_3.renderers["order_response"](replace(response, change_number="PO-1001-C2")).decode()
    reference = f"<cac:OrderReference><cbc:ID>{response.order_number}</cbc:ID></cac:OrderReference>"
    change = "<cac:OrderChangeDocumentReference><cbc:ID>PO-1001-C2</cbc:ID></cac:OrderChangeDocumentReference>"
    assert reference + change + "<cac:SellerSupplierParty>" in written
    as_t76 = PEPPOL_BIS_3.renderers["order_response"](
        replace(response, seller=response.seller.model_copy(update={"contact": None}))
    ).decode()
    for ours, theirs in (
        ("trns:order_response:3", "trns:order_response_advanced:3"),
        ("bis:ordering", "bis:advanced_ordering"),
    ):
        as_t76 = as_t76.replace(ours, theirs)
    assert written.replace(change, "") == as_t76


@pytest.mark.parametrize("path", RESPONSES, ids=lambda path: path.stem)
def test_an_example_response_says_what_its_golden_says_and_is_written_the_same(path: Path, schemas_dir: Path) -> None:
    response = PEPPOL_BIS_3.parsers["order_response"](path.read_bytes())
    assert response == judged_response(expected_of(path))
    rendered = etree.fromstring(PEPPOL_BIS_3.renderers["order_response"](response))
    without_indents = etree.fromstring(path.read_bytes(), etree.XMLParser(remove_blank_text=True))
    assert etree.tostring(rendered, method="c14n") == etree.tostring(without_indents, method="c14n")
    schema = etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / "UBL-OrderResponse-2.1.xsd"))
    schema.assertValid(rendered)


def test_the_time_of_a_response_has_the_offset_of_its_zone() -> None:
    path = next(path for path in RESPONSES if path.stem == "peppol-accepted")
    response = PEPPOL_BIS_3.parsers["order_response"](path.read_bytes())
    there = replace(response, issued_at=response.issued_at.astimezone(ZoneInfo("Europe/Berlin")))
    for known in (UBL_2_1, PEPPOL_BIS_3):
        assert known.parsers["order_response"](known.renderers["order_response"](there)).issued_at == response.issued_at


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_a_rejected_example_has_exactly_its_faults(path: Path) -> None:
    found = faults(path.read_bytes())
    shown = [{name: fault.as_json()[name] for name in ("code", "path", "location", "value")} for fault in found]
    assert shown == json.loads(path.with_suffix(".faults.json").read_text(encoding="utf-8"))
    assert all(fault.code in FAULTS and fault.detail for fault in found)


def test_attachments_are_kept_beside_the_order_under_their_hash() -> None:
    (found,) = UBL_2_1.parse_orders((EXAMPLES / "order" / "attachments.xml").read_bytes())
    digest = found.order.attachments[0].sha256
    assert digest is not None
    assert found.attachments == {digest: b"hello world"}
    rendered = UBL_2_1.renderers["order"](found.order, found.attachments)
    (again,) = UBL_2_1.parse_orders(rendered)
    assert (again.order, again.attachments) == (found.order, found.attachments)


def test_an_envelope_gives_its_id() -> None:
    body = (EXAMPLES / "order" / "attachments.xml").read_bytes()
    assert UBL_2_1.parse_orders(body)[0].envelope_id == "6f0a3a52-6a3e-4b6e-9d07-2f8a7a1c9b11"
    assert UBL_2_1.locate(body, ["/lines/0/unit"])[0].endswith(": cac:OrderLine/cac:LineItem/cbc:Quantity")
    assert UBL_2_1.parse_orders(FIVE_LINES.read_bytes())[0].envelope_id is None


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/order_number", "line 7: cbc:ID"),
        ("/lines/3/unit", "line 188: cac:OrderLine[4]/cac:LineItem/cbc:Quantity"),
        ("/lines/3/seller_item", "line 185: cac:OrderLine[4]"),
        ("/lines/9/quantity", "line 4: Order"),
        ("/ship_to/id", "line 64: cac:Delivery/cac:DeliveryLocation/cbc:ID"),
        ("/lines/1/schedule/1/quantity", "line 143: cac:OrderLine[2]/cac:LineItem/cac:Delivery[2]/cbc:Quantity"),
        ("", "line 4: Order"),
    ],
)
def test_a_value_is_found_where_it_stands(pointer: str, place: str) -> None:
    assert UBL_2_1.locate(FIVE_LINES.read_bytes(), [pointer, "/lines"]) == [place, "line 4: Order"]


@pytest.mark.parametrize(
    "body",
    [
        small().encode(),
        b"\xef\xbb\xbf" + small().encode(),
        small(encoding="ISO-8859-1").encode("latin-1"),
        small(encoding="UTF-16").encode("utf-16"),
        b"\xfe\xff" + small(encoding="UTF-16").encode("utf-16-be"),
        small(before="<!-- <Order> -->").encode(),
        small(header="<cbc:ID><![CDATA[Größe]]></cbc:ID>").encode(),
        small(header="<cbc:ID>Grö<!-- a --><?b c?>ße</cbc:ID>").encode(),
        small(header="<cbc:ID>\n  Gr&#xF6;&#223;e\t</cbc:ID>").encode(),
    ],
)
def test_however_it_is_written_it_says_the_same(body: bytes) -> None:
    assert UBL_2_1.sniff(body)
    (found,) = UBL_2_1.parse_orders(body)
    assert found.order.order_number == "Größe"
    assert found.order.lines[0].description == "Öl"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (small().encode()[:-30], "xml_not_well_formed"),
        (small().encode("latin-1"), "unknown_encoding"),
        (small(before="<!DOCTYPE Order>").encode(), "xml_doctype_refused"),
        (small(before='<!DOCTYPE Order [<!ENTITY a "b">]>').encode(), "xml_doctype_refused"),
        (small(header="<a>" * 1000 + "</a>" * 1000).encode(), "xml_limit"),
        (small(header=f"<cbc:ID>{'x' * 10_000_001}</cbc:ID>").encode(), "xml_limit"),
        (b"<Order/>", "wrong_document"),
        (b"<html/>", "wrong_document"),
        ((EXAMPLES / "order_response" / "peppol-changed.xml").read_bytes(), "wrong_document"),
    ],
)
def test_what_cannot_be_read_is_refused_at_intake_already(body: bytes, code: str) -> None:
    with pytest.raises(DocumentRejected) as refused:
        UBL_2_1.check(body)
    assert [fault.code for fault in refused.value.faults] == [code]
    assert [fault.code for fault in faults(body)] == [code]


@pytest.mark.parametrize(
    ("unit", "known"),
    [
        ("EA", "EA"),
        ("XCT", "XCT"),
        ("CT", None),
        ("PL", None),
        ("CS", None),
        ("KG", None),
        ("LTR", "LTR"),
        ("12", None),
    ],
)
def test_a_unit_stays_verbatim_and_is_known_only_by_rec_20(unit: str, known: str | None) -> None:
    line = read(small(line=f'<cbc:Quantity unitCode="{unit}">1</cbc:Quantity>')).order.lines[0]
    assert (line.unit, line.unit_code) == (unit, known)


@pytest.mark.parametrize(
    ("code", "order_type", "rush"),
    [
        ("220", "stand_alone", False),
        ("105", "stand_alone", False),
        ("221", "blanket", False),
        ("224", "stand_alone", True),
        ("226", "release", False),
        ("227", "consignment", False),
        ("402", "other", False),
    ],
)
def test_the_order_type_is_uncl_1001s(code: str, order_type: str, rush: bool) -> None:
    order = read(small(header=f"<cbc:ID>1</cbc:ID><cbc:OrderTypeCode>{code}</cbc:OrderTypeCode>")).order
    assert (order.order_type, order.rush) == (order_type, rush)
    assert [kept.value for kept in order.extensions] == ([code] if order_type == "other" else [])


@pytest.mark.parametrize("code", ["1E3", "1_000", "1,5", "NaN", "Infinity", "٣", "", "1" * 21, "0.12345678901", "--1"])
def test_only_plain_decimals_are_quantities(code: str) -> None:
    (fault,) = faults(small(line=f"<cbc:Quantity>{code}</cbc:Quantity>").encode())
    assert fault.code == ("not_a_number" if code else "missing_field")
    assert fault.path == "/lines/0/quantity"
    assert fault.location == "line 5: cac:OrderLine/cac:LineItem/cbc:Quantity"


@pytest.mark.parametrize("code", ["12.50000000000", "00000000000000000000012.5", "0" * 60 + "12.5"])
def test_zeros_that_say_nothing_are_no_fault(code: str) -> None:
    price = f'<cac:Price><cbc:PriceAmount currencyID="EUR">{code}</cbc:PriceAmount></cac:Price>'
    (found,) = read(small(line=f"<cbc:Quantity>{code}</cbc:Quantity>{price}")).order.lines
    assert found.quantity == Decimal("12.5")
    assert found.price == Price(amount=Decimal("12.5"))


def test_a_price_in_another_currency_is_a_fault_and_a_total_in_one_a_warning() -> None:
    header = "<cbc:ID>1</cbc:ID><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
    price = '<cac:Price><cbc:PriceAmount currencyID="GBP">3</cbc:PriceAmount></cac:Price>'
    (fault,) = faults(small(header=header, line=f"<cbc:Quantity>1</cbc:Quantity>{price}").encode())
    assert (fault.code, fault.path, fault.value) == ("bad_value", "/lines/0/price/amount", "3 GBP")
    total = '<cac:AnticipatedMonetaryTotal><cbc:PayableAmount currencyID="GBP">3</cbc:PayableAmount>'
    found = read(small(header=header + total + "</cac:AnticipatedMonetaryTotal>"))
    assert found.order.total is None
    assert [warning.code for warning in found.warnings] == ["other_currency"]
    assert [(kept.name, kept.value) for kept in found.order.extensions] == [
        ("cac:AnticipatedMonetaryTotal/cbc:PayableAmount", "3"),
        ("cac:AnticipatedMonetaryTotal/cbc:PayableAmount/@currencyID", "GBP"),
    ]


def test_foreign_extensions_are_kept_without_a_warning() -> None:
    ext = "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"
    content = '<n:Route xmlns:n="urn:north">7<n:Dock>4</n:Dock>b</n:Route>'
    header = f"""<e:UBLExtensions xmlns:e="{ext}"><e:UBLExtension><e:ExtensionContent>{content}
    </e:ExtensionContent></e:UBLExtension></e:UBLExtensions><cbc:ID>1</cbc:ID>"""
    found = read(small(header=header))
    name = "ext:UBLExtensions/ext:UBLExtension/ext:ExtensionContent/{urn:north}Route"
    kept = [(one.name, one.value) for one in found.order.extensions]
    assert kept == [(name, "7"), (f"{name}/{{urn:north}}Dock", "4"), (name, "b")]
    assert found.warnings == ()


def test_a_wrong_check_digit_is_a_warning_with_its_place() -> None:
    body = FIVE_LINES.read_bytes().replace(b"04098765000034", b"04098765000035")
    (found,) = UBL_2_1.parse_orders(body)
    (warning,) = found.warnings
    assert (warning.code, warning.path, warning.value) == ("check_digit", "/lines/0/gtin", "04098765000035")
    assert warning.location.endswith("cac:OrderLine[1]/cac:LineItem/cac:Item/cac:StandardItemIdentification/cbc:ID")


@pytest.mark.parametrize("element", ["<cbc:ID>1</cbc:ID>", "<cbc:Colour>red</cbc:Colour>", "<cbc:UUID>1</cbc:UUID>"])
def test_thousands_of_elements_without_a_place_are_one_fault(element: str) -> None:
    """Each would be a fault, a warning or a value kept aside, at a hundred times what it costs to send."""
    (fault,) = faults(small(header="<cbc:ID>1</cbc:ID>\n" + element * 20_100).encode())
    assert (fault.code, fault.location) == ("xml_limit", f"line 5: {element[1 : element.index('>')]}")


def test_a_thousand_warnings_are_enough() -> None:
    read_order = read(small(header="<cbc:ID>1</cbc:ID>" + "<cbc:Colour>red</cbc:Colour>" * 5_000))
    assert len(read_order.warnings) == 1_000
    assert len(read_order.order.extensions) == 5_000


def test_the_delivery_party_comes_after_the_location() -> None:
    delivery = """<cac:Delivery><cac:DeliveryLocation><cbc:ID schemeID="0088">4012345000016</cbc:ID>
    </cac:DeliveryLocation><cac:DeliveryParty><cac:PartyIdentification><cbc:ID>S7</cbc:ID></cac:PartyIdentification>
    <cac:PartyName><cbc:Name>Store 7</cbc:Name></cac:PartyName></cac:DeliveryParty></cac:Delivery>"""
    ship_to = read(small(header=f"<cbc:ID>1</cbc:ID>{delivery}")).order.ship_to
    assert ship_to is not None
    assert [one.id for one in ship_to.known_as()] == ["4012345000016", "S7"]
    assert ship_to.name == "Store 7"


def test_a_character_that_xml_has_not_shows_as_replaced() -> None:
    order = read(small()).order.model_copy(update={"note": "a\x00b\ud800c"})
    assert read(UBL_2_1.renderers["order"](order).decode()).order.note == "a\ufffdb\ufffdc"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_broken_in_a_document_is_read_or_refused_with_faults(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from([path.read_bytes() for path in ORDERS])))
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 40)))
        body[start:end] = data.draw(
            st.one_of(st.binary(max_size=6), st.sampled_from([b"<", b"</cbc:ID>", b"-", b"9e9"]))
        )
    assert_read_or_refused(bytes(body))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_elements_are_moved_or_doubled_it_is_read_or_refused_with_faults(data: st.DataObject) -> None:
    root = etree.fromstring(data.draw(st.sampled_from([path.read_bytes() for path in ORDERS])))
    elements = list(root.iter(etree.Element))
    for _ in range(data.draw(st.integers(1, 6))):
        taken, target = data.draw(st.sampled_from(elements)), data.draw(st.sampled_from(elements))
        target.append(etree.fromstring(etree.tostring(taken, with_tail=False)))
        if data.draw(st.booleans()) and taken.getparent() is not None:
            taken.getparent().remove(taken)
    assert_read_or_refused(etree.tostring(root))
