"""Despatch advices as cXML ShipNoticeRequests: what is written comes back and is valid by the official DTD."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from schemas.documents.despatch_advice import DespatchAdvice, judged_despatch_advice
from schemas.faults import DocumentRejected
from schemas.formats import cxml_1_2
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.cxml_1_2.envelope import Credential, Envelope
from tests.formats import cxml_despatch_strategies as cxml

EXAMPLES = Path(cxml_1_2.__file__).parent / "examples" / "despatch_advice"
PATHS = sorted(EXAMPLES.glob("*.xml"))
MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture(scope="module")
def dtd(schemas_dir: Path) -> etree.DTD:
    return etree.DTD(str(schemas_dir / "cxml" / "Fulfill.dtd"))


def written(advice: DespatchAdvice, *envelope: Envelope) -> bytes:
    return CXML_1_2.renderers["despatch_advice"](advice, *envelope)


def read(body: bytes) -> Any:
    return CXML_1_2.parsers["despatch_advice"](body)


def example() -> DespatchAdvice:
    return judged_despatch_advice(json.loads(PATHS[0].with_suffix(".json").read_text(encoding="utf-8")))


@MANY
@given(cxml.everything())
def test_what_the_readme_says_is_lost_is_lost_and_nothing_else(advice: DespatchAdvice) -> None:
    carried = cxml.carried_advice(advice)
    assert read(written(advice)) == carried
    assert read(written(carried)) == carried


@MANY
@given(advice=cxml.everything())
def test_rendered_notices_are_valid(dtd: etree.DTD, advice: DespatchAdvice) -> None:
    assert dtd.validate(etree.fromstring(written(advice))), dtd.error_log


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_example_says_what_its_golden_says_and_is_written_the_same(path: Path, dtd: etree.DTD) -> None:
    body = path.read_bytes()
    advice = judged_despatch_advice(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
    assert read(body) == advice
    rendered = etree.fromstring(written(advice))
    without_indents = etree.fromstring(body, etree.XMLParser(remove_blank_text=True))
    assert etree.tostring(rendered, method="c14n") == etree.tostring(without_indents, method="c14n")
    assert dtd.validate(rendered), dtd.error_log


def test_each_order_is_named_by_the_payload_that_it_came_in() -> None:
    envelope = Envelope(
        payload_id="DA-1@us",
        timestamp="2026-11-24T15:02:11+01:00",
        from_=(Credential("NetworkID", "AN-US"),),
        to=(Credential("NetworkID", "AN-THEM"),),
        sender=(Credential("NetworkID", "AN-US"),),
        order_payload_ids={"BH-1": "p-7@them"},
    )
    orders = etree.fromstring(written(example(), envelope)).findall(".//OrderReference")
    assert [(one.get("orderID"), one[0].get("payloadID")) for one in orders] == [
        ("BH-1", "p-7@them"),
        ("BH-2", "BH-2"),
    ]


def test_a_notice_says_whether_more_is_to_come() -> None:
    lines = example().lines
    for outstanding, said in ((Decimal(0), "complete"), (Decimal(1), "partial"), (None, None)):
        advice = replace(example(), lines=tuple(replace(line, outstanding=outstanding) for line in lines))
        header = etree.fromstring(written(advice)).find(".//ShipNoticeHeader")
        assert header is not None
        assert header.get("fulfillmentType") == said


# --- reading what others write ----------------------------------------------------------------------------------
NOTICE = """<cXML payloadID="1" timestamp="2026-11-24T10:00:00+00:00"><Request><ShipNoticeRequest>
<ShipNoticeHeader shipmentID="S-1" noticeDate="{day}"/>
<ShipNoticePortion><OrderReference orderID="PO-1"><DocumentReference payloadID="x"/></OrderReference>
<ShipNoticeItem quantity="5" lineNumber="3"><UnitOfMeasure>EA</UnitOfMeasure>{inner}</ShipNoticeItem>
<ShipNoticeItem quantity="{second}" lineNumber="4"><UnitOfMeasure>EA</UnitOfMeasure></ShipNoticeItem>
</ShipNoticePortion></ShipNoticeRequest></Request></cXML>"""


def notice(inner: str = "", day: str = "2026-11-24", second: str = "2") -> bytes:
    return NOTICE.format(inner=inner, day=day, second=second).encode()


def test_items_without_a_number_of_their_own_are_counted() -> None:
    advice = read(notice())
    assert [(line.line_number, line.order_line_number, line.base_unit) for line in advice.lines] == [
        ("1", "3", "EA"),
        ("2", "4", "EA"),
    ]
    assert (advice.shipment_number, advice.issue_date, advice.issued_at) == ("S-1", date(2026, 11, 24), None)


def test_packages_are_known_by_their_sscc_and_each_other_by_it() -> None:
    carton, pallet = "340987650000000028", "340987650000000011"
    inner = (
        f"<Packaging><PackagingCode>carton</PackagingCode><ShippingContainerSerialCode>{carton}</ShippingContainerSerialCode>"
        f"<ShippingContainerSerialCodeReference>{pallet}</ShippingContainerSerialCodeReference></Packaging>"
        f"<Packaging><ShippingContainerSerialCode>{pallet}</ShippingContainerSerialCode></Packaging>"
    )
    advice = read(notice(inner))
    assert [line.package for line in advice.lines] == [carton, None]
    assert [(one.id, one.type_code, one.parent) for one in advice.packages] == [
        (pallet, None, None),
        (carton, "carton", pallet),
    ]


def test_every_fault_is_told_with_its_place() -> None:
    lots = "<Batch><SupplierBatchID>L1</SupplierBatchID></Batch><Batch><SupplierBatchID>L2</SupplierBatchID></Batch>"
    with pytest.raises(DocumentRejected) as refused:
        read(notice(lots, day="soon", second="two"))
    assert [(one.code, one.path, one.location.partition(": ")[2]) for one in refused.value.faults] == [
        ("repeated_element", "/lines/0", "ShipNoticePortion/ShipNoticeItem[1]/Batch[2]"),
        ("not_a_date", "/issue_date", "ShipNoticeHeader/@noticeDate"),
        ("not_a_number", "/lines/1/quantity", "ShipNoticePortion/ShipNoticeItem[2]/@quantity"),
        ("not_a_number", "/lines/1/base_quantity", "ShipNoticePortion/ShipNoticeItem[2]/@quantity"),
    ]
