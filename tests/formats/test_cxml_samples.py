"""cXML documents written for this project, against what their author says they mean; and every way to write one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from schemas.documents.order import Order
from schemas.documents.partly_read import OrderPartlyRead
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats import ReadOrder
from schemas.formats.cxml_1_2 import CXML_1_2

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "cxml_1_2" / "examples"
ORDERS = sorted((EXAMPLES / "order").glob("*.xml"))
REJECTED = sorted((EXAMPLES / "rejected").glob("*.xml"))
FIVE_LINES = EXAMPLES / "order" / "five-lines.xml"
DOCTYPE = '<!DOCTYPE cXML SYSTEM "{}">'
SMALL = """<?xml version="1.0" encoding="{encoding}"?>{before}
<cXML payloadID="p@x.example" timestamp="2026-11-23T08:00:00+00:00"><Header/><Request><OrderRequest>
<OrderRequestHeader orderID="{number}" orderDate="2026-11-23" {attributes}>{header}</OrderRequestHeader>
<ItemOut quantity="{quantity}" {line_attributes}>{line}</ItemOut></OrderRequest></Request></cXML>"""


def small(**parts: str) -> str:
    every = {"encoding": "UTF-8", "before": "", "number": "Größe", "attributes": "", "header": "", "quantity": "1"}
    return SMALL.format(**{**every, "line_attributes": "", "line": "", **parts})


def read(document: str) -> ReadOrder:
    (order,) = CXML_1_2.parse_orders(document.encode())
    return order


def faults(body: bytes) -> tuple[Fault, ...]:
    with pytest.raises(DocumentRejected) as refused:
        CXML_1_2.parse_orders(body)
    return refused.value.faults


def expected_of(path: Path) -> Any:
    return json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ORDERS, ids=lambda path: path.stem)
def test_an_example_order_says_what_its_golden_says(path: Path) -> None:
    body = path.read_bytes()
    assert CXML_1_2.sniff(body)
    CXML_1_2.check(body)
    (found,) = CXML_1_2.parse_orders(body)
    assert found.order == Order.model_validate(expected_of(path))
    assert found.warnings == ()
    assert found.envelope_id == etree.fromstring(body).get("payloadID")


def test_the_whole_example_is_valid_by_the_dtd(schemas_dir: Path) -> None:
    definition = etree.DTD(str(schemas_dir / "cxml" / "cXML.dtd"))
    assert definition.validate(etree.fromstring(FIVE_LINES.read_bytes())), definition.error_log


GROUP = (
    '<ItemOut quantity="1" lineNumber="1" itemType="composite"{kind}><ItemID><SupplierPartID>SET</SupplierPartID>'
    "</ItemID></ItemOut>"
    '<ItemOut quantity="2" lineNumber="2" itemType="item" parentLineNumber="{parent}"><ItemID>'
    "<SupplierPartID>PART</SupplierPartID></ItemID></ItemOut>"
)


def grouped(kind: str, parent: str = "1") -> str:
    before, after = small(quantity="9").split("<ItemOut", 1)
    _, after = after.split("</ItemOut>", 1)
    return before + GROUP.format(kind=kind, parent=parent) + after


def test_of_a_group_whose_parts_are_ordered_the_heading_is_no_line() -> None:
    order = read(grouped(' compositeItemType="itemLevel"')).order
    assert [(line.line_number, line.seller_item) for line in order.lines] == [("2", "PART")]
    kept = {one.name: one.value for one in order.extensions}
    assert kept["ItemOut/@lineNumber"] == "1"
    assert kept["ItemOut/ItemID/SupplierPartID"] == "SET"


@pytest.mark.parametrize("kind", ["", ' compositeItemType="groupLevel"'])
def test_a_group_and_its_parts_are_never_both_delivered(kind: str) -> None:
    with pytest.raises(DocumentHeld) as held:
        CXML_1_2.parse_orders(grouped(kind).encode())
    (fault,) = held.value.faults
    assert fault.code == "unsupported_document"
    assert "line 1 and its part, line 2, are both lines of the order" in fault.detail
    assert fault.location.endswith("ItemOut[2]")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("", "line 1 is a group whose parts aren't there, line 2 a part of none"),
        (' compositeItemType="groupLevel"', "line 1 is a group whose parts aren't there, line 2 a part of none"),
        (' compositeItemType="itemLevel"', "line 1 is the heading of a group whose parts aren't there"),
    ],
)
@pytest.mark.parametrize("parent", ["0", ""])
def test_a_group_and_parts_that_do_not_name_each_other_are_held(kind: str, said: str, parent: str) -> None:
    with pytest.raises(DocumentHeld) as held:
        CXML_1_2.parse_orders(grouped(kind, parent).encode())
    (fault,) = held.value.faults
    assert fault.detail == said


def test_a_part_without_any_group_is_a_line_like_others() -> None:
    order = read(grouped("", parent="0").replace(' itemType="composite"', "")).order
    assert [line.line_number for line in order.lines] == ["1", "2"]


@pytest.mark.parametrize(("group", "parent"), [("1", "001"), ("01", "1"), ("010", "10")])
def test_zeros_in_front_of_a_line_number_keep_no_group_from_its_parts(group: str, parent: str) -> None:
    numbered = grouped("", parent).replace('lineNumber="1"', f'lineNumber="{group}"')
    with pytest.raises(DocumentHeld):
        CXML_1_2.parse_orders(numbered.encode())
    heading = numbered.replace("composite", 'composite" compositeItemType="itemLevel', 1)
    assert [line.line_number for line in read(heading).order.lines] == ["2"]


def test_a_line_with_a_headings_number_is_not_taken_for_it() -> None:
    twice = grouped(' compositeItemType="itemLevel"').replace(
        "</OrderRequest>", '<ItemOut quantity="1" lineNumber="01"/></OrderRequest>'
    )
    with pytest.raises(DocumentHeld):
        CXML_1_2.parse_orders(twice.encode())


NESTED = "<ItemOut quantity='2' lineNumber='2'/>"


@pytest.mark.parametrize(
    "document",
    [small(line=NESTED), small(header=NESTED), small(line=f"<Extra><Deep>{NESTED}</Deep></Extra>")],
)
def test_an_item_out_anywhere_else_is_a_fault(document: str) -> None:
    (fault,) = faults(document.encode())
    assert (fault.code, fault.detail) == ("bad_value", "an ItemOut stands inside another element")
    assert fault.location.endswith("/ItemOut")


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        *((f'isReturn="{word}"', "is a return") for word in ("yes", "YES", "true", "1")),
        ('returnAuthorizationNumber="RMA1"', "the number of a return, RMA1"),
        ('isDeliveryCompleted="yes"', "nothing more is expected"),
        *(
            (f'itemCategory="{word}"', f"category is {word}")
            for word in ("text", "limit", "consignment", "subcontract")
        ),
        ('subcontractingType="regular"', "subcontractingType is regular"),
        ('stockTransferType="intra"', "stockTransferType is intra"),
    ],
)
def test_what_is_no_order_of_goods_is_held(attribute: str, said: str) -> None:
    with pytest.raises(DocumentHeld) as held:
        CXML_1_2.parse_orders(small(line_attributes=attribute).encode())
    (fault,) = held.value.faults
    assert (fault.code, said in fault.detail) == ("unsupported_document", True)
    assert fault.location.endswith("ItemOut")


@pytest.mark.parametrize(
    "attribute", ['isReturn="no"', 'isReturn="False"', 'isDeliveryCompleted="no"', 'itemCategory="thirdParty"']
)
def test_what_says_that_it_is_none_of_these_is_read(attribute: str) -> None:
    (line,) = read(small(line_attributes=attribute)).order.lines
    assert [one.name for one in line.extensions] == ["@" + attribute.split("=")[0]]


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_a_rejected_example_has_exactly_its_faults(path: Path) -> None:
    found = faults(path.read_bytes())
    shown = [{name: fault.as_json()[name] for name in ("code", "path", "location", "value")} for fault in found]
    assert shown == json.loads(path.with_suffix(".faults.json").read_text(encoding="utf-8"))
    assert all(fault.code in FAULTS and fault.detail for fault in found)


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/order_number", "line 24: OrderRequestHeader/@orderID"),
        ("/lines/2/unit", "line 128: ItemOut[3]/ItemDetail/UnitOfMeasure"),
        ("/lines/2/quantity", "line 123: ItemOut[3]/@quantity"),
        ("/lines/3/ship_to", "line 142: ItemOut[4]/ShipTo (missing)"),
        ("/lines/1/schedule/1/quantity", "line 121: ItemOut[2]/ScheduleLine[2]/@quantity"),
        ("/ship_to/id", "line 35: OrderRequestHeader/ShipTo/Address/@addressID"),
        ("/buyer/id", "line 6: Header/From/Credential[1]/Identity"),
        ("", "line 21: OrderRequest"),
    ],
)
def test_a_value_is_found_where_it_stands(pointer: str, place: str) -> None:
    assert CXML_1_2.locate(FIVE_LINES.read_bytes(), [pointer, "/lines"]) == [place, "line 21: OrderRequest"]


def test_an_order_that_is_wrong_somewhere_gives_its_rest() -> None:
    body = (EXAMPLES / "rejected" / "everything-wrong.xml").read_bytes()
    with pytest.raises(OrderPartlyRead) as refused:
        CXML_1_2.parse_orders(body)
    assert refused.value.rest.lines == ()
    assert refused.value.answer_to is None
    assert "order_number" in refused.value.rest.unread
    with pytest.raises(OrderPartlyRead) as one_line:
        CXML_1_2.parse_orders(FIVE_LINES.read_bytes().replace(b'quantity="4"', b'quantity="many"'))
    assert one_line.value.answer_to == "BH-2026-0815"
    assert one_line.value.rest.lines == (0, 1, 3, 4)


@pytest.mark.parametrize(
    ("attributes", "why"),
    [('isReturn="yes"', "return"), ('operation="block"', "block")],
)
def test_a_line_that_is_no_order_of_goods_is_held(attributes: str, why: str) -> None:
    with pytest.raises(DocumentHeld) as held:
        read(small(line_attributes=attributes))
    (fault,) = held.value.faults
    assert fault.code == "unsupported_document"
    assert why in fault.detail
    assert fault.location == "line 4: ItemOut"


@pytest.mark.parametrize(
    ("written", "day", "at", "kept"),
    [
        ("2026-11-23T08:00:00+01:00", "2026-11-23", "2026-11-23T08:00:00+01:00", []),
        ("2026-11-23T08:00:00Z", "2026-11-23", "2026-11-23T08:00:00+00:00", []),
        ("2026-11-23T08:00:00-0500", "2026-11-23", "2026-11-23T08:00:00-05:00", []),
        ("2026-11-23T08:00:00.250+01:00", "2026-11-23", "2026-11-23T08:00:00.250000+01:00", []),
        ("2026-11-23T08:00+01:00", "2026-11-23", "2026-11-23T08:00:00+01:00", []),
        ("2026-11-23 08:00:00", "2026-11-23", None, ["2026-11-23 08:00:00"]),
        ("2026-11-23 08:00:00.5 +01", "2026-11-23", "2026-11-23T08:00:00.500000+01:00", []),
        ("2026-11-23-05:00", "2026-11-23", None, []),
        ("2026-11-23Z", "2026-11-23", None, []),
        ("2026-11-23", "2026-11-23", None, []),
    ],
)
def test_dates_are_read_as_real_files_write_them(written: str, day: str, at: str | None, kept: list[str]) -> None:
    order = read(small().replace('orderDate="2026-11-23"', f'orderDate="{written}"')).order
    assert order.issue_date is not None
    assert order.issue_date.isoformat() == day
    assert (order.issued_at.isoformat() if order.issued_at else None) == at
    assert [one.value for one in order.extensions] == kept


@pytest.mark.parametrize(
    ("written", "quantity"),
    [("1.2E2", "120"), ("1e-3", "0.001"), (".5E+1", "5"), ("1.50E0", "1.50"), (" 2.0 ", "2.0"), ("7.", "7")],
)
def test_numbers_may_have_an_exponent(written: str, quantity: str) -> None:
    assert str(read(small(quantity=written)).order.lines[0].quantity) == quantity


@pytest.mark.parametrize("written", ["1,000", "1E", "1E99", "1E-99", "NaN", "0x1", "1E1000", "1" * 120 + "E1"])
def test_what_is_no_number_is_a_fault(written: str) -> None:
    (fault,) = faults(small(quantity=written).encode())
    assert (fault.code, fault.path) == ("not_a_number", "/lines/0/quantity")


@pytest.mark.parametrize("written", ["23.11.2026", "Mon May 19 18:29:48 +0000 2008", "2026-13-01", "2026-11-23T25:00Z"])
def test_what_is_no_date_is_a_fault(written: str) -> None:
    (fault,) = faults(small().replace('orderDate="2026-11-23"', f'orderDate="{written}"').encode())
    assert (fault.code, fault.path, fault.value) == ("not_a_date", "/issue_date", written)


@pytest.mark.parametrize(
    ("system", "taken"),
    [
        ("http://xml.cxml.org/schemas/cXML/1.2.014/cXML.dtd", True),
        ("https://xml.cXML.org/schemas/cXML/1.2.060/Fulfill.dtd", True),
        ("http://xml.cXML.org/schemas/cXML/1.2.020/InvoiceDetail.dtd", True),
        ("http://xml.cxml.org/schemas/cXML/1.2.060/Custom.dtd", True),
        ("http://www.cxml.org/schemas/cXML/1.1.007/cXML.dtd", True),
        ("cXML.dtd", True),
        ("Order.dtd", False),
        ("http://xml.cxml.org/schemas/cXML/1.2.060/../../../passwd.dtd", False),
        ("http://xml.cxml.org.evil.example/schemas/cXML/1.2.014/cXML.dtd", False),
        ("http://evil.example/schemas/cXML/1.2.014/cXML.dtd", False),
        ("file:///etc/passwd", False),
    ],
)
def test_only_cxmls_own_doctypes_are_taken(system: str, taken: bool) -> None:
    body = small(before=DOCTYPE.format(system)).encode()
    if taken:
        assert CXML_1_2.parse_orders(body)[0].order.order_number == "Größe"
    else:
        assert [fault.code for fault in faults(body)] == ["xml_doctype_refused"]


@pytest.mark.parametrize("place", ["number", "header", "line", "line_attributes"])
def test_an_entity_is_never_expanded_nor_dropped(place: str) -> None:
    entity = 'lineNumber="1&foo;"' if place == "line_attributes" else "x&foo;y"
    body = small(before=DOCTYPE.format("http://xml.cxml.org/schemas/cXML/1.2.014/cXML.dtd"), **{place: entity})
    assert [fault.code for fault in faults(body.encode())] == ["xml_not_well_formed"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_any_encoding_is_read(encoding: str) -> None:
    (found,) = CXML_1_2.parse_orders(small(encoding=encoding).encode(encoding))
    assert found.order.order_number == "Größe"


def test_orders_wrapped_oddly_are_read_and_nothing_is_dropped() -> None:
    """Extrinsics where the DTD has none, a Message in the OrderRequest, text beside elements, CDATA and comments."""
    document = small(
        header="<Extrinsic name='early'>1<deep a='2'>3</deep>4</Extrinsic>beside<Total><Money>7</Money></Total>",
        line="<Extrinsic name='late'/><Unknown>x</Unknown><Comments><![CDATA[<b>]]><!-- no --> &amp; so on</Comments>",
    )
    order = read(document.replace("</OrderRequest>", "<Message>hello</Message></OrderRequest>")).order
    kept = [(one.name, one.value) for one in order.extensions]
    assert kept == [
        ("early", "1"),
        ("early/deep", "3"),
        ("early/deep/@a", "2"),
        ("early", "4"),
        ("OrderRequestHeader", "beside"),
        ("Message", "hello"),
    ]
    assert order.total == 7
    assert order.currency is None
    (line,) = order.lines
    assert [(one.name, one.value) for one in line.extensions] == [("late", ""), ("Unknown", "x")]
    assert line.note == "<b> & so on"


def test_several_currencies_are_faults_in_prices_and_kept_aside_in_charges() -> None:
    total = '<Total><Money currency="EUR">1</Money></Total>'
    shipping = '<Shipping><Money currency="USD">5</Money><Description>x</Description></Shipping>'
    found = read(small(header=total + shipping))
    assert [warning.code for warning in found.warnings] == ["other_currency"]
    assert found.order.charges == ()
    assert [(one.name, one.value) for one in found.order.extensions] == [
        ("Shipping/Money", "5"),
        ("Shipping/Money/@currency", "USD"),
        ("Shipping/Description", "x"),
    ]


def test_a_modification_by_a_percentage_is_kept_aside() -> None:
    change = "<Modification><AdditionalCost><Percentage percent='5'/></AdditionalCost></Modification>"
    order = read(small(header=f"<Total><Money currency='EUR'>1</Money><Modifications>{change}</Modifications></Total>"))
    assert order.order.charges == ()
    assert [(one.name, one.value) for one in order.order.extensions] == [
        ("Total/Modifications/Modification/AdditionalCost/Percentage/@percent", "5")
    ]


def test_a_card_number_is_not_kept() -> None:
    order = read(small(header='<Payment><PCard number="4111111111111111" expiration="2027-01-01" name="J"/></Payment>'))
    assert "4111" not in order.order.model_dump_json()
    assert [(one.name, one.value) for one in order.order.extensions] == [("Payment/PCard/@name", "J")]


def test_wrong_check_digits_are_warnings() -> None:
    gtin = '<ItemID><IdReference domain="UPC" identifier="4012345678902"/></ItemID>'
    place = '<ShipTo><Address addressID="4012345000010" addressIDDomain="gln"/></ShipTo>'
    found = read(small(header=place, line=gtin))
    assert [(one.code, one.path) for one in found.warnings] == [
        ("check_digit", "/ship_to/id"),
        ("check_digit", "/lines/0/gtin"),
    ]
    assert found.warnings[1].location == "line 4: ItemOut/ItemID/IdReference/@identifier"


def test_a_schedule_that_is_the_whole_line_is_the_lines_day() -> None:
    line = '<ScheduleLine quantity="1" requestedDeliveryDate="2026-12-01T00:00:00+01:00"/>'
    (found,) = read(small(line=line)).order.lines
    assert found.schedule == ()
    assert found.requested_delivery is not None
    assert found.requested_delivery.end is not None
    assert found.requested_delivery.end.isoformat() == "2026-12-01"


def test_limits_are_faults() -> None:
    deep = "<a>" * 255 + "</a>" * 255
    assert [fault.code for fault in faults(small(header=deep).encode())] == ["xml_limit"]
    many = "<x>1</x>" * 20_001
    assert [fault.code for fault in faults(small(header=many).encode())] == ["xml_limit"]
    long_names = ("<" + "n" * 1_500 + ">") * 2 + ("</" + "n" * 1_500 + ">") * 2
    assert [fault.code for fault in faults(small(header=long_names).encode())] == ["xml_limit"]
    many_contacts = "<ShipTo>" + "<IdReference identifier='1' domain='d'/>" * 20_001 + "</ShipTo>"
    assert [fault.code for fault in faults(small(header=many_contacts).encode())] == ["xml_limit"]


def test_sniff_takes_cxml_only() -> None:
    for encoding in ("utf-8", "utf-16", "iso-8859-1"):
        assert CXML_1_2.sniff("<?xml version='1.0'?>\n<!-- x --><cXML>".encode(encoding))
    ubl = EXAMPLES.parents[1] / "ubl_2_1" / "examples" / "order" / "peppol-five-lines.xml"
    for other in (ubl.read_bytes(), b"", b"<cXMLs/>", b'{"cXML": 1}', b"cXML"):
        assert not CXML_1_2.sniff(other)


def test_every_fault_of_a_price_basis_is_told() -> None:
    basis = (
        '<PriceBasisQuantity quantity="x" conversionFactor="-1"><UnitOfMeasure>BX</UnitOfMeasure></PriceBasisQuantity>'
    )
    line = f'<ItemDetail><UnitPrice><Money currency="EUR">5</Money></UnitPrice>{basis}</ItemDetail>'
    found = faults(small(line=line).encode())
    assert [(one.code, one.path, one.location) for one in found] == [
        ("bad_value", "/lines/0/price/base_quantity", "line 4: ItemOut/ItemDetail/PriceBasisQuantity"),
        ("not_a_number", "/lines/0/price/base_quantity", "line 4: ItemOut/ItemDetail/PriceBasisQuantity/@quantity"),
    ]


BASIS = '<PriceBasisQuantity quantity="1" conversionFactor="{}"><UnitOfMeasure>{}</UnitOfMeasure></PriceBasisQuantity>'
MONEY = '<UnitPrice><Money currency="EUR">0.25</Money></UnitPrice>'


@pytest.mark.parametrize("price", ["", MONEY])
def test_a_conversion_factor_is_what_the_document_says_is_in_a_pack(price: str) -> None:
    detail = f"<ItemDetail>{price}<UnitOfMeasure>BX</UnitOfMeasure>{BASIS.format('24', 'EA')}</ItemDetail>"
    (line,) = read(small(line=detail)).order.lines
    assert (str(line.pack_size), line.pack_unit, line.pack_unit_code) == ("24", "EA", "EA")


def test_a_conversion_factor_comes_back() -> None:
    detail = f"<ItemDetail>{MONEY}<UnitOfMeasure>BX</UnitOfMeasure>{BASIS.format('24', 'EA')}</ItemDetail>"
    (line,) = read(small(line=detail)).order.lines
    (again,) = read(CXML_1_2.renderers["order"](read(small(line=detail)).order).decode()).order.lines
    assert (again.pack_size, again.pack_unit, again.price) == (line.pack_size, line.pack_unit, line.price)


def test_without_a_price_a_factor_between_a_unit_and_itself_is_no_agreement_with_ours() -> None:
    """With one it is a fault. Without one it is held against ours: twenty-four boxes in a box."""
    detail = f"<ItemDetail><UnitOfMeasure>BX</UnitOfMeasure>{BASIS.format('24', 'BX')}</ItemDetail>"
    (line,) = read(small(line=detail)).order.lines
    assert (str(line.pack_size), line.pack_unit) == ("24", "BX")


def blanket(quantity: str, limits: str, kind: str = "blanket", price: str = "6.00") -> str:
    money = f'<UnitPrice><Money currency="EUR">{price}</Money></UnitPrice>' if price else ""
    detail = f"<BlanketItemDetail>{limits}{money}<UnitOfMeasure>BX</UnitOfMeasure></BlanketItemDetail>"
    return small(attributes=f'orderType="{kind}"', quantity=quantity, line=detail)


MAX_100 = "<MaxQuantity>100</MaxQuantity>"
MAX_600 = '<MaxAmount><Money currency="EUR">600</Money></MaxAmount>'


@pytest.mark.parametrize(
    ("quantity", "limits", "ordered"),
    [
        ("1", MAX_100, "100"),
        ("100", MAX_100, "100"),
        ("1", MAX_100 + MAX_600, "100"),
        ("100", MAX_600, "100"),
        ("50", "<MinQuantity>5</MinQuantity>", "50"),
    ],
)
def test_a_blanket_lines_ceiling_is_what_it_orders(quantity: str, limits: str, ordered: str) -> None:
    order = read(blanket(quantity, limits)).order
    assert (order.order_type, str(order.lines[0].quantity)) == ("blanket", ordered)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (blanket("500", MAX_100), "its MaxQuantity 100"),
        (blanket("1", MAX_100, kind="regular"), "its MaxQuantity 100"),
        (blanket("1", MAX_600), "limited to an amount"),
        (blanket("1", ""), "has no MaxQuantity"),
        (blanket("101", MAX_600), "doesn't cover"),
        (blanket("100", MAX_600, price=""), "can't be told"),
        (blanket("100", MAX_600.replace("MaxAmount", "MaxContractAmount")), "a value (MaxContractAmount)"),
        (blanket("100", MAX_600.replace("MaxAmount", "OverallLimit")), "a value (OverallLimit)"),
    ],
)
def test_a_blanket_line_whose_ceiling_is_not_its_quantity_is_held(document: str, said: str) -> None:
    with pytest.raises(DocumentHeld) as held:
        CXML_1_2.parse_orders(document.encode())
    assert all(fault.code == "unsupported_document" and fault.location for fault in held.value.faults)
    assert any(said in fault.detail for fault in held.value.faults)


def test_a_max_quantity_that_is_no_number_is_a_fault() -> None:
    (fault,) = faults(blanket("1", "<MaxQuantity>many</MaxQuantity>").encode())
    assert (fault.code, fault.path) == ("not_a_number", "/lines/0/quantity")
    assert fault.location.endswith("MaxQuantity")


def scheduled(*parts: tuple[str, str], attributes: str = "", before: str = "") -> str:
    """A line of four in parts: (quantity, ShipTo's addressID)."""
    place = '<ShipTo><Address addressID="{}"><Name>x</Name></Address></ShipTo>'
    lines = "".join(
        f'<ScheduleLine quantity="{quantity}" requestedDeliveryDate="2026-12-0{number}"{attributes}>'
        f"<UnitOfMeasure>BX</UnitOfMeasure>{place.format(site) if site else ''}</ScheduleLine>"
        for number, (quantity, site) in enumerate(parts, 1)
    )
    first = place.format(before) if before else ""
    return small(quantity="4", line=f"<ItemDetail><UnitOfMeasure>BX</UnitOfMeasure></ItemDetail>{first}{lines}")


@pytest.mark.parametrize(
    ("document", "site"),
    [
        (scheduled(("2", "A"), ("2", "A")), "A"),
        (scheduled(("4", "A")), "A"),
        (scheduled(("2", ""), ("2", "A"), before="A"), "A"),
    ],
)
def test_the_place_of_all_parts_of_a_line_is_its_own(document: str, site: str) -> None:
    (line,) = read(document).order.lines
    assert line.ship_to is not None
    assert line.ship_to.id == site


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (scheduled(("2", "A"), ("2", "B")), "another place"),
        (scheduled(("2", "A"), ("2", "")), "another place"),
        (scheduled(("4", "B"), before="A"), "another place"),
        (scheduled(("4", ""), attributes=' type="forecast"'), "is forecast"),
        (
            scheduled(("4", "")).replace("</Sch", '<ScheduleLineReleaseInfo commitmentCode="tradeoff"/></Sch'),
            "is tradeoff",
        ),
        (small(line='<ReleaseInfo releaseType="jit" cumulativeReceivedQuantity="7"/>'), "scheduling agreement"),
    ],
)
def test_a_part_for_elsewhere_or_not_ordered_yet_is_held(document: str, said: str) -> None:
    with pytest.raises(DocumentHeld) as held:
        CXML_1_2.parse_orders(document.encode())
    assert all(said in fault.detail and fault.location for fault in held.value.faults)


def for_order_to(document: str, place: str) -> bytes:
    """The document's order, which goes to this place."""
    before, _, after = document.partition("</OrderRequestHeader>")
    assert after
    return f"{before}{place}</OrderRequestHeader>{after}".encode()


PLACE_A = '<ShipTo><Address addressID="A"><Name>Yard</Name>{}</Address></ShipTo>'
TOWN = "<PostalAddress><City>{}</City></PostalAddress>"
STREET = "<PostalAddress><Street>{}</Street><City>Oulu</City></PostalAddress>"


@pytest.mark.parametrize("parts", [[("2", "A"), ("2", "")], [("2", "A"), ("2", "A")], [("2", ""), ("2", "A")]])
def test_a_part_for_the_orders_own_place_by_another_name_is_the_lines(parts: list[tuple[str, str]]) -> None:
    (found,) = CXML_1_2.parse_orders(for_order_to(scheduled(*parts), PLACE_A.format("")))
    (line,) = found.order.lines
    assert len(line.schedule) == 2
    assert line.ship_to is None or line.ship_to.id == "A"


def test_a_part_for_the_lines_place_by_another_name_is_kept_aside() -> None:
    document = scheduled(("2", "A"), ("2", ""), before="A").replace("<Name>x</Name>", "<Name>Gate 2</Name>", 1)
    (line,) = read(document).order.lines
    assert line.ship_to is not None
    assert (line.ship_to.id, line.ship_to.name) == ("A", "Gate 2")
    assert ("ScheduleLine/ShipTo/Address/Name", "x") in {(one.name, one.value) for one in line.extensions}


@pytest.mark.parametrize("place", [PLACE_A.replace('"A"', '"B"').format(""), PLACE_A.format(TOWN.format("Oulu"))])
def test_a_part_for_another_place_than_the_orders_is_held(place: str) -> None:
    document = scheduled(("2", "A"), ("2", "")).replace("<Name>x</Name>", "<Name>x</Name>" + TOWN.format("Turku"))
    with pytest.raises(DocumentHeld, match="another place"):
        CXML_1_2.parse_orders(for_order_to(document, place))


@pytest.mark.parametrize("of_part", [STREET.format("Kade 2"), ""])
def test_a_part_for_another_street_or_number_of_the_same_id_is_held(of_part: str) -> None:
    """A company's own number as the addressID of all its yards; or as that, with the yard's beside it."""
    document = scheduled(("2", "A"), ("2", "")).replace("<Name>x</Name>", "<Name>x</Name>" + of_part)
    place = PLACE_A.format(STREET.format("Kade 1"))
    if not of_part:
        document = document.replace(
            "</Address></ShipTo>", '</Address><IdReference identifier="S1" domain="d"/></ShipTo>'
        )
        place = place.replace("</Address></ShipTo>", '</Address><IdReference identifier="S2" domain="d"/></ShipTo>')
    with pytest.raises(DocumentHeld, match="another place"):
        CXML_1_2.parse_orders(for_order_to(document, place))


def drawing_on(*agreements: str, attributes: str = 'orderType="release"') -> str:
    """A release of a line for each of these agreements, none where it is empty."""
    named = '<MasterAgreementReference agreementID="{}"><DocumentReference payloadID="p"/></MasterAgreementReference>'
    lines = "".join(
        f'<ItemOut quantity="1" lineNumber="{number}">{named.format(one) if one else ""}</ItemOut>'
        for number, one in enumerate(agreements, 1)
    )
    before, _, after = small(attributes=attributes).partition("<ItemOut")
    return before + lines + after.partition("</ItemOut>")[2]


@pytest.mark.parametrize(
    "document",
    [
        drawing_on("BL", "BL"),
        drawing_on("BL", "BL", attributes=""),
        drawing_on("BL", "BL").replace("MasterAgreementReference", "MasterAgreementIDInfo"),
        drawing_on("", "BL", attributes='orderType="release" agreementID="BL"'),
    ],
)
def test_the_agreement_that_every_line_names_is_the_contract(document: str) -> None:
    order = read(document).order
    assert order.contract == "BL"
    assert not [one for line in order.lines for one in line.extensions if one.name.endswith("@agreementID")]


@pytest.mark.parametrize(
    "document",
    [
        drawing_on("BL", "B2"),
        drawing_on("BL", ""),
        drawing_on("B2", attributes='orderType="release" agreementID="BL"'),
    ],
)
def test_a_release_that_draws_on_several_agreements_is_held(document: str) -> None:
    with pytest.raises(DocumentHeld) as held:
        CXML_1_2.parse_orders(document.encode())
    assert "several agreements" in held.value.faults[0].detail


def test_agreements_of_an_order_that_is_no_release_are_kept_aside() -> None:
    order = read(drawing_on("BL", "B2", attributes="")).order
    assert order.contract is None
    assert [line.extensions[-1].value for line in order.lines] == ["BL", "B2"]


def test_a_root_with_a_prefix_is_refused_with_its_place() -> None:
    body = b'<c:cXML xmlns:c="urn:x"><Request/></c:cXML>'
    assert CXML_1_2.sniff(body)
    (fault,) = faults(body)
    assert (fault.code, fault.location) == ("wrong_document", "line 1: {urn:x}cXML")
